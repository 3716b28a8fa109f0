//! Elements of tensors: from JSON to the binary form and back.

use std::io::Write as _;

use serde::Serialize;
use weft::{Tensor, serving};

use super::flat::Flat;

/// Axes of a tensor.
const MOST_AXES: usize = 16;

/// Bytes of an element; none for texts. An error for what is no type of the protocol.
fn element_size(datatype: &str) -> Result<Option<usize>, String> {
    match (serving::element_size(datatype), datatype) {
        (None, "BYTES") => Ok(None),
        (None, other) => Err(format!("there is no datatype `{}`", short(other))),
        (size, _) => Ok(size),
    }
}

/// How many elements a shape has.
pub(super) fn count(shape: &[u64]) -> Result<usize, String> {
    if shape.len() > MOST_AXES {
        return Err(format!("a tensor has at most {MOST_AXES} axes"));
    }
    let count = shape.iter().try_fold(1_u64, |count, size| count.checked_mul(*size));
    count.and_then(|count| usize::try_from(count).ok()).ok_or_else(|| "the shape is too large".to_owned())
}

/// Checks that some bytes are as many elements as a shape has.
pub(super) fn check(datatype: &str, shape: &[u64], data: &[u8]) -> Result<(), String> {
    let count = count(shape)?;
    let found = match element_size(datatype)? {
        Some(size) if data.len().is_multiple_of(size) => data.len() / size,
        Some(size) => return Err(format!("{} bytes are no elements of {size} bytes", data.len())),
        None => texts(data).ok_or("the texts are cut off")?.len(),
    };
    if found == count { Ok(()) } else { Err(format!("{found} elements do not fill the shape {shape:?}")) }
}

