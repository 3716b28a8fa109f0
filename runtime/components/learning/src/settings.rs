//! What a learner can be told, by name: what a tuner varies.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::error::{Result, refuse};

/// What learns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Algorithm {
    /// Logistic regression for classes, of several by softmax; least squares for numbers. Both with a quadratic penalty.
    Linear,
    /// Trees on drawn rows, averaged.
    RandomForest,
    /// Trees that each mend what those before left wrong.
    GradientBoosting,
    /// Groups around means.
    KMeans,
    /// Dense layers with rectifiers.
    NeuralNetwork,
}

impl Algorithm {
    /// How it is told.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Linear => "linear model",
            Self::RandomForest => "random forest",
            Self::GradientBoosting => "gradient-boosted trees",
            Self::KMeans => "k-means",
            Self::NeuralNetwork => "neural network",
        }
    }
}

/// A parameter: its name, what it is if it is not given, and its lowest and highest value.
type Parameter = (&'static str, f64, f64, f64);

const LINEAR: &[Parameter] = &[("l2", 1.0, 0.0, 1e12), ("iterations", 1000.0, 1.0, 1e6), ("tolerance", 1e-6, 0.0, 1.0)];
const FOREST: &[Parameter] = &[
    ("trees", 100.0, 1.0, 10_000.0),
    ("max-depth", 0.0, 0.0, 64.0),
    ("min-leaf-rows", 1.0, 1.0, 1e9),
    ("max-bins", 255.0, 2.0, 255.0),
    ("column-fraction", 0.0, 0.0, 1.0),
    ("row-fraction", 1.0, 0.001, 1.0),
];
const BOOSTING: &[Parameter] = &[
    ("trees", 100.0, 1.0, 10_000.0),
    ("learning-rate", 0.1, 1e-6, 10.0),
    ("leaves", 31.0, 2.0, 65_536.0),
    ("max-depth", 0.0, 0.0, 64.0),
    ("min-leaf-rows", 20.0, 1.0, 1e9),
    ("min-leaf-hessian", 1e-3, 0.0, 1e12),
    ("min-gain", 0.0, 0.0, 1e12),
    ("l1", 0.0, 0.0, 1e12),
    ("l2", 0.0, 0.0, 1e12),
    ("max-bins", 255.0, 2.0, 255.0),
    ("column-fraction", 1.0, 0.001, 1.0),
    ("row-fraction", 1.0, 0.001, 1.0),
    ("early-stopping-rounds", 0.0, 0.0, 10_000.0),
];
const MEANS: &[Parameter] =
    &[("clusters", 8.0, 1.0, 10_000.0), ("iterations", 300.0, 1.0, 1e6), ("starts", 4.0, 1.0, 1000.0)];
const NETWORK: &[Parameter] = &[
    ("width", 64.0, 1.0, 4096.0),
    ("layers", 2.0, 0.0, 16.0),
    ("epochs", 100.0, 1.0, 100_000.0),
    ("batch-rows", 64.0, 1.0, 65_536.0),
    ("learning-rate", 1e-3, 1e-9, 10.0),
    ("l2", 1e-4, 0.0, 1e6),
    ("early-stopping-rounds", 10.0, 0.0, 100_000.0),
];

/// The parameters of a learner, each within its bounds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Settings(BTreeMap<&'static str, f64>);

impl Settings {
    /// What is given, and else what is usual.
    ///
    /// # Errors
    /// A name that this learner does not have, or a value beyond its bounds.
    pub fn new(algorithm: Algorithm, given: &[(String, f64)]) -> Result<Self> {
        let known = match algorithm {
            Algorithm::Linear => LINEAR,
            Algorithm::RandomForest => FOREST,
            Algorithm::GradientBoosting => BOOSTING,
            Algorithm::KMeans => MEANS,
            Algorithm::NeuralNetwork => NETWORK,
        };
        let mut all: BTreeMap<&'static str, f64> = known.iter().map(|(name, usual, ..)| (*name, *usual)).collect();
        for (name, value) in given {
            // KerasTuner's names of parameters have no hyphens.
            let dashed = name.replace('_', "-");
            let Some((name, _, low, high)) = known.iter().find(|(known, ..)| *known == dashed) else {
                let names: Vec<&str> = known.iter().map(|(name, ..)| *name).collect();
                refuse!("a {} has no parameter `{name}`; it has: {}", algorithm.label(), names.join(", "));
            };
            if !(*low..=*high).contains(value) {
                refuse!("parameter `{name}` is {value}, and must be from {low} to {high}");
            }
            all.insert(name, *value);
        }
        Ok(Self(all))
    }

    /// A parameter of this learner.
    #[must_use]
    pub fn get(&self, name: &str) -> f64 {
        self.0.get(name).copied().unwrap_or(0.0)
    }

    /// A parameter that is a whole number.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded, and not below 0")]
    pub fn count(&self, name: &str) -> usize {
        self.get(name).round() as usize
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.0.iter().map(|(name, value)| (*name, *value))
    }
}
