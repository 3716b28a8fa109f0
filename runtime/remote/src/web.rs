//! Files that a web server has: in parts from several connections where it gives parts, else in one go.

use std::io::Read as _;
use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use ureq::http::{HeaderMap, Response, StatusCode, Uri, header};
use ureq::{Agent, Body};
use weft_artifacts::Store;

use crate::error::{Error, Result};
use crate::http::{Purpose, agent, is_transient, unreachable, words};
use crate::location::Location;
use crate::transfer::{self, IN_FLIGHT, PART};
use crate::{Fetched, Meter, Settings};

/// Times that one thing is asked for, and how long is waited before the second.
const ATTEMPTS: u32 = 4;
const PAUSE: Duration = Duration::from_millis(200);
/// Servers that one URI may lead through.
const MAX_REDIRECTS: usize = 5;
/// Bytes that are read at once where a server gives no parts, and how many such pieces may wait.
const PIECE: usize = 256 << 10;
const WAITING: usize = 8;

/// Fetches what a web server has at a URL.
pub(crate) async fn fetch(
    settings: &Settings,
    location: &Location,
    known: Option<&str>,
    store: &Store,
    meter: &Meter,
) -> Result<Fetched> {
    let trouble = |trouble: crate::http::Trouble| unreachable(&location.to_string(), trouble.why);
    let agent = agent(settings, Purpose::Anonymous, &location.authority).map_err(trouble)?;
    let page = Page {
        agent,
        url: format!("{}://{}{}", location.prefix, location.authority, location.key),
        shown: location.to_string(),
    };
    let (asked, known) = (page.clone(), known.map(str::to_owned));
    let opened = blocking(&page, move || asked.open(known.as_deref())).await?;
    let (size, tag, pieces): (_, _, BoxStream<'_, Result<Bytes>>) = match opened {
        Opened::Unchanged { tag } => return Ok(Fetched { content: None, tag: Some(tag) }),
        Opened::Parts { url, first, state } => {
            let page = Page { url, ..page.clone() };
            let (size, tag) = (state.size, state.tag());
            let rest = transfer::parts(size).skip(1);
            let rest = stream::iter(rest).map(move |range| {
                let (page, state) = (page.clone(), state.clone());
                async move {
                    let asked = page.clone();
                    blocking(&page, move || asked.part(range, &state)).await
                }
            });
            let first = stream::once(async move { Ok(first) });
            (Some(size), tag, first.chain(rest.buffered(IN_FLIGHT)).boxed())
        }
        Opened::Whole { size, tag, body } => {
            let (send, receive) = tokio::sync::mpsc::channel(WAITING);
            let uri = page.shown.clone();
            tokio::task::spawn_blocking(move || read(body, &uri, &send));
            let pieces = stream::unfold(receive, |mut receive| async { Some((receive.recv().await?, receive)) });
            (size, tag, pieces.boxed())
        }
    };
    meter.total.set(size.unwrap_or_default());
    let content = transfer::object(store, location, size, pieces, meter).await?;
    Ok(Fetched { content: Some(content), tag })
}

/// Runs what waits for the network on a thread of its own.
async fn blocking<T: Send + 'static>(page: &Page, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(Error::Refused { uri: page.shown.clone(), done: "read", why: error.to_string() }))
}

/// Sends a body on, piece by piece.
fn read(body: Body, uri: &str, send: &tokio::sync::mpsc::Sender<Result<Bytes>>) {
    let mut reader = body.into_with_config().limit(u64::MAX).reader();
    loop {
        let mut piece = Vec::with_capacity(PIECE);
        let piece = match reader.by_ref().take(PIECE as u64).read_to_end(&mut piece) {
            Ok(0) => return,
            Ok(_) => Ok(Bytes::from(piece)),
            Err(error) => Err(unreachable(uri, format!("it broke off, and gives no parts to go on from: {error}"))),
        };
        let is_last = piece.is_err();
        // Nobody waits for it any more if it was interrupted.
        if send.blocking_send(piece).is_err() || is_last {
            return;
        }
    }
}

