//! Requests to the REST API: the first byte chooses the operation, the rest of the first line follows its path, and what
//! comes after is the body. Whatever is asked, the server must not break down over it.

#![no_main]

use std::sync::LazyLock;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode, Uri};
use libfuzzer_sys::fuzz_target;
use tower::ServiceExt as _;
use weft_server::{Server, Settings, router};

const OPERATIONS: [(Method, &str); 20] = [
    (Method::POST, "/apis/v2beta1/runs"),
    (Method::POST, "/apis/v2beta1/recurringruns"),
    (Method::POST, "/apis/v2beta1/pipelines"),
    (Method::POST, "/apis/v2beta1/pipelines/create"),
    (Method::POST, "/apis/v2beta1/pipelines/upload"),
    (Method::POST, "/apis/v2beta1/pipelines/upload_version"),
    (Method::POST, "/apis/v2beta1/pipelines/"),
    (Method::POST, "/apis/v2beta1/experiments"),
    (Method::POST, "/apis/v2beta1/experiments/"),
    (Method::POST, "/apis/v2beta1/runs/"),
    (Method::POST, "/apis/v2beta1/recurringruns/"),
    (Method::GET, "/apis/v2beta1/runs"),
    (Method::GET, "/apis/v2beta1/tasks"),
    (Method::GET, "/apis/v2beta1/artifacts"),
    (Method::GET, "/apis/v2beta1/experiments"),
    (Method::GET, "/apis/v2beta1/pipelines"),
    (Method::GET, "/apis/v2beta1/recurringruns"),
    (Method::POST, "/v2/models/"),
    (Method::POST, "/hooks/"),
    (Method::GET, "/"),
];

struct Bench {
    _folder: tempfile::TempDir,
    threads: tokio::runtime::Runtime,
    router: Router,
}

static BENCH: LazyLock<Bench> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::open(folder.path(), weft::Host::default(), Settings::default()).expect("a server");
    let threads = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("threads");
    Bench { _folder: folder, threads, router: router(server) }
});

fuzz_target!(|bytes: &[u8]| {
    let Some((operation, rest)) = bytes.split_first() else { return };
    let (method, path) = &OPERATIONS[usize::from(*operation) % OPERATIONS.len()];
    let mut parts = rest.splitn(2, |byte| *byte == b'\n');
    let line = String::from_utf8_lossy(parts.next().unwrap_or_default());
    let Ok(uri) = format!("{path}{line}").parse::<Uri>() else { return };
    let body = parts.next().unwrap_or_default().to_vec();
    let kind = if body.starts_with(b"--") { "multipart/form-data; boundary=b" } else { "application/json" };
    let request = Request::builder()
        .method(method)
        .uri(uri)
        .header("host", "localhost")
        .header("content-type", kind)
        .body(Body::from(body))
        .expect("a request");
    let Bench { threads, router, .. } = &*BENCH;
    threads.block_on(async {
        let response = router.clone().oneshot(request).await.expect("an answer");
        let status = response.status();
        let told = to_bytes(response.into_body(), 64 << 20).await.unwrap_or_default();
        assert_ne!(status, StatusCode::INTERNAL_SERVER_ERROR, "{}", String::from_utf8_lossy(&told));
    });
});
