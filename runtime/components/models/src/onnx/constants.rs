//! Tensors that stand in the file.

use crate::error::{Done, refuse};
use crate::proto::TensorProto;
use crate::tensor::{Data, Kind, Tensor, elements};

/// The kind of elements that a number of ONNX's `TensorProto.DataType` stands for.
pub(crate) fn kind(number: i32) -> Done<Kind> {
    let other = match number {
        1 => return Ok(Kind::F32),
        2 => return Ok(Kind::U8),
        3 => return Ok(Kind::I8),
        5 => return Ok(Kind::I16),
        6 => return Ok(Kind::I32),
        7 => return Ok(Kind::I64),
        8 => return Ok(Kind::Text),
        9 => return Ok(Kind::Bool),
        11 => return Ok(Kind::F64),
        4 => "uint16",
        10 => "float16",
        12 => "uint32",
        13 => "uint64",
        14 => "complex64",
        15 => "complex128",
        16 => "bfloat16",
        _ => refuse!("there is no type of elements with the number {number}"),
    };
    refuse!(
        "elements of type {other} are not here; those are: float, double, int64, int32, int16, int8, uint8, bool, string"
    )
}

/// A tensor of the file.
pub(crate) fn tensor(proto: &TensorProto) -> Done<Tensor> {
    if proto.data_location == 1 || !proto.external_data.is_empty() {
        refuse!(
            "its data lies in another file; save the model with its data inside (`onnx.save(model, path)` after `onnx.load`)"
        );
    }
    let shape = shape(&proto.dims)?;
    let count = elements(&shape)?;
    let raw = proto.raw_data.as_slice();
    let data: Data = match kind(proto.data_type)? {
        Kind::F32 => fixed(raw, &proto.float_data, f32::from_le_bytes)?.into(),
        Kind::F64 => fixed(raw, &proto.double_data, f64::from_le_bytes)?.into(),
        Kind::I64 => fixed(raw, &proto.int64_data, i64::from_le_bytes)?.into(),
        Kind::I32 => fixed(raw, &proto.int32_data, i32::from_le_bytes)?.into(),
        Kind::I16 => small(raw, &proto.int32_data, i16::from_le_bytes)?.into(),
        Kind::I8 => small(raw, &proto.int32_data, i8::from_le_bytes)?.into(),
        Kind::U8 => small(raw, &proto.int32_data, u8::from_le_bytes)?.into(),
        Kind::Bool if raw.is_empty() => proto.int32_data.iter().map(|value| *value != 0).collect::<Vec<_>>().into(),
        Kind::Bool => raw.iter().map(|value| *value != 0).collect::<Vec<_>>().into(),
        Kind::Text => proto.string_data.iter().map(|bytes| text(bytes)).collect::<Done<Vec<_>>>()?.into(),
    };
    if data.len() != count {
        refuse!("its shape {shape:?} has {count} elements, and the file has {} of them", data.len());
    }
    Tensor::of(shape, data)
}

/// Sizes of axes.
pub(crate) fn shape(dims: &[i64]) -> Done<Vec<usize>> {
    dims.iter().map(|size| usize::try_from(*size).map_err(|_| format!("an axis has the size {size}").into())).collect()
}

/// A text of the file.
pub(crate) fn text(bytes: &[u8]) -> Done<String> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => refuse!("a text is not UTF-8"),
    }
}

/// Elements of fixed width: as raw bytes, or as a list.
fn fixed<T: Clone, const N: usize>(raw: &[u8], listed: &[T], read: fn([u8; N]) -> T) -> Done<Vec<T>> {
    if raw.is_empty() {
        return Ok(listed.to_vec());
    }
    let (whole, rest) = raw.as_chunks::<N>();
    if !rest.is_empty() {
        refuse!("its {} raw bytes are no whole number of elements", raw.len());
    }
    Ok(whole.iter().map(|bytes| read(*bytes)).collect())
}

/// Elements of fixed width that are listed as wider ones.
fn small<T: Clone + TryFrom<i32>, const N: usize>(raw: &[u8], listed: &[i32], read: fn([u8; N]) -> T) -> Done<Vec<T>> {
    if !raw.is_empty() {
        return fixed(raw, &[], read);
    }
    listed
        .iter()
        .map(|value| T::try_from(*value).map_err(|_| format!("the element {value} is beyond its type").into()))
        .collect()
}
