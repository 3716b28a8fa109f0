//! From the text of a pipeline to a pipeline that can run.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;
use weft::metadata::control::{Spec, Submission};
use weft::{Parameters, PipelineFile, PrepareOptions, Prepared, Source, silent};

use crate::error::{Error, Kind, Result};
use crate::server::{Server, lock_of};

/// Prepared pipelines that are kept for runs in the queue.
const MAX_KEPT: usize = 64;
/// A folder of the store that is not there: what came by the network names no files of this machine.
const NOWHERE: &str = "bundles/none";

/// What the text of a specification begins with that stands for the pipeline of a recorded run; its id follows. A run of `weft run` has no
/// other text: its file may be gone, and the record is what it executed.
const RECORDED: &str = "weft-run: ";

/// The specification that executes the pipeline of a recorded run again.
pub(crate) fn recorded_spec(run: &str) -> Spec {
    Spec::text(format!("{RECORDED}{run}\n"))
}

/// The run whose pipeline a specification stands for.
fn recorded(spec: &Spec) -> Option<&str> {
    spec.text.strip_prefix(RECORDED).map(str::trim_end)
}

/// The file of this host that a pipeline was read from.
fn file_of(spec: &Spec) -> Option<&str> {
    spec.local.as_ref().map(|local| local.file.as_str()).filter(|file| !file.is_empty())
}

impl Server {
    /// Reads a pipeline.
    pub(crate) fn read_spec(&self, spec: &Spec) -> Result<PipelineFile> {
        let path = self.nowhere().join("pipeline.yaml");
        if let Some(id) = recorded(spec) {
            let record = self.store().metadata.run_without_steps(id)?;
            let unreadable =
                || Error::new(Kind::FailedPrecondition, format!("the pipeline of run `{id}` cannot be read"));
            let pipeline = weft::recorded_pipeline(&record.spec).ok_or_else(unreadable)?;
            let source = Arc::new(Source { shown: "the pipeline".to_owned(), text: spec.text.clone() });
            return Ok(PipelineFile { source, path, pipeline, warnings: Vec::new() });
        }
        let path = file_of(spec).map_or(path, PathBuf::from);
        Ok(weft::read_text(spec.text.clone(), "the pipeline", path)?)
    }

    /// The folder at which relative paths of a pipeline begin.
    fn nowhere(&self) -> PathBuf {
        let root = self.0.weft.store().root();
        std::path::absolute(root).unwrap_or_else(|_| root.to_owned()).join(NOWHERE)
    }

    /// Links and checks a submitted pipeline, which was read from its specification, with its parameters.
    pub(crate) fn prepare(&self, file: PipelineFile, submission: &Submission) -> Result<Prepared> {
        let Submission { spec, parameters, .. } = submission;
        let artifacts = spec.local.as_ref().map(|local| local.inputs.clone()).unwrap_or_default();
        let parameters = Parameters { json: parameters.clone(), artifacts, ..Parameters::default() };
        if let Some(id) = recorded(spec) {
            let record = self.store().metadata.run_without_steps(id)?;
            return self.0.weft.prepare_again(&record, &parameters).map_err(|error| self.without_paths(&error.into()));
        }
        let options = PrepareOptions { parameters: Some(parameters), check_secrets: true, ..PrepareOptions::default() };
        match self.0.weft.prepare(file, &options, &silent) {
            // Paths of the host are of no use in the record of a run that came by the network.
            Ok(prepared) => Ok(Prepared { file: prepared.file.filter(|_| file_of(spec).is_some()), ..prepared }),
            Err(error) => Err(self.without_paths(&error.into())),
        }
    }

    /// The pipeline of a queued run, as it was prepared when it was submitted, or anew.
    pub(crate) fn take_prepared(&self, submission: &Submission) -> Result<Prepared> {
        if let Some(prepared) = lock_of(&self.0.prepared).remove(&submission.id) {
            return Ok(prepared);
        }
        self.prepare(self.read_spec(&submission.spec)?, submission)
    }

    /// Keeps a prepared pipeline for when its run begins, if there is room.
    pub(crate) fn keep_prepared(&self, run: &str, prepared: Prepared) {
        let mut kept = lock_of(&self.0.prepared);
        if kept.len() < MAX_KEPT {
            kept.insert(run.to_owned(), prepared);
        }
    }

    /// An error whose words name no folder of the host.
    pub(crate) fn without_paths(&self, error: &Error) -> Error {
        Error::new(error.kind, self.text_without_paths(&error.message))
    }

    /// A text that names no folder of the host: what lies in the store or with the executors is named from there.
    pub(crate) fn text_without_paths(&self, text: &str) -> String {
        let root = self.0.weft.store().root();
        let store = std::path::absolute(root).unwrap_or_else(|_| root.to_owned());
        let mut text = text.to_owned();
        let host = self.0.weft.linker().host();
        let mut folders = vec![(store.join(NOWHERE), "."), (store, "store")];
        folders.extend(host.executors.iter().map(|folder| (folder.clone(), "executors")));
        folders.extend(host.components.iter().map(|folder| (folder.clone(), "components")));
        folders.extend(self.0.triggers.folders().into_iter().map(|folder| (folder, ".")));
        // Those inside of others first.
        folders.sort_by_key(|(folder, _)| std::cmp::Reverse(folder.as_os_str().len()));
        for (folder, name) in &folders {
            if let Some(folder) = folder.to_str().filter(|folder| folder.len() > 1) {
                text = text.replace(folder, name);
            }
        }
        text
    }
}

/// The values of a pipeline's documents as one value, as KFP's API has it: the specification, or both it and that of the platform.
pub(crate) fn spec_value(spec: &Spec) -> Value {
    let mut documents = weft::documents(&spec.text).unwrap_or_default().into_iter();
    match (documents.next(), documents.next()) {
        (Some(pipeline), Some(platform)) => {
            serde_json::json!({ "pipeline_spec": pipeline, "platform_spec": platform })
        }
        (Some(pipeline), None) => pipeline,
        (None, _) => Value::Null,
    }
}
