//! UBJSON as XGBoost writes it: big-endian, with lists of one type.

use super::document::{Document, insert, push};

/// How deep values may lie in one another.
const DEEPEST: usize = 64;

type Result<T> = std::result::Result<T, String>;

/// Reads a value.
pub(super) fn from_bytes(bytes: &[u8]) -> Result<Document> {
    Reader { bytes, at: 0, depth: 0 }.value(None)
}

struct Reader<'de> {
    bytes: &'de [u8],
    at: usize,
    depth: usize,
}

impl<'de> Reader<'de> {
    fn wrong<T>(&self, problem: &str) -> Result<T> {
        Err(format!("byte {}: {problem}", self.at))
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

    /// A value whose marker comes first, or stood at the head of its list.
    fn value(&mut self, marker: Option<u8>) -> Result<Document> {
        let marker = match marker {
            Some(marker) => marker,
            None => self.marker()?,
        };
        Ok(match marker {
            b'Z' => Document::Null,
            b'T' => Document::Bool(true),
            b'F' => Document::Bool(false),
            b'd' => Document::Number(f32::from_be_bytes(self.fixed()?).into()),
            b'D' => Document::Number(f64::from_be_bytes(self.fixed()?)),
            b'S' => Document::Text(self.text()?.to_owned()),
            b'C' => Document::Text(char::from(u8::from_be_bytes(self.fixed()?)).into()),
            b'[' | b'{' => {
                self.depth += 1;
                if self.depth > DEEPEST {
                    return self.wrong("values lie too deep in one another");
                }
                let value = if marker == b'[' { self.list() } else { self.object() }?;
                self.depth -= 1;
                value
            }
            other => Document::Number(self.integer(other)? as f64),
        })
    }

    fn list(&mut self) -> Result<Document> {
        let mut items = self.items(b']')?;
        let mut list = Document::Numbers(Vec::new());
        while self.more(&mut items) {
            push(&mut list, self.value(items.kind)?);
        }
        Ok(list)
    }

    fn object(&mut self) -> Result<Document> {
        let mut items = self.items(b'}')?;
        let mut object = Vec::new();
        while self.more(&mut items) {
            let name = self.text()?;
            insert(&mut object, name, self.value(items.kind)?);
        }
        Ok(Document::Object(object))
    }

    /// The head of a list or an object.
    fn items(&mut self, end: u8) -> Result<Items> {
        let mut items = Items { kind: None, left: None, end };
        if self.peek() == Some(b'$') {
            self.at += 1;
            items.kind = Some(self.marker()?);
        }
        if self.peek() == Some(b'#') {
            self.at += 1;
            items.left = Some(self.length()?);
        } else if items.kind.is_some() {
            return self.wrong("a list of one type has no length");
        }
        Ok(items)
    }

    /// Whether there is one more item.
    fn more(&mut self, items: &mut Items) -> bool {
        match &mut items.left {
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
            None => {
                while self.peek() == Some(b'N') {
                    self.at += 1;
                }
                let ended = self.peek() == Some(items.end);
                self.at += usize::from(ended);
                !ended
            }
        }
    }
}

/// What follows in a list or an object.
struct Items {
    /// The marker of all values, if they have one in common.
    kind: Option<u8>,
    /// How many there are, if that is told.
    left: Option<usize>,
    end: u8,
}
