//! What is made of which columns, and the values that mappings begin with.

use serde::de::IntoDeserializer;
use serde::de::value::StrDeserializer;
use serde::{Deserialize, Serialize};
use tables::instant::{Instant, date, days};
use tables::{Record, Values};

use crate::{Error, Result};

/// A feature: from columns through their parts and fillings to one mapping.
#[derive(Debug, Clone, PartialEq)]
pub struct Feature {
    /// What it is called.
    pub name: String,
    /// The columns that it is made of. Several are crossed: joined to one text.
    pub of: Vec<String>,
    /// The part of a date that is taken.
    pub date: Option<Part>,
    /// What stands between the words of a text, each of which is then a value.
    pub split: Option<String>,
    /// What is put between crossed columns.
    pub separator: String,
    /// What stands where there is no value.
    pub fill: Option<Fill>,
    /// What is made of the values.
    pub map: Map,
}

/// A part of a date and time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The year.
    Year,
    /// The month, from 1 to 12.
    Month,
    /// The day of the month, from 1.
    Day,
    /// The day of the week, from 0 for Monday to 6.
    Weekday,
    /// The day of the year, from 1.
    DayOfYear,
    /// The hour, from 0 to 23.
    Hour,
    /// The minute.
    Minute,
    /// The second.
    Second,
    /// Days since 1970-01-01.
    Days,
}

impl Part {
    /// The part of this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        let name: StrDeserializer<'_, serde::de::value::Error> = name.into_deserializer();
        Self::deserialize(name).ok()
    }

    fn of(self, at: Instant) -> i64 {
        let (year, month, day) = date(at.day);
        match self {
            Self::Year => year,
            Self::Month => month.into(),
            Self::Day => day.into(),
            // 1970 began with a Thursday.
            Self::Weekday => (at.day + 3).rem_euclid(7),
            Self::DayOfYear => at.day - days(year, 1, 1).unwrap_or(at.day) + 1,
            Self::Hour => at.second / 3600,
            Self::Minute => at.second / 60 % 60,
            Self::Second => at.second % 60,
            Self::Days => at.day,
        }
    }
}

/// What stands where there is no value.
#[derive(Debug, Clone, PartialEq)]
pub enum Fill {
    /// This, which is a number where the column has numbers.
    Value(String),
    /// The mean of the values that there are.
    Mean,
    /// Their median; of an even number of values the mean of the two in the middle.
    Median,
    /// The most frequent one, and of equally frequent ones the smallest.
    MostFrequent,
}

/// What is made of values.
#[derive(Debug, Clone, PartialEq)]
pub enum Map {
    /// They as they are.
    Same,
    /// Their distance from the mean in standard deviations (of the population).
    ZScore,
    /// Their place between the smallest and the largest, which become these two.
    MinMax(f64, f64),
    /// Which of so many buckets of equal counts they are in.
    Buckets(usize),
    /// Which of the buckets between these boundaries they are in. A value on a boundary is above it.
    Boundaries(Vec<f64>),
    /// Their positions in the vocabulary of all values.
    Vocabulary(Vocabulary),
    /// A list of as many numbers as the vocabulary has, 1 for each value that there is. As a column for each value if that is said.
    OneHot(Vocabulary, bool),
    /// Which of so many buckets their hash is in.
    Hash(u64),
    /// Positions in the vocabulary, each once, and how much each tells of the row.
    TfIdf(Vocabulary, Terms),
}

/// Which values are known, and what becomes of others.
#[derive(Debug, Clone, PartialEq)]
pub struct Vocabulary {
    /// The most values.
    pub top_k: Option<usize>,
    /// In how many rows or words a value must be, at least.
    pub threshold: u64,
    /// Buckets for values that are not known.
    pub oov_buckets: u64,
    /// What values that are not known become if there are no buckets for them.
    pub default: i64,
}

impl Default for Vocabulary {
    fn default() -> Self {
        Self { top_k: None, threshold: 0, oov_buckets: 0, default: -1 }
    }
}

/// How words are weighted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Whether rows are counted as if one more had every word.
    pub smooth: bool,
    /// Whether the weights of a row are scaled to length 1.
    pub unit: bool,
}

/// The values of a row that a mapping begins with. None stands for what is missing.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Found {
    None,
    Ints(Vec<i64>),
    Floats(Vec<f64>),
    Texts(Vec<Vec<u8>>),
}

impl Found {
    pub fn is_none(&self) -> bool {
        match self {
            Self::None => true,
            Self::Ints(values) => values.is_empty(),
            Self::Floats(values) => values.is_empty(),
            Self::Texts(values) => values.is_empty(),
        }
    }

