//! The rows of a Parquet file.

use super::column::{ColumnReader, Leaf, leaves, read_at};
use super::metadata::{FileMetadata, file};
use crate::error::{Error, Result};
use crate::open::{Input, Rows};
use crate::record::Record;

/// The largest footer that is read.
const MOST_FOOTER: u64 = 64 << 20;

/// A file that is being read.
pub struct File<'a> {
    input: Box<dyn Input + 'a>,
    name: String,
    length: u64,
    metadata: FileMetadata,
    leaves: Vec<Leaf>,
    /// Columns of the current group of rows.
    columns: Vec<ColumnReader>,
    /// Positions of the columns in the record.
    positions: Vec<usize>,
    group: usize,
    /// Rows of the group that were read, and those of all groups before it.
    row: i64,
    before: i64,
}

impl<'a> File<'a> {
    /// Reads the footer.
    ///
    /// # Errors
    /// The file is cut off or no Parquet file, or has columns that are not read.
    pub fn new(mut input: Box<dyn Input + 'a>, name: &str) -> Result<Self> {
        use std::io::{Seek, SeekFrom};
        let failed = |source| Error::Read { file: name.to_owned(), source };
        let footer = |problem: String| Error::at(name, "the footer", problem);
        let length = input.seek(SeekFrom::End(0)).map_err(failed)?;
        let mut bytes = Vec::new();
        if length < 12 {
            return Err(footer("the file is cut off".to_owned()));
        }
        read_at(&mut *input, length - 8, 8, &mut bytes).map_err(footer)?;
        let (claimed, magic) = bytes.split_at(4);
        if magic == b"PARE" {
            return Err(footer("the file is encrypted".to_owned()));
        }
        if magic != b"PAR1" {
            return Err(footer("the file does not end as Parquet files do: it is cut off, or none".to_owned()));
        }
        let claimed = u64::from(claimed.try_into().map_or(0, u32::from_le_bytes));
        if claimed > MOST_FOOTER || claimed + 12 > length {
            return Err(footer(format!("it claims {claimed} bytes, and the file has {length}")));
        }
        read_at(&mut *input, length - 8 - claimed, usize::try_from(claimed).unwrap_or(0), &mut bytes)
            .map_err(footer)?;
        let metadata = file(&bytes).map_err(|_| footer("it is damaged".to_owned()))?;
        let leaves = leaves(&metadata.schema).map_err(footer)?;
        let mut sum = 0_i64;
        for (n, group) in metadata.groups.iter().enumerate() {
            if group.columns.len() != leaves.len() {
                let problem =
                    format!("row group {} has {} columns, and the schema {}", n + 1, group.columns.len(), leaves.len());
                return Err(footer(problem));
            }
            sum = sum.saturating_add(group.rows.max(0));
        }
        if metadata.rows != sum {
            return Err(footer(format!("it claims {} rows, and its groups have {sum}", metadata.rows)));
        }
        Ok(Self {
            input,
            name: name.to_owned(),
            length,
            metadata,
            leaves,
            columns: Vec::new(),
            positions: Vec::new(),
            group: 0,
            row: 0,
            before: 0,
        })
    }

    fn wrong(&self, column: &str, problem: &str) -> Error {
        Error::at(&self.name, format!("{}, column `{column}`", self.place()), problem)
    }

    /// Begins the group of rows that is now due.
    fn begin(&mut self, row: &mut Record) -> Result<()> {
        self.columns.clear();
        self.positions.clear();
        let Some(group) = self.metadata.groups.get(self.group) else { return Ok(()) };
        for (leaf, chunk) in self.leaves.iter().zip(&group.columns) {
            let reader = ColumnReader::new(leaf.clone(), chunk, self.length);
            self.columns.push(reader.map_err(|problem| self.wrong(&leaf.name, &problem))?);
            self.positions.push(row.column(&leaf.name).map_err(|problem| self.wrong(&leaf.name, &problem))?);
        }
        Ok(())
    }
}

impl Rows for File<'_> {
    fn advance(&mut self, row: &mut Record) -> Result<bool> {
        row.clear();
        loop {
            let Some(group) = self.metadata.groups.get(self.group) else { return Ok(false) };
            if self.row < group.rows {
                break;
            }
            self.before += self.row;
            self.row = 0;
            self.group += 1;
            self.columns.clear();
        }
        if self.row == 0 || (self.columns.is_empty() && !self.leaves.is_empty()) {
            self.begin(row)?;
        }
        self.row += 1;
        let mut columns = std::mem::take(&mut self.columns);
        for (reader, at) in columns.iter_mut().zip(&self.positions) {
            let read = reader.row(&mut *self.input, row.cell(*at));
            read.map_err(|problem| self.wrong(&reader.leaf.name, &problem))?;
        }
        self.columns = columns;
        Ok(true)
    }

    fn place(&self) -> String {
        format!("row group {}, row {}", self.group + 1, self.before + self.row)
    }
}
