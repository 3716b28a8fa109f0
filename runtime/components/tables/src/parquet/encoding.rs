//! How pages encode levels and values. Everything is decoded value by value, so that a run that claims many takes no memory.

type Decoded<T> = Result<T, String>;

const CUT: &str = "its data ends early";

/// `width` bits from a bit position on, the lowest first.
fn bits(data: &[u8], position: usize, width: u32) -> Option<u64> {
    if width == 0 {
        return Some(0);
    }
    let (first, shift) = (position / 8, position % 8);
    let last = (position + width as usize - 1) / 8;
    let piece = data.get(first..=last)?;
    let all = piece.iter().rev().fold(0_u128, |all, byte| all << 8 | u128::from(*byte));
    #[allow(clippy::cast_possible_truncation, reason = "the lowest 64 bits")]
    let value = (all >> shift) as u64;
    Some(if width == 64 { value } else { value & ((1 << width) - 1) })
}

fn varint(data: &[u8], at: &mut usize) -> Decoded<u64> {
    let mut value = 0;
    for n in 0..10 {
        let byte = data.get(*at).ok_or(CUT)?;
        *at += 1;
        value |= u64::from(byte & 0x7f) << (7 * n);
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err("a number in it has no end".to_owned())
}

fn zigzag(data: &[u8], at: &mut usize) -> Decoded<i64> {
    let value = varint(data, at)?;
    Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
}

/// Runs of one value and packed values, mixed: levels, positions in a dictionary, booleans.
#[derive(Debug, Clone)]
pub struct Hybrid {
    at: usize,
    end: usize,
    width: u32,
    left: u64,
    /// The value of a run; none where values are packed from bit `bit` on.
    repeated: Option<u32>,
    bit: usize,
}

impl Hybrid {
    /// Values of `width` bits between two positions of a page.
    pub fn new(at: usize, end: usize, width: u32) -> Decoded<Self> {
        if width > 32 {
            return Err(format!("it claims values of {width} bits"));
        }
        Ok(Self { at, end, width, left: 0, repeated: None, bit: 0 })
    }

    pub fn next(&mut self, page: &[u8]) -> Decoded<u32> {
        let data = page.get(..self.end).ok_or(CUT)?;
        while self.left == 0 {
            let head = varint(data, &mut self.at)?;
            if head & 1 == 0 {
                self.left = head >> 1;
                let bytes = self.width.div_ceil(8) as usize;
                let piece = data.get(self.at..self.at + bytes).ok_or(CUT)?;
                self.repeated = Some(piece.iter().rev().fold(0, |all, byte| all << 8 | u32::from(*byte)));
                self.at += bytes;
            } else {
                // The last run may have fewer bytes than it claims.
                let groups = head >> 1;
                self.left = groups.checked_mul(8).ok_or("it claims too many values")?;
                self.repeated = None;
                self.bit = self.at * 8;
                let bytes = groups.saturating_mul(self.width.into());
                self.at = self.at.saturating_add(usize::try_from(bytes).unwrap_or(usize::MAX)).min(self.end);
            }
        }
        self.left -= 1;
        if let Some(value) = self.repeated {
            return Ok(value);
        }
        let value = bits(data, self.bit, self.width).ok_or(CUT)?;
        self.bit += self.width as usize;
        u32::try_from(value).map_err(|_| CUT.to_owned())
    }
}

/// Integers as differences, packed in blocks.
#[derive(Debug, Clone)]
pub struct Deltas {
    pub at: usize,
    end: usize,
    /// Values still to come, the next one among them.
    pub left: u64,
    next: i64,
    block: u64,
    miniblocks: u64,
    per_miniblock: u64,
    /// Differences still to come of the block and of the miniblock.
    in_block: u64,
    in_miniblock: u64,
    widths: usize,
    miniblock: u64,
    least: i64,
    width: u32,
    bit: usize,
}

impl Deltas {
    pub fn new(page: &[u8], mut at: usize, end: usize) -> Decoded<Self> {
        let data = page.get(..end).ok_or(CUT)?;
        let block = varint(data, &mut at)?;
        let miniblocks = varint(data, &mut at)?;
        let left = varint(data, &mut at)?;
        let next = zigzag(data, &mut at)?;
        if block == 0 || block % 128 != 0 || miniblocks == 0 || block % miniblocks != 0 || block > 1 << 20 {
            return Err("its blocks of differences have no proper size".to_owned());
        }
        Ok(Self {
            at,
            end,
            left,
            next,
            block,
            miniblocks,
            per_miniblock: block / miniblocks,
            in_block: 0,
            in_miniblock: 0,
            widths: 0,
            miniblock: 0,
            least: 0,
            width: 0,
            bit: 0,
        })
    }

    pub fn next(&mut self, page: &[u8]) -> Decoded<i64> {
        let data = page.get(..self.end).ok_or(CUT)?;
        let value = self.next;
        self.left = self.left.checked_sub(1).ok_or(CUT)?;
        if self.left > 0 {
            self.next = value.wrapping_add(self.difference(data)?);
        }
        Ok(value)
    }

    fn difference(&mut self, data: &[u8]) -> Decoded<i64> {
        if self.in_block == 0 {
            self.least = zigzag(data, &mut self.at)?;
            self.widths = self.at;
            let count = usize::try_from(self.miniblocks).unwrap_or(usize::MAX);
            self.at = self.at.checked_add(count).filter(|at| *at <= data.len()).ok_or(CUT)?;
            self.in_block = self.block;
            self.miniblock = 0;
            self.in_miniblock = 0;
        }
        if self.in_miniblock == 0 {
            let at = self.widths + usize::try_from(self.miniblock).unwrap_or(usize::MAX);
            self.width = u32::from(*data.get(at).ok_or(CUT)?);
            if self.width > 64 {
                return Err(format!("it claims differences of {} bits", self.width));
            }
            self.bit = self.at * 8;
            let bytes = self.per_miniblock * u64::from(self.width) / 8;
            self.at = self.at.saturating_add(usize::try_from(bytes).unwrap_or(usize::MAX)).min(data.len());
            self.in_miniblock = self.per_miniblock;
            self.miniblock += 1;
        }
        let packed = bits(data, self.bit, self.width).ok_or(CUT)?;
        self.bit += self.width as usize;
        self.in_block -= 1;
        self.in_miniblock -= 1;
        Ok(self.least.wrapping_add(packed.cast_signed()))
    }

    /// The position behind all values: where a second sequence begins.
    pub fn behind(&self, page: &[u8]) -> Decoded<usize> {
        let mut all = self.clone();
        while all.left > 0 {
            all.next(page)?;
        }
        Ok(all.at)
    }
}

/// A value as it is stored.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Raw<'a> {
    Bool(bool),
    Int(i64),
    Float(f64),
    Bytes(&'a [u8]),
}

/// The physical types of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Physical {
    Boolean,
    Int32,
    Int64,
    Int96,
    Float,
    Double,
    Bytes,
    /// Of a fixed length.
    Fixed(usize),
}

