//! Each epoch is sent to a server, and no server can disturb training.

#![cfg(feature = "remote")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod resume;
mod server;

use std::io::{self, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use ndarray::array;
use olifant_callbacks::{LambdaCallback, RemoteMonitor};
use olifant_nn::{
    Sequential, layers::Dense, losses::MeanSquaredError, metrics::MeanAbsoluteError, optimizers::Sgd,
};
use olifant_train::{Callback, CallbackError, Compile, FitOptions, History, IntoFitOptions, Logs};
use serde_json::{Value, json};

use server::{OK, Server};

/// What was printed.
#[derive(Clone, Default)]
struct Printed(Arc<Mutex<Vec<u8>>>);

impl Printed {
    fn warnings(&self) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().filter(|line| line.starts_with("Could not")).map(String::from).collect()
    }
}

impl Write for Printed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A fit of so many epochs, the first of them with the number `begin`; returns its history and the warnings.
fn fit<'a>(begin: usize, epochs: usize, callbacks: impl IntoFitOptions<'a>) -> (History, Vec<String>) {
    let (x, y) = (array![[0.0], [1.0]], array![0.0, 1.0]);
    let network = Sequential::new([1]).add(Dense::new(1)).seed(1);
    let metrics = MeanAbsoluteError::new().name("mae");
    let mut model = network.compile(Sgd::new(0.1), MeanSquaredError::new(), metrics).unwrap();
    let printed = Printed::default();
    let options = FitOptions::new().initial_epoch(begin).epochs(epochs).verbose(0).output(printed.clone());
    let history = model.fit(x, y, options.callbacks(callbacks)).unwrap();
    (history, printed.warnings())
}

fn warning(root: &str) -> Vec<String> {
    vec![format!("Could not reach RemoteMonitor root server at {root}")]
}

/// A port at which nobody listens.
fn refusing_root() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// The fields of a form.
fn decoded(form: &str) -> Vec<(String, String)> {
    let decode = |text: &str| {
        let (mut bytes, mut rest) = (Vec::new(), text.bytes());
        while let Some(byte) = rest.next() {
            bytes.push(match byte {
                b'%' => {
                    let digits = [rest.next().unwrap(), rest.next().unwrap()];
                    u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
                }
                b'+' => b' ',
                byte => byte,
            });
        }
        String::from_utf8(bytes).unwrap()
    };
    form.split('&').map(|pair| pair.split_once('=').unwrap()).map(|(k, v)| (decode(k), decode(v))).collect()
}

