//! Readers and writers on handles.

use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use crate::{artifacts, types};

/// How much a reader asks for, and a writer gives, at once: large enough that calls cost nothing beside the bytes they move.
const PIECE: usize = 256 << 10;

/// A handle whose bytes can be read: all artifacts and files.
pub trait Readable {
    /// Length in bytes.
    fn byte_length(&self) -> u64;

    /// The `length` bytes from `offset` on; fewer only where the file ends.
    ///
    /// # Errors
    /// An offset beyond the end, or more than the runtime moves at once.
    fn read_at(&self, offset: u64, length: u64) -> Result<Vec<u8>, types::Error>;

    /// A buffered reader that begins at the start. It can seek, and has lines.
    fn reader(&self) -> BufReader<Reader<'_, Self>> {
        BufReader::with_capacity(PIECE, Reader { handle: self, position: 0 })
    }

    /// All bytes.
    ///
    /// # Errors
    /// What [`Readable::read_at`] refuses.
    fn read_bytes(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.reader().read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// All of it as text.
    ///
    /// # Errors
    /// What [`Readable::read_at`] refuses, and `InvalidData` if it is not UTF-8.
    fn read_text(&self) -> io::Result<String> {
        let mut text = String::new();
        self.reader().read_to_string(&mut text)?;
        Ok(text)
    }
}

/// A handle that bytes can be written to: artifacts that this step made, and their files.
pub trait Writable {
    /// Writes bytes at an offset.
    ///
    /// # Errors
    /// An input, a full output, or more than the runtime moves at once.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> Result<(), types::Error>;

    /// A buffered writer that begins at the start and can seek. Flush it before the handle is returned: an error while it is dropped
    /// goes unseen, as with every [`BufWriter`].
    fn writer(&self) -> BufWriter<Writer<'_, Self>> {
        BufWriter::with_capacity(PIECE, Writer { handle: self, position: 0, end: 0 })
    }

    /// Writes these bytes from the start on.
    ///
    /// # Errors
    /// What [`Writable::write_at`] refuses.
    fn write_bytes(&self, bytes: &[u8]) -> io::Result<()> {
        let mut writer = Writer { handle: self, position: 0, end: 0 };
        writer.write_all(bytes)
    }
}

/// [`Read`] and [`Seek`] on a handle, without a buffer. Made by [`Readable::reader`].
#[derive(Debug)]
pub struct Reader<'a, H: ?Sized> {
    handle: &'a H,
    position: u64,
}

impl<H: Readable + ?Sized> Read for Reader<'_, H> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = self.handle.byte_length().saturating_sub(self.position);
        let wanted = left.min(into.len().min(PIECE) as u64);
        if wanted == 0 {
            return Ok(0);
        }
        let bytes = self.handle.read_at(self.position, wanted)?;
        into[..bytes.len()].copy_from_slice(&bytes);
        self.position += bytes.len() as u64;
        Ok(bytes.len())
    }
}

impl<H: Readable + ?Sized> Seek for Reader<'_, H> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.position = sought(to, self.position, self.handle.byte_length())?;
        Ok(self.position)
    }
}

/// [`Write`] and [`Seek`] on a handle, without a buffer. Made by [`Writable::writer`].
#[derive(Debug)]
pub struct Writer<'a, H: ?Sized> {
    handle: &'a H,
    position: u64,
    /// The furthest that this writer has come.
    end: u64,
}

impl<H: Writable + ?Sized> Write for Writer<'_, H> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let piece = &bytes[..bytes.len().min(PIECE)];
        if !piece.is_empty() {
            self.handle.write_at(self.position, piece)?;
        }
        self.position += piece.len() as u64;
        self.end = self.end.max(self.position);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<H: Writable + ?Sized> Seek for Writer<'_, H> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.position = sought(to, self.position, self.end)?;
        Ok(self.position)
    }
}

fn sought(to: SeekFrom, position: u64, end: u64) -> io::Result<u64> {
    let sought = match to {
        SeekFrom::Start(offset) => Some(offset),
        SeekFrom::Current(by) => position.checked_add_signed(by),
        SeekFrom::End(by) => end.checked_add_signed(by),
    };
    sought.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "sought before the start"))
}

/// Makes handle types of your own [`Readable`]: resources with the methods `length` and `read` of `artifact`.
#[macro_export]
macro_rules! readable {
    ($($handle:ty),+ $(,)?) => {$(
        impl $crate::Readable for $handle {
            fn byte_length(&self) -> u64 {
                self.length()
            }
            fn read_at(&self, offset: u64, length: u64) -> ::core::result::Result<::std::vec::Vec<u8>, $crate::types::Error> {
                self.read(offset, length)
            }
        }
    )+};
}

