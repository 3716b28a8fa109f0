//! What a recorded run says of the pipeline that it executes.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use weft_metadata::RunRecord;
use weft_pipeline::diagnostic::Diagnostic;
use weft_pipeline::model::{CommandStep, Implementation, Pipeline};
use weft_pipeline::parameters;
use weft_pipeline::secrets::needed;
use weft_pipeline::step::HOST_PYTHON;

use crate::error::{Error, Result};
use crate::finding::Source;
use crate::parameters::Parameters;
use crate::prepare::Prepared;
use crate::read::refused;
use crate::run::Weft;

/// The pipeline that a run recorded at its start.
pub fn recorded_pipeline(spec: &Value) -> Option<Pipeline> {
    serde_json::from_value(spec.clone()).ok()
}

impl Weft {
    /// Prepares the pipeline of a recorded run to be executed again as another run, with other parameters. Neither its file nor those of its
    /// components are needed: it is executed as it was linked then.
    ///
    /// # Errors
    /// [`Error::Pipeline`] with everything that is wrong with the parameters, or the record cannot be read.
    pub fn prepare_again(&self, run: &RunRecord, given: &Parameters) -> Result<Prepared> {
        let id = &run.summary.id;
        let unreadable = || Error::request(format!("run `{id}` cannot be executed again: its pipeline cannot be read"));
        let pipeline = recorded_pipeline(&run.spec).ok_or_else(unreadable)?;
        let folder = run.spec.get("base_dir").and_then(Value::as_str).ok_or_else(unreadable)?;
        let source = Arc::new(Source { shown: format!("run {id}"), text: String::new() });
        let given = given.read()?;
        let values = parameters::resolve(&pipeline, &given.values)
            .map_err(|problems| refused(&source, without_places(problems)))?;
        let missing = self.linker().secrets.check(&needed(&pipeline, &values));
        if !missing.is_empty() {
            return Err(refused(&source, without_places(missing)));
        }
        Ok(Prepared { parameters: values, folder: folder.into(), ..Prepared::of(pipeline) })
    }
}

/// There is no text that places lead to.
fn without_places(problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
    problems.into_iter().map(|problem| Diagnostic { at: None, ..problem }).collect()
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
