//! Clients that stall: each is cut off in its time, and nobody else has to wait for it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use weft_server::{Listener, Server, Settings, Timeouts, listen, router};

/// Short, so that the test is; `answer` is long enough for what is cut off by the others.
const TIMEOUTS: Timeouts = Timeouts {
    head: Duration::from_millis(400),
    stalled: Duration::from_millis(700),
    answer: Duration::from_millis(2_500),
};
/// What is not cut off by then hangs.
const PATIENCE: Duration = Duration::from_mins(1);

/// A server that is asked to end when this is dropped.
struct Running {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    _folder: tempfile::TempDir,
}

impl Running {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings { timeouts: TIMEOUTS, ..Settings::default() };
        let server = Server::open(folder.path(), weft::Host::default(), settings).unwrap();
        let listener = Listener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.address();
        let (stop, stopped) = watch::channel(false);
        std::thread::spawn(move || listen(listener, router(server), TIMEOUTS, stopped).unwrap());
        Self { address, stop, _folder: folder }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// The answer to a client that does all in one go.
    fn ask(&self) -> String {
        let mut stream = self.connect();
        write!(stream, "GET /apis/v2beta1/runs HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", self.address)
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        _ = self.stop.send(true);
    }
}

/// Waits until the server closes a connection, and gives what it said before.
fn closed(stream: &mut TcpStream) -> String {
    let mut said = Vec::new();
    match stream.read_to_end(&mut said) {
        Ok(_) => {}
        Err(error) if matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) => {}
        Err(error) => panic!("the connection is not closed: {error}"),
    }
    String::from_utf8_lossy(&said).into_owned()
}

#[test]
fn who_never_ends_the_head_of_a_request_is_cut_off() {
    let running = Running::start();
    // One that says nothing, and one that says a little more again and again.
    let mut silent = running.connect();
    let mut drip = running.connect();
    write!(drip, "GET / HTTP/1.1\r\nhost: localhost\r\n").unwrap();
    let begun = Instant::now();
    let dripped = std::thread::spawn(move || {
        let mut lines = 0;
        while write!(drip, "x-{lines}: y\r\n").is_ok() {
            assert!(begun.elapsed() < PATIENCE, "the connection is not closed");
            lines += 1;
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    assert!(running.ask().starts_with("HTTP/1.1 200"));
    closed(&mut silent);
    dripped.join().unwrap();
}

#[test]
fn who_stalls_in_the_body_of_a_request_is_cut_off() {
    let running = Running::start();
    let mut stream = running.connect();
    let head = format!(
        "POST /apis/v2beta1/runs HTTP/1.1\r\nhost: {}\r\ncontent-length: 1000\r\n\r\n{{\"x\":",
        running.address
    );
    stream.write_all(head.as_bytes()).unwrap();
    assert!(running.ask().starts_with("HTTP/1.1 200"));
    let said = closed(&mut stream);
    assert!(!said.starts_with("HTTP/1.1 200"), "{said}");
}

#[test]
fn who_sends_a_body_for_ever_is_cut_off() {
    let running = Running::start();
    let mut stream = running.connect();
    let head =
        format!("POST /apis/v2beta1/runs HTTP/1.1\r\nhost: {}\r\ncontent-length: 100000\r\n\r\n", running.address);
    stream.write_all(head.as_bytes()).unwrap();
    let begun = Instant::now();
    // Never long without a byte, and never done.
    while stream.write_all(b" ").is_ok() {
        assert!(begun.elapsed() < PATIENCE, "the connection is not closed");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(running.ask().starts_with("HTTP/1.1 200"));
}

#[test]
fn who_never_reads_is_cut_off() {
    let running = Running::start();
    let mut stream = running.connect();
    // So many answers that neither side's buffers can hold them; the server reads no further when it cannot write.
    let request = format!("GET /openapi.json HTTP/1.1\r\nhost: {}\r\n\r\n", running.address);
    let begun = Instant::now();
    let many = request.repeat(64);
    while stream.write_all(many.as_bytes()).is_ok() {
        assert!(begun.elapsed() < PATIENCE, "the connection is not closed");
    }
    assert!(running.ask().starts_with("HTTP/1.1 200"));
}
