//! What depends on the order of elements: the largest, sorted, running sums.

use std::cmp::Ordering;

use super::{Context, Table, one};
use crate::error::{Done, refuse};
use crate::onnx::Operator;
use crate::tensor::{Data, Tensor, axis, each};

pub(super) const TABLE: Table =
    &[("ArgMax", extreme), ("ArgMin", extreme), ("CumSum", running), ("NonZero", non_zero), ("TopK", top)];

/// Lines along an axis: how many before it, its size, and the step within a line.
fn lines(shape: &[usize], at: i64) -> Done<(usize, usize, usize, usize)> {
    let at = axis(at, shape.len())?;
    Ok((at, shape[..at].iter().product(), shape[at], shape[at + 1..].iter().product()))
}

/// Compares two elements by their places.
fn comparison(data: &Data) -> Done<Box<dyn Fn(usize, usize) -> Ordering + '_>> {
    Ok(match data {
        Data::F32(values) => Box::new(|a, b| values[a].partial_cmp(&values[b]).unwrap_or(Ordering::Equal)),
        Data::F64(values) => Box::new(|a, b| values[a].partial_cmp(&values[b]).unwrap_or(Ordering::Equal)),
        Data::I64(values) => Box::new(|a, b| values[a].cmp(&values[b])),
        Data::I32(values) => Box::new(|a, b| values[a].cmp(&values[b])),
        other => refuse!("numbers are needed, and these are {}", other.kind()),
    })
}

fn extreme(context: &mut Context<'_>) -> Done<Operator> {
    let at = context.attributes.int("axis", 0);
    let keep = context.attributes.int("keepdims", 1) != 0;
    let last = context.attributes.int("select_last_index", 0) != 0;
    let wanted = if context.name == "ArgMax" { Ordering::Greater } else { Ordering::Less };
    Ok(Box::new(move |inputs| {
        let tensor = inputs.tensor(0)?;
        let (at, outer, size, inner) = lines(tensor.shape(), at)?;
        if size == 0 {
            refuse!("axis {at} is empty");
        }
        let compare = comparison(tensor.data())?;
        let mut found = Vec::with_capacity(outer * inner);
        for row in 0..outer {
            for column in 0..inner {
                let place = |at: usize| (row * size + at) * inner + column;
                let mut best = 0;
                for at in 1..size {
                    let order = compare(place(at), place(best));
                    if order == wanted || (last && order == Ordering::Equal) {
                        best = at;
                    }
                }
                found.push(i64::try_from(best).unwrap_or(i64::MAX));
            }
        }
        let mut shape = tensor.shape().to_vec();
        if keep {
            shape[at] = 1;
        } else {
            shape.remove(at);
        }
        Ok(one(Tensor::of(shape, found)?))
    }))
}

fn top(context: &mut Context<'_>) -> Done<Operator> {
    let at = context.attributes.int("axis", -1);
    let largest = context.attributes.int("largest", 1) != 0;
    let fixed = context.attributes.maybe_int("k");
    Ok(Box::new(move |inputs| {
        let tensor = inputs.tensor(0)?;
        let (at, outer, size, inner) = lines(tensor.shape(), at)?;
        let wanted = match fixed {
            Some(count) => Some(count),
            None => inputs.tensor(1)?.integers()?.first().copied(),
        };
        let Some(count) = wanted.and_then(|count| usize::try_from(count).ok()).filter(|count| *count <= size) else {
            refuse!("{wanted:?} elements of {size} are wanted");
        };
        let compare = comparison(tensor.data())?;
        let mut places = vec![0; outer * count * inner];
        let mut numbers = vec![0_i64; outer * count * inner];
        let mut order: Vec<usize> = Vec::with_capacity(size);
        for row in 0..outer {
            for column in 0..inner {
                let place = |at: usize| (row * size + at) * inner + column;
                order.clear();
                order.extend(0..size);
                // Equal ones keep their order.
                let by = |a: &usize, b: &usize| {
                    let order = compare(place(*a), place(*b));
                    (if largest { order.reverse() } else { order }).then(a.cmp(b))
                };
                if count < size && count > 0 {
                    order.select_nth_unstable_by(count - 1, by);
                    order.truncate(count);
                }
                order.sort_by(by);
                for (rank, at) in order.iter().take(count).enumerate() {
                    let into = (row * count + rank) * inner + column;
                    places[into] = place(*at);
                    numbers[into] = i64::try_from(*at).unwrap_or(i64::MAX);
                }
            }
        }
        let mut shape = tensor.shape().to_vec();
        shape[at] = count;
        let values = Tensor::of(shape.clone(), tensor.data().at(places.into_iter()))?;
        Ok(vec![values.into(), Tensor::of(shape, numbers)?.into()])
    }))
}

fn running(context: &mut Context<'_>) -> Done<Operator> {
    let exclusive = context.attributes.int("exclusive", 0) != 0;
    let reverse = context.attributes.int("reverse", 0) != 0;
    Ok(Box::new(move |inputs| {
        let tensor = inputs.tensor(0)?;
        let at = inputs.tensor(1)?.integers()?.first().copied().unwrap_or(0);
        let (_, outer, size, inner) = lines(tensor.shape(), at)?;
        macro_rules! sums {
            ($values:expr, $zero:expr, $add:expr) => {{
                let mut sums = $values.clone();
                for row in 0..outer {
                    for column in 0..inner {
                        let mut sum = $zero;
                        for step in 0..size {
                            let at = if reverse { size - 1 - step } else { step };
                            let place = (row * size + at) * inner + column;
                            let next = $add(sum, $values[place]);
                            sums[place] = if exclusive { sum } else { next };
                            sum = next;
                        }
                    }
                }
                sums.into()
            }};
        }
        let data: Data = match tensor.data() {
            Data::F32(values) => sums!(values, 0.0, |a: f32, b: f32| a + b),
            Data::F64(values) => sums!(values, 0.0, |a: f64, b: f64| a + b),
            Data::I64(values) => sums!(values, 0, i64::wrapping_add),
            Data::I32(values) => sums!(values, 0, i32::wrapping_add),
            other => refuse!("numbers are needed, and these are {}", other.kind()),
        };
        Ok(one(Tensor::of(tensor.shape().to_vec(), data)?))
    }))
}

fn non_zero(_: &mut Context<'_>) -> Done<Operator> {
    Ok(Box::new(|inputs| {
        let tensor = inputs.tensor(0)?;
        let found: Vec<usize> = each!(tensor.data(), values => {
            let zero = values.iter().take(0).cloned().chain([Default::default()]).collect::<Vec<_>>();
            values.iter().enumerate().filter(|(_, value)| **value != zero[0]).map(|(at, _)| at).collect()
        });
        let mut indices = Vec::with_capacity(found.len() * tensor.shape().len());
        for (stride, size) in crate::tensor::strides(tensor.shape()).into_iter().zip(tensor.shape()) {
            indices.extend(found.iter().map(|flat| i64::try_from(flat / stride % size).unwrap_or(i64::MAX)));
        }
        Ok(one(Tensor::of(vec![tensor.shape().len(), found.len()], indices)?))
    }))
}
