//! Columns of CSV tables in memory, for what looks at all rows at once: evaluation and learning.
//!
//! A column holds numbers, or words by dictionary. Which, its cells decide, unless the caller does. Tables are read twice, so that nothing is kept
//! of a column but what it turns out to hold.

use std::collections::HashMap;

use tables::Table;
use tables::csv::Dialect;

/// The most cells that are held in memory.
pub const MOST_CELLS: usize = 200_000_000;
/// The most different words of a column.
pub const MOST_WORDS: usize = 1_000_000;
/// What stands for a missing number besides nothing.
const MISSING: [&str; 8] = ["NA", "N/A", "NaN", "nan", "NULL", "null", "None", "?"];

/// Why a table has no columns of the wanted kind.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// It is no table.
    #[error(transparent)]
    Table(#[from] tables::Error),
    /// A column that is not there.
    #[error("there is no column `{name}`; the columns are {known}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// What is there.
        known: String,
    },
    /// Files of one table with other columns.
    #[error("{file} has other columns than {first}: {columns}")]
    Header {
        /// The file.
        file: String,
        /// The file that was read first.
        first: String,
        /// Its columns.
        columns: String,
    },
    /// A cell that its column cannot hold.
    #[error("{file}, line {line}, column `{column}`: {problem}")]
    Cell {
        /// The file.
        file: String,
        /// The line, counted from 1.
        line: u64,
        /// The column.
        column: String,
        /// What is wrong.
        problem: String,
    },
    /// More than is held in memory.
    #[error("{0}")]
    TooLarge(String),
}

/// The result of reading.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What is read of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nothing.
    Skip,
    /// Numbers; a word is an error.
    Number,
    /// Words, also where all are numbers.
    Word,
    /// Numbers if all cells that are not missing are, and at least one is; else words.
    Detect,
}

/// What a column holds, a value for each row.
#[derive(Debug, Clone, PartialEq)]
pub enum Cells {
    /// Finite numbers, and NaN for a missing one.
    Numbers(Vec<f64>),
    /// Words: for each row the place of its word in the dictionary. A missing cell is the empty word.
    Words {
        /// For each row.
        codes: Vec<u32>,
        /// Each word once, in the order in which they appeared.
        dictionary: Vec<String>,
    },
}

/// A column.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its cells.
    pub cells: Cells,
}

/// The columns of a table that were asked for, in its order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Frame {
    /// Its columns, all of the same length.
    pub columns: Vec<Column>,
    /// How many rows there are.
    pub rows: usize,
}

impl Frame {
    /// The column of this name.
    ///
    /// # Errors
    /// There is none, or it was not asked for.
    pub fn column(&self, name: &str) -> Result<&Column> {
        self.columns.iter().find(|column| column.name == name).ok_or_else(|| Error::Unknown {
            name: name.to_owned(),
            known: list(self.columns.iter().map(|column| column.name.as_str())),
        })
    }
}

impl Frame {
    /// Leaves out the rows in which a column is missing, and tells how many there were.
    ///
    /// # Errors
    /// There is no such column.
    pub fn drop_missing(&mut self, name: &str) -> Result<usize> {
        fn retain<T>(values: &mut Vec<T>, kept: &[bool]) {
            let mut kept = kept.iter();
            values.retain(|_| kept.next().is_some_and(|kept| *kept));
        }
        let kept: Vec<bool> = match &self.column(name)?.cells {
            Cells::Numbers(numbers) => numbers.iter().map(|number| !number.is_nan()).collect(),
            Cells::Words { codes, dictionary } => {
                let there: Vec<bool> = dictionary.iter().map(|word| !is_missing(word)).collect();
                codes.iter().map(|code| there[*code as usize]).collect()
            }
        };
        let rows = kept.iter().filter(|kept| **kept).count();
        let dropped = self.rows - rows;
        if dropped > 0 {
            for column in &mut self.columns {
                match &mut column.cells {
                    Cells::Numbers(numbers) => retain(numbers, &kept),
                    Cells::Words { codes, .. } => retain(codes, &kept),
                }
            }
            self.rows = rows;
        }
        Ok(dropped)
    }
}

/// Names as a list in a sentence.
fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    const SHOWN: usize = 30;
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(SHOWN);
    let shown = names[..names.len() - more].join(", ");
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}

