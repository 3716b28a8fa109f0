//! What classifiers are judged by: ROC curves and confusion matrices, as KFP writes them into an artifact's properties.

use std::collections::BTreeMap;

use maud::{Markup, html};
use serde_json::Value;

use super::chart::{Curve, roc};
use super::words::{grouped, number, short};

const CURVE: &str = "confidenceMetrics";
const MATRIX: &str = "confusionMatrix";
const SLICES: &str = "evaluationSlices";
/// Categories of a matrix that are shown, points of a curve, and slices.
const MAX_CATEGORIES: usize = 30;
const MAX_POINTS: usize = 5_000;
const MAX_SLICES: usize = 6;

/// Whether a property is shown as a picture.
pub(super) fn is_known(name: &str) -> bool {
    matches!(name, CURVE | MATRIX | SLICES)
}

/// The points of the ROC curve by their false positive rate and recall.
pub(super) fn curve(properties: &BTreeMap<String, Value>) -> Option<Vec<(f64, f64)>> {
    points(properties.get(CURVE)?)
}

fn points(value: &Value) -> Option<Vec<(f64, f64)>> {
    let list = unwrapped(value, "list").as_array()?;
    let field = |point: &Value, name: &str| point.get(name).and_then(Value::as_f64);
    let points: Vec<(f64, f64)> = list
        .iter()
        .take(MAX_POINTS)
        .filter_map(|point| Some((field(point, "falsePositiveRate")?, field(point, "recall")?)))
        .filter(|(rate, recall)| rate.is_finite() && recall.is_finite())
        .collect();
    (!points.is_empty()).then_some(points)
}

/// A confusion matrix.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Confusion {
    pub categories: Vec<String>,
    /// A row for each true category, a column for each predicted one.
    pub rows: Vec<Vec<f64>>,
}

/// The confusion matrix.
pub(super) fn confusion(properties: &BTreeMap<String, Value>) -> Option<Confusion> {
    matrix(properties.get(MATRIX)?)
}

fn matrix(value: &Value) -> Option<Confusion> {
    let value = unwrapped(value, "struct");
    let specs = value.get("annotationSpecs")?.as_array()?;
    let name = |spec: &Value| spec.get("displayName").and_then(Value::as_str).unwrap_or_default().to_owned();
    let row = |row: &Value| -> Vec<f64> {
        let cells = row.get("row").and_then(Value::as_array).into_iter().flatten();
        cells.map(|cell| cell.as_f64().unwrap_or_default()).collect()
    };
    let rows: Vec<Vec<f64>> = value.get("rows")?.as_array()?.iter().map(row).collect();
    Some(Confusion { categories: specs.iter().map(name).collect(), rows })
}

/// KFP wraps lists and structs in MLMD's properties.
fn unwrapped<'v>(value: &'v Value, key: &str) -> &'v Value {
    value.get(key).unwrap_or(value)
}

impl Confusion {
    /// The matrix as a table; the darker a cell, the larger its share of its row.
    /// `what` tells it from others on the page.
    pub(super) fn table(&self, title: &str, what: &str) -> Markup {
        let shown = self.categories.len().min(MAX_CATEGORIES);
        html! {
            figure class="confusion" {
                figcaption { (short(title, 80)) }
                div class="scroll" tabindex="0" role="region" aria-label={ "Confusion matrix: " (short(what, 120)) } {
                    table {
                        thead {
                            tr {
                                th scope="col" { span class="dim" { "true ↓ told →" } }
                                @for name in self.categories.iter().take(shown) { th class="right" scope="col" { (short(name, 24)) } }
                                th class="right" scope="col" { "Recall" }
                            }
                        }
                        tbody {
                            @for (at, (name, row)) in self.categories.iter().zip(&self.rows).take(shown).enumerate() {
                                @let sum: f64 = row.iter().sum();
                                tr {
                                    th scope="row" { (short(name, 24)) }
                                    @for (column, cell) in row.iter().take(shown).enumerate() {
                                        td class={ "right number heat-" (heat(*cell, sum)) @if column == at { " hit" } } { (amount(*cell)) }
                                    }
                                    td class="right number dim" { @if sum > 0.0 { (number((row.get(at).copied().unwrap_or(0.0) / sum * 1000.0).round() / 1000.0)) } }
                                }
                            }
                        }
                    }
                }
                @if self.categories.len() > shown { p class="dim" { "The first " (shown) " of " (self.categories.len()) " categories." } }
            }
        }
    }
}

