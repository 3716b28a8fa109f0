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

/// Elements of two tensors, stretched to each other.
pub(super) fn zip<A, B, O>(
    (a, a_shape): (&[A], &[usize]),
    (b, b_shape): (&[B], &[usize]),
    mut with: impl FnMut(&A, &B) -> O,
) -> Done<(Vec<usize>, Vec<O>)> {
    if a_shape == b_shape {
        return Ok((a_shape.to_vec(), a.iter().zip(b).map(|(a, b)| with(a, b)).collect()));
    }
    let shape = shapes(a_shape, b_shape)?;
    if shape.contains(&0) {
        return Ok((shape, Vec::new()));
    }
    // The second along the last axes of the first, as biases are.
    let tail: Vec<usize> = b_shape.iter().copied().skip_while(|size| *size == 1).collect();
    if shape == a_shape && a_shape.ends_with(&tail) && !b.is_empty() {
        let rows = a.chunks_exact(b.len());
        return Ok((shape, rows.flat_map(|row| row.iter().zip(b)).map(|(a, b)| with(a, b)).collect()));
    }
    let values = stretched(a_shape, &shape).zip(stretched(b_shape, &shape)).map(|(x, y)| with(&a[x], &b[y]));
    let values = values.collect();
    Ok((shape, values))
}
