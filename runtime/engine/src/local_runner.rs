//! The runner of steps on this machine: in the sandbox, or by the host's own Python where that is requested.

use weft_launcher::HostPython;
use weft_pipeline::step::{FailureKind, HOST_PYTHON, StepFailure, StepObserver, StepOutput, StepRequest, StepTrace};
use weft_sandbox::Sandbox;

use crate::runner::StepRunner;

impl StepRunner for Sandbox {
    fn run(&self, request: &StepRequest, observer: &dyn StepObserver) -> Result<StepOutput, Box<StepFailure>> {
        Self::run(self, request, observer)
    }
}

/// Runs a step in the sandbox, or by the host's Python if its component is that ([`HOST_PYTHON`]).
pub struct LocalRunner {
    /// Runs components.
    pub sandbox: Sandbox,
    /// Runs commands whose executor is the host's Python; such commands fail if there is none.
    pub host_python: Option<HostPython>,
}

impl StepRunner for LocalRunner {
    fn run(&self, request: &StepRequest, observer: &dyn StepObserver) -> Result<StepOutput, Box<StepFailure>> {
        if !request.component.digest.starts_with(HOST_PYTHON) {
            return self.sandbox.run(request, observer);
        }
        match &self.host_python {
            Some(python) => python.run(request, observer),
            None => Err(Box::new(StepFailure {
                kind: FailureKind::Host,
                message: "it is for the host's own Python, which this run may not use".to_owned(),
                hint: Some("run it with `--executor host-python`, or let a component run it".to_owned()),
                trace: StepTrace::default(),
            })),
        }
    }
}
