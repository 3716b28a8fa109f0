//! A server for tests, which answers as it is told and remembers what it was asked.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A request without its body.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub method: String,
    pub target: String,
    /// With names in small letters.
    pub headers: BTreeMap<String, String>,
}

impl Asked {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The first and last byte of the range.
    pub fn range(&self) -> Option<(usize, usize)> {
        let (first, last) = self.header("range").strip_prefix("bytes=")?.split_once('-')?;
        Some((first.parse().unwrap(), last.parse().unwrap()))
    }
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    /// Bytes of the body that are sent before the connection ends; all if none.
    pub cut: Option<usize>,
}

pub(crate) fn answer(status: u16, body: impl Into<Vec<u8>>) -> Answer {
    Answer { status, body: body.into(), ..Answer::default() }
}

impl Answer {
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// What a server with parts answers for a file.
pub(crate) fn file(asked: &Asked, content: &[u8], e_tag: &str) -> Answer {
    let whole = |status, body: &[u8]| {
        let modified = "Sun, 01 Nov 2026 10:00:00 GMT";
        answer(status, body).with("ETag", e_tag).with("Last-Modified", modified).with("x-ms-blob-type", "BlockBlob")
    };
    let wanted = asked.header("if-match");
    if !wanted.is_empty() && wanted != e_tag {
        return answer(412, "");
    }
    if asked.header("if-none-match") == e_tag {
        return whole(304, b"");
    }
    match asked.range() {
        Some((first, _)) if first >= content.len() => {
            whole(416, b"").with("Content-Range", format!("bytes */{}", content.len()))
        }
        Some((first, last)) => {
            let last = last.min(content.len() - 1);
            let range = format!("bytes {first}-{last}/{}", content.len());
            whole(206, &content[first..=last]).with("Content-Range", range)
        }
        None => whole(200, content),
    }
}

/// A server on this machine; it ends with the test's process.
pub(crate) struct Server {
    pub authority: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    pub fn start(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let authority = listener.local_addr().unwrap().to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (log, answer) = (Arc::clone(&asked), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
                std::thread::spawn(move || serve(stream.unwrap(), &log, &*answer));
            }
        });
        Self { authority, asked }
    }

    /// What it was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

fn serve(stream: TcpStream, log: &Mutex<Vec<Asked>>, answer: &dyn Fn(&Asked) -> Answer) {
    let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
    let Some(first) = lines.next() else { return };
    let mut words = first.split(' ').map(str::to_owned);
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    let header = |line: String| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_ascii_lowercase(), value.trim().to_owned()))
    };
    let headers = lines.take_while(|line| !line.is_empty()).filter_map(header).collect();
    let asked = Asked { method, target, headers };
    log.lock().unwrap().push(asked.clone());
    let Answer { status, headers, body, cut } = answer(&asked);
    let mut head = format!("HTTP/1.1 {status} Any\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let sent = if asked.method == "HEAD" { &[][..] } else { &body[..cut.unwrap_or(body.len())] };
    // Who asked may have gone.
    _ = (&stream)
        .write_all(head.as_bytes())
        .and_then(|()| (&stream).write_all(b"\r\n"))
        .and_then(|()| (&stream).write_all(sent));
}