/// Texts of the binary form; none if it is cut off.
pub(super) fn texts(mut data: &[u8]) -> Option<Vec<&[u8]>> {
    let mut found = Vec::new();
    while !data.is_empty() {
        let (length, rest) = data.split_first_chunk()?;
        let (text, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        found.push(text);
        data = rest;
    }
    Some(found)
}

/// The binary form of elements in JSON.
pub(super) fn from_json(datatype: &str, shape: &[u64], flat: Flat) -> Result<Vec<u8>, String> {
    macro_rules! ints {
        ($ty:ty) => {
            whole(flat)?
                .into_iter()
                .map(|value| <$ty>::try_from(value).map(<$ty>::to_le_bytes))
                .collect::<Result<Vec<_>, _>>()
                .map_err(|_| format!("a number is beyond {datatype}"))?
                .concat()
        };
    }
    let data = match datatype {
        "INT8" => ints!(i8),
        "INT16" => ints!(i16),
        "INT32" => ints!(i32),
        "INT64" => ints!(i64),
        "UINT8" => ints!(u8),
        "UINT16" => ints!(u16),
        "UINT32" => ints!(u32),
        "UINT64" => ints!(u64),
        #[allow(clippy::cast_possible_truncation, reason = "that is what the type asks for")]
        "FP32" => floats(flat)?.into_iter().flat_map(|value| (value as f32).to_le_bytes()).collect(),
        "FP64" => floats(flat)?.into_iter().flat_map(f64::to_le_bytes).collect(),
        "BOOL" => match flat {
            Flat::Empty => Vec::new(),
            Flat::Bools(values) => values.into_iter().map(u8::from).collect(),
            Flat::Ints(values) if values.iter().all(|value| matches!(value, 0 | 1)) => {
                values.into_iter().map(|value| u8::from(value == 1)).collect()
            }
            _ => return Err("`data` has to be truth values".to_owned()),
        },
        "BYTES" => match flat {
            Flat::Empty => Vec::new(),
            Flat::Texts(texts) => {
                let mut data = Vec::with_capacity(texts.iter().map(|text| text.len() + 4).sum());
                for text in texts {
                    data.extend(u32::try_from(text.len()).map_err(|_| "a text is too long")?.to_le_bytes());
                    data.extend(text.bytes());
                }
                data
            }
            _ => return Err("`data` has to be texts".to_owned()),
        },
        "FP16" | "BF16" => return Err(format!("{datatype} is taken in binary form only")),
        other => return Err(format!("there is no datatype `{}`", short(other))),
    };
    check(datatype, shape, &data)?;
    Ok(data)
}

fn whole(flat: Flat) -> Result<Vec<i128>, String> {
    match flat {
        Flat::Empty => Ok(Vec::new()),
        Flat::Ints(values) => Ok(values),
        #[allow(clippy::cast_possible_truncation, reason = "it is whole, and within the bounds")]
        Flat::Floats(values) if values.iter().all(|value| value.fract() == 0.0 && value.abs() < 9e15) => {
            Ok(values.into_iter().map(|value| value as i128).collect())
        }
        _ => Err("`data` has to be whole numbers".to_owned()),
    }
}

#[allow(clippy::cast_precision_loss, reason = "that is what the type asks for")]
fn floats(flat: Flat) -> Result<Vec<f64>, String> {
    match flat {
        Flat::Empty => Ok(Vec::new()),
        Flat::Ints(values) => Ok(values.into_iter().map(|value| value as f64).collect()),
        Flat::Floats(values) => Ok(values),
        _ => Err("`data` has to be numbers".to_owned()),
    }
}

/// The elements from `start` on, so many, as a JSON list. Numbers have the shortest digits that read back; one that is none is `null`.
pub(super) fn to_json(tensor: &Tensor, start: usize, length: usize, into: &mut Vec<u8>) -> Result<(), String> {
    let data = tensor.data.as_slice();
    macro_rules! elements {
        ($ty:ty) => {{
            let (chunks, _) = data.as_chunks();
            list(chunks.iter().skip(start).take(length).map(|chunk| <$ty>::from_le_bytes(*chunk)), into)
        }};
    }
    match tensor.datatype.as_str() {
        "INT8" => elements!(i8),
        "INT16" => elements!(i16),
        "INT32" => elements!(i32),
        "INT64" => elements!(i64),
        "UINT8" => elements!(u8),
        "UINT16" => elements!(u16),
        "UINT32" => elements!(u32),
        "UINT64" => elements!(u64),
        "FP32" => elements!(f32),
        "FP64" => elements!(f64),
        "BOOL" => list(data.iter().skip(start).take(length).map(|byte| *byte != 0), into),
        "BYTES" => {
            let texts = texts(data).ok_or("the texts of an output are cut off")?;
            let texts = texts.into_iter().skip(start).take(length);
            list(texts.map(|text| String::from_utf8_lossy(text)), into)
        }
        other => Err(format!(
            "`{}` has elements of type {other}, which has no form in JSON: ask for it in binary form",
            tensor.name
        )),
    }
}

fn list<T: Serialize>(elements: impl Iterator<Item = T>, into: &mut Vec<u8>) -> Result<(), String> {
    let failed = |error: &dyn std::fmt::Display| format!("an output cannot be written: {error}");
    into.push(b'[');
    for (at, element) in elements.enumerate() {
        if at > 0 {
            into.push(b',');
        }
        serde_json::to_writer(&mut *into, &element).map_err(|error| failed(&error))?;
    }
    into.write_all(b"]").map_err(|error| failed(&error))
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there_and_back(datatype: &str, json: &str) -> Result<String, String> {
        let flat: Flat = serde_json::from_str(json).map_err(|error| error.to_string())?;
        let count = json.matches(',').count() as u64 + 1;
        let data = from_json(datatype, &[count], flat)?;
        let tensor = Tensor { name: "x".to_owned(), datatype: datatype.to_owned(), shape: vec![count], data };
        let mut text = Vec::new();
        to_json(&tensor, 0, usize::MAX, &mut text)?;
        Ok(String::from_utf8(text).unwrap())
    }

    #[test]
    fn elements_are_the_same_there_and_back() {
        for (datatype, json) in [
            ("INT8", "[-128,127]"),
            ("UINT64", "[18446744073709551615,0]"),
            ("INT64", "[-9223372036854775808,9007199254740993]"),
            ("FP32", "[0.1,1.5,3.4028235e+38]"),
            ("FP64", "[0.1,5e-324]"),
            ("BOOL", "[true,false]"),
            ("BYTES", "[\"\",\"ä\\n\"]"),
            ("FP32", "[null,1.0]"),
        ] {
            assert_eq!(there_and_back(datatype, json).unwrap(), json, "{datatype}");
        }
        assert_eq!(there_and_back("INT32", "[1.0,2]").unwrap(), "[1,2]");
    }

    #[test]
    fn what_a_type_does_not_have_is_refused() {
        for (datatype, json) in [
            ("INT8", "[128]"),
            ("UINT8", "[-1]"),
            ("INT64", "[1.5]"),
            ("FP32", "[\"1\"]"),
            ("BYTES", "[1]"),
            ("BOOL", "[2]"),
            ("FP16", "[1]"),
            ("X", "[1]"),
        ] {
            assert!(there_and_back(datatype, json).is_err(), "{datatype} {json}");
        }
        assert!(from_json("FP32", &[3], Flat::Floats(vec![1.0])).unwrap_err().contains("do not fill the shape [3]"));
        assert!(check("FP32", &[u64::MAX, 2], &[]).unwrap_err().contains("too large"));
        assert!(check("BYTES", &[1], &[9, 0, 0, 0, b'a']).unwrap_err().contains("cut off"));
    }
}
