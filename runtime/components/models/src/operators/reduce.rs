//! Many elements become one, along axes.

use super::{Context, Table, one};
use crate::error::{Done, refuse};
use crate::onnx::Operator;
use crate::tensor::{Data, Tensor, Walk, axis, strides};

pub(super) const TABLE: Table = &[
    ("ReduceL1", reduce),
    ("ReduceL2", reduce),
    ("ReduceLogSum", reduce),
    ("ReduceLogSumExp", reduce),
    ("ReduceMax", reduce),
    ("ReduceMean", reduce),
    ("ReduceMin", reduce),
    ("ReduceProd", reduce),
    ("ReduceSum", reduce),
    ("ReduceSumSquare", reduce),
];

/// The elements of one reduction become one number. They come in order; sums are kept in doubles.
fn fold(name: &str, values: impl Iterator<Item = f64> + Clone) -> Done<f64> {
    Ok(match name {
        "ReduceL1" => values.map(f64::abs).sum(),
        "ReduceL2" => values.map(|value| value * value).sum::<f64>().sqrt(),
        "ReduceLogSum" => values.sum::<f64>().ln(),
        "ReduceLogSumExp" => {
            let most = values.clone().fold(f64::NEG_INFINITY, f64::max);
            let most = if most.is_finite() { most } else { 0.0 };
            values.map(|value| (value - most).exp()).sum::<f64>().ln() + most
        }
        // NaN stays.
        "ReduceMax" => values.fold(f64::NEG_INFINITY, |a, b| if a > b || a.is_nan() { a } else { b }),
        "ReduceMin" => values.fold(f64::INFINITY, |a, b| if a < b || a.is_nan() { a } else { b }),
        "ReduceMean" => {
            let count = values.clone().count();
            values.sum::<f64>() / count as f64
        }
        "ReduceProd" => values.product(),
        "ReduceSum" => values.sum(),
        "ReduceSumSquare" => values.map(|value| value * value).sum(),
        other => refuse!("there is no reduction {other}"),
    })
}

/// The same for integers, as far as they stay integers.
fn fold_integers(name: &str, values: impl Iterator<Item = i64>) -> Done<Option<i64>> {
    Ok(Some(match name {
        "ReduceL1" => values.map(i64::wrapping_abs).fold(0, i64::wrapping_add),
        "ReduceMax" => match values.max() {
            Some(most) => most,
            None => refuse!("nothing has no largest integer"),
        },
        "ReduceMin" => match values.min() {
            Some(least) => least,
            None => refuse!("nothing has no smallest integer"),
        },
        "ReduceProd" => values.fold(1, i64::wrapping_mul),
        "ReduceSum" => values.fold(0, i64::wrapping_add),
        "ReduceSumSquare" => values.map(|value| value.wrapping_mul(value)).fold(0, i64::wrapping_add),
        _ => return Ok(None),
    }))
}

fn reduce(context: &mut Context<'_>) -> Done<Operator> {
    let name = context.name.to_owned();
    let fixed = context.attributes.ints("axes").map(<[i64]>::to_vec);
    let keep = context.attributes.int("keepdims", 1) != 0;
    let none_is_none = context.attributes.int("noop_with_empty_axes", 0) != 0;
    Ok(Box::new(move |inputs| {
        let tensor = inputs.tensor(0)?;
        let count = tensor.shape().len();
        let axes = super::shape::axes(inputs, 1, fixed.as_ref())?.unwrap_or_default();
        if axes.is_empty() && none_is_none {
            return Ok(one(tensor.clone()));
        }
        let axes = axes.into_iter().map(|at| axis(at, count)).collect::<Done<Vec<_>>>()?;
        let gone = |at: &usize| axes.is_empty() || axes.contains(at);
        Ok(one(reduced(&name, tensor, &gone, keep)?))
    }))
}

#[allow(clippy::cast_possible_truncation, reason = "the result has the type of the input")]
fn reduced(name: &str, tensor: &Tensor, gone: &dyn Fn(&usize) -> bool, keep: bool) -> Done<Tensor> {
    let own = strides(tensor.shape());
    let part = |chosen: bool| {
        let axes = (0..own.len()).filter(move |at| gone(at) == chosen);
        let pairs: (Vec<usize>, Vec<usize>) = axes.map(|at| (tensor.shape()[at], own[at])).unzip();
        pairs
    };
    let (outer, outer_strides) = part(false);
    let (inner, inner_strides) = part(true);
    let within: Vec<usize> = Walk::new(&inner, &inner_strides, 0).collect();
    let starts = Walk::new(&outer, &outer_strides, 0);
    let shape: Vec<usize> = match keep {
        true => (0..own.len()).map(|at| if gone(&at) { 1 } else { tensor.shape()[at] }).collect(),
        false => outer.clone(),
    };
    macro_rules! floats {
        ($values:expr, $kind:ty) => {
            starts
                .map(|start| Ok(fold(name, within.iter().map(|at| f64::from($values[start + at])))? as $kind))
                .collect::<Done<Vec<$kind>>>()?
                .into()
        };
    }
    macro_rules! integers {
        ($values:expr, $kind:ty) => {
            starts
                .map(|start| {
                    let values = within.iter().map(|at| i64::from($values[start + at]));
                    match fold_integers(name, values.clone())? {
                        Some(value) => Ok(value as $kind),
                        None => Ok(fold(name, values.map(|value| value as f64))? as $kind),
                    }
                })
                .collect::<Done<Vec<$kind>>>()?
                .into()
        };
    }
    let data: Data = match tensor.data() {
        Data::F32(values) => floats!(values, f32),
        Data::F64(values) => floats!(values, f64),
        Data::I64(values) => integers!(values, i64),
        Data::I32(values) => integers!(values, i32),
        Data::Bool(values) if matches!(name, "ReduceMax" | "ReduceMin") => {
            let any = name == "ReduceMax";
            let fold =
                |start: usize| {
                    within.iter().fold(!any, |so_far, at| {
                        if any { so_far || values[start + at] } else { so_far && values[start + at] }
                    })
                };
            starts.map(fold).collect::<Vec<bool>>().into()
        }
        other => refuse!("numbers are needed, and these are {}", other.kind()),
    };
    Tensor::of(shape, data)
}
