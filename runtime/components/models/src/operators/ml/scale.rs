//! What changes numbers column by column or row by row.

use super::super::{Context, Table, one};
use crate::error::{Done, refuse};
use crate::onnx::Operator;
use crate::tensor::{Data, Tensor};

pub(in super::super) const TABLE: Table = &[
    ("ai.onnx.ml.Binarizer", binarizer),
    ("ai.onnx.ml.Imputer", imputer),
    ("ai.onnx.ml.Normalizer", normalizer),
    ("ai.onnx.ml.Scaler", scaler),
];

/// One number for all columns, or one for each.
fn by_column<T: Copy>(list: &[T], width: usize, name: &str) -> Done<Vec<T>> {
    match list {
        [one] => Ok(vec![*one; width]),
        list if list.len() == width => Ok(list.to_vec()),
        list => refuse!("`{name}` has {} elements, and rows have {width}", list.len()),
    }
}

fn scaler(context: &mut Context<'_>) -> Done<Operator> {
    let (offset, scale) = (context.attributes.floats("offset").to_vec(), context.attributes.floats("scale").to_vec());
    Ok(Box::new(move |inputs| {
        let tensor = inputs.tensor(0)?;
        let width = tensor.matrix().1;
        let (offset, scale) = (by_column(&offset, width, "offset")?, by_column(&scale, width, "scale")?);
        let values = tensor.floats()?;
        let scaled = values.chunks(width.max(1)).flat_map(|row| {
            row.iter().zip(offset.iter().zip(&scale)).map(|(value, (offset, scale))| (value - offset) * scale)
        });
        let scaled: Vec<f32> = scaled.collect();
        Ok(one(Tensor::of(tensor.shape().to_vec(), scaled)?))
    }))
}

fn normalizer(context: &mut Context<'_>) -> Done<Operator> {
    let norm: fn(&[f32]) -> f32 = match context.attributes.text("norm", "MAX")?.as_str() {
        "MAX" => |row| row.iter().copied().fold(f32::NEG_INFINITY, f32::max),
        "L1" => |row| row.iter().map(|value| value.abs()).sum(),
        "L2" => |row| row.iter().map(|value| value * value).sum::<f32>().sqrt(),
        other => refuse!("there is no norm `{other}`"),
    };
    Ok(Box::new(move |inputs| {
        let tensor = inputs.tensor(0)?;
        let width = tensor.matrix().1;
        let values = tensor.floats()?;
        let scaled = values.chunks(width.max(1)).flat_map(|row| {
            let norm = norm(row);
            row.iter().map(move |value| if norm == 0.0 { *value } else { value / norm })
        });
        let scaled: Vec<f32> = scaled.collect();
        Ok(one(Tensor::of(tensor.shape().to_vec(), scaled)?))
    }))
}

#[allow(clippy::float_cmp, reason = "a value stands for a missing one if it is exactly that")]
fn imputer(context: &mut Context<'_>) -> Done<Operator> {
    let floats = context.attributes.floats("imputed_value_floats").to_vec();
    let integers = context.attributes.ints("imputed_value_int64s").unwrap_or_default().to_vec();
    let replaced = context.attributes.float("replaced_value_float", 0.0);
    let replaced_integer = context.attributes.int("replaced_value_int64", 0);
    Ok(Box::new(move |inputs| {
        let tensor = inputs.tensor(0)?;
        let width = tensor.matrix().1;
        macro_rules! impute {
            ($values:expr, $list:expr, $is:expr) => {{
                let list = $list;
                let rows = $values.chunks(width.max(1));
                let filled = rows.flat_map(|row| {
                    row.iter().zip(&list).map(|(value, instead)| if $is(*value) { *instead } else { *value })
                });
                filled.collect::<Vec<_>>().into()
            }};
        }
        let name = "imputed_value_floats";
        let data: Data = match tensor.data() {
            Data::F32(values) => impute!(values, by_column(&floats, width, name)?, |value: f32| {
                value == replaced || (value.is_nan() && replaced.is_nan())
            }),
            Data::F64(values) => {
                let wide: Vec<f64> = by_column(&floats, width, name)?.into_iter().map(f64::from).collect();
                impute!(values, wide, |value: f64| value == f64::from(replaced)
                    || (value.is_nan() && replaced.is_nan()))
            }
            Data::I64(values) => impute!(values, by_column(&integers, width, "imputed_value_int64s")?, |value: i64| {
                value == replaced_integer
            }),
            other => refuse!("floats, doubles or 64-bit integers are needed, and these are {}", other.kind()),
        };
        Ok(one(Tensor::of(tensor.shape().to_vec(), data)?))
    }))
}

fn binarizer(context: &mut Context<'_>) -> Done<Operator> {
    let threshold = context.attributes.float("threshold", 0.0);
    Ok(Box::new(move |inputs| {
        let tensor = inputs.tensor(0)?;
        let wide = f64::from(threshold);
        let above = |value: f64| f64::from(u8::from(value > wide));
        let data: Data = match tensor.data() {
            Data::F32(values) => {
                values.iter().map(|value| f32::from(u8::from(*value > threshold))).collect::<Vec<_>>().into()
            }
            Data::F64(values) => values.iter().map(|value| above(*value)).collect::<Vec<_>>().into(),
            Data::I64(values) => values.iter().map(|value| i64::from(*value as f64 > wide)).collect::<Vec<_>>().into(),
            Data::I32(values) => {
                values.iter().map(|value| i32::from(f64::from(*value) > wide)).collect::<Vec<_>>().into()
            }
            other => refuse!("numbers are needed, and these are {}", other.kind()),
        };
        Ok(one(Tensor::of(tensor.shape().to_vec(), data)?))
    }))
}
