//! Reading a pipeline's file, whichever format it is in.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use weft_pipeline::diagnostic::Diagnostic;
use weft_pipeline::model::Pipeline;
use weft_pipeline::yaml::read_pipeline;
use weft_pipeline::{foreign, ir};

use crate::error::{Error, Result};
use crate::finding::{self, Source};

/// A pipeline's file, read.
#[derive(Debug, Clone)]
pub struct PipelineFile {
    /// The file.
    pub source: Arc<Source>,
    /// Its absolute path.
    pub path: PathBuf,
    /// The pipeline, not linked yet.
    pub pipeline: Pipeline,
    /// What is odd about how it is written.
    pub warnings: Vec<Diagnostic>,
}

impl PipelineFile {
    /// The folder at which the file's relative paths begin. Absolute.
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("/"))
    }
}

/// Reads a pipeline: weft's own format, or the `PipelineSpec` that KFP's compiler writes, as YAML or JSON.
///
/// # Errors
/// [`Error::Pipeline`] with everything that is wrong with how it is written, and where.
pub fn read(path: &Path) -> Result<PipelineFile> {
    if path.is_dir() {
        let inside = path.join("pipeline.yaml");
        return Err(Error::Request {
            message: format!("`{}` is a folder, not a pipeline's file", path.display()),
            hint: inside.is_file().then(|| format!("give the file in it: {}", inside.display())),
        });
    }
    let bytes = std::fs::read(path).map_err(|cause| Error::io("read", path, cause))?;
    if let Some(problem) = foreign::choose_executor(&bytes) {
        let text = String::from_utf8(bytes).unwrap_or_default();
        return Err(refused(&Arc::new(Source { shown: path.display().to_string(), text }), vec![problem]));
    }
    let text = text(path, bytes)?;
    let absolute = std::path::absolute(path).map_err(|cause| Error::io("find", path, cause))?;
    read_text(text, &path.display().to_string(), absolute)
}

/// Reads a pipeline from its text, as [`read`] does. `shown` is what findings call it, `path` the absolute path at which it would lie:
/// relative paths in it begin in that folder. Nothing needs to be there.
///
/// # Errors
/// As [`read`].
pub fn read_text(text: String, shown: &str, path: PathBuf) -> Result<PipelineFile> {
    let source = Arc::new(Source { shown: shown.to_owned(), text });
    let read = if ir::read::looks_like_ir(&source.text) {
        ir::read::read_pipeline(&source.text).map(|read| (read.pipeline, read.warnings))
    } else {
        read_pipeline(&source.text).map(|pipeline| (pipeline, Vec::new()))
    };
    let (pipeline, warnings) = read.map_err(|problems| refused(&source, problems))?;
    Ok(PipelineFile { source, path, pipeline, warnings })
}

/// The documents of a YAML or JSON text as values, for who shows a pipeline as it was given.
///
/// # Errors
/// [`Error::Pipeline`] with what is wrong with how it is written.
pub fn documents(text: &str) -> Result<Vec<Value>> {
    weft_pipeline::yaml::documents(text).map_err(|problems| {
        refused(&Arc::new(Source { shown: "the pipeline".to_owned(), text: text.to_owned() }), problems)
    })
}

pub(crate) fn read_source(path: &Path) -> Result<Arc<Source>> {
    let bytes = std::fs::read(path).map_err(|cause| Error::io("read", path, cause))?;
    Ok(Arc::new(Source { shown: path.display().to_string(), text: text(path, bytes)? }))
}

fn text(path: &Path, bytes: Vec<u8>) -> Result<String> {
    String::from_utf8(bytes).map_err(|_| {
        Error::advised(format!("`{}` is no text in UTF-8", path.display()), "save it as UTF-8, or give another file")
    })
}

pub(crate) fn refused(source: &Arc<Source>, problems: Vec<Diagnostic>) -> Error {
    Error::Pipeline(finding::all(source, problems).collect())
}
