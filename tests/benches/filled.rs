//! A store with many runs, for benchmarks: written by the library as runs write it, but for the steps themselves.
#![allow(dead_code, reason = "each benchmark uses a part of it")]

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use weft::metadata::{ExecutionKind, Finished, Labels, NewExecution, NewRun, RunState, Store};
use weft::pipeline::model::TaskState;
use weft::pipeline::step::{Artifact, Grants, PortValue, PortValues};
use weft::pipeline::types::ArtifactType;

pub const RUNS: usize = 10_000;
pub const STEPS: usize = 10;

/// Runs of three pipelines, each with an output, metrics of its last step, and some that failed.
pub fn fill(root: &Path) {
    let store = Store::open(root.join("metadata.sqlite")).unwrap();
    let tasks: serde_json::Map<String, Value> =
        (0..STEPS).map(|step| (format!("step-{step}"), json!({"component": "c", "cache": true}))).collect();
    for run in 0..RUNS {
        let pipeline = ["penguins", "iris", "wine"][run % 3];
        // As large as the specification of a real pipeline of ten steps.
        let spec = json!({
            "name": pipeline, "base_dir": "/data", "order": {},
            "components": {"c": {"inputs": {}, "outputs": {}, "implementation": {"wasm": {"path": "c.wasm", "function": "f", "digest": format!("blake3:{:064x}", 7)}}}},
            "root": {"inputs": {}, "outputs": {}, "implementation": {"dag": {"tasks": tasks}}},
            "description": "x".repeat(8_000),
        })
        .to_string();
        let rate = f64::from(u32::try_from(run % 97).unwrap()) / 97.0;
        let parameters = BTreeMap::from([("learning-rate".to_owned(), json!(rate)), ("seed".to_owned(), json!(run))]);
        let id = format!("{pipeline}-20260102-030405-{run:05}");
        store
            .transaction(|tx| {
                let key =
                    tx.create_run(&NewRun { id: &id, pipeline, spec: &spec, parameters: &parameters, file: None })?;
                for step in 0..STEPS {
                    let properties = if step + 1 == STEPS {
                        BTreeMap::from([
                            ("accuracy".to_owned(), json!(1.0 - rate / 2.0)),
                            ("loss".to_owned(), json!(rate)),
                        ])
                    } else {
                        BTreeMap::new()
                    };
                    let kind = if step + 1 == STEPS { "system.Metrics" } else { "system.Dataset" };
                    let artifact = Artifact {
                        id: None,
                        kind: ArtifactType(kind.to_owned()),
                        uri: format!("blake3:{:064x}", run * STEPS + step),
                        name: None,
                        properties,
                    };
                    let mut outputs = PortValues::from([("out".to_owned(), PortValue::Artifacts(vec![artifact]))]);
                    let inputs = PortValues::from([("rate".to_owned(), PortValue::Parameter(json!(rate)))]);
                    let task = format!("step-{step}");
                    let new = NewExecution {
                        task: &task,
                        kind: ExecutionKind::Container,
                        component: None,
                        inputs: &inputs,
                        grants: &Grants::default(),
                        linked: &[],
                        command: None,
                        uncached: None,
                        identity: None,
                        attempt: 1,
                        parent: None,
                        labels: Labels::default(),
                    };
                    let finished = Finished {
                        state: TaskState::Complete,
                        outputs: &mut outputs,
                        error: None,
                        log: None,
                        duration: Duration::from_millis(20),
                        peak_memory: 1 << 20,
                        cached_from: None,
                    };
                    tx.record_execution(&key, &new, finished)?;
                }
                let outputs =
                    PortValues::from([("accuracy".to_owned(), PortValue::Parameter(json!(1.0 - rate / 2.0)))]);
                let state = if run % 19 == 0 { RunState::Failed } else { RunState::Complete };
                tx.finish_run(&key, state, (run % 19 == 0).then_some("a step failed"), &outputs)
            })
            .unwrap();
    }
}
