//! What importers fetch from elsewhere: who may, and what a failure says.

use std::ops::ControlFlow;

use weft_artifacts::Store;
use weft_engine::{Fetch, Fetched};
use weft_pipeline::command::uri;
use weft_pipeline::step::{FailureKind, StepFailure, StepObserver, StepTrace};
use weft_remote::Settings;

use crate::error::causes;
use crate::host::Host;

/// How importers reach what is elsewhere: `s3://`, `gs://`, `az://`, `http(s)://`.
#[derive(Debug, Clone, Default)]
pub struct Remote {
    /// Credentials, certificates, the proxy.
    pub settings: Settings,
    /// Reaches for no network.
    pub offline: bool,
    /// Only what a policy names is fetched, and nothing without one: that a pipeline names it is not enough.
    pub listed_only: bool,
}

/// Brings what is elsewhere into the store, if this machine's operator lets it.
pub(crate) fn fetch(
    host: &Host,
    store: &Store,
    Fetch { task, uri, known }: &Fetch<'_>,
    observer: &dyn StepObserver,
) -> Result<Fetched, Box<StepFailure>> {
    const INSTEAD: &str = "download it ahead of the run, and give the path of the file or directory instead";
    let shown = uri::shown(uri);
    let refused =
        |why: &str, hint: &str| Err(failure(format!("`{shown}` is not fetched: {why}"), Some(hint.to_owned())));
    let Some(remote) = &host.remote else { return refused("no network is reached for here", INSTEAD) };
    if remote.offline {
        return refused(
            "the run is offline",
            "leave `--offline` out, or download it ahead of the run and give the path instead",
        );
    }
    match &host.policy {
        Some(policy) if !policy.allows_fetch(uri) => {
            return refused("the policy does not allow it", "name it, or what it is below, in the policy's `imports`");
        }
        None if remote.listed_only => {
            let hint = "start the server with a `--policy` whose `imports` name it, or what it is below";
            return refused("this server fetches only what its policy names, and has none", hint);
        }
        _ => {}
    }
    let mut progress = |done, total| {
        observer.progress(task, done, total);
        if observer.interrupted() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    match weft_remote::Remote::new(remote.settings.clone()).fetch(uri, *known, store, &mut progress) {
        Ok(found) => Ok(Fetched { content: found.content.map(|content| content.to_string()), tag: found.tag }),
        Err(error) => {
            let kind = if error.is_interruption() { FailureKind::Interrupted } else { FailureKind::Host };
            let told: Vec<String> = std::iter::once(error.to_string()).chain(causes(&error)).collect();
            Err(Box::new(StepFailure { kind, ..*failure(told.join(": "), error.hint()) }))
        }
    }
}

#[expect(clippy::unnecessary_box_returns, reason = "failures of steps are boxed, as they are large")]
fn failure(message: String, hint: Option<String>) -> Box<StepFailure> {
    Box::new(StepFailure { kind: FailureKind::Host, message, hint, trace: StepTrace::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reader_and_the_fetcher_know_the_same_schemes() {
        for scheme in
            ["s3", "S3", "gs", "az", "abfs", "abfss", "http", "https", "minio", "oci", "hdfs", "file", "adl", "r2", ""]
        {
            let uri = format!("{scheme}://b/x");
            assert_eq!(uri::is_fetchable(&uri), weft_remote::is_fetchable(&uri), "{uri}");
        }
    }
}
