//! Arithmetic and functions of single elements.

use super::{Context, Table, broadcast, one};
use crate::error::{Done, refuse};
use crate::onnx::Operator;
use crate::tensor::{Data, Kind, Tensor};

pub(super) const TABLE: Table = &[
    ("Abs", signed),
    ("Acos", unary),
    ("Acosh", unary),
    ("Add", binary),
    ("Asin", unary),
    ("Asinh", unary),
    ("Atan", unary),
    ("Atanh", unary),
    ("Ceil", unary),
    ("Celu", activation),
    ("Clip", clip),
    ("Cos", unary),
    ("Cosh", unary),
    ("Div", binary),
    ("Elu", activation),
    ("Erf", unary),
    ("Exp", unary),
    ("Floor", unary),
    ("Gelu", gelu),
    ("HardSigmoid", activation),
    ("HardSwish", unary),
    ("LeakyRelu", activation),
    ("Log", unary),
    ("Max", several),
    ("Mean", several),
    ("Min", several),
    ("Mish", unary),
    ("Mod", binary),
    ("Mul", binary),
    ("Neg", signed),
    ("PRelu", binary),
    ("Pow", pow),
    ("Reciprocal", unary),
    ("Relu", signed),
    ("Round", unary),
    ("Selu", activation),
    ("Shrink", activation),
    ("Sigmoid", unary),
    ("Sign", signed),
    ("Sin", unary),
    ("Sinh", unary),
    ("Softplus", unary),
    ("Softsign", unary),
    ("Sqrt", unary),
    ("Sub", binary),
    ("Sum", several),
    ("Tan", unary),
    ("Tanh", unary),
    ("ThresholdedRelu", activation),
];

/// The logistic function, without overflow on either side.
pub(super) fn sigmoid(value: f64) -> f64 {
    if value >= 0.0 { 1.0 / (1.0 + (-value).exp()) } else { value.exp() / (1.0 + value.exp()) }
}

/// Applies a function to each element of a tensor of floats. It is computed in doubles.
#[allow(clippy::cast_possible_truncation, reason = "the result has the type of the input")]
fn apply(tensor: &Tensor, function: impl Fn(f64) -> f64) -> Done<Tensor> {
    let data: Data = match tensor.data() {
        Data::F32(values) => values.iter().map(|value| function(f64::from(*value)) as f32).collect::<Vec<_>>().into(),
        Data::F64(values) => values.iter().map(|value| function(*value)).collect::<Vec<_>>().into(),
        other => refuse!("floats are needed, and these are {}", other.kind()),
    };
    Tensor::of(tensor.shape().to_vec(), data)
}

fn unary(context: &mut Context<'_>) -> Done<Operator> {
    let function: fn(f64) -> f64 = match context.name {
        "Acos" => f64::acos,
        "Acosh" => f64::acosh,
        "Asin" => f64::asin,
        "Asinh" => f64::asinh,
        "Atan" => f64::atan,
        "Atanh" => f64::atanh,
        "Ceil" => f64::ceil,
        "Cos" => f64::cos,
        "Cosh" => f64::cosh,
        "Erf" => libm::erf,
        "Exp" => f64::exp,
        "Floor" => f64::floor,
        "HardSwish" => |x| x * (x / 6.0 + 0.5).clamp(0.0, 1.0),
        "Log" => f64::ln,
        "Mish" => |x| x * softplus(x).tanh(),
        "Reciprocal" => f64::recip,
        "Round" => f64::round_ties_even,
        "Sigmoid" => sigmoid,
        "Sin" => f64::sin,
        "Sinh" => f64::sinh,
        "Softplus" => softplus,
        "Softsign" => |x| x / (1.0 + x.abs()),
        "Sqrt" => f64::sqrt,
        "Tan" => f64::tan,
        "Tanh" => f64::tanh,
        other => refuse!("there is no function {other}"),
    };
    Ok(Box::new(move |inputs| Ok(one(apply(inputs.tensor(0)?, function)?))))
}

fn softplus(x: f64) -> f64 {
    if x > 0.0 { x + (-x).exp().ln_1p() } else { x.exp().ln_1p() }
}

