//! Selecting artifacts and runs by what a user calls them.

use weft_metadata::{ArtifactRecord, Error as MetadataError, LineageStart, Resolved, RunRecord, StepRecord};
use weft_pipeline::step::{PortValue, PortValues};
use weft_pipeline::suggest;

use crate::error::{Error, Result};
use crate::store::Store;

impl Store {
    /// The artifact that is meant: by its id, its digest or the beginning of one, a URI as steps see it, or as the output of a run:
    /// `RUN/STEP.OUTPUT`, or `RUN/OUTPUT` for an output of the pipeline. `RUN` may be the beginning of an id, or `latest`.
    ///
    /// # Errors
    /// There is none, or several are meant, or a URI leads to a part of one.
    pub fn artifact(&self, selector: &str) -> Result<ArtifactRecord> {
        // As tables show them.
        let selector = selector.trim_end_matches('…');
        if is_uri(selector) {
            let Selected { record, inside } = self.artifact_or_part(selector)?;
            if inside.is_empty() {
                return Ok(record);
            }
            return Err(Error::advised(
                format!("`{selector}` is a part of an artifact"),
                format!(
                    "`weft artifact cat` and `weft artifact export` take parts; the whole is `{}`",
                    record.artifact.uri
                ),
            ));
        }
        match selector.split_once('/') {
            Some((run, output)) => output_of(self, &self.metadata.run(run)?, output),
            None => Ok(self.metadata.artifact(selector)?),
        }
    }

    /// The artifact that is meant as [`Self::artifact`] has it, or by a URI that leads into it.
    ///
    /// # Errors
    /// There is none, or several are meant.
    pub fn artifact_or_part(&self, selector: &str) -> Result<Selected> {
        if !is_uri(selector) {
            return Ok(Selected { record: self.artifact(selector)?, inside: String::new() });
        }
        let unknown = || {
            Error::advised(
                format!("`{selector}` leads to nothing in this store"),
                "the URI of an output is known once its step has ended, and as long as its run is not deleted; \
                 `weft artifact ls` lists what there is",
            )
        };
        let Resolved { content, inside, .. } = self.metadata.resolve_uri(selector)?.ok_or_else(unknown)?;
        match self.metadata.artifact(&content) {
            Ok(record) => Ok(Selected { record, inside }),
            Err(MetadataError::ArtifactNotFound { .. }) => Err(unknown()),
            Err(error) => Err(error.into()),
        }
    }

    /// Where a walk through the lineage starts: at an artifact or at a run.
    ///
    /// # Errors
    /// There is neither, or several are meant.
    pub fn lineage_start(&self, selector: &str) -> Result<LineageStart> {
        let id = |record: &ArtifactRecord| LineageStart::Artifact(record.artifact.id.unwrap_or_default());
        if selector.contains('/') {
            return self.artifact(selector).map(|record| id(&record));
        }
        match self.metadata.run(selector) {
            Ok(run) => return Ok(LineageStart::Run(run.summary.id)),
            Err(MetadataError::RunNotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        match self.metadata.artifact(selector.trim_end_matches('…')) {
            Ok(record) => Ok(id(&record)),
            Err(MetadataError::ArtifactNotFound { .. }) => Err(Error::advised(
                format!("`{selector}` is neither a run nor an artifact of this store"),
                "`weft runs` and `weft artifact ls` list them",
            )),
            Err(error) => Err(error.into()),
        }
    }
}

/// An artifact, or a part of one that is a directory.
#[derive(Debug, Clone)]
pub struct Selected {
    /// The artifact.
    pub record: ArtifactRecord,
    /// The path in it; empty for all of it.
    pub inside: String,
}

/// Whether a selector is a URI as steps see it: a path, or a name in another system.
fn is_uri(selector: &str) -> bool {
    selector.starts_with('/') || selector.contains("://")
}

/// The step of a run that a task's name means.
///
/// # Errors
/// The run has none of this name.
pub fn step<'r>(run: &'r RunRecord, task: &str) -> Result<&'r StepRecord> {
    run.steps.iter().find(|step| step.task == task).ok_or_else(|| {
        let hint = suggest::hint(task, run.steps.iter().map(|step| step.task.as_str()), "steps");
        Error::Request { message: format!("run `{}` has no step `{task}`", run.summary.id), hint }
    })
}

/// The artifact that an output of a step, or of the whole pipeline, gave.
fn output_of(store: &Store, run: &RunRecord, text: &str) -> Result<ArtifactRecord> {
    let id = &run.summary.id;
    let (outputs, output, of) = match text.rsplit_once('.') {
        None => (&run.outputs, text, format!("run `{id}`")),
        Some((task, output)) => (&step(run, task)?.outputs, output, format!("step `{task}` of run `{id}`")),
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
