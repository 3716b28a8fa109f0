//! A web page about an evaluation: one file, without scripts and without anything from elsewhere.

use std::fmt::Write as _;

use data_validation::number::six_digits;
use data_validation::page::{document, escape};

use crate::evaluate::{Evaluation, Plots};
use crate::metrics::ordered;
use crate::report::{signed, told};
use crate::slices::label;
use crate::thresholds::Validation;

/// Slices that are shown; the files hold all.
const MOST_SLICES: usize = 500;
/// Metrics that are shown of each slice.
const MOST_METRICS: usize = 8;
/// Classes up to which the confusion matrix is shown.
const MOST_CLASSES: usize = 30;
/// The side of a picture in pixels.
const SIDE: f64 = 260.0;

/// The page of an evaluation, beside its baseline if there is one.
#[must_use]
pub fn page(evaluation: &Evaluation, baseline: Option<&Evaluation>, validation: &Validation) -> String {
    let mut body = String::new();
    verdict(&mut body, validation);
    if evaluation.slices.len() > 1 {
        slices(&mut body, evaluation, baseline);
    }
    gaps(&mut body, evaluation);
    if let Some(plots) = evaluation.plots.first() {
        pictures(&mut body, plots, baseline.and_then(|baseline| baseline.plots.first()));
        confusion(&mut body, plots);
    }
    overall(&mut body, evaluation, baseline);
    document("Evaluation", &body)
}

fn verdict(body: &mut String, validation: &Validation) {
    let (class, word) = match validation.blessed {
        None => ("dim", "No threshold is given, so nothing is decided."),
        Some(true) if validation.rubber_stamp => ("", "Blessed, without a baseline to compare with."),
        Some(true) => ("", "Blessed."),
        Some(false) => ("bad", "Not blessed."),
    };
    _ = writeln!(body, "<p class=\"{class}\">{word}</p>");
    for slice in &validation.missing_slices {
        _ = writeln!(body, "<p class=\"bad\">No row is in the slice {}, which a threshold names.</p>", escape(slice));
    }
    if validation.checks.is_empty() {
        return;
    }
    body.push_str("<h2>Thresholds</h2><div class=\"scroll\"><table><tr><th>metric<th>slice<th>wanted<th class=\"n\">value<th class=\"n\">baseline<th></tr>\n");
    let mut checks: Vec<_> = validation.checks.iter().collect();
    checks.sort_by_key(|check| check.passed);
    for check in checks.into_iter().take(MOST_SLICES) {
        let figure = |value: Option<f64>| value.map_or_else(String::new, six_digits);
        let class = if check.passed { "" } else { "bad" };
        let outcome = if check.passed { "holds" } else { "fails" };
        _ = writeln!(
            body,
            "<tr><td>{}<td>{}<td>{}<td class=\"n\">{}<td class=\"n\">{}<td class=\"{class}\">{outcome} {}</tr>",
            escape(&check.metric),
            escape(&check.slice),
            escape(&check.wanted),
            figure(check.value),
            figure(check.baseline),
            escape(&check.problem)
        );
    }
    body.push_str("</table></div>\n");
}

fn overall(body: &mut String, evaluation: &Evaluation, baseline: Option<&Evaluation>) {
    let Some(whole) = evaluation.overall() else { return };
    let before = baseline.and_then(Evaluation::overall);
    _ = write!(
        body,
        "<h2>All {} rows</h2><div class=\"scroll\"><table><tr><th>metric<th class=\"n\">value",
        whole.rows
    );
    body.push_str(if before.is_some() { "<th class=\"n\">baseline<th class=\"n\">change</tr>\n" } else { "</tr>\n" });
    // Those of single classes stand behind the others.
    let (of_classes, first): (Vec<_>, Vec<_>) =
        ordered(&whole.metrics).into_iter().partition(|(name, _)| name.contains('/'));
    for (name, value) in first.into_iter().chain(of_classes) {
        _ = write!(body, "<tr><td>{}<td class=\"n\">{}", escape(name), six_digits(value));
        if let Some(before) = before {
            let before = before.metrics.get(name);
            let change = before.map_or_else(String::new, |before| signed(value - before));
            let before = before.map_or_else(String::new, |before| six_digits(*before));
            _ = write!(body, "<td class=\"n\">{before}<td class=\"n\">{change}");
        }
        body.push_str("</tr>\n");
    }
    body.push_str("</table></div>\n");
}

/// A square from (0, 0) to (1, 1) with its diagonal, and what is drawn in it.
fn square(title: &str, across: &str, up: &str, inner: &str) -> String {
    let side = SIDE;
    let (width, height) = (side + 40.0, side + 40.0);
    format!(
        "<figure style=\"display:inline-block;margin:0 1rem 1rem 0\"><figcaption class=\"dim\">{title}</figcaption>\
         <svg width=\"{width}\" height=\"{height}\" viewBox=\"-30 -5 {width} {height}\" role=\"img\" aria-label=\"{title}\">\
         <rect width=\"{side}\" height=\"{side}\" style=\"fill:none;stroke:var(--line)\"/>\
         <line x1=\"0\" y1=\"{side}\" x2=\"{side}\" y2=\"0\" style=\"stroke:var(--line)\"/>{inner}\
         <text x=\"{middle}\" y=\"{below}\" text-anchor=\"middle\">{across}</text>\
         <text x=\"-{middle}\" y=\"-12\" transform=\"rotate(-90)\" text-anchor=\"middle\">{up}</text></svg></figure>",
        middle = side / 2.0,
        below = side + 20.0,
    )
}

