//! A column of a Parquet file: what its values mean, and those of one group of rows, page by page.

use std::io::SeekFrom;

use super::encoding::{Deltas, Hybrid, Physical, Plain, Raw};
use super::metadata::{Chunk, PageHeader, PageKind, SchemaElement, codec, page};
use super::thrift::Problem;
use crate::compression::{Codec, decompress};
use crate::instant;
use crate::open::Input;
use crate::record::{Cell, Kind};

/// The largest page that is read, compressed or not.
const MOST_PAGE: usize = 256 << 20;
/// The largest header of a page, with the statistics in it.
const MOST_HEADER: usize = 16 << 20;

/// What a column's values are made into.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Meaning {
    Int,
    Unsigned,
    Float,
    Half,
    Bytes,
    Date,
    /// Parts of a second since 1970.
    Time(i64),
    /// A day and thousand-millionths of a second.
    Time96,
    /// An integer times a power of ten.
    Decimal(i64),
}

/// A column: where it stands among all, and how its levels count.
#[derive(Debug, Clone)]
pub struct Leaf {
    pub name: String,
    physical: Physical,
    meaning: Meaning,
    /// Of a value that is there.
    most_definition: u32,
    /// From which level on a list has an item; 0 if this is no list.
    item_definition: u32,
}

/// The columns of a file.
///
/// # Errors
/// A column that is no list and no plain value.
pub fn leaves(schema: &[SchemaElement]) -> Result<Vec<Leaf>, String> {
    let (root, rest) = schema.split_first().ok_or("its footer has no schema")?;
    let mut found = Vec::new();
    let mut at = 0;
    for _ in 0..root.children {
        let top = rest.get(at).ok_or("its schema is cut off")?;
        let structure = || format!("column `{}` holds structures, which are not read", top.name);
        let (mut definition, mut item) = (0, 0);
        // A list is a group, a repeated group in it and its element, or a repeated value.
        for depth in 1.. {
            let element = rest.get(at).ok_or("its schema is cut off")?;
            at += 1;
            definition += u32::from(element.repetition != 0);
            if element.repetition == 2 {
                if item > 0 {
                    return Err(format!("column `{}` holds lists of lists, which are not read", top.name));
                }
                item = definition;
            }
            match element.physical {
                None if element.children == 1 && (depth == 1 || item > 0) && depth < 3 => {}
                None => return Err(structure()),
                Some(physical) => {
                    let (physical, meaning) =
                        meaning(element, physical).map_err(|problem| format!("column `{}`: {problem}", top.name))?;
                    // A structure of one field would read like that field.
                    if item == 0 && depth > 1 {
                        return Err(structure());
                    }
                    found.push(Leaf {
                        name: top.name.clone(),
                        physical,
                        meaning,
                        most_definition: definition,
                        item_definition: item,
                    });
                    break;
                }
            }
        }
    }
    Ok(found)
}

