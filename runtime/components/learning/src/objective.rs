//! What boosting and networks make small: the loss of scores, and its slopes.

use crate::data::{Data, Target};

/// A loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Objective {
    /// Log loss of two classes, by the logistic function.
    Binary,
    /// Log loss of so many classes, by softmax.
    Multiclass(usize),
    /// Half of the squared error.
    Squared,
}

impl Objective {
    /// How many scores a row has.
    #[must_use]
    pub fn outputs(self) -> usize {
        match self {
            Self::Multiclass(classes) => classes,
            Self::Binary | Self::Squared => 1,
        }
    }

    /// How the loss is told.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Squared => "rmse",
            Self::Binary | Self::Multiclass(_) => "log_loss",
        }
    }

    /// The mean loss of scores, a row's one after the other: the log loss, or the root of the mean squared error.
    #[must_use]
    pub fn loss(self, data: &Data, scores: &[f64]) -> f64 {
        let outputs = self.outputs();
        let (mut loss, mut weight) = (0.0, 0.0);
        for row in 0..data.rows {
            let scores = &scores[row * outputs..(row + 1) * outputs];
            loss += data.weight(row) * self.row_loss(&data.target, row, scores);
            weight += data.weight(row);
        }
        let mean = loss / weight;
        if self == Self::Squared { mean.sqrt() } else { mean }
    }

    /// The log loss of a row, or its squared error.
    pub(crate) fn row_loss(self, target: &Target, row: usize, scores: &[f64]) -> f64 {
        match (self, target) {
            (Self::Squared, Target::Numbers(numbers)) => (numbers[row] - scores[0]).powi(2),
            (Self::Binary, Target::Classes(classes)) => {
                let signed = if classes[row] == 1 { -scores[0] } else { scores[0] };
                // ln(1 + e^s) without overflow.
                signed.max(0.0) + (-signed.abs()).exp().ln_1p()
            }
            (Self::Multiclass(_), Target::Classes(classes)) => {
                let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let sum: f64 = scores.iter().map(|score| (score - most).exp()).sum();
                sum.ln() + most - scores[classes[row] as usize]
            }
            _ => 0.0,
        }
    }
}

/// The logistic function.
#[must_use]
pub fn sigmoid(score: f64) -> f64 {
    1.0 / (1.0 + (-score).exp())
}

/// Scores as shares of their exponentials.
pub fn softmax(scores: &mut [f64]) {
    let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for score in scores.iter_mut() {
        *score = (*score - most).exp();
        sum += *score;
    }
    for score in scores {
        *score /= sum;
    }
}
