//! Metrics of one class against another.

use serde::{Deserialize, Serialize};

use crate::metrics::{Metrics, put, share};

/// Bins of the calibration curve.
const BINS: usize = 10;
/// Points of a ROC curve that are kept.
const MOST_POINTS: usize = 1000;

/// A point of the ROC curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RocPoint {
    /// Rows with this score or a higher one are taken for positive. The first point's is above all scores.
    pub threshold: f64,
    /// Share of the positive rows that are found.
    pub true_positive_rate: f64,
    /// Share of the negative rows that are taken for positive.
    pub false_positive_rate: f64,
}

/// Rows whose predicted probability falls into the same tenth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CalibrationBin {
    /// Mean of the predicted probabilities.
    pub mean_predicted: f64,
    /// Share of positive rows.
    pub fraction_positive: f64,
    /// Weight of the rows.
    pub weight: f64,
}

/// Rows by score: for each distinct one, from high to low, the weights of positive and negative rows that reach it.
pub struct Ranked {
    thresholds: Vec<f64>,
    hits: Vec<f64>,
    alarms: Vec<f64>,
}

impl Ranked {
    /// Ranks rows of labels, scores and weights. Rows without weight do not count.
    pub fn of(labels: &[bool], scores: &[f64], weights: &[f64]) -> Self {
        let mut order: Vec<usize> = (0..labels.len()).filter(|row| weights[*row] > 0.0).collect();
        order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
        let mut ranked = Self { thresholds: Vec::new(), hits: Vec::new(), alarms: Vec::new() };
        let (mut hits, mut alarms) = (0.0, 0.0);
        for row in order {
            if labels[row] {
                hits += weights[row];
            } else {
                alarms += weights[row];
            }
            // Minus zero and zero are one score.
            #[expect(clippy::float_cmp, reason = "equal scores are one threshold")]
            if ranked.thresholds.last().is_some_and(|last| *last == scores[row]) {
                ranked.hits.pop();
                ranked.alarms.pop();
            } else {
                ranked.thresholds.push(scores[row]);
            }
            ranked.hits.push(hits);
            ranked.alarms.push(alarms);
        }
        ranked
    }

    fn positive(&self) -> f64 {
        self.hits.last().copied().unwrap_or(0.0)
    }

    fn negative(&self) -> f64 {
        self.alarms.last().copied().unwrap_or(0.0)
    }

    /// The area under the ROC curve and the average precision, where both classes are there.
    pub fn areas(&self, metrics: &mut Metrics) {
        let (positive, negative) = (self.positive(), self.negative());
        if positive > 0.0 && negative > 0.0 {
            put(metrics, "auc", self.auc());
        }
        if positive > 0.0 {
            let (mut sum, mut before) = (0.0, 0.0);
            for (hits, alarms) in self.hits.iter().zip(&self.alarms) {
                sum += (hits - before) / positive * share(*hits, hits + alarms);
                before = *hits;
            }
            put(metrics, "average_precision", sum);
        }
    }

    /// The area under the ROC curve by trapezoids; not finite where a class is not there.
    pub fn auc(&self) -> f64 {
        let (mut area, mut at) = (0.0, (0.0, 0.0));
        for (hits, alarms) in self.hits.iter().zip(&self.alarms) {
            area += (alarms - at.1) * (hits + at.0) / 2.0;
            at = (*hits, *alarms);
        }
        area / (self.positive() * self.negative())
    }

    /// The ROC curve without points on straight lines, from (0, 0) to (1, 1); at most a thousand points and evenly thinned, if there were more.
    /// Empty where a class is not there.
    pub fn roc(&self) -> Vec<RocPoint> {
        let (positive, negative) = (self.positive(), self.negative());
        if positive <= 0.0 || negative <= 0.0 {
            return Vec::new();
        }
        let last = self.thresholds.len() - 1;
        let on_line = |at: usize, of: &[f64]| {
            let (before, now, after) = (of[at - 1], of[at], of[at + 1]);
            (after - now) - (now - before)
        };
        let kept: Vec<usize> = (0..=last)
            .filter(|at| {
                *at == 0 || *at == last || on_line(*at, &self.hits) != 0.0 || on_line(*at, &self.alarms) != 0.0
            })
            .collect();
        let step = kept.len().div_ceil(MOST_POINTS).max(1);
        let thinned = kept.iter().enumerate().filter(|(n, at)| n % step == 0 || **at == last).map(|(_, at)| *at);
        let point = |at: usize| RocPoint {
            threshold: self.thresholds[at],
            true_positive_rate: self.hits[at] / positive,
            false_positive_rate: self.alarms[at] / negative,
        };
        let first = RocPoint { threshold: self.thresholds[0] + 1.0, true_positive_rate: 0.0, false_positive_rate: 0.0 };
        std::iter::once(first).chain(thinned.map(point)).collect()
    }

