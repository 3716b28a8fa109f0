//! The engine's own cost per step: trivial steps, a runner without work, and the real metadata store.

#![allow(clippy::unwrap_used, reason = "a benchmark")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::time::Instant;

use common::{Place, from_input, from_output, input, literal, named, nest, other, parameter, pipeline, root, step};
use serde_json::json;
use weft_engine::{RunOutcome, StepRunner};
use weft_pipeline::model::{Implementation, Items, Pipeline, TaskState};
use weft_pipeline::step::{PortValue, PortValues, StepFailure, StepObserver, StepOutput, StepRequest};
use weft_pipeline::types::ParameterType;

struct Nothing;

impl StepRunner for Nothing {
    fn run(&self, request: &StepRequest, _: &dyn StepObserver) -> Result<StepOutput, Box<StepFailure>> {
        let outputs = PortValues::from([("n".to_owned(), PortValue::Parameter(json!(request.inputs.len())))]);
        Ok(StepOutput { outputs, ..StepOutput::default() })
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

/// A loop over a DAG of one step. Nothing reads the list, so it is not copied for the iterations.
fn repeated(items: usize) -> Pipeline {
    let over = Items::Parameter("list".to_owned());
    let mut pipeline = pipeline(named([("loop", other(Implementation::default()).each(over))]));
    let list = literal((0..items).map(|item| json!(item)).collect());
    root(&mut pipeline).tasks["loop"].inputs.insert("list".to_owned(), list);
    nest(&mut pipeline, "loop", named([("work", step().value(from_input("value")))]), &[("n", "work", "n")]);
    pipeline
}

/// An argument selects the benchmarks whose name contains it: `cargo bench -p weft-engine --bench steps -- chain`.
fn main() {
    let wanted = std::env::args().nth(1).filter(|argument| !argument.starts_with('-')).unwrap_or_default();
    for (name, pipeline, count) in [
        ("chain of 1,000", chain(1000), 1000_u32),
        ("1,000 in parallel", parallel(1000), 1000),
        ("10,000 in parallel", parallel(10_000), 10_000),
        ("loop over 1,000", repeated(1000), 1000),
        ("loop over 10,000", repeated(10_000), 10_000),
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
            let steps =
                outcome.tasks.iter().filter(|task| !task.task.starts_with("loop") || task.task.ends_with("/work"));
            assert!(steps.map(|task| task.state).all(|found| found == state));
            println!("{name:>20}, {state:?}: {:>7.1} us a step", (took / count).as_secs_f64() * 1e6);
        }
    }
}
