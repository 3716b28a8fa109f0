//! Support vector machines.

use super::super::{Context, Table, one};
use super::scores::{Transform, classes, largest};
use crate::error::{Done, refuse};
use crate::onnx::{Attributes, Operator};
use crate::operators::elementwise::sigmoid;
use crate::tensor::{Tensor, elements};

pub(in super::super) const TABLE: Table =
    &[("ai.onnx.ml.SVMClassifier", classifier), ("ai.onnx.ml.SVMRegressor", regressor)];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Linear,
    Polynomial,
    Gaussian,
    Tangent,
}

/// How alike a row is to each support vector.
struct Kernel {
    kind: Kind,
    gamma: f32,
    constant: f32,
    degree: f32,
    vectors: Vec<f32>,
    features: usize,
}

impl Kernel {
    fn new(attributes: &Attributes<'_>, vectors: &[f32], count: usize) -> Done<Self> {
        let kind = match attributes.text("kernel_type", "LINEAR")?.as_str() {
            "LINEAR" => Kind::Linear,
            "POLY" => Kind::Polynomial,
            "RBF" => Kind::Gaussian,
            "SIGMOID" => Kind::Tangent,
            other => refuse!("there is no kernel `{other}`"),
        };
        if count == 0 || vectors.is_empty() || !vectors.len().is_multiple_of(count) {
            refuse!("{} numbers are no {count} support vectors", vectors.len());
        }
        let parameter = |at: usize| attributes.floats("kernel_params").get(at).copied().unwrap_or(0.0);
        Ok(Self {
            kind,
            gamma: parameter(0),
            constant: parameter(1),
            degree: parameter(2),
            vectors: vectors.to_vec(),
            features: vectors.len() / count,
        })
    }

    fn values<'a>(&'a self, row: &'a [f32]) -> impl Iterator<Item = f32> + 'a {
        self.vectors.chunks_exact(self.features).map(|vector| {
            let pairs = row.iter().zip(vector);
            if self.kind == Kind::Gaussian {
                let distance: f32 = pairs.map(|(a, b)| (a - b) * (a - b)).sum();
                return (-self.gamma * distance).exp();
            }
            let product: f32 = pairs.map(|(a, b)| a * b).sum();
            match self.kind {
                Kind::Polynomial => (self.gamma * product + self.constant).powf(self.degree),
                Kind::Tangent => (self.gamma * product + self.constant).tanh(),
                Kind::Linear | Kind::Gaussian => product,
            }
        })
    }

    /// The rows of an input.
    fn rows<'a>(&self, tensor: &'a Tensor) -> Done<(usize, std::borrow::Cow<'a, [f32]>)> {
        let (count, width) = tensor.matrix();
        if width != self.features {
            refuse!("the model has {} features, and rows have {width}", self.features);
        }
        Ok((count, tensor.floats()?))
    }
}

fn regressor(context: &mut Context<'_>) -> Done<Operator> {
    let attributes = context.attributes;
    let coefficients = attributes.floats("coefficients").to_vec();
    let supports = usize::try_from(attributes.int("n_supports", 0)).unwrap_or(0);
    // Without support vectors, the coefficients are the model.
    let kernel = match supports {
        0 => Kernel { kind: Kind::Linear, ..Kernel::new(attributes, &coefficients, 1)? },
        _ => Kernel::new(attributes, attributes.floats("support_vectors"), supports)?,
    };
    if supports > 0 && coefficients.len() != supports {
        refuse!("{supports} support vectors have {} coefficients", coefficients.len());
    }
    let rho = attributes.floats("rho").first().copied().unwrap_or(0.0);
    let one_class = attributes.int("one_class", 0) != 0;
    Ok(Box::new(move |inputs| {
        let (count, values) = kernel.rows(inputs.tensor(0)?)?;
        let score = |row: &[f32]| {
            let alike = kernel.values(row);
            let sum: f32 = match supports {
                0 => alike.sum(),
                _ => alike.zip(&coefficients).map(|(value, coefficient)| value * coefficient).sum(),
            };
            let score = sum + rho;
            if one_class { if score > 0.0 { 1.0 } else { -1.0 } } else { score }
        };
        let scores: Vec<f32> = values.chunks_exact(kernel.features).map(score).collect();
        Ok(one(Tensor::of(vec![count, 1], scores)?))
    }))
}

