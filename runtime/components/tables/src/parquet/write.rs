//! Writes rows as Parquet: groups of rows, each with one page a column, compressed with Snappy.

use std::io::{self, Write};

use super::thrift;
use crate::record::{Kind, Record, Values};
use crate::types::Column;

/// Rows of a group, and bytes of its values, about, at which it ends: what is kept in memory.
const MOST_ROWS: usize = 65_536;
const MOST_BYTES: usize = 16 << 20;

const MAGIC: &[u8] = b"PAR1";

/// Writes a file. Columns in which a row has several values are lists, others may be missing.
pub struct Writer<W> {
    out: W,
    written: i64,
    columns: Vec<Buffer>,
    rows: usize,
    groups: Vec<Group>,
}

struct Group {
    rows: i64,
    bytes: i64,
    chunks: Vec<Chunk>,
}

struct Chunk {
    offset: i64,
    plain: i64,
    packed: i64,
    values: i64,
}

struct Buffer {
    name: String,
    kind: Kind,
    list: bool,
    utf8: bool,
    repetition: Levels,
    definition: Levels,
    values: Vec<u8>,
}

/// Levels as runs of equal ones.
#[derive(Default)]
struct Levels {
    bytes: Vec<u8>,
    run: (u8, u64),
    count: i64,
}

impl Levels {
    fn push(&mut self, level: u8) {
        self.count += 1;
        if self.run.0 != level {
            self.end();
            self.run.0 = level;
        }
        self.run.1 += 1;
    }

    #[allow(clippy::cast_possible_truncation, reason = "the lowest seven bits")]
    fn end(&mut self) {
        let (level, length) = self.run;
        self.run.1 = 0;
        if length == 0 {
            return;
        }
        let mut head = length << 1;
        while head >= 0x80 {
            self.bytes.push(head as u8 | 0x80);
            head >>= 7;
        }
        self.bytes.extend([head as u8, level]);
    }

    /// The levels with their length before them, which are then forgotten.
    fn take(&mut self, page: &mut Vec<u8>) -> io::Result<()> {
        self.end();
        let length = u32::try_from(self.bytes.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
        page.extend(length.to_le_bytes());
        page.append(&mut self.bytes);
        self.count = 0;
        Ok(())
    }
}

impl<W: Write> Writer<W> {
    /// Begins a file of rows with these columns.
    ///
    /// # Errors
    /// What the writer refuses.
    pub fn new(mut out: W, columns: &[Column]) -> io::Result<Self> {
        out.write_all(MAGIC)?;
        let columns = columns.iter().filter_map(|column| {
            let kind = column.column_type?.kind().unwrap_or(Kind::Bytes);
            Some(Buffer {
                name: column.name.clone(),
                kind,
                list: column.most_values > 1,
                utf8: column.utf8,
                repetition: Levels::default(),
                definition: Levels::default(),
                values: Vec::new(),
            })
        });
        Ok(Self { out, written: size(MAGIC), columns: columns.collect(), rows: 0, groups: Vec::new() })
    }

    /// Writes a row.
    ///
    /// # Errors
    /// Values that are not of their column's type, or several where there was at most one.
    pub fn write(&mut self, row: &Record) -> io::Result<()> {
        for column in &mut self.columns {
            column.add(row.of(&column.name)).map_err(|problem| {
                io::Error::new(io::ErrorKind::InvalidInput, format!("column `{}` {problem}", column.name))
            })?;
        }
        self.rows += 1;
        let bytes: usize = self.columns.iter().map(|column| column.values.len() + column.definition.bytes.len()).sum();
        if self.rows >= MOST_ROWS || bytes >= MOST_BYTES { self.end_group() } else { Ok(()) }
    }