impl Physical {
    /// Bytes of a plain value; none where values differ.
    pub fn width(self) -> Option<usize> {
        match self {
            Self::Boolean | Self::Bytes => None,
            Self::Int32 | Self::Float => Some(4),
            Self::Int64 | Self::Double => Some(8),
            Self::Int96 => Some(12),
            Self::Fixed(length) => Some(length),
        }
    }

    /// A value of a fixed width.
    pub fn of(self, bytes: &[u8]) -> Raw<'_> {
        match (self, bytes) {
            (Self::Int32, [a, b, c, d]) => Raw::Int(i32::from_le_bytes([*a, *b, *c, *d]).into()),
            (Self::Float, [a, b, c, d]) => Raw::Float(f32::from_le_bytes([*a, *b, *c, *d]).into()),
            (Self::Int64, bytes) => Raw::Int(bytes.try_into().map_or(0, i64::from_le_bytes)),
            (Self::Double, bytes) => Raw::Float(bytes.try_into().map_or(0.0, f64::from_le_bytes)),
            (_, bytes) => Raw::Bytes(bytes),
        }
    }
}

/// Values that are written out.
#[derive(Debug, Clone)]
pub struct Plain {
    pub at: usize,
    pub end: usize,
    bit: usize,
}

impl Plain {
    pub fn new(at: usize, end: usize) -> Self {
        Self { at, end, bit: at * 8 }
    }

    pub fn next<'a>(&mut self, page: &'a [u8], physical: Physical) -> Decoded<Raw<'a>> {
        let data = page.get(..self.end).ok_or(CUT)?;
        match (physical, physical.width()) {
            (Physical::Boolean, _) => {
                let bit = bits(data, self.bit, 1).ok_or(CUT)?;
                self.bit += 1;
                Ok(Raw::Bool(bit == 1))
            }
            (_, Some(width)) => {
                let piece = data.get(self.at..self.at.saturating_add(width)).ok_or(CUT)?;
                self.at += width;
                Ok(physical.of(piece))
            }
            _ => {
                let (start, end) = self.text(data)?;
                Ok(Raw::Bytes(&data[start..end]))
            }
        }
    }

    /// Where the next text lies.
    pub fn text(&mut self, data: &[u8]) -> Decoded<(usize, usize)> {
        let head = data.get(self.at..self.at + 4).ok_or(CUT)?;
        let length = head.try_into().map_or(0, u32::from_le_bytes) as usize;
        let start = self.at + 4;
        let end = start.checked_add(length).filter(|end| *end <= data.len()).ok_or(CUT)?;
        self.at = end;
        Ok((start, end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Parquet's description of encodings: 0 to 7 in three bits.
    #[test]
    fn packed_values_and_runs_are_read() {
        let data = [0x03, 0b1000_1000, 0b1100_0110, 0b1111_1010, 0x08, 0x05];
        let mut hybrid = Hybrid::new(0, data.len(), 3).unwrap();
        for expected in [0, 1, 2, 3, 4, 5, 6, 7, 5, 5, 5, 5] {
            assert_eq!(hybrid.next(&data).unwrap(), expected);
        }
        assert!(hybrid.next(&data).is_err());
    }

    #[test]
    fn runs_that_claim_much_take_nothing() {
        // A run of 2^40 ones.
        let data = [0x80, 0x80, 0x80, 0x80, 0x80, 0x40, 1];
        let mut hybrid = Hybrid::new(0, data.len(), 1).unwrap();
        assert_eq!(hybrid.next(&data).unwrap(), 1);
        assert_eq!(hybrid.left, (1 << 40) - 1);
    }

    /// 1 to 5, as Parquet's description has it: a block of 128 in four miniblocks, all differences 1, so no bits.
    #[test]
    fn differences_are_read() {
        let data = [0x80, 0x01, 4, 5, 2, 2, 0, 0, 0, 0];
        let mut deltas = Deltas::new(&data, 0, data.len()).unwrap();
        assert_eq!(deltas.behind(&data).unwrap(), data.len());
        for expected in 1..=5 {
            assert_eq!(deltas.next(&data).unwrap(), expected);
        }
        assert!(deltas.next(&data).is_err());
    }
}
