//! What a recorded run says of the pipeline that it executes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use weft_metadata::{ExecutionKind, RecordedSpec, RunRecord};
use weft_pipeline::diagnostic::Diagnostic;
use weft_pipeline::model::{CommandStep, Component, Implementation, Pipeline, WasmStep};
use weft_pipeline::secrets::needed;
use weft_pipeline::step::{HOST_PYTHON, PortValue};
use weft_pipeline::{parameters, suggest};

use crate::error::{Error, Result};
use crate::finding::Source;
use crate::origin;
use crate::parameters::Parameters;
use crate::prepare::Prepared;
use crate::read::refused;
use crate::run::Weft;

/// The pipeline that a run recorded at its start.
pub fn recorded_pipeline(spec: &RecordedSpec) -> Option<Pipeline> {
    spec.read().ok()
}

/// The folder at which relative paths of a recorded pipeline begin.
pub(crate) fn recorded_folder(spec: &RecordedSpec) -> Option<PathBuf> {
    #[derive(serde::Deserialize)]
    struct Folder {
        base_dir: PathBuf,
    }
    spec.read().map(|Folder { base_dir }| base_dir).ok()
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
        let folder = recorded_folder(&run.spec).ok_or_else(unreadable)?;
        let source = Arc::new(Source { shown: format!("run {id}"), text: String::new() });
        let given = given.read()?;
        let values = parameters::resolve(&pipeline, &given.values)
            .map_err(|problems| refused(&source, without_places(problems)))?;
        let missing = self.linker().secrets.check(&needed(&pipeline, &values));
        if !missing.is_empty() {
            return Err(refused(&source, without_places(missing)));
        }
        Ok(Prepared { parameters: values, folder, ..Prepared::of(pipeline) })
    }
}

impl Weft {
    /// Prepares the pipeline of a recorded run to be executed again with its own parameters, but for these.
    ///
    /// # Errors
    /// As [`Self::prepare_again`].
    pub fn prepare_changed(&self, run: &RunRecord, changed: &[(String, String)]) -> Result<Prepared> {
        let json = run.summary.parameters.clone();
        self.prepare_again(run, &Parameters { json, values: changed.to_vec(), ..Parameters::default() })
    }

    /// Has a task of a prepared pipeline call another file's component, whose step must have the same signature.
    ///
    /// # Errors
    /// There is no such task, it calls no component, or the other's step has another signature.
    pub fn replace_component(&self, prepared: &mut Prepared, task: &str, file: &Path) -> Result<()> {
        let Some(found) = origin::task(&prepared.pipeline, task) else {
            let Implementation::Dag(dag) = &prepared.pipeline.root.implementation else {
                return Err(Error::request("the pipeline has no steps"));
            };
            let hint = suggest::hint(task, dag.tasks.keys().map(String::as_str), "steps");
            return Err(Error::Request { message: format!("there is no step `{task}`"), hint });
        };
        let (name, old) = (found.task.component.clone(), found.component.clone());
        let Implementation::Wasm(step) = &old.implementation else {
            return Err(Error::request(format!("`{task}` calls no component of a file, so none can take its place")));
        };
        let absolute = std::path::absolute(file).map_err(|source| Error::io("find", file, source))?;
        let loaded = self.linker().inspect(&absolute)?;
        let function = step.function.as_deref();
        let linked = loaded.linked(function).or_else(|| loaded.linked(None)).ok_or_else(|| {
            let wanted = function.unwrap_or_default();
            Error::advised(
                format!("`{}` has no step `{wanted}`", file.display()),
                format!("`weft inspect {}` shows what it has", file.display()),
            )
        })?;
        let inputs = old.inputs.iter().map(|(name, input)| (name, &input.port));
        let is_same =
            inputs.eq(linked.signature.inputs.iter()) && old.outputs.iter().eq(linked.signature.outputs.iter());
        if !is_same {
            return Err(Error::advised(
                format!(
                    "the step `{}` of `{}` has another signature than `{task}` had",
                    linked.function,
                    file.display()
                ),
                "run the pipeline's file with it instead: `weft run` checks how it is wired",
            ));
        }
        let path = absolute.display().to_string();
        let new = WasmStep { path: path.clone(), function: Some(linked.function), digest: Some(linked.digest.clone()) };
        // Other tasks keep the component that they have.
        let own = format!("{name} of {task}");
        let component = Component { implementation: Implementation::Wasm(new), ..old };
        prepared.pipeline.components.insert(own.clone(), component);
        if let Some(task) = origin::task_mut(&mut prepared.pipeline, task) {
            task.component = own;
        }
        prepared.components.insert(path, linked.digest);
        Ok(())
    }
}

/// The tasks at the top of a pipeline that are executed again if one is: it, and all that come after it.
///
/// # Errors
/// There is no such task at the top.
pub fn tasks_from(pipeline: &Pipeline, task: &str) -> Result<BTreeSet<String>> {
    match &pipeline.root.implementation {
        Implementation::Dag(dag) if dag.tasks.contains_key(task) => Ok(origin::downstream(pipeline, task)),
        Implementation::Dag(dag) => {
            let hint = suggest::hint(task, dag.tasks.keys().map(String::as_str), "steps");
            Err(Error::Request { message: format!("there is no step `{task}` at the top of the pipeline"), hint })
        }
        _ => Err(Error::request("the pipeline has no steps")),
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

/// The files and folders that a task was given as an importer took them in, by its inputs. A component sees content alone, so that what it says of
/// a table does not name the file.
pub fn imported_by(record: &RunRecord, task: &str) -> Vec<(String, String)> {
    let source = |uri: &str| {
        let importers = record.steps.iter().filter(|step| step.kind == ExecutionKind::Importer);
        let has = |output: &PortValue| output.artifacts().iter().any(|artifact| artifact.uri == uri);
        let mut made = importers.filter(|step| step.outputs.values().any(has));
        match made.next()?.inputs.get("source")? {
            PortValue::Parameter(Value::String(source)) => Some(source.clone()),
            _ => None,
        }
    };
    let Some(step) = record.steps.iter().find(|step| step.task == task) else { return Vec::new() };
    let inputs = step.inputs.iter().flat_map(|(input, value)| value.artifacts().iter().map(move |one| (input, one)));
    inputs.filter_map(|(input, artifact)| Some((input.clone(), source(&artifact.uri)?))).collect()
}

fn container(step: &CommandStep) -> String {
    let Some(program) = &step.program else { return step.image.clone() };
    let by = match program.digest.strip_prefix(HOST_PYTHON) {
        Some(version) => format!("the host's own Python {version}"),
        None => Path::new(&program.path).file_name().unwrap_or_default().to_string_lossy().into_owned(),
    };
    format!("{} by {by}", step.image)
}
