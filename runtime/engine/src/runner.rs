//! The seam between the engine and what executes steps.

use weft_pipeline::step::{StepFailure, StepObserver, StepOutput, StepRequest};

/// Runs one step on artifacts in the store, and returns artifacts in the store.
///
/// A runner is called from several threads at the same time. It must publish the bytes of all outputs before it returns,
/// as the engine then names them in the metadata. Its result must depend on the request only: results are cached by it.
pub trait StepRunner: Sync {
    /// Runs the step to its end. It polls [`StepObserver::interrupted`], and when that is true stops with
    /// [`weft_pipeline::step::FailureKind::Interrupted`].
    fn run(&self, request: &StepRequest, observer: &dyn StepObserver) -> Result<StepOutput, Box<StepFailure>>;
}
