//! `RemoteMonitor`: sends each epoch to a server, here one in the same program that writes down what arrives.
//!
//! ```sh
//! cargo run --release --example remote_monitor
//! ```

use std::error::Error;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::thread;

use article::{Options, classifier, plot_metric};
use olifant::prelude::*;

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::read();
    let ((x_train, y_train), _) = options.load_data()?;
    let out = options.out("remote_monitor")?;
    let received = out.join("received.jsonl");
    let root = start_server(&received)?;

    let mut model = classifier(options.seed())?;
    let remote_monitor = RemoteMonitor::new().root(root).headers([("X-Run", "example")]).send_as_json(true);
    let fit = FitOptions::new().epochs(options.epochs(10)).batch_size(64).validation_split(0.2);
    let history = model.fit(&x_train, &y_train, fit.callback(remote_monitor))?;

    println!("\n{} holds what arrived:", received.display());
    print!("{}", std::fs::read_to_string(&received)?);
    plot_metric(&history, "loss", &out)
}

/// A server that writes the epochs it is sent to a file, one a line; returns its root.
fn start_server(file: &Path) -> io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let root = format!("http://{}", listener.local_addr()?);
    let mut lines = File::create(file)?;
    thread::spawn(move || {
        for stream in listener.incoming() {
            if let Err(error) = stream.and_then(|stream| answer(stream, &mut lines)) {
                println!("the server cannot go on: {error}");
            }
        }
    });
    Ok(root)
}

/// Reads one request, keeps its body and says that all is well.
fn answer(mut stream: TcpStream, lines: &mut impl Write) -> io::Result<()> {
    let mut reader = BufReader::new(&stream);
    let (mut header, mut length) = (String::new(), 0);
    while reader.read_line(&mut header)? > 2 {
        let lowercase = header.to_lowercase();
        if let Some(number) = lowercase.strip_prefix("content-length:") {
            length = number.trim().parse().map_err(io::Error::other)?;
        }
        header.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    body.push(b'\n');
    lines.write_all(&body)?;
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
}
