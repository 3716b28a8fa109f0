//! The rows of a Parquet file.

use super::column::{ColumnReader, Leaf, leaves, read_at};
use super::metadata::{Chunk, FileMetadata, file};
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
            return Err(footer(
                "the file does not end as Parquet files do: it is none, or cut off and to be got anew".to_owned(),
            ));
        }
        let claimed = u64::from(claimed.try_into().map_or(0, u32::from_le_bytes));
        if claimed > MOST_FOOTER || claimed + 12 > length {
            return Err(footer(format!("it claims {claimed} bytes, and the file has {length}: {DAMAGED}")));
        }
        read_at(&mut *input, length - 8 - claimed, usize::try_from(claimed).unwrap_or(0), &mut bytes)
            .map_err(footer)?;
        let metadata = file(&bytes).map_err(|_| footer(format!("it cannot be read: {DAMAGED}")))?;
        let leaves = leaves(&metadata.schema).map_err(footer)?;
        let mut sum = 0_i64;
        for (n, group) in metadata.groups.iter().enumerate() {
            if group.columns.len() != leaves.len() {
                let problem =
                    format!("row group {} has {} columns, and the schema {}", n + 1, group.columns.len(), leaves.len());
                return Err(footer(problem));
            }
            if let Some((leaf, chunk)) =
                leaves.iter().zip(&group.columns).find(|(_, chunk)| most_rows(chunk) < group.rows)
            {
                let (rows, column, length) = (group.rows, &leaf.name, chunk.length);
                let problem = format!(
                    "it claims {rows} rows, and column `{column}` has {length} bytes, which cannot hold as many: {DAMAGED}"
                );
                return Err(Error::at(name, format!("row group {}", n + 1), problem));
            }
            sum = sum.saturating_add(group.rows.max(0));
        }
        if leaves.is_empty() && sum > 0 {
            return Err(footer(format!("it claims {sum} rows, and has no column")));
        }
        if metadata.rows != sum {
            return Err(footer(format!("it claims {} rows, and its groups have {sum}: {DAMAGED}", metadata.rows)));
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
            let wrong = |problem| {
                Error::at(&self.name, format!("row group {}, column `{}`", self.group + 1, leaf.name), problem)
            };
            self.columns.push(reader.map_err(wrong)?);
            self.positions.push(row.column(&leaf.name).map_err(wrong)?);
        }
        Ok(())
    }
}

/// What is said of files that contradict themselves.
const DAMAGED: &str = "the file is damaged, write it anew";

/// Bytes that a page has at least: its header has more.
const LEAST_PAGE: u64 = 8;

