//! JSON as Python writes it, which says more than JSON can: numbers that are none, whole numbers of any size, halves of characters.
//!
//! What JSON lacks is read as a string with a mark in it. [`Document::settle`] makes of it what its type says, or tells.

use serde_json::{Map, Value};
use weft_pipeline::types::{ParameterType, is_beyond_64_bits};

/// What may mark such strings: characters that no text is made of. The first that a document does not hold is taken.
const MARKS: [char; 3] = ['\u{FDD0}', '\u{FDD1}', '\u{FDD2}'];
/// What follows the mark, and what that stands before: `NaN` and infinities, whole numbers beyond 64 bits, a surrogate alone.
const WORD: char = 'w';
const WHOLE: char = 'i';
const SURROGATE: char = 's';

/// A document of Python's.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Document {
    pub(crate) value: Value,
    marks: Marks,
}

/// How the strings of a document are marked that stand for something else.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub(crate) struct Marks(Option<char>);

/// Why a value cannot be kept.
#[derive(Debug, PartialEq)]
pub(crate) struct Unkept {
    pub(crate) why: String,
    pub(crate) hint: &'static str,
}

/// Reads a document.
///
/// # Errors
/// It is no JSON, of Python's or anybody's.
pub(crate) fn parse(text: &str) -> serde_json::Result<Document> {
    let mark = MARKS.into_iter().find(|mark| !text.contains(*mark)).unwrap_or(MARKS[0]);
    match marked(text, mark) {
        Some(marked) => Ok(Document { value: serde_json::from_str(&marked)?, marks: Marks(Some(mark)) }),
        None => Ok(Document { value: serde_json::from_str(text)?, marks: Marks(None) }),
    }
}

impl Document {
    /// The value and how it is marked.
    pub(crate) fn into_parts(self) -> (Value, Marks) {
        (self.value, self.marks)
    }
}

impl Marks {
    /// A value of a document as one of a type: NaN and infinities become the strings by which a float has them.
    ///
    /// # Errors
    /// What it holds that no value of this type can.
    pub(crate) fn settle(self, ty: &ParameterType, value: &Value) -> Result<Value, Unkept> {
        let ty = if let ParameterType::Option(inner) = ty { inner } else { ty };
        match (ty, self.stands_for(value)) {
            (ParameterType::F32 | ParameterType::F64 | ParameterType::String, Some((WORD, word))) => Ok(word.into()),
            // As in KFP, every value can be read as text; a float may be rounded.
            (ParameterType::String, Some((WHOLE, number))) => Ok(number.into()),
            (ParameterType::F32 | ParameterType::F64, Some((WHOLE, number))) => {
                Ok(number.parse::<f64>().map_or_else(|_| number.into(), Value::from))
            }
            _ => self.check(value).map_or_else(|| Ok(value.clone()), Err),
        }
    }

    /// A value of a document as metadata, which has no types: what is no number is the string that says so.
    ///
    /// # Errors
    /// What it holds that metadata cannot.
    pub(crate) fn settle_metadata(self, value: &Value) -> Result<Value, Unkept> {
        match (self.stands_for(value), value) {
            (Some((WORD, word)), _) => Ok(word.into()),
            (None, Value::Array(items)) => items.iter().map(|item| self.settle_metadata(item)).collect(),
            (None, Value::Object(fields)) => {
                let settled = fields.iter().map(|(name, value)| Ok((name.clone(), self.settle_metadata(value)?)));
                settled.collect::<Result<Map<_, _>, _>>().map(Value::Object)
            }
            _ => self.check(value).map_or_else(|| Ok(value.clone()), Err),
        }
    }

    /// What a string as a whole stands for, if that is not itself.
    fn stands_for(self, value: &Value) -> Option<(char, &str)> {
        let mut rest = value.as_str()?.strip_prefix(self.0?)?.chars();
        let sort = rest.next().filter(|sort| matches!(*sort, WORD | WHOLE))?;
        Some((sort, rest.as_str()))
    }

