//! Means and variances made even, as layers of networks do.

use super::softmax::by_lines;
use super::{Context, Table, one};
use crate::error::{Done, refuse};
use crate::onnx::Operator;
use crate::tensor::{Data, Tensor, axis};

pub(super) const TABLE: Table = &[
    ("BatchNormalization", batch_normalization),
    ("InstanceNormalization", instance_normalization),
    ("LayerNormalization", layer_normalization),
];

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
        let even = by_lines(tensor, (batch * channels, inner, 1), &|line| standardise(line, epsilon))?;
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
        Ok(one(by_lines(tensor, (outer, size, 1), &change)?))
    }))
}
