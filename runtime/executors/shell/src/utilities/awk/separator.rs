//! What separates records and fields.

use std::rc::Rc;

use regex::bytes::Regex;

use super::value::Value;
use crate::regexes::{Syntax, compile};

/// `FS`, or the third argument of `split`.
#[derive(Clone, Debug)]
pub enum Fields {
    /// Runs of blanks, and none at the ends.
    Blanks,
    /// Every character is a field.
    Characters,
    One(char),
    Expression(Rc<Regex>),
}

impl Fields {
    pub fn new(separator: &str) -> Result<Self, String> {
        let mut chars = separator.chars();
        Ok(match (chars.next(), chars.next()) {
            (None, _) => Self::Characters,
            (Some(' '), None) => Self::Blanks,
            (Some('\\'), None) => Self::One('\\'),
            (Some(one), None) => Self::One(one),
            _ => Self::Expression(expression(separator)?),
        })
    }

    /// The fields of a text; in paragraphs, lines separate them as well.
    pub fn split(&self, text: &str, paragraph: bool) -> Vec<Value> {
        if text.is_empty() {
            return Vec::new();
        }
        match self {
            Self::Blanks => text.split([' ', '\t', '\n']).filter(|field| !field.is_empty()).map(Value::input).collect(),
            Self::Characters => text.chars().map(|c| Value::input(c.encode_utf8(&mut [0; 4]))).collect(),
            Self::One(one) => text.split(|c| c == *one || (paragraph && c == '\n')).map(Value::input).collect(),
            Self::Expression(regex) => {
                let mut fields = Vec::new();
                let mut start = 0;
                for found in regex.find_iter(text.as_bytes()).filter(|found| !found.is_empty()) {
                    lines(text.get(start..found.start()).unwrap_or_default(), paragraph, &mut fields);
                    start = found.end();
                }
                lines(text.get(start..).unwrap_or_default(), paragraph, &mut fields);
                fields
            }
        }
    }
}

fn lines(text: &str, paragraph: bool, fields: &mut Vec<Value>) {
    if paragraph {
        fields.extend(text.split('\n').map(Value::input));
    } else {
        fields.push(Value::input(text));
    }
}

/// `RS`.
#[derive(Clone, Debug)]
pub enum Records {
    One(u8),
    /// Empty lines separate.
    Paragraphs,
    Expression(Rc<Regex>),
}

impl Records {
    pub fn new(separator: &str) -> Result<Self, String> {
        Ok(match separator.as_bytes() {
            [] => Self::Paragraphs,
            [one] => Self::One(*one),
            _ => Self::Expression(expression(separator)?),
        })
    }

    pub fn single(&self) -> Option<u8> {
        if let Self::One(byte) = self { Some(*byte) } else { None }
    }

    /// Where the first record of an input stands, and where the next one begins.
    pub fn first(&self, input: &[u8]) -> Option<(std::ops::Range<usize>, usize)> {
        let start = match self {
            Self::Paragraphs => input.iter().take_while(|byte| **byte == b'\n').count(),
            _ => 0,
        };
        if start == input.len() {
            return None;
        }
        let rest = &input[start..];
        let found = match self {
            Self::One(byte) => rest.iter().position(|b| b == byte).map(|at| (at, at + 1)),
            Self::Paragraphs => rest.windows(2).position(|pair| pair == b"\n\n").map(|at| (at, at + 2)),
            Self::Expression(regex) => {
                regex.find_iter(rest).find(|found| !found.is_empty()).map(|found| (found.start(), found.end()))
            }
        };
        // The line end at the very end is none of the record.
        let (end, next) = found.unwrap_or((rest.len() - usize::from(rest.ends_with(b"\n")), rest.len()));
        Some((start..start + end, start + next))
    }
}

/// A regular expression as awk has it.
pub fn expression(pattern: &str) -> Result<Rc<Regex>, String> {
    compile(pattern, Syntax { extended: true, ignore_case: false, escapes: true }).map(Rc::new)
}