    /// The values as numbers.
    pub fn numbers(&self) -> Result<Vec<f64>, String> {
        match self {
            Self::None => Ok(Vec::new()),
            Self::Ints(values) => Ok(values.iter().map(|value| *value as f64).collect()),
            Self::Floats(values) => Ok(values.clone()),
            Self::Texts(_) => Err("the mapping needs numbers, and there are texts".to_owned()),
        }
    }

    /// The values as texts.
    pub fn texts(&self) -> Result<Vec<Vec<u8>>, String> {
        match self {
            Self::None => Ok(Vec::new()),
            Self::Ints(values) => Ok(values.iter().map(|value| value.to_string().into_bytes()).collect()),
            Self::Texts(texts) => Ok(texts.clone()),
            Self::Floats(_) => Err("the mapping needs texts or integers, and there are floats".to_owned()),
        }
    }
}

/// Where the values of a feature come from: what is the same in the analysis and when it is applied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Origin {
    pub of: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<Part>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub separator: String,
}

impl Origin {
    pub fn new(feature: &Feature) -> Result<Self> {
        let wrong = |problem: &str| Err(Error::of(&feature.name, problem));
        let crossed = feature.of.len() > 1;
        if feature.of.is_empty() {
            return wrong("it is of no column");
        }
        if (crossed, feature.date.is_some(), feature.split.is_some()) == (false, true, true)
            || (crossed && (feature.date.is_some() || feature.split.is_some()))
        {
            return wrong("it can be of several columns, a part of a date or the words of a text, one of these");
        }
        if feature.split.as_deref() == Some("") {
            return wrong("nothing stands between its words");
        }
        let separator = if crossed { feature.separator.clone() } else { String::new() };
        Ok(Self { of: feature.of.clone(), date: feature.date, split: feature.split.clone(), separator })
    }

    /// The values of a row.
    pub fn find(&self, row: &Record) -> Result<Found, String> {
        if let [column] = self.of.as_slice() {
            let found = match row.of(column) {
                Values::Missing | Values::Empty => Found::None,
                Values::Ints(values) => Found::Ints(values.to_vec()),
                Values::Floats(values) => Found::Floats(values.to_vec()),
                Values::Bytes(texts) => Found::Texts(texts.iter().map(<[u8]>::to_vec).collect()),
            };
            return self.take(found);
        }
        let mut joined = Vec::new();
        for (n, column) in self.of.iter().enumerate() {
            let text = match row.of(column) {
                Values::Bytes(texts) if texts.len() == 1 => texts.iter().next().unwrap_or_default().to_vec(),
                Values::Ints([value]) => value.to_string().into_bytes(),
                Values::Floats(_) => {
                    return Err(format!("`{column}` has floats, and only texts and integers are crossed"));
                }
                values if values.count().unwrap_or(0) == 0 => return Ok(Found::None),
                _ => return Err(format!("`{column}` has several values in a row, and lists are not crossed")),
            };
            if n > 0 {
                joined.extend_from_slice(self.separator.as_bytes());
            }
            joined.extend(text);
        }
        Ok(Found::Texts(vec![joined]))
    }

    fn take(&self, found: Found) -> Result<Found, String> {
        match (&self.split, self.date, found) {
            (_, _, Found::None) => Ok(Found::None),
            (None, None, found) => Ok(found),
            (Some(split), _, Found::Texts(texts)) => {
                let split = split.as_bytes();
                Ok(Found::Texts(texts.iter().flat_map(|text| words(text, split)).collect()))
            }
            (_, Some(part), Found::Texts(texts)) => {
                let parts = texts.iter().map(|text| {
                    let text = String::from_utf8_lossy(text);
                    let at = Instant::parse(&text).ok_or_else(|| {
                        format!(
                            "`{}` is no date like 2024-02-29 or 2024-02-29T12:30:00",
                            text.chars().take(40).collect::<String>()
                        )
                    })?;
                    Ok(part.of(at))
                });
                parts.collect::<Result<_, String>>().map(Found::Ints)
            }
            _ => Err("a date or words are wanted, and there are numbers".to_owned()),
        }
    }
}

/// What stands between separators, without what is empty.
fn words(text: &[u8], separator: &[u8]) -> Vec<Vec<u8>> {
    let mut words = Vec::new();
    let (mut start, mut at) = (0, 0);
    while at < text.len() {
        if text[at..].starts_with(separator) {
            words.push(text[start..at].to_vec());
            at += separator.len();
            start = at;
        } else {
            at += 1;
        }
    }
    words.push(text[start..].to_vec());
    words.retain(|word| !word.is_empty());
    words
}