/// What is at a URL when it is first asked.
enum Opened {
    /// The state that is known.
    Unchanged { tag: String },
    /// The first part, where the others are, and what they are parts of.
    Parts { url: String, first: Bytes, state: State },
    /// All of it.
    Whole { size: Option<u64>, tag: Option<String>, body: Body },
}

/// What must stay equal from part to part.
#[derive(Debug, Clone, PartialEq, Eq)]
struct State {
    size: u64,
    e_tag: Option<String>,
    modified: Option<String>,
}

impl State {
    fn of(headers: &HeaderMap, size: u64) -> Self {
        Self { size, e_tag: text(headers, header::ETAG), modified: text(headers, header::LAST_MODIFIED) }
    }

    fn tag(&self) -> Option<String> {
        self.e_tag.clone().filter(|tag| !tag.starts_with("W/"))
    }
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}

/// The range and size of `bytes 0-9/100`.
fn content_range(headers: &HeaderMap) -> Option<(Range<u64>, u64)> {
    let text = text(headers, header::CONTENT_RANGE)?;
    let (range, size) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (start, end) = range.split_once('-')?;
    Some((start.parse().ok()?..end.parse::<u64>().ok()?.checked_add(1)?, size.parse().ok()?))
}

/// A URL, and the connections to its server.
#[derive(Debug, Clone)]
struct Page {
    agent: Agent,
    url: String,
    /// What may be shown.
    shown: String,
}

impl Page {
    /// Asks for the first part. Follows redirects, and asks again if the part breaks off.
    fn open(&self, known: Option<&str>) -> Result<Opened> {
        let (mut url, mut broken) = (self.url.clone(), 1);
        for _ in 0..=MAX_REDIRECTS {
            let mut asks = vec![(header::RANGE, format!("bytes=0-{}", PART - 1))];
            asks.extend(known.map(|tag| (header::IF_NONE_MATCH, tag.to_owned())));
            let answer = self.ask(&url, &asks)?;
            let status = answer.status();
            if status == StatusCode::NOT_MODIFIED
                && let Some(tag) = known
            {
                return Ok(Opened::Unchanged { tag: tag.to_owned() });
            }
            if status.is_redirection() {
                url = self.redirected(&url, &answer)?;
                continue;
            }
            match self.opened(url.clone(), answer) {
                Err(Error::Unreachable { .. }) if broken < ATTEMPTS => broken += 1,
                outcome => return outcome,
            }
        }
        Err(self.refused(format!("it leads on more than {MAX_REDIRECTS} times")))
    }

    fn opened(&self, url: String, answer: Response<Body>) -> Result<Opened> {
        let (parts, body) = answer.into_parts();
        match parts.status {
            StatusCode::PARTIAL_CONTENT => {
                let range = content_range(&parts.headers);
                let Some((range, size)) = range.filter(|(range, size)| *range == (0..PART.min(*size))) else {
                    return Err(self.refused("it gives another part than it was asked for".to_owned()));
                };
                let first = self.bytes(body, range.end)?;
                Ok(Opened::Parts { url, first, state: State::of(&parts.headers, size) })
            }
            // A server without parts, or with parts but an empty file.
            StatusCode::OK => {
                let size = text(&parts.headers, header::CONTENT_LENGTH).and_then(|size| size.parse().ok());
                let tag = State::of(&parts.headers, 0).tag();
                Ok(Opened::Whole { size, tag, body })
            }
            StatusCode::RANGE_NOT_SATISFIABLE => {
                Ok(Opened::Parts { url, first: Bytes::new(), state: State::of(&parts.headers, 0) })
            }
            status => Err(self.status(status)),
        }
    }

