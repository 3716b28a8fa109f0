//! Metrics of predicted numbers.

use crate::metrics::{Metrics, put};

/// Errors of predicted numbers. R2 is told from two rows on.
pub fn measure(labels: &[f64], predicted: &[f64], weights: &[f64], metrics: &mut Metrics) {
    let total: f64 = weights.iter().sum();
    let rows =
        || labels.iter().zip(predicted).zip(weights).map(|((label, predicted), weight)| (*label, *predicted, *weight));
    let mean = |of: &dyn Fn(f64, f64) -> f64| {
        rows().map(|(label, predicted, weight)| weight * of(label, predicted)).sum::<f64>() / total
    };
    let squared = mean(&|label, predicted| (label - predicted).powi(2));
    put(metrics, "mse", squared);
    put(metrics, "rmse", squared.sqrt());
    put(metrics, "mae", mean(&|label, predicted| (label - predicted).abs()));
    put(metrics, "mape", mean(&|label, predicted| (predicted - label).abs() / label.abs().max(f64::EPSILON)));
    let bias = mean(&|label, predicted| predicted - label);
    put(metrics, "mean_error", bias);
    put(metrics, "max_error", rows().map(|(label, predicted, _)| (label - predicted).abs()).fold(0.0, f64::max));
    put(metrics, "mean_label", mean(&|label, _| label));
    put(metrics, "mean_prediction", mean(&|_, predicted| predicted));

    let mean_label = mean(&|label, _| label);
    let spread = mean(&|label, _| (label - mean_label).powi(2));
    let unexplained = mean(&|label, predicted| (label - predicted + bias).powi(2));
    // Labels that are all the same are explained wholly or not at all.
    let explained = |left: f64| match (left == 0.0, spread == 0.0) {
        (_, false) => 1.0 - left / spread,
        (true, true) => 1.0,
        (false, true) => 0.0,
    };
    if labels.len() > 1 {
        put(metrics, "r2", explained(squared));
        put(metrics, "explained_variance", explained(unexplained));
    }
}
