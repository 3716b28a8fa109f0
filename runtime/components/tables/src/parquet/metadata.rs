//! The footer of a Parquet file and the headers of its pages.

use super::thrift::{Problem, Reader, Value};
use crate::compression::Codec;

/// What is read of a footer.
#[derive(Debug, Default)]
pub struct FileMetadata {
    pub rows: i64,
    pub schema: Vec<SchemaElement>,
    pub groups: Vec<RowGroup>,
}

#[derive(Debug, Default, Clone)]
pub struct SchemaElement {
    pub name: String,
    /// The physical type; none for a group.
    pub physical: Option<i64>,
    pub length: i64,
    /// 0 required, 1 optional, 2 repeated.
    pub repetition: i64,
    pub children: i64,
    pub converted: Option<i64>,
    pub scale: i64,
    /// The logical type: its number, and of times and integers the unit or width and whether it is signed.
    pub logical: Option<Logical>,
}

#[derive(Debug, Default, Clone, Copy)]
pub struct Logical {
    pub number: i16,
    pub scale: i64,
    /// 1 for thousandths, 2 for millionths, 3 for thousand-millionths.
    pub unit: i16,
    pub signed: bool,
}

#[derive(Debug, Default)]
pub struct RowGroup {
    pub rows: i64,
    pub columns: Vec<Chunk>,
}

/// A column's part of a group of rows.
#[derive(Debug, Default, Clone)]
pub struct Chunk {
    pub path: Vec<String>,
    pub codec: i64,
    pub values: i64,
    pub length: i64,
    pub data: i64,
    pub dictionary: i64,
    pub elsewhere: bool,
    pub encrypted: bool,
}

fn int(value: Value<'_>) -> i64 {
    if let Value::Int(value) = value { value } else { 0 }
}

fn text(value: Value<'_>) -> String {
    if let Value::Bytes(bytes) = value { String::from_utf8_lossy(bytes).into_owned() } else { String::new() }
}

/// The codec of a number; an error that names one that is not read.
pub fn codec(number: i64) -> Result<Codec, String> {
    Ok(match number {
        0 => Codec::Plain,
        1 => Codec::Snappy,
        2 => Codec::Gzip,
        5 => Codec::Lz4Hadoop,
        6 => Codec::Zstd,
        7 => Codec::Lz4,
        3 => return Err("LZO is not read: write the file with Snappy, zstd or gzip".to_owned()),
        4 => return Err("Brotli is not read: write the file with Snappy, zstd or gzip".to_owned()),
        other => return Err(format!("there is no codec {other}")),
    })
}

pub fn file(bytes: &[u8]) -> Result<FileMetadata, Problem> {
    let mut found = FileMetadata::default();
    Reader::new(bytes).fields(|reader, number, value| match (number, value) {
        (2, Value::List(kind, count)) => reader.items((kind, count), |reader, _| {
            found.schema.push(element(reader)?);
            Ok(())
        }),
        (3, value) => {
            found.rows = int(value);
            Ok(())
        }
        (4, Value::List(kind, count)) => reader.items((kind, count), |reader, _| {
            found.groups.push(group(reader)?);
            Ok(())
        }),
        (_, value) => reader.skip(value),
    })?;
    Ok(found)
}

fn element(reader: &mut Reader<'_>) -> Result<SchemaElement, Problem> {
    let mut found = SchemaElement::default();
    reader.fields(|reader, number, value| {
        match (number, value) {
            (1, value) => found.physical = Some(int(value)),
            (2, value) => found.length = int(value),
            (3, value) => found.repetition = int(value),
            (4, value) => found.name = text(value),
            (5, value) => found.children = int(value),
            (6, value) => found.converted = Some(int(value)),
            (7, value) => found.scale = int(value),
            (10, Value::Struct) => found.logical = Some(logical(reader)?),
            (_, value) => reader.skip(value)?,
        }
        Ok(())
    })?;
    Ok(found)
}

