//! Shapes that are stretched to each other, as numpy does it.

use crate::error::{Done, refuse};
use crate::tensor::{Tensor, Walk, elements, strides};

/// The shape that two shapes are stretched to.
pub(super) fn shapes(a: &[usize], b: &[usize]) -> Done<Vec<usize>> {
    let axes = a.len().max(b.len());
    let size = |shape: &[usize], at: usize| (at + shape.len()).checked_sub(axes).map_or(1, |at| shape[at]);
    let mut shape = Vec::with_capacity(axes);
    for at in 0..axes {
        match (size(a, at), size(b, at)) {
            (one, other) if one == other => shape.push(one),
            (1, other) | (other, 1) => shape.push(other),
            _ => refuse!("the shapes {a:?} and {b:?} do not fit each other"),
        }
    }
    elements(&shape)?;
    Ok(shape)
}

/// Offsets into a tensor of one shape for each element of a shape that it is stretched to.
pub(super) fn stretched(shape: &[usize], to: &[usize]) -> Walk {
    let own = strides(shape);
    let lead = to.len() - shape.len();
    let strides: Vec<usize> =
        (0..to.len()).map(|at| at.checked_sub(lead).map_or(0, |at| if shape[at] == 1 { 0 } else { own[at] })).collect();
    Walk::new(to, &strides, 0)
}

/// A tensor stretched to a shape that [`shapes`] gave.
pub(super) fn expand(tensor: &Tensor, to: &[usize]) -> Done<Tensor> {
    elements(to)?;
    Tensor::of(to.to_vec(), tensor.data().at(stretched(tensor.shape(), to)))
}

/// Elements that are taken together at least, where one side is short or lies scattered.
const LINE: usize = 256;

/// Elements of two tensors, stretched to each other.
pub(super) fn zip<A: Copy, B: Copy, O>(
    a: (&[A], &[usize]),
    b: (&[B], &[usize]),
    with: impl Fn(&A, &B) -> O,
) -> Done<(Vec<usize>, Vec<O>)> {
    lines(a, b, &mut |a, b, into| into.extend(a.iter().zip(b).map(|(a, b)| with(a, b))))
}

/// What makes elements of those of two lines of the same length.
type Pairs<'a, A, B, O> = &'a mut dyn FnMut(&[A], &[B], &mut Vec<O>);

/// The same, line by line: how tensors are stretched is one piece of code for all functions of the same kinds of elements.
fn lines<A: Copy, B: Copy, O>(
    (a, a_shape): (&[A], &[usize]),
    (b, b_shape): (&[B], &[usize]),
    with: Pairs<'_, A, B, O>,
) -> Done<(Vec<usize>, Vec<O>)> {
    let shape = if a_shape == b_shape { a_shape.to_vec() } else { shapes(a_shape, b_shape)? };
    let mut values = Vec::with_capacity(shape.iter().product());
    if a_shape == b_shape {
        with(a, b, &mut values);
        return Ok((shape, values));
    }
    if shape.contains(&0) {
        return Ok((shape, values));
    }
    // The second along the last axes of the first, as biases are.
    let tail: Vec<usize> = b_shape.iter().copied().skip_while(|size| *size == 1).collect();
    if shape == a_shape && a_shape.ends_with(&tail) {
        let several = if b.len() < LINE { b.repeat(LINE / b.len()) } else { Vec::new() };
        let line = if several.is_empty() { b } else { &several };
        for part in a.chunks(line.len()) {
            with(part, &line[..part.len()], &mut values);
        }
        return Ok((shape, values));
    }
    let (mut places, mut others) = (stretched(a_shape, &shape), stretched(b_shape, &shape));
    let (mut first, mut second) = (Vec::with_capacity(LINE), Vec::with_capacity(LINE));
    loop {
        first.clear();
        second.clear();
        first.extend(places.by_ref().take(LINE).map(|at| a[at]));
        second.extend(others.by_ref().take(LINE).map(|at| b[at]));
        if first.is_empty() {
            return Ok((shape, values));
        }
        with(&first, &second, &mut values);
    }
}
