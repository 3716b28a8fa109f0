//! Comparisons and truth values.

use super::{Context, Table, broadcast, one};
use crate::error::{Done, refuse};
use crate::onnx::Operator;
use crate::tensor::{Data, Kind, Tensor};

pub(super) const TABLE: Table = &[
    ("And", both),
    ("Equal", equal),
    ("Greater", compare),
    ("GreaterOrEqual", compare),
    ("IsInf", is_inf),
    ("IsNaN", is_nan),
    ("Less", compare),
    ("LessOrEqual", compare),
    ("Not", not),
    ("Or", both),
    ("Where", choose),
    ("Xor", both),
];

/// Truth values.
pub(super) fn truths(tensor: &Tensor) -> Done<&[bool]> {
    match tensor.data() {
        Data::Bool(values) => Ok(values),
        other => refuse!("truth values are needed, and these are {}", other.kind()),
    }
}

fn both(context: &mut Context<'_>) -> Done<Operator> {
    let with: fn(&bool, &bool) -> bool = match context.name {
        "And" => |a, b| *a && *b,
        "Or" => |a, b| *a || *b,
        _ => |a, b| a != b,
    };
    Ok(Box::new(move |inputs| {
        let (a, b) = (inputs.tensor(0)?, inputs.tensor(1)?);
        let (shape, values) = broadcast::zip((truths(a)?, a.shape()), (truths(b)?, b.shape()), with)?;
        Ok(one(Tensor::of(shape, values)?))
    }))
}

fn not(_: &mut Context<'_>) -> Done<Operator> {
    Ok(Box::new(|inputs| {
        let tensor = inputs.tensor(0)?;
        let values: Vec<bool> = truths(tensor)?.iter().map(|value| !value).collect();
        Ok(one(Tensor::of(tensor.shape().to_vec(), values)?))
    }))
}

/// Two tensors of the same kind, element by element.
macro_rules! pairs {
    ($a:expr, $b:expr, $with:expr, $($kind:ident),+) => {
        match ($a.data(), $b.data()) {
            $((Data::$kind(x), Data::$kind(y)) => broadcast::zip((x.as_slice(), $a.shape()), (y.as_slice(), $b.shape()), $with)?,)+
            (x, y) => refuse!("these cannot be compared: {} and {}", x.kind(), y.kind()),
        }
    };
}

fn equal(_: &mut Context<'_>) -> Done<Operator> {
    Ok(Box::new(|inputs| {
        let (a, b) = (inputs.tensor(0)?, inputs.tensor(1)?);
        let (shape, values) = match (a.data(), b.data()) {
            (Data::Text(x), Data::Text(y)) => {
                let x: Vec<&str> = x.iter().map(String::as_str).collect();
                let y: Vec<&str> = y.iter().map(String::as_str).collect();
                broadcast::zip((&x, a.shape()), (&y, b.shape()), |x, y| x == y)?
            }
            (Data::F32(_) | Data::F64(_), _) => pairs!(a, b, |x, y| x == y, F32, F64),
            (x, y) if x.kind() == y.kind() => {
                let (x, y) = (super::cast::cast(a, Kind::I64)?, super::cast::cast(b, Kind::I64)?);
                pairs!(x, y, |x, y| x == y, I64)
            }
            (x, y) => refuse!("these cannot be compared: {} and {}", x.kind(), y.kind()),
        };
        Ok(one(Tensor::of(shape, values)?))
    }))
}

fn compare(context: &mut Context<'_>) -> Done<Operator> {
    let name = context.name.to_owned();
    Ok(Box::new(move |inputs| {
        let (a, b) = (inputs.tensor(0)?, inputs.tensor(1)?);
        let (shape, values) = match name.as_str() {
            "Less" => pairs!(a, b, |x, y| x < y, F32, F64, I64, I32),
            "LessOrEqual" => pairs!(a, b, |x, y| x <= y, F32, F64, I64, I32),
            "Greater" => pairs!(a, b, |x, y| x > y, F32, F64, I64, I32),
            _ => pairs!(a, b, |x, y| x >= y, F32, F64, I64, I32),
        };
        Ok(one(Tensor::of(shape, values)?))
    }))
}

/// A question to each float.
fn ask(tensor: &Tensor, question: impl Fn(f64) -> bool) -> Done<Tensor> {
    let values: Vec<bool> = match tensor.data() {
        Data::F32(values) => values.iter().map(|value| question(f64::from(*value))).collect(),
        Data::F64(values) => values.iter().map(|value| question(*value)).collect(),
        other => refuse!("floats are needed, and these are {}", other.kind()),
    };
    Tensor::of(tensor.shape().to_vec(), values)
}

fn is_nan(_: &mut Context<'_>) -> Done<Operator> {
    Ok(Box::new(|inputs| Ok(one(ask(inputs.tensor(0)?, f64::is_nan)?))))
}

fn is_inf(context: &mut Context<'_>) -> Done<Operator> {
    let positive = context.attributes.int("detect_positive", 1) != 0;
    let negative = context.attributes.int("detect_negative", 1) != 0;
    let question = move |value: f64| value.is_infinite() && if value > 0.0 { positive } else { negative };
    Ok(Box::new(move |inputs| Ok(one(ask(inputs.tensor(0)?, question)?))))
}

fn choose(_: &mut Context<'_>) -> Done<Operator> {
    Ok(Box::new(|inputs| {
        let (condition, a, b) = (inputs.tensor(0)?, inputs.tensor(1)?, inputs.tensor(2)?);
        if a.kind() != b.kind() {
            refuse!("both sides must be of one kind, and they are {} and {}", a.kind(), b.kind());
        }
        let shape = broadcast::shapes(&broadcast::shapes(condition.shape(), a.shape())?, b.shape())?;
        let truths = truths(condition)?;
        // One list with both sides: the second behind the first.
        let first = a.len();
        let places = broadcast::stretched(condition.shape(), &shape)
            .zip(broadcast::stretched(a.shape(), &shape).zip(broadcast::stretched(b.shape(), &shape)))
            .map(|(at, (x, y))| if truths[at] { x } else { first + y });
        let places: Vec<usize> = places.collect();
        let mut both = a.data().clone();
        super::index::append(&mut both, b.data())?;
        Ok(one(Tensor::of(shape, both.at(places.into_iter()))?))
    }))
}
