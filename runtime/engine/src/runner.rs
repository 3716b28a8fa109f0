//! The seam between the engine and what executes steps.

use std::collections::BTreeMap;

use weft_pipeline::step::{FailureKind, SecretGrant, StepFailure, StepObserver, StepOutput, StepRequest, StepTrace};

/// Runs one step on artifacts in the store, and returns artifacts in the store.
///
/// A runner is called from several threads at the same time. It must publish the bytes of all outputs before it returns,
/// as the engine then names them in the metadata. Its result must depend on the request only: results are cached by it.
pub trait StepRunner: Sync {
    /// Runs the step to its end. It polls [`StepObserver::interrupted`], and when that is true stops with
    /// [`weft_pipeline::step::FailureKind::Interrupted`].
    fn run(&self, request: &StepRequest, observer: &dyn StepObserver) -> Result<StepOutput, Box<StepFailure>>;

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
