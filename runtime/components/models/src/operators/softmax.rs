//! Softmax and its relatives.

use super::{Context, Table, one};
use crate::error::{Done, refuse};
use crate::onnx::Operator;
use crate::tensor::{Data, Tensor, axis};

pub(super) const TABLE: Table =
    &[("Hardmax", softmax), ("LogSoftmax", softmax), ("LpNormalization", softmax), ("Softmax", softmax)];

/// Changes lines of a tensor, each gathered into a list of doubles.
#[allow(clippy::cast_possible_truncation, reason = "the result has the type of the input")]
pub(super) fn by_lines(
    tensor: &Tensor,
    (outer, size, inner): (usize, usize, usize),
    change: &dyn Fn(&mut [f64]),
) -> Done<Tensor> {
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
        Ok(one(by_lines(tensor, lines, &change)?))
    }))
}
