//! Typed access to nodes, with a message for each node that is not of the expected kind.

use serde_json::Value;

use super::node::{Entry, Kind, Mapping, Node};
use crate::diagnostic::{Diagnostic, Problems};
use crate::model::Span;
use crate::suggest;

/// Whether a text can be the name of a step or a parameter.
pub(crate) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

/// Checks the name of a step, a parameter or an output.
pub(crate) fn check_name(text: &str, what: &str, span: Span, problems: &mut Problems) {
    if matches!(text, "params" | "steps") && what != "an output" {
        let problem = Diagnostic::error(format!("the name `{text}` is taken")).at(span);
        problems.push(problem.hint("references and conditions use it for the parameters and the steps themselves"));
    } else if !is_name(text) {
        problems.push(
            Diagnostic::error(format!("`{text}` cannot be the name of {what}"))
                .at(span)
                .hint("names have letters, digits, `_` and `-`, and begin with a letter"),
        );
    }
}

impl Node {
    /// The error of a node that should be something else.
    pub(crate) fn wanted(&self, what: &str) -> Diagnostic {
        Diagnostic::error(format!("expected {what}, found {}", self.what())).at(self.span)
    }

    pub(crate) fn mapping(&self, what: &str) -> Result<&Mapping, Diagnostic> {
        match &self.kind {
            Kind::Mapping(entries) => Ok(entries),
            _ => Err(self.wanted(what)),
        }
    }

    pub(crate) fn sequence(&self, what: &str) -> Result<&[Node], Diagnostic> {
        match &self.kind {
            Kind::Sequence(items) => Ok(items),
            _ => Err(self.wanted(what)),
        }
    }

    /// Text that is not empty. Numbers are accepted as they are written.
    pub(crate) fn string(&self, what: &str) -> Result<&str, Diagnostic> {
        match self.text() {
            Some(text) if !self.is_null() && !text.trim().is_empty() => Ok(text),
            _ => Err(self.wanted(what)),
        }
    }

    pub(crate) fn boolean(&self, what: &str) -> Result<bool, Diagnostic> {
        match self.scalar() {
            Some(Value::Bool(value)) => Ok(value),
            _ => Err(self.wanted(&format!("{what}: `true` or `false`"))),
        }
    }
}

/// A mapping with a fixed set of keys. Unknown keys are errors.
pub(crate) struct Fields<'n> {
    what: &'n str,
    entries: &'n Mapping,
    known: &'n [&'n str],
}

impl<'n> Fields<'n> {
    /// The mapping with these keys. Reports unknown ones.
    pub(crate) fn new(
        node: &'n Node,
        what: &'n str,
        known: &'n [&'n str],
        problems: &mut Problems,
    ) -> Result<Self, Diagnostic> {
        let entries = node.mapping(&format!("a mapping for {what}"))?;
        for (key, entry) in entries {
            if !known.contains(&key.as_str()) {
                problems.push(Diagnostic::error(format!("{what} has no `{key}`")).at(entry.key).hint(suggest::hint(
                    key,
                    known.iter().copied(),
                    "keys",
                )));
            }
        }
        Ok(Self { what, entries, known })
    }

    /// The value under a key, with the place of the key. A key without value counts as absent.
    pub(crate) fn get(&self, key: &str) -> Option<&'n Entry> {
        debug_assert!(self.known.contains(&key), "{} reads the key {key} without knowing it", self.what);
        self.entries.get(key).filter(|entry| !entry.node.is_null())
    }

    /// Applies `read` to the value under a key, if there is one, and reports its error.
    pub(crate) fn read<T>(
        &self,
        key: &str,
        problems: &mut Problems,
        read: impl FnOnce(&'n Node, &mut Problems) -> Result<T, Diagnostic>,
    ) -> Option<T> {
        let entry = self.get(key)?;
        match read(&entry.node, problems) {
            Ok(value) => Some(value),
            Err(problem) => {
                problems.push(problem);
                None
            }
        }
    }
}
