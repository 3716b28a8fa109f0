//! Problems together with the file that they are about.

use std::sync::Arc;

use serde_json::{Value, json};
use weft_pipeline::diagnostic::Diagnostic;

/// A file that was read.
#[derive(Debug)]
pub struct Source {
    /// Its path as the user wrote it.
    pub shown: String,
    /// Its text.
    pub text: String,
}

/// A problem and the file that it is about.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The file.
    pub source: Arc<Source>,
    /// The problem.
    pub diagnostic: Diagnostic,
}

impl Finding {
    /// A problem in a file.
    pub fn new(source: &Arc<Source>, diagnostic: Diagnostic) -> Self {
        Self { source: Arc::clone(source), diagnostic }
    }

    /// The same for programs.
    pub fn to_json(&self) -> Value {
        let Diagnostic { severity, message, at, length, task, hint } = &self.diagnostic;
        let at = at.map(|at| json!({ "line": at.line, "column": at.column, "length": length }));
        json!({ "severity": severity, "message": message, "file": self.source.shown, "at": at, "step": task, "hint": hint })
    }
}

/// The same for several problems of one file.
pub(crate) fn all(source: &Arc<Source>, problems: Vec<Diagnostic>) -> impl Iterator<Item = Finding> {
    problems.into_iter().map(|problem| Finding::new(source, problem))
}
