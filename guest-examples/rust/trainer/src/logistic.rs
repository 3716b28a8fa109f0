//! The model, and how it is fitted. `polyglot/wit/trainer.wit` tells the order of operations.

use serde::Serialize;
use weft_guest::{Result, bail};

use crate::examples::{Example, Examples};

/// The least probability whose logarithm is taken.
const LEAST: f64 = 1e-15;

/// A logistic regression on standardised numbers.
#[derive(Debug, Serialize)]
pub struct Logistic {
    format: &'static str,
    label: String,
    positive: String,
    features: Vec<String>,
    mean: Vec<f64>,
    deviation: Vec<f64>,
    /// The intercept, then one for each feature.
    pub weights: Vec<f64>,
}

/// How well a model does.
#[derive(Debug)]
pub struct Scores {
    pub accuracy: f64,
    pub log_loss: f64,
}

impl Logistic {
    /// Calls `progress` with the number of epochs done after each one.
    pub fn fit(examples: &Examples, learning_rate: f64, epochs: u32, progress: impl Fn(u32)) -> Result<Self> {
        let n = examples.rows.len() as f64;
        let columns = 0..examples.features.len();
        let mean: Vec<f64> = columns.clone().map(|j| sum(examples, |row| row.values[j]) / n).collect();
        let deviation = columns.map(|j| {
            let variance = sum(examples, |row| (row.values[j] - mean[j]) * (row.values[j] - mean[j])) / n;
            if variance == 0.0 { 1.0 } else { variance.sqrt() }
        });
        let mut model = Self {
            format: "weft-logistic-1",
            label: examples.label.clone(),
            positive: examples.positive.clone(),
            features: examples.features.clone(),
            deviation: deviation.collect(),
            mean,
            weights: vec![0.0; examples.features.len() + 1],
        };

        let rows: Vec<(Vec<f64>, f64)> =
            examples.rows.iter().map(|row| (model.standardise(row), f64::from(u8::from(row.positive)))).collect();
        for epoch in 0..epochs {
            let mut gradient = vec![0.0; model.weights.len()];
            for (z, y) in &rows {
                let error = model.probability(z) - y;
                gradient[0] += error;
                for (gradient, z) in gradient[1..].iter_mut().zip(z) {
                    *gradient += error * z;
                }
            }
            for (weight, gradient) in model.weights.iter_mut().zip(&gradient) {
                *weight -= learning_rate * (gradient / n);
            }
            progress(epoch + 1);
        }
        if !model.weights.iter().all(|weight| weight.is_finite()) {
            bail!("the weights grew beyond all bounds: the learning rate {learning_rate} is too large");
        }
        Ok(model)
    }

    pub fn examine(&self, examples: &Examples) -> Scores {
        let n = examples.rows.len() as f64;
        let scored = |row: &Example| (self.probability(&self.standardise(row)), row.positive);
        let right = examples.rows.iter().map(scored).filter(|(p, positive)| (*p >= 0.5) == *positive).count();
        let loss = sum(examples, |row| {
            let (p, positive) = scored(row);
            -(if positive { p } else { 1.0 - p }).max(LEAST).ln()
        });
        Scores { accuracy: right as f64 / n, log_loss: loss / n }
    }

    fn standardise(&self, row: &Example) -> Vec<f64> {
        let scales = self.mean.iter().zip(&self.deviation);
        row.values.iter().zip(scales).map(|(value, (mean, deviation))| (value - mean) / deviation).collect()
    }

    /// How likely a row of standardised values is positive.
    fn probability(&self, z: &[f64]) -> f64 {
        let s = self.weights[1..].iter().zip(z).fold(self.weights[0], |s, (weight, z)| s + weight * z);
        1.0 / (1.0 + (-s).exp())
    }
}

/// From left to right, beginning at 0. (The library's own begins at -0.)
fn sum(examples: &Examples, term: impl Fn(&Example) -> f64) -> f64 {
    examples.rows.iter().fold(0.0, |sum, row| sum + term(row))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PENGUINS: &[u8] = include_bytes!("../../../penguins/data/penguins.csv");
    const EXPECTED: &str = include_str!("../../../polyglot/expected.json");

    #[test]
    fn the_penguins_give_the_model_that_all_languages_give() {
        let expected: serde_json::Value = serde_json::from_str(EXPECTED).unwrap();
        let numbers = |field: &str| -> Vec<f64> {
            expected[field].as_array().unwrap().iter().map(|n| n.as_f64().unwrap()).collect()
        };
        let examples = Examples::read(PENGUINS, "species", "Gentoo").unwrap();
        let model = Logistic::fit(&examples, 0.5, 200, |_| ()).unwrap();
        let close = |ours: &[f64], theirs: &[f64]| ours.iter().zip(theirs).all(|(a, b)| (a - b).abs() < 1e-9);
        assert!(close(&model.weights, &numbers("weights")), "{:?}", model.weights);
        assert!(close(&model.mean, &numbers("mean")) && close(&model.deviation, &numbers("deviation")));
        let scores = model.examine(&examples);
        let told = [scores.accuracy, scores.log_loss];
        assert!(
            close(&told, &[expected["accuracy"].as_f64().unwrap(), expected["log-loss"].as_f64().unwrap()]),
            "{told:?}"
        );
        assert_eq!((examples.rows.len(), examples.skipped), (342, 2));
    }

    #[test]
    fn a_constant_column_has_no_say_and_a_wild_learning_rate_is_refused() {
        let examples = Examples::read("x,c,kind\n1,5,a\n2,5,b\n".as_bytes(), "kind", "a").unwrap();
        let model = Logistic::fit(&examples, 0.1, 50, |_| ()).unwrap();
        assert_eq!((model.deviation[1], model.weights[2]), (1.0, 0.0));
        assert!(model.weights[1] < 0.0);

        let examples = Examples::read("x,y,kind\n1,1,a\n6,4,b\n3,2,a\n0,1,b\n".as_bytes(), "kind", "a").unwrap();
        assert!(Logistic::fit(&examples, 1.7e308, 20, |_| ()).unwrap_err().to_string().contains("too large"));
    }
}
