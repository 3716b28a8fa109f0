//! Products of matrices.

use super::{Context, Table, broadcast, one};
use crate::error::{Done, refuse};
use crate::onnx::Operator;
use crate::tensor::{Data, Tensor, elements};

pub(super) const TABLE: Table = &[("Gemm", gemm), ("MatMul", matmul)];

/// What a product of matrices needs of its numbers.
pub(crate) trait Factor: Copy + Default + std::ops::AddAssign + std::ops::Mul<Output = Self> {}
impl Factor for f32 {}
impl Factor for f64 {}

/// Columns of the product that are kept in registers.
const WIDE: usize = 16;
/// Rows of the product that are kept in registers.
const HIGH: usize = 4;

/// Adds the product of `a` (rows x inner) and `b` (inner x columns) to `c`, all row-major.
pub(crate) fn multiply<T: Factor>(a: &[T], b: &[T], c: &mut [T], inner: usize, columns: usize) {
    if inner == 0 || columns == 0 {
        return;
    }
    for (a, c) in a.chunks(HIGH * inner).zip(c.chunks_mut(HIGH * columns)) {
        match a.len() / inner {
            HIGH => band::<T, HIGH>(a, b, c, inner, columns),
            rows => {
                for row in 0..rows {
                    let a = &a[row * inner..(row + 1) * inner];
                    band::<T, 1>(a, b, &mut c[row * columns..(row + 1) * columns], inner, columns);
                }
            }
        }
    }
}

/// Some rows of the product.
fn band<T: Factor, const ROWS: usize>(a: &[T], b: &[T], c: &mut [T], inner: usize, columns: usize) {
    let lines: [&[T]; ROWS] = std::array::from_fn(|row| &a[row * inner..(row + 1) * inner]);
    let mut from = 0;
    while from + WIDE <= columns {
        let mut sums = [[T::default(); WIDE]; ROWS];
        for at in 0..inner {
            let start = at * columns + from;
            let Some(line) = b.get(start..start + WIDE) else { return };
            for (sums, a) in sums.iter_mut().zip(&lines) {
                let factor = a[at];
                for (sum, value) in sums.iter_mut().zip(line) {
                    *sum += factor * *value;
                }
            }
        }
        for (row, sums) in sums.iter().enumerate() {
            let start = row * columns + from;
            for (c, sum) in c[start..start + WIDE].iter_mut().zip(sums) {
                *c += *sum;
            }
        }
        from += WIDE;
    }
    for column in from..columns {
        for (row, a) in lines.iter().enumerate() {
            let mut sum = T::default();
            for (factor, value) in a.iter().zip(b[column..].iter().step_by(columns)) {
                sum += *factor * *value;
            }
            c[row * columns + column] += sum;
        }
    }
}

/// The product of two tensors of matrices, those before the last two axes stretched to each other.
fn matmul(_: &mut Context<'_>) -> Done<Operator> {
    Ok(Box::new(|inputs| Ok(one(product(inputs.tensor(0)?, inputs.tensor(1)?)?))))
}