/// How dark a cell is, from 0 to 5.
fn heat(cell: f64, sum: f64) -> u8 {
    let share = if sum > 0.0 { cell / sum } else { 0.0 };
    [0.001, 0.05, 0.2, 0.5, 0.8].iter().fold(0, |heat, from| heat + u8::from(share >= *from))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked before")]
fn amount(cell: f64) -> String {
    if cell.fract() == 0.0 && (0.0..1e15).contains(&cell) { grouped(cell as u64) } else { number(cell) }
}

/// A slice's name, its points of a ROC curve, and its confusion matrix.
type Slice = (String, Option<Vec<(f64, f64)>>, Option<Confusion>);

/// Everything of this kind that an artifact's properties hold.
pub(super) fn shown(properties: &BTreeMap<String, Value>) -> Option<Markup> {
    let curve = curve(properties);
    let confusion = confusion(properties);
    let slices: Vec<Slice> = properties
        .get(SLICES)
        .map(|value| unwrapped(value, "list"))
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .take(MAX_SLICES)
        .filter_map(|slice| {
            let name = slice.get("slice")?.as_str()?.to_owned();
            let metrics = slice.get("sliceClassificationMetrics")?;
            Some((name, metrics.get(CURVE).and_then(points), metrics.get(MATRIX).and_then(matrix)))
        })
        .collect();
    if curve.is_none() && confusion.is_none() && slices.is_empty() {
        return None;
    }
    let mut curves: Vec<Curve<'_>> = curve.into_iter().map(|points| Curve { name: "all", points }).collect();
    for (name, points, _) in &slices {
        curves.extend(points.clone().map(|points| Curve { name, points }));
    }
    Some(html! {
        div class="side-by-side" {
            @if !curves.is_empty() { (roc(&curves)) }
            @if let Some(confusion) = confusion { (confusion.table("Confusion matrix", "all")) }
            @for (name, _, confusion) in &slices { @if let Some(confusion) = confusion { (confusion.table(name, name)) } }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn properties(value: Value) -> BTreeMap<String, Value> {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn what_kfp_writes_is_read() {
        let of = properties(json!({
            "confidenceMetrics": [
                {"confidenceThreshold": 0.9, "falsePositiveRate": 0.0, "recall": 0.5},
                {"confidenceThreshold": 0.1, "falsePositiveRate": 1.0, "recall": 1.0},
                {"confidenceThreshold": "Infinity"},
            ],
            "confusionMatrix": {"annotationSpecs": [{"displayName": "<b>"}, {"displayName": "y"}], "rows": [{"row": [3, 1]}, {"row": [0, 1200]}]},
        }));
        assert_eq!(curve(&of).unwrap(), [(0.0, 0.5), (1.0, 1.0)]);
        let matrix = confusion(&of).unwrap();
        assert_eq!(matrix.rows, [[3.0, 1.0], [0.0, 1200.0]]);
        let drawn = shown(&of).unwrap().into_string();
        assert!(drawn.contains("1,200") && drawn.contains("&lt;b&gt;") && drawn.contains("AUC 0.75"), "{drawn}");
    }

    #[test]
    fn nonsense_is_passed_over() {
        for odd in [json!({}), json!({"confidenceMetrics": 3}), json!({"confusionMatrix": {"rows": [1, {"row": "x"}]}})]
        {
            assert!(shown(&properties(odd)).is_none());
        }
    }
}