fn line(points: impl Iterator<Item = (f64, f64)>, color: &str) -> String {
    let points: Vec<String> = points
        .map(|(x, y)| format!("{:.1},{:.1}", x.clamp(0.0, 1.0) * SIDE, (1.0 - y.clamp(0.0, 1.0)) * SIDE))
        .collect();
    format!("<polyline points=\"{}\" style=\"fill:none;stroke:var({color});stroke-width:2\"/>", points.join(" "))
}

fn pictures(body: &mut String, plots: &Plots, baseline: Option<&Plots>) {
    let both = |of: fn(&Plots) -> Vec<(f64, f64)>| {
        let mut inner = String::new();
        if let Some(points) = baseline.map(of).filter(|points| !points.is_empty()) {
            inner.push_str(&line(points.into_iter(), "--other"));
        }
        inner.push_str(&line(of(plots).into_iter(), "--bar"));
        inner
    };
    if !plots.roc.is_empty() {
        let inner =
            both(|plots| plots.roc.iter().map(|point| (point.false_positive_rate, point.true_positive_rate)).collect());
        body.push_str(&square("ROC curve", "false positive rate", "true positive rate", &inner));
    }
    if !plots.calibration.is_empty() {
        let inner =
            both(|plots| plots.calibration.iter().map(|bin| (bin.mean_predicted, bin.fraction_positive)).collect());
        body.push_str(&square("Calibration", "mean predicted probability", "share of positive rows", &inner));
    }
    if baseline.is_some_and(|plots| !plots.roc.is_empty()) {
        body.push_str("<p>Blue is the model, orange the baseline.</p>");
    }
}

fn confusion(body: &mut String, plots: &Plots) {
    if plots.classes.is_empty() || plots.classes.len() > MOST_CLASSES {
        return;
    }
    body.push_str("<h2>Confusion matrix</h2><p>A row for each true class, a column for each predicted one.</p><div class=\"scroll\"><table><tr><th>");
    for class in &plots.classes {
        _ = write!(body, "<th class=\"n\">{}", escape(class));
    }
    body.push_str("</tr>\n");
    for (class, row) in plots.classes.iter().zip(&plots.confusion) {
        let whole: f64 = row.iter().sum();
        _ = write!(body, "<tr><th>{}", escape(class));
        for cell in row {
            let percent = if whole > 0.0 { cell / whole * 70.0 } else { 0.0 };
            _ = write!(
                body,
                "<td class=\"n\" style=\"background:color-mix(in srgb,var(--bar) {percent:.0}%,transparent)\">{}",
                six_digits(*cell)
            );
        }
        body.push_str("</tr>\n");
    }
    body.push_str("</table></div>\n");
}

fn slices(body: &mut String, evaluation: &Evaluation, baseline: Option<&Evaluation>) {
    let metrics = told(evaluation, MOST_METRICS);
    body.push_str("<h2>Slices</h2><div class=\"scroll\"><table><tr><th>slice<th class=\"n\">rows");
    for metric in &metrics {
        _ = write!(body, "<th class=\"n\">{}", escape(metric));
    }
    body.push_str("</tr>\n");
    let largest = |metric: &str| {
        let values = evaluation.slices.iter().filter_map(|slice| slice.metrics.get(metric));
        values.fold(0.0_f64, |largest, value| largest.max(value.abs()))
    };
    let largest: Vec<f64> = metrics.iter().map(|metric| largest(metric)).collect();
    for slice in evaluation.slices.iter().take(MOST_SLICES) {
        _ = write!(body, "<tr><td>{}<td class=\"n\">{}", escape(&label(&slice.slice)), slice.rows);
        let before = baseline.and_then(|baseline| baseline.slice(&slice.slice));
        for (metric, largest) in metrics.iter().zip(&largest) {
            let Some(value) = slice.metrics.get(*metric) else {
                body.push_str("<td>");
                continue;
            };
            let part = if *largest > 0.0 { value.abs() / largest * 100.0 } else { 0.0 };
            let change = before.and_then(|before| before.metrics.get(*metric)).map(|before| signed(value - before));
            let change = change.map_or_else(String::new, |change| format!("<br><span class=\"dim\">{change}</span>"));
            _ = write!(
                body,
                "<td class=\"n\" style=\"background:linear-gradient(to right,color-mix(in srgb,var(--bar) 25%,transparent) {part:.0}%,transparent 0)\">{}{change}",
                six_digits(*value)
            );
        }
        body.push_str("</tr>\n");
    }
    body.push_str("</table></div>\n");
    if let Some(more) = evaluation.slices.len().checked_sub(MOST_SLICES).filter(|more| *more > 0) {
        _ = writeln!(body, "<p>and {more} more slices</p>");
    }
}

fn gaps(body: &mut String, evaluation: &Evaluation) {
    let shown: Vec<_> =
        evaluation.gaps.iter().filter(|gap| !gap.metric.contains(['/', '@'])).take(MOST_SLICES).collect();
    if shown.is_empty() {
        return;
    }
    body.push_str("<h2>Gaps between slices</h2><div class=\"scroll\"><table><tr><th>slices by<th>metric<th class=\"n\">gap<th>lowest<th class=\"n\"><th>highest<th class=\"n\"></tr>\n");
    for gap in shown {
        _ = writeln!(
            body,
            "<tr><td>{}<td>{}<td class=\"n\">{}<td>{}<td class=\"n\">{}<td>{}<td class=\"n\">{}</tr>",
            escape(&gap.slicing.label()),
            escape(&gap.metric),
            six_digits(gap.difference),
            escape(&gap.lowest),
            six_digits(gap.low),
            escape(&gap.highest),
            six_digits(gap.high)
        );
    }
    body.push_str("</table></div>\n");
}