/// The most rows that a part of a column can have by its bytes, whatever it claims: a page has at most 2^31 - 1 values.
fn most_rows(chunk: &Chunk) -> i64 {
    let pages = u64::try_from(chunk.length).unwrap_or(0) / LEAST_PAGE;
    i64::try_from(pages.saturating_mul(i32::MAX as u64)).unwrap_or(i64::MAX)
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

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::parquet::thrift::Writer;

    const HUGE: i64 = 1 << 60;

    /// A file of one optional column of integers, with these claims about rows, and this page.
    fn file(rows: i64, of_group: i64, page: &[u8], length: i64) -> Vec<u8> {
        let mut footer = Writer::default();
        footer.begin();
        footer.int(1, 2);
        footer.list(2, 12, 2);
        footer.begin();
        footer.text(4, "schema");
        footer.int(5, 1);
        footer.end();
        footer.begin();
        footer.int(1, 2);
        footer.int(3, 1);
        footer.text(4, "a");
        footer.end();
        footer.long(3, rows);
        footer.list(4, 12, 1);
        footer.begin();
        footer.list(1, 12, 1);
        footer.begin();
        footer.long(2, 4);
        footer.structure(3);
        footer.int(1, 2);
        footer.int(4, 1);
        footer.long(5, of_group);
        footer.long(7, length);
        footer.long(9, 4);
        footer.end();
        footer.end();
        footer.long(3, of_group);
        footer.end();
        footer.end();
        let mut file = [b"PAR1", page, &footer.bytes].concat();
        file.extend(u32::try_from(footer.bytes.len()).unwrap().to_le_bytes());
        file.extend(b"PAR1");
        file
    }

    /// A page with these claims: bytes once decompressed, values, and its content.
    fn page(plain: i32, values: i32, content: &[u8]) -> Vec<u8> {
        let mut header = Writer::default();
        header.begin();
        header.int(1, 0);
        header.int(2, plain);
        header.int(3, i32::try_from(content.len()).unwrap());
        header.structure(5);
        header.int(1, values);
        header.int(2, 0);
        header.int(3, 3);
        header.int(4, 3);
        header.end();
        header.end();
        [&header.bytes, content].concat()
    }

    /// A page of one missing value.
    fn missing() -> Vec<u8> {
        let plain = [2, 0, 0, 0, 2, 0];
        page(6, 1, &snap::raw::Encoder::new().compress_vec(&plain).unwrap())
    }

    /// A page of as many missing values as can be.
    fn page_of_run(run: &[u8]) -> Vec<u8> {
        let length = i32::try_from(run.len()).unwrap();
        page(length, i32::MAX, &snap::raw::Encoder::new().compress_vec(run).unwrap())
    }

    fn problem(content: Vec<u8>) -> String {
        let mut file = match File::new(Box::new(Cursor::new(content)), "t.parquet") {
            Ok(file) => file,
            Err(error) => return error.to_string(),
        };
        let mut row = Record::default();
        loop {
            match file.advance(&mut row) {
                Ok(true) => {}
                Ok(false) => return String::new(),
                Err(error) => return error.to_string(),
            }
        }
    }

    #[test]
    fn rows_that_are_only_claimed_are_told() {
        let page = missing();
        let length = i64::try_from(page.len()).unwrap();
        assert_eq!(problem(file(1, 1, &page, length)), "");
        assert_eq!(
            problem(file(HUGE, 1, &page, length)),
            "t.parquet, the footer: it claims 1152921504606846976 rows, and its groups have 1: the file is damaged, write it anew"
        );
        let told = problem(file(HUGE, HUGE, &page, length));
        let expected = format!(
            "t.parquet, row group 1: it claims {HUGE} rows, and column `a` has {length} bytes, which cannot hold as many"
        );
        assert!(told.starts_with(&expected), "{told}");
        assert_eq!(
            problem(file(2, 2, &page, length)),
            "t.parquet, row group 1, row 2, column `a`: it has fewer values than there are rows"
        );
        // A run of 2^31 - 1 missing values in a page of a few bytes, and a group of more.
        let run = [6, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0];
        let page = page_of_run(&run);
        let told = problem(file(HUGE, HUGE, &page, i64::try_from(page.len()).unwrap()));
        assert!(told.contains("which cannot hold as many"), "{told}");
        assert_eq!(problem(file(1, 1, &page, HUGE)), "t.parquet, row group 1, column `a`: it ends beyond the file");
    }

    #[test]
    fn sizes_that_are_only_claimed_take_no_memory() {
        let with = |page: &[u8]| problem(file(1, 1, page, i64::try_from(page.len()).unwrap()));
        let claims = with(&page(i32::MAX, 1, b"\xff\xff\xff\xff\x07little"));
        assert_eq!(claims, "t.parquet, row group 1, row 1, column `a`: a page claims more than 256 MiB");
        // 200 MiB, which Snappy cannot make of so few bytes.
        let claims = with(&page(200 << 20, 1, b"\x80\x80\x80\x64little"));
        assert!(claims.contains("its Snappy data claims 209715200 bytes"), "{claims}");
        let many = with(&page(2, i32::MAX, &snap::raw::Encoder::new().compress_vec(&[0, 0]).unwrap()));
        assert!(many.contains("a page ends within its levels"), "{many}");
    }

    #[test]
    fn footers_that_are_none_are_told() {
        let whole = file(1, 1, &missing(), 0);
        let told = |content: &[u8]| problem(content.to_vec());
        assert_eq!(told(b"PAR1"), "t.parquet, the footer: the file is cut off");
        assert!(told(&whole[..whole.len() - 1]).contains("does not end as Parquet files do"));
        let mut claims = whole.clone();
        let at = claims.len() - 8;
        claims[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(told(&claims).contains("it claims 4294967295 bytes, and the file has"), "{}", told(&claims));
        // A schema of 2^31 elements, and no byte for them.
        let footer = [0x15, 4, 0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 7];
        let file = [b"PAR1".as_slice(), &footer, &9_u32.to_le_bytes(), b"PAR1"].concat();
        assert_eq!(told(&file), "t.parquet, the footer: it cannot be read: the file is damaged, write it anew");
    }
}
