//! The columns of a table and the types of their values.

use crate::csv::{self, Dialect};
use crate::error::{Error, Result};
use crate::number::Number;
use crate::open::{Format, Reader, Table};
use crate::record::{Kind, Record, Values};

/// What the values of a column are, each wider than the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum ColumnType {
    /// No row has a value.
    #[default]
    Unknown,
    /// Integers of 64 bits.
    Int,
    /// Numbers.
    Float,
    /// Text, or other bytes.
    Text,
}

impl ColumnType {
    /// The narrowest type of a cell that is not empty.
    fn of(cell: &str) -> Self {
        match Number::parse(cell.as_bytes()) {
            Some(Number::Int(_)) => Self::Int,
            Some(Number::Float(_)) => Self::Float,
            // TFDV takes integers that are too large for text.
            Some(Number::Beyond) | None => Self::Text,
        }
    }

    /// The type of values of a kind.
    #[must_use]
    pub fn of_kind(kind: Kind) -> Self {
        match kind {
            Kind::Ints => Self::Int,
            Kind::Floats => Self::Float,
            Kind::Bytes => Self::Text,
        }
    }

    /// The kind of its values; none if there are none.
    #[must_use]
    pub fn kind(self) -> Option<Kind> {
        match self {
            Self::Unknown => None,
            Self::Int => Some(Kind::Ints),
            Self::Float => Some(Kind::Floats),
            Self::Text => Some(Kind::Bytes),
        }
    }
}

/// What is known of a column once all rows were seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type; none if it is left out.
    pub column_type: Option<ColumnType>,
    /// The most values that a row has.
    pub most_values: usize,
    /// Whether all its values, if they are bytes, are UTF-8 text.
    pub utf8: bool,
}

impl Column {
    fn new(name: &str, column_type: Option<ColumnType>) -> Self {
        Self { name: name.to_owned(), column_type, most_values: 0, utf8: true }
    }
}

/// The columns of a table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Types {
    columns: Vec<Column>,
}

impl Types {
    /// Columns whose types are known.
    pub fn new(columns: impl IntoIterator<Item = (String, Option<ColumnType>)>) -> Self {
        Self { columns: columns.into_iter().map(|(name, column_type)| Column::new(&name, column_type)).collect() }
    }

    /// Columns of which all is known.
    #[must_use]
    pub fn of(columns: Vec<Column>) -> Self {
        Self { columns }
    }

    /// Widens the types by what a table holds. The first CSV table names the columns, and others must have the same; rows of other formats
    /// may bring new ones.
    ///
    /// # Errors
    /// What is wrong with the table, or columns that differ from those before.
    pub fn read(&mut self, table: &Table<'_>, dialect: Dialect) -> Result<()> {
        match table.read(dialect, None)? {
            Reader::Csv(mut reader) => {
                self.header(&table.name, reader.columns())?;
                while let Some(row) = reader.next_row()? {
                    self.widen(row);
                }
            }
            Reader::Rows(mut rows, format) => {
                let (mut row, mut known) = (Record::default(), Vec::new());
                while rows.advance(&mut row)? {
                    self.add(&row, &mut known, format)
                        .map_err(|problem| Error::at(&table.name, rows.place(), problem))?;
                }
            }
        }
        Ok(())
    }

    fn header(&mut self, file: &str, names: &[String]) -> Result<()> {
        if self.columns.is_empty() {
            self.columns = names.iter().map(|name| Column::new(name, Some(ColumnType::Unknown))).collect();
        } else if !self.columns.iter().map(|column| &column.name).eq(names) {
            return Err(Error::Request(format!("{file} has other columns than the tables before it")));
        }
        Ok(())
    }

    fn widen(&mut self, row: &csv::Row) {
        for (cell, column) in row.cells().zip(&mut self.columns) {
            if !cell.is_empty()
                && let Some(known) = &mut column.column_type
            {
                column.most_values = 1;
                if *known != ColumnType::Text {
                    *known = (*known).max(ColumnType::of(cell));
                }
            }
        }
    }

    /// Widens the types by a row, whose columns stand at the positions `known` here. Only JSON may have integers and floats in one column.
    fn add(&mut self, row: &Record, known: &mut Vec<usize>, format: Format) -> Result<(), String> {
        for name in &row.names()[known.len()..] {
            known.push(self.columns.iter().position(|column| column.name == *name).unwrap_or(self.columns.len()));
            if known.last() == Some(&self.columns.len()) {
                self.columns.push(Column::new(name, Some(ColumnType::Unknown)));
            }
        }
        for (at, (name, to)) in row.names().iter().zip(known).enumerate() {
            let Some(column) = self.columns.get_mut(*to) else { continue };
            let values = row.values(at);
            column.most_values = column.most_values.max(values.count().unwrap_or(0));
            let found = match values {
                Values::Missing | Values::Empty => continue,
                Values::Ints(_) => ColumnType::Int,
                Values::Floats(_) => ColumnType::Float,
                Values::Bytes(texts) => {
                    column.utf8 = column.utf8 && texts.iter().all(|text| std::str::from_utf8(text).is_ok());
                    ColumnType::Text
                }
            };
            let Some(known) = &mut column.column_type else { continue };
            match (*known, found) {
                (known, found) if known == found => {}
                (ColumnType::Unknown, found) => *known = found,
                (ColumnType::Int | ColumnType::Float, ColumnType::Int | ColumnType::Float)
                    if format == Format::JsonLines =>
                {
                    *known = ColumnType::Float;
                }
                (known, found) => {
                    return Err(format!("column `{name}` has {}, and had {} before", words(found), words(known)));
                }
            }
        }
        Ok(())
    }

