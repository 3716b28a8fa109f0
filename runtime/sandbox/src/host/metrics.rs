//! Metrics in an artifact's metadata, in the form of Kubeflow Pipelines (`kfp.dsl.ClassificationMetrics`,
//! `kfp.dsl.SlicedClassificationMetrics`).

use serde_json::{Value as Json, json};

use super::artifact::Output;
use super::error::{Error, Result, RocPoint};
use super::property::double;

/// The maximum number of categories of a confusion matrix.
const MAX_CATEGORIES: usize = 1_000;
/// The maximum number of points of a curve.
const MAX_POINTS: usize = 100_000;
/// The maximum number of slices of an artifact.
const MAX_SLICES: usize = 1_000;

pub(super) fn log(output: &mut Output, name: String, value: f64) -> Result<()> {
    output.properties.set_json(name, double(value)?)
}

/// The argument of logging a ROC curve.
pub(super) enum Curve {
    Point(RocPoint),
    Whole(Vec<RocPoint>),
}

/// Adds a point to a ROC curve, or replaces the curve, of all data or of a slice.
pub(super) fn roc(output: &mut Output, slice: Option<&str>, curve: Curve) -> Result<()> {
    change(output, slice, "confidenceMetrics", |old| {
        let (mut points, new) = match (old, curve) {
            (Some(Json::Array(points)), Curve::Point(point)) => (points, vec![point]),
            (_, Curve::Point(point)) => (Vec::new(), vec![point]),
            (_, Curve::Whole(new)) => (Vec::new(), new),
        };
        if points.len() + new.len() > MAX_POINTS {
            return Err(Error::Invalid(format!("a ROC curve has at most {MAX_POINTS} points")));
        }
        for point in new {
            // The first threshold of a curve is above every score; libraries use infinity for it.
            let threshold =
                if point.threshold.is_infinite() { f64::MAX.copysign(point.threshold) } else { point.threshold };
            points.push(json!({
                "confidenceThreshold": double(threshold)?,
                "recall": double(point.true_positive_rate)?,
                "falsePositiveRate": double(point.false_positive_rate)?,
            }));
        }
        Ok(Json::Array(points))
    })
}

/// Sets the confusion matrix of all data or of a slice.
pub(super) fn confusion(
    output: &mut Output,
    slice: Option<&str>,
    categories: Vec<String>,
    rows: &[Vec<u64>],
) -> Result<()> {
    if categories.len() > MAX_CATEGORIES {
        return Err(Error::Invalid(format!("a confusion matrix has at most {MAX_CATEGORIES} categories")));
    }
    if rows.len() != categories.len() || rows.iter().any(|row| row.len() != categories.len()) {
        return Err(Error::Invalid(format!(
            "a confusion matrix of {0} categories has {0} rows of {0} numbers",
            categories.len()
        )));
    }
    let specs: Vec<Json> = categories.into_iter().map(|name| json!({"displayName": name})).collect();
    let rows: Vec<Json> = rows.iter().map(|row| json!({"row": row})).collect();
    change(output, slice, "confusionMatrix", |_| Ok(json!({"annotationSpecs": specs, "rows": rows})))
}

/// Replaces one metric, at the top level or in a slice of `evaluationSlices`.
fn change(
    output: &mut Output,
    slice: Option<&str>,
    name: &str,
    make: impl FnOnce(Option<Json>) -> Result<Json>,
) -> Result<()> {
    let values = output.properties.values();
    let Some(slice) = slice else {
        let value = make(values.get(name).cloned())?;
        return output.properties.set_json(name.to_owned(), value);
    };
    let mut slices = match values.get("evaluationSlices") {
        Some(Json::Array(slices)) => slices.clone(),
        _ => Vec::new(),
    };
    let at = match slices.iter().position(|entry| entry["slice"] == slice) {
        Some(at) => at,
        None if slices.len() >= MAX_SLICES => {
            return Err(Error::Invalid(format!("there are at most {MAX_SLICES} slices")));
        }
        None => {
            slices.push(json!({"slice": slice, "sliceClassificationMetrics": {}}));
            slices.len() - 1
        }
    };
    let metrics = &mut slices[at]["sliceClassificationMetrics"];
    metrics[name] = make(metrics.get(name).cloned())?;
    output.properties.set_json("evaluationSlices".to_owned(), Json::Array(slices))
}