/// A machine for each pair of classes.
struct Pairs {
    /// Support vectors of each class: where they start, and one more.
    starts: Vec<usize>,
    /// A row for each class but one, a column for each support vector.
    coefficients: Vec<f32>,
    rho: Vec<f32>,
    vectors: usize,
    classes: usize,
}

impl Pairs {
    fn scores(&self, alike: &[f32], scores: &mut Vec<f32>, votes: &mut [u32]) {
        votes.fill(0);
        scores.clear();
        for i in 0..self.classes - 1 {
            for j in i + 1..self.classes {
                let part = |row: usize, class: usize| {
                    (self.starts[class]..self.starts[class + 1])
                        .map(|at| f64::from(self.coefficients[row * self.vectors + at] * alike[at]))
                        .sum::<f64>()
                };
                let sum = part(j - 1, i) + part(i, j) + f64::from(self.rho[scores.len()]);
                #[allow(clippy::cast_possible_truncation, reason = "scores are floats")]
                scores.push(sum as f32);
                votes[if sum > 0.0 { i } else { j }] += 1;
            }
        }
    }
}

fn classifier(context: &mut Context<'_>) -> Done<Operator> {
    let attributes = context.attributes;
    let labels = classes(attributes, "classlabels_ints")?;
    let after = Transform::new(attributes)?;
    let coefficients = attributes.floats("coefficients").to_vec();
    let rho = attributes.floats("rho").to_vec();
    let sizes = attributes.ints("vectors_per_class").unwrap_or_default();
    let count = labels.len();
    if sizes.iter().all(|size| *size <= 0) {
        // Without support vectors, there is a row of coefficients for each class.
        let kernel = Kernel { kind: Kind::Linear, ..Kernel::new(attributes, &coefficients, count)? };
        let shift = rho.first().copied().unwrap_or(0.0);
        return Ok(Box::new(move |inputs| {
            let (rows, values) = kernel.rows(inputs.tensor(0)?)?;
            let mut chosen = Vec::with_capacity(rows);
            let mut result = Vec::with_capacity(rows * count);
            for row in values.chunks_exact(kernel.features) {
                let mut scores: Vec<f64> = kernel.values(row).map(|value| f64::from(value + shift)).collect();
                chosen.push(largest(&scores));
                after.apply(&mut scores);
                #[allow(clippy::cast_possible_truncation, reason = "scores are floats")]
                result.extend(scores.into_iter().map(|score| score as f32));
            }
            let chosen = Tensor::of(vec![rows], labels.at(chosen.into_iter()))?;
            Ok(vec![chosen.into(), Tensor::of(vec![rows, count], result)?.into()])
        }));
    }
    let mut starts = vec![0_usize];
    for size in sizes {
        let size = usize::try_from(*size).unwrap_or(0);
        starts.push(starts.last().copied().unwrap_or(0).saturating_add(size));
    }
    let vectors = starts.last().copied().unwrap_or(0);
    let machines = count.saturating_mul(count.saturating_sub(1)) / 2;
    if !(2..=1 << 15).contains(&count) || starts.len() != count + 1 {
        refuse!("it names {count} classes, and the support vectors of {}", sizes.len());
    }
    if coefficients.len() != elements(&[count - 1, vectors])? || rho.len() < machines {
        refuse!(
            "{vectors} support vectors of {count} classes have {} coefficients and {} constants",
            coefficients.len(),
            rho.len()
        );
    }
    let kernel = Kernel::new(attributes, attributes.floats("support_vectors"), vectors)?;
    let (prob_a, prob_b) = (attributes.floats("prob_a").to_vec(), attributes.floats("prob_b").to_vec());
    if prob_a.len() != prob_b.len() || (!prob_a.is_empty() && prob_a.len() < machines) {
        refuse!("`prob_a` and `prob_b` must have {machines} elements");
    }
    let pairs = Pairs { starts, coefficients, rho, vectors, classes: count };
    let width = if prob_a.is_empty() { machines.max(2) } else { count };
    Ok(Box::new(move |inputs| {
        let (rows, values) = kernel.rows(inputs.tensor(0)?)?;
        let mut chosen = Vec::with_capacity(rows);
        let mut result = Vec::with_capacity(elements(&[rows, width])?);
        let (mut scores, mut votes) = (Vec::new(), vec![0_u32; count]);
        for row in values.chunks_exact(kernel.features) {
            let alike: Vec<f32> = kernel.values(row).collect();
            pairs.scores(&alike, &mut scores, &mut votes);
            let mut wide: Vec<f64> = if prob_a.is_empty() {
                scores.iter().map(|score| f64::from(*score)).collect()
            } else {
                let sure = scores.iter().zip(prob_a.iter().zip(&prob_b));
                let sure: Vec<f64> = sure.map(|(score, (a, b))| 1.0 - sigmoid(f64::from(score * a + b))).collect();
                coupled(&sure, count)
            };
            chosen.push(largest(&votes));
            if wide.len() == 1 {
                let score = wide[0];
                wide = match after {
                    Transform::None => vec![-score, score],
                    _ => vec![1.0 - score, score],
                };
            }
            after.apply(&mut wide);
            #[allow(clippy::cast_possible_truncation, reason = "scores are floats")]
            result.extend(wide.into_iter().map(|score| score as f32));
        }
        let chosen = Tensor::of(vec![rows], labels.at(chosen.into_iter()))?;
        Ok(vec![chosen.into(), Tensor::of(vec![rows, width], result)?.into()])
    }))
}