#[test]
fn by_default_an_epoch_is_a_field_of_a_form() {
    let server = Server::with_answer(OK);
    let (history, warnings) = fit(0, 2, RemoteMonitor::new().root(server.root()));
    assert_eq!(warnings, [""; 0]);
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    for (epoch, request) in requests.iter().enumerate() {
        assert_eq!((&*request.method, &*request.path), ("POST", "/publish/epoch/end/"));
        assert_eq!(request.header("content-type"), Some("application/x-www-form-urlencoded"));
        assert_eq!(request.header("host"), server.root().strip_prefix("http://"));
        let (loss, mae) = (history["loss"][epoch], history["mae"][epoch]);
        let expected = format!(r#"{{"epoch":{epoch},"loss":{loss:?},"mae":{mae:?}}}"#);
        assert_eq!(decoded(&request.body), [("data".to_string(), expected)]);
    }
}

#[test]
fn path_field_and_headers_can_be_chosen() {
    let server = Server::with_answer(OK);
    let headers = [("X-Run", "a b"), ("Authorization", "Bearer 1"), ("Content-Type", "text/plain")];
    let monitor = RemoteMonitor::new().root(server.root()).path("/a?b=1").field("ä&=").headers(headers);
    fit(0, 1, monitor);
    let [request] = &server.requests()[..] else { panic!() };
    assert_eq!(request.path, "/a?b=1");
    assert_eq!(decoded(&request.body)[0].0, "ä&=");
    assert_eq!(request.header("x-run"), Some("a b"));
    assert_eq!(request.header("authorization"), Some("Bearer 1"));
    let types: Vec<_> = request.headers.iter().filter(|(name, _)| name == "content-type").collect();
    assert_eq!(types, [&("content-type".to_string(), "text/plain".to_string())]);
}

#[test]
fn an_epoch_can_be_the_body_itself() {
    let server = Server::with_answer(OK);
    let logs = LambdaCallback::new().on_epoch_end(|_, logs: &mut Logs| {
        logs.insert("wrong", f64::NAN);
        logs.insert("large", f64::INFINITY);
    });
    let monitor = RemoteMonitor::new().root(server.root()).send_as_json(true);
    let (history, _) = fit(5, 6, (logs, monitor));
    let [request] = &server.requests()[..] else { panic!() };
    assert_eq!(request.header("content-type"), Some("application/json"));
    let expected = json!({"epoch": 5, "loss": history["loss"][0], "mae": history["mae"][0], "wrong": null, "large": null});
    assert_eq!(serde_json::from_str::<Value>(&request.body).unwrap(), expected);
    assert!(request.body.starts_with(r#"{"epoch":5,"loss":"#) && request.body.ends_with(r#""large":null}"#));
}

#[test]
fn the_status_of_the_answer_does_not_matter() {
    for status in ["404 Not Found", "500 Internal Server Error", "302 Found\r\nLocation: /elsewhere"] {
        let server = Server::with_answer(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n"));
        let (_, warnings) = fit(0, 2, RemoteMonitor::new().root(server.root()).send_as_json(true));
        assert_eq!((server.epochs(), warnings), (vec![0, 1], vec![]), "{status}");
    }
}

#[test]
fn redirects_that_keep_the_request_are_followed() {
    let target = Server::with_answer(OK);
    for (status, location) in [(307, target.root() + "/a"), (308, target.root().replace("http:", "") + "/a")]
    {
        let answer = format!("HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
        let server = Server::with_answer(answer);
        let headers = [("X-Run", "1"), ("Authorization", "secret")];
        let (_, warnings) = fit(0, 1, RemoteMonitor::new().root(server.root()).headers(headers));
        assert_eq!(warnings, [""; 0]);
        let (sent, arrived) = (server.requests()[0].clone(), target.requests().last().unwrap().clone());
        assert_eq!(
            (arrived.method, arrived.path, arrived.body),
            (sent.method.clone(), "/a".into(), sent.body.clone())
        );
        assert_eq!((sent.header("x-run"), sent.header("authorization")), (Some("1"), Some("secret")));
        let headers: Vec<_> = arrived.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert!(
            headers.contains(&("x-run", "1")) && headers.iter().all(|(name, _)| *name != "authorization")
        );
    }
    assert_eq!(target.requests().len(), 2);
}

#[test]
fn a_redirect_in_a_circle_or_to_nowhere_is_a_failure() {
    for (location, requests) in [("/again", 21), ("ftp://127.0.0.1/", 1), ("no place", 1)] {
        let server = Server::with_answer(format!(
            "HTTP/1.1 307 Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
        ));
        let (_, warnings) = fit(0, 1, RemoteMonitor::new().root(server.root()));
        assert_eq!((server.requests().len(), warnings), (requests, warning(&server.root())), "{location}");
    }
}

#[test]
fn an_answer_that_is_none_is_told_once_in_a_run() {
    let answers = [
        "",
        "\0\u{7f}garbage\r\n\r\n",
        "HTTP/1.1 200",
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbroken off",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n",
    ];
    for answer in answers {
        let server = Server::with_answer(answer);
        let mut monitor = RemoteMonitor::new().root(server.root()).send_as_json(true);
        for _run in 0..2 {
            let (history, warnings) = fit(0, 3, &mut monitor);
            assert_eq!((history.epoch().len(), warnings), (3, warning(&server.root())), "{answer:?}");
        }
        assert_eq!(server.epochs(), [0, 1, 2, 0, 1, 2], "{answer:?}");
    }
}

#[test]
fn a_port_that_refuses_is_told_once() {
    let root = refusing_root();
    let (history, warnings) = fit(0, 3, RemoteMonitor::new().root(&root));
    assert_eq!((history.epoch().len(), warnings), (3, warning(&root)));
}

#[test]
fn a_server_that_never_answers_does_not_hold_training_up() {
    let server = Server::start(|_, _| std::thread::park());
    let timeout = Duration::from_millis(300);
    let begun = Instant::now();
    let (history, warnings) = fit(0, 50, RemoteMonitor::new().root(server.root()).timeout(timeout));
    let took = begun.elapsed();
    assert_eq!((history.epoch().len(), warnings), (50, warning(&server.root())));
    // The rest is 50 epochs of a single step, and threads that must be given their turn.
    assert!(timeout <= took && took < timeout + Duration::from_secs(2), "{took:?}");
}

#[test]
fn a_server_that_answers_without_end_does_not_hold_training_up() {
    let server = Server::start(|_, stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        while stream.write_all(b" ").is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    let timeout = Duration::from_millis(300);
    let begun = Instant::now();
    let (_, warnings) = fit(0, 3, RemoteMonitor::new().root(server.root()).timeout(timeout));
    assert_eq!(warnings, warning(&server.root()));
    assert!(begun.elapsed() < timeout + Duration::from_secs(2));
}

#[test]
fn a_server_that_dies_between_epochs_is_told_and_training_goes_on() {
    let (alive, killed) = mpsc::channel();
    let server = Server::start(move |number, stream| {
        // The first two are answered; then every connection breaks.
        if number < 2 {
            stream.write_all(OK.as_bytes()).unwrap();
        }
        alive.send(number).unwrap();
    });
    // Each epoch waits for the server to have seen the one before.
    let wait = LambdaCallback::new().on_epoch_end(move |_, _: &mut Logs| {
        killed
            .recv_timeout(Duration::from_secs(10))
            .map(drop)
            .map_err(|error| CallbackError::new(error.to_string()))
    });
    let monitor = RemoteMonitor::new().root(server.root()).send_as_json(true);
    let (history, warnings) = fit(0, 5, (monitor, wait));
    assert_eq!((history.epoch().len(), warnings), (5, warning(&server.root())));
    assert_eq!(server.epochs(), [0, 1, 2, 3, 4]);
}

#[test]
fn of_those_that_wait_the_oldest_are_dropped() {
    let (arrived, first_arrived) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let released = Mutex::new(released);
    let server = Server::start(move |number, stream| {
        if number == 0 {
            arrived.send(()).unwrap();
            released.lock().unwrap().recv().unwrap();
        }
        stream.write_all(OK.as_bytes()).unwrap();
    });
    let wait = LambdaCallback::new().on_epoch_end(move |training, _: &mut Logs| {
        if training.epoch() == 0 {
            first_arrived.recv_timeout(Duration::from_secs(10)).unwrap();
        }
    });
    let free = LambdaCallback::new().on_train_end(move |_, _: &Logs| release.send(()).unwrap());
    let monitor =
        RemoteMonitor::new().root(server.root()).send_as_json(true).timeout(Duration::from_secs(20));
    let (_, warnings) = fit(0, 100, (free, monitor, wait));
    let expected: Vec<u64> = std::iter::once(0).chain(100 - 64..100).collect();
    assert_eq!((server.epochs(), warnings), (expected, vec![]));
}

#[test]
fn what_cannot_be_sent_to_is_refused_before_the_first_step() {
    let refusal = |monitor: RemoteMonitor| {
        let begun = LambdaCallback::new().on_train_begin(|_| Err(CallbackError::new("training has begun")));
        let (x, y) = (array![[0.0], [1.0]], array![0.0, 1.0]);
        let network = Sequential::new([1]).add(Dense::new(1));
        let mut model = network.compile(Sgd::new(0.1), MeanSquaredError::new(), ()).unwrap();
        model.fit(x, y, (begun, monitor)).unwrap_err().to_string()
    };
    for root in ["", "localhost:9000", "ftp://localhost", "http://", "http://a b", "https://:80"] {
        let expected = format!(
            "callback RemoteMonitor: root must be a URL that begins with http:// or https:// and a host, \
             together with path, but is \"{root}/publish/epoch/end/\""
        );
        assert_eq!(refusal(RemoteMonitor::new().root(root)), expected);
    }
    assert!(refusal(RemoteMonitor::new().path("/a b")).contains("but is \"http://localhost:9000/a b\""));
    for (name, value) in [("a b", "1"), ("", "1"), ("a", "1\r\nb: 2")] {
        let expected = format!(
            "callback RemoteMonitor: headers must be names without spaces, and values without line ends, \
             but is {name:?}: {value:?}"
        );
        assert_eq!(refusal(RemoteMonitor::new().headers([(name, value)])), expected);
    }
    for (timeout, shown) in [(Duration::ZERO, "0ns"), (Duration::from_secs(3601), "3601s")] {
        let expected = format!(
            "callback RemoteMonitor: timeout must be longer than zero, and at most an hour, but is {shown}"
        );
        assert_eq!(refusal(RemoteMonitor::new().timeout(timeout)), expected);
    }
}

#[test]
fn the_defaults_are_those_of_keras() {
    let shown = format!("{:?}", RemoteMonitor::new());
    let expected = "RemoteMonitor { root: \"http://localhost:9000\", path: \"/publish/epoch/end/\", field: \"data\", \
                    headers: [], send_as_json: false, timeout: 3s, delivery: None, has_warned: false }";
    assert_eq!(shown, expected);
    assert_eq!(RemoteMonitor::new().name(), "RemoteMonitor");
}
