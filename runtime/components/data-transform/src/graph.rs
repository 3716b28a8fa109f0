//! What was learned, as one file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tables::{Column, ColumnType};

use crate::feature::Origin;
use crate::{Error, Result};

/// The form of the file.
const VERSION: u32 = 1;

/// Features with everything that was learned for them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Graph {
    /// The form of the file: 1.
    pub version: u32,
    /// Rows that were analysed.
    pub rows: u64,
    /// The columns that features are made of, with the types of their values.
    pub sources: BTreeMap<String, Source>,
    /// The features in their order.
    pub features: Vec<Fitted>,
}

/// The type of a column that features are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// Integers.
    Int,
    /// Floating-point numbers.
    Float,
    /// Texts or other bytes.
    Text,
}

/// A feature that is ready to be applied.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fitted {
    /// What it is called.
    pub name: String,
    #[serde(flatten)]
    pub(crate) origin: Origin,
    /// What stands where there is no value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fill: Option<Constant>,
    /// What is made of the values.
    pub step: Step,
    /// The most values that a row had.
    pub most_values: usize,
}

/// A value that fills gaps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Constant {
    /// An integer.
    Int(i64),
    /// A number.
    Float(f64),
    /// A text.
    Text(String),
}

/// A mapping with what it needs to know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the fields are those that the mappings' definitions name")]
pub enum Step {
    Same { int: bool, text: bool },
    ZScore { mean: f64, deviation: f64 },
    MinMax { min: f64, max: f64, low: f64, high: f64 },
    Buckets { boundaries: Vec<f64> },
    Vocabulary { values: Vec<String>, oov_buckets: u64, default: i64 },
    OneHot { values: Vec<String>, oov_buckets: u64, columns: bool },
    Hash { buckets: u64 },
    TfIdf { values: Vec<String>, oov_buckets: u64, weights: Vec<f64>, unit: bool },
}

impl Graph {
    pub(crate) fn new(rows: u64, sources: BTreeMap<String, Source>, features: Vec<Fitted>) -> Self {
        Self { version: VERSION, rows, sources, features }
    }

    /// The file.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// Reads a file.
    ///
    /// # Errors
    /// It is no fitted graph, or of another form.
    pub fn from_json(bytes: &[u8]) -> Result<Self> {
        let graph: Self = serde_json::from_slice(bytes).map_err(|error| Error::Graph(error.to_string()))?;
        if graph.version != VERSION {
            return Err(Error::Graph(format!("it has version {}, and version {VERSION} is read", graph.version)));
        }
        Ok(graph)
    }

    /// The type with which a column is read where the format does not tell it: that of the rows that were analysed, so that `007` does not become 7
    /// where all that is served are digits. None for a column that no feature is made of.
    #[must_use]
    pub fn source_type(&self, column: &str) -> Option<ColumnType> {
        self.sources.get(column).map(|source| match source {
            Source::Int => ColumnType::Int,
            Source::Float => ColumnType::Float,
            Source::Text => ColumnType::Text,
        })
    }

    /// The columns that what is made is made of, each once, in their order. `wanted` tells which of the columns that the graph makes are meant.
    pub fn sources_of(&self, wanted: impl Fn(&str) -> bool) -> Vec<(&str, Source)> {
        let made = self.features.iter().filter(|feature| feature.columns().iter().any(|column| wanted(&column.name)));
        let mut found: Vec<(&str, Source)> = Vec::new();
        for name in made.flat_map(|feature| &feature.origin.of) {
            if let Some(source) = self.sources.get(name)
                && found.iter().all(|(known, _)| known != name)
            {
                found.push((name, *source));
            }
        }
        found
    }

    /// The columns that it makes.
    #[must_use]
    pub fn columns(&self) -> Vec<Column> {
        self.features.iter().flat_map(Fitted::columns).collect()
    }
}

impl Fitted {
    fn columns(&self) -> Vec<Column> {
        let column = |name: String, column_type, most_values| Column {
            name,
            column_type: Some(column_type),
            most_values,
            utf8: true,
        };
        let one = |column_type| vec![column(self.name.clone(), column_type, self.most_values)];
        match &self.step {
            Step::Same { text: true, .. } => one(ColumnType::Text),
            Step::Same { int: true, .. } | Step::Buckets { .. } | Step::Vocabulary { .. } | Step::Hash { .. } => {
                one(ColumnType::Int)
            }
            Step::Same { .. } | Step::ZScore { .. } | Step::MinMax { .. } => one(ColumnType::Float),
            Step::OneHot { columns: true, .. } => {
                self.names().into_iter().map(|name| column(name, ColumnType::Float, 1)).collect()
            }
            Step::OneHot { values, oov_buckets, .. } => {
                let length = values.len() + usize::try_from(*oov_buckets).unwrap_or(0);
                vec![column(self.name.clone(), ColumnType::Float, length)]
            }
            Step::TfIdf { .. } => {
                let [index, weight] = self.pair();
                // Even where no row has two words: others may.
                let most = self.most_values.max(2);
                vec![column(index, ColumnType::Int, most), column(weight, ColumnType::Float, most)]
            }
        }
    }

    /// The names of the columns of a one-hot feature that has one for each value.
    pub(crate) fn names(&self) -> Vec<String> {
        let Step::OneHot { values, oov_buckets, .. } = &self.step else { return Vec::new() };
        let oov = (0..*oov_buckets).map(|n| format!("{}_other_{n}", self.name));
        values.iter().map(|value| format!("{}_{value}", self.name)).chain(oov).collect()
    }

    /// The names of both columns of a weighted feature.
    pub(crate) fn pair(&self) -> [String; 2] {
        [format!("{}_index", self.name), format!("{}_weight", self.name)]
    }
}
