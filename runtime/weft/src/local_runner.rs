//! Steps run on this machine, by the sandbox or, for who asks for it, by the host's own Python.

use std::collections::BTreeMap;

use weft_artifacts::Store;
use weft_engine::{Fetch, Fetched, StepRunner};
use weft_launcher::HostPython;
use weft_pipeline::step::{
    FailureKind, HOST_PYTHON, SecretGrant, StepFailure, StepObserver, StepOutput, StepRequest, StepTrace,
};
use weft_sandbox::Sandbox;

use crate::host::Host;
use crate::prepare::Linker;
use crate::remote;

/// Runs each step where its component says.
pub(crate) struct LocalRunner<'s> {
    /// Runs components.
    pub sandbox: &'s Sandbox,
    /// Runs the commands that are given to it rather than to a component.
    pub host_python: Option<HostPython>,
    /// What fetching may use of the machine.
    pub host: &'s Host,
    /// Where what is fetched goes.
    pub artifacts: &'s Store,
}

impl<'s> LocalRunner<'s> {
    /// One that has no Python of the host.
    pub(crate) fn sandboxed(linker: &'s Linker, artifacts: &'s Store) -> Self {
        Self { sandbox: &linker.sandbox, host_python: None, host: linker.host(), artifacts }
    }
}

impl StepRunner for LocalRunner<'_> {
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

    fn fetch(&self, fetch: &Fetch<'_>, observer: &dyn StepObserver) -> Result<Fetched, Box<StepFailure>> {
        remote::fetch(self.host, self.artifacts, fetch, observer)
    }

    fn secrets_digest(&self, secrets: &BTreeMap<String, SecretGrant>) -> Result<[u8; 32], Box<StepFailure>> {
        self.sandbox.secrets_digest(secrets)
    }
}
