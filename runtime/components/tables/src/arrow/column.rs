//! The values of a column in one batch.

use super::flatbuffer::Object;
use super::schema::{Field, Layout, Meaning};
use crate::compression::{Codec, decompress};
use crate::instant;
use crate::parquet::half;
use crate::record::{Cell, Kind};

/// The buffers of a batch, which columns take one after the other.
pub struct Batch<'a> {
    nodes: std::vec::IntoIter<(i64, i64)>,
    buffers: std::vec::IntoIter<(i64, i64)>,
    /// How many buffers each column of views has.
    variadic: std::vec::IntoIter<i64>,
    body: &'a [u8],
    codec: Codec,
}

/// The most that a buffer has when it is decompressed.
const MOST_BUFFER: i64 = 1 << 30;

impl<'a> Batch<'a> {
    pub fn new(batch: Object<'a>, body: &'a [u8], codec: Codec) -> Self {
        Self {
            nodes: batch.pairs(1).into_iter(),
            buffers: batch.pairs(2).into_iter(),
            variadic: batch.longs(4).into_iter(),
            body,
            codec,
        }
    }

    /// Length and missing values of the next column.
    fn node(&mut self) -> Result<usize, String> {
        let (length, _) = self.nodes.next().ok_or("it is not in the batch")?;
        usize::try_from(length).map_err(|_| "it claims fewer values than none".to_owned())
    }

    fn buffer(&mut self) -> Result<Vec<u8>, String> {
        let (offset, length) = self.buffers.next().ok_or("its values are not in the batch")?;
        let start = usize::try_from(offset).ok();
        let end = start.and_then(|start| start.checked_add(usize::try_from(length).ok()?));
        let piece = start.zip(end).and_then(|(start, end)| self.body.get(start..end));
        let piece = piece.ok_or("its values are beyond the batch")?;
        if self.codec == Codec::Plain || piece.is_empty() {
            return Ok(piece.to_vec());
        }
        let (head, rest) = piece.split_at_checked(8).ok_or("its values are cut off")?;
        let claimed = head.try_into().map_or(0, i64::from_le_bytes);
        // A buffer may be left as it is where that is shorter.
        if claimed == -1 {
            return Ok(rest.to_vec());
        }
        if !(0..=MOST_BUFFER).contains(&claimed) {
            return Err(format!("its values claim {claimed} bytes"));
        }
        let mut out = Vec::new();
        decompress(self.codec, rest, usize::try_from(claimed).unwrap_or(0), &mut out)?;
        Ok(out)
    }
}

/// Values as they lie in memory.
pub struct Array {
    length: usize,
    /// A bit for each value that is there; empty if all are.
    valid: Vec<u8>,
    /// Offsets or views, and what they lead to.
    offsets: Vec<u8>,
    data: Vec<u8>,
    views: Vec<Vec<u8>>,
    item: Option<Box<Array>>,
    /// Values of a dictionary that was added to.
    more: Vec<Array>,
}

const BEYOND: &str = "a value lies beyond its data";

impl Array {
    pub fn read(field: &Field, batch: &mut Batch<'_>) -> Result<Self, String> {
        let length = batch.node()?;
        let mut array = Self {
            length,
            valid: Vec::new(),
            offsets: Vec::new(),
            data: Vec::new(),
            views: Vec::new(),
            item: None,
            more: Vec::new(),
        };
        if field.layout == Layout::Null {
            return Ok(array);
        }
        array.valid = batch.buffer()?;
        match field.layout {
            Layout::Null => {}
            Layout::Bits | Layout::Fixed(_) => array.data = batch.buffer()?,
            Layout::Bytes(_) => {
                array.offsets = batch.buffer()?;
                array.data = batch.buffer()?;
            }
            Layout::Views => {
                array.offsets = batch.buffer()?;
                for _ in 0..batch.variadic.next().unwrap_or(0) {
                    array.views.push(batch.buffer()?);
                }
            }
            Layout::List(_) | Layout::FixedList(_) => {
                if let Layout::List(_) = field.layout {
                    array.offsets = batch.buffer()?;
                }
                let item = field.item.as_ref().ok_or("a list has no items")?;
                array.item = Some(Box::new(Self::read(item, batch)?));
            }
        }
        Ok(array)
    }

