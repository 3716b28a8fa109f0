//! Tensors as bytes: little-endian elements, and texts led by their lengths, as the Open Inference Protocol's extension for binary data has them.

use models::{Data, Kind, Tensor as Loaded, Value};
use weft_guest::{Result, bail};

use crate::exports::weft::serving::server::Tensor;

/// The protocol's name of a kind of elements.
pub(crate) fn datatype(kind: Kind) -> &'static str {
    match kind {
        Kind::F32 => "FP32",
        Kind::F64 => "FP64",
        Kind::I64 => "INT64",
        Kind::I32 => "INT32",
        Kind::I16 => "INT16",
        Kind::I8 => "INT8",
        Kind::U8 => "UINT8",
        Kind::Bool => "BOOL",
        Kind::Text => "BYTES",
    }
}

/// The tensor of some bytes.
pub(crate) fn read(tensor: &Tensor) -> Result<Loaded> {
    let bytes = tensor.data.as_slice();
    let name = &tensor.name;
    let data: Data = match tensor.datatype.as_str() {
        "FP32" => elements(bytes, f32::from_le_bytes).map(Into::into),
        "FP64" => elements(bytes, f64::from_le_bytes).map(Into::into),
        "INT64" => elements(bytes, i64::from_le_bytes).map(Into::into),
        "INT32" => elements(bytes, i32::from_le_bytes).map(Into::into),
        "INT16" => elements(bytes, i16::from_le_bytes).map(Into::into),
        "INT8" => elements(bytes, i8::from_le_bytes).map(Into::into),
        "UINT8" => Some(bytes.to_vec().into()),
        "BOOL" => Some(bytes.iter().map(|byte| *byte != 0).collect::<Vec<bool>>().into()),
        "BYTES" => Some(texts(name, bytes)?.into()),
        other => bail!("input `{name}`: elements of type {other} are not taken"),
    }
    .unwrap_or_else(|| Vec::<u8>::new().into());
    let shape: Option<Vec<usize>> = tensor.shape.iter().map(|size| usize::try_from(*size).ok()).collect();
    let count = data.len();
    match shape.and_then(|shape| Loaded::new(shape, data)) {
        Some(loaded) => Ok(loaded),
        None => bail!(
            "input `{name}`: {count} elements of type {} do not fill the shape {:?}",
            tensor.datatype,
            tensor.shape
        ),
    }
}

fn elements<T, const N: usize>(bytes: &[u8], of: fn([u8; N]) -> T) -> Option<Vec<T>> {
    let (chunks, rest) = bytes.as_chunks::<N>();
    rest.is_empty().then(|| chunks.iter().map(|chunk| of(*chunk)).collect())
}

fn texts(name: &str, mut bytes: &[u8]) -> Result<Vec<String>> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let Some((length, rest)) = bytes.split_first_chunk() else { bail!("input `{name}`: a text has no length") };
        let length = u32::from_le_bytes(*length) as usize;
        let Some((text, rest)) = rest.split_at_checked(length) else { bail!("input `{name}`: a text is cut off") };
        match std::str::from_utf8(text) {
            Ok(text) => found.push(text.to_owned()),
            Err(_) => bail!("input `{name}`: text {} is not UTF-8", found.len() + 1),
        }
        bytes = rest;
    }
    Ok(found)
}

/// An output as bytes. Maps are the matrix of their values: a column for each key.
pub(crate) fn write(name: String, value: Value) -> Tensor {
    let tensor = match value {
        Value::Tensor(tensor) => tensor,
        Value::Maps(maps) => maps.values,
    };
    let mut data = Vec::new();
    match tensor.data() {
        Data::F32(values) => values.iter().for_each(|value| data.extend(value.to_le_bytes())),
        Data::F64(values) => values.iter().for_each(|value| data.extend(value.to_le_bytes())),
        Data::I64(values) => values.iter().for_each(|value| data.extend(value.to_le_bytes())),
        Data::I32(values) => values.iter().for_each(|value| data.extend(value.to_le_bytes())),
        Data::I16(values) => values.iter().for_each(|value| data.extend(value.to_le_bytes())),
        Data::I8(values) => values.iter().for_each(|value| data.extend(value.to_le_bytes())),
        Data::U8(values) => data.extend(values),
        Data::Bool(values) => data.extend(values.iter().map(|value| u8::from(*value))),
        Data::Text(values) => values.iter().for_each(|text| {
            data.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
            data.extend(text.bytes());
        }),
    }
    let shape = tensor.shape().iter().map(|size| *size as u64).collect();
    Tensor { name, datatype: datatype(tensor.kind()).to_owned(), shape, data }
}