/// Functions that integers have too.
fn signed(context: &mut Context<'_>) -> Done<Operator> {
    type Functions = (fn(f64) -> f64, fn(i64) -> i64);
    let relu = context.name == "Relu";
    let (floats, integers): Functions = match context.name {
        "Abs" => (f64::abs, i64::wrapping_abs),
        "Neg" => (|x| -x, i64::wrapping_neg),
        // NaN stays.
        "Relu" => (|x| if x < 0.0 { 0.0 } else { x }, |x| x.max(0)),
        _ => (
            |x| {
                if x > 0.0 {
                    1.0
                } else if x < 0.0 {
                    -1.0
                } else {
                    x
                }
            },
            i64::signum,
        ),
    };
    Ok(Box::new(move |inputs| {
        let tensor = inputs.tensor(0)?;
        #[allow(
            clippy::cast_possible_truncation,
            reason = "these functions stay within the type, but for its smallest number, which wraps"
        )]
        let data: Data = match tensor.data() {
            Data::I64(values) => values.iter().map(|value| integers(*value)).collect::<Vec<_>>().into(),
            Data::I32(values) => {
                values.iter().map(|value| integers(i64::from(*value)) as i32).collect::<Vec<_>>().into()
            }
            // Networks have one behind each layer: without a call for each element.
            Data::F32(values) if relu => {
                let mut values = values.clone();
                let (many, rest) = values.as_chunks_mut::<16>();
                let relu = |value: &mut f32| *value = if *value < 0.0 { 0.0 } else { *value };
                many.iter_mut().for_each(|many| many.iter_mut().for_each(relu));
                rest.iter_mut().for_each(relu);
                values.into()
            }
            _ => return Ok(one(apply(tensor, floats)?)),
        };
        Ok(one(Tensor::of(tensor.shape().to_vec(), data)?))
    }))
}

fn activation(context: &mut Context<'_>) -> Done<Operator> {
    let number = |name: &str, default: f32| f64::from(context.attributes.float(name, default));
    let function: Box<dyn Fn(f64) -> f64 + Send + Sync> = match context.name {
        "Celu" => {
            let alpha = number("alpha", 1.0);
            Box::new(move |x| x.max(0.0) + (alpha * (x / alpha).exp_m1()).min(0.0))
        }
        "Elu" => {
            let alpha = number("alpha", 1.0);
            Box::new(move |x| if x < 0.0 { alpha * x.exp_m1() } else { x })
        }
        "HardSigmoid" => {
            let (alpha, beta) = (number("alpha", 0.2), number("beta", 0.5));
            Box::new(move |x| (alpha * x + beta).clamp(0.0, 1.0))
        }
        "LeakyRelu" => {
            let alpha = number("alpha", 0.01);
            Box::new(move |x| if x < 0.0 { alpha * x } else { x })
        }
        "Selu" => {
            let (alpha, gamma) = (number("alpha", 1.673_263_2), number("gamma", 1.050_701));
            Box::new(move |x| gamma * if x > 0.0 { x } else { alpha * x.exp_m1() })
        }
        "Shrink" => {
            let (bias, lambd) = (number("bias", 0.0), number("lambd", 0.5));
            Box::new(move |x| {
                if x < -lambd {
                    x + bias
                } else if x > lambd {
                    x - bias
                } else {
                    0.0
                }
            })
        }
        _ => {
            let alpha = number("alpha", 1.0);
            Box::new(move |x| if x > alpha { x } else { 0.0 })
        }
    };
    Ok(Box::new(move |inputs| Ok(one(apply(inputs.tensor(0)?, &function)?))))
}

fn gelu(context: &mut Context<'_>) -> Done<Operator> {
    let by_tanh = context.attributes.text("approximate", "none")? == "tanh";
    let exact = |x: f64| 0.5 * x * (1.0 + libm::erf(x / std::f64::consts::SQRT_2));
    let tanh = |x: f64| 0.5 * x * (1.0 + ((2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x * x * x)).tanh());
    Ok(Box::new(move |inputs| {
        let tensor = inputs.tensor(0)?;
        Ok(one(if by_tanh { apply(tensor, tanh)? } else { apply(tensor, exact)? }))
    }))
}

fn clip(context: &mut Context<'_>) -> Done<Operator> {
    let (low, high) = (context.attributes.maybe_float("min"), context.attributes.maybe_float("max"));
    Ok(Box::new(move |inputs| {
        let tensor = inputs.tensor(0)?;
        let mut clipped = tensor.clone();
        for (at, fixed, name) in [(1, low, "Max"), (2, high, "Min")] {
            let bound = match (inputs.optional(at)?, fixed) {
                (Some(bound), _) => bound.clone(),
                (None, Some(bound)) => Tensor::of(vec![], vec![bound])?,
                (None, None) => continue,
            };
            clipped = arithmetic(name, &clipped, &bound)?;
        }
        Ok(one(clipped))
    }))
}

