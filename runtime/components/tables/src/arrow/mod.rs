//! Arrow IPC: files (Feather 2) and streams, read batch by batch. A file is read by the index at its end: before the first batch not all writers
//! have what a stream begins with.
//!
//! Read are numbers, booleans, texts and other bytes, dates and times, decimals, lists of these and dictionaries. Structures are told by name.

mod column;
mod flatbuffer;
mod index;
mod schema;

use std::io::{BufRead, Read};

use crate::compression::Codec;
use crate::error::{Error, Result};
use crate::open::Rows;
use crate::record::Record;
use column::{Array, Batch};
use flatbuffer::{Object, root};
use schema::{Field, fields};

/// The largest batch and the largest description of one that are read.
const MOST_BODY: i64 = 512 << 20;
const MOST_METADATA: u32 = 64 << 20;
/// The most rows of a batch.
const MOST_ROWS: u64 = 1 << 31;

pub use index::file;

/// A stream that is being read, or the batches of a file.
pub struct Stream<R> {
    input: R,
    file: String,
    fields: Vec<Field>,
    /// Values of dictionaries by their ids.
    dictionaries: Vec<(i64, Array)>,
    arrays: Vec<Array>,
    positions: Vec<usize>,
    batch: u64,
    row: u64,
    rows: u64,
    count: u64,
    /// Memory of the last body.
    body: Vec<u8>,
}

impl<R: BufRead> Stream<R> {
    /// Reads the schema.
    ///
    /// # Errors
    /// The file is cut off or none of Arrow's, or has columns that are not read.
    pub fn new(input: R, file: &str) -> Result<Self> {
        let mut stream = Self::of(input, file, Vec::new());
        let head = stream.input.fill_buf().map_err(|source| Error::Read { file: file.to_owned(), source })?;
        // A file that cannot be read from its end, since it is compressed as a whole.
        if head.starts_with(b"ARROW1") {
            stream.exactly(8)?;
        }
        let Some(metadata) = stream.metadata()? else { return Err(stream.wrong("the schema is missing")) };
        let message = root(&metadata).map_err(|problem| stream.wrong(&problem))?;
        let found = message.union(1, 1).map(fields);
        stream.fields = match found {
            Some(found) => found.map_err(|problem| stream.wrong(&problem))?,
            None => return Err(stream.wrong("the first message is no schema")),
        };
        Ok(stream)
    }

    /// Batches whose columns are known.
    fn of(input: R, file: &str, fields: Vec<Field>) -> Self {
        Self {
            input,
            file: file.to_owned(),
            fields,
            dictionaries: Vec::new(),
            arrays: Vec::new(),
            positions: Vec::new(),
            batch: 0,
            row: 0,
            rows: 0,
            count: 0,
            body: Vec::new(),
        }
    }

    fn wrong(&self, problem: &str) -> Error {
        let place = if self.batch == 0 { "the schema".to_owned() } else { format!("batch {}", self.batch) };
        Error::at(&self.file, place, problem)
    }

    /// Reads so many bytes into the memory for bodies, which grows only with what is there.
    fn exactly(&mut self, length: u64) -> Result<()> {
        self.body.clear();
        let read = self.input.by_ref().take(length).read_to_end(&mut self.body);
        read.map_err(|source| Error::Read { file: self.file.clone(), source })?;
        if self.body.len() as u64 == length { Ok(()) } else { Err(self.wrong("the file ends within it")) }
    }

    /// The description of the next message; none at the end.
    fn metadata(&mut self) -> Result<Option<Vec<u8>>> {
        let head = self.input.fill_buf().map_err(|source| Error::Read { file: self.file.clone(), source })?;
        if head.is_empty() {
            return Ok(None);
        }
        self.exactly(4)?;
        if self.body == [0xff; 4] {
            self.exactly(4)?;
        }
        let length = self.body.as_slice().try_into().map_or(0, u32::from_le_bytes);
        if length == 0 {
            return Ok(None);
        }
        if length > MOST_METADATA {
            return Err(self.wrong(&format!("a message claims {length} bytes of description")));
        }
        self.exactly(length.into())?;
        Ok(Some(std::mem::take(&mut self.body)))
    }

