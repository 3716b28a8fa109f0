//! Objects elsewhere, brought into the artifact store: `s3://BUCKET/KEY`, `gs://BUCKET/KEY`, `az://CONTAINER/KEY`, `http(s)://HOST/PATH`; and
//! the artifact store's own content, kept in a [`Bucket`].
//!
//! [`Remote::fetch`] reads one object or, below a prefix, all that are there, in parts of a few MiB of which several are asked for at a time. A part
//! is hashed and written as it comes; what is in memory does not grow with the object. An object that changes while it is read is an error.
//!
//! `object_store` signs the requests and finds credentials; what goes over the network goes through the HTTP client that asks registries too
//! (`http.rs`), so that there is one TLS library, one list of trusted certificates and one proxy. Nothing here reads the environment or the home
//! directory but what [`Settings`] name (Google's library has a place of its own for a user's credentials, where it looks if nothing is set).

mod aws;
mod bucket;
mod cloud;
mod error;
mod http;
mod location;
mod transfer;
mod web;

#[cfg(test)]
#[expect(
    clippy::needless_pass_by_value,
    clippy::format_push_string,
    reason = "a server for tests is short before it is fast"
)]
mod testing;
#[cfg(test)]
#[expect(
    clippy::similar_names,
    clippy::format_push_string,
    reason = "tests speak of URIs and URLs, and are short before they are fast"
)]
mod tests;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use weft_artifacts::{ContentId, Store};

pub use bucket::{Bucket, Collected, User};
pub use error::{Error, Result};
pub use location::is_fetchable;

use crate::location::{Location, Scheme};

/// Connections that are open at the same time to one server, for one piece of work.
const CONNECTIONS: usize = bucket::ASKED_AT_ONCE;
/// How often it is asked whether to go on.
const TICK: Duration = Duration::from_millis(100);

/// How what is elsewhere is reached. Plain data: the program decides where it is from.
#[derive(Clone, Default)]
pub struct Settings {
    /// Environment variables as the clouds' own tools read them (`AWS_..`, `GOOGLE_..`, `AZURE_..`), by name.
    pub variables: BTreeMap<String, String>,
    /// The folder in which `.aws/credentials` and `.aws/config` are, unless variables name them.
    pub home: Option<PathBuf>,
    /// The certificates that are trusted, as PEM.
    pub certificates: Option<PathBuf>,
    /// The proxy for all but loopback, as a URL.
    pub proxy: Option<String>,
    /// The hosts that it is not for, parted by commas.
    pub no_proxy: Option<String>,
}

impl fmt::Debug for Settings {
    /// Values of variables are secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.variables.keys().collect();
        f.debug_struct("Settings").field("variables", &names).field("home", &self.home).finish_non_exhaustive()
    }
}

impl Settings {
    /// A variable that is set to something.
    fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// What was found at a URI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The content, which is in the store; none if the tag is still the one that is known.
    pub content: Option<ContentId>,
    /// What stands for this state of the object, or of all objects below a prefix: equal if nothing has changed. None if the server gives nothing
    /// to tell states apart.
    pub tag: Option<String>,
}

/// Reads from elsewhere.
#[derive(Debug, Clone, Default)]
pub struct Remote {
    settings: Settings,
}

impl Remote {
    /// Nothing is reached yet.
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }

    /// Brings what a URI leads to into the store: the object of this name, else all objects below it, as a directory. Nothing is read if
    /// `known` is its tag already.
    ///
    /// `progress` is called several times a second with the bytes that were read and their number in all, 0 if that is not known. It may end it.
    pub fn fetch(
        &self,
        uri: &str,
        known: Option<&str>,
        store: &Store,
        progress: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
    ) -> Result<Fetched> {
        let location: Location = uri.parse()?;
        let meter = Meter::default();
        let work = async {
            match location.scheme {
                Scheme::Web => web::fetch(&self.settings, &location, known, store, &meter).await,
                _ => cloud::fetch(&self.settings, &location, known, store, &meter).await,
            }
        };
        drive(&location.to_string(), &meter, progress, work)
    }
}

/// Runs work on what a URI leads to on this thread, and tells several times a second how far it is, which may end it.
fn drive<T>(
    uri: &str,
    meter: &Meter,
    progress: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .max_blocking_threads(CONNECTIONS)
        .build()
        .map_err(|source| Error::System { source })?;
    let outcome = runtime.block_on(async {
        let ticks = async {
            loop {
                tokio::time::sleep(TICK).await;
                if progress(meter.done.get(), meter.total.get()).is_break() {
                    return;
                }
            }
        };
        match select(pin!(work), pin!(ticks)).await {
            Either::Left((outcome, _)) => Some(outcome),
            Either::Right(_) => None,
        }
    });
    // Requests that are under way end by their own time limits; nobody waits for them.
    runtime.shutdown_background();
    let outcome = outcome.unwrap_or_else(|| Err(Error::Interrupted { uri: uri.to_owned() }));
    if outcome.is_ok() {
        _ = progress(meter.done.get(), meter.total.get());
    }
    outcome
}

/// How far it is, in bytes.
#[derive(Debug, Default)]
struct Meter {
    done: Cell<u64>,
    total: Cell<u64>,
}