fn logical(reader: &mut Reader<'_>) -> Result<Logical, Problem> {
    let mut found = Logical::default();
    reader.fields(|reader, number, value| {
        found.number = number;
        let Value::Struct = value else { return reader.skip(value) };
        reader.fields(|reader, field, value| match (number, field, value) {
            // Decimal: its scale. Integer: whether it is signed.
            (5, 1, Value::Int(scale)) => {
                found.scale = scale;
                Ok(())
            }
            (10, 2, Value::Bool(signed)) => {
                found.signed = signed;
                Ok(())
            }
            (7 | 8, 2, Value::Struct) => reader.fields(|reader, unit, value| {
                found.unit = unit;
                reader.skip(value)
            }),
            (_, _, value) => reader.skip(value),
        })
    })?;
    Ok(found)
}

fn group(reader: &mut Reader<'_>) -> Result<RowGroup, Problem> {
    let mut found = RowGroup::default();
    reader.fields(|reader, number, value| match (number, value) {
        (1, Value::List(kind, count)) => reader.items((kind, count), |reader, _| {
            found.columns.push(chunk(reader)?);
            Ok(())
        }),
        (3, value) => {
            found.rows = int(value);
            Ok(())
        }
        (_, value) => reader.skip(value),
    })?;
    Ok(found)
}

fn chunk(reader: &mut Reader<'_>) -> Result<Chunk, Problem> {
    let mut found = Chunk::default();
    reader.fields(|reader, number, value| match (number, value) {
        (1, Value::Bytes(path)) => {
            found.elsewhere = !path.is_empty();
            Ok(())
        }
        (3, Value::Struct) => reader.fields(|reader, number, value| {
            match (number, value) {
                (3, Value::List(kind, count)) => {
                    reader.items((kind, count), |_, item| {
                        found.path.push(text(item));
                        Ok(())
                    })?;
                }
                (4, value) => found.codec = int(value),
                (5, value) => found.values = int(value),
                (7, value) => found.length = int(value),
                (9, value) => found.data = int(value),
                (11, value) => found.dictionary = int(value),
                (_, value) => reader.skip(value)?,
            }
            Ok(())
        }),
        (8, value) => {
            found.encrypted = true;
            reader.skip(value)
        }
        (_, value) => reader.skip(value),
    })?;
    Ok(found)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageKind {
    Data,
    Data2,
    Dictionary,
    Other,
}

#[derive(Debug, Clone, Copy)]
pub struct PageHeader {
    pub kind: PageKind,
    pub plain_length: i64,
    pub length: i64,
    pub values: i64,
    pub encoding: i64,
    /// Of the second form of data pages: bytes of both levels, which are never compressed, and whether the rest is.
    pub repetition_length: i64,
    pub definition_length: i64,
    pub compressed: bool,
}

/// Reads the header of a page, and how many bytes it has.
pub fn page(bytes: &[u8]) -> Result<(PageHeader, usize), Problem> {
    let mut found = PageHeader {
        kind: PageKind::Other,
        plain_length: 0,
        length: 0,
        values: 0,
        encoding: 0,
        repetition_length: 0,
        definition_length: 0,
        compressed: true,
    };
    let mut reader = Reader::new(bytes);
    reader.fields(|reader, number, value| {
        match (number, value) {
            (1, value) => {
                found.kind = match int(value) {
                    0 => PageKind::Data,
                    2 => PageKind::Dictionary,
                    3 => PageKind::Data2,
                    _ => PageKind::Other,
                }
            }
            (2, value) => found.plain_length = int(value),
            (3, value) => found.length = int(value),
            (5 | 7, Value::Struct) => reader.fields(|reader, field, value| {
                match (field, value) {
                    (1, value) => found.values = int(value),
                    (2, value) => found.encoding = int(value),
                    (_, value) => reader.skip(value)?,
                }
                Ok(())
            })?,
            (8, Value::Struct) => reader.fields(|reader, field, value| {
                match (field, value) {
                    (1, value) => found.values = int(value),
                    (4, value) => found.encoding = int(value),
                    (5, value) => found.definition_length = int(value),
                    (6, value) => found.repetition_length = int(value),
                    (7, Value::Bool(compressed)) => found.compressed = compressed,
                    (_, value) => reader.skip(value)?,
                }
                Ok(())
            })?,
            (_, value) => reader.skip(value)?,
        }
        Ok(())
    })?;
    Ok((found, reader.at))
}