    /// Reads messages until there is a batch with rows; false at the end.
    fn next_batch(&mut self) -> Result<bool> {
        loop {
            self.batch += 1;
            let Some(metadata) = self.metadata()? else { return Ok(false) };
            let message = root(&metadata).map_err(|problem| self.wrong(&problem))?;
            let length = message.long(3);
            if !(0..=MOST_BODY).contains(&length) {
                let problem = format!(
                    "it claims {length} bytes, and at most {} MiB are read: write smaller batches",
                    MOST_BODY >> 20
                );
                return Err(self.wrong(&problem));
            }
            self.exactly(length.unsigned_abs())?;
            let body = std::mem::take(&mut self.body);
            let done = self.message(message, &body);
            self.body = body;
            if done.map_err(|problem| self.wrong(&problem))? {
                return Ok(true);
            }
        }
    }

    fn message(&mut self, message: Object<'_>, body: &[u8]) -> Result<bool, String> {
        if let Some(dictionary) = message.union(1, 2) {
            let id = dictionary.long(0);
            let of = |field: &&Field| field.dictionary == Some(id);
            let field =
                self.fields.iter().find_map(|field| of(&field).then_some(field).or(field.item.as_deref().filter(of)));
            let field = field.ok_or("a dictionary is of no column")?.values();
            let batch = dictionary.table(1).ok_or("a dictionary has no values")?;
            let mut batch = batch_of(batch, body)?;
            let array = Array::read(&field, &mut batch)?;
            let known = self.dictionaries.iter().position(|(known, _)| *known == id);
            match known {
                Some(at) if dictionary.flag(2) => self.dictionaries[at].1.append(array),
                Some(at) => self.dictionaries[at].1 = array,
                None => self.dictionaries.push((id, array)),
            }
            return Ok(false);
        }
        let Some(batch) = message.union(1, 3) else { return Ok(false) };
        let rows = u64::try_from(batch.long(0)).map_err(|_| "it claims fewer rows than none")?;
        // Columns of nothing need no bytes, however many rows are claimed.
        if rows > MOST_ROWS || (rows > 0 && self.fields.is_empty()) {
            return Err(format!("it claims {rows} rows, which its columns cannot have"));
        }
        let mut batch = batch_of(batch, body)?;
        self.arrays.clear();
        for field in &self.fields {
            let array =
                Array::read(field, &mut batch).map_err(|problem| format!("column `{}`: {problem}", field.name))?;
            if array.length() as u64 != rows {
                return Err(format!(
                    "column `{}` has {} values, and the batch {rows} rows",
                    field.name,
                    array.length()
                ));
            }
            self.arrays.push(array);
        }
        self.row = 0;
        self.rows = rows;
        Ok(rows > 0)
    }
}

fn batch_of<'a>(batch: Object<'a>, body: &'a [u8]) -> Result<Batch<'a>, String> {
    let codec = match batch.table(3).map(|compression| compression.byte(0)) {
        None => Codec::Plain,
        Some(0) => Codec::Lz4Frame,
        Some(1) => Codec::Zstd,
        Some(other) => return Err(format!("there is no codec {other}")),
    };
    Ok(Batch::new(batch, body, codec))
}

impl<R: BufRead> Rows for Stream<R> {
    fn advance(&mut self, row: &mut Record) -> Result<bool> {
        row.clear();
        if self.row == self.rows && !self.next_batch()? {
            return Ok(false);
        }
        if self.positions.is_empty() {
            for field in &self.fields {
                self.positions.push(row.column(&field.name).map_err(|problem| self.wrong(&problem))?);
            }
        }
        let at = usize::try_from(self.row).unwrap_or(usize::MAX);
        self.row += 1;
        self.count += 1;
        for ((array, field), position) in self.arrays.iter().zip(&self.fields).zip(&self.positions) {
            let put = array.put(at, field, &self.dictionaries, row.cell(*position));
            put.map_err(|problem| {
                Error::at(&self.file, format!("{}, column `{}`", self.place(), field.name), problem)
            })?;
        }
        Ok(true)
    }

    fn place(&self) -> String {
        format!("batch {}, row {}", self.batch, self.count)
    }
}
