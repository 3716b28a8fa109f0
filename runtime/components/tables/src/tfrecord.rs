//! TFRecord: records of bytes, each with its length and two checksums.

use std::io::{self, BufRead, Read, Write};

use crate::crc::masked;
use crate::error::{Error, Result, unreadable};
use crate::example;
use crate::open::Rows;
use crate::record::Record;

/// The largest record that is read.
pub const MOST_RECORD: u64 = 128 << 20;

/// Reads records, checking both checksums of each. Memory is that of one record.
pub struct Records<R> {
    input: R,
    file: String,
    record: Vec<u8>,
    count: u64,
}

impl<R: Read> Records<R> {
    /// Begins to read. `file` is what errors call it.
    #[must_use]
    pub fn new(input: R, file: &str) -> Self {
        Self { input, file: file.to_owned(), record: Vec::new(), count: 0 }
    }

    /// The next record; none at the end.
    ///
    /// # Errors
    /// The file ends within a record, a checksum is wrong, or a record is larger than [`MOST_RECORD`].
    pub fn next_record(&mut self) -> Result<Option<&[u8]>> {
        let mut header = Vec::with_capacity(12);
        self.take(12, &mut header)?;
        if header.is_empty() {
            return Ok(None);
        }
        self.count += 1;
        let Ok(header) = <[u8; 12]>::try_from(header) else { return Err(self.cut()) };
        let (length, checksum) = header.split_at(8);
        if masked(length).to_le_bytes() != checksum {
            return Err(self.wrong("the checksum of its length is wrong: this is no TFRecord file, or a damaged one, which is to be got anew"));
        }
        let length = length.try_into().map_or(u64::MAX, u64::from_le_bytes);
        if length > MOST_RECORD {
            let problem = format!(
                "it claims {length} bytes, and at most {} MiB are read: the file is damaged, or its records are to be split",
                MOST_RECORD >> 20
            );
            return Err(self.wrong(&problem));
        }
        // Grows with what is there, not with what is claimed.
        let mut record = std::mem::take(&mut self.record);
        record.clear();
        self.take(length + 4, &mut record)?;
        if record.len() as u64 != length + 4 {
            return Err(self.cut());
        }
        let checksum = record.split_off(record.len() - 4);
        if masked(&record).to_le_bytes().as_slice() != checksum {
            return Err(self.wrong("the checksum of its content is wrong: the file is damaged, get it anew"));
        }
        self.record = record;
        Ok(Some(&self.record))
    }

    /// How many records were begun.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    fn take(&mut self, length: u64, into: &mut Vec<u8>) -> Result<()> {
        let read = self.input.by_ref().take(length).read_to_end(into);
        read.map(drop).map_err(|source| {
            let problem = unreadable(&source);
            Error::at(&self.file, format!("behind record {}", self.count), problem)
        })
    }

    fn cut(&self) -> Error {
        self.wrong("the file ends within it: it is cut off, get it anew")
    }

    fn wrong(&self, problem: &str) -> Error {
        Error::at(&self.file, format!("record {}", self.count), problem)
    }
}

/// Reads records as `tf.train.Example`.
pub struct Examples<R>(pub Records<R>);

impl<R: BufRead> Rows for Examples<R> {
    fn advance(&mut self, row: &mut Record) -> Result<bool> {
        let Some(record) = self.0.next_record()? else { return Ok(false) };
        let decoded = example::decode(record, row);
        decoded.map_err(|problem| self.0.wrong(&problem))?;
        Ok(true)
    }

    fn place(&self) -> String {
        format!("record {}", self.0.count)
    }
}

/// Writes a record.
///
/// # Errors
/// What the writer refuses.
pub fn write(out: &mut impl Write, record: &[u8]) -> io::Result<()> {
    let length = (record.len() as u64).to_le_bytes();
    out.write_all(&length)?;
    out.write_all(&masked(&length).to_le_bytes())?;
    out.write_all(record)?;
    out.write_all(&masked(record).to_le_bytes())
}

/// Whether bytes begin like a TFRecord file: eight bytes with their checksum behind them.
#[must_use]
pub fn begins(head: &[u8]) -> bool {
    matches!((head.get(..8), head.get(8..12)), (Some(length), Some(checksum)) if masked(length).to_le_bytes() == checksum)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> Vec<u8> {
        let mut file = Vec::new();
        write(&mut file, b"one").unwrap();
        write(&mut file, b"").unwrap();
        write(&mut file, b"three").unwrap();
        file
    }

    fn problem(file: &[u8]) -> String {
        let mut records = Records::new(file, "t.tfrecord");
        loop {
            match records.next_record() {
                Ok(Some(_)) => {}
                Ok(None) => return String::new(),
                Err(error) => return error.to_string(),
            }
        }
    }

    #[test]
    fn records_are_read_as_they_were_written() {
        let file = file();
        assert!(begins(&file));
        let mut records = Records::new(file.as_slice(), "t.tfrecord");
        for expected in [b"one".as_slice(), b"", b"three"] {
            assert_eq!(records.next_record().unwrap(), Some(expected));
        }
        assert_eq!(records.next_record().unwrap(), None);
    }

    #[test]
    fn damage_is_told_with_its_record() {
        let whole = file();
        assert_eq!(problem(&whole), "");
        for length in [1, 11, 13, 18] {
            assert_eq!(
                problem(&whole[..length]),
                "t.tfrecord, record 1: the file ends within it: it is cut off, get it anew"
            );
        }
        let changed = |at: usize| {
            let mut file = whole.clone();
            file[at] ^= 1;
            problem(&file)
        };
        assert!(changed(0).starts_with("t.tfrecord, record 1: the checksum of its length is wrong"));
        assert!(changed(12).starts_with("t.tfrecord, record 1: the checksum of its content is wrong"));
        assert!(changed(whole.len() - 1).starts_with("t.tfrecord, record 3: the checksum of its content"));
    }

    #[test]
    fn lengths_that_are_only_claimed_take_no_memory() {
        let claims = |length: u64| {
            let mut file = length.to_le_bytes().to_vec();
            file.extend(masked(&length.to_le_bytes()).to_le_bytes());
            file.extend(b"little");
            problem(&file)
        };
        let told = claims(1 << 60);
        let expected = "t.tfrecord, record 1: it claims 1152921504606846976 bytes, and at most 128 MiB are read: ";
        assert!(told.starts_with(expected), "{told}");
        assert!(claims(MOST_RECORD).starts_with("t.tfrecord, record 1: the file ends within it"));
    }
}