fn meaning(element: &SchemaElement, physical: i64) -> Result<(Physical, Meaning), String> {
    let physical = match physical {
        0 => Physical::Boolean,
        1 => Physical::Int32,
        2 => Physical::Int64,
        3 => Physical::Int96,
        4 => Physical::Float,
        5 => Physical::Double,
        6 => Physical::Bytes,
        7 => Physical::Fixed(usize::try_from(element.length).ok().filter(|length| *length <= MOST_PAGE).unwrap_or(0)),
        other => return Err(format!("there is no physical type {other}")),
    };
    let logical = element.logical.unwrap_or_default();
    let units = |unit| match unit {
        1 => 1000,
        2 => 1_000_000,
        _ => 1_000_000_000,
    };
    let meaning = match (physical, logical.number, element.converted) {
        (Physical::Int96, ..) => Meaning::Time96,
        (Physical::Int32, 6, _) | (Physical::Int32, 0, Some(6)) => Meaning::Date,
        (Physical::Int64, 8, _) => Meaning::Time(units(logical.unit)),
        (Physical::Int64, 0, Some(9)) => Meaning::Time(1000),
        (Physical::Int64, 0, Some(10)) => Meaning::Time(1_000_000),
        (Physical::Int32 | Physical::Int64 | Physical::Bytes | Physical::Fixed(_), 5, _) => {
            Meaning::Decimal(logical.scale)
        }
        (Physical::Int32 | Physical::Int64 | Physical::Bytes | Physical::Fixed(_), 0, Some(5)) => {
            Meaning::Decimal(element.scale)
        }
        (Physical::Int32 | Physical::Int64, 10, _) if !logical.signed => Meaning::Unsigned,
        (Physical::Int32 | Physical::Int64, 0, Some(11..=14)) => Meaning::Unsigned,
        (Physical::Fixed(2), 15, _) => Meaning::Half,
        (Physical::Boolean | Physical::Int32 | Physical::Int64, ..) => Meaning::Int,
        (Physical::Float | Physical::Double, ..) => Meaning::Float,
        (Physical::Bytes | Physical::Fixed(_), ..) => Meaning::Bytes,
    };
    Ok((physical, meaning))
}

impl Leaf {
    fn kind(&self) -> Kind {
        match self.meaning {
            Meaning::Int | Meaning::Unsigned => Kind::Ints,
            Meaning::Float | Meaning::Half | Meaning::Decimal(_) => Kind::Floats,
            Meaning::Bytes | Meaning::Date | Meaning::Time(_) | Meaning::Time96 => Kind::Bytes,
        }
    }

    fn put(&self, raw: Raw<'_>, cell: &mut Cell) -> Result<(), String> {
        match (self.meaning, raw) {
            (Meaning::Int, Raw::Int(value)) => cell.push_int(value),
            (Meaning::Int, Raw::Bool(value)) => cell.push_int(value.into()),
            (Meaning::Unsigned, Raw::Int(value)) if self.physical == Physical::Int32 => {
                cell.push_int(value & 0xffff_ffff);
            }
            (Meaning::Unsigned, Raw::Int(value)) if value >= 0 => cell.push_int(value),
            (Meaning::Unsigned, Raw::Int(value)) => {
                return Err(format!("{} needs more than 63 bits", value.cast_unsigned()));
            }
            (Meaning::Float, Raw::Float(value)) => cell.push_float(value),
            (Meaning::Bytes, Raw::Bytes(bytes)) => cell.push_bytes(bytes),
            (Meaning::Date, Raw::Int(days)) => cell.push_bytes(instant::date_text(days).as_bytes()),
            (Meaning::Time(units), Raw::Int(at)) => cell.push_bytes(instant::time_text(at, units).as_bytes()),
            (Meaning::Time96, Raw::Bytes(bytes)) => {
                let (nanoseconds, day) = bytes.split_at_checked(8).ok_or("a time is cut off")?;
                let nanoseconds = nanoseconds.try_into().map_or(0, i64::from_le_bytes);
                let day = day.try_into().map_or(0, i32::from_le_bytes);
                // Days are counted from noon of the first day of 4713 BC.
                let at = (i64::from(day) - 2_440_588).checked_mul(86_400_000_000_000);
                let at =
                    at.and_then(|at| at.checked_add(nanoseconds)).ok_or("a time is beyond the years 1677 to 2262")?;
                cell.push_bytes(instant::time_text(at, 1_000_000_000).as_bytes());
            }
            (Meaning::Half, Raw::Bytes([low, high])) => cell.push_float(half(u16::from_le_bytes([*low, *high]))),
            (Meaning::Decimal(scale), raw) => {
                let unscaled = match raw {
                    Raw::Int(value) => value as f64,
                    Raw::Bytes(bytes) => big_endian(bytes),
                    _ => return Err("a decimal is no number".to_owned()),
                };
                let scale = i32::try_from(scale).map_err(|_| "a decimal has no proper scale")?;
                cell.push_float(unscaled / 10_f64.powi(scale));
            }
            _ => return Err("a value is not of the column's type".to_owned()),
        }
        Ok(())
    }
}

