//! Parts of the rows, each of rows that have certain values of some features, with the names that TFDV gives them.

use tables::{Record, Values};

use super::Statistics;

/// The most slices of one table: statistics of each are kept in memory.
const MOST_SLICES: usize = 1000;

/// Slices by the values of features, crossed if there are several. A row with several values of a feature is in several slices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slicing {
    /// Each feature with the values that are meant; none for every value that there is.
    pub features: Vec<(String, Option<Vec<String>>)>,
}

impl Slicing {
    /// Names of slices have the features by name.
    pub(super) fn sort(&mut self) {
        self.features.sort();
    }

    /// The slices that a row is in: `feature_value`, joined by `_`.
    fn names(&self, row: &Record) -> Result<Vec<String>, String> {
        let mut names = vec![String::new()];
        for (feature, meant) in &self.features {
            let mut values: Vec<String> = match row.of(feature) {
                Values::Missing | Values::Empty => Vec::new(),
                Values::Ints(values) => values.iter().map(i64::to_string).collect(),
                Values::Floats(_) => {
                    return Err(format!("`{feature}` has floats, and slices are by texts or integers"));
                }
                Values::Bytes(texts) => {
                    let text = |bytes| std::str::from_utf8(bytes).map(str::to_owned);
                    let texts: Result<_, _> = texts.iter().map(text).collect();
                    texts.map_err(|_| {
                        format!("`{feature}` has bytes that are no UTF-8 text, and slices are named by them")
                    })?
                }
            };
            values.sort();
            values.dedup();
            values.retain(|value| meant.as_ref().is_none_or(|meant| meant.contains(value)));
            let joined = |name: &String| {
                let first = if name.is_empty() { String::new() } else { format!("{name}_") };
                values.iter().map(|value| format!("{first}{feature}_{value}")).collect::<Vec<_>>()
            };
            names = names.iter().flat_map(joined).collect();
            if names.len() > MOST_SLICES {
                return Err(too_many());
            }
        }
        Ok(names)
    }
}

fn too_many() -> String {
    format!("there are more than {MOST_SLICES} slices: name the values that are meant")
}

impl Statistics {
    /// Adds a row to the slices that it is in.
    pub(super) fn add_to_slices(&mut self, row: &Record, positions: &[Option<usize>]) -> Result<(), String> {
        for at in 0..self.options.slices.len() {
            for name in self.options.slices[at].names(row)? {
                if !self.slices.contains_key(&name) {
                    if self.slices.len() == MOST_SLICES {
                        return Err(too_many());
                    }
                    let part = self.part();
                    self.slices.insert(name.clone(), part);
                }
                if let Some(part) = self.slices.get_mut(&name) {
                    part.add(row, positions)?;
                }
            }
        }
        Ok(())
    }
}
