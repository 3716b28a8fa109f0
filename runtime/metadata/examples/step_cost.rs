//! Prints the cost of recording a trivial step: one transaction each, on disk, in a chain of 1,000 steps.
//!
//! `cargo run --release -p weft-metadata --example step_cost [folder]`

#![allow(clippy::print_stdout, reason = "a program of its own")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;
use weft_metadata::{ExecutionKind, Finished, Labels, NewExecution, NewRun, Store};
use weft_pipeline::model::TaskState;
use weft_pipeline::step::{Artifact, ComponentRef, Grants, PortValue, PortValues};
use weft_pipeline::types::ArtifactType;

const STEPS: u32 = 1000;
static NO_GRANTS: Grants = Grants {
    clock: false,
    random: false,
    env: Vec::new(),
    net: Vec::new(),
    variables: BTreeMap::new(),
    secrets: BTreeMap::new(),
    directories: BTreeMap::new(),
};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = match std::env::args().nth(1) {
        Some(folder) => tempfile::tempdir_in(folder)?,
        None => tempfile::tempdir()?,
    };
    for (name, plan) in [
        ("parameters only", Plan { artifacts: false, batch: 1, apart: false }),
        ("one artifact through", Plan { artifacts: true, batch: 1, apart: false }),
        (
            "one artifact through, start and finish in a transaction each",
            Plan { artifacts: true, batch: 1, apart: true },
        ),
        ("one artifact through, 16 steps in a transaction", Plan { artifacts: true, batch: 16, apart: false }),
    ] {
        let path = folder.path().join(format!("{name}.sqlite"));
        println!("{:>8.1} us a step: {name}", chain(&path, plan)?.as_secs_f64() * 1e6 / f64::from(STEPS));
    }
    Ok(())
}

#[derive(Clone, Copy)]
struct Plan {
    /// Whether the steps of the chain pass an artifact on.
    artifacts: bool,
    /// The number of steps in a transaction.
    batch: u32,
    /// Whether the start is recorded before the end.
    apart: bool,
}

fn chain(path: &Path, plan: Plan) -> Result<Duration, Box<dyn Error>> {
    let store = Store::open(path)?;
    let component = ComponentRef { digest: format!("blake3:{:064x}", 1), function: "step".into() };
    let task = |number: u32| format!("step-{number}");
    let run = store.transaction(|tx| {
        tx.create_run(&NewRun { id: "run", pipeline: "chain", spec: "{}", parameters: &BTreeMap::new(), file: None })
    })?;
    let mut inputs = PortValues::new();
    let start = Instant::now();
    for first in (0..STEPS).step_by(plan.batch as usize) {
        if plan.apart {
            let id =
                store.transaction(|tx| tx.start_execution(&run, &new(&task(first), &component, first, &inputs)))?;
            let mut outputs = outputs(first, plan.artifacts);
            store.transaction(|tx| tx.finish_execution(&run, id, finished(&mut outputs)))?;
            inputs = outputs;
            continue;
        }
        store.transaction(|tx| {
            for number in first..STEPS.min(first + plan.batch) {
                let mut outputs = outputs(number, plan.artifacts);
                tx.record_execution(&run, &new(&task(number), &component, number, &inputs), finished(&mut outputs))?;
                inputs = outputs;
            }
            Ok(())
        })?;
    }
    Ok(start.elapsed())
}

fn outputs(number: u32, artifacts: bool) -> PortValues {
    let mut outputs = PortValues::from([("n".to_owned(), PortValue::Parameter(json!(number)))]);
    if artifacts {
        let made = Artifact {
            id: None,
            kind: ArtifactType("system.Dataset".into()),
            uri: format!("blake3:{number:064x}"),
            name: None,
            properties: BTreeMap::new(),
        };
        outputs.insert("data".into(), PortValue::Artifacts(vec![made]));
    }
    outputs
}

fn new<'a>(task: &'a str, component: &'a ComponentRef, number: u32, inputs: &'a PortValues) -> NewExecution<'a> {
    let mut identity = [0x5a; 32];
    identity[..4].copy_from_slice(&number.wrapping_mul(0x9e37_79b1).to_le_bytes());
    NewExecution {
        task,
        kind: ExecutionKind::Container,
        component: Some(component),
        inputs,
        grants: &NO_GRANTS,
        linked: &[],
        command: None,
        uncached: None,
        identity: Some(identity),
        attempt: 1,
        parent: None,
        labels: Labels::default(),
    }
}

fn finished(outputs: &mut PortValues) -> Finished<'_> {
    Finished {
        state: TaskState::Complete,
        outputs,
        error: None,
        log: None,
        duration: Duration::from_micros(50),
        peak_memory: 65536,
        cached_from: None,
    }
}
