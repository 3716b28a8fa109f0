//! Small dense networks: layers with rectifiers, learned by Adam.

use crate::data::{Data, Target};
use crate::encode::Encoding;
use crate::linear::spread;
use crate::model::{Curve, Layer};
use crate::objective::{Objective, sigmoid, softmax};
use crate::rng::Rng;
use crate::settings::Settings;

/// Learns layers. Validation rows are measured after each epoch; once they have not become better for so many epochs as the settings tell, learning ends,
/// and the best epoch's layers are kept.
pub fn learn(
    encoding: &Encoding,
    objective: Objective,
    settings: &Settings,
    data: &Data,
    validation: Option<&Data>,
    seed: u64,
) -> (Vec<Layer>, Curve) {
    let mut rng = Rng::new(seed, 5);
    let inputs = encoding.apply(data);
    let scale = if objective == Objective::Squared { spread(data) } else { (0.0, 1.0) };
    let mut network = Network::new(encoding.width, objective.outputs(), settings, &mut rng);
    let mut order: Vec<u32> = (0..u32::try_from(data.rows).unwrap_or(u32::MAX)).collect();
    let mut curve = Curve { metric: objective.label(), ..Curve::default() };
    let patience = settings.count("early-stopping-rounds");
    let mut best: Option<(f64, usize, Vec<Layer>)> = None;
    for epoch in 1..=settings.count("epochs") {
        rng.shuffle(&mut order);
        for batch in order.chunks(settings.count("batch-rows")) {
            network.step(&inputs, data, batch, objective, scale);
        }
        let loss = |data: &Data| objective.loss(data, &answers(&network.scaled(scale), encoding, data));
        let examined = validation.map(loss);
        curve.push(epoch, loss(data), examined);
        if let Some(loss) = examined.filter(|_| patience > 0) {
            if best.as_ref().is_none_or(|(least, ..)| loss < *least) {
                best = Some((loss, epoch, network.layers.clone()));
            } else if best.as_ref().is_some_and(|(_, at, _)| epoch - at >= patience) {
                break;
            }
        }
    }
    if let Some((_, epoch, layers)) = best {
        curve.best = Some(epoch);
        network.layers = layers;
    }
    (network.scaled(scale), curve)
}

/// The scores of rows, one after the other.
#[must_use]
pub fn answers(layers: &[Layer], encoding: &Encoding, data: &Data) -> Vec<f64> {
    let mut values = encoding.apply(data);
    for (at, layer) in layers.iter().enumerate() {
        let mut next = Vec::with_capacity(data.rows * layer.outputs);
        for row in values.chunks(layer.inputs.max(1)).take(data.rows) {
            layer.apply(row, &mut next);
        }
        if at + 1 < layers.len() {
            rectify(&mut next);
        }
        values = next;
    }
    values.into_iter().map(f64::from).collect()
}

fn rectify(values: &mut [f32]) {
    for value in values {
        *value = value.max(0.0);
    }
}

struct Network {
    layers: Vec<Layer>,
    /// Running means of slopes and of their squares, weights before biases, for each layer.
    moments: Vec<Vec<[f32; 2]>>,
    steps: i32,
    rate: f64,
    l2: f64,
}

impl Network {
    #[expect(clippy::cast_possible_truncation, reason = "networks compute in single precision")]
    fn new(inputs: usize, outputs: usize, settings: &Settings, rng: &mut Rng) -> Self {
        let mut widths = vec![inputs];
        widths.extend(std::iter::repeat_n(settings.count("width"), settings.count("layers")));
        widths.push(outputs);
        let layers: Vec<Layer> = widths
            .windows(2)
            .map(|two| {
                let deviation = (2.0 / two[0].max(1) as f64).sqrt();
                Layer {
                    inputs: two[0],
                    outputs: two[1],
                    weights: (0..two[0] * two[1]).map(|_| (rng.normal() * deviation) as f32).collect(),
                    biases: vec![0.0; two[1]],
                }
            })
            .collect();
        let moments = layers.iter().map(|layer| vec![[0.0; 2]; layer.weights.len() + layer.biases.len()]).collect();
        Self { layers, moments, steps: 0, rate: settings.get("learning-rate"), l2: settings.get("l2") }
    }

    /// The layers with the label's mean and deviation in the last one.
    #[expect(clippy::cast_possible_truncation, reason = "networks compute in single precision")]
    fn scaled(&self, (middle, spread): (f64, f64)) -> Vec<Layer> {
        let mut layers = self.layers.clone();
        if let Some(last) = layers.last_mut() {
            last.weights.iter_mut().for_each(|weight| *weight *= spread as f32);
            last.biases.iter_mut().for_each(|bias| *bias = (f64::from(*bias) * spread + middle) as f32);
        }
        layers
    }