    /// The columns in order, with their types.
    pub fn columns(&self) -> impl Iterator<Item = (&str, Option<ColumnType>)> {
        self.columns.iter().map(|column| (column.name.as_str(), column.column_type))
    }

    /// All that is known of the columns, in order.
    #[must_use]
    pub fn details(&self) -> &[Column] {
        &self.columns
    }

    /// A row of CSV as a row of lists: an empty cell is a list without values, as TFX's encoder makes it, or missing, as TFDV reads it. A column
    /// without any value in the whole table is missing, since it has no type.
    ///
    /// # Errors
    /// A cell that is not of its column's type.
    pub fn row(&self, cells: &csv::Row, into: &mut Record, empty_is_missing: bool) -> Result<(), String> {
        into.clear();
        for (cell, column) in cells.cells().zip(&self.columns) {
            let at = into.column(&column.name)?;
            let Some(column_type) = column.column_type else { continue };
            let Some(kind) = column_type.kind() else { continue };
            let wrong = || format!("column `{}`: `{}` is not of its type", column.name, shortened(cell));
            if cell.is_empty() && empty_is_missing {
                continue;
            }
            let target = into.cell(at);
            target.begin(Some(kind));
            if cell.is_empty() {
                continue;
            }
            match kind {
                Kind::Bytes => target.push_bytes(cell.as_bytes()),
                Kind::Floats => {
                    target.push_float(crate::number::float(cell).ok_or_else(wrong)?);
                }
                Kind::Ints => match Number::parse(cell.as_bytes()) {
                    Some(Number::Int(value)) => target.push_int(value),
                    _ => return Err(wrong()),
                },
            }
        }
        Ok(())
    }
}

fn words(column_type: ColumnType) -> &'static str {
    match column_type {
        ColumnType::Unknown => "nothing",
        ColumnType::Int => "integers",
        ColumnType::Float => "floats",
        ColumnType::Text => "texts",
    }
}

fn shortened(cell: &str) -> String {
    cell.chars().take(40).collect()
}

/// The columns of several tables, all rows of which are read for it.
///
/// # Errors
/// What is wrong with a table, or columns that differ between them.
pub fn types(tables: &[Table<'_>], dialect: Dialect) -> Result<Types> {
    let mut types = Types::default();
    for table in tables {
        types.read(table, dialect)?;
    }
    Ok(types)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn type_of(cells: &str) -> ColumnType {
        let text = format!("a\n{cells}\n");
        let types = types(&[Table::of("t.csv", text.as_bytes())], Dialect::default()).unwrap();
        types.columns().next().unwrap().1.unwrap()
    }

    #[test]
    fn a_column_has_the_widest_type_of_its_cells() {
        assert_eq!(type_of("1\n2"), ColumnType::Int);
        assert_eq!(type_of("1\n2.0\n3"), ColumnType::Float);
        assert_eq!(type_of("1\nnan"), ColumnType::Float);
        assert_eq!(type_of("1.5\nNA"), ColumnType::Text);
        assert_eq!(type_of("1\n9223372036854775808"), ColumnType::Text);
        assert_eq!(type_of("\"\""), ColumnType::Unknown);
        assert_eq!(type_of("\"1\""), ColumnType::Int);
        assert_eq!(type_of("\" \""), ColumnType::Text);
    }

    #[test]
    fn numbers_of_json_are_as_wide_as_the_widest() {
        let table = Table::of("t.jsonl", b"{\"b\": 1}\n{\"a\": [\"x\", \"y\"], \"b\": 2.5}\n");
        let found = types(&[table], Dialect::default()).unwrap();
        let columns: Vec<_> = found.columns().collect();
        assert_eq!(columns, [("b", Some(ColumnType::Float)), ("a", Some(ColumnType::Text))]);
        assert_eq!(found.details()[1].most_values, 2);
        let mixed = Table::of("t.jsonl", b"{\"b\": 1}\n{\"b\": \"x\"}\n");
        let error = types(&[mixed], Dialect::default()).unwrap_err().to_string();
        assert_eq!(error, "t.jsonl, line 2: column `b` has texts, and had integers before");
    }
}
