//! CSV as TFDV reads it: Python's `csv` on one line at a time, so that no cell spans lines.

use std::io::{BufRead, Read};

use crate::error::{Error, Result, unreadable};

/// The longest cell in characters: Python's `csv` reads no longer one.
pub const MOST_CELL: usize = 131_072;
pub use crate::record::MOST_COLUMNS;
/// The longest line in bytes.
pub const MOST_LINE: usize = 16 << 20;

/// How a file separates cells.
#[derive(Debug, Clone, Copy)]
pub struct Dialect {
    /// The character between cells. One byte of ASCII.
    pub delimiter: u8,
}

impl Default for Dialect {
    fn default() -> Self {
        Self { delimiter: b',' }
    }
}

/// Reads rows of a table that begins with a header line. Memory is that of one line.
#[derive(Debug)]
pub struct Reader<R> {
    input: R,
    file: String,
    dialect: Dialect,
    columns: Vec<String>,
    line: u64,
    bytes: Vec<u8>,
    row: Row,
}

/// The cells of one line. Kept between lines, so that none is allocated anew.
#[derive(Debug, Default)]
pub struct Row {
    text: String,
    /// Where each cell begins and ends in the text.
    cells: Vec<(usize, usize)>,
}

impl Row {
    /// The cells in order.
    pub fn cells(&self) -> impl Iterator<Item = &str> {
        self.cells.iter().map(|(start, end)| &self.text[*start..*end])
    }

    /// How many cells there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether there is no cell at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }
}

impl<R: BufRead> Reader<R> {
    /// Begins with the header. `file` is what errors call the table.
    ///
    /// # Errors
    /// There is no header, it names a column twice or too many of them, or it cannot be read.
    pub fn new(input: R, file: &str, dialect: Dialect) -> Result<Self> {
        let mut reader = Self {
            input,
            file: file.to_owned(),
            dialect,
            columns: Vec::new(),
            line: 0,
            bytes: Vec::new(),
            row: Row::default(),
        };
        if !reader.read_line()? || reader.row.is_empty() {
            return Err(reader.wrong("a header line that names the columns is missing"));
        }
        reader.columns = reader.row.cells().map(str::to_owned).collect();
        let mut sorted: Vec<&String> = reader.columns.iter().collect();
        sorted.sort_unstable();
        if let Some([twice, ..]) = sorted.windows(2).find(|two| two[0] == two[1]) {
            return Err(reader.wrong(&format!("the header names column `{twice}` twice")));
        }
        Ok(reader)
    }

    /// Names of the columns.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The line that was read last, counted from 1.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The line that was read last as it was written, without its end.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.bytes
    }

    /// The next row; none at the end. Blank lines are no rows.
    ///
    /// # Errors
    /// A line that is no row of this table: too few or too many cells, cells or lines that are too long, a quote that is not closed, text that
    /// is not UTF-8.
    pub fn next_row(&mut self) -> Result<Option<&Row>> {
        Ok(self.advance()?.then_some(&self.row))
    }

    /// The row that was read last.
    #[must_use]
    pub fn row(&self) -> &Row {
        &self.row
    }

    /// Reads the next row, which [`Self::row`] then is; false at the end.
    ///
    /// # Errors
    /// As [`Self::next_row`].
    pub fn advance(&mut self) -> Result<bool> {
        while self.read_line()? {
            if self.row.is_empty() {
                continue;
            }
            if self.row.len() != self.columns.len() {
                let (cells, columns) = (self.row.len(), self.columns.len());
                let word = if cells == 1 { "cell" } else { "cells" };
                return Err(self.wrong(&format!(
                    "the row has {cells} {word}, and the header names {columns} columns; a cell cannot hold a line break"
                )));
            }
            return Ok(true);
        }
        Ok(false)
    }

    /// An error at the current line.
    fn wrong(&self, problem: &str) -> Error {
        Error::at(&self.file, format!("line {}", self.line.max(1)), problem)
    }

    /// Reads a line and splits it. False at the end of the file.
    fn read_line(&mut self) -> Result<bool> {
        self.bytes.clear();
        let most = MOST_LINE as u64 + 2;
        let read = self.input.by_ref().take(most).read_until(b'\n', &mut self.bytes);
        let read = read.map_err(|source| {
            let problem = unreadable(&source);
            Error::at(&self.file, format!("behind line {}", self.line), problem)
        })?;
        if read == 0 {
            return Ok(false);
        }
        self.line += 1;
        if self.bytes.last() == Some(&b'\n') {
            self.bytes.pop();
            if self.bytes.last() == Some(&b'\r') {
                self.bytes.pop();
            }
        } else if self.bytes.len() > MOST_LINE {
            return Err(self.too_long());
        }
        let Ok(text) = std::str::from_utf8(&self.bytes) else {
            return Err(self.wrong("the line is not UTF-8 text"));
        };
        split(text, self.dialect.delimiter, &mut self.row).map_err(|problem| self.in_cell(&problem))?;
        Ok(true)
    }

    /// An error in the cell behind those that were split.
    fn in_cell(&self, problem: &str) -> Error {
        let cell = self.row.len() + 1;
        let place =
            self.columns.get(cell - 1).map_or_else(|| format!("cell {cell}"), |column| format!("column `{column}`"));
        Error::at(&self.file, format!("line {}, {place}", self.line), problem)
    }

    /// What is wrong with a line that is read no further: most often a cell of it.
    fn too_long(&mut self) -> Error {
        let text = self.bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid());
        match split(text, self.dialect.delimiter, &mut self.row) {
            Err(problem) => self.in_cell(&problem),
            Ok(()) => self.wrong(&format!("the line is longer than {} MiB", MOST_LINE >> 20)),
        }
    }
}

