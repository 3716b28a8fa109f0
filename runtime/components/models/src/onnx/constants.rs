//! Tensors that stand in the file.

use crate::error::{Done, refuse};
use crate::proto::TensorProto;
use crate::tensor::{Data, Kind, Tensor, elements};

/// The kind of elements that a number of ONNX's `TensorProto.DataType` stands for.
pub(crate) fn kind(number: i32) -> Done<Kind> {
    let other = match number {
        1 => return Ok(Kind::F32),
        6 => return Ok(Kind::I32),
        7 => return Ok(Kind::I64),
        8 => return Ok(Kind::Text),
        9 => return Ok(Kind::Bool),
        11 => return Ok(Kind::F64),
        2 => "uint8",
        3 => "int8",
        4 => "uint16",
        5 => "int16",
        10 => "float16",
        12 => "uint32",
        13 => "uint64",
        14 => "complex64",
        15 => "complex128",
        16 => "bfloat16",
        _ => refuse!("there is no type of elements with the number {number}"),
    };
    refuse!("elements of type {other} are not here; those are: float, double, int64, int32, bool, string")
}

/// A tensor of the file.
pub(crate) fn tensor(proto: &TensorProto) -> Done<Tensor> {
    if proto.data_location == 1 || !proto.external_data.is_empty() {
        refuse!("its data lies in another file; save the model with its data inside (`onnx.save(model, path)` after `onnx.load`)");
    }
    let shape = shape(&proto.dims)?;
    let count = elements(&shape)?;
    let raw = proto.raw_data.as_slice();
    let data: Data = match kind(proto.data_type)? {
        Kind::F32 => fixed(raw, &proto.float_data, f32::from_le_bytes)?.into(),
        Kind::F64 => fixed(raw, &proto.double_data, f64::from_le_bytes)?.into(),
        Kind::I64 => fixed(raw, &proto.int64_data, i64::from_le_bytes)?.into(),
        Kind::I32 => fixed(raw, &proto.int32_data, i32::from_le_bytes)?.into(),
        Kind::Bool if raw.is_empty() => proto.int32_data.iter().map(|value| *value != 0).collect::<Vec<_>>().into(),
        Kind::Bool => raw.iter().map(|value| *value != 0).collect::<Vec<_>>().into(),
        Kind::Text => proto.string_data.iter().map(|bytes| text(bytes)).collect::<Done<Vec<_>>>()?.into(),
    };
    if data.len() != count {
        refuse!("its shape {shape:?} has {count} elements, and the file has {} of them", data.len());
    }
    Tensor::of(shape, data)
}

/// A tensor of the type uint8.
pub(crate) fn bytes(proto: &TensorProto) -> Done<Vec<u8>> {
    if proto.data_type != 2 {
        refuse!("it must have elements of type uint8");
    }
    if !proto.raw_data.is_empty() {
        return Ok(proto.raw_data.clone());
    }
    proto.int32_data.iter().map(|value| u8::try_from(*value).map_err(|_| format!("{value} is no uint8").into())).collect()
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
