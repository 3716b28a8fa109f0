//! Prints what recording a trivial step costs: one transaction each, on disk, a chain of 1,000 steps.
//!
//! `cargo run --release -p weft-metadata --example step_cost [folder]`

#![allow(clippy::print_stdout, reason = "a program of its own")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;
use weft_metadata::{ExecutionKind, Finished, NewExecution, NewRun, RunKey, Store};
use weft_pipeline::model::TaskState;
use weft_pipeline::step::{Artifact, ComponentRef, Grants, PortValue, PortValues};
use weft_pipeline::types::ArtifactType;

const STEPS: u32 = 1000;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = match std::env::args().nth(1) {
        Some(folder) => tempfile::tempdir_in(folder)?,
        None => tempfile::tempdir()?,
    };
    for (name, artifacts, together) in [
        ("parameters only, start and finish together", false, true),
        ("one artifact through, start and finish together", true, true),
        ("one artifact through, start and finish apart (two transactions)", true, false),
    ] {
        let path = folder.path().join(format!("{artifacts}-{together}.sqlite"));
        println!("{:>8.1} us a step: {name}", micros(chain(&path, artifacts, together)?));
    }
    Ok(())
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6 / f64::from(STEPS)
}

fn chain(path: &Path, artifacts: bool, together: bool) -> Result<Duration, Box<dyn Error>> {
    let store = Store::open(path)?;
    let spec = json!({});
    let run = store.transaction(|tx| {
        tx.create_run(&NewRun { id: "run", pipeline: "chain", spec: &spec, parameters: &BTreeMap::new(), file: None })
    })?;
    let component = ComponentRef { digest: format!("blake3:{:064x}", 1), function: "step".into() };
    let mut inputs = PortValues::new();
    let start = Instant::now();
    for number in 0..STEPS {
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
        record(&store, &run, &component, number, &inputs, &mut outputs, together)?;
        inputs = outputs;
    }
    Ok(start.elapsed())
}

fn record(
    store: &Store,
    run: &RunKey,
    component: &ComponentRef,
    number: u32,
    inputs: &PortValues,
    outputs: &mut PortValues,
    together: bool,
) -> weft_metadata::Result<()> {
    let mut identity = [0x5a; 32];
    identity[..4].copy_from_slice(&number.wrapping_mul(0x9e37_79b1).to_le_bytes());
    let new = NewExecution {
        task: &format!("step-{number}"),
        kind: ExecutionKind::Container,
        component: Some(component),
        inputs,
        grants: &Grants::default(),
        identity: Some(identity),
        attempt: 1,
        parent: None,
    };
    let finished = Finished {
        state: TaskState::Complete,
        outputs,
        error: None,
        log: None,
        duration: Duration::from_micros(50),
        peak_memory: 65536,
        cached_from: None,
    };
    if together {
        store.transaction(|tx| tx.record_execution(run, &new, finished))?;
    } else {
        let id = store.transaction(|tx| tx.start_execution(run, &new))?;
        store.transaction(|tx| tx.finish_execution(run, id, finished))?;
    }
    Ok(())
}
