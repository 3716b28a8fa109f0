//! The seam between the engine and what executes steps.

use std::collections::BTreeMap;

use weft_pipeline::step::{FailureKind, SecretGrant, StepFailure, StepObserver, StepOutput, StepRequest, StepTrace};

/// What an importer asks for.
#[derive(Debug, Clone, Copy)]
pub struct Fetch<'a> {
    /// The task that imports.
    pub task: &'a str,
    /// Where it is: `s3://bucket/key`
    pub uri: &'a str,
    /// The tag of what the store has from there: if it is still so, it need not be read again.
    pub known: Option<&'a str>,
}

/// What was found elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The digest of the content, which is in the store; none if the tag is the one that is known.
    pub content: Option<String>,
    /// Stands for the state that was found; none if nothing tells it from others.
    pub tag: Option<String>,
}

/// Runs one step on artifacts in the store, and returns artifacts in the store.
///
/// A runner is called from several threads at the same time. It must publish the bytes of all outputs before it returns,
/// as the engine then names them in the metadata. Its result must depend on the request only: results are cached by it.
pub trait StepRunner: Sync {
    /// Runs the step to its end. It polls [`StepObserver::interrupted`], and when that is true stops with
    /// [`weft_pipeline::step::FailureKind::Interrupted`].
    fn run(&self, request: &StepRequest, observer: &dyn StepObserver) -> Result<StepOutput, Box<StepFailure>>;

    /// Brings what is elsewhere into the artifact store. It reports the progress of the task, and polls [`StepObserver::interrupted`]. A
    /// runner that reaches for nothing refuses.
    fn fetch(&self, fetch: &Fetch<'_>, _observer: &dyn StepObserver) -> Result<Fetched, Box<StepFailure>> {
        Err(Box::new(StepFailure {
            kind: FailureKind::Host,
            message: format!("`{}` is not a file of this host, and nothing is fetched over the network", fetch.uri),
            hint: Some("download it ahead of the run, and give the path of the file or directory instead".to_owned()),
            trace: StepTrace::default(),
        }))
    }

    /// A digest of the values of secrets that a step reads, by where it finds them: one changed if it is another. It is recorded in the
    /// step's identity, and so must say nothing of the values. A runner without secrets refuses them.
    fn secrets_digest(&self, secrets: &BTreeMap<String, SecretGrant>) -> Result<[u8; 32], Box<StepFailure>> {
        let names: Vec<_> = secrets.values().map(|grant| format!("`{}`", grant.name)).collect();
        Err(Box::new(StepFailure {
            kind: FailureKind::Host,
            message: format!("it reads the secrets {}, and is run where there are none", names.join(", ")),
            hint: None,
            trace: StepTrace::default(),
        }))
    }
}
