//! Reading the messages of `PipelineSpec` in their JSON form: fields have two names, and `null` means not set.

use std::borrow::Cow;

use serde_json::Value;

use crate::diagnostic::{Diagnostic, Problems};
use crate::model::Span;
use crate::suggest;
use crate::yaml::node::{Entry, Mapping, Node};

/// The errors and warnings so far. They are counted separately, so that warnings cannot displace errors.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub errors: Problems,
    pub warnings: Problems,
    /// The task that is read, or that uses what is read.
    pub task: Option<String>,
    /// The kind and the name of what is read: `executor`, `exec-train`.
    pub subject: Option<(&'static str, String)>,
}

impl Notes {
    pub fn error(&mut self, problem: Diagnostic) {
        let problem = self.about(problem);
        self.errors.push(problem);
    }

    pub fn warn(&mut self, problem: Diagnostic) {
        let problem = self.about(problem);
        self.warnings.push(problem);
    }

    /// The value of a result. An error is added to the problems.
    pub fn take<T>(&mut self, found: Result<T, Diagnostic>) -> Option<T> {
        match found {
            Ok(value) => Some(value),
            Err(problem) => {
                self.error(problem);
                None
            }
        }
    }

    fn about(&self, problem: Diagnostic) -> Diagnostic {
        let problem = match &self.subject {
            Some((what, name)) => problem.about(what, name),
            None => problem,
        };
        match &self.task {
            Some(task) if problem.task.is_none() => problem.task(task.clone()),
            _ => problem,
        }
    }
}

/// A message with a fixed set of fields. Others are reported as warnings.
#[derive(Clone, Copy)]
pub(super) struct Message<'n> {
    pub span: Span,
    entries: Option<&'n Mapping>,
}

impl<'n> Message<'n> {
    /// The message of a node. `known` are the JSON names of its fields.
    pub fn new(node: &'n Node, what: &str, known: &[&str], notes: &mut Notes) -> Result<Self, Diagnostic> {
        if node.is_null() {
            return Ok(Self { span: node.span, entries: None });
        }
        let entries = node.mapping(&format!("a mapping for {what}"))?;
        let mut seen: Vec<Cow<'_, str>> = Vec::with_capacity(entries.len());
        for (key, entry) in entries {
            let name = json_name(key);
            if !known.contains(&&*name) {
                let problem =
                    Diagnostic::warning(format!("{what} has no field `{key}`; it is passed over")).at(entry.key);
                let near = suggest::nearest(key, known.iter().copied());
                notes.warn(problem.hint(near.map(|near| format!("did you mean `{near}`?"))));
            } else if seen.contains(&name) {
                notes.error(Diagnostic::error(format!("`{name}` is given twice, by both of its names")).at(entry.key));
            } else {
                seen.push(name);
            }
        }
        Ok(Self { span: node.span, entries: Some(entries) })
    }

    /// A message without fields.
    pub fn empty(span: Span) -> Self {
        Self { span, entries: None }
    }