/// An integer of any length, the highest byte first.
fn big_endian(bytes: &[u8]) -> f64 {
    let negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
    let unsigned = bytes.iter().fold(0.0, |all, byte| all * 256.0 + f64::from(*byte));
    if bytes.len() <= 16 {
        let fill = if negative { -1_i128 } else { 0 };
        return bytes.iter().fold(fill, |all, byte| all << 8 | i128::from(*byte)) as f64;
    }
    let exponent = i32::try_from(bytes.len()).unwrap_or(i32::MAX).saturating_mul(8);
    if negative { unsigned - 2_f64.powi(exponent) } else { unsigned }
}

/// A number of 16 bits.
#[must_use]
pub fn half(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff) / 1024.0);
    let size = match exponent {
        0 => fraction * 2_f64.powi(-14),
        31 if fraction > 0.0 => f64::NAN,
        31 => f64::INFINITY,
        exponent => (1.0 + fraction) * 2_f64.powi(exponent - 15),
    };
    if bits & 0x8000 == 0 { size } else { -size }
}

/// How the values of a page are decoded.
enum Values {
    Plain(Plain),
    Dictionary(Hybrid),
    /// Booleans in runs.
    Runs(Hybrid),
    Deltas(Deltas),
    /// Lengths, and where the next text begins.
    Lengths(Deltas, usize),
    /// Lengths of what each text shares with the one before it, those of the rest, and where the next rest begins.
    Prefixes {
        shared: Deltas,
        rest: Deltas,
        at: usize,
        text: Vec<u8>,
    },
    /// Bytes of all values by their position: where they begin, how many values there are, which is next.
    Split {
        at: usize,
        count: usize,
        next: usize,
        value: Vec<u8>,
    },
    None,
}

/// Reads a column's part of a group of rows.
pub struct ColumnReader {
    pub leaf: Leaf,
    codec: Codec,
    /// Where the next page begins, and where the last one ends.
    at: u64,
    end: u64,
    dictionary: Option<Dictionary>,
    page: Vec<u8>,
    /// Values of the page still to come, missing ones among them.
    left: u64,
    repetition: Option<Hybrid>,
    definition: Option<Hybrid>,
    values: Values,
    /// Levels that were read ahead.
    ahead: Option<(u32, u32)>,
    scratch: Vec<u8>,
}

/// The dictionary of a column's part, as it is stored, and where its texts lie.
struct Dictionary {
    bytes: Vec<u8>,
    texts: Vec<(usize, usize)>,
}

impl ColumnReader {
    pub fn new(leaf: Leaf, chunk: &Chunk, file_length: u64) -> Result<Self, String> {
        if chunk.elsewhere {
            return Err("its data is in another file".to_owned());
        }
        if chunk.encrypted {
            return Err("it is encrypted".to_owned());
        }
        let start = if chunk.dictionary > 0 { chunk.dictionary.min(chunk.data) } else { chunk.data };
        let start = u64::try_from(start).map_err(|_| "it begins before the file")?;
        let end = u64::try_from(chunk.length).ok().and_then(|length| start.checked_add(length));
        let end = end.filter(|end| *end <= file_length).ok_or("it ends beyond the file")?;
        Ok(Self {
            leaf,
            codec: codec(chunk.codec)?,
            at: start,
            end,
            dictionary: None,
            page: Vec::new(),
            left: 0,
            repetition: None,
            definition: None,
            values: Values::None,
            ahead: None,
            scratch: Vec::new(),
        })
    }

