//! Softmax and its relatives, and normalisations along axes.

use super::{Context, Table, one};
use crate::error::{Done, refuse};
use crate::onnx::Operator;
use crate::tensor::{Data, Tensor, axis};

pub(super) const TABLE: Table = &[
    ("BatchNormalization", batch_normalization),
    ("Hardmax", softmax),
    ("InstanceNormalization", instance_normalization),
    ("LayerNormalization", layer_normalization),
    ("LogSoftmax", softmax),
    ("LpNormalization", softmax),
    ("Softmax", softmax),
];

/// Changes lines of a tensor, each gathered into a list of doubles.
#[allow(clippy::cast_possible_truncation, reason = "the result has the type of the input")]
fn by_lines(tensor: &Tensor, (outer, size, inner): (usize, usize, usize), change: impl Fn(&mut [f64])) -> Done<Tensor> {
    let mut line = vec![0.0; size];
    macro_rules! lines {
        ($values:expr, $kind:ty) => {{
            let mut changed = $values.clone();
            for row in 0..outer {
                for column in 0..inner {
                    let place = |at: usize| (row * size + at) * inner + column;
                    for at in 0..size {
                        line[at] = f64::from($values[place(at)]);
                    }
                    change(&mut line);
                    for at in 0..size {
                        changed[place(at)] = line[at] as $kind;
                    }
                }
            }
            changed.into()
        }};
    }
    let data: Data = match tensor.data() {
        Data::F32(values) => lines!(values, f32),
        Data::F64(values) => lines!(values, f64),
        other => refuse!("floats are needed, and these are {}", other.kind()),
    };
    Tensor::of(tensor.shape().to_vec(), data)
}