/// Both operands by the same name of a function, for whichever kind of numbers they are.
fn arithmetic(name: &str, a: &Tensor, b: &Tensor) -> Done<Tensor> {
    macro_rules! floats {
        ($x:expr, $y:expr) => {{
            let (x, y) = (($x.as_slice(), a.shape()), ($y.as_slice(), b.shape()));
            let (shape, values) = match name {
                "Add" | "Sum" | "Mean" => broadcast::zip(x, y, |x, y| x + y)?,
                "Sub" => broadcast::zip(x, y, |x, y| x - y)?,
                "Mul" => broadcast::zip(x, y, |x, y| x * y)?,
                "Div" => broadcast::zip(x, y, |x, y| x / y)?,
                // NaN stays, whichever side it is on.
                "Max" => broadcast::zip(x, y, |x, y| if *x > *y || x.is_nan() { *x } else { *y })?,
                "Min" => broadcast::zip(x, y, |x, y| if *x < *y || x.is_nan() { *x } else { *y })?,
                "PRelu" => broadcast::zip(x, y, |x, y| if *x < 0.0 { x * y } else { *x })?,
                "Fmod" => broadcast::zip(x, y, |x, y| x % y)?,
                // The sign of the divisor, as in Python.
                "Mod" => broadcast::zip(x, y, |x, y| {
                    let rest = x % y;
                    if rest != 0.0 && (rest < 0.0) != (*y < 0.0) { rest + y } else { rest.copysign(*y) }
                })?,
                other => refuse!("there is no function {other}"),
            };
            Tensor::of(shape, values)
        }};
    }
    macro_rules! integers {
        ($x:expr, $y:expr) => {{
            let (x, y) = (($x.as_slice(), a.shape()), ($y.as_slice(), b.shape()));
            if matches!(name, "Div" | "Mod" | "Fmod") && $y.contains(&0) {
                refuse!("integers are divided by zero");
            }
            let (shape, values) = match name {
                "Add" | "Sum" => broadcast::zip(x, y, |x, y| x.wrapping_add(*y))?,
                "Sub" => broadcast::zip(x, y, |x, y| x.wrapping_sub(*y))?,
                "Mul" => broadcast::zip(x, y, |x, y| x.wrapping_mul(*y))?,
                "Div" => broadcast::zip(x, y, |x, y| x.wrapping_div(*y))?,
                "Max" => broadcast::zip(x, y, |x, y| *x.max(y))?,
                "Min" => broadcast::zip(x, y, |x, y| *x.min(y))?,
                "Fmod" => broadcast::zip(x, y, |x, y| x.wrapping_rem(*y))?,
                // The sign of the divisor, as in Python.
                "Mod" => broadcast::zip(x, y, |x, y| {
                    let rest = x.wrapping_rem(*y);
                    if rest != 0 && (rest < 0) != (*y < 0) { rest + y } else { rest }
                })?,
                other => refuse!("integers have no `{other}`"),
            };
            Tensor::of(shape, values)
        }};
    }
    match (a.data(), b.data()) {
        (Data::F32(x), Data::F32(y)) => floats!(x, y),
        (Data::F64(x), Data::F64(y)) => floats!(x, y),
        (Data::I64(x), Data::I64(y)) => integers!(x, y),
        (Data::I32(x), Data::I32(y)) => integers!(x, y),
        (x, y) => {
            refuse!("two operands of the same kind of numbers are needed, and these are {} and {}", x.kind(), y.kind())
        }
    }
}

fn binary(context: &mut Context<'_>) -> Done<Operator> {
    let fmod = context.name == "Mod" && context.attributes.int("fmod", 0) == 1;
    let name = if fmod { "Fmod".to_owned() } else { context.name.to_owned() };
    // Before opset 7, the second operand lay along an axis that was named.
    let axis = context.attributes.maybe_int("axis").filter(|_| context.scope.opset < 7);
    Ok(Box::new(move |inputs| {
        let (a, b) = (inputs.tensor(0)?, inputs.tensor(1)?);
        if let Some(axis) = axis {
            let at = crate::tensor::axis(axis, a.shape().len())?;
            let mut shape = b.shape().to_vec();
            shape.resize(a.shape().len().saturating_sub(at).max(shape.len()), 1);
            return Ok(one(arithmetic(&name, a, &Tensor::of(shape, b.data().clone())?)?));
        }
        Ok(one(arithmetic(&name, a, b)?))
    }))
}

fn several(context: &mut Context<'_>) -> Done<Operator> {
    let name = context.name.to_owned();
    Ok(Box::new(move |inputs| {
        let tensors = inputs.tensors()?;
        let Some((first, rest)) = tensors.split_first() else { refuse!("it has no input") };
        let mut folded = (*first).clone();
        for tensor in rest {
            folded = arithmetic(&name, &folded, tensor)?;
        }
        if name == "Mean" {
            let count = tensors.len() as f64;
            folded = apply(&folded, |sum| sum / count)?;
        }
        Ok(one(folded))
    }))
}

/// Computed in doubles; the result has the type of the base.
fn pow(_: &mut Context<'_>) -> Done<Operator> {
    Ok(Box::new(|inputs| {
        let (a, b) = (inputs.tensor(0)?, inputs.tensor(1)?);
        let (bases, exponents) = (a.doubles()?, b.doubles()?);
        if !matches!(a.kind(), Kind::F32 | Kind::F64 | Kind::I64 | Kind::I32) {
            refuse!("numbers are needed, and these are {}", a.kind());
        }
        let (shape, powers) =
            broadcast::zip((bases.as_ref(), a.shape()), (exponents.as_ref(), b.shape()), |x, y| x.powf(*y))?;
        Ok(one(super::cast::cast(&Tensor::of(shape, powers)?, a.kind())?))
    }))
}
