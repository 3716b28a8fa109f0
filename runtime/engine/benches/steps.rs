//! What the engine itself costs a step: trivial steps on a runner that does nothing, with the real metadata store.

#![allow(clippy::unwrap_used, reason = "a benchmark")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::time::Instant;

use common::{Place, from_output, input, parameter, pipeline, step};
use serde_json::json;
use weft_engine::{RunOutcome, StepRunner};
use weft_pipeline::model::{Pipeline, TaskState};
use weft_pipeline::step::{PortValue, PortValues, StepFailure, StepObserver, StepOutput, StepRequest, StepTrace};
use weft_pipeline::types::ParameterType;

struct Nothing;

impl StepRunner for Nothing {
    fn run(&self, request: &StepRequest, _: &dyn StepObserver) -> Result<StepOutput, Box<StepFailure>> {
        let outputs = PortValues::from([("n".to_owned(), PortValue::Parameter(json!(request.inputs.len())))]);
        Ok(StepOutput { outputs, trace: StepTrace::default() })
    }
}

fn chain(steps: usize) -> Pipeline {
    let number = || input(parameter(ParameterType::U64), false);
    pipeline((0..steps).map(|at| {
        let step = step().literal("seed", json!(at));
        let link = |before: usize| from_output(&format!("s{before}"), "n");
        (format!("s{at}"), if at == 0 { step } else { step.input("n", number(), link(at - 1)) })
    }))
}

fn parallel(steps: usize) -> Pipeline {
    pipeline((0..steps).map(|at| (format!("s{at}"), step().literal("seed", json!(at)))))
}

/// An argument, as in `cargo bench -p weft-engine --bench steps -- chain`, picks those whose name contains it.
fn main() {
    let wanted = std::env::args().nth(1).filter(|argument| !argument.starts_with('-')).unwrap_or_default();
    for (name, pipeline, steps) in [
        ("chain of 1,000", chain(1000), 1000_u32),
        ("1,000 in parallel", parallel(1000), 1000),
        ("10,000 in parallel", parallel(10_000), 10_000),
    ] {
        if !name.contains(&wanted) {
            continue;
        }
        let place = Place::new();
        for (run, state) in [("first", TaskState::Complete), ("again", TaskState::Cached)] {
            let session = place.session(&Nothing, 2);
            let began = Instant::now();
            let outcome: RunOutcome = session.start(run, &pipeline, &json!({}));
            let took = began.elapsed();
            assert!(outcome.tasks.iter().all(|task| task.state == state));
            println!("{name:>20}, {state:?}: {:>7.1} us a step", (took / steps).as_secs_f64() * 1e6);
        }
    }
}
