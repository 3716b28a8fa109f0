//! Writes rows: as gzipped TFRecord of `tf.train.Example`, as Parquet or as CSV.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::number::repr;
use crate::parquet;
use crate::record::{Record, Values};
use crate::tfrecord;
use crate::types::{Column, Types};

/// What rows are written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// Gzipped TFRecord, as TFX writes it.
    TfRecord,
    /// Parquet.
    Parquet,
    /// CSV with a header line.
    Csv,
}

impl Output {
    /// The file of a split, as TFX names it.
    #[must_use]
    pub fn file(self) -> &'static str {
        match self {
            Self::TfRecord => "data_tfrecord-00000-of-00001.gz",
            Self::Parquet => "data_parquet-00000-of-00001.parquet",
            Self::Csv => "data.csv",
        }
    }

    /// The values of TFX's properties `payload_format` and `file_format`.
    #[must_use]
    pub fn properties(self) -> (&'static str, &'static str) {
        match self {
            Self::TfRecord => ("FORMAT_TF_EXAMPLE", "tfrecords_gzip"),
            Self::Parquet => ("FORMAT_PARQUET", "parquet"),
            Self::Csv => ("FORMAT_CSV", "csv"),
        }
    }
}

/// Writes rows to one file.
pub enum Writer<W: Write> {
    /// Gzipped TFRecord.
    TfRecord(Box<GzEncoder<W>>),
    /// Parquet.
    Parquet(Box<parquet::Writer<W>>),
    /// CSV, with the names of its columns.
    Csv(W, Vec<String>),
}

impl<W: Write> Writer<W> {
    /// Begins a file of rows with these columns.
    ///
    /// # Errors
    /// What the writer refuses, and columns that CSV cannot have.
    pub fn new(output: Output, mut out: W, types: &Types) -> io::Result<Self> {
        Ok(match output {
            Output::TfRecord => Self::TfRecord(Box::new(GzEncoder::new(out, Compression::default()))),
            Output::Parquet => Self::Parquet(Box::new(parquet::Writer::new(out, types.details())?)),
            Output::Csv => {
                let kept = types.details().iter().filter(|column| column.column_type.is_some());
                let names: Vec<String> = kept.map(|column: &Column| column.name.clone()).collect();
                let mut line = String::new();
                for (n, name) in names.iter().enumerate() {
                    cell(&mut line, n, name)?;
                }
                line.push('\n');
                out.write_all(line.as_bytes())?;
                Self::Csv(out, names)
            }
        })
    }

    /// Writes a row; `example` is the row as a serialised example.
    ///
    /// # Errors
    /// What the writer refuses, and values that the format cannot have.
    pub fn write(&mut self, row: &Record, example: &[u8]) -> io::Result<()> {
        match self {
            Self::TfRecord(out) => tfrecord::write(out, example),
            Self::Parquet(out) => out.write(row),
            Self::Csv(out, names) => {
                let mut line = String::new();
                for (n, name) in names.iter().enumerate() {
                    let text = text(row.of(name)).map_err(|problem| wrong(&format!("column `{name}` {problem}")))?;
                    cell(&mut line, n, &text)?;
                }
                // A line of nothing would be none.
                if line.is_empty() {
                    line.push_str("\"\"");
                }
                line.push('\n');
                out.write_all(line.as_bytes())
            }
        }
    }

    /// Ends the file.
    ///
    /// # Errors
    /// What the writer refuses.
    pub fn finish(self) -> io::Result<()> {
        match self {
            Self::TfRecord(out) => out.finish()?.flush(),
            Self::Parquet(out) => out.finish().map(drop),
            Self::Csv(mut out, _) => out.flush(),
        }
    }
}

fn wrong(problem: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, problem)
}

/// What a cell says: at most one value.
fn text(values: Values<'_>) -> Result<String, &'static str> {
    if values.count().is_some_and(|count| count > 1) {
        return Err("has several values in a row, which CSV cannot have: write TFRecord or Parquet");
    }
    match values {
        Values::Missing | Values::Empty => Ok(String::new()),
        Values::Ints(values) => Ok(values.first().map(i64::to_string).unwrap_or_default()),
        Values::Floats(values) => Ok(values.first().map(|value| repr(*value)).unwrap_or_default()),
        Values::Bytes(texts) => match texts.iter().next() {
            None => Ok(String::new()),
            Some(text) => {
                String::from_utf8(text.to_vec()).map_err(|_| "holds bytes that are no text, which CSV cannot have")
            }
        },
    }
}

fn cell(line: &mut String, n: usize, text: &str) -> io::Result<()> {
    if n > 0 {
        line.push(',');
    }
    if text.contains(['\n', '\r']) {
        return Err(wrong("a text has a line break, which cells cannot have: write TFRecord or Parquet"));
    }
    if text.contains([',', '"']) {
        line.push('"');
        line.push_str(&text.replace('"', "\"\""));
        line.push('"');
    } else {
        line.push_str(text);
    }
    Ok(())
}
