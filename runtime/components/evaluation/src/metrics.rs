//! Named figures. A figure that is not defined, such as an AUC where all labels are the same, is not there.

use std::collections::BTreeMap;

/// Figures by their names.
pub type Metrics = BTreeMap<String, f64>;

/// Adds a figure if it is defined.
pub fn put(metrics: &mut Metrics, name: &str, value: f64) {
    if value.is_finite() {
        metrics.insert(name.to_owned(), value);
    }
}

/// A quotient; 0 where the divisor is 0, as scikit-learn's `zero_division` is by default.
pub fn share(part: f64, whole: f64) -> f64 {
    if whole == 0.0 { 0.0 } else { part / whole }
}

/// What is told first, in this order; the rest follows by name.
const FIRST: [&str; 20] = [
    "accuracy",
    "auc",
    "auc_ovr_macro",
    "average_precision",
    "log_loss",
    "brier_score",
    "precision",
    "recall",
    "f1",
    "f1_macro",
    "f1_weighted",
    "balanced_accuracy",
    "rmse",
    "mae",
    "mape",
    "r2",
    "selection_rate",
    "false_positive_rate",
    "calibration",
    "expected_calibration_error",
];

/// The order in which a figure is told.
#[must_use]
pub fn rank(name: &str) -> (usize, &str) {
    (FIRST.iter().position(|first| *first == name).unwrap_or(FIRST.len()), name)
}

/// Figures in the order in which they are told.
#[must_use]
pub fn ordered(metrics: &Metrics) -> Vec<(&str, f64)> {
    let mut all: Vec<(&str, f64)> = metrics.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    all.sort_by_key(|(name, _)| rank(name));
    all
}
