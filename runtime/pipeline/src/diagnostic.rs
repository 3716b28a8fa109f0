//! Problems of a pipeline as plain data. Rendering with the text of the file is up to the caller.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::{Location, Span};

/// The maximum number of problems that are collected of a file. More are likely to be consequences of these.
pub const MAX_DIAGNOSTICS: usize = 50;

/// Whether a problem prevents the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// It does not, but the pipeline is likely not what was intended.
    Warning,
    /// It does.
    Error,
}

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// Its severity.
    pub severity: Severity,
    /// The message, which names the thing.
    pub message: String,
    /// The place in the file, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Location>,
    /// The number of characters that it covers, at least 1.
    pub length: u32,
    /// The task that it concerns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// What the user can do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Diagnostic {
    /// An error without a place.
    pub fn error(message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, message: message.into(), at: None, length: 1, task: None, hint: None }
    }

    /// A warning without a place.
    pub fn warning(message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(message) }
    }

    /// Sets the place.
    #[must_use]
    pub fn at(mut self, span: impl Into<Option<Span>>) -> Self {
        if let Some(span) = span.into().filter(|span| span.at.line > 0) {
            self.at = Some(span.at);
            self.length = span.length.max(1);
        }
        self
    }

    /// Sets the task.
    #[must_use]
    pub fn task(mut self, task: impl Into<String>) -> Self {
        self.task = Some(task.into());
        self
    }

    /// Prefixes the message with what it concerns, such as the task `train`, unless the message names it already.
    #[must_use]
    pub(crate) fn about(mut self, what: &str, name: &str) -> Self {
        let subject = format!("{what} `{name}`");
        if !self.message.contains(&subject) {
            self.message = format!("the {subject}: {}", self.message);
        }
        self
    }

    /// Sets the hint, if there is one.
    #[must_use]
    pub fn hint(mut self, hint: impl IntoHint) -> Self {
        if let Some(hint) = hint.into_hint() {
            self.hint = Some(hint);
        }
        self
    }

    /// Whether it is an error.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Text or an optional text.
pub trait IntoHint {
    /// The text of the hint.
    fn into_hint(self) -> Option<String>;
}

impl IntoHint for &str {
    fn into_hint(self) -> Option<String> {
        Some(self.to_owned())
    }
}

impl IntoHint for String {
    fn into_hint(self) -> Option<String> {
        Some(self)
    }
}

impl IntoHint for Option<String> {
    fn into_hint(self) -> Option<String> {
        self
    }
}

impl fmt::Display for Diagnostic {
    /// One line: `error at 3:7: message (hint)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_error() { "error" } else { "warning" })?;
        if let Some(at) = self.at {
            write!(f, " at {}:{}", at.line, at.column)?;
        }
        if let Some(task) = &self.task {
            write!(f, " in step {task}")?;
        }
        write!(f, ": {}", self.message)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

/// Collects problems, the first [`MAX_DIAGNOSTICS`] of them. No number of warnings keeps an error out.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    found: Vec<Diagnostic>,
}

impl Problems {
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        if self.found.contains(&diagnostic) {
            return;
        }
        if self.found.len() < MAX_DIAGNOSTICS {
            self.found.push(diagnostic);
        } else if diagnostic.is_error()
            && let Some(warning) = self.found.iter_mut().rfind(|one| !one.is_error())
        {
            *warning = diagnostic;
        }
    }

    /// Whether nothing more is collected, so that it need not be looked for: what is said of a problem may take long to find.
    pub(crate) fn is_full(&self) -> bool {
        self.found.len() >= MAX_DIAGNOSTICS && self.found.iter().all(Diagnostic::is_error)
    }

    pub(crate) fn any_error(&self) -> bool {
        self.found.iter().any(Diagnostic::is_error)
    }

    /// All problems, in the order of the file. Those without a place come last.
    pub(crate) fn into_sorted(mut self) -> Vec<Diagnostic> {
        self.found.sort_by_key(|diagnostic| (diagnostic.at.is_none(), diagnostic.at));
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_keep_no_error_out() {
        let mut problems = Problems::default();
        for number in 0..2 * MAX_DIAGNOSTICS {
            problems.push(Diagnostic::warning(format!("warning {number}")));
        }
        assert!(!problems.any_error() && !problems.is_full());
        for number in 0..MAX_DIAGNOSTICS {
            problems.push(Diagnostic::error(format!("error {number}")));
            problems.push(Diagnostic::error("error 0"));
        }
        assert!(problems.is_full());
        problems.push(Diagnostic::error("one more"));
        let found = problems.into_sorted();
        assert_eq!(found.len(), MAX_DIAGNOSTICS);
        assert!(found.iter().all(|one| one.is_error() && one.message != "one more"));
    }
}