/// The names of the columns, from the first table's header.
///
/// # Errors
/// It has no header.
pub fn header(tables: &[Table<'_>], dialect: Dialect) -> Result<Vec<String>> {
    match tables.first() {
        Some(table) => Ok(table.csv(dialect)?.columns().to_vec()),
        None => Ok(Vec::new()),
    }
}

/// Refuses names that the header does not have.
///
/// # Errors
/// The first of these that it does not have.
pub fn known<'a>(header: &[String], names: impl IntoIterator<Item = &'a str>) -> Result<()> {
    for name in names {
        if !header.iter().any(|known| known == name) {
            return Err(Error::Unknown { name: name.to_owned(), known: list(header.iter().map(String::as_str)) });
        }
    }
    Ok(())
}

/// Whether a cell stands for a missing number.
#[must_use]
pub fn is_missing(cell: &str) -> bool {
    cell.is_empty() || MISSING.contains(&cell)
}

/// Reads tables with the same header one after the other, `kind` telling what is wanted of each column.
///
/// # Errors
/// What is no table, what a column cannot hold, and what is too large, each with its place.
pub fn read(tables: &[Table<'_>], dialect: Dialect, kind: &dyn Fn(&str) -> Kind) -> Result<Frame> {
    let names = header(tables, dialect)?;
    let mut kinds: Vec<Kind> = names.iter().map(|name| kind(name)).collect();
    let wanted = kinds.iter().filter(|kind| **kind != Kind::Skip).count().max(1);
    if kinds.contains(&Kind::Detect) {
        detect(tables, dialect, &names, &mut kinds)?;
    }
    let mut builders: Vec<Builder> = kinds.iter().map(|kind| Builder::new(*kind)).collect();
    let mut rows = 0;
    each_row(tables, dialect, &names, &mut |table, line, cells| {
        rows += 1;
        if rows > MOST_CELLS / wanted {
            return Err(Error::TooLarge(format!(
                "{table}: more than {MOST_CELLS} cells are asked for; leave out columns that are not needed, or take a sample"
            )));
        }
        for ((cell, builder), name) in cells.zip(&mut builders).zip(&names) {
            let problem = builder.push(cell);
            problem.map_err(|problem| Error::Cell { file: table.to_owned(), line, column: name.clone(), problem })?;
        }
        Ok(())
    })?;
    let columns = names.into_iter().zip(builders);
    let columns = columns.filter_map(|(name, builder)| Some(Column { name, cells: builder.cells()? })).collect();
    Ok(Frame { columns, rows })
}

/// Decides what the columns hold whose kind is not told.
fn detect(tables: &[Table<'_>], dialect: Dialect, names: &[String], kinds: &mut [Kind]) -> Result<()> {
    let mut seen = vec![false; kinds.len()];
    each_row(tables, dialect, names, &mut |_, _, cells| {
        for ((cell, kind), seen) in cells.zip(&mut *kinds).zip(&mut seen) {
            if *kind == Kind::Detect && !is_missing(cell) {
                match number(cell) {
                    Some(_) => *seen = true,
                    None => *kind = Kind::Word,
                }
            }
        }
        Ok(())
    })?;
    for (kind, seen) in kinds.iter_mut().zip(seen) {
        if *kind == Kind::Detect {
            *kind = if seen { Kind::Number } else { Kind::Word };
        }
    }
    Ok(())
}

/// What is done with a row: its file, its line and its cells.
type EachRow<'a> = dyn FnMut(&str, u64, &mut dyn Iterator<Item = &str>) -> Result<()> + 'a;

fn each_row(tables: &[Table<'_>], dialect: Dialect, names: &[String], visit: &mut EachRow<'_>) -> Result<()> {
    for table in tables {
        let mut reader = table.csv(dialect)?;
        if reader.columns() != names {
            return Err(Error::Header {
                file: table.name.clone(),
                first: tables.first().map(|table| table.name.clone()).unwrap_or_default(),
                columns: list(reader.columns().iter().map(String::as_str)),
            });
        }
        while reader.advance()? {
            visit(&table.name, reader.line(), &mut reader.row().cells())?;
        }
    }
    Ok(())
}

/// A finite number; blanks around it do not matter.
#[must_use]
pub fn number(cell: &str) -> Option<f64> {
    cell.trim().parse::<f64>().ok().filter(|number| number.is_finite())
}

enum Builder {
    Skip,
    Numbers(Vec<f64>),
    Words { codes: Vec<u32>, places: HashMap<String, u32> },
}

impl Builder {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Skip => Self::Skip,
            Kind::Number => Self::Numbers(Vec::new()),
            Kind::Word | Kind::Detect => Self::Words { codes: Vec::new(), places: HashMap::new() },
        }
    }

    fn push(&mut self, cell: &str) -> Result<(), String> {
        match self {
            Self::Skip => {}
            Self::Numbers(numbers) if is_missing(cell) => numbers.push(f64::NAN),
            Self::Numbers(numbers) => match number(cell) {
                Some(number) => numbers.push(number),
                None => return Err(format!("`{}` is no finite number", cell.chars().take(40).collect::<String>())),
            },
            Self::Words { codes, places } => {
                let code = match places.get(cell) {
                    Some(code) => *code,
                    None if places.len() == MOST_WORDS => {
                        return Err(format!("the column has more than {MOST_WORDS} different words"));
                    }
                    None => {
                        let code = u32::try_from(places.len()).unwrap_or(u32::MAX);
                        places.insert(cell.to_owned(), code);
                        code
                    }
                };
                codes.push(code);
            }
        }
        Ok(())
    }

    fn cells(self) -> Option<Cells> {
        match self {
            Self::Skip => None,
            Self::Numbers(numbers) => Some(Cells::Numbers(numbers)),
            Self::Words { codes, places } => {
                let mut words: Vec<(String, u32)> = places.into_iter().collect();
                words.sort_unstable_by_key(|(_, code)| *code);
                Some(Cells::Words { codes, dictionary: words.into_iter().map(|(word, _)| word).collect() })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(text: &str, kind: Kind) -> Result<Frame> {
        read(&[Table::of("t.csv", text.as_bytes())], Dialect::default(), &|_| kind)
    }

    #[test]
    fn columns_hold_what_all_their_cells_are() {
        let frame = frame("n,w,gaps,nothing\n1,a,NA,\n2.5,b,,\n 3 ,a,4,\n", Kind::Detect).unwrap();
        assert_eq!(frame.rows, 3);
        assert_eq!(frame.columns[0].cells, Cells::Numbers(vec![1.0, 2.5, 3.0]));
        assert_eq!(
            frame.columns[1].cells,
            Cells::Words { codes: vec![0, 1, 0], dictionary: vec!["a".to_owned(), "b".to_owned()] }
        );
        let Cells::Numbers(gaps) = &frame.columns[2].cells else { panic!("words") };
        assert!(gaps[0].is_nan() && gaps[1].is_nan() && gaps[2] > 3.0);
        assert_eq!(frame.columns[3].cells, Cells::Words { codes: vec![0, 0, 0], dictionary: vec![String::new()] });
    }

    #[test]
    fn rows_in_which_a_column_is_missing_are_left_out() {
        let mut frame = frame("n,w\n1,a\n,b\n3,NA\n4,c\n", Kind::Detect).unwrap();
        assert_eq!(frame.drop_missing("n").unwrap(), 1);
        assert_eq!(frame.drop_missing("w").unwrap(), 1);
        assert_eq!((frame.rows, &frame.columns[0].cells), (2, &Cells::Numbers(vec![1.0, 4.0])));
        let Cells::Words { codes, .. } = &frame.columns[1].cells else { panic!("numbers") };
        assert_eq!(codes, &[0, 3]);
    }

    #[test]
    fn what_does_not_fit_is_told_with_its_place() {
        let error = frame("a,b\n1,2\n3,x\n", Kind::Number).unwrap_err();
        assert_eq!(error.to_string(), "t.csv, line 3, column `b`: `x` is no finite number");
        assert!(frame("a\ninf\n", Kind::Number).is_err());
        let tables = [Table::of("a.csv", b"x\n1\n"), Table::of("b.csv", b"y\n1\n")];
        let error = read(&tables, Dialect::default(), &|_| Kind::Detect).unwrap_err();
        assert_eq!(error.to_string(), "b.csv has other columns than a.csv: `y`");
        let error = frame("a\n1\n", Kind::Word).unwrap().column("b").unwrap_err().to_string();
        assert_eq!(error, "there is no column `b`; the columns are `a`");
    }
}
