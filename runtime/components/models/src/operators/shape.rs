//! What changes only the shape, and what makes tensors of shapes.

use super::{Context, Table, broadcast, one};
use crate::error::{Done, refuse};
use crate::onnx::{Inputs, Operator};
use crate::tensor::{Data, Tensor, axis, elements, map_each, strides};

pub(super) const TABLE: Table = &[
    ("Constant", constant),
    ("ConstantOfShape", constant_of_shape),
    ("Dropout", identity),
    ("Expand", expand),
    ("EyeLike", eye_like),
    ("Flatten", flatten),
    ("Identity", identity),
    ("Range", range),
    ("Reshape", reshape),
    ("Shape", shape),
    ("Size", size),
    ("Squeeze", squeeze),
    ("Transpose", transpose),
    ("Unsqueeze", unsqueeze),
];

fn identity(context: &mut Context<'_>) -> Done<Operator> {
    let (outputs, drops) = (context.outputs, context.name == "Dropout");
    Ok(Box::new(move |inputs| {
        if drops && inputs.optional(2)?.is_some_and(|training| *training.data() == Data::Bool(vec![true])) {
            refuse!("it is in training mode; export the model for inference");
        }
        let value = inputs.value(0)?.clone();
        if outputs < 2 {
            return Ok(vec![value]);
        }
        // `Dropout` drops nothing after training, and says so.
        let tensor = inputs.tensor(0)?;
        let all = Tensor::of(tensor.shape().to_vec(), vec![true; tensor.len()])?;
        Ok(vec![value, all.into()])
    }))
}

fn constant(context: &mut Context<'_>) -> Done<Operator> {
    let attributes = context.attributes;
    let tensor = if let Some(tensor) = attributes.tensor("value")? {
        tensor
    } else if let Some(value) = attributes.maybe_float("value_float") {
        Tensor::of(vec![], vec![value])?
    } else if let Some(value) = attributes.maybe_int("value_int") {
        Tensor::of(vec![], vec![value])?
    } else if let Some(value) = attributes.maybe_text("value_string")? {
        Tensor::of(vec![], vec![value])?
    } else if attributes.has("value_floats") {
        Tensor::vector(attributes.floats("value_floats").to_vec())
    } else if let Some(values) = attributes.ints("value_ints") {
        Tensor::vector(values.to_vec())
    } else if attributes.has("value_strings") {
        Tensor::vector(attributes.texts("value_strings")?)
    } else {
        refuse!("it has no value of a form that is here")
    };
    Ok(Box::new(move |_| Ok(one(tensor.clone()))))
}

/// A shape that comes as a tensor.
fn sizes(tensor: &Tensor) -> Done<Vec<usize>> {
    let sizes = tensor.integers()?;
    sizes.iter().map(|size| usize::try_from(*size).map_err(|_| format!("an axis has the size {size}").into())).collect()
}

fn constant_of_shape(context: &mut Context<'_>) -> Done<Operator> {
    let value = match context.attributes.tensor("value")? {
        Some(value) if value.len() == 1 => value,
        Some(value) => refuse!("its value has {} elements, and must have one", value.len()),
        None => Tensor::vector(vec![0.0_f32]),
    };
    Ok(Box::new(move |inputs| {
        let shape = sizes(inputs.tensor(0)?)?;
        let count = elements(&shape)?;
        Ok(one(Tensor::of(shape, value.data().at(std::iter::repeat_n(0, count)))?))
    }))
}

fn expand(_: &mut Context<'_>) -> Done<Operator> {
    Ok(Box::new(|inputs| {
        let tensor = inputs.tensor(0)?;
        let shape = broadcast::shapes(tensor.shape(), &sizes(inputs.tensor(1)?)?)?;
        Ok(one(broadcast::expand(tensor, &shape)?))
    }))
}

