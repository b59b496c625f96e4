//! A server on this machine that writes down what it is asked, and answers or misbehaves as told.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

pub const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// What came in.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    pub method: String,
    pub path: String,
    /// Names in small letters.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| &**value)
    }

    /// The epoch, from a body in JSON.
    pub fn epoch(&self) -> u64 {
        serde_json::from_str::<serde_json::Value>(&self.body).unwrap()["epoch"].as_u64().unwrap()
    }
}

/// A server that runs as long as its process.
pub struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Calls `answer` with the number of each request, from 0, when the request was read as a whole.
    pub fn start(answer: impl Fn(usize, &mut TcpStream) + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Server { address: listener.local_addr().unwrap(), requests: Arc::default() };
        let (requests, answer) = (server.requests.clone(), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (mut stream, requests, answer) = (stream.unwrap(), requests.clone(), answer.clone());
                thread::spawn(move || {
                    let Some(request) = read(&stream) else { return };
                    let number = {
                        let mut requests = requests.lock().unwrap();
                        requests.push(request);
                        requests.len() - 1
                    };
                    answer(number, &mut stream);
                });
            }
        });
        server
    }

    /// Gives every request this answer.
    pub fn with_answer(answer: impl Into<String>) -> Server {
        let answer = answer.into();
        Server::start(move |_, stream| stream.write_all(answer.as_bytes()).unwrap())
    }

    pub fn root(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    pub fn epochs(&self) -> Vec<u64> {
        self.requests().iter().map(Request::epoch).collect()
    }
}

/// One request; nothing if the connection ends before it does.
fn read(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = || {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        Some(line.strip_suffix("\r\n")?.to_string())
    };
    let first = line()?;
    let [method, path, "HTTP/1.1"] = first.split(' ').collect::<Vec<_>>()[..] else {
        panic!("no request of HTTP 1.1: {first:?}");
    };
    let (method, path, mut headers) = (method.to_string(), path.to_string(), Vec::new());
    loop {
        let header = line()?;
        if header.is_empty() {
            break;
        }
        let (name, value) = header.split_once(':').unwrap();
        headers.push((name.to_lowercase(), value.trim().to_string()));
    }
    let mut request = Request { method, path, headers, body: String::new() };
    let length = request.header("content-length").unwrap().parse().unwrap();
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    request.body = String::from_utf8(body).unwrap();
    Some(request)
}
