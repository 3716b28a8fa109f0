//! K-means: groups around means, on encoded inputs.

use crate::data::Data;
use crate::encode::Encoding;
use crate::model::{Centres, Curve};
use crate::rng::Rng;
use crate::settings::Settings;

fn distance(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum()
}

/// The nearest centre and the squared distance to it; of several the first.
pub fn nearest(centres: &Centres, row: &[f32]) -> (usize, f64) {
    let mut best = (0, f64::INFINITY);
    for (n, centre) in centres.values.chunks(centres.width.max(1)).enumerate() {
        let distance = distance(row, centre);
        if distance < best.1 {
            best = (n, distance);
        }
    }
    best
}

/// Learns centres, several times from other starts, and keeps those with the least sum of squared distances.
pub fn learn(encoding: &Encoding, settings: &Settings, data: &Data, seed: u64) -> (Centres, Curve) {
    let inputs = encoding.apply(data);
    let width = encoding.width;
    let mut rng = Rng::new(seed, 6);
    let clusters = settings.count("clusters").min(data.rows);
    let mut best: Option<(f64, Centres, Curve)> = None;
    for _ in 0..settings.count("starts") {
        let mut centres = start(&inputs, width, clusters, data, &mut rng);
        let mut curve = Curve { metric: "inertia", ..Curve::default() };
        let mut before = f64::INFINITY;
        for iteration in 1..=settings.count("iterations") {
            let inertia = improve(&mut centres, &inputs, data);
            curve.push(iteration, inertia, None);
            if inertia >= before {
                break;
            }
            before = inertia;
        }
        let inertia = (0..data.rows)
            .map(|row| data.weight(row) * nearest(&centres, &inputs[row * width..(row + 1) * width]).1)
            .sum::<f64>();
        if best.as_ref().is_none_or(|(known, ..)| inertia < *known) {
            best = Some((inertia, centres, curve));
        }
    }
    best.map_or_else(
        || (Centres { width, values: Vec::new() }, Curve::default()),
        |(_, centres, curve)| (centres, curve),
    )
}

/// Rows far from one another (k-means++).
fn start(inputs: &[f32], width: usize, clusters: usize, data: &Data, rng: &mut Rng) -> Centres {
    let row = |row: usize| &inputs[row * width..(row + 1) * width];
    let mut centres = Centres { width, values: row(rng.below(data.rows)).to_vec() };
    let mut distances: Vec<f64> = (0..data.rows).map(|n| distance(row(n), &centres.values)).collect();
    for _ in 1..clusters {
        let weights = || distances.iter().enumerate().map(|(n, distance)| distance * data.weight(n));
        let mut left = rng.unit() * weights().sum::<f64>();
        let chosen = weights().position(|weight| {
            left -= weight;
            left < 0.0
        });
        let chosen = row(chosen.unwrap_or_else(|| data.rows - 1));
        for (n, known) in distances.iter_mut().enumerate() {
            *known = known.min(distance(row(n), chosen));
        }
        centres.values.extend_from_slice(chosen);
    }
    centres
}

/// Moves each centre to the mean of its rows, and tells the sum of squared distances before. A centre without rows stays.
#[expect(clippy::cast_possible_truncation, reason = "models compute in single precision")]
fn improve(centres: &mut Centres, inputs: &[f32], data: &Data) -> f64 {
    let width = centres.width;
    let mut sums = vec![0.0; centres.values.len()];
    let mut weights = vec![0.0; centres.values.len() / width.max(1)];
    let mut inertia = 0.0;
    for (n, row) in inputs.chunks(width.max(1)).enumerate() {
        let (centre, distance) = nearest(centres, row);
        let weight = data.weight(n);
        inertia += weight * distance;
        weights[centre] += weight;
        for (sum, value) in sums[centre * width..(centre + 1) * width].iter_mut().zip(row) {
            *sum += weight * f64::from(*value);
        }
    }
    for (centre, weight) in weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0) {
        let places = centre * width..(centre + 1) * width;
        for (value, sum) in centres.values[places.clone()].iter_mut().zip(&sums[places]) {
            *value = (sum / weight) as f32;
        }
    }
    inertia
}
