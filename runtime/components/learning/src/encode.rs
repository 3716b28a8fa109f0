//! Features as rows of numbers, for what multiplies them: missing numbers become the mean, numbers are standardised, categories become one input each.
//!
//! All is computed in single precision as the model will, so that a model answers as it learned.

use crate::data::{Data, Feature, FeatureKind, Values};
use crate::error::{Result, refuse};

/// The most inputs.
pub const MOST_INPUTS: usize = 20_000;
/// The most numbers of all rows.
const MOST_NUMBERS: usize = 400_000_000;

/// How features become numbers.
#[derive(Debug, Clone)]
pub struct Encoding {
    /// Each feature's part, in order.
    pub parts: Vec<Part>,
    /// How many inputs there are.
    pub width: usize,
}

/// How a feature becomes numbers.
#[derive(Debug, Clone)]
pub enum Part {
    /// One: (number - offset) * scale, and 0 if it is missing.
    Number {
        /// The mean.
        offset: f32,
        /// One by the deviation; 0 if that is 0.
        scale: f32,
    },
    /// One for each of so many words: 1 for the word that is there, and 0 for the others.
    Words(usize),
}

/// Decides how features become numbers.
///
/// # Errors
/// There would be too many.
#[expect(clippy::cast_possible_truncation, reason = "models compute in single precision")]
pub fn decide(features: &[Feature], data: &Data) -> Result<Encoding> {
    let mut parts = Vec::new();
    let mut width = 0;
    for (feature, values) in features.iter().zip(&data.columns) {
        let part = match (&feature.kind, values) {
            (FeatureKind::Categorical(words), _) => Part::Words(words.len()),
            (FeatureKind::Numeric, Values::Numbers(numbers)) => {
                let there = || (0..data.rows).filter(|row| !numbers[*row].is_nan());
                let weight: f64 = there().map(|row| data.weight(row)).sum();
                let mean = there().map(|row| data.weight(row) * f64::from(numbers[row])).sum::<f64>()
                    / weight.max(f64::MIN_POSITIVE);
                let square = |row: usize| data.weight(row) * (f64::from(numbers[row]) - mean).powi(2);
                let deviation = (there().map(square).sum::<f64>() / weight.max(f64::MIN_POSITIVE)).sqrt();
                let scale = if deviation > 0.0 { (1.0 / deviation) as f32 } else { 0.0 };
                Part::Number { offset: mean as f32, scale: if scale.is_finite() { scale } else { 0.0 } }
            }
            (FeatureKind::Numeric, Values::Codes(_)) => Part::Words(0),
        };
        width += match part {
            Part::Number { .. } => 1,
            Part::Words(words) => words,
        };
        parts.push(part);
    }
    if width > MOST_INPUTS {
        refuse!(
            "the columns become {width} inputs, and at most {MOST_INPUTS} are learned from: leave out columns with many words, or use trees"
        );
    }
    if width.saturating_mul(data.rows) > MOST_NUMBERS {
        refuse!("{} rows of {width} inputs are more than is held in memory: take a sample, or use trees", data.rows);
    }
    Ok(Encoding { parts, width })
}

impl Encoding {
    /// Rows of inputs, one after the other.
    #[must_use]
    pub fn apply(&self, data: &Data) -> Vec<f32> {
        let mut inputs = vec![0.0; data.rows * self.width];
        let mut at = 0;
        for (part, values) in self.parts.iter().zip(&data.columns) {
            match (part, values) {
                (Part::Number { offset, scale }, Values::Numbers(numbers)) => {
                    for (row, number) in numbers.iter().enumerate().filter(|(_, number)| !number.is_nan()) {
                        inputs[row * self.width + at] = (number - offset) * scale;
                    }
                    at += 1;
                }
                (Part::Words(words), Values::Codes(codes)) => {
                    for (row, code) in codes.iter().enumerate().filter(|(_, code)| (**code as usize) < *words) {
                        inputs[row * self.width + at + *code as usize] = 1.0;
                    }
                    at += words;
                }
                (Part::Number { .. }, _) => at += 1,
                (Part::Words(words), _) => at += words,
            }
        }
        inputs
    }
}
