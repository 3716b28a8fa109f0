//! The types of a table's columns.

use std::io::BufRead;

use crate::csv::{Dialect, Reader};
use crate::error::{Error, Result};
use crate::number::Number;
use crate::proto::{FeatureType, Schema};

/// What the cells of a column are, each wider than the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum ColumnType {
    /// No cell has a value.
    #[default]
    Unknown,
    /// Integers of 64 bits.
    Int,
    /// Numbers, kept in single precision.
    Float,
    /// Text.
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
}

/// The columns of a table with their types; none for a column that is left out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Types {
    pub(super) columns: Vec<(String, Option<ColumnType>)>,
}

impl Types {
    /// Widens the types by what a table holds. The first table names the columns, and others must have the same.
    ///
    /// # Errors
    /// What is wrong with the table, or other columns than before.
    pub fn read<R: BufRead>(&mut self, input: R, file: &str, dialect: Dialect) -> Result<()> {
        let mut reader = Reader::new(input, file, dialect)?;
        if self.columns.is_empty() {
            self.columns = reader.columns().iter().map(|name| (name.clone(), Some(ColumnType::Unknown))).collect();
        } else if !self.columns.iter().map(|(name, _)| name).eq(reader.columns()) {
            return Err(Error::Request(format!("{file} has other columns than the tables before it")));
        }
        while let Some(row) = reader.next_row()? {
            for (cell, (_, column_type)) in row.cells().zip(&mut self.columns) {
                if !cell.is_empty()
                    && let Some(known) = column_type
                    && *known != ColumnType::Text
                {
                    *known = (*known).max(ColumnType::of(cell));
                }
            }
        }
        Ok(())
    }

    /// The types that a schema gives. Columns that it does not name are left out.
    ///
    /// # Errors
    /// The schema gives a column a type that no cell has.
    pub fn from_schema(columns: &[String], schema: &Schema) -> Result<Self> {
        let columns = columns.iter().map(|name| {
            let feature = schema.feature.iter().find(|feature| feature.name() == name);
            let column_type = match feature.map(|feature| (feature, feature.r#type())) {
                None => None,
                Some((_, FeatureType::Bytes)) => Some(ColumnType::Text),
                Some((_, FeatureType::Int)) => Some(ColumnType::Int),
                Some((_, FeatureType::Float)) => Some(ColumnType::Float),
                Some((_, other)) => {
                    return Err(Error::Request(format!(
                        "the schema gives column `{name}` the type {}, which cells of a table do not have",
                        other.as_str_name()
                    )));
                }
            };
            Ok((name.clone(), column_type))
        });
        Ok(Self { columns: columns.collect::<Result<_>>()? })
    }

    /// The columns in order.
    pub fn columns(&self) -> impl Iterator<Item = (&str, Option<ColumnType>)> {
        self.columns.iter().map(|(name, column_type)| (name.as_str(), *column_type))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn type_of(cells: &str) -> ColumnType {
        let mut types = Types::default();
        types.read(format!("a\n{cells}\n").as_bytes(), "t.csv", Dialect::default()).unwrap();
        types.columns[0].1.unwrap()
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
}
