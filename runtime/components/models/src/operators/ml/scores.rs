//! What classifiers share: their classes, and what becomes of scores in the end.

use crate::error::{Done, refuse};
use crate::onnx::Attributes;
use crate::operators::elementwise::sigmoid;
use crate::operators::softmax::exponentials;
use crate::tensor::Data;

/// What becomes of the scores of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transform {
    None,
    Logistic,
    Softmax,
    /// The same, but scores of zero stay zero.
    SoftmaxZero,
    /// The inverse of the normal distribution.
    Probit,
}

impl Transform {
    pub(super) fn new(attributes: &Attributes<'_>) -> Done<Self> {
        Ok(match attributes.text("post_transform", "NONE")?.as_str() {
            "NONE" => Self::None,
            "LOGISTIC" => Self::Logistic,
            "SOFTMAX" => Self::Softmax,
            "SOFTMAX_ZERO" => Self::SoftmaxZero,
            "PROBIT" => Self::Probit,
            other => refuse!("there is no transform `{other}` of scores"),
        })
    }

    /// The number that stands for it in `TreeEnsemble`.
    pub(super) fn numbered(number: i64) -> Done<Self> {
        Ok(match number {
            0 => Self::None,
            1 => Self::Softmax,
            2 => Self::Logistic,
            3 => Self::SoftmaxZero,
            4 => Self::Probit,
            other => refuse!("there is no transform {other} of scores"),
        })
    }

    /// Changes the scores of one row.
    pub(crate) fn apply(self, scores: &mut [f64]) {
        match self {
            Self::None => {}
            Self::Logistic => scores.iter_mut().for_each(|score| *score = sigmoid(*score)),
            Self::Softmax => exponentials(scores),
            Self::SoftmaxZero => softmax_zero(scores),
            Self::Probit => scores.iter_mut().for_each(|score| *score = probit(*score)),
        }
    }
}

fn softmax_zero(scores: &mut [f64]) {
    let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for score in scores.iter_mut() {
        if score.abs() > 1e-7 {
            *score = (*score - most).exp();
            sum += *score;
        } else {
            *score *= (-most).exp();
        }
    }
    if sum > 0.0 {
        scores.iter_mut().for_each(|score| *score /= sum);
    }
}

/// The inverse of the normal distribution by the approximation that is used with this operator (Winitzki's, of the inverse error function).
fn probit(value: f64) -> f64 {
    let x = 2.0 * value - 1.0;
    let sign = if x < 0.0 { -1.0 } else { 1.0 };
    let log = ((1.0 - x) * (1.0 + x)).ln();
    let half = 2.0 / (std::f64::consts::PI * 0.147) + 0.5 * log;
    std::f64::consts::SQRT_2 * sign * ((half * half - log / 0.147).sqrt() - half).sqrt()
}

/// The classes of a classifier: integers or texts.
pub(super) fn classes(attributes: &Attributes<'_>, integers: &str) -> Done<Data> {
    let texts = attributes.texts("classlabels_strings")?;
    let integers = attributes.ints(integers).unwrap_or_default();
    match (texts.is_empty(), integers.is_empty()) {
        (false, true) => Ok(texts.into()),
        (true, false) => Ok(integers.to_vec().into()),
        (false, false) => refuse!("it names its classes twice, as texts and as integers"),
        (true, true) => refuse!("it names no classes"),
    }
}

/// The place of the largest score; the first of equal ones.
pub(crate) fn largest<T: PartialOrd>(scores: &[T]) -> usize {
    let mut best = 0;
    for at in 1..scores.len() {
        if scores[at] > scores[best] {
            best = at;
        }
    }
    best
}
