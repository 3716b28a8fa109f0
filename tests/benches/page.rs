//! How fast the page answers over a store with 10,000 runs of 10 steps.
//!
//! `cargo bench -p weft-server --bench page`; it needs nothing but this crate. The time of each page is that of a client on the same
//! machine, from the request to the last byte. `WEFT_BENCH_STORE=DIR` keeps the store, for other programs to be measured on.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark fails by panicking")]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use weft_server::{Server, Settings, router};

#[path = "filled.rs"]
mod filled;

use filled::{RUNS, STEPS, fill};

/// Each page is asked for so often; the median and the worst count.
const ROUNDS: usize = 21;

/// The time and the size of an answer.
fn get(address: SocketAddr, path: &str) -> (Duration, usize) {
    let begun = Instant::now();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let took = begun.elapsed();
    assert!(
        answer.starts_with(b"HTTP/1.1 200"),
        "{path}: {}",
        String::from_utf8_lossy(&answer[..200.min(answer.len())])
    );
    (took, answer.len())
}

fn main() {
    let scratch = tempfile::tempdir().unwrap();
    let root = std::env::var_os("WEFT_BENCH_STORE").map_or_else(|| scratch.path().to_owned(), Into::into);
    if !root.join("metadata.sqlite").exists() {
        std::fs::create_dir_all(&root).unwrap();
        let begun = Instant::now();
        fill(&root);
        println!("filled with {RUNS} runs of {STEPS} steps in {:.1} s", begun.elapsed().as_secs_f64());
    }
    let server = Server::open(&root, weft::Host::default(), Settings::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    runtime.spawn(async move { axum::serve(listener, router(server)).await.unwrap() });

    let found = "accuracy%20%3E%200.9";
    println!("{:<52} {:>9} {:>9} {:>9}", "page", "median ms", "worst ms", "KiB");
    for (what, path) in [
        ("runs", "/".to_owned()),
        ("runs, the last page", "/?page=200".to_owned()),
        ("runs of a pipeline", "/?pipeline=iris".to_owned()),
        ("runs that failed", "/?state=failed".to_owned()),
        ("runs with a text", "/?q=03-0".to_owned()),
        ("runs with accuracy > 0.9", format!("/?q={found}")),
        ("runs with accuracy > 2, of which there are none", "/?q=accuracy%20%3E%202".to_owned()),
        ("a run", "/runs/iris-20260102-030405-00001".to_owned()),
        ("a run, live", "/runs/iris-20260102-030405-00001/live".to_owned()),
        ("pipelines", "/pipelines".to_owned()),
        ("a pipeline", "/pipelines/iris".to_owned()),
        ("artifacts", "/artifacts".to_owned()),
        ("components", "/components".to_owned()),
    ] {
        let mut times: Vec<(Duration, usize)> = (0..ROUNDS).map(|_| get(address, &path)).collect();
        times.sort_unstable();
        let ms = |at: usize| times[at].0.as_secs_f64() * 1e3;
        println!("{what:<52} {:>9.1} {:>9.1} {:>9}", ms(ROUNDS / 2), ms(ROUNDS - 1), times[0].1 / 1024);
    }
}