    /// Reads the values of the next row.
    pub fn row(&mut self, input: &mut dyn Input, cell: &mut Cell) -> Result<(), String> {
        let Some((repetition, definition)) = self.level(input)? else {
            return Err("it has fewer values than there are rows".to_owned());
        };
        if repetition != 0 {
            return Err("a row begins within a list".to_owned());
        }
        let (most, item) = (self.leaf.most_definition, self.leaf.item_definition);
        if item == 0 {
            if definition == most {
                self.value(cell)?;
            } else {
                cell.clear();
            }
            return Ok(());
        }
        if definition < item {
            if definition + 1 == item {
                cell.begin(Some(self.leaf.kind()));
            } else {
                cell.clear();
            }
            return Ok(());
        }
        cell.begin(Some(self.leaf.kind()));
        let mut definition = definition;
        loop {
            if definition != most {
                return Err("a list holds a missing value, which is not read".to_owned());
            }
            self.value(cell)?;
            match self.level(input)? {
                None => return Ok(()),
                Some((0, definition)) => {
                    self.ahead = Some((0, definition));
                    return Ok(());
                }
                Some((_, next)) => definition = next,
            }
        }
    }

    /// The levels of the next value; none behind the last.
    fn level(&mut self, input: &mut dyn Input) -> Result<Option<(u32, u32)>, String> {
        if let Some(ahead) = self.ahead.take() {
            return Ok(Some(ahead));
        }
        while self.left == 0 {
            if self.at >= self.end {
                return Ok(None);
            }
            self.next_page(input)?;
        }
        self.left -= 1;
        let repetition = self.repetition.as_mut().map_or(Ok(0), |levels| levels.next(&self.page))?;
        let most = self.leaf.most_definition;
        let definition = self.definition.as_mut().map_or(Ok(most), |levels| levels.next(&self.page))?;
        if definition > most {
            return Err(format!("it has level {definition}, and its schema {most} at most"));
        }
        Ok(Some((repetition, definition)))
    }

    fn next_page(&mut self, input: &mut dyn Input) -> Result<(), String> {
        let header = self.header(input)?;
        let length = |length: i64| usize::try_from(length).ok().filter(|length| *length <= MOST_PAGE);
        let (Some(packed), Some(plain)) = (length(header.length), length(header.plain_length)) else {
            return Err(format!("a page claims more than {} MiB", MOST_PAGE >> 20));
        };
        if self.at + packed as u64 > self.end {
            return Err("a page ends beyond the column's data".to_owned());
        }
        let mut bytes = std::mem::take(&mut self.scratch);
        read_at(input, self.at, packed, &mut bytes)?;
        self.at += packed as u64;
        let done = match header.kind {
            PageKind::Other => Ok(()),
            PageKind::Dictionary => self.read_dictionary(&bytes, plain, header),
            PageKind::Data => decompress(self.codec, &bytes, plain, &mut self.page).and_then(|()| self.begin(header)),
            PageKind::Data2 => self.begin2(&bytes, plain, header),
        };
        self.scratch = bytes;
        done
    }