    /// The first thing in a value that it cannot hold.
    fn check(self, value: &Value) -> Option<Unkept> {
        let mark = self.0?;
        match value {
            Value::Array(items) => items.iter().find_map(|item| self.check(item)),
            Value::Object(fields) => {
                fields.iter().find_map(|(name, value)| Self::check_text(name, mark).or_else(|| self.check(value)))
            }
            Value::String(text) => Self::check_text(text, mark),
            _ => None,
        }
    }

    fn check_text(text: &str, mark: char) -> Option<Unkept> {
        let (before, after) = text.split_once(mark)?;
        let mut rest = after.chars();
        let sort = rest.next()?;
        let rest = rest.as_str();
        Some(match sort {
            WORD => Unkept {
                why: format!("it holds {rest}, and JSON has no such number"),
                hint: "return it as a `float` of its own, or put `None` or a text in its place",
            },
            WHOLE => Unkept {
                why: format!(
                    "it holds {rest}, which is beyond 64 bits, the most that whole numbers have in a pipeline"
                ),
                hint: "make it a text (`str(number)`), and a number again where it is used",
            },
            _ => {
                let before: String = before.chars().rev().take(20).collect();
                let before: String = before.chars().rev().collect();
                Unkept {
                    why: format!(
                        "its text is not Unicode: after {before:?} stands `\\u{}`, one half of a character (a lone surrogate)",
                        rest.get(..4).unwrap_or_default()
                    ),
                    hint: "it comes from bytes that are not UTF-8, such as a file's name: decode them with their encoding, or with \
                           `errors=\"replace\"`",
                }
            }
        })
    }
}

/// The text with all that JSON lacks as marked strings; none if it lacks nothing.
fn marked(text: &str, mark: char) -> Option<String> {
    let mut out: Option<String> = None;
    // All before this is in `out`.
    let mut done = 0;
    let mut at = 0;
    let bytes = text.as_bytes();
    let mut in_string = false;
    while at < bytes.len() {
        let rest = &text[at..];
        let (length, replacement) = match bytes[at] {
            b'"' => {
                in_string = !in_string;
                (1, None)
            }
            b'\\' if in_string => match surrogate(rest) {
                Some((length, true)) => (length, None),
                Some((length, false)) => (length, Some(format!("{mark}{SURROGATE}{}", &rest[2..6]))),
                // The escaped character is never looked at.
                None => (1 + rest[1..].chars().next().map_or(0, char::len_utf8), None),
            },
            _ if in_string => (first_length(rest), None),
            b'N' | b'I' | b'-' | b'0'..=b'9' => {
                if let Some(word) = ["NaN", "-Infinity", "Infinity"].into_iter().find(|word| rest.starts_with(word)) {
                    (word.len(), Some(format!("\"{mark}{WORD}{word}\"")))
                } else {
                    let end =
                        rest.find(|c: char| !(c.is_ascii_digit() || "+-.eE".contains(c))).unwrap_or(rest.len()).max(1);
                    let number = &rest[..end];
                    (end, is_beyond_64_bits(number).then(|| format!("\"{mark}{WHOLE}{number}\"")))
                }
            }
            _ => (first_length(rest), None),
        };
        if let Some(replacement) = replacement {
            let out = out.get_or_insert_default();
            out.push_str(&text[done..at]);
            out.push_str(&replacement);
            done = at + length;
        }
        at += length;
    }
    let mut out = out?;
    out.push_str(&text[done..]);
    Some(out)
}

fn first_length(text: &str) -> usize {
    text.chars().next().map_or(1, char::len_utf8)
}

