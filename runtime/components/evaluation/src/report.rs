//! An evaluation as text: for logs.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use data_validation::number::six_digits;

use crate::evaluate::Evaluation;
use crate::metrics::{ordered, rank};
use crate::slices::label;
use crate::thresholds::Validation;

/// Slices that are shown; the files hold all.
const MOST_SLICES: usize = 40;
/// Metrics that are shown of each slice.
const MOST_METRICS: usize = 6;

/// Cells as lines of text in columns; all but the first column stand to the right.
fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |at: usize| rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|at| width(at).unwrap_or(0)).collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (at, cell) in row.iter().enumerate() {
            let width = widths[at];
            _ = if at == 0 { write!(line, "{cell:width$}") } else { write!(line, "  {cell:>width$}") };
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// The metrics of all rows, beside those of the baseline.
#[must_use]
pub fn overall(evaluation: &Evaluation, baseline: Option<&Evaluation>) -> String {
    let Some(whole) = evaluation.overall() else { return String::new() };
    let before = baseline.and_then(Evaluation::overall);
    let mut rows = Vec::new();
    if before.is_some() {
        rows.push(["metric", "value", "baseline", "change"].map(str::to_owned).to_vec());
    }
    // Those of single classes are in the files.
    for (name, value) in ordered(&whole.metrics).into_iter().filter(|(name, _)| !name.contains('/')) {
        let mut row = vec![name.to_owned(), six_digits(value)];
        if let Some(before) = before.and_then(|before| before.metrics.get(name)) {
            row.extend([six_digits(*before), signed(value - before)]);
        }
        rows.push(row);
    }
    table(&rows)
}

/// A number with its sign.
pub(crate) fn signed(value: f64) -> String {
    if value > 0.0 { format!("+{}", six_digits(value)) } else { six_digits(value) }
}

/// The metrics that are shown of slices, most telling first.
pub(crate) fn told(evaluation: &Evaluation, most: usize) -> Vec<&str> {
    let names = evaluation.slices.iter().flat_map(|slice| slice.metrics.keys().map(String::as_str));
    let names: BTreeSet<&str> = names.filter(|name| !name.contains(['/', '@'])).collect();
    let mut names: Vec<&str> = names.into_iter().collect();
    names.sort_by_key(|name| rank(name));
    names.truncate(most);
    names
}

/// A line for each slice.
#[must_use]
pub fn slices(evaluation: &Evaluation) -> String {
    let metrics = told(evaluation, MOST_METRICS);
    let mut rows = vec![["slice", "rows"].iter().chain(&metrics).map(|cell| (*cell).to_owned()).collect::<Vec<_>>()];
    for slice in evaluation.slices.iter().take(MOST_SLICES) {
        let figures =
            metrics.iter().map(|name| slice.metrics.get(*name).map_or_else(String::new, |value| six_digits(*value)));
        rows.push([label(&slice.slice), slice.rows.to_string()].into_iter().chain(figures).collect());
    }
    let mut out = table(&rows);
    if let Some(more) = evaluation.slices.len().checked_sub(MOST_SLICES).filter(|more| *more > 0) {
        _ = writeln!(out, "and {more} more slices");
    }
    out
}

/// What was decided, and each reason against it.
#[must_use]
pub fn verdict(validation: &Validation) -> String {
    let mut out = match validation.blessed {
        None => return "no threshold is given, so the model is neither blessed nor refused\n".to_owned(),
        Some(true) => "blessed".to_owned(),
        Some(false) => "NOT blessed".to_owned(),
    };
    out.push_str(if validation.rubber_stamp { ", without a baseline to compare with\n" } else { "\n" });
    for slice in &validation.missing_slices {
        _ = writeln!(out, "no row is in the slice {slice}, which a threshold names");
    }
    for check in validation.failures() {
        _ = write!(out, "{} of {} is ", check.metric, check.slice);
        _ = write!(out, "{}", check.value.map_or_else(|| "not there".to_owned(), six_digits));
        if let Some(baseline) = check.baseline {
            _ = write!(out, ", and the baseline's {}", six_digits(baseline));
        }
        _ = write!(out, "; wanted: {}", check.wanted);
        if !check.problem.is_empty() {
            _ = write!(out, " ({})", check.problem);
        }
        out.push('\n');
    }
    out
}
