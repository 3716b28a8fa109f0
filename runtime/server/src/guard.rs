//! What every request passes: who asks, from where, and what an answer may do in a browser.
//!
//! For the page this means:
//! - The answer gets a content security policy unless the handler sets one itself: scripts, styles, images and connections of this
//!   server only, nothing inline (no `style=""`, no `onclick=""`), no frames around it.
//! - A form needs no hidden token: a request that changes something and comes from a browser must come from this server's own pages
//!   (`Sec-Fetch-Site`, or `Origin` against `Host`), and the cookie is `SameSite=Strict`.
//! - Without a valid cookie or token, a GET of a page is sent to `/login?next=..`; `POST /login` with the field `token` (and `next`) sets
//!   the cookie, and so does `?token=..` on any page. `POST /logout` drops it. `page::login` makes the page.

use std::net::IpAddr;
use std::time::Instant;

use axum::body::to_bytes;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::uri::Authority;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse as _, Redirect, Response};

use crate::api::HOOKS;
use crate::error::{Error, Kind};
use crate::inference;
use crate::page;
use crate::server::Server;
use crate::telemetry::{Attributes, Name};

/// The name of the cookie.
const COOKIE: &str = "weft-token";
/// How long a browser keeps it.
const COOKIE_SECONDS: u64 = 30 * 24 * 3600;
/// Bytes of a form with a token.
const MAX_LOGIN: usize = 8 << 10;
/// What pages may do in a browser, unless they say it themselves.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
    connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Lets a request pass, or answers in its place.
pub(crate) async fn guard(State(server): State<Server>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let is_inference = request.uri().path().starts_with(inference::PREFIX);
    let measured = server.0.telemetry.clone().map(|telemetry| (telemetry, measured(&request)));
    let response = match refuse(&server, &request) {
        Some(error) => told(error, is_inference),
        None => match tokio::time::timeout(server.settings().timeouts.answer, pass(&server, request, next)).await {
            Ok(response) => response,
            Err(_) => told(Error::new(Kind::Unavailable, "the answer took too long"), is_inference),
        },
    };
    let status = response.status().as_u16();
    server.0.metrics.answered(status);
    if let Some((telemetry, mut attributes)) = measured {
        attributes.push(("http.response.status_code", status.into()));
        if status >= 500 {
            attributes.push(("error.type", status.to_string().into()));
        }
        telemetry.measure(Name::Request, attributes, begun.elapsed());
    }
    with_headers(response)
}

/// What is said of a request where it is measured.
fn measured(request: &Request) -> Attributes {
    let method = match request.method().as_str() {
        known @ ("GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS" | "CONNECT" | "TRACE") => known,
        _ => "_OTHER",
    };
    let mut attributes = vec![("http.request.method", method.into()), ("url.scheme", "http".into())];
    if let Some(route) = request.extensions().get::<MatchedPath>() {
        attributes.push(("http.route", route.as_str().into()));
    }
    attributes
}

/// A failure in the form of the API that was asked.
fn told(error: Error, is_inference: bool) -> Response {
    if is_inference { inference::Problem::from(error).into_response() } else { error.into_response() }
}

/// Why a request may not be answered, whoever sends it.
fn refuse(server: &Server, request: &Request) -> Option<Error> {
    let denied = |why: &str| Some(Error::new(Kind::PermissionDenied, why));
    let Some(host) = host(request) else { return denied("the request names no host") };
    if !is_known_host(server, &host) {
        // Another site's name that was made to lead here.
        return denied("this server is not asked for by this name; `--host` adds names");
    }
    if !request.method().is_safe() && !is_from_here(request.headers(), &host) {
        return denied("the request comes from a page of another site");
    }
    None
}

/// The host that a request is for, with the port.
fn host(request: &Request) -> Option<Authority> {
    if let Some(authority) = request.uri().authority() {
        return Some(authority.clone());
    }
    request.headers().get(header::HOST)?.to_str().ok()?.parse().ok()
}

fn is_known_host(server: &Server, host: &Authority) -> bool {
    let name = host.host().trim_matches(['[', ']']);
    name == "localhost"
        || name.parse::<IpAddr>().is_ok()
        || server
            .settings()
            .hosts
            .iter()
            .any(|known| known.eq_ignore_ascii_case(host.as_str()) || known.eq_ignore_ascii_case(name))
}

/// Whether a request comes from a page of this server, or from no page at all.
fn is_from_here(headers: &HeaderMap, host: &Authority) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    match headers.get(header::ORIGIN).map(HeaderValue::to_str) {
        None => true,
        Some(Ok(origin)) => origin.split_once("://").is_some_and(|(_, from)| from.eq_ignore_ascii_case(host.as_str())),
        Some(Err(_)) => false,
    }
}

