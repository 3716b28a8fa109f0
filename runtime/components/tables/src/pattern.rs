//! Which files of a directory are meant: patterns as TFX's `ExampleGen` takes them, with the newest span and version.
//!
//! `*` and `?` stand for anything but a slash. `{SPAN}` is the number of a span, `{YYYY}`, `{MM}` and `{DD}` together the date of one (which counts
//! days since 1970), and `{VERSION}` a version within a span. `{SPAN:3}` and `{VERSION:2}` have so many digits.

use crate::error::{Error, Result};
use crate::instant;

/// A pattern, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    parts: Vec<Part>,
    dated: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    /// `*`
    Any,
    /// `?`
    One,
    Span(Option<usize>),
    Version(Option<usize>),
    Year,
    Month,
    Day,
}

/// The span and the version of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Its number; days since 1970 if it was a date.
    pub number: i64,
    /// Its version, if the pattern has one.
    pub version: Option<u64>,
}

/// What a pattern's places held in a name.
#[derive(Debug, Clone, Default)]
struct Held {
    span: Option<i64>,
    version: Option<u64>,
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// A place that is not known or given twice, a span beside a date, a date with parts missing, or a version without a span.
    pub fn new(text: &str) -> Result<Self> {
        let wrong = |problem: &str| Error::Request(format!("pattern `{text}`: {problem}"));
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(letter) = rest.chars().next() {
            let mut length = letter.len_utf8();
            match letter {
                '*' => parts.push(Part::Any),
                '?' => parts.push(Part::One),
                '{' => {
                    let end = rest.find('}').ok_or_else(|| wrong("a brace is not closed"))?;
                    length = end + 1;
                    parts.push(place(&rest[1..end]).ok_or_else(|| {
                        wrong("in braces stand SPAN, SPAN:digits, VERSION, VERSION:digits, YYYY, MM or DD")
                    })?);
                }
                letter => match parts.last_mut() {
                    Some(Part::Text(text)) => text.push(letter),
                    _ => parts.push(Part::Text(letter.to_string())),
                },
            }
            rest = &rest[length..];
        }
        let count = |of: fn(&Part) -> bool| parts.iter().filter(|part| of(part)).count();
        let spans = count(|part| matches!(part, Part::Span(_)));
        let versions = count(|part| matches!(part, Part::Version(_)));
        let date =
            [count(|part| *part == Part::Year), count(|part| *part == Part::Month), count(|part| *part == Part::Day)];
        let dated = date != [0; 3];
        if spans > 0 && dated {
            return Err(wrong("it has both a span and a date"));
        }
        if dated && date != [1; 3] {
            return Err(wrong("a date is each of {YYYY}, {MM} and {DD} once"));
        }
        if spans > 1 || versions > 1 {
            return Err(wrong("a span or version stands in it twice"));
        }
        if versions > 0 && spans == 0 && !dated {
            return Err(wrong("a version is that of a span, and there is none"));
        }
        Ok(Self { text: text.to_owned(), parts, dated })
    }

    /// Whether files of different spans match.
    #[must_use]
    pub fn has_span(&self) -> bool {
        self.dated || self.parts.iter().any(|part| matches!(part, Part::Span(_)))
    }

    /// The positions of the names that are meant, in the order of the names, and their span: the newest version of the newest span, or
    /// of the span that is asked for. Without places for these all that match, and no span.
    ///
    /// # Errors
    /// No name matches, or one does with something that is no number or no date where one is wanted.
    pub fn choose<S: AsRef<str>>(&self, names: &[S], span: Option<i64>) -> Result<(Vec<usize>, Option<Span>)> {
        let mut found: Vec<(usize, Option<Span>)> = Vec::new();
        for (at, name) in names.iter().enumerate() {
            let name = name.as_ref();
            let mut held = Held::default();
            if !matches(&self.parts, name, &mut held, &mut MOST_STEPS.clone()) {
                continue;
            }
            let of = if self.has_span() {
                Some(self.span(&held).ok_or_else(|| {
                    Error::Request(format!("`{name}` matches `{}` with what is no number, or no date", self.text))
                })?)
            } else {
                None
            };
            if span.is_none() || of.map(|of| of.number) == span {
                found.push((at, of));
            }
        }
        let newest = found.iter().filter_map(|(_, of)| *of).max();
        found.retain(|(_, of)| *of == newest);
        if found.is_empty() {
            let asked = span.map(|span| format!(" of span {span}")).unwrap_or_default();
            return Err(Error::Request(format!("no file{asked} matches `{}`", self.text)));
        }
        found.sort_by(|(a, _), (b, _)| names[*a].as_ref().cmp(names[*b].as_ref()));
        Ok((found.into_iter().map(|(at, _)| at).collect(), newest))
    }

    /// The span that a name's places tell; none if they hold no number, or no date.
    fn span(&self, held: &Held) -> Option<Span> {
        let number = if self.dated {
            instant::days(held.year?, u32::try_from(held.month?).ok()?, u32::try_from(held.day?).ok()?)?
        } else {
            held.span?
        };
        let versioned = self.parts.iter().any(|part| matches!(part, Part::Version(_)));
        let version = if versioned { Some(held.version?) } else { None };
        Some(Span { number, version })
    }
}

fn place(text: &str) -> Option<Part> {
    let (name, width) = match text.split_once(':') {
        Some((name, width)) => (name, Some(width.parse().ok().filter(|width| (1..=18).contains(width))?)),
        None => (text, None),
    };
    match (name, width) {
        ("SPAN", width) => Some(Part::Span(width)),
        ("VERSION", width) => Some(Part::Version(width)),
        ("YYYY", None) => Some(Part::Year),
        ("MM", None) => Some(Part::Month),
        ("DD", None) => Some(Part::Day),
        _ => None,
    }
}