fn eye_like(context: &mut Context<'_>) -> Done<Operator> {
    let diagonal = context.attributes.int("k", 0);
    let kind = context.attributes.kind("dtype")?;
    Ok(Box::new(move |inputs| {
        let tensor = inputs.tensor(0)?;
        let [rows, columns] = tensor.shape() else { refuse!("a matrix is needed") };
        let on = |row: usize, column: usize| {
            i64::try_from(column).unwrap_or(0) - i64::try_from(row).unwrap_or(0) == diagonal
        };
        let values: Vec<f32> = (0..*rows)
            .flat_map(|row| (0..*columns).map(move |column| (row, column)))
            .map(|(row, column)| if on(row, column) { 1.0 } else { 0.0 })
            .collect();
        let made = Tensor::of(tensor.shape().to_vec(), values)?;
        Ok(one(super::cast::cast(&made, kind.unwrap_or(tensor.kind()))?))
    }))
}

fn flatten(context: &mut Context<'_>) -> Done<Operator> {
    let at = context.attributes.int("axis", 1);
    Ok(Box::new(move |inputs| {
        let tensor = inputs.tensor(0)?;
        let axes = tensor.shape().len();
        let at = if usize::try_from(at) == Ok(axes) { axes } else { axis(at, axes)? };
        let (rows, columns) = tensor.shape().split_at(at);
        let shape = vec![rows.iter().product(), columns.iter().product()];
        Ok(one(Tensor::of(shape, tensor.data().clone())?))
    }))
}