    /// A field with its place, if it is set.
    pub fn get(&self, name: &str) -> Option<&'n Entry> {
        self.raw(name).filter(|entry| !entry.node.is_null())
    }

    /// The same, where `null` is a value.
    pub fn raw(&self, name: &str) -> Option<&'n Entry> {
        let entries = self.entries?;
        entries.get(name).or_else(|| entries.iter().find(|(key, _)| json_name(key) == name).map(|(_, entry)| entry))
    }

    /// A field that is a message; an empty one if it is not set.
    pub fn message(&self, name: &str, what: &str, known: &[&str], notes: &mut Notes) -> Message<'n> {
        let read = self.get(name).map(|entry| Message::new(&entry.node, what, known, notes));
        read.and_then(|read| notes.take(read)).unwrap_or(Message::empty(self.span))
    }

    /// The entries of a field that is a map.
    pub fn map(
        &self,
        name: &str,
        what: &str,
        notes: &mut Notes,
    ) -> impl Iterator<Item = (&'n String, &'n Entry)> + use<'n> {
        let entries = self.get(name).and_then(|entry| notes.take(entry.node.mapping(what)));
        entries.into_iter().flatten()
    }

    /// The items of a field that is a list.
    pub fn list(&self, name: &str, what: &str, notes: &mut Notes) -> &'n [Node] {
        let list = self.get(name).and_then(|entry| notes.take(entry.node.sequence(&format!("{what} for `{name}`"))));
        list.unwrap_or_default()
    }

    /// A field that is text.
    pub fn text(&self, name: &str, what: &str, notes: &mut Notes) -> Option<&'n str> {
        let entry = self.get(name)?;
        notes.take(text(&entry.node, &format!("{what} for `{name}`")))
    }

    /// A boolean field; false if it is not set.
    pub fn flag(&self, name: &str, notes: &mut Notes) -> bool {
        let entry = self.get(name);
        entry.and_then(|entry| notes.take(entry.node.boolean(&format!("`{name}`")))).unwrap_or_default()
    }

    /// A number field. In JSON, 64-bit integers are strings.
    pub fn number(&self, name: &str, notes: &mut Notes) -> Option<f64> {
        let entry = self.get(name)?;
        notes.take(number(&entry.node, &format!("`{name}`")))
    }

    /// A field that is a non-negative integer.
    pub fn count(&self, name: &str, notes: &mut Notes) -> Option<u64> {
        let entry = self.get(name)?;
        let number = notes.take(number(&entry.node, &format!("`{name}`")))?;
        if number < 0.0 || number.fract() != 0.0 || number > 9_007_199_254_740_992.0 {
            let problem = format!("`{name}` is a whole number that is not negative, not {number}");
            notes.error(Diagnostic::error(problem).at(entry.node.span));
            return None;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked")]
        Some(number as u64)
    }

    /// The field that is set, of those of which at most one may be.
    pub fn one_of(&self, names: &[&'static str], what: &str, notes: &mut Notes) -> Option<(&'static str, &'n Entry)> {
        let mut set = names.iter().filter_map(|name| Some((*name, self.get(name)?)));
        let first = set.next();
        if let (Some((one, _)), Some((two, entry))) = (first, set.next()) {
            notes.error(Diagnostic::error(format!("{what} is either `{one}` or `{two}`, not both")).at(entry.key));
        }
        first
    }
}

/// A string, which may be empty. As in every protocol buffer, an unquoted number is not a string.
pub(super) fn text<'n>(node: &'n Node, what: &str) -> Result<&'n str, Diagnostic> {
    node.strict_text().ok_or_else(|| {
        let quotes = node.text().filter(|_| !node.is_null()).map(|text| format!("put it in quotes: \"{text}\""));
        node.wanted(what).hint(quotes)
    })
}

/// Text that is not empty.
pub(super) fn name<'n>(node: &'n Node, what: &str) -> Result<&'n str, Diagnostic> {
    text(node, what).and_then(|name| if name.trim().is_empty() { Err(node.wanted(what)) } else { Ok(name) })
}

fn number(node: &Node, what: &str) -> Result<f64, Diagnostic> {
    let number = match node.scalar() {
        Some(Value::Number(number)) => number.as_f64(),
        Some(Value::String(text)) => text.parse().ok(),
        _ => None,
    };
    number.filter(|number| number.is_finite()).ok_or_else(|| node.wanted(&format!("a number for {what}")))
}

/// The JSON name of `pipeline_info`: `pipelineInfo`.
fn json_name(key: &str) -> Cow<'_, str> {
    if !key.contains('_') {
        return Cow::Borrowed(key);
    }
    let mut name = String::with_capacity(key.len());
    let mut upper = false;
    for c in key.chars() {
        match c {
            '_' => upper = true,
            c if upper => {
                name.extend(c.to_uppercase());
                upper = false;
            }
            c => name.push(c),
        }
    }
    Cow::Owned(name)
}
