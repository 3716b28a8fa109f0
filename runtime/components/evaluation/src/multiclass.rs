//! Metrics of several classes.

use crate::binary::Ranked;
use crate::confusion::Confusion;
use crate::metrics::{Metrics, put};

/// Averages of precision, recall and F1 over the classes, and each class's own.
pub fn by_class(confusion: &Confusion, classes: &[String], metrics: &mut Metrics) {
    let found = confusion.by_class();
    let support = confusion.support();
    let total: f64 = support.iter().sum();
    for (at, name) in ["precision", "recall", "f1"].into_iter().enumerate() {
        let mut weighted = 0.0;
        for (class, figures) in &found {
            put(metrics, &format!("{name}/{}", classes[*class]), figures[at]);
            weighted += support[*class] * figures[at];
        }
        let sum: f64 = found.iter().map(|(_, figures)| figures[at]).sum();
        put(metrics, &format!("{name}_macro"), sum / found.len() as f64);
        put(metrics, &format!("{name}_weighted"), weighted / total);
    }
    // All rows have one label and one prediction, so the three micro-averages are the accuracy.
    if let Some(accuracy) = metrics.get("accuracy").copied() {
        for name in ["precision_micro", "recall_micro", "f1_micro"] {
            put(metrics, name, accuracy);
        }
    }
}

/// Log loss, Brier score, and AUC of each class against the rest.
pub fn probabilities(
    labels: &[u32],
    probabilities: &[f64],
    classes: &[String],
    weights: &[f64],
    metrics: &mut Metrics,
) {
    let total: f64 = weights.iter().sum();
    let (mut loss, mut squares) = (0.0, 0.0);
    for ((label, row), weight) in labels.iter().zip(probabilities.chunks(classes.len())).zip(weights) {
        let of_label = row[*label as usize];
        loss -= weight * of_label.clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln();
        let all: f64 = row.iter().map(|probability| probability * probability).sum();
        squares += weight * (all - of_label * of_label + (1.0 - of_label).powi(2));
    }
    put(metrics, "log_loss", loss / total);
    put(metrics, "brier_score", squares / total);

    let mut areas = Vec::new();
    for (class, name) in classes.iter().enumerate() {
        let is_class: Vec<bool> = labels.iter().map(|label| *label as usize == class).collect();
        let scores: Vec<f64> = probabilities.iter().skip(class).step_by(classes.len()).copied().collect();
        let area = Ranked::of(&is_class, &scores, weights).auc();
        put(metrics, &format!("auc/{name}"), area);
        let support: f64 = is_class.iter().zip(weights).filter(|(is, _)| **is).map(|(_, weight)| weight).sum();
        areas.push((area, support));
    }
    // Not finite if one of them is not, and then not told.
    let sum: f64 = areas.iter().map(|(area, _)| area).sum();
    put(metrics, "auc_ovr_macro", sum / areas.len() as f64);
    let sum: f64 = areas.iter().map(|(area, support)| area * support).sum();
    put(metrics, "auc_ovr_weighted", sum / total);
}