fn product(a: &Tensor, b: &Tensor) -> Done<Tensor> {
    if a.shape().is_empty() || b.shape().is_empty() {
        refuse!("matrices are needed, and one is a single number");
    }
    // A vector is a row on the left and a column on the right, and that axis is dropped afterwards.
    let (mut left, mut right) = (a.shape().to_vec(), b.shape().to_vec());
    let (row, column) = (left.len() == 1, right.len() == 1);
    if row {
        left.insert(0, 1);
    }
    if column {
        right.push(1);
    }
    let ([left_outer @ .., rows, inner], [right_outer @ .., inner_too, columns]) = (left.as_slice(), right.as_slice())
    else {
        refuse!("matrices are needed")
    };
    if inner != inner_too {
        refuse!("the inner sizes {inner} and {inner_too} differ");
    }
    let outer = broadcast::shapes(left_outer, right_outer)?;
    let mut shape = outer.clone();
    shape.extend([*rows, *columns]);
    let count = elements(&shape)?;
    let starts = broadcast::stretched(left_outer, &outer).zip(broadcast::stretched(right_outer, &outer));
    let (rows, inner, columns) = (*rows, *inner, *columns);
    macro_rules! product {
        ($x:expr, $y:expr, $zero:expr) => {{
            let mut c = vec![$zero; count];
            for ((x, y), c) in starts.zip(c.chunks_exact_mut((rows * columns).max(1))) {
                let a = &$x[x * rows * inner..(x + 1) * rows * inner];
                let b = &$y[y * inner * columns..(y + 1) * inner * columns];
                multiply(a, b, c, inner, columns);
            }
            c.into()
        }};
    }
    let data: Data = match (a.data(), b.data()) {
        (Data::F32(x), Data::F32(y)) => product!(x, y, 0.0_f32),
        (Data::F64(x), Data::F64(y)) => product!(x, y, 0.0_f64),
        (x, y) => {
            refuse!("two matrices of floats or of doubles are needed, and these are {} and {}", x.kind(), y.kind())
        }
    };
    if column {
        shape.pop();
    }
    if row {
        shape.remove(outer.len());
    }
    Tensor::of(shape, data)
}

fn gemm(context: &mut Context<'_>) -> Done<Operator> {
    let (alpha, beta) = (context.attributes.float("alpha", 1.0), context.attributes.float("beta", 1.0));
    let turn_a = context.attributes.int("transA", 0) != 0;
    let turn_b = context.attributes.int("transB", 0) != 0;
    Ok(Box::new(move |inputs| {
        let turned = |at: usize, turn: bool| {
            let tensor = inputs.tensor(at)?;
            if tensor.shape().len() != 2 {
                refuse!("input {at} must be a matrix");
            }
            if turn { super::shape::transposed(tensor, &[1, 0]) } else { Ok(tensor.clone()) }
        };
        let made = product(&turned(0, turn_a)?, &turned(1, turn_b)?)?;
        let bias = inputs.optional(2)?;
        macro_rules! scale {
            ($values:expr, $bias:ident, $alpha:expr, $beta:expr) => {{
                let scaled: Vec<_> = $values.iter().map(|value| $alpha * value).collect();
                match bias {
                    None => Tensor::of(made.shape().to_vec(), scaled)?,
                    Some(bias) => {
                        let Data::$bias(values) = bias.data() else {
                            refuse!("the bias must have the type of the matrices, and it is {}", bias.kind())
                        };
                        let (shape, sums) = broadcast::zip(
                            (scaled.as_slice(), made.shape()),
                            (values.as_slice(), bias.shape()),
                            |x, y| x + $beta * y,
                        )?;
                        Tensor::of(shape, sums)?
                    }
                }
            }};
        }
        Ok(one(match made.data() {
            Data::F32(values) => scale!(values, F32, alpha, beta),
            Data::F64(values) => scale!(values, F64, f64::from(alpha), f64::from(beta)),
            other => refuse!("floats are needed, and these are {}", other.kind()),
        }))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_is_the_sum_of_products_whatever_the_sizes() {
        for (rows, inner, columns) in [(1, 1, 1), (3, 5, 2), (4, 7, 16), (9, 3, 37), (6, 2, 33)] {
            let a: Vec<f64> = (0..rows * inner).map(|at| at as f64).collect();
            let b: Vec<f64> = (0..inner * columns).map(|at| (at % 7) as f64).collect();
            let mut c = vec![1.0; rows * columns];
            multiply(&a, &b, &mut c, inner, columns);
            for row in 0..rows {
                for column in 0..columns {
                    let sum: f64 = (0..inner).map(|at| a[row * inner + at] * b[at * columns + column]).sum();
                    assert!((c[row * columns + column] - sum - 1.0).abs() < 1e-9);
                }
            }
        }
    }
}