fn most(line: &[f64]) -> f64 {
    line.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

/// Exponentials by their sum.
pub(super) fn exponentials(line: &mut [f64]) {
    let most = most(line);
    let mut sum = 0.0;
    for value in line.iter_mut() {
        *value = (*value - most).exp();
        sum += *value;
    }
    for value in line {
        *value /= sum;
    }
}

/// What becomes of a line.
type Change = Box<dyn Fn(&mut [f64])>;

fn softmax(context: &mut Context<'_>) -> Done<Operator> {
    let name = context.name.to_owned();
    // Before opset 13, all axes from this one on were one line.
    let flat = context.scope.opset < 13 && name != "LpNormalization";
    let at = context.attributes.int("axis", if flat { 1 } else { -1 });
    let power = context.attributes.int("p", 2);
    Ok(Box::new(move |inputs| {
        let tensor = inputs.tensor(0)?;
        let shape = tensor.shape();
        if shape.is_empty() {
            refuse!("a tensor with axes is needed");
        }
        let at = axis(at, shape.len())?;
        let lines = if flat {
            (shape[..at].iter().product(), shape[at..].iter().product(), 1)
        } else {
            (shape[..at].iter().product(), shape[at], shape[at + 1..].iter().product())
        };
        let change: Change = match name.as_str() {
            "Softmax" => Box::new(exponentials),
            "LogSoftmax" => Box::new(|line| {
                let most = most(line);
                let sum = line.iter().map(|value| (value - most).exp()).sum::<f64>().ln();
                line.iter_mut().for_each(|value| *value -= most + sum);
            }),
            "Hardmax" => Box::new(|line| {
                let most = most(line);
                let mut first = true;
                for value in line {
                    let here = first && *value == most;
                    first &= !here;
                    *value = f64::from(u8::from(here));
                }
            }),
            _ => Box::new(move |line| {
                let norm = match power {
                    1 => line.iter().map(|value| value.abs()).sum::<f64>(),
                    _ => line.iter().map(|value| value * value).sum::<f64>().sqrt(),
                };
                if norm > 0.0 {
                    line.iter_mut().for_each(|value| *value /= norm);
                }
            }),
        };
        Ok(one(by_lines(tensor, lines, change)?))
    }))
}

/// Scales each channel, the second axis, by what was learned.
fn batch_normalization(context: &mut Context<'_>) -> Done<Operator> {
    let epsilon = f64::from(context.attributes.float("epsilon", 1e-5));
    if context.attributes.int("training_mode", 0) != 0 {
        refuse!("it is in training mode; export the model for inference");
    }
    Ok(Box::new(move |inputs| {
        let tensor = inputs.tensor(0)?;
        let [_, channels, rest @ ..] = tensor.shape() else { refuse!("a tensor with channels is needed") };
        let mut lists = Vec::with_capacity(4);
        for at in 1..5 {
            let list = inputs.tensor(at)?.doubles()?;
            if list.len() != *channels {
                refuse!("input {at} has {} elements, and there are {channels} channels", list.len());
            }
            lists.push(list);
        }
        let inner: usize = rest.iter().product();
        let scales: Vec<(f64, f64)> = (0..*channels)
            .map(|at| {
                let scale = lists[0][at] / (lists[3][at] + epsilon).sqrt();
                (scale, lists[1][at] - lists[2][at] * scale)
            })
            .collect();
        Ok(one(scaled(tensor, inner, &scales)?))
    }))
}

/// A factor and a summand for each channel.
#[allow(clippy::cast_possible_truncation, reason = "the result has the type of the input")]
fn scaled(tensor: &Tensor, inner: usize, scales: &[(f64, f64)]) -> Done<Tensor> {
    macro_rules! channels {
        ($values:expr, $kind:ty) => {
            $values
                .chunks(inner.max(1))
                .zip(scales.iter().cycle())
                .flat_map(|(part, (scale, shift))| {
                    part.iter().map(move |value| (f64::from(*value) * scale + shift) as $kind)
                })
                .collect::<Vec<$kind>>()
                .into()
        };
    }
    let data: Data = match tensor.data() {
        Data::F32(values) => channels!(values, f32),
        Data::F64(values) => channels!(values, f64),
        other => refuse!("floats are needed, and these are {}", other.kind()),
    };
    Tensor::of(tensor.shape().to_vec(), data)
}

/// Mean 0 and variance 1 for a line.
fn standardise(line: &mut [f64], epsilon: f64) {
    let count = line.len() as f64;
    let mean = line.iter().sum::<f64>() / count;
    let variance = line.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / count;
    let scale = (variance + epsilon).sqrt().recip();
    line.iter_mut().for_each(|value| *value = (*value - mean) * scale);
}

fn instance_normalization(context: &mut Context<'_>) -> Done<Operator> {
    let epsilon = f64::from(context.attributes.float("epsilon", 1e-5));
    Ok(Box::new(move |inputs| {
        let tensor = inputs.tensor(0)?;
        let [batch, channels, rest @ ..] = tensor.shape() else { refuse!("a tensor with channels is needed") };
        let (scales, shifts) = (inputs.tensor(1)?.doubles()?, inputs.tensor(2)?.doubles()?);
        if scales.len() != *channels || shifts.len() != *channels {
            refuse!("scale and bias must have {channels} elements");
        }
        let inner = rest.iter().product();
        let even = by_lines(tensor, (batch * channels, inner, 1), |line| standardise(line, epsilon))?;
        let scales: Vec<(f64, f64)> = scales.iter().copied().zip(shifts.iter().copied()).collect();
        Ok(one(scaled(&even, inner, &scales)?))
    }))
}

fn layer_normalization(context: &mut Context<'_>) -> Done<Operator> {
    let epsilon = f64::from(context.attributes.float("epsilon", 1e-5));
    let at = context.attributes.int("axis", -1);
    if context.outputs > 1 {
        refuse!("its mean and deviation are outputs, which are not here");
    }
    Ok(Box::new(move |inputs| {
        let tensor = inputs.tensor(0)?;
        let at = axis(at, tensor.shape().len())?;
        let (outer, size) = (tensor.shape()[..at].iter().product(), tensor.shape()[at..].iter().product::<usize>());
        let scale = inputs.tensor(1)?.doubles()?;
        let shift = inputs.optional(2)?.map(Tensor::doubles).transpose()?;
        if scale.len() != size || shift.as_ref().is_some_and(|shift| shift.len() != size) {
            refuse!("scale and bias must have {size} elements");
        }
        let change = |line: &mut [f64]| {
            standardise(line, epsilon);
            for (at, value) in line.iter_mut().enumerate() {
                *value = *value * scale[at] + shift.as_ref().map_or(0.0, |shift| shift[at]);
            }
        };
        Ok(one(by_lines(tensor, (outer, size, 1), change)?))
    }))
}
