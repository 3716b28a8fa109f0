//! Tables, whatever their format: which one a file has, and its rows.

use std::io::{BufRead, BufReader, Read, Seek};

use crate::compression::Compression;
use crate::csv::Dialect;
use crate::error::{Error, Result};
use crate::record::Record;
use crate::types::Types;
use crate::{arrow, csv, json, parquet, tfrecord};

/// The bytes of a file.
pub trait Input: Read + Seek {}

impl<T: Read + Seek> Input for T {}

/// Where no name tells the format, a zero among so many first bytes tells that it is not CSV: a damaged length of TFRecord has some.
const HEAD: usize = 16;

/// Rows of a table.
pub trait Rows {
    /// Reads the next row into `row`; false at the end. Columns that the row does not have are missing in it.
    ///
    /// # Errors
    /// What is wrong with the table, with its place.
    fn advance(&mut self, row: &mut Record) -> Result<bool>;

    /// Where the row that was read last stands.
    fn place(&self) -> String;
}

/// A table, or a part of one, that can be read again.
pub struct Table<'a> {
    /// What errors call it. Its ending may tell the format.
    pub name: String,
    /// Begins to read it, without a buffer.
    pub open: Box<dyn Fn() -> Box<dyn Input + 'a> + 'a>,
}

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Lines of cells, the first of which names the columns.
    Csv,
    /// An object a line.
    JsonLines,
    /// Records of `tf.train.Example`.
    TfRecord,
    /// Apache Parquet.
    Parquet,
    /// Apache Arrow's IPC file (Feather 2) or stream.
    Arrow,
}

impl Format {
    /// The format of a file of this name, if the name tells it. Endings of compression are looked through.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        let base = name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
        let plain = base.strip_suffix(".gz").or_else(|| base.strip_suffix(".zst")).unwrap_or(&base);
        let ending = plain.rsplit_once('.').map_or("", |(_, ending)| ending);
        match ending {
            "csv" | "tsv" => Some(Self::Csv),
            "jsonl" | "ndjson" | "json" => Some(Self::JsonLines),
            "parquet" | "pq" => Some(Self::Parquet),
            "arrow" | "feather" | "arrows" | "ipc" => Some(Self::Arrow),
            "tfrecord" | "tfrecords" | "tfr" => Some(Self::TfRecord),
            // As TFX and TensorFlow name parts: `data_tfrecord-00000-of-00001.gz`, `train.tfrecord-00000-of-00008`.
            _ if plain.contains("tfrecord") => Some(Self::TfRecord),
            _ => None,
        }
    }

    fn of_head(head: &[u8]) -> Option<Self> {
        let first = head.iter().find(|byte| !byte.is_ascii_whitespace());
        match head {
            _ if head.starts_with(b"PAR1") => Some(Self::Parquet),
            _ if head.starts_with(b"ARROW1") || head.starts_with(&[0xff; 4]) => Some(Self::Arrow),
            _ if tfrecord::begins(head) => Some(Self::TfRecord),
            _ if first == Some(&b'{') => Some(Self::JsonLines),
            _ => None,
        }
    }

    /// What people call it.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::JsonLines => "JSON lines",
            Self::TfRecord => "TFRecord",
            Self::Parquet => "Parquet",
            Self::Arrow => "Arrow",
        }
    }

    /// Whether the format says of which type each value is.
    #[must_use]
    pub fn typed(self) -> bool {
        matches!(self, Self::TfRecord | Self::Parquet | Self::Arrow)
    }
}

