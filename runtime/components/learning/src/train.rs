//! From rows to a model with its figures.

use serde::Serialize;

use crate::boosting;
use crate::data::{Data, Schema, Target, Task};
use crate::encode;
use crate::error::{Result, refuse};
use crate::forest;
use crate::kmeans;
use crate::linear;
use crate::model::{Answers, Body, Curve, Model};
use crate::network;
use crate::objective::Objective;
use crate::settings::{Algorithm, Settings};

/// What came of learning.
#[derive(Debug, Clone)]
pub struct Trained {
    /// The model.
    pub model: Model,
    /// How it learned.
    pub algorithm: Algorithm,
    /// With which parameters.
    pub settings: Settings,
    /// How the loss went.
    pub curve: Curve,
    /// Figures of the rows that were learned from.
    pub learned: Figures,
    /// Figures of the validation rows.
    pub examined: Option<Figures>,
    /// Features and the shares of all gain that their splits have, the largest first. Empty but for trees.
    pub importances: Vec<(String, f64)>,
}

/// How well a model does on rows.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Figures {
    /// How many rows there are.
    pub rows: usize,
    /// Names and values.
    pub values: Vec<(&'static str, f64)>,
}

impl Figures {
    /// One of them.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<f64> {
        self.values.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }
}

/// Learns a model.
///
/// # Errors
/// An algorithm that does not fit the task, and tables that are too wide for it.
pub fn train(
    schema: &Schema,
    algorithm: Algorithm,
    settings: Settings,
    data: &Data,
    validation: Option<&Data>,
    seed: u64,
) -> Result<Trained> {
    let objective = match (schema.task, schema.classes.len()) {
        (Task::Classification, 2) => Objective::Binary,
        (Task::Classification, classes) => Objective::Multiclass(classes),
        _ => Objective::Squared,
    };
    match (algorithm, schema.task) {
        (Algorithm::KMeans, Task::Clustering) => {}
        (Algorithm::KMeans, _) => refuse!("k-means takes no label: leave it out, and exclude its column"),
        (_, Task::Clustering) => refuse!("a {} needs a label", algorithm.label()),
        _ => {}
    }
    if let Some(weights) = &data.weights
        && weights.iter().sum::<f64>() <= 0.0
    {
        refuse!("the weights of all rows are 0");
    }
    let (body, curve) = match algorithm {
        Algorithm::GradientBoosting => {
            let (trees, curve) = boosting::learn(schema, objective, &settings, data, validation, seed)?;
            (Body::Trees { trees, are_shares: false }, curve)
        }
        Algorithm::RandomForest => {
            let trees = forest::learn(schema, &settings, data, seed);
            (Body::Trees { trees, are_shares: true }, Curve::default())
        }
        Algorithm::Linear => {
            let encoding = encode::decide(&schema.features, data)?;
            let (layer, curve) = linear::learn(&encoding, objective, &settings, data);
            (Body::Layers { encoding, layers: vec![layer] }, curve)
        }
        Algorithm::NeuralNetwork => {
            let encoding = encode::decide(&schema.features, data)?;
            let (layers, curve) = network::learn(&encoding, objective, &settings, data, validation, seed);
            (Body::Layers { encoding, layers }, curve)
        }
        Algorithm::KMeans => {
            let encoding = encode::decide(&schema.features, data)?;
            let (centres, curve) = kmeans::learn(&encoding, &settings, data, seed);
            (Body::Centres { encoding, centres }, curve)
        }
    };
    let importances = match &body {
        Body::Trees { trees, .. } => {
            let all: f64 = trees.gains.iter().sum();
            let share = |gain: &f64| if all > 0.0 { gain / all } else { 0.0 };
            let mut shares: Vec<(String, f64)> = schema
                .features
                .iter()
                .zip(&trees.gains)
                .map(|(feature, gain)| (feature.name.clone(), share(gain)))
                .collect();
            shares.sort_by(|(_, a), (_, b)| b.total_cmp(a));
            shares
        }
        _ => Vec::new(),
    };
    let model = Model { schema: schema.clone(), body };
    let learned = figures(&model, data);
    let examined = validation.map(|data| figures(&model, data));
    Ok(Trained { model, algorithm, settings, curve, learned, examined, importances })
}

/// How well a model does on rows: accuracy and log loss, or errors; of clusters nothing but the rows.
#[must_use]
pub fn figures(model: &Model, data: &Data) -> Figures {
    let total: f64 = (0..data.rows).map(|row| data.weight(row)).sum();
    let mean = |of: &dyn Fn(usize) -> f64| (0..data.rows).map(|row| data.weight(row) * of(row)).sum::<f64>() / total;
    let values = match (model.predict(data), &data.target) {
        (Answers::Probabilities(all), Target::Classes(classes)) => {
            let width = model.schema.classes.len();
            let row = |row: usize| &all[row * width..(row + 1) * width];
            let hit = |n: usize| f64::from(u8::from(largest(row(n)) == classes[n] as usize));
            let loss = |n: usize| -row(n)[classes[n] as usize].clamp(f64::EPSILON, 1.0).ln();
            vec![("accuracy", mean(&hit)), ("log_loss", mean(&loss))]
        }
        (Answers::Numbers(predicted), Target::Numbers(numbers)) => {
            let squared = mean(&|row| (predicted[row] - numbers[row]).powi(2));
            let middle = mean(&|row| numbers[row]);
            let spread = mean(&|row| (numbers[row] - middle).powi(2));
            let mut values =
                vec![("rmse", squared.sqrt()), ("mae", mean(&|row| (predicted[row] - numbers[row]).abs()))];
            if spread > 0.0 {
                values.push(("r2", 1.0 - squared / spread));
            }
            values
        }
        _ => Vec::new(),
    };
    Figures { rows: data.rows, values }
}

/// The place of the largest; of several the first.
#[must_use]
pub fn largest(values: &[f64]) -> usize {
    let mut best = 0;
    for (place, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = place;
        }
    }
    best
}
