//! A registry that says whatever a test wants it to: tokens, lies, detours, failures.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use weft_registry::{Client, Credentials, Descriptor, Digest, Error, Manifest, Reference, Settings, media};

/// What is answered to the head of a request: everything that is sent.
type Answer = dyn Fn(&str) -> Vec<u8> + Send + Sync;

/// A server on loopback without TLS, and the heads of all requests that came.
struct Server {
    port: u16,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(answer: impl Fn(u16) -> Box<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let (answer, seen) = (answer(port), Arc::clone(&heads));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                serve(stream, &*answer, &seen);
            }
        });
        Self { port, heads }
    }

    fn reference(&self, rest: &str) -> Reference {
        format!("localhost:{}/{rest}", self.port).parse().unwrap()
    }

    fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, answer: &Answer, seen: &Mutex<Vec<String>>) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
        head.push(byte[0]);
        // A hello of TLS, which a server without it answers as the servers of Go do.
        if head == [0x16] {
            _ = stream.write_all(b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n");
            return;
        }
    }
    let head = String::from_utf8(head).unwrap();
    seen.lock().unwrap().push(head.clone());
    // Whoever has read enough hangs up.
    _ = stream.write_all(&answer(&head));
}

fn with(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn manifest() -> (Descriptor, Vec<u8>) {
    let layer = Descriptor::of(media::WASM, b"abc");
    (layer.clone(), Manifest::new(Descriptor::of(media::WASM_CONFIG, b"{}"), vec![layer]).to_bytes())
}

fn known(port: u16) -> Settings {
    // me:secret
    let inline = format!(r#"{{"auths": {{"localhost:{port}": {{"auth": "bWU6c2VjcmV0"}}}}}}"#);
    Settings { credentials: Credentials { inline: Some(inline), file: None }, ..Settings::default() }
}

#[test]
fn a_token_is_fetched_where_the_registry_says() {
    let server = Server::start(|port| {
        Box::new(move |head| {
            if head.starts_with("GET /token?") {
                return with("200 OK", "", br#"{"token": "t1"}"#);
            }
            if head.contains("authorization: Bearer t1\r\n") {
                return with("200 OK", "", &manifest().1);
            }
            let challenge = format!(
                "www-authenticate: Bearer realm=\"http://localhost:{port}/token\",service=\"s\",scope=\"repository:a/b:pull\"\r\n"
            );
            with("401 Unauthorized", &challenge, b"{}")
        })
    });
    let client = Client::new(known(server.port));
    client.manifest(&server.reference("a/b:1")).unwrap();
    client.manifest(&server.reference("a/b:1")).unwrap();
    let heads = server.heads();
    let asked: Vec<&String> = heads.iter().filter(|head| head.starts_with("GET /token?")).collect();
    assert_eq!(asked.len(), 1, "it is used again: {heads:?}");
    assert!(asked[0].starts_with("GET /token?scope=repository%3Aa%2Fb%3Apull&service=s "), "{asked:?}");
    assert!(asked[0].contains("authorization: Basic bWU6c2VjcmV0\r\n"), "{asked:?}");
    let strangers = Client::new(Settings::default()).manifest(&server.reference("a/b:1"));
    assert!(strangers.is_ok(), "a token may be had by anybody");
}

#[test]
fn a_token_server_without_tls_is_asked_by_no_registry_that_has_it_and_refusals_are_told() {
    let server = Server::start(|_| {
        Box::new(|_| with("401 Unauthorized", "www-authenticate: Bearer realm=\"ftp://x/token\"\r\n", b"{}"))
    });
    let refused = Client::new(Settings::default()).manifest(&server.reference("a/b:1")).unwrap_err();
    assert!(matches!(&refused, Error::Denied { why, .. } if why.contains("not secured")), "{refused}");
    let server = Server::start(|_| Box::new(|_| with("403 Forbidden", "", b"in plain text")));
    let refused = Client::new(Settings::default()).manifest(&server.reference("a/b:1")).unwrap_err();
    assert!(refused.to_string().contains("in plain text"), "{refused}");
    let server = Server::start(|_| {
        Box::new(|_| with("400 Bad Request", "", br#"{"errors": [{"code": "X", "message": "why\u001b[31m"}]}"#))
    });
    let refused = Client::new(Settings::default()).manifest(&server.reference("a/b:1")).unwrap_err();
    assert!(matches!(&refused, Error::Refused { status: 400, why, .. } if why == "why [31m"), "{refused:?}");
}

#[test]
fn a_registry_that_lies_is_not_believed() {
    let (layer, bytes) = manifest();
    let wanted = Digest::of(b"something else");
    let server = Server::start(|_| {
        Box::new(move |head| {
            let lie = format!("docker-content-digest: {wanted}\r\n");
            if head.contains("/blobs/") {
                return with("200 OK", &lie, &vec![7; 1 << 20]);
            }
            if head.contains("/manifests/large") {
                return with("200 OK", "", &vec![b' '; 5 << 20]);
            }
            with("200 OK", &lie, &manifest().1)
        })
    });
    let client = Client::new(Settings::default());
    let lied = client.manifest(&server.reference("a:1").at(wanted)).unwrap_err();
    assert!(matches!(&lied, Error::Tampered { expected, .. } if *expected == wanted), "{lied}");
    let honest = client.manifest(&server.reference("a:1").at(Digest::of(&bytes))).unwrap();
    assert_eq!(honest.manifest.layers, std::slice::from_ref(&layer));
    let mut out = Vec::new();
    let lied = client.blob(&server.reference("a:1"), &layer, &mut out).unwrap_err();
    assert!(matches!(&lied, Error::Tampered { .. }), "{lied}");
    assert_eq!(out.len(), 4, "no more is read than tells that it is too much");
    let large = client.manifest(&server.reference("a:large")).unwrap_err();
    assert!(matches!(&large, Error::Malformed { .. }), "{large}");
}

#[test]
fn who_asks_is_told_to_nobody_else() {
    let elsewhere = Server::start(|_| Box::new(|_| with("200 OK", "", b"abc")));
    let other = elsewhere.port;
    let server = Server::start(|_| {
        Box::new(move |head| match () {
            () if !head.contains("authorization: Basic") => {
                with("401 Unauthorized", "www-authenticate: Basic realm=\"x\"\r\n", b"")
            }
            () if head.starts_with("GET ") => {
                with("307 Temporary Redirect", &format!("location: http://127.0.0.1:{other}/blob\r\n"), b"")
            }
            () if head.starts_with("POST ") => {
                with("202 Accepted", &format!("location: http://127.0.0.1:{other}/upload?x=1\r\n"), b"")
            }
            () => with("404 Not Found", "", b""),
        })
    });
    let client = Client::new(known(server.port));
    let layer = Descriptor::of(media::WASM, b"abc");
    let mut out = Vec::new();
    client.blob(&server.reference("a:1"), &layer, &mut out).unwrap();
    assert_eq!(out, b"abc");
    client.push_blob(&server.reference("a:1"), &layer, &weft_registry::Source::Bytes(b"abc".to_vec())).unwrap();
    let heads = elsewhere.heads();
    assert_eq!(heads.len(), 2, "{heads:?}");
    assert!(heads[1].starts_with(&format!("PUT /upload?x=1&digest={} ", layer.digest)), "{heads:?}");
    assert!(heads.iter().all(|head| !head.to_lowercase().contains("authorization")), "{heads:?}");
}

#[test]
fn what_fails_for_a_moment_is_asked_again() {
    let times = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&times);
    let server = Server::start(move |_| {
        let counted = Arc::clone(&counted);
        Box::new(move |_| {
            let mut times = counted.lock().unwrap();
            *times += 1;
            if *times < 3 { with("503 Service Unavailable", "", b"later") } else { with("200 OK", "", &manifest().1) }
        })
    });
    Client::new(Settings::default()).manifest(&server.reference("a:1")).unwrap();
    assert_eq!(*times.lock().unwrap(), 3);
}
