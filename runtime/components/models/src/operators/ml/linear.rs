//! Linear models.

use super::super::product::{Factor as _, Matrix};
use super::super::{Context, Table, one};
use super::scores::{Transform, classes, largest};
use crate::error::{Done, refuse};
use crate::onnx::Operator;
use crate::tensor::Tensor;

pub(in super::super) const TABLE: Table =
    &[("ai.onnx.ml.LinearClassifier", classifier), ("ai.onnx.ml.LinearRegressor", regressor)];

/// A weighted sum of the features for each target.
struct Linear {
    /// Features by targets: each feature's weights side by side.
    weights: Vec<f32>,
    intercepts: Vec<f32>,
    targets: usize,
    features: usize,
}

impl Linear {
    fn new(coefficients: &[f32], intercepts: &[f32], targets: usize) -> Done<Self> {
        if targets == 0 || coefficients.is_empty() || !coefficients.len().is_multiple_of(targets) {
            refuse!("{} coefficients are none for {targets} targets", coefficients.len());
        }
        if !intercepts.is_empty() && intercepts.len() != targets {
            refuse!("there are {} intercepts, and {targets} targets", intercepts.len());
        }
        let features = coefficients.len() / targets;
        let weights = (0..features).flat_map(|feature| (0..targets).map(move |target| target * features + feature));
        Ok(Self {
            weights: weights.map(|at| coefficients[at]).collect(),
            intercepts: if intercepts.is_empty() { vec![0.0; targets] } else { intercepts.to_vec() },
            targets,
            features,
        })
    }

    /// The sums of each row.
    fn sums(&self, rows: &Tensor) -> Done<(usize, Vec<f32>)> {
        let (count, width) = rows.matrix();
        if width != self.features {
            refuse!("the model has {} features, and rows have {width}", self.features);
        }
        let mut sums: Vec<f32> = std::iter::repeat_n(self.intercepts.as_slice(), count).flatten().copied().collect();
        let rows = rows.floats()?;
        let (rows, weights) = (Matrix::new(&rows, self.features), Matrix::new(&self.weights, self.targets));
        f32::multiply(rows, weights, &mut sums, self.features, self.targets);
        Ok((count, sums))
    }
}

#[allow(clippy::cast_possible_truncation, reason = "scores are floats")]
fn transform(scores: &mut [f32], width: usize, transform: Transform) {
    if transform == Transform::None {
        return;
    }
    for row in scores.chunks_exact_mut(width) {
        let mut wide: Vec<f64> = row.iter().map(|score| f64::from(*score)).collect();
        transform.apply(&mut wide);
        for (score, wide) in row.iter_mut().zip(wide) {
            *score = wide as f32;
        }
    }
}

fn regressor(context: &mut Context<'_>) -> Done<Operator> {
    let targets = usize::try_from(context.attributes.int("targets", 1)).unwrap_or(0);
    let linear =
        Linear::new(context.attributes.floats("coefficients"), context.attributes.floats("intercepts"), targets)?;
    let after = Transform::new(context.attributes)?;
    Ok(Box::new(move |inputs| {
        let (count, mut sums) = linear.sums(inputs.tensor(0)?)?;
        transform(&mut sums, targets, after);
        Ok(one(Tensor::of(vec![count, targets], sums)?))
    }))
}

fn classifier(context: &mut Context<'_>) -> Done<Operator> {
    let labels = classes(context.attributes, "classlabels_ints")?;
    let intercepts = context.attributes.floats("intercepts");
    let coefficients = context.attributes.floats("coefficients");
    let after = Transform::new(context.attributes)?;
    let targets = if intercepts.is_empty() { labels.len() } else { intercepts.len() };
    let linear = Linear::new(coefficients, intercepts, targets)?;
    // One score for two classes is that of the second.
    let one_score = targets == 1 && labels.len() == 2;
    if !one_score && targets != labels.len() {
        refuse!("it has {targets} scores for {} classes", labels.len());
    }
    Ok(Box::new(move |inputs| {
        let (count, sums) = linear.sums(inputs.tensor(0)?)?;
        let (chosen, mut scores): (Vec<usize>, Vec<f32>) = if one_score {
            let both = |sum: &f32| match after {
                Transform::Logistic => [-sum, *sum],
                _ => [1.0 - sum, *sum],
            };
            (sums.iter().map(|sum| usize::from(*sum > 0.0)).collect(), sums.iter().flat_map(both).collect())
        } else {
            (sums.chunks_exact(targets).map(largest).collect(), sums)
        };
        if !one_score || after == Transform::Logistic {
            transform(&mut scores, labels.len(), after);
        }
        let chosen = Tensor::of(vec![count], labels.at(chosen.into_iter()))?;
        Ok(vec![chosen.into(), Tensor::of(vec![count, labels.len()], scores)?.into()])
    }))
}