fn range(_: &mut Context<'_>) -> Done<Operator> {
    Ok(Box::new(|inputs| {
        let (start, limit, delta) = (inputs.tensor(0)?, inputs.tensor(1)?, inputs.tensor(2)?);
        let first = |tensor: &Tensor| -> Done<f64> {
            match tensor.doubles()?.first() {
                Some(value) => Ok(*value),
                None => refuse!("a bound is empty"),
            }
        };
        let (from, to, by) = (first(start)?, first(limit)?, first(delta)?);
        let count = ((to - from) / by).ceil().max(0.0);
        if !count.is_finite() || count > crate::tensor::MOST_ELEMENTS as f64 {
            refuse!("a range from {from} to {to} by {by} is too long");
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was bounded before")]
        let values: Vec<f64> = (0..count as usize).map(|at| from + at as f64 * by).collect();
        Ok(one(super::cast::cast(&Tensor::vector(values), start.kind())?))
    }))
}

fn reshape(context: &mut Context<'_>) -> Done<Operator> {
    let zeros = context.attributes.int("allowzero", 0) != 0;
    let fixed = context.attributes.ints("shape").map(<[i64]>::to_vec);
    Ok(Box::new(move |inputs| {
        let tensor = inputs.tensor(0)?;
        let wanted = match &fixed {
            Some(fixed) => fixed.clone(),
            None => inputs.tensor(1)?.integers()?,
        };
        let mut shape = Vec::with_capacity(wanted.len());
        let mut open = None;
        for (at, size) in wanted.iter().enumerate() {
            match (*size, tensor.shape().get(at)) {
                (-1, _) if open.is_none() => {
                    open = Some(at);
                    shape.push(1);
                }
                (0, Some(kept)) if !zeros => shape.push(*kept),
                (size, _) => match usize::try_from(size) {
                    Ok(size) => shape.push(size),
                    Err(_) => refuse!("the shape {wanted:?} is none"),
                },
            }
        }
        if let Some(at) = open {
            let known = elements(&shape)?;
            match tensor.len().checked_div(known) {
                Some(size) if size * known == tensor.len() => shape[at] = size,
                None => shape[at] = 0,
                _ => refuse!("{} elements cannot be laid out as {wanted:?}", tensor.len()),
            }
        }
        if elements(&shape)? != tensor.len() {
            refuse!("{} elements cannot be laid out as {wanted:?}", tensor.len());
        }
        Ok(one(Tensor::of(shape, tensor.data().clone())?))
    }))
}

fn shape(context: &mut Context<'_>) -> Done<Operator> {
    let (start, end) = (context.attributes.int("start", 0), context.attributes.maybe_int("end"));
    Ok(Box::new(move |inputs| {
        let shape = inputs.tensor(0)?.shape();
        let count = i64::try_from(shape.len()).unwrap_or(0);
        let bound = |at: i64| usize::try_from(if at < 0 { at + count } else { at }.clamp(0, count)).unwrap_or(0);
        let (from, to) = (bound(start), end.map_or(shape.len(), bound));
        let sizes = shape.get(from..to.max(from)).unwrap_or_default();
        let sizes: Vec<i64> = sizes.iter().map(|size| i64::try_from(*size).unwrap_or(i64::MAX)).collect();
        Ok(one(Tensor::vector(sizes)))
    }))
}

fn size(_: &mut Context<'_>) -> Done<Operator> {
    Ok(Box::new(|inputs| {
        Ok(one(Tensor::of(vec![], vec![i64::try_from(inputs.tensor(0)?.len()).unwrap_or(i64::MAX)])?))
    }))
}

/// Axes that stand in an attribute or, since opset 13, come as an input.
pub(super) fn axes(inputs: &Inputs<'_>, at: usize, fixed: Option<&Vec<i64>>) -> Done<Option<Vec<i64>>> {
    match (fixed, inputs.optional(at)?) {
        (Some(fixed), _) => Ok(Some(fixed.clone())),
        (None, Some(given)) => Ok(Some(given.integers()?)),
        (None, None) => Ok(None),
    }
}

fn squeeze(context: &mut Context<'_>) -> Done<Operator> {
    let fixed = context.attributes.ints("axes").map(<[i64]>::to_vec);
    Ok(Box::new(move |inputs| {
        let tensor = inputs.tensor(0)?;
        let count = tensor.shape().len();
        let dropped = match axes(inputs, 1, fixed.as_ref())? {
            Some(axes) => axes.into_iter().map(|at| axis(at, count)).collect::<Done<Vec<_>>>()?,
            None => (0..count).filter(|at| tensor.shape()[*at] == 1).collect(),
        };
        let mut shape = Vec::new();
        for (at, size) in tensor.shape().iter().enumerate() {
            if !dropped.contains(&at) {
                shape.push(*size);
            } else if *size != 1 {
                refuse!("axis {at} has the size {size}, and only those of size 1 can be dropped");
            }
        }
        Ok(one(Tensor::of(shape, tensor.data().clone())?))
    }))
}

fn unsqueeze(context: &mut Context<'_>) -> Done<Operator> {
    let fixed = context.attributes.ints("axes").map(<[i64]>::to_vec);
    Ok(Box::new(move |inputs| {
        let tensor = inputs.tensor(0)?;
        let Some(added) = axes(inputs, 1, fixed.as_ref())? else { refuse!("its axes are missing") };
        let count = tensor.shape().len() + added.len();
        let added = added.into_iter().map(|at| axis(at, count)).collect::<Done<Vec<_>>>()?;
        let mut rest = tensor.shape().iter();
        let mut shape = Vec::with_capacity(count);
        for at in 0..count {
            match added.contains(&at) {
                true => shape.push(1),
                false => match rest.next() {
                    Some(size) => shape.push(*size),
                    None => refuse!("an axis is named twice"),
                },
            }
        }
        Ok(one(Tensor::of(shape, tensor.data().clone())?))
    }))
}

fn transpose(context: &mut Context<'_>) -> Done<Operator> {
    let order = context.attributes.ints("perm").map(<[i64]>::to_vec);
    Ok(Box::new(move |inputs| {
        let tensor = inputs.tensor(0)?;
        let count = tensor.shape().len();
        let order = match &order {
            Some(order) => order.iter().map(|at| axis(*at, count)).collect::<Done<Vec<_>>>()?,
            None => (0..count).rev().collect(),
        };
        Ok(one(transposed(tensor, &order)?))
    }))
}

/// A tensor with its axes in another order.
pub(super) fn transposed(tensor: &Tensor, order: &[usize]) -> Done<Tensor> {
    let count = tensor.shape().len();
    let mut sorted = order.to_vec();
    sorted.sort_unstable();
    if !sorted.iter().copied().eq(0..count) {
        refuse!("{order:?} is no order of {count} axes");
    }
    let own = strides(tensor.shape());
    let shape: Vec<usize> = order.iter().map(|at| tensor.shape()[*at]).collect();
    let strides: Vec<usize> = order.iter().map(|at| own[*at]).collect();
    let walk = crate::tensor::Walk::new(&shape, &strides, 0);
    Tensor::of(shape, tensor.data().at(walk))
}

/// The same elements, each of another kind's default: what a sequence of operators starts from.
pub(super) fn empty_like(data: &Data) -> Data {
    map_each!(data, values => values.iter().take(0).cloned().collect())
}
