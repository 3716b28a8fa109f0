//! Conversions between kinds of elements.

use super::{Context, Table, one};
use crate::error::{Done, refuse};
use crate::onnx::Operator;
use crate::tensor::{Data, Kind, Tensor};

pub(super) const TABLE: Table = &[("Cast", to_kind), ("CastLike", like)];

fn to_kind(context: &mut Context<'_>) -> Done<Operator> {
    let Some(kind) = context.attributes.kind("to")? else { refuse!("the attribute `to` is missing") };
    Ok(Box::new(move |inputs| Ok(one(cast(inputs.tensor(0)?, kind)?))))
}

fn like(_: &mut Context<'_>) -> Done<Operator> {
    Ok(Box::new(|inputs| Ok(one(cast(inputs.tensor(0)?, inputs.tensor(1)?.kind())?))))
}

/// The same elements as another kind. Fractions are cut off, and what does not fit becomes the nearest that does, or wraps if both are integers.
pub(super) fn cast(tensor: &Tensor, to: Kind) -> Done<Tensor> {
    if tensor.kind() == to {
        return Ok(tensor.clone());
    }
    // By way of doubles and 64-bit integers, which hold all others exactly, so that there are not 72 pieces of code.
    let data = match (tensor.data(), to) {
        (Data::F32(values), Kind::Text) => {
            values.iter().map(|value| general(f64::from(*value), 8)).collect::<Vec<_>>().into()
        }
        (Data::F64(values), Kind::Text) => values.iter().map(|value| general(*value, 17)).collect::<Vec<_>>().into(),
        (Data::F32(values), _) => of_floats(&mut values.iter().map(|value| f64::from(*value)), to),
        (Data::F64(values), _) => of_floats(&mut values.iter().copied(), to),
        (Data::I64(values), _) => of_integers(&mut values.iter().copied(), to),
        (Data::I32(values), _) => of_integers(&mut values.iter().map(|value| i64::from(*value)), to),
        (Data::I16(values), _) => of_integers(&mut values.iter().map(|value| i64::from(*value)), to),
        (Data::I8(values), _) => of_integers(&mut values.iter().map(|value| i64::from(*value)), to),
        (Data::U8(values), _) => of_integers(&mut values.iter().map(|value| i64::from(*value)), to),
        (Data::Bool(values), _) => of_integers(&mut values.iter().map(|value| i64::from(*value)), to),
        (Data::Text(values), _) => texts(values, to)?,
    };
    Tensor::of(tensor.shape().to_vec(), data)
}

macro_rules! numbers {
    ($values:ident, $to:ident, $zero:expr) => {
        match $to {
            Kind::F32 => $values.map(|value| value as f32).collect::<Vec<_>>().into(),
            Kind::F64 => $values.map(|value| value as f64).collect::<Vec<_>>().into(),
            Kind::I64 => $values.map(|value| value as i64).collect::<Vec<_>>().into(),
            Kind::I32 => $values.map(|value| value as i32).collect::<Vec<_>>().into(),
            Kind::I16 => $values.map(|value| value as i16).collect::<Vec<_>>().into(),
            Kind::I8 => $values.map(|value| value as i8).collect::<Vec<_>>().into(),
            Kind::U8 => $values.map(|value| value as u8).collect::<Vec<_>>().into(),
            Kind::Bool => $values.map(|value| value != $zero).collect::<Vec<_>>().into(),
            Kind::Text => $values.map(|value| value.to_string()).collect::<Vec<_>>().into(),
        }
    };
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::unnecessary_cast,
    reason = "that is what a cast does"
)]
fn of_floats(values: &mut dyn Iterator<Item = f64>, to: Kind) -> Data {
    numbers!(values, to, 0.0)
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::unnecessary_cast,
    reason = "that is what a cast does"
)]
fn of_integers(values: &mut dyn Iterator<Item = i64>, to: Kind) -> Data {
    numbers!(values, to, 0)
}

fn texts(values: &[String], to: Kind) -> Done<Data> {
    fn all<T: std::str::FromStr>(values: &[String], to: Kind) -> Done<Vec<T>> {
        let parse = |text: &String| text.trim().parse().map_err(|_| format!("the text `{text}` is no {to}").into());
        values.iter().map(parse).collect()
    }
    Ok(match to {
        Kind::F32 => all::<f32>(values, to)?.into(),
        Kind::F64 => all::<f64>(values, to)?.into(),
        Kind::I64 => all::<i64>(values, to)?.into(),
        Kind::I32 => all::<i32>(values, to)?.into(),
        Kind::I16 => all::<i16>(values, to)?.into(),
        Kind::I8 => all::<i8>(values, to)?.into(),
        Kind::U8 => all::<u8>(values, to)?.into(),
        Kind::Bool => refuse!("texts are no truth values"),
        Kind::Text => values.to_vec().into(),
    })
}

/// A number as C's `%.{digits}g` writes it.
pub(super) fn general(value: f64, digits: usize) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "INF" } else { "-INF" }.to_owned();
    }
    let scientific = format!("{value:.*e}", digits - 1);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let short = |text: &str| -> String {
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text.to_owned() }
    };
    let most = i32::try_from(digits).unwrap_or(i32::MAX);
    if exponent < -4 || exponent >= most {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{}e{sign}{:02}", short(mantissa), exponent.abs());
    }
    let decimals = usize::try_from(most - 1 - exponent).unwrap_or(0);
    short(&format!("{value:.decimals$}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What C's `printf("%.8g")` gives.
    #[test]
    fn numbers_become_the_texts_of_percent_g() {
        for (value, text) in
            [(1.0, "1"), (0.1, "0.1"), (1e-5, "1e-05"), (123_456_789.0, "1.2345679e+08"), (-2.5, "-2.5"), (0.0, "0")]
        {
            assert_eq!(general(value, 8), text);
        }
    }
}
