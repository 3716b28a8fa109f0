//! What a recorded run says of the pipeline that it executes.

use std::path::Path;

use serde_json::Value;
use weft_metadata::RunRecord;
use weft_pipeline::model::{CommandStep, Implementation, Pipeline};
use weft_pipeline::step::HOST_PYTHON;

/// The pipeline that a run recorded at its start.
pub fn recorded_pipeline(spec: &Value) -> Option<Pipeline> {
    serde_json::from_value(spec.clone()).ok()
}

/// File and function that a task calls, or the image of its container and the executor that ran it.
pub fn component_of(record: &RunRecord, task: &str) -> Option<String> {
    let pipeline = recorded_pipeline(&record.spec)?;
    let mut component = &pipeline.root;
    for name in task.split('/') {
        let Implementation::Dag(dag) = &component.implementation else { return None };
        // An iteration is called `loop[3]`, and has the component of the loop.
        let name = name.split('[').next().unwrap_or(name);
        component = pipeline.components.get(&dag.tasks.get(name)?.component)?;
    }
    let step = match &component.implementation {
        Implementation::Wasm(step) => step,
        Implementation::Command(step) => return Some(container(step)),
        _ => return None,
    };
    let file = Path::new(&step.path).display();
    Some(step.function.as_ref().map_or_else(|| file.to_string(), |function| format!("{file}#{function}")))
}

fn container(step: &CommandStep) -> String {
    let Some(program) = &step.program else { return step.image.clone() };
    let by = match program.digest.strip_prefix(HOST_PYTHON) {
        Some(version) => format!("the host's own Python {version}"),
        None => Path::new(&program.path).file_name().unwrap_or_default().to_string_lossy().into_owned(),
    };
    format!("{} by {by}", step.image)
}