/// The length of the escape or the pair of escapes that a text begins with, if it is of a surrogate, and whether it is a pair.
fn surrogate(text: &str) -> Option<(usize, bool)> {
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    match unit(0)? {
        0xD800..=0xDBFF if matches!(unit(6), Some(0xDC00..=0xDFFF)) => Some((12, true)),
        0xD800..=0xDFFF => Some((6, false)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn settle(ty: &str, text: &str) -> Result<Value, String> {
        let (value, marks) = parse(text).unwrap().into_parts();
        marks.settle(&ty.parse().unwrap(), &value).map_err(|unkept| unkept.why)
    }

    #[test]
    fn what_json_lacks_is_what_its_type_says() {
        assert_eq!(settle("float", "NaN"), Ok(json!("NaN")));
        assert_eq!(settle("float", " -Infinity "), Ok(json!("-Infinity")));
        assert_eq!(settle("option<float>", "Infinity"), Ok(json!("Infinity")));
        assert_eq!(settle("float", "18446744073709551616"), Ok(json!(18_446_744_073_709_551_616.0)));
        assert_eq!(settle("string", "NaN"), Ok(json!("NaN")));
        assert_eq!(settle("string", "-18446744073709551616"), Ok(json!("-18446744073709551616")));
        let plain = r#"{"c": "NaN \"Infinity\" \\", "é": [1e300, -9223372036854775808, "\ud83d\ude00\\ud800"]}"#;
        assert_eq!(settle("dict", plain), Ok(serde_json::from_str(plain).unwrap()));
    }

    #[test]
    fn what_cannot_be_kept_is_told() {
        for (ty, text, words) in [
            ("dict", r#"{"a": [1, NaN]}"#, "it holds NaN"),
            ("list", "[-Infinity]", "it holds -Infinity"),
            ("int", "1180591620717411303425", "it holds 1180591620717411303425, which is beyond 64 bits"),
            ("dict", r#"{"hash": 1180591620717411303425}"#, "1180591620717411303425"),
            ("string", r#""caf\udce9""#, r#"after "caf" stands `\udce9`"#),
            ("dict", r#"{"\ud800": 1}"#, r"`\ud800`"),
            ("string", r#""\uDE00\ud83d""#, r"`\uDE00`"),
        ] {
            let why = settle(ty, text).unwrap_err();
            assert!(why.contains(words), "{text}: {why}");
        }
    }

    #[test]
    fn metadata_has_no_types() {
        let (value, marks) =
            parse(r#"{"loss": NaN, "all": [Infinity, {"x": -Infinity}], "n": 3}"#).unwrap().into_parts();
        let expected = json!({"loss": "NaN", "all": ["Infinity", {"x": "-Infinity"}], "n": 3});
        assert_eq!(marks.settle_metadata(&value), Ok(expected));
        let (value, marks) = parse(r#"{"n": 18446744073709551616}"#).unwrap().into_parts();
        assert!(marks.settle_metadata(&value).is_err());
    }

    #[test]
    fn what_is_no_json_is_none() {
        for text in ["{NaN", "nan", "[Infinit]", "\"\\", "\"\\u", "-", "[--1]", "NaNNaN", ""] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_mark_that_is_there_stays_itself() {
        let text = format!("[\"{}wNaN\", NaN]", MARKS[0]);
        let (value, marks) = parse(&text).unwrap().into_parts();
        assert_eq!(value[0], json!(format!("{}wNaN", MARKS[0])));
        assert_eq!(marks.settle(&ParameterType::F64, &value[1]), Ok(json!("NaN")));
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(text in r#"(NaN|Infinity|-|"|\\|\\u[dD][89cC]00|\{|\}|\[|:|,|1{17,20}|é|.){0,40}"#) {
            if let Ok(document) = parse(&text) {
                let (value, marks) = document.into_parts();
                let _ = marks.settle(&ParameterType::Json, &value);
                let _ = marks.settle_metadata(&value);
            }
            if let Ok(value) = serde_json::from_str::<Value>(&text) && marked(&text, MARKS[0]).is_none() {
                proptest::prop_assert_eq!(parse(&text).unwrap().value, value);
            }
        }
    }
}