    pub fn length(&self) -> usize {
        self.length
    }

    /// Adds the values of a dictionary that continues this one.
    pub fn append(&mut self, other: Self) {
        self.more.push(other);
    }

    fn is_valid(&self, at: usize) -> bool {
        self.valid.is_empty() || self.valid.get(at / 8).is_some_and(|byte| byte >> (at % 8) & 1 == 1)
    }

    /// The bounds of a value between offsets.
    fn bounds(&self, at: usize, width: usize) -> Result<(usize, usize), String> {
        let offset = |at: usize| {
            let start = at.checked_mul(width)?;
            let piece = self.offsets.get(start..start.checked_add(width)?)?;
            usize::try_from(little_endian(piece)).ok()
        };
        let bounds = offset(at).zip(offset(at + 1)).filter(|(start, end)| start <= end);
        bounds.ok_or_else(|| BEYOND.to_owned())
    }

    /// Puts the values of a row into a cell.
    pub fn put(&self, at: usize, field: &Field, dictionaries: &[(i64, Array)], cell: &mut Cell) -> Result<(), String> {
        if field.layout == Layout::Null || !self.is_valid(at) {
            cell.clear();
            return Ok(());
        }
        let (Some(item), Some(items)) = (&field.item, &self.item) else {
            return self.value(at, field, dictionaries, cell);
        };
        let (start, end) = match field.layout {
            Layout::FixedList(length) => (at.saturating_mul(length), at.saturating_mul(length).saturating_add(length)),
            Layout::List(width) => self.bounds(at, width)?,
            _ => return Err(BEYOND.to_owned()),
        };
        if end > items.length {
            return Err(BEYOND.to_owned());
        }
        cell.begin(kind(item.meaning));
        for at in start..end {
            if item.layout == Layout::Null || !items.is_valid(at) {
                return Err("a list holds a missing value, which is not read".to_owned());
            }
            items.value(at, item, dictionaries, cell)?;
        }
        Ok(())
    }

    fn value(&self, at: usize, field: &Field, dictionaries: &[(i64, Array)], cell: &mut Cell) -> Result<(), String> {
        if let Some(id) = field.dictionary {
            let position = self.fixed(at, field.layout).map(little_endian)?;
            let mut position = usize::try_from(position).map_err(|_| "a value is not in its dictionary")?;
            let (_, first) = dictionaries.iter().find(|(known, _)| *known == id).ok_or("its dictionary is missing")?;
            let values = field.values();
            for part in std::iter::once(first).chain(&first.more) {
                match position.checked_sub(part.length) {
                    Some(rest) => position = rest,
                    None if part.is_valid(position) => return part.value(position, &values, &[], cell),
                    // A missing value of a dictionary is a missing value.
                    None => return Ok(()),
                }
            }
            return Err("a value is not in its dictionary".to_owned());
        }
        match field.meaning {
            Meaning::Nothing | Meaning::List => {}
            Meaning::Bool => {
                let byte = self.data.get(at / 8).ok_or(BEYOND)?;
                cell.push_int((byte >> (at % 8) & 1).into());
            }
            Meaning::Bytes => cell.push_bytes(self.bytes(at, field.layout)?),
            meaning => number(meaning, self.fixed(at, field.layout)?, cell)?,
        }
        Ok(())
    }

    fn fixed(&self, at: usize, layout: Layout) -> Result<&[u8], String> {
        let Layout::Fixed(width) = layout else { return Err(BEYOND.to_owned()) };
        let start = at.checked_mul(width);
        let piece = start.and_then(|start| self.data.get(start..start.checked_add(width)?));
        piece.ok_or_else(|| BEYOND.to_owned())
    }

