//! Thrift's compact protocol: what Parquet's metadata is written in.

/// What is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// More bytes are needed.
    CutOff,
    /// The bytes are none of its forms.
    Wrong,
}

/// Structures within structures that are read.
const MOST_DEPTH: u32 = 32;

/// A value of a field, or of a list's item.
#[derive(Debug, Clone, Copy)]
pub enum Value<'a> {
    Bool(bool),
    Int(i64),
    Double,
    Bytes(&'a [u8]),
    /// A list of so many items of a kind, which are still to be read.
    List(u8, u32),
    /// A structure, which is still to be read.
    Struct,
    /// A map, which is still to be skipped.
    Map,
}

#[derive(Debug, Clone)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    pub at: usize,
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    fn byte(&mut self) -> Result<u8, Problem> {
        let byte = self.bytes.get(self.at).ok_or(Problem::CutOff)?;
        self.at += 1;
        Ok(*byte)
    }

    fn varint(&mut self) -> Result<u64, Problem> {
        let mut value = 0;
        for n in 0..10 {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << (7 * n);
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Problem::Wrong)
    }

    fn zigzag(&mut self) -> Result<i64, Problem> {
        let value = self.varint()?;
        Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    fn bytes(&mut self) -> Result<&'a [u8], Problem> {
        let length = usize::try_from(self.varint()?).map_err(|_| Problem::Wrong)?;
        let rest = &self.bytes[self.at..];
        let taken = rest.get(..length).ok_or(Problem::CutOff)?;
        self.at += length;
        Ok(taken)
    }

    /// Calls `each` with the number and the value of each field of a structure. What `each` does not read of lists and structures it
    /// must skip by [`Reader::skip`].
    pub fn fields(
        &mut self,
        mut each: impl FnMut(&mut Self, i16, Value<'a>) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        let mut number = 0_i16;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Ok(());
            }
            let step = i16::from(head >> 4);
            number = if step == 0 {
                i16::try_from(self.zigzag()?).map_err(|_| Problem::Wrong)?
            } else {
                number.checked_add(step).ok_or(Problem::Wrong)?
            };
            let value = match head & 15 {
                1 => Value::Bool(true),
                2 => Value::Bool(false),
                kind => self.value(kind)?,
            };
            each(self, number, value)?;
        }
    }

    fn value(&mut self, kind: u8) -> Result<Value<'a>, Problem> {
        Ok(match kind {
            // In a list a boolean is a byte.
            1 | 2 => Value::Bool(self.byte()? == 1),
            3 => Value::Int(i64::from(self.byte()?.cast_signed())),
            4..=6 => Value::Int(self.zigzag()?),
            7 => {
                for _ in 0..8 {
                    self.byte()?;
                }
                Value::Double
            }
            8 => Value::Bytes(self.bytes()?),
            9 | 10 => {
                let head = self.byte()?;
                let count = match head >> 4 {
                    15 => u32::try_from(self.varint()?).map_err(|_| Problem::Wrong)?,
                    count => count.into(),
                };
                Value::List(head & 15, count)
            }
            11 => Value::Map,
            12 => Value::Struct,
            _ => return Err(Problem::Wrong),
        })
    }

    /// Calls `each` with every item of a list.
    pub fn items(
        &mut self,
        (kind, count): (u8, u32),
        mut each: impl FnMut(&mut Self, Value<'a>) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        for _ in 0..count {
            let value = self.value(kind)?;
            // Structures without fields are a byte each, so that a count is never larger than what is there.
            each(self, value)?;
        }
        Ok(())
    }

    /// Reads past what is still to be read of a value.
    pub fn skip(&mut self, value: Value<'a>) -> Result<(), Problem> {
        self.skip_within(value, 0)
    }

    fn skip_within(&mut self, value: Value<'a>, depth: u32) -> Result<(), Problem> {
        if depth > MOST_DEPTH {
            return Err(Problem::Wrong);
        }
        match value {
            Value::List(kind, count) => self.items((kind, count), |reader, item| reader.skip_within(item, depth + 1)),
            Value::Struct => self.fields(|reader, _, field| reader.skip_within(field, depth + 1)),
            Value::Map => {
                let count = self.varint()?;
                if count == 0 {
                    return Ok(());
                }
                let kinds = self.byte()?;
                for _ in 0..count {
                    for kind in [kinds >> 4, kinds & 15] {
                        let value = self.value(kind)?;
                        self.skip_within(value, depth + 1)?;
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// Writes structures.
#[derive(Debug, Default)]
pub struct Writer {
    pub bytes: Vec<u8>,
    /// The number of the last field of each structure that is open.
    open: Vec<i16>,
}

impl Writer {
    pub fn begin(&mut self) {
        self.open.push(0);
    }

    pub fn end(&mut self) {
        self.open.pop();
        self.bytes.push(0);
    }

    fn head(&mut self, number: i16, kind: u8) {
        let last = self.open.last_mut().map_or(0, |last| std::mem::replace(last, number));
        if let Ok(step @ 1..=15) = u8::try_from(number - last) {
            self.bytes.push(step << 4 | kind);
        } else {
            self.bytes.push(kind);
            self.zigzag(number.into());
        }
    }

    #[allow(clippy::cast_possible_truncation, reason = "the lowest seven bits")]
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    fn zigzag(&mut self, value: i64) {
        self.varint((value << 1 ^ value >> 63).cast_unsigned());
    }

    pub fn int(&mut self, number: i16, value: i32) {
        self.head(number, 5);
        self.zigzag(value.into());
    }

    pub fn long(&mut self, number: i16, value: i64) {
        self.head(number, 6);
        self.zigzag(value);
    }

    pub fn text(&mut self, number: i16, value: &str) {
        self.head(number, 8);
        self.item_text(value);
    }

    pub fn item_text(&mut self, value: &str) {
        self.varint(value.len() as u64);
        self.bytes.extend_from_slice(value.as_bytes());
    }

    pub fn item_int(&mut self, value: i32) {
        self.zigzag(value.into());
    }

    /// A structure that is a field: its own fields follow, and then [`Writer::end`].
    pub fn structure(&mut self, number: i16) {
        self.head(number, 12);
        self.begin();
    }

    /// A list: its items follow. Kinds are 5 for integers, 8 for text, 12 for structures.
    pub fn list(&mut self, number: i16, kind: u8, count: usize) {
        self.head(number, 9);
        if let Ok(small @ 0..=14) = u8::try_from(count) {
            self.bytes.push(small << 4 | kind);
        } else {
            self.bytes.push(0xf0 | kind);
            self.varint(count as u64);
        }
    }
}
