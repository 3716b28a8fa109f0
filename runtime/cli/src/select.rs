//! What a user means by a run or an artifact.

use weft_metadata::{ArtifactRecord, Error as MetadataError, LineageStart, RunRecord};
use weft_pipeline::step::{PortValue, PortValues};
use weft_pipeline::suggest;

use crate::error::{Error, Result};
use crate::store::Store;

/// How to name an artifact, for help texts.
pub const ARTIFACT_HELP: &str = "An id, a digest or the beginning of one, or the output of a run: RUN/STEP.OUTPUT, \
    or RUN/OUTPUT for an output of the pipeline. RUN may be the beginning of an id, or `latest`";

/// The artifact that is meant; see [`ARTIFACT_HELP`].
pub fn artifact(store: &Store, text: &str) -> Result<ArtifactRecord> {
    // As tables show them.
    let text = text.trim_end_matches('…');
    match text.split_once('/') {
        Some((run, output)) => output_of(store, &store.metadata.run(run)?, output),
        None => Ok(store.metadata.artifact(text)?),
    }
}

/// Where a walk through the lineage starts: at an artifact or at a run.
pub fn lineage_start(store: &Store, text: &str) -> Result<LineageStart> {
    let id = |record: &ArtifactRecord| LineageStart::Artifact(record.artifact.id.unwrap_or_default());
    if text.contains('/') {
        return artifact(store, text).map(|record| id(&record));
    }
    match store.metadata.run(text) {
        Ok(run) => return Ok(LineageStart::Run(run.summary.id)),
        Err(MetadataError::RunNotFound { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    match store.metadata.artifact(text.trim_end_matches('…')) {
        Ok(record) => Ok(id(&record)),
        Err(MetadataError::ArtifactNotFound { .. }) => Err(Error::advised(
            format!("`{text}` is neither a run nor an artifact of this store"),
            "`weft runs` and `weft artifact ls` list them",
        )),
        Err(error) => Err(error.into()),
    }
}

/// The artifact that an output of a step, or of the whole pipeline, gave.
fn output_of(store: &Store, run: &RunRecord, text: &str) -> Result<ArtifactRecord> {
    let id = &run.summary.id;
    let (outputs, output, of) = match text.rsplit_once('.') {
        None => (&run.outputs, text, format!("run `{id}`")),
        Some((task, output)) => {
            let step = run.steps.iter().find(|step| step.task == task).ok_or_else(|| {
                let hint = suggest::hint(task, run.steps.iter().map(|step| step.task.as_str()), "steps");
                Error::Request { message: format!("run `{id}` has no step `{task}`"), hint }
            })?;
            (&step.outputs, output, format!("step `{task}` of run `{id}`"))
        }
    };
    match find(outputs, output) {
        Some(PortValue::Artifacts(artifacts)) => match artifacts.as_slice() {
            [only] => Ok(store.metadata.artifact(&only.id.map_or_else(|| only.uri.clone(), |id| id.to_string()))?),
            several => {
                let ids: Vec<String> = several.iter().filter_map(|one| one.id).map(|id| id.to_string()).collect();
                Err(Error::advised(
                    format!("the output `{output}` of {of} is a list of {} artifacts", several.len()),
                    format!("name one by its id: {}", ids.join(", ")),
                ))
            }
        },
        Some(PortValue::Parameter(value)) => {
            Err(Error::request(format!("the output `{output}` of {of} is no artifact but the parameter {value}")))
        }
        None => {
            let hint = suggest::hint(output, outputs.keys().map(String::as_str), "outputs");
            Err(Error::Request { message: format!("{of} gave no output `{output}`"), hint })
        }
    }
}

fn find<'a>(outputs: &'a PortValues, name: &str) -> Option<&'a PortValue> {
    outputs.get(name).or_else(|| outputs.get(&name.replace('_', "-")))
}