    fn bytes(&self, at: usize, layout: Layout) -> Result<&[u8], String> {
        match layout {
            Layout::Bytes(width) => {
                let (start, end) = self.bounds(at, width)?;
                self.data.get(start..end).ok_or_else(|| BEYOND.to_owned())
            }
            Layout::Views => {
                let view = at.checked_mul(16).and_then(|start| self.offsets.get(start..start.checked_add(16)?));
                let view = view.ok_or(BEYOND)?;
                let word = |at: usize| usize::try_from(little_endian(&view[at..at + 4])).unwrap_or(usize::MAX);
                let length = word(0);
                // Short ones are in the view itself.
                if length <= 12 {
                    return Ok(&view[4..4 + length]);
                }
                let buffer = self.views.get(word(8)).ok_or(BEYOND)?;
                let end = word(12).checked_add(length).ok_or(BEYOND)?;
                buffer.get(word(12)..end).ok_or_else(|| BEYOND.to_owned())
            }
            layout => self.fixed(at, layout),
        }
    }
}

fn little_endian(bytes: &[u8]) -> u64 {
    bytes.iter().take(8).rev().fold(0, |all, byte| all << 8 | u64::from(*byte))
}

fn signed(bytes: &[u8]) -> i64 {
    let unused = 64 - 8 * bytes.len().min(8);
    (little_endian(bytes) << unused).cast_signed() >> unused
}

fn kind(meaning: Meaning) -> Option<Kind> {
    match meaning {
        Meaning::Nothing | Meaning::List => None,
        Meaning::Bool | Meaning::Int | Meaning::Unsigned => Some(Kind::Ints),
        Meaning::Half | Meaning::Float | Meaning::Decimal(_) => Some(Kind::Floats),
        Meaning::Bytes | Meaning::Day | Meaning::Time(_) | Meaning::Millisecond => Some(Kind::Bytes),
    }
}

fn number(meaning: Meaning, bytes: &[u8], cell: &mut Cell) -> Result<(), String> {
    match (meaning, bytes) {
        (Meaning::Int, bytes) => cell.push_int(signed(bytes)),
        (Meaning::Unsigned, bytes) => {
            let value = little_endian(bytes);
            cell.push_int(i64::try_from(value).map_err(|_| format!("{value} needs more than 63 bits"))?);
        }
        (Meaning::Half, [low, high]) => cell.push_float(half(u16::from_le_bytes([*low, *high]))),
        (Meaning::Float, [a, b, c, d]) => cell.push_float(f32::from_le_bytes([*a, *b, *c, *d]).into()),
        (Meaning::Float, bytes) => cell.push_float(bytes.try_into().map_or(0.0, f64::from_le_bytes)),
        (Meaning::Day, bytes) => cell.push_bytes(instant::date_text(signed(bytes)).as_bytes()),
        (Meaning::Millisecond, bytes) => {
            cell.push_bytes(instant::date_text(signed(bytes).div_euclid(86_400_000)).as_bytes());
        }
        (Meaning::Time(units), bytes) => cell.push_bytes(instant::time_text(signed(bytes), units).as_bytes()),
        (Meaning::Decimal(scale), bytes) => {
            let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
            let unscaled = if bytes.len() <= 16 {
                let fill = if negative { -1_i128 } else { 0 };
                bytes.iter().rev().fold(fill, |all, byte| all << 8 | i128::from(*byte)) as f64
            } else {
                let size = bytes.iter().rev().fold(0.0, |all, byte| all * 256.0 + f64::from(*byte));
                if negative { size - 2_f64.powi(256) } else { size }
            };
            cell.push_float(unscaled / 10_f64.powi(scale));
        }
        _ => return Err("a value is not of the column's type".to_owned()),
    }
    Ok(())
}
