//! Flatbuffers, as far as Arrow's messages need them. Whatever the bytes say, nothing outside of them is read.

/// A table: where it is and where its fields' offsets are.
#[derive(Debug, Clone, Copy)]
pub struct Object<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// Tables that lie in one another.
pub fn root(bytes: &[u8]) -> Result<Object<'_>, String> {
    let at = number::<4>(bytes, 0).map(u32::from_le_bytes).ok_or("its description is cut off")?;
    Ok(Object { bytes, at: at as usize })
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

impl<'a> Object<'a> {
    /// Where a field is stored; none if it has its default.
    fn field(self, index: usize) -> Option<usize> {
        let back = number::<4>(self.bytes, self.at).map(i32::from_le_bytes)?;
        let offsets = i64::try_from(self.at).ok()?.checked_sub(back.into())?;
        let offsets = usize::try_from(offsets).ok()?;
        let size = usize::from(number::<2>(self.bytes, offsets).map(u16::from_le_bytes)?);
        let slot = 4 + 2 * index;
        if slot + 2 > size {
            return None;
        }
        let offset = usize::from(number::<2>(self.bytes, offsets + slot).map(u16::from_le_bytes)?);
        if offset == 0 { None } else { self.at.checked_add(offset) }
    }

    /// A field of eight bytes; 0 if it is not there.
    pub fn long(self, index: usize) -> i64 {
        self.field(index).and_then(|at| number(self.bytes, at)).map_or(0, i64::from_le_bytes)
    }

    pub fn int(self, index: usize) -> i32 {
        self.field(index).and_then(|at| number(self.bytes, at)).map_or(0, i32::from_le_bytes)
    }

    pub fn short(self, index: usize) -> i16 {
        self.field(index).and_then(|at| number(self.bytes, at)).map_or(0, i16::from_le_bytes)
    }

    /// As [`Object::short`], with another default.
    pub fn short_or(self, index: usize, default: i16) -> i16 {
        self.field(index).and_then(|at| number(self.bytes, at)).map_or(default, i16::from_le_bytes)
    }

    pub fn byte(self, index: usize) -> u8 {
        self.field(index).and_then(|at| self.bytes.get(at)).copied().unwrap_or(0)
    }

    pub fn flag(self, index: usize) -> bool {
        self.byte(index) != 0
    }

    fn follow(self, index: usize) -> Option<usize> {
        let at = self.field(index)?;
        at.checked_add(number::<4>(self.bytes, at).map(u32::from_le_bytes)? as usize)
    }

    pub fn table(self, index: usize) -> Option<Object<'a>> {
        Some(Object { bytes: self.bytes, at: self.follow(index)? })
    }

    /// The table of a union whose kind, stored in the field before it, is this one.
    pub fn union(self, index: usize, kind: u8) -> Option<Object<'a>> {
        if self.byte(index) == kind { self.table(index + 1) } else { None }
    }

    pub fn text(self, index: usize) -> String {
        let text = self.follow(index).and_then(|at| {
            let length = number::<4>(self.bytes, at).map(u32::from_le_bytes)? as usize;
            self.bytes.get(at + 4..(at + 4).checked_add(length)?)
        });
        text.map(|text| String::from_utf8_lossy(text).into_owned()).unwrap_or_default()
    }

    /// Where the items of a vector begin, and how many there are; no more than bytes are left for.
    fn vector(self, index: usize, width: usize) -> Option<(usize, usize)> {
        let at = self.follow(index)?;
        let count = number::<4>(self.bytes, at).map(u32::from_le_bytes)? as usize;
        let start = at + 4;
        let end = count.checked_mul(width).and_then(|length| start.checked_add(length))?;
        if end <= self.bytes.len() { Some((start, count)) } else { None }
    }

    /// A vector of tables.
    pub fn tables(self, index: usize) -> impl Iterator<Item = Object<'a>> {
        let (start, count) = self.vector(index, 4).unwrap_or((0, 0));
        (0..count).filter_map(move |n| {
            let at = start + 4 * n;
            let at = at.checked_add(number::<4>(self.bytes, at).map(u32::from_le_bytes)? as usize)?;
            Some(Object { bytes: self.bytes, at })
        })
    }

    /// A vector of pairs of numbers of eight bytes.
    pub fn pairs(self, index: usize) -> Vec<(i64, i64)> {
        let (start, count) = self.vector(index, 16).unwrap_or((0, 0));
        let long = |at| number(self.bytes, at).map_or(0, i64::from_le_bytes);
        (0..count).map(|n| (long(start + 16 * n), long(start + 16 * n + 8))).collect()
    }

    /// A vector of blocks: where each is, and the lengths of its description and of its body.
    pub fn blocks(self, index: usize) -> Vec<(i64, i32, i64)> {
        let (start, count) = self.vector(index, 24).unwrap_or((0, 0));
        let long = |at| number(self.bytes, at).map_or(0, i64::from_le_bytes);
        let int = |at| number(self.bytes, at).map_or(0, i32::from_le_bytes);
        (0..count).map(|n| start + 24 * n).map(|at| (long(at), int(at + 8), long(at + 16))).collect()
    }

    /// A vector of numbers of eight bytes.
    pub fn longs(self, index: usize) -> Vec<i64> {
        let (start, count) = self.vector(index, 8).unwrap_or((0, 0));
        (0..count).map(|n| number(self.bytes, start + 8 * n).map_or(0, i64::from_le_bytes)).collect()
    }
}