    /// Reads a page's header, whose length only it itself tells.
    fn header(&mut self, input: &mut dyn Input) -> Result<PageHeader, String> {
        let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX);
        let mut wanted = 512;
        loop {
            let length = left.min(wanted);
            let mut bytes = std::mem::take(&mut self.scratch);
            read_at(input, self.at, length, &mut bytes)?;
            let found = page(&bytes);
            self.scratch = bytes;
            match found {
                Ok((header, length)) => {
                    self.at += length as u64;
                    return Ok(header);
                }
                Err(Problem::CutOff) if length < left && wanted < MOST_HEADER => wanted *= 8,
                Err(_) => return Err("the header of a page is damaged".to_owned()),
            }
        }
    }

    fn read_dictionary(&mut self, bytes: &[u8], plain: usize, header: PageHeader) -> Result<(), String> {
        let mut page = Vec::new();
        decompress(self.codec, bytes, plain, &mut page)?;
        if !matches!(header.encoding, 0 | 2) {
            return Err(format!("its dictionary has encoding {}, which there is not", header.encoding));
        }
        let mut texts = Vec::new();
        if self.leaf.physical == Physical::Bytes {
            let mut plain = Plain::new(0, page.len());
            // A text has a length of four bytes, so that what is claimed is bounded by what is there.
            for _ in 0..header.values {
                texts.push(plain.text(&page)?);
            }
        }
        self.dictionary = Some(Dictionary { bytes: page, texts });
        Ok(())
    }

    /// Begins a data page of the first form: levels with their lengths before them, all compressed together.
    fn begin(&mut self, header: PageHeader) -> Result<(), String> {
        let mut at = 0;
        let end = self.page.len();
        let levels = |width: u32, at: &mut usize| {
            if width == 0 {
                return Ok(None);
            }
            let head = self.page.get(*at..*at + 4).ok_or("a page ends within its levels")?;
            let start = *at + 4;
            let length = head.try_into().map_or(0, u32::from_le_bytes) as usize;
            let stop = start.checked_add(length).filter(|stop| *stop <= end).ok_or("a page ends within its levels")?;
            *at = stop;
            Hybrid::new(start, stop, width).map(Some)
        };
        self.repetition = levels(u32::from(self.leaf.item_definition > 0), &mut at)?;
        self.definition = levels(width(self.leaf.most_definition), &mut at)?;
        self.begin_values(at, header)
    }

    /// Begins a data page of the second form: levels that are not compressed, and then values that may be.
    fn begin2(&mut self, bytes: &[u8], plain: usize, header: PageHeader) -> Result<(), String> {
        let length = |length: i64| usize::try_from(length).map_err(|_| "its levels have no proper length".to_owned());
        let (repetition, definition) = (length(header.repetition_length)?, length(header.definition_length)?);
        let levels = repetition.saturating_add(definition);
        let (Some((head, rest)), Some(left)) = (bytes.split_at_checked(levels), plain.checked_sub(levels)) else {
            return Err("a page ends within its levels".to_owned());
        };
        let codec = if header.compressed { self.codec } else { Codec::Plain };
        let mut values = Vec::new();
        // Without values there may be nothing to decompress.
        if left > 0 {
            decompress(codec, rest, left, &mut values)?;
        }
        self.page.clear();
        self.page.extend_from_slice(head);
        self.page.extend_from_slice(&values);
        let (repeated, most) = (self.leaf.item_definition > 0, self.leaf.most_definition);
        self.repetition = if repeated { Some(Hybrid::new(0, repetition, 1)?) } else { None };
        self.definition = if most > 0 { Some(Hybrid::new(repetition, levels, width(most))?) } else { None };
        self.begin_values(levels, header)
    }

    fn begin_values(&mut self, at: usize, header: PageHeader) -> Result<(), String> {
        self.left = u64::try_from(header.values).map_err(|_| "a page claims fewer values than none")?;
        let (end, page) = (self.page.len(), &self.page);
        let physical = self.leaf.physical;
        self.values = match (header.encoding, physical) {
            (0, _) => Values::Plain(Plain::new(at, end)),
            (2 | 5..=8, _) if at == end => Values::None,
            (2 | 8, _) => Values::Dictionary(Hybrid::new(at + 1, end, page[at].into())?),
            (3, Physical::Boolean) => {
                let stop = page.get(at..at + 4).and_then(|head| head.try_into().ok()).map_or(0, u32::from_le_bytes);
                Values::Runs(Hybrid::new(at + 4, (at + 4).saturating_add(stop as usize).min(end), 1)?)
            }
            (5, Physical::Int32 | Physical::Int64) => Values::Deltas(Deltas::new(page, at, end)?),
            (6, Physical::Bytes) => {
                let lengths = Deltas::new(page, at, end)?;
                self.claim(lengths.left)?;
                let at = lengths.behind(page)?;
                Values::Lengths(lengths, at)
            }
            (7, Physical::Bytes | Physical::Fixed(_)) => {
                let shared = Deltas::new(page, at, end)?;
                self.claim(shared.left)?;
                let rest = Deltas::new(page, shared.behind(page)?, end)?;
                self.claim(rest.left)?;
                let at = rest.behind(page)?;
                Values::Prefixes { shared, rest, at, text: Vec::new() }
            }
            (9, physical) if physical.width().is_some_and(|width| width > 0) => {
                let width = physical.width().unwrap_or(1);
                Values::Split { at, count: (end - at) / width, next: 0, value: vec![0; width] }
            }
            (encoding, _) => return Err(format!("encoding {encoding} of such values is not known")),
        };
        Ok(())
    }

    /// No more lengths than the page has values: else walking them could take for ever.
    fn claim(&self, count: u64) -> Result<(), String> {
        if count > self.left { Err("a page claims more lengths than values".to_owned()) } else { Ok(()) }
    }

    /// Adds the next value to a cell.
    fn value(&mut self, cell: &mut Cell) -> Result<(), String> {
        let Self { leaf, page, values, dictionary, .. } = self;
        let raw = match values {
            Values::None => return Err("a page has fewer values than it claims".to_owned()),
            Values::Plain(plain) => plain.next(page, leaf.physical)?,
            Values::Runs(runs) => Raw::Bool(runs.next(page)? == 1),
            Values::Dictionary(positions) => {
                let position = positions.next(page)? as usize;
                let dictionary = dictionary.as_ref().ok_or("its dictionary is missing")?;
                dictionary.get(leaf.physical, position).ok_or("a value is not in its dictionary")?
            }
            Values::Deltas(deltas) => {
                let value = deltas.next(page)?;
                // Differences of 32 bits wrap at 32 bits.
                #[allow(clippy::cast_possible_truncation, reason = "wraps")]
                Raw::Int(if leaf.physical == Physical::Int32 { i64::from(value as i32) } else { value })
            }
            Values::Lengths(lengths, at) => Raw::Bytes(piece(page, at, lengths.next(page)?)?),
            Values::Prefixes { shared, rest, at, text } => {
                let kept = usize::try_from(shared.next(page)?).ok().filter(|kept| *kept <= text.len());
                text.truncate(kept.ok_or("a text shares more than there is")?);
                text.extend_from_slice(piece(page, at, rest.next(page)?)?);
                if text.len() > MOST_PAGE {
                    return Err("a text is too long".to_owned());
                }
                Raw::Bytes(text)
            }
            Values::Split { at, count, next, value } => {
                if *next >= *count {
                    return Err("a page has fewer values than it claims".to_owned());
                }
                for (n, byte) in value.iter_mut().enumerate() {
                    *byte = page[*at + n * *count + *next];
                }
                *next += 1;
                leaf.physical.of(value)
            }
        };
        leaf.put(raw, cell)
    }
}

