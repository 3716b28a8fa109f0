//! Metrics of each slice.

use serde::{Deserialize, Serialize};
use tables::Table;
use tables::csv::Dialect;

use crate::binary::{self, CalibrationBin, Ranked, RocPoint};
use crate::confusion::Confusion;
use crate::error::{Error, Result};
use crate::gaps::{self, Gap};
use crate::metrics::{Metrics, put};
use crate::predictions::{Columns, Outcomes, Predictions};
use crate::slices::{SliceKey, Slicing, slices};
use crate::thresholds::Validation;
use crate::{multiclass, regression};

/// What is measured.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Slices besides that of all rows.
    pub slicings: Vec<Slicing>,
    /// Scores from which on rows are taken for positive, for precision, recall and F1 at each: `precision@0.3`.
    pub thresholds: Vec<f64>,
    /// Rows that a slice needs to count for gaps.
    pub min_rows: u64,
}

/// A slice and its metrics; a line of an evaluation's file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Slice {
    /// What its rows share.
    pub slice: SliceKey,
    /// How many rows there are.
    pub rows: u64,
    /// How much they weigh together.
    pub weight: f64,
    /// Its metrics.
    pub metrics: Metrics,
}

/// Curves and matrices of a slice.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Plots {
    /// What its rows share.
    pub slice: SliceKey,
    /// The ROC curve of two classes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roc: Vec<RocPoint>,
    /// Predicted and true shares of two classes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calibration: Vec<CalibrationBin>,
    /// The classes of the confusion matrix.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
    /// Weights of rows by class (rows) and predicted class (columns).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub confusion: Vec<Vec<f64>>,
}

/// Metrics of all slices.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Evaluation {
    /// The slice of all rows first.
    pub slices: Vec<Slice>,
    /// Their curves, if they were measured here.
    pub plots: Vec<Plots>,
    /// How far slices of a family are apart.
    pub gaps: Vec<Gap>,
}

impl Evaluation {
    /// The metrics of a slice.
    #[must_use]
    pub fn slice(&self, key: &SliceKey) -> Option<&Slice> {
        self.slices.iter().find(|slice| slice.slice == *key)
    }

    /// The metrics of all rows.
    #[must_use]
    pub fn overall(&self) -> Option<&Slice> {
        self.slices.first()
    }

    /// A line of JSON for each slice.
    #[must_use]
    pub fn to_lines(&self) -> String {
        lines(&self.slices)
    }