/// Where in a cell a character stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Start,
    Plain,
    Quoted,
    /// Behind a quote in a quoted cell: the end of it, or the first of two that stand for one.
    Quote,
}

/// Splits a line in which nothing but delimiters has a meaning, as nearly all are. False if it is not such a line, or may be beyond a bound.
fn split_plain(line: &str, delimiter: u8, row: &mut Row) -> bool {
    if line.len() > MOST_CELL {
        return false;
    }
    let mut start = 0;
    for (at, byte) in line.bytes().enumerate() {
        if byte == delimiter {
            row.cells.push((start, at));
            start = at + 1;
        } else if byte == b'"' || byte == b'\r' {
            return false;
        }
    }
    row.cells.push((start, line.len()));
    let fits = row.cells.len() <= MOST_COLUMNS;
    if fits {
        row.text.push_str(line);
    }
    fits
}

/// Splits a line as Python's `csv` does in its dialect `excel`. A line without characters has no cells.
fn split(line: &str, delimiter: u8, row: &mut Row) -> Result<(), String> {
    row.text.clear();
    row.cells.clear();
    if line.is_empty() || split_plain(line, delimiter, row) {
        return Ok(());
    }
    row.cells.clear();
    split_quoted(line, delimiter, row)
}

/// Splits any line that has a character.
fn split_quoted(line: &str, delimiter: u8, row: &mut Row) -> Result<(), String> {
    // All that has a meaning is ASCII, so bytes are compared and whole runs copied.
    let bytes = line.as_bytes();
    let mut state = At::Start;
    let mut start = 0;
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        let run = at;
        match (state, byte) {
            (At::Start, b'"') => {
                state = At::Quoted;
                at += 1;
                continue;
            }
            (At::Quoted, b'"') => {
                state = At::Quote;
                at += 1;
                continue;
            }
            (At::Quote, b'"') => {
                row.text.push('"');
                state = At::Quoted;
                at += 1;
                continue;
            }
            (At::Start | At::Plain | At::Quote, _) if byte == delimiter => {
                end(row, start)?;
                start = row.text.len();
                state = At::Start;
                at += 1;
                continue;
            }
            (At::Start | At::Plain | At::Quote, b'\r') => {
                if bytes[at..].iter().all(|byte| *byte == b'\r') {
                    break;
                }
                return Err("a carriage return stands in a cell without quotes".to_owned());
            }
            (At::Quoted, _) => {
                at += bytes[at..].iter().position(|byte| *byte == b'"').unwrap_or(bytes.len() - at);
            }
            (At::Start | At::Plain | At::Quote, _) => {
                state = At::Plain;
                at += 1;
                at += bytes[at..]
                    .iter()
                    .position(|byte| *byte == delimiter || *byte == b'\r')
                    .unwrap_or(bytes.len() - at);
            }
        }
        row.text.push_str(&line[run..at]);
        if row.text.len() - start > MOST_CELL * 4 {
            break;
        }
    }
    if state == At::Quoted && row.text.len() - start <= MOST_CELL * 4 {
        return Err("a quote is not closed on its line, and a cell cannot hold a line break".to_owned());
    }
    end(row, start)
}