impl Dictionary {
    fn get(&self, physical: Physical, position: usize) -> Option<Raw<'_>> {
        if let Some(width) = physical.width() {
            let start = position.checked_mul(width)?;
            return Some(physical.of(self.bytes.get(start..start.checked_add(width)?)?));
        }
        let (start, end) = self.texts.get(position)?;
        Some(Raw::Bytes(&self.bytes[*start..*end]))
    }
}

fn piece<'a>(page: &'a [u8], at: &mut usize, length: i64) -> Result<&'a [u8], String> {
    let end = usize::try_from(length).ok().and_then(|length| at.checked_add(length));
    let piece = end.and_then(|end| page.get(*at..end)).ok_or("a page ends within a text")?;
    *at += piece.len();
    Ok(piece)
}

/// Bits that levels up to this one need.
fn width(most: u32) -> u32 {
    u32::BITS - most.leading_zeros()
}

/// Reads bytes at a position; fewer are an error.
pub fn read_at(input: &mut dyn Input, at: u64, length: usize, into: &mut Vec<u8>) -> Result<(), String> {
    use std::io::Read as _;
    into.clear();
    let told = |error: std::io::Error| format!("the file cannot be read: {error}");
    input.seek(SeekFrom::Start(at)).map_err(told)?;
    input.take(length as u64).read_to_end(into).map_err(told)?;
    if into.len() == length { Ok(()) } else { Err("the file ends early".to_owned()) }
}