/// Steps that matching one name may take: patterns with many stars could else take long.
const MOST_STEPS: u32 = 100_000;

/// Whether a name matches; what its places held goes to `held`. Places without a width take as much as they can, as TFX's expressions do.
fn matches(parts: &[Part], name: &str, held: &mut Held, steps: &mut u32) -> bool {
    let Some((part, rest)) = parts.split_first() else { return name.is_empty() };
    let Some(left) = steps.checked_sub(1) else { return false };
    *steps = left;
    let end = name.find('/').unwrap_or(name.len());
    let mut fixed = |width: usize, set: &mut dyn FnMut(&mut Held, &str)| {
        let Some((taken, behind)) = name.split_at_checked(width) else { return false };
        if taken.contains('/') || !matches(rest, behind, held, steps) {
            return false;
        }
        set(held, taken);
        true
    };
    match part {
        Part::Text(text) => name.strip_prefix(text.as_str()).is_some_and(|behind| matches(rest, behind, held, steps)),
        Part::One => {
            let letter = name.chars().next().filter(|letter| *letter != '/');
            letter.is_some_and(|letter| matches(rest, &name[letter.len_utf8()..], held, steps))
        }
        Part::Year => fixed(4, &mut |held, text| held.year = digits(text)),
        Part::Month => fixed(2, &mut |held, text| held.month = digits(text)),
        Part::Day => fixed(2, &mut |held, text| held.day = digits(text)),
        Part::Span(Some(width)) => fixed(*width, &mut |held, text| held.span = digits(text)),
        Part::Version(Some(width)) => {
            fixed(*width, &mut |held, text| held.version = digits(text).and_then(|n| n.try_into().ok()))
        }
        Part::Any | Part::Span(None) | Part::Version(None) => {
            let lengths = name[..end].char_indices().map(|(at, _)| at).chain([end]);
            let lengths: Vec<usize> = lengths.collect();
            for length in lengths.into_iter().rev() {
                if matches(rest, &name[length..], held, steps) {
                    match part {
                        Part::Span(_) => held.span = digits(&name[..length]),
                        Part::Version(_) => held.version = digits(&name[..length]).and_then(|n| n.try_into().ok()),
                        _ => {}
                    }
                    return true;
                }
            }
            false
        }
    }
}

fn digits(text: &str) -> Option<i64> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) { None } else { text.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen<'a>(pattern: &str, names: &[&'a str], span: Option<i64>) -> (Vec<&'a str>, Option<(i64, Option<u64>)>) {
        let (positions, found) = Pattern::new(pattern).unwrap().choose(names, span).unwrap();
        (positions.iter().map(|at| names[*at]).collect(), found.map(|span| (span.number, span.version)))
    }

    /// What TFX 1.21's `calculate_splits_fingerprint_span_and_version` chose among such files.
    #[test]
    fn the_newest_version_of_the_newest_span_is_meant() {
        let names =
            ["span1/v1/a.csv", "span02/v1/a.csv", "span02/v2/a.csv", "span02/v2/b.csv", "span10/v1/x.csv", "other.csv"];
        assert_eq!(chosen("span{SPAN}/v{VERSION}/*", &names, None), (vec!["span10/v1/x.csv"], Some((10, Some(1)))));
        let second = (vec!["span02/v2/a.csv", "span02/v2/b.csv"], Some((2, Some(2))));
        assert_eq!(chosen("span{SPAN:2}/v{VERSION}/*", &names, Some(2)), second);
        assert_eq!(chosen("*", &names, None), (vec!["other.csv"], None));
        assert_eq!(chosen("*/v?/*.csv", &names, None).0.len(), 5);
        let days = ["2024-01-31.csv", "2024-02-29.csv", "2023-12-31.csv"];
        assert_eq!(chosen("{YYYY}-{MM}-{DD}.csv", &days, None), (vec!["2024-02-29.csv"], Some((19_782, None))));
        assert_eq!(chosen("{YYYY}-{MM}-{DD}.csv", &days, Some(19_722)), (vec!["2023-12-31.csv"], Some((19_722, None))));
    }

    #[test]
    fn patterns_that_mean_nothing_are_told() {
        let problem = |pattern: &str| Pattern::new(pattern).unwrap_err().to_string();
        assert!(problem("{SPAN}/{YYYY}").contains("both a span and a date"));
        assert!(problem("{YYYY}/{MM}").contains("each of {YYYY}, {MM} and {DD} once"));
        assert!(problem("{VERSION}").contains("a version is that of a span"));
        assert!(problem("{SPAN}{SPAN}").contains("twice"));
        assert!(problem("{NAME}").contains("in braces stand"));
        assert!(problem("{SPAN:0}").contains("in braces stand"));
        let none = Pattern::new("day{SPAN}").unwrap().choose(&["a"], None).unwrap_err().to_string();
        assert_eq!(none, "no file matches `day{SPAN}`");
        let date = Pattern::new("{YYYY}{MM}{DD}").unwrap().choose(&["20230231"], None).unwrap_err().to_string();
        assert!(date.contains("no number, or no date"), "{date}");
        // Bounded, however the stars stand.
        let stars = "*a".repeat(30);
        assert!(Pattern::new(&stars).unwrap().choose(&["a".repeat(200) + "b"], None).is_err());
    }
}