    fn end_group(&mut self) -> io::Result<()> {
        if self.rows == 0 {
            return Ok(());
        }
        let mut group = Group { rows: i64::try_from(self.rows).unwrap_or(i64::MAX), bytes: 0, chunks: Vec::new() };
        for column in &mut self.columns {
            let (page, values) = column.page()?;
            let packed = snap::raw::Encoder::new().compress_vec(&page).map_err(io::Error::other)?;
            let small =
                |bytes: &[u8]| i32::try_from(bytes.len()).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput));
            let mut header = thrift::Writer::default();
            header.begin();
            header.int(1, 0);
            header.int(2, small(&page)?);
            header.int(3, small(&packed)?);
            header.structure(5);
            header.int(1, i32::try_from(values).map_err(|_| io::ErrorKind::InvalidInput)?);
            // Plain values, and levels in runs.
            header.int(2, 0);
            header.int(3, 3);
            header.int(4, 3);
            header.end();
            header.end();
            self.out.write_all(&header.bytes)?;
            self.out.write_all(&packed)?;
            let (head, packed, plain) = (size(&header.bytes), size(&packed), size(&page));
            group.bytes += head + plain;
            group.chunks.push(Chunk { offset: self.written, plain: head + plain, packed: head + packed, values });
            self.written += head + packed;
        }
        self.groups.push(group);
        self.rows = 0;
        Ok(())
    }

    /// Ends the file.
    ///
    /// # Errors
    /// What the writer refuses.
    pub fn finish(mut self) -> io::Result<W> {
        self.end_group()?;
        let footer = self.footer();
        self.out.write_all(&footer)?;
        let length = u32::try_from(footer.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
        self.out.write_all(&length.to_le_bytes())?;
        self.out.write_all(MAGIC)?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn footer(&self) -> Vec<u8> {
        let mut out = thrift::Writer::default();
        out.begin();
        out.int(1, 2);
        let elements = self.columns.iter().map(|column| if column.list { 3 } else { 1 }).sum::<usize>();
        out.list(2, 12, elements + 1);
        out.begin();
        out.text(4, "schema");
        out.int(5, i32::try_from(self.columns.len()).unwrap_or(i32::MAX));
        out.end();
        for column in &self.columns {
            column.schema(&mut out);
        }
        out.long(3, self.groups.iter().map(|group| group.rows).sum());
        out.list(4, 12, self.groups.len());
        for group in &self.groups {
            out.begin();
            out.list(1, 12, group.chunks.len());
            for (chunk, column) in group.chunks.iter().zip(&self.columns) {
                out.begin();
                out.long(2, chunk.offset);
                out.structure(3);
                column.chunk(&mut out, chunk);
                out.end();
                out.end();
            }
            out.long(2, group.bytes);
            out.long(3, group.rows);
            out.end();
        }
        out.text(6, concat!("weftwork version ", env!("CARGO_PKG_VERSION")));
        out.end();
        out.bytes
    }
}

/// The number of bytes, which is never too large for the format.
fn size(bytes: &[u8]) -> i64 {
    i64::try_from(bytes.len()).unwrap_or(i64::MAX)
}

impl Buffer {
    fn add(&mut self, values: Values<'_>) -> Result<(), &'static str> {
        let (list, most) = (self.list, if self.list { 2 } else { 1 });
        let Some(count) = values.count() else {
            self.level(0, 0);
            return Ok(());
        };
        if count == 0 {
            // Without lists nothing tells an empty one from one that is missing.
            self.level(0, u8::from(list));
            return Ok(());
        }
        if count > 1 && !list {
            return Err("has several values in a row, and is no list");
        }
        for n in 0..count {
            self.level(u8::from(n > 0), most);
        }
        match (self.kind, values) {
            (Kind::Ints, Values::Ints(values)) => {
                self.values.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            }
            (Kind::Floats, Values::Floats(values)) => {
                self.values.extend(values.iter().flat_map(|value| value.to_le_bytes()));
            }
            (Kind::Bytes, Values::Bytes(texts)) => {
                for text in texts.iter() {
                    let length = u32::try_from(text.len()).map_err(|_| "holds a text that is too long")?;
                    self.values.extend(length.to_le_bytes());
                    self.values.extend_from_slice(text);
                }
            }
            _ => return Err("has values of another type than before"),
        }
        Ok(())
    }

    fn level(&mut self, repetition: u8, definition: u8) {
        if self.list {
            self.repetition.push(repetition);
        }
        self.definition.push(definition);
    }

    fn page(&mut self) -> io::Result<(Vec<u8>, i64)> {
        let values = self.definition.count;
        let mut page = Vec::with_capacity(self.values.len() + self.definition.bytes.len() + 16);
        if self.list {
            self.repetition.take(&mut page)?;
        }
        self.definition.take(&mut page)?;
        page.append(&mut self.values);
        Ok((page, values))
    }

    fn physical(&self) -> i32 {
        match self.kind {
            Kind::Ints => 2,
            Kind::Floats => 5,
            Kind::Bytes => 6,
        }
    }

    fn schema(&self, out: &mut thrift::Writer) {
        if self.list {
            out.begin();
            out.int(3, 1);
            out.text(4, &self.name);
            out.int(5, 1);
            out.int(6, 3);
            out.structure(10);
            out.structure(3);
            out.end();
            out.end();
            out.end();
            out.begin();
            out.int(3, 2);
            out.text(4, "list");
            out.int(5, 1);
            out.end();
        }
        out.begin();
        out.int(1, self.physical());
        // An item of a list is never missing.
        out.int(3, i32::from(!self.list));
        out.text(4, if self.list { "element" } else { &self.name });
        if self.kind == Kind::Bytes && self.utf8 {
            out.int(6, 0);
            out.structure(10);
            out.structure(1);
            out.end();
            out.end();
        }
        out.end();
    }

    fn chunk(&self, out: &mut thrift::Writer, chunk: &Chunk) {
        out.int(1, self.physical());
        out.list(2, 5, 2);
        out.item_int(0);
        out.item_int(3);
        let path: &[&str] = if self.list { &[&self.name, "list", "element"] } else { &[&self.name] };
        out.list(3, 8, path.len());
        for step in path {
            out.item_text(step);
        }
        out.int(4, 1);
        out.long(5, chunk.values);
        out.long(6, chunk.plain);
        out.long(7, chunk.packed);
        out.long(9, chunk.offset);
    }
}
