//! Helpers that record runs.

#![allow(dead_code, reason = "each test uses some of it")]
#![allow(clippy::unwrap_used, reason = "a failed preparation is a failed test")]

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use weft_metadata::{
    ArtifactFilter, ExecutionId, ExecutionKind, Finished, Labels, NewExecution, NewRun, Result, RunKey, RunState,
    Store, Tx,
};
use weft_pipeline::model::TaskState;
use weft_pipeline::step::{Artifact, ComponentRef, Grants, PortValue, PortValues};
use weft_pipeline::types::ArtifactType;

/// A store in a temporary folder, which is removed with it.
pub struct Scratch {
    pub folder: tempfile::TempDir,
    pub store: Store,
}

pub fn scratch() -> Scratch {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("metadata.sqlite")).unwrap();
    Scratch { folder, store }
}

/// The URI of some content.
pub fn uri(seed: u64) -> String {
    format!("blake3:{seed:064x}")
}

pub fn artifact(kind: &str, seed: u64) -> Artifact {
    Artifact { id: None, kind: ArtifactType(kind.into()), uri: uri(seed), name: None, properties: BTreeMap::new() }
}

pub fn values<const N: usize>(ports: [(&str, PortValue); N]) -> PortValues {
    ports.into_iter().map(|(port, value)| (port.to_owned(), value)).collect()
}

pub fn one(artifact: &Artifact) -> PortValue {
    PortValue::Artifacts(vec![artifact.clone()])
}

pub fn parameter(value: Value) -> PortValue {
    PortValue::Parameter(value)
}

/// The artifacts of an output.
pub fn on<'a>(values: &'a PortValues, port: &str) -> &'a [Artifact] {
    match &values[port] {
        PortValue::Artifacts(artifacts) => artifacts,
        PortValue::Parameter(_) => panic!("{port} holds a parameter"),
    }
}

pub fn create_run(store: &Store, id: &str) -> RunKey {
    let parameters = BTreeMap::from([("seed".to_owned(), json!(7))]);
    let spec = json!({"name": "penguins", "root": {"digest": uri(99)}}).to_string();
    store
        .transaction(|tx| {
            tx.create_run(&NewRun {
                id,
                pipeline: "penguins",
                spec: &spec,
                parameters: &parameters,
                file: Some("penguins/pipeline.yaml"),
            })
        })
        .unwrap()
}

/// A step with defaults.
pub struct Step<'a> {
    pub task: &'a str,
    pub kind: ExecutionKind,
    pub component: ComponentRef,
    pub inputs: PortValues,
    pub grants: Grants,
    pub linked: Vec<String>,
    pub identity: Option<[u8; 32]>,
}

impl<'a> Step<'a> {
    pub fn new(task: &'a str, inputs: PortValues) -> Self {
        let component = ComponentRef { digest: uri(1000), function: task.replace('_', "-") };
        let (kind, grants) = (ExecutionKind::Container, Grants::default());
        Self { task, kind, component, inputs, grants, linked: Vec::new(), identity: None }
    }

    pub fn identity(mut self, byte: u8) -> Self {
        self.identity = Some([byte; 32]);
        self
    }

    pub fn kind(mut self, kind: ExecutionKind) -> Self {
        self.kind = kind;
        self
    }

    pub fn new_execution(&self) -> NewExecution<'_> {
        NewExecution {
            task: self.task,
            kind: self.kind,
            component: (self.kind == ExecutionKind::Container).then_some(&self.component),
            inputs: &self.inputs,
            grants: &self.grants,
            linked: &self.linked,
            command: None,
            uncached: None,
            identity: self.identity,
            attempt: 1,
            parent: None,
            labels: Labels::default(),
        }
    }

    pub fn complete(&self, store: &Store, run: &RunKey, outputs: &mut PortValues) -> ExecutionId {
        store
            .transaction(|tx| tx.record_execution(run, &self.new_execution(), finished(TaskState::Complete, outputs)))
            .unwrap()
    }

    pub fn start(&self, store: &Store, run: &RunKey) -> ExecutionId {
        store.transaction(|tx| tx.start_execution(run, &self.new_execution())).unwrap()
    }
}

pub fn finished(state: TaskState, outputs: &mut PortValues) -> Finished<'_> {
    Finished {
        state,
        outputs,
        error: None,
        log: None,
        duration: Duration::from_millis(12),
        peak_memory: 1 << 20,
        cached_from: None,
    }
}

pub fn finish_run(store: &Store, run: &RunKey) {
    store.transaction(|tx: &mut Tx<'_>| tx.finish_run(run, RunState::Complete, None, &PortValues::new())).unwrap();
}

pub fn live_artifacts(store: &Store) -> Result<usize> {
    Ok(store.artifacts(&ArtifactFilter::default())?.len())
}