    /// The files of an evaluation and of what came of its thresholds: their names and texts.
    #[must_use]
    pub fn files(&self, validation: &Validation) -> [(&'static str, String); 4] {
        [
            ("metrics.jsonl", self.to_lines()),
            ("plots.jsonl", lines(&self.plots)),
            ("gaps.jsonl", lines(&self.gaps)),
            ("validation.json", lines(std::slice::from_ref(validation))),
        ]
    }

    /// An evaluation of before, from its lines.
    ///
    /// # Errors
    /// A line is none of an evaluation, or the first is not that of all rows.
    pub fn from_lines(text: &str) -> Result<Self> {
        let line = |(n, line)| serde_json::from_str(line).map_err(|source| Error::Evaluation { line: n + 1, source });
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let slices: Vec<Slice> = lines.map(line).collect::<Result<_>>()?;
        match slices.first() {
            Some(first) if first.slice.is_empty() => Ok(Self { slices, ..Self::default() }),
            _ => Err(Error::Request("the evaluation does not begin with the slice of all rows".to_owned())),
        }
    }
}

/// A line of JSON for each item.
fn lines<T: Serialize>(items: &[T]) -> String {
    let mut out = String::new();
    for item in items {
        // Plain data with finite numbers is always JSON.
        if let Ok(line) = serde_json::to_string(item) {
            out.push_str(&line);
            out.push('\n');
        }
    }
    out
}

/// Reads predictions and measures them. The columns are completed by those that the slices need.
///
/// # Errors
/// What [`Predictions::read`] refuses, and slices that cannot be made.
pub fn read(
    tables: &[Table<'_>],
    dialect: Dialect,
    columns: &Columns,
    options: &Options,
) -> Result<(Predictions, Evaluation)> {
    let mut columns = columns.clone();
    columns.slices = options.slicings.iter().flat_map(Slicing::columns).map(str::to_owned).collect();
    let predictions = Predictions::read(tables, dialect, &columns)?;
    let evaluation = evaluate(&predictions, options)?;
    Ok((predictions, evaluation))
}

/// Measures predictions.
///
/// # Errors
/// Slices that cannot be made.
pub fn evaluate(predictions: &Predictions, options: &Options) -> Result<Evaluation> {
    let mut evaluation = Evaluation::default();
    for (key, rows) in slices(&predictions.slices, &options.slicings)? {
        let (slice, plots) = measure(predictions, &key, &rows, options);
        evaluation.slices.push(slice);
        evaluation.plots.push(plots);
    }
    evaluation.gaps = gaps::gaps(&evaluation.slices, &options.slicings, options.min_rows);
    Ok(evaluation)
}

fn pick<T: Copy>(values: &[T], rows: &[u32]) -> Vec<T> {
    rows.iter().map(|row| values[*row as usize]).collect()
}

fn measure(predictions: &Predictions, key: &SliceKey, rows: &[u32], options: &Options) -> (Slice, Plots) {
    let weights = pick(&predictions.weights, rows);
    let mut metrics = Metrics::new();
    let mut plots = Plots { slice: key.clone(), ..Plots::default() };
    match &predictions.outcomes {
        Outcomes::Binary { classes, labels, predicted, scores, are_probabilities } => {
            let (labels, predicted) = (pick(labels, rows), pick(predicted, rows));
            let pairs = labels.iter().zip(&predicted).zip(&weights);
            let confusion = Confusion::of(
                2,
                pairs.map(|((label, predicted), weight)| (u32::from(*label), u32::from(*predicted), *weight)),
            );
            confusion.overall(&mut metrics);
            binary::decided(&labels, &predicted, &weights, &mut metrics);
            plots.classes = classes.to_vec();
            plots.confusion = confusion.rows();
            if let Some(scores) = scores {
                let scores = pick(scores, rows);
                let ranked = Ranked::of(&labels, &scores, &weights);
                ranked.areas(&mut metrics);
                for threshold in &options.thresholds {
                    for (name, value) in ["precision", "recall", "f1"].iter().zip(ranked.at(*threshold)) {
                        put(&mut metrics, &format!("{name}@{threshold}"), value);
                    }
                }
                plots.roc = ranked.roc();
                if *are_probabilities {
                    plots.calibration = binary::probabilities(&labels, &scores, &weights, &mut metrics);
                }
            }
        }
        Outcomes::Multiclass { classes, labels, predicted, probabilities } => {
            let (labels, predicted) = (pick(labels, rows), pick(predicted, rows));
            let pairs = labels.iter().zip(&predicted).zip(&weights);
            let pairs = pairs.map(|((label, predicted), weight)| (*label, *predicted, *weight));
            let confusion = Confusion::of(classes.len(), pairs);
            confusion.overall(&mut metrics);
            multiclass::by_class(&confusion, classes, &mut metrics);
            if let Some(all) = probabilities {
                let width = classes.len();
                let rows = rows.iter().flat_map(|row| &all[*row as usize * width..(*row as usize + 1) * width]);
                let probabilities: Vec<f64> = rows.copied().collect();
                multiclass::probabilities(&labels, &probabilities, classes, &weights, &mut metrics);
            }
            plots.classes.clone_from(classes);
            plots.confusion = confusion.rows();
        }
        Outcomes::Regression { labels, predicted } => {
            regression::measure(&pick(labels, rows), &pick(predicted, rows), &weights, &mut metrics);
        }
    }
    let slice = Slice { slice: key.clone(), rows: rows.len() as u64, weight: weights.iter().sum(), metrics };
    (slice, plots)
}