/// A table that is being read.
pub enum Reader<'a> {
    /// CSV, whose cells are texts until their columns' types are known.
    Csv(csv::Reader<Box<dyn BufRead + 'a>>),
    /// Any other format.
    Rows(Box<dyn Rows + 'a>, Format),
}

impl<'a> Table<'a> {
    /// A table in memory.
    #[must_use]
    pub fn of(name: &str, content: &'a [u8]) -> Self {
        Self { name: name.to_owned(), open: Box::new(move || Box::new(std::io::Cursor::new(content))) }
    }

    /// The content as a stream, with what it is compressed with undone, and its format by name or by its first bytes.
    ///
    /// # Errors
    /// It cannot be read.
    fn stream(&self) -> Result<(Box<dyn BufRead + 'a>, Option<Format>, bool)> {
        let failed = |source| Error::Read { file: self.name.clone(), source };
        let mut input: Box<dyn BufRead + 'a> = Box::new(BufReader::with_capacity(256 << 10, (self.open)()));
        let compression = Compression::of(input.fill_buf().map_err(failed)?);
        #[cfg(feature = "compression")]
        let mut input = compression.read(input);
        #[cfg(not(feature = "compression"))]
        if compression != Compression::None {
            let problem =
                "it is compressed, and this component reads no compressed files: decompress it, or use `weft:onnx`";
            return Err(Error::at(&self.name, "the beginning", problem));
        }
        let head = input.fill_buf().map_err(failed)?;
        // What the bytes say counts more, except that anything may be in a CSV file.
        let named = Format::of_name(&self.name);
        let format = if named == Some(Format::Csv) { named } else { Format::of_head(head).or(named) };
        if format.is_none() && head.iter().take(HEAD).any(|byte| *byte == 0) {
            let problem = "it is none of CSV in UTF-8, JSON lines, TFRecord, Parquet and Arrow, or damaged there";
            return Err(Error::at(&self.name, "the beginning", problem));
        }
        Ok((input, format, compression != Compression::None))
    }

    /// The format, by the file's first bytes and its name. What tells nothing is taken for CSV.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn format(&self) -> Result<Format> {
        Ok(self.stream()?.1.unwrap_or(Format::Csv))
    }

    /// Begins to read it as CSV, for who needs the cells as they are written.
    ///
    /// # Errors
    /// It cannot be read, or is of another format.
    pub fn csv(&self, dialect: Dialect) -> Result<csv::Reader<Box<dyn BufRead + 'a>>> {
        let (input, format, _) = self.stream()?;
        match format {
            None | Some(Format::Csv) => csv::Reader::new(input, &self.name, dialect),
            Some(other) => Err(Error::Place {
                file: self.name.clone(),
                place: "start".to_owned(),
                problem: format!(
                    "it is {}, and CSV is wanted: have `weft:example-gen` write it by `format: csv`",
                    other.in_words()
                ),
            }),
        }
    }

    /// Begins to read rows. `types` are needed for JSON lines, where an integer may be meant as a float; without them values are what they
    /// look like.
    ///
    /// # Errors
    /// It cannot be read, or its beginning is wrong.
    pub fn read(&self, dialect: Dialect, types: Option<&Types>) -> Result<Reader<'a>> {
        let (mut input, format, compressed) = self.stream()?;
        let format = format.unwrap_or(Format::Csv);
        let head = input.fill_buf().map_err(|source| Error::Read { file: self.name.clone(), source })?;
        let file = head.starts_with(b"ARROW1");
        let rows: Box<dyn Rows + 'a> = match format {
            Format::Csv => return Ok(Reader::Csv(csv::Reader::new(input, &self.name, dialect)?)),
            Format::JsonLines => Box::new(json::Lines::new(input, &self.name, types)),
            Format::TfRecord => Box::new(tfrecord::Examples(tfrecord::Records::new(input, &self.name))),
            Format::Arrow if compressed || !file => Box::new(arrow::Stream::new(input, &self.name)?),
            Format::Arrow => {
                drop(input);
                Box::new(arrow::file((self.open)(), &self.name)?)
            }
            Format::Parquet if compressed => {
                let problem =
                    "Parquet in gzip or zstd cannot be read in parts: decompress the file, its pages may be compressed";
                return Err(Error::at(&self.name, "the beginning", problem));
            }
            Format::Parquet => {
                drop(input);
                Box::new(parquet::File::new((self.open)(), &self.name)?)
            }
        };
        Ok(Reader::Rows(rows, format))
    }
}

impl Reader<'_> {
    /// The format.
    #[must_use]
    pub fn format(&self) -> Format {
        match self {
            Self::Csv(_) => Format::Csv,
            Self::Rows(_, format) => *format,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_by_names_and_by_first_bytes() {
        for (name, format) in [
            ("a/b.csv", Some(Format::Csv)),
            ("a.CSV.gz", Some(Format::Csv)),
            ("Split-train/data_tfrecord-00000-of-00001.gz", Some(Format::TfRecord)),
            ("x.jsonl.zst", Some(Format::JsonLines)),
            ("x.feather", Some(Format::Arrow)),
            ("tfrecord/readme.txt", None),
        ] {
            assert_eq!(Format::of_name(name), format, "{name}");
        }
        let format = |content: &[u8]| Table::of("data", content).format().unwrap();
        assert_eq!(format(b"a,b\n1,2\n"), Format::Csv);
        assert_eq!(format(b"\n {\"a\": 1}"), Format::JsonLines);
        assert_eq!(format(b"PAR1..."), Format::Parquet);
        assert_eq!(format(b""), Format::Csv);
        // UTF-16, or a damaged TFRecord file.
        for content in [b"\xff\xfea\0,\0b\0".as_slice(), b"\x0e\0\0\0\0\0\0\0abcd"] {
            let told = Table::of("data", content).format().unwrap_err().to_string();
            assert!(told.starts_with("data, the beginning: it is none of CSV in UTF-8"), "{told}");
        }
    }
}
