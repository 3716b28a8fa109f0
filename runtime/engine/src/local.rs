//! Steps run in this process, by the sandbox.

use weft_pipeline::step::{StepFailure, StepObserver, StepOutput, StepRequest};
use weft_sandbox::Sandbox;

use crate::runner::StepRunner;

impl StepRunner for Sandbox {
    fn run(&self, request: &StepRequest, observer: &dyn StepObserver) -> Result<StepOutput, Box<StepFailure>> {
        Self::run(self, request, observer)
    }
}
