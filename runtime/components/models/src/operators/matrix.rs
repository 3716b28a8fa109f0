//! Products of matrices.

use super::product::{Factor, Matrix};
use super::{Context, Table, broadcast, one};
use crate::error::{Done, refuse};
use crate::onnx::Operator;
use crate::tensor::{Data, Tensor, elements};

pub(super) const TABLE: Table = &[("Gemm", gemm), ("MatMul", matmul)];

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
                Factor::multiply(Matrix::new(a, inner), Matrix::new(b, columns), c, inner, columns);
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
        let (a, b) = (inputs.tensor(0)?, inputs.tensor(1)?);
        let (&[a_rows, a_columns], &[b_rows, b_columns]) = (a.shape(), b.shape()) else {
            refuse!("two matrices are needed, and these are {} and {}", a.describe(), b.describe())
        };
        let (rows, inner) = if turn_a { (a_columns, a_rows) } else { (a_rows, a_columns) };
        let (inner_too, columns) = if turn_b { (b_columns, b_rows) } else { (b_rows, b_columns) };
        if inner != inner_too {
            refuse!("the inner sizes {inner} and {inner_too} differ");
        }
        let count = elements(&[rows, columns])?;
        macro_rules! product {
            ($x:expr, $y:expr, $zero:expr) => {{
                let mut c = vec![$zero; count];
                let x = Matrix::new($x, a_columns).turned_if(turn_a);
                Factor::multiply(x, Matrix::new($y, b_columns).turned_if(turn_b), &mut c, inner, columns);
                Tensor::of(vec![rows, columns], c)?
            }};
        }
        let made = match (a.data(), b.data()) {
            (Data::F32(x), Data::F32(y)) => product!(x, y, 0.0_f32),
            (Data::F64(x), Data::F64(y)) => product!(x, y, 0.0_f64),
            (x, y) => {
                refuse!("two matrices of floats or of doubles are needed, and these are {} and {}", x.kind(), y.kind())
            }
        };
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