/// Ends the cell that began at `start` in the text.
fn end(row: &mut Row, start: usize) -> Result<(), String> {
    let cell = &row.text[start..];
    if cell.len() > MOST_CELL && cell.chars().count() > MOST_CELL {
        return Err(format!(
            "the cell is longer than {MOST_CELL} characters, as long as Python reads them: keep the content in a file and its name in the cell"
        ));
    }
    if row.cells.len() == MOST_COLUMNS {
        return Err(format!(
            "the line has more than {MOST_COLUMNS} cells: give columns of one kind as a list, in Parquet or TFRecord"
        ));
    }
    row.cells.push((start, row.text.len()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_without_quotes_are_split_as_those_with_them() {
        for line in ["a", "a,b", ",", "a,,b,", " a , b ", "ä,ö;ü", "1.5,-2,x y", ";;", "a'b,c"] {
            for delimiter in [b',', b';'] {
                let (mut plain, mut quoted) = (Row::default(), Row::default());
                assert!(split_plain(line, delimiter, &mut plain), "{line}");
                split_quoted(line, delimiter, &mut quoted).unwrap();
                assert!(plain.cells().eq(quoted.cells()), "{line}");
            }
        }
        for line in ["\"a\",b", "a,b\"c", "a\r"] {
            assert!(!split_plain(line, b',', &mut Row::default()), "{line}");
        }
    }

    fn cells(line: &str) -> Vec<String> {
        let mut row = Row::default();
        split(line, b',', &mut row).unwrap();
        row.cells().map(str::to_owned).collect()
    }

    /// What `next(csv.reader([line]))` of CPython 3.11 gave.
    #[test]
    fn lines_are_split_as_python_splits_them() {
        for (line, expected) in [
            ("a,b", vec!["a", "b"]),
            ("a,", vec!["a", ""]),
            (",", vec!["", ""]),
            ("\"a,b\",c", vec!["a,b", "c"]),
            ("\"a\"\"b\"", vec!["a\"b"]),
            ("\"a\"b,c", vec!["ab", "c"]),
            ("a\"b\",c", vec!["a\"b\"", "c"]),
            (" \"a\"", vec![" \"a\""]),
            ("\"\"", vec![""]),
            ("\"a\" ,b", vec!["a ", "b"]),
            ("\"a\"b\"c\"", vec!["ab\"c\""]),
            ("é,\"東,京\"", vec!["é", "東,京"]),
            ("a,b\r", vec!["a", "b"]),
        ] {
            assert_eq!(cells(line), expected, "{line}");
        }
        assert!(cells("").is_empty());
    }

    fn problem(text: &[u8]) -> String {
        let mut reader = match Reader::new(text, "t.csv", Dialect::default()) {
            Ok(reader) => reader,
            Err(error) => return error.to_string(),
        };
        loop {
            match reader.next_row() {
                Ok(Some(_)) => {}
                Ok(None) => return String::new(),
                Err(error) => return error.to_string(),
            }
        }
    }

    #[test]
    fn what_is_no_table_is_told_with_its_place() {
        assert_eq!(problem(b""), "t.csv, line 1: a header line that names the columns is missing");
        assert_eq!(problem(b"a,b,a\n"), "t.csv, line 1: the header names column `a` twice");
        let short = problem(b"a,b\n1,2\n\n3\n");
        assert!(short.starts_with("t.csv, line 4: the row has 1 cell, and the header names 2 columns"), "{short}");
        let open = problem(b"a,b\n1,\"x\ny\"\n");
        assert!(open.starts_with("t.csv, line 2, column `b`: a quote is not closed"), "{open}");
        assert_eq!(problem(b"a\n\xff\n"), "t.csv, line 2: the line is not UTF-8 text");
        assert!(problem(b"a\nx\ry\n").contains("carriage return"));
        assert_eq!(problem(b"a,b\n1,2\n\r\n3,4"), "");
    }

    #[test]
    fn what_is_too_large_is_refused_within_bounded_memory() {
        let wide = vec![b','; 100_000];
        assert!(
            problem(&wide).starts_with("t.csv, line 1, cell 10001: the line has more than 10000 cells: give columns")
        );
        let long = [b"a\n".as_slice(), &vec![b'x'; MOST_CELL + 1]].concat();
        assert!(problem(&long).starts_with("t.csv, line 2, column `a`: the cell is longer than 131072 characters, "));
        let exactly = [b"a\n".as_slice(), &vec![b'x'; MOST_CELL]].concat();
        assert_eq!(problem(&exactly), "");

        // A gibibyte in one cell, made while it is read.
        let endless = std::io::BufReader::new(b"a,b\n1,".chain(std::io::repeat(b'x').take(1 << 30)));
        let mut reader = Reader::new(endless, "t.csv", Dialect::default()).unwrap();
        let error = reader.next_row().map(|row| row.is_some()).unwrap_err();
        let told = error.to_string();
        assert!(told.starts_with("t.csv, line 2, column `b`: the cell is longer than 131072 characters, "), "{told}");
        assert!(reader.bytes.capacity() <= 64 << 20);
    }
}
