//! From requests to the operations of the server, and from what these give to answers.

use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use axum::Form;
use axum::extract::{FromRequestParts, Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use maud::{Markup, html};

use super::shell::{Page, Section};
use super::words::encoded;
use crate::error::{Error, Kind, Result};
use crate::router::blocking;
use crate::server::Server;

/// The most that is taken of a query.
const MAX_FIELDS: usize = 2_000;

/// Names and values of a query or a form, in their order; a name may come several times.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Fields(pub(super) Vec<(String, String)>);

impl Fields {
    /// The first value of this name that is not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// All values of this name that are not empty.
    pub(super) fn all<'f, 'n>(&'f self, name: &'n str) -> impl Iterator<Item = &'f str> + use<'f, 'n> {
        self.0.iter().filter(move |(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// A number from 1, or 1.
    pub(super) fn number(&self, name: &str) -> usize {
        self.get(name).and_then(|text| text.parse().ok()).filter(|number| (1..=1_000_000).contains(number)).unwrap_or(1)
    }

    /// The query with this value in place of those of its name; none takes them out.
    pub(super) fn with(&self, name: &str, value: Option<&str>) -> String {
        let mut query = String::new();
        let others = self.0.iter().filter(|(key, value)| key != name && !value.is_empty());
        let pairs = others.map(|(key, value)| (key.as_str(), value.as_str())).chain(value.map(|value| (name, value)));
        for (key, value) in pairs {
            let _ = write!(query, "{}{}={}", if query.is_empty() { "?" } else { "&" }, encoded(key), encoded(value));
        }
        query
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Fields {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        match Query::<Vec<(String, String)>>::from_request_parts(parts, state).await {
            Ok(Query(mut fields)) => {
                fields.truncate(MAX_FIELDS);
                Ok(Self(fields))
            }
            Err(_) => Err(problem(&Error::invalid("the address of this page has a query that cannot be read"))),
        }
    }
}

/// The fields of a form that was sent.
pub(super) type Sent = Form<Vec<(String, String)>>;

/// Makes a page on a thread that may wait.
pub(super) async fn answer(server: Server, work: impl FnOnce(&Server) -> Result<Markup> + Send + 'static) -> Response {
    match blocking(&server, work).await {
        Ok(markup) => Html(markup.into_string()).into_response(),
        Err(error) => problem(&error),
    }
}

/// The same for a page that is asked for again and again: one that is known is not sent.
pub(super) async fn answer_if_changed(
    server: Server,
    headers: HeaderMap,
    content_type: &'static str,
    work: impl FnOnce(&Server) -> Result<String> + Send + 'static,
) -> Response {
    match blocking(&server, work).await {
        Ok(text) => {
            let mut hasher = DefaultHasher::new();
            text.hash(&mut hasher);
            let tag = format!("\"{:016x}\"", hasher.finish());
            let known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
            let fields: [(HeaderName, String); 3] = [
                (header::ETAG, tag),
                (header::CONTENT_TYPE, content_type.to_owned()),
                (header::CACHE_CONTROL, "no-cache".to_owned()),
            ];
            if known { (StatusCode::NOT_MODIFIED, fields).into_response() } else { (fields, text).into_response() }
        }
        Err(error) => problem(&error),
    }
}

/// Does what a form asks for, and goes on to another page.
pub(super) async fn act(server: Server, work: impl FnOnce(&Server) -> Result<String> + Send + 'static) -> Response {
    match blocking(&server, work).await {
        Ok(next) => Redirect::to(&next).into_response(),
        Err(error) => problem(&error),
    }
}

/// The page that says why a request failed.
pub(super) fn problem(error: &Error) -> Response {
    let status = StatusCode::from_u16(error.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let title = match error.kind {
        Kind::NotFound => "Not found",
        Kind::InvalidArgument | Kind::FailedPrecondition | Kind::AlreadyExists => "That does not work",
        Kind::Unimplemented => "Not offered",
        Kind::Unavailable => "The server is ending",
        _ => "Something broke down",
    };
    let page = Page::new(Section::None, title);
    let content = html! {
        div class="empty" {
            h1 { (title) }
            p { (super::words::plain(&error.message)) }
            p { a href="/" { "All runs" } }
        }
    };
    (status, Html(page.around(&content).into_string())).into_response()
}

/// The answer where there is no page.
pub(super) async fn nowhere(State(_server): State<Server>, request: Request) -> Response {
    let _ = request;
    problem(&Error::not_found("there is no page at this address"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_keeps_its_other_fields() {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let fields = Fields(vec![
            pair("q", "a b"),
            pair("page", "3"),
            pair("state", ""),
            pair("open", "x&y"),
            pair("open", "z"),
        ]);
        assert_eq!(fields.with("page", Some("4")), "?q=a%20b&open=x%26y&open=z&page=4");
        assert_eq!(fields.with("open", None), "?q=a%20b&page=3");
        assert_eq!((fields.get("state"), fields.number("page"), fields.number("q")), (None, 3, 1));
        assert_eq!(fields.all("open").collect::<Vec<_>>(), ["x&y", "z"]);
    }
}
