//! Source files of the author, and places in them.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use weft_pipeline::diagnostic::Diagnostic;
use weft_pipeline::model::{Location, Span};

/// A source file.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// Its path, as the user would write it.
    pub shown: String,
    /// Its text.
    pub text: String,
}

/// A problem in a file.
#[derive(Debug, Clone)]
pub struct Problem {
    /// The file.
    pub source: Arc<Source>,
    /// The problem, with its place.
    pub diagnostic: Diagnostic,
}

impl Source {
    /// A file with this text.
    pub(crate) fn new(path: &Path, text: String) -> Arc<Self> {
        Arc::new(Self { shown: shown(path), text })
    }

    /// The line and the column in characters, from 1, of a range of bytes, and the number of characters in its first
    /// line.
    pub(crate) fn span(&self, range: &Range<usize>) -> Option<Span> {
        let before = self.text.get(..range.start)?;
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next()?.chars().count() + 1;
        let length = self.text.get(range.clone())?.lines().next().map_or(1, |text| text.chars().count().max(1));
        let number = |n: usize| u32::try_from(n).ok();
        Some(Span { at: Location { line: number(line)?, column: number(column)? }, length: number(length)? })
    }
}

/// A path without a leading `./`.
pub(crate) fn shown(path: &Path) -> String {
    let path = path.strip_prefix(".").unwrap_or(path);
    if path.as_os_str().is_empty() { ".".to_owned() } else { path.display().to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_in_characters() {
        let source = Source::new(Path::new("./wit/world.wit"), "a\nä: b;\n".to_owned());
        assert_eq!(source.shown, "wit/world.wit");
        let span = source.span(&(6..7)).unwrap();
        assert_eq!((span.at.line, span.at.column, span.length), (2, 4, 1));
        assert!(source.span(&(0..99)).is_none());
        assert!(source.span(&(3..5)).is_none(), "inside a character");
    }
}