/// Lets a request pass if its sender has shown the token, or need not.
async fn pass(server: &Server, request: Request, next: Next) -> Response {
    let Some(token) = server.settings().token.as_deref() else { return next.run(request).await };
    let path = request.uri().path();
    let is_inference = path.starts_with(inference::PREFIX);
    match (request.method(), path) {
        (_, "/healthz" | "/apis/v2beta1/healthz") => return next.run(request).await,
        (_, path) if inference::is_open(path) => return next.run(request).await,
        // Who knows the secret of a webhook needs no token.
        (&Method::POST, path) if path.starts_with(HOOKS) => return next.run(request).await,
        // The style sheet of the page that asks for the token is everybody's.
        (&Method::GET, path) if path.starts_with(page::ASSETS) => return next.run(request).await,
        (&Method::GET, "/login") => {
            let after = query_field(request.uri().query(), "next");
            return login_page(StatusCode::OK, None, &local(after.as_deref()));
        }
        (&Method::POST, "/login") => return login(token, request).await,
        (&Method::POST, "/logout") => return with_cookie(Redirect::to("/login").into_response(), "", 0),
        _ => {}
    }
    if let Some(shown) = bearer(request.headers()).or_else(|| cookie(request.headers())) {
        if is_equal(&shown, token) {
            return next.run(request).await;
        }
        if request.headers().contains_key(header::AUTHORIZATION) {
            return unauthenticated("the token is not that of this server", is_inference);
        }
    }
    let is_api = path.starts_with("/apis/") || is_inference || matches!(path, "/metrics" | "/openapi.json");
    if is_api || request.method() != Method::GET {
        return unauthenticated(
            "show the token of this server: `Authorization: Bearer ..`; `existing_token` of kfp.Client",
            is_inference,
        );
    }
    match query_field(request.uri().query(), "token") {
        Some(shown) if is_equal(&shown, token) => {
            with_cookie(Redirect::to(path).into_response(), &shown, COOKIE_SECONDS)
        }
        Some(_) => login_page(StatusCode::UNAUTHORIZED, Some("The token is not that of this server."), path),
        None => {
            let after = request.uri().path_and_query().map_or("/", |all| all.as_str());
            let after = percent_encoding::utf8_percent_encode(after, percent_encoding::NON_ALPHANUMERIC);
            Redirect::to(&format!("/login?next={after}")).into_response()
        }
    }
}

/// Whether two tokens are equal; how long it takes tells nothing about either.
fn is_equal(shown: &str, token: &str) -> bool {
    // Digests of this kind are compared in constant time.
    blake3::hash(shown.as_bytes()) == blake3::hash(token.as_bytes())
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

fn cookie(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value.to_owned())
}

async fn login(token: &str, request: Request) -> Response {
    let form = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !form.starts_with("application/x-www-form-urlencoded") {
        return Error::invalid("send the field `token` as a form").into_response();
    }
    let Ok(body) = to_bytes(request.into_body(), MAX_LOGIN).await else {
        return Error::invalid("the form is too long").into_response();
    };
    let form = String::from_utf8_lossy(&body);
    let shown = query_field(Some(&form), "token").unwrap_or_default();
    let next = local(query_field(Some(&form), "next").as_deref());
    if is_equal(shown.trim(), token) {
        return with_cookie(Redirect::to(&next).into_response(), shown.trim(), COOKIE_SECONDS);
    }
    login_page(StatusCode::UNAUTHORIZED, Some("The token is not that of this server."), &next)
}

fn login_page(status: StatusCode, problem: Option<&str>, next: &str) -> Response {
    (status, Html(page::login(problem, next))).into_response()
}

/// A path of this server to go on to; the first page for anything else.
fn local(next: Option<&str>) -> String {
    match next {
        // `//host` and `/\host` lead elsewhere.
        Some(path)
            if path.starts_with('/') && !path[1..].starts_with(['/', '\\']) && !path.contains(char::is_control) =>
        {
            path.to_owned()
        }
        _ => "/".to_owned(),
    }
}

fn unauthenticated(why: &str, is_inference: bool) -> Response {
    let mut response = told(Error::new(Kind::Unauthenticated, why), is_inference);
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

fn with_cookie(mut response: Response, token: &str, seconds: u64) -> Response {
    let cookie = format!("{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}");
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
    response
}

/// A field of a query or a form.
fn query_field(query: Option<&str>, name: &str) -> Option<String> {
    query?.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (key == name)
            .then(|| percent_encoding::percent_decode_str(&value.replace('+', " ")).decode_utf8_lossy().into_owned())
    })
}

fn with_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let mut unless_set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    unless_set(header::CONTENT_SECURITY_POLICY, POLICY);
    unless_set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    unless_set(header::REFERRER_POLICY, "no-referrer");
    unless_set(header::CACHE_CONTROL, "no-store");
    unless_set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    unless_set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    response
}

#[cfg(test)]
#[path = "guard_tests.rs"]
mod tests;
