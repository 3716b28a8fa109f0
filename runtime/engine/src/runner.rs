//! The one seam of the engine: who runs a step.

use weft_pipeline::step::{StepFailure, StepObserver, StepOutput, StepRequest};

/// Runs one step on artifacts that lie in the store, and answers with artifacts that lie there.
///
/// A runner is called from several threads at once. It must have published the bytes of every output before it
/// answers: the engine then names them in the metadata. Its answer may depend on the request alone, else a cached
/// answer would not stand for it.
pub trait StepRunner: Sync {
    /// Runs the step to its end. Asks [`StepObserver::interrupted`] while it does, and gives up when told to with
    /// [`weft_pipeline::step::FailureKind::Interrupted`].
    fn run(&self, request: &StepRequest, observer: &dyn StepObserver) -> Result<StepOutput, Box<StepFailure>>;
}