/// Makes handle types of your own [`Writable`]: resources with the method `write` of `artifact`.
#[macro_export]
macro_rules! writable {
    ($($handle:ty),+ $(,)?) => {$(
        impl $crate::Writable for $handle {
            fn write_at(&self, offset: u64, bytes: &[u8]) -> ::core::result::Result<(), $crate::types::Error> {
                self.write(offset, bytes)
            }
        }
    )+};
}

/// Makes handle types of your own both [`Readable`] and [`Writable`].
#[macro_export]
macro_rules! handle {
    ($($handle:ty),+ $(,)?) => {
        $crate::readable!($($handle),+);
        $crate::writable!($($handle),+);
    };
}

handle!(
    artifacts::File,
    artifacts::Artifact,
    artifacts::Dataset,
    artifacts::Model,
    artifacts::Metrics,
    artifacts::ClassificationMetrics,
    artifacts::SlicedClassificationMetrics,
    artifacts::Html,
    artifacts::Markdown,
);

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::io::BufRead;

    use super::*;

    /// A handle as the runtime gives it, but in memory.
    #[derive(Default)]
    struct Memory(RefCell<Vec<u8>>);

    impl Memory {
        fn length(&self) -> u64 {
            self.0.borrow().len() as u64
        }
        fn read(&self, offset: u64, length: u64) -> Result<Vec<u8>, types::Error> {
            let bytes = self.0.borrow();
            let rest = bytes.get(offset as usize..).ok_or(types::Error::OutOfRange((offset, bytes.len() as u64)))?;
            Ok(rest[..rest.len().min(length as usize)].to_vec())
        }
        fn write(&self, offset: u64, bytes: &[u8]) -> Result<(), types::Error> {
            if offset > 1 << 30 {
                return Err(types::Error::OutputLimit(1 << 30));
            }
            let mut content = self.0.borrow_mut();
            let end = offset as usize + bytes.len();
            if content.len() < end {
                content.resize(end, 0);
            }
            content[offset as usize..end].copy_from_slice(bytes);
            Ok(())
        }
    }

    crate::handle!(Memory);

    #[test]
    fn what_is_written_is_read_across_many_pieces() {
        let content: Vec<u8> = (0..PIECE * 3 + 17).map(|at| (at % 251) as u8).collect();
        let memory = Memory::default();
        let mut writer = memory.writer();
        for piece in content.chunks(1000) {
            writer.write_all(piece).unwrap();
        }
        writer.flush().unwrap();
        assert_eq!(memory.read_bytes().unwrap(), content);

        memory.write_bytes(b"new").unwrap();
        let mut beginning = [0; 5];
        memory.reader().read_exact(&mut beginning).unwrap();
        assert_eq!(&beginning, b"new\x03\x04");
    }

    #[test]
    fn readers_have_lines_and_can_begin_again() {
        let memory = Memory(RefCell::new(b"one\ntwo\r\nthree".to_vec()));
        let mut reader = memory.reader();
        let lines: Vec<String> = reader.by_ref().lines().map(Result::unwrap).collect();
        assert_eq!(lines, ["one", "two", "three"]);
        reader.rewind().unwrap();
        assert_eq!(reader.lines().count(), 3);
    }

    #[test]
    fn seeking_works_from_either_end_and_not_before_the_start() {
        let memory = Memory(RefCell::new(b"0123456789".to_vec()));
        let mut reader = memory.reader();
        assert_eq!(reader.seek(SeekFrom::End(-3)).unwrap(), 7);
        let mut rest = String::new();
        reader.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "789");
        assert_eq!(reader.seek(SeekFrom::Current(-100)).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert_eq!(reader.seek(SeekFrom::Start(100)).unwrap(), 100);
        assert_eq!(reader.read(&mut [0; 4]).unwrap(), 0);

        let mut writer = memory.writer();
        writer.write_all(b"abc").unwrap();
        writer.seek(SeekFrom::Start(1)).unwrap();
        writer.write_all(b"X").unwrap();
        writer.seek(SeekFrom::End(0)).unwrap();
        writer.write_all(b"d").unwrap();
        writer.flush().unwrap();
        drop(writer);
        assert_eq!(memory.read_text().unwrap(), "aXcd456789");
    }

    #[test]
    fn refusals_arrive_as_errors_of_the_right_kind() {
        let memory = Memory::default();
        let mut writer = memory.writer();
        writer.seek(SeekFrom::Start(1 << 31)).unwrap();
        writer.write_all(b"x").unwrap();
        assert_eq!(writer.flush().unwrap_err().kind(), io::ErrorKind::StorageFull);
        memory.write_bytes(b"\xff").unwrap();
        assert_eq!(memory.read_text().unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