    /// Learns from a batch of rows.
    #[expect(clippy::cast_possible_truncation, reason = "networks compute in single precision")]
    fn step(&mut self, inputs: &[f32], data: &Data, batch: &[u32], objective: Objective, scale: (f64, f64)) {
        let width = self.layers[0].inputs;
        let mut slopes: Vec<Vec<f32>> = self.moments.iter().map(|moments| vec![0.0; moments.len()]).collect();
        let total: f64 = batch.iter().map(|row| data.weight(*row as usize)).sum();
        if total <= 0.0 {
            return;
        }
        for row in batch {
            let row = *row as usize;
            let mut values = vec![inputs[row * width..(row + 1) * width].to_vec()];
            for (at, layer) in self.layers.iter().enumerate() {
                let mut next = Vec::with_capacity(layer.outputs);
                layer.apply(&values[at], &mut next);
                if at + 1 < self.layers.len() {
                    rectify(&mut next);
                }
                values.push(next);
            }
            let scores: Vec<f64> = values[self.layers.len()].iter().map(|score| f64::from(*score)).collect();
            let weight = data.weight(row) / total;
            let back = errors(objective, &data.target, row, scores, scale);
            let mut back: Vec<f32> = back.into_iter().map(|error| (error * weight) as f32).collect();
            for at in (0..self.layers.len()).rev() {
                back = self.back(at, &values[at], &back, &mut slopes[at]);
            }
        }
        self.adam(&slopes);
    }

    /// Adds the slopes of a layer, and gives those of its inputs.
    fn back(&self, at: usize, input: &[f32], back: &[f32], slopes: &mut [f32]) -> Vec<f32> {
        let layer = &self.layers[at];
        let mut before = vec![0.0; layer.inputs];
        for (n, value) in input.iter().enumerate() {
            // Behind a rectifier that gave 0 nothing changes; in front of the first layer nobody asks.
            if *value == 0.0 {
                continue;
            }
            let weights = &layer.weights[n * layer.outputs..(n + 1) * layer.outputs];
            let slopes = &mut slopes[n * layer.outputs..(n + 1) * layer.outputs];
            let mut sum = 0.0;
            for ((slope, weight), back) in slopes.iter_mut().zip(weights).zip(back) {
                *slope += value * back;
                sum += weight * back;
            }
            before[n] = sum;
        }
        for (slope, back) in slopes[layer.weights.len()..].iter_mut().zip(back) {
            *slope += back;
        }
        before
    }

    #[expect(clippy::cast_possible_truncation, reason = "networks compute in single precision")]
    fn adam(&mut self, slopes: &[Vec<f32>]) {
        const FIRST: f32 = 0.9;
        const SECOND: f32 = 0.999;
        self.steps = self.steps.saturating_add(1);
        let correction = |decay: f32| 1.0 - f64::from(decay).powi(self.steps);
        let rate = (self.rate * correction(SECOND).sqrt() / correction(FIRST)) as f32;
        let l2 = self.l2 as f32;
        for ((layer, moments), slopes) in self.layers.iter_mut().zip(&mut self.moments).zip(slopes) {
            let weights = layer.weights.len();
            let values = layer.weights.iter_mut().chain(&mut layer.biases);
            for (n, ((value, [mean, square]), slope)) in values.zip(moments).zip(slopes).enumerate() {
                let slope = slope + if n < weights { l2 * *value } else { 0.0 };
                *mean = FIRST * *mean + (1.0 - FIRST) * slope;
                *square = SECOND * *square + (1.0 - SECOND) * slope * slope;
                *value -= rate * *mean / (square.sqrt() + 1e-8);
            }
        }
    }
}

/// How far scores are from the truth: the slopes of the loss.
fn errors(objective: Objective, target: &Target, row: usize, mut scores: Vec<f64>, scale: (f64, f64)) -> Vec<f64> {
    match (objective, target) {
        (Objective::Squared, Target::Numbers(numbers)) => scores[0] -= (numbers[row] - scale.0) / scale.1,
        (Objective::Binary, Target::Classes(classes)) => scores[0] = sigmoid(scores[0]) - f64::from(classes[row]),
        (Objective::Multiclass(_), Target::Classes(classes)) => {
            softmax(&mut scores);
            scores[classes[row] as usize] -= 1.0;
        }
        _ => scores.fill(0.0),
    }
    scores
}
