//! The index of an Arrow file, which leads to its batches.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use super::Stream;
use super::flatbuffer::root;
use super::schema::fields;
use crate::error::{Error, Result};
use crate::open::Input;

/// The largest index that is read.
const MOST_INDEX: u64 = 64 << 20;

/// Begins to read a file.
///
/// # Errors
/// The file is cut off or none of Arrow's, or has columns that are not read.
pub fn file<'a>(mut input: Box<dyn Input + 'a>, name: &str) -> Result<Stream<BufReader<Sections<'a>>>> {
    let wrong = |problem: &str| Error::at(name, "the index", problem);
    let failed = |source| Error::Read { file: name.to_owned(), source };
    let length = input.seek(SeekFrom::End(0)).map_err(failed)?;
    let mut read = |at: u64, count: u64| {
        let mut bytes = Vec::new();
        input.seek(SeekFrom::Start(at)).map_err(failed)?;
        input.by_ref().take(count).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 == count { Ok(bytes) } else { Err(wrong("the file ends early")) }
    };
    let Some(end) = length.checked_sub(10).filter(|end| *end >= 8) else { return Err(wrong("the file is cut off")) };
    let tail = read(end, 10)?;
    let (claimed, magic) = tail.split_at(4);
    if magic != b"ARROW1" {
        return Err(wrong("the file does not end as Arrow files do: it is cut off, or none"));
    }
    let claimed = u64::from(claimed.try_into().map_or(0, u32::from_le_bytes));
    let Some(start) = end.checked_sub(claimed).filter(|_| claimed <= MOST_INDEX) else {
        return Err(wrong(&format!("it claims {claimed} bytes, and the file has {length}")));
    };
    let bytes = read(start, claimed)?;
    let index = root(&bytes).map_err(|problem| wrong(&problem))?;
    let schema = index.table(1).ok_or_else(|| wrong("the schema is missing"))?;
    let fields = fields(schema).map_err(|problem| wrong(&problem))?;
    let blocks = index.blocks(2).into_iter().chain(index.blocks(3));
    let mut sections = Vec::new();
    for (offset, metadata, body) in blocks {
        let offset = u64::try_from(offset).ok();
        let size = u64::try_from(metadata).ok().zip(u64::try_from(body).ok()).and_then(|(a, b)| a.checked_add(b));
        let end = offset.zip(size).and_then(|(offset, size)| offset.checked_add(size)).filter(|end| *end <= start);
        let (Some(offset), Some(size), Some(_)) = (offset, size, end) else {
            return Err(wrong("a batch lies beyond the file"));
        };
        sections.push((offset, size));
    }
    let sections = Sections { input, rest: sections.into_iter(), left: 0 };
    Ok(Stream::of(BufReader::new(sections), name, fields))
}

/// Parts of a file, one behind the other.
pub struct Sections<'a> {
    input: Box<dyn Input + 'a>,
    rest: std::vec::IntoIter<(u64, u64)>,
    left: u64,
}

impl Read for Sections<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.left == 0 {
            let Some((offset, length)) = self.rest.next() else { return Ok(0) };
            self.input.seek(SeekFrom::Start(offset))?;
            self.left = length;
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(into.len());
        let read = self.input.read(&mut into[..most])?;
        self.left = if read == 0 && most > 0 { 0 } else { self.left - read as u64 };
        Ok(read)
    }
}
