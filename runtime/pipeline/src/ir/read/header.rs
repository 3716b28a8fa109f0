//! The comment with which the compiler of the KFP SDK begins a file: the pipeline's name, its parameters and their defaults.
//!
//! A default is written as it is. With a newline in it, the comment goes on in a line that is none, and the file is not YAML any more.

use std::borrow::Cow;

use super::message::Notes;
use crate::diagnostic::Diagnostic;
use crate::model::{Location, Span};

/// What such a comment begins with.
const BEGINNING: &str = "# PIPELINE DEFINITION";
/// The line after it: keys are sorted, and this is the first. What belongs to a comment never comes after.
const FIRST_KEY: &str = "components:";

/// The text, with empty lines for a comment that is not one all the way. Lines keep their numbers.
pub(super) fn passed_over<'t>(text: &'t str, notes: &mut Notes) -> Cow<'t, str> {
    if !text.starts_with(BEGINNING) {
        return Cow::Borrowed(text);
    }
    // The pipeline itself is the last that is called so: all in it is indented, a default in the comment need not be.
    let mut begins = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.trim_end() == FIRST_KEY {
            begins = Some(at);
        }
        at += line.len();
    }
    let Some(begins) = begins else { return Cow::Borrowed(text) };
    let (comment, pipeline) = text.split_at(begins);
    // What ends a line of YAML, a line feed apart, ends the comment too.
    let is_comment = |line: &str| line.is_empty() || line.starts_with('#');
    let Some(broken) =
        comment.split('\n').position(|line| !line.split(['\r', '\u{85}', '\u{2028}', '\u{2029}']).all(is_comment))
    else {
        return Cow::Borrowed(text);
    };
    let line = u32::try_from(broken + 1).unwrap_or(u32::MAX);
    let warning =
        "the comment at the head of the file is broken by a newline in the default of a parameter, and is passed over";
    notes.warn(
        Diagnostic::warning(warning)
            .at(Span { at: Location { line, column: 1 }, length: 1 })
            .hint("the SDK wrote the default as it is; other readers of YAML refuse the file"),
    );
    let lines = comment.matches('\n').count();
    Cow::Owned("\n".repeat(lines) + pipeline)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed_over_with_warnings(text: &str) -> (String, usize) {
        let mut notes = Notes::default();
        let passed = super::passed_over(text, &mut notes).into_owned();
        (passed, notes.warnings.into_sorted().len())
    }

    #[test]
    fn a_broken_comment_is_passed_over_and_lines_keep_their_numbers() {
        let broken = "# PIPELINE DEFINITION\n# Inputs:\n#    t: str [Default: 'a\ncomponents:\n\troot: %s {']\ncomponents:\n  c: {}\n";
        assert_eq!(passed_over_with_warnings(broken), ("\n\n\n\n\n\ncomponents:\n  c: {}\n".replacen('\n', "", 1), 1));
        let other = "# PIPELINE DEFINITION\n#    t: str [Default: 'a\u{2028}b']\ncomponents:\n";
        assert_eq!(passed_over_with_warnings(other).1, 1);
    }

    #[test]
    fn other_texts_stay() {
        for text in [
            "# PIPELINE DEFINITION\n# Name: n\n#\ncomponents:\n  c: {}\n",
            "# PIPELINE DEFINITION\nname: n\n",
            "name: n\ncomponents:\n",
            "",
        ] {
            assert_eq!(passed_over_with_warnings(text), (text.to_owned(), 0));
        }
    }
}