    /// A part of what was found, which must still be there.
    fn part(&self, range: Range<u64>, state: &State) -> Result<Bytes> {
        let mut asks = vec![(header::RANGE, format!("bytes={}-{}", range.start, range.end - 1))];
        asks.extend(state.tag().map(|tag| (header::IF_MATCH, tag)));
        let mut attempt = 1;
        loop {
            let answer = self.ask(&self.url, &asks)?;
            let (parts, body) = answer.into_parts();
            let changed = Error::Changed { uri: self.shown.clone() };
            match parts.status {
                StatusCode::PARTIAL_CONTENT => {
                    let Some((got, size)) = content_range(&parts.headers) else {
                        return Err(self.refused("it does not say which part it gives".to_owned()));
                    };
                    if State::of(&parts.headers, size) != *state {
                        return Err(changed);
                    }
                    if got != range {
                        return Err(self.refused("it gives another part than it was asked for".to_owned()));
                    }
                    match self.bytes(body, range.end - range.start) {
                        Err(Error::Unreachable { .. }) if attempt < ATTEMPTS => {
                            std::thread::sleep(PAUSE * attempt);
                            attempt += 1;
                        }
                        outcome => return outcome,
                    }
                }
                StatusCode::PRECONDITION_FAILED
                | StatusCode::NOT_FOUND
                | StatusCode::OK
                | StatusCode::RANGE_NOT_SATISFIABLE => {
                    return Err(changed);
                }
                status => return Err(self.status(status)),
            }
        }
    }

    /// The answer to a request, which is asked again if that may help.
    fn ask(&self, url: &str, asks: &[(header::HeaderName, String)]) -> Result<Response<Body>> {
        let mut attempt = 1;
        loop {
            // What is compressed on the way has other lengths than the file.
            let mut request = self.agent.get(url).header(header::ACCEPT_ENCODING, "identity");
            for (name, value) in asks {
                request = request.header(name, value);
            }
            let answer = request.call();
            let again = match &answer {
                Ok(answer) => answer.status() == StatusCode::TOO_MANY_REQUESTS || answer.status().is_server_error(),
                Err(error) => is_transient(error),
            };
            if again && attempt < ATTEMPTS {
                std::thread::sleep(PAUSE * attempt);
                attempt += 1;
                continue;
            }
            return answer.map_err(|error| unreachable(&self.shown, words(&error)));
        }
    }

    fn bytes(&self, mut body: Body, length: u64) -> Result<Bytes> {
        let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
        let read = body.with_config().limit(length + 1).reader().read_to_end(&mut bytes);
        read.map_err(|error| unreachable(&self.shown, words(&error.into())))?;
        if bytes.len() as u64 != length {
            return Err(unreachable(&self.shown, format!("{} bytes came of {length}", bytes.len())));
        }
        Ok(bytes.into())
    }

    /// Where an answer leads.
    fn redirected(&self, from: &str, answer: &Response<Body>) -> Result<String> {
        let odd = || self.refused(format!("it answers {} and leads nowhere", answer.status().as_u16()));
        let to = text(answer.headers(), header::LOCATION).ok_or_else(odd)?;
        let to = to.split('#').next().unwrap_or_default();
        let base: Uri = from.parse().map_err(|_| odd())?;
        let (scheme, authority) =
            (base.scheme_str().unwrap_or("https"), base.authority().map_or("", |one| one.as_str()));
        let url = if to.contains("://") {
            to.to_owned()
        } else if let Some(rest) = to.strip_prefix("//") {
            format!("{scheme}://{rest}")
        } else if to.starts_with('/') {
            format!("{scheme}://{authority}{to}")
        } else {
            let folder = base.path().rsplit_once('/').map_or("", |(folder, _)| folder);
            format!("{scheme}://{authority}{folder}/{to}")
        };
        let is_secure = url.starts_with("https://");
        if !(is_secure || (scheme == "http" && url.starts_with("http://"))) {
            return Err(self.refused("it leads to where there is no TLS".to_owned()));
        }
        Ok(url)
    }

    fn status(&self, status: StatusCode) -> Error {
        let uri = self.shown.clone();
        match status {
            StatusCode::NOT_FOUND | StatusCode::GONE => {
                Error::NotFound { uri, why: format!("the server answers {}", status.as_u16()) }
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Error::Denied {
                uri,
                done: "read",
                why: format!("the server answers {}", status.as_u16()),
                who: "nobody: credentials are sent to no web server".to_owned(),
            },
            status => self.refused(format!("the server answers {status}")),
        }
    }

    fn refused(&self, why: String) -> Error {
        Error::Refused { uri: self.shown.clone(), done: "read", why }
    }
}