    /// Precision, recall and F1 if all from this score on are taken for positive.
    pub fn at(&self, threshold: f64) -> [f64; 3] {
        let reached = self.thresholds.partition_point(|score| *score >= threshold);
        let (hits, alarms) = match reached.checked_sub(1) {
            Some(at) => (self.hits[at], self.alarms[at]),
            None => (0.0, 0.0),
        };
        let positive = self.positive();
        [share(hits, hits + alarms), share(hits, positive), share(2.0 * hits, positive + hits + alarms)]
    }
}

/// What the decisions alone tell: precision, recall, F1 and rates.
pub fn decided(labels: &[bool], predicted: &[bool], weights: &[f64], metrics: &mut Metrics) {
    let [mut hit, mut alarm, mut miss, mut rest] = [0.0; 4];
    for ((label, predicted), weight) in labels.iter().zip(predicted).zip(weights) {
        match (label, predicted) {
            (true, true) => hit += weight,
            (false, true) => alarm += weight,
            (true, false) => miss += weight,
            (false, false) => rest += weight,
        }
    }
    put(metrics, "precision", share(hit, hit + alarm));
    put(metrics, "recall", share(hit, hit + miss));
    put(metrics, "f1", share(2.0 * hit, 2.0 * hit + alarm + miss));
    put(metrics, "selection_rate", (hit + alarm) / (hit + alarm + miss + rest));
    put(metrics, "positive_rate", (hit + miss) / (hit + alarm + miss + rest));
    put(metrics, "false_positive_rate", share(alarm, alarm + rest));
    put(metrics, "false_negative_rate", share(miss, hit + miss));
}

/// What probabilities tell: log loss, Brier score, calibration.
pub fn probabilities(labels: &[bool], scores: &[f64], weights: &[f64], metrics: &mut Metrics) -> Vec<CalibrationBin> {
    let total: f64 = weights.iter().sum();
    let [mut loss, mut squares, mut predicted, mut positive] = [0.0; 4];
    let mut bins = [[0.0; 3]; BINS];
    for ((label, score), weight) in labels.iter().zip(scores).zip(weights) {
        let of_label = if *label { *score } else { 1.0 - *score };
        loss -= weight * of_label.clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln();
        let truth = f64::from(u8::from(*label));
        squares += weight * (score - truth).powi(2);
        predicted += weight * score;
        positive += weight * truth;
        let bin = &mut bins[bin(*score)];
        bin[0] += weight * score;
        bin[1] += weight * truth;
        bin[2] += weight;
    }
    put(metrics, "log_loss", loss / total);
    put(metrics, "brier_score", squares / total);
    put(metrics, "mean_prediction", predicted / total);
    put(metrics, "calibration", predicted / positive);
    let bins: Vec<CalibrationBin> = bins
        .iter()
        .filter(|[_, _, weight]| *weight > 0.0)
        .map(|[predicted, positive, weight]| CalibrationBin {
            mean_predicted: predicted / weight,
            fraction_positive: positive / weight,
            weight: *weight,
        })
        .collect();
    let error: f64 =
        bins.iter().map(|bin| bin.weight / total * (bin.mean_predicted - bin.fraction_positive).abs()).sum();
    put(metrics, "expected_calibration_error", error);
    bins
}

/// The tenth that a probability falls into. An edge belongs to the bin below it, as with scikit-learn's `calibration_curve`.
fn bin(probability: f64) -> usize {
    (1..BINS).take_while(|edge| probability > *edge as f64 * 0.1).count()
}
