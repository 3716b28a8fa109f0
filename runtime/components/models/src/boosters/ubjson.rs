//! UBJSON as XGBoost writes it: big-endian, with lists of one type.

use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

/// How deep values may lie in one another.
const DEEPEST: usize = 64;

/// What is wrong with the bytes.
#[derive(Debug)]
pub(super) struct Error(String);

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

type Result<T> = std::result::Result<T, Error>;

/// Reads a value.
pub(super) fn from_bytes<'de, T: de::Deserialize<'de>>(bytes: &'de [u8]) -> Result<T> {
    let mut reader = Reader { bytes, at: 0, depth: 0 };
    T::deserialize(Typed { marker: None, reader: &mut reader })
}

struct Reader<'de> {
    bytes: &'de [u8],
    at: usize,
    depth: usize,
}

impl<'de> Reader<'de> {
    fn wrong<T>(&self, problem: &str) -> Result<T> {
        Err(Error(format!("byte {}: {problem}", self.at)))
    }

    fn take(&mut self, count: usize) -> Result<&'de [u8]> {
        match self.at.checked_add(count).and_then(|end| self.bytes.get(self.at..end)) {
            Some(bytes) => {
                self.at += count;
                Ok(bytes)
            }
            None => self.wrong("the file ends too early"),
        }
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut fixed = [0; N];
        fixed.copy_from_slice(self.take(N)?);
        Ok(fixed)
    }

    /// The next marker; `N` means nothing.
    fn marker(&mut self) -> Result<u8> {
        loop {
            match self.take(1)? {
                [b'N'] => {}
                [marker] => return Ok(*marker),
                _ => return self.wrong("the file ends too early"),
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn integer(&mut self, marker: u8) -> Result<i64> {
        Ok(match marker {
            b'i' => i64::from(i8::from_be_bytes(self.fixed()?)),
            b'U' => i64::from(u8::from_be_bytes(self.fixed()?)),
            b'I' => i64::from(i16::from_be_bytes(self.fixed()?)),
            b'l' => i64::from(i32::from_be_bytes(self.fixed()?)),
            b'L' => i64::from_be_bytes(self.fixed()?),
            other => return self.wrong(&format!("an integer is needed, and there is `{}`", char::from(other))),
        })
    }

    fn length(&mut self) -> Result<usize> {
        let marker = self.marker()?;
        match usize::try_from(self.integer(marker)?) {
            // Each element takes a byte at least.
            Ok(length) if length <= self.bytes.len() => Ok(length),
            _ => self.wrong("a length is larger than the file"),
        }
    }

    fn text(&mut self) -> Result<&'de str> {
        let length = self.length()?;
        match std::str::from_utf8(self.take(length)?) {
            Ok(text) => Ok(text),
            Err(_) => self.wrong("a text is not UTF-8"),
        }
    }
}

/// A value whose marker comes first, or stands at the head of its list.
struct Typed<'a, 'de> {
    marker: Option<u8>,
    reader: &'a mut Reader<'de>,
}

impl<'de> de::Deserializer<'de> for Typed<'_, 'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let reader = self.reader;
        let marker = match self.marker {
            Some(marker) => marker,
            None => reader.marker()?,
        };
        match marker {
            b'Z' => visitor.visit_unit(),
            b'T' => visitor.visit_bool(true),
            b'F' => visitor.visit_bool(false),
            b'd' => visitor.visit_f32(f32::from_be_bytes(reader.fixed()?)),
            b'D' => visitor.visit_f64(f64::from_be_bytes(reader.fixed()?)),
            b'S' => visitor.visit_borrowed_str(reader.text()?),
            b'C' => visitor.visit_char(char::from(u8::from_be_bytes(reader.fixed()?))),
            b'[' | b'{' => {
                reader.depth += 1;
                if reader.depth > DEEPEST {
                    return reader.wrong("values lie too deep in one another");
                }
                let mut kind = None;
                if reader.peek() == Some(b'$') {
                    reader.at += 1;
                    kind = Some(reader.marker()?);
                }
                let mut left = None;
                if reader.peek() == Some(b'#') {
                    reader.at += 1;
                    left = Some(reader.length()?);
                } else if kind.is_some() {
                    return reader.wrong("a list of one type has no length");
                }
                let end = if marker == b'[' { b']' } else { b'}' };
                let items = Items { reader: &mut *reader, kind, left, end };
                let value = if marker == b'[' { visitor.visit_seq(items) } else { visitor.visit_map(items) }?;
                reader.depth -= 1;
                Ok(value)
            }
            other => visitor.visit_i64(reader.integer(other)?),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map
        struct enum identifier ignored_any
    }
}

struct Items<'a, 'de> {
    reader: &'a mut Reader<'de>,
    kind: Option<u8>,
    left: Option<usize>,
    end: u8,
}

impl Items<'_, '_> {
    /// Whether there is one more.
    fn more(&mut self) -> bool {
        match &mut self.left {
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
            None => {
                while self.reader.peek() == Some(b'N') {
                    self.reader.at += 1;
                }
                let ended = self.reader.peek() == Some(self.end);
                self.reader.at += usize::from(ended);
                !ended
            }
        }
    }
}

impl<'de> SeqAccess<'de> for Items<'_, 'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        if !self.more() {
            return Ok(None);
        }
        seed.deserialize(Typed { marker: self.kind, reader: &mut *self.reader }).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        self.left
    }
}

impl<'de> MapAccess<'de> for Items<'_, 'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        if !self.more() {
            return Ok(None);
        }
        let key = self.reader.text()?;
        seed.deserialize(de::value::BorrowedStrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value> {
        seed.deserialize(Typed { marker: self.kind, reader: &mut *self.reader })
    }
}
