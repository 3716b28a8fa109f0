//! Slices of the rows, as TFMA's `SlicingSpec` tells them: by the values of columns, and crosses of columns.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use tabular::{Cells, Frame};

use crate::error::{Error, Result};

/// The most slices that are measured.
pub const MOST_SLICES: usize = 10_000;

/// Values of columns that the rows of a slice share. Without any it is the slice of all rows.
pub type SliceKey = BTreeMap<String, String>;

/// A slice, or a family of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slicing {
    /// Columns of which each value, or each combination of values, is a slice.
    pub feature_keys: Vec<String>,
    /// Columns and the values that they have.
    pub feature_values: Vec<(String, String)>,
}

impl Slicing {
    /// Whether a slice is this one or of this family.
    #[must_use]
    pub fn matches(&self, slice: &SliceKey) -> bool {
        slice.len() == self.feature_keys.len() + self.feature_values.len()
            && self.feature_keys.iter().all(|key| slice.contains_key(key))
            && self.feature_values.iter().all(|(key, value)| slice.get(key) == Some(value))
    }

    /// The columns that rows are sliced by.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.feature_keys.iter().chain(self.feature_values.iter().map(|(key, _)| key)).map(String::as_str)
    }

    /// How it is told: `sex`, `sex × island=Dream`, `all rows`.
    #[must_use]
    pub fn label(&self) -> String {
        let keys = self.feature_keys.iter().cloned();
        let values = self.feature_values.iter().map(|(key, value)| format!("{key}={value}"));
        let all: Vec<String> = keys.chain(values).collect();
        if all.is_empty() { ALL.to_owned() } else { all.join(" × ") }
    }
}

const ALL: &str = "all rows";

/// How a slice is told: `island=Dream × sex=male`, `all rows`.
#[must_use]
pub fn label(slice: &SliceKey) -> String {
    let all: Vec<String> = slice.iter().map(|(key, value)| format!("{key}={value}")).collect();
    if all.is_empty() { ALL.to_owned() } else { all.join(" × ") }
}

/// A column that rows are sliced by: its name, codes and dictionary, and the value that is wanted if it is one.
type Part<'a> = (&'a str, &'a [u32], &'a [String], Option<&'a String>);

/// The rows of each slice, the slice of all rows first. A row without a value in a column is in no slice of that column.
///
/// # Errors
/// Columns that are not there or named twice, and more slices than are measured.
pub fn slices(frame: &Frame, slicings: &[Slicing]) -> Result<Vec<(SliceKey, Vec<u32>)>> {
    let rows = u32::try_from(frame.rows).map_err(|_| Error::Request("there are too many rows".to_owned()))?;
    let mut all: BTreeMap<SliceKey, Vec<u32>> = BTreeMap::new();
    for slicing in slicings {
        let mut columns: Vec<Part<'_>> = Vec::new();
        for name in slicing.columns() {
            let Cells::Words { codes, dictionary } = &frame.column(name)?.cells else { continue };
            if columns.iter().any(|(known, ..)| *known == name) {
                return Err(Error::Request(format!("a slice names column `{name}` twice")));
            }
            let wanted = slicing.feature_values.iter().find(|(key, _)| key == name).map(|(_, value)| value);
            columns.push((name, codes, dictionary, wanted));
        }
        if columns.is_empty() {
            continue;
        }
        let mut found: HashMap<Vec<u32>, Vec<u32>> = HashMap::new();
        for row in 0..rows {
            let key: Vec<u32> = columns.iter().map(|(_, codes, ..)| codes[row as usize]).collect();
            let is_in = columns.iter().zip(&key).all(|((_, _, dictionary, wanted), code)| {
                let value = &dictionary[*code as usize];
                wanted.map_or(!value.is_empty(), |wanted| wanted == value)
            });
            if is_in {
                found.entry(key).or_default().push(row);
                if found.len() > MOST_SLICES {
                    return Err(Error::Request(format!(
                        "`{}` gives more than {MOST_SLICES} slices; slice by columns with fewer values",
                        slicing.label()
                    )));
                }
            }
        }
        for (codes, rows) in found {
            let values = columns.iter().zip(codes);
            let key =
                values.map(|((name, _, dictionary, _), code)| ((*name).to_owned(), dictionary[code as usize].clone()));
            all.insert(key.collect(), rows);
        }
    }
    if all.len() > MOST_SLICES {
        return Err(Error::Request(format!("there are {} slices, and at most {MOST_SLICES}", all.len())));
    }
    let whole = (SliceKey::new(), (0..rows).collect());
    Ok(std::iter::once(whole).chain(all).collect())
}