/// Probabilities of classes from those of pairs: the second method of Wu, Lin and Weng, "Probability estimates for multi-class classification by
/// pairwise coupling", which libsvm uses.
fn coupled(pairs: &[f64], classes: usize) -> Vec<f64> {
    let mut r = vec![0.0; classes * classes];
    let mut pairs = pairs.iter();
    for i in 0..classes {
        for j in i + 1..classes {
            let sure = pairs.next().copied().unwrap_or(0.5).clamp(1e-7, 1.0 - 1e-7);
            r[i * classes + j] = sure;
            r[j * classes + i] = 1.0 - sure;
        }
    }
    let mut q = vec![0.0; classes * classes];
    for i in 0..classes {
        for j in 0..classes {
            if i == j {
                q[i * classes + i] = (0..classes).filter(|k| *k != i).map(|k| r[k * classes + i].powi(2)).sum();
            } else {
                q[i * classes + j] = -r[j * classes + i] * r[i * classes + j];
            }
        }
    }
    let mut p = vec![1.0 / classes as f64; classes];
    let enough = 0.005 / classes as f64;
    for _ in 0..100 {
        let mut qp: Vec<f64> = (0..classes).map(|i| (0..classes).map(|j| q[i * classes + j] * p[j]).sum()).collect();
        let mut pqp: f64 = p.iter().zip(&qp).map(|(p, qp)| p * qp).sum();
        if qp.iter().all(|value| (value - pqp).abs() < enough) {
            break;
        }
        for i in 0..classes {
            let own = q[i * classes + i];
            let step = (pqp - qp[i]) / own;
            p[i] += step;
            pqp = (pqp + step * (step * own + 2.0 * qp[i])) / (1.0 + step).powi(2);
            for j in 0..classes {
                qp[j] = (qp[j] + step * q[i * classes + j]) / (1.0 + step);
                p[j] /= 1.0 + step;
            }
        }
    }
    p
}
