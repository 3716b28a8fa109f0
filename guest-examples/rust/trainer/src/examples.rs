//! The rows to learn from, out of a CSV table.

use std::io::Read;

use csv::{ErrorKind, ReaderBuilder, StringRecord, Trim};
use weft_guest::{Error, Result, bail};

/// What a table says about one label.
#[derive(Debug)]
pub struct Examples {
    pub label: String,
    pub positive: String,
    /// Names of the numeric columns.
    pub features: Vec<String>,
    /// The complete rows.
    pub rows: Vec<Example>,
    /// How many rows were left out.
    pub skipped: usize,
}

/// One complete row.
#[derive(Debug, PartialEq)]
pub struct Example {
    /// A value for each feature.
    pub values: Vec<f64>,
    pub positive: bool,
}

impl Examples {
    pub fn read(table: impl Read, label: &str, positive: &str) -> Result<Self> {
        let mut reader = ReaderBuilder::new().trim(Trim::All).from_reader(table);
        let columns = reader.headers().map_err(explain)?.clone();
        if columns.is_empty() {
            bail!("the table is empty: it has no header line");
        }
        let Some(label_column) = columns.iter().position(|column| column == label) else {
            let columns: Vec<&str> = columns.iter().collect();
            bail!("the table has no column `{label}`; its columns are {}", columns.join(", "));
        };
        let records: Vec<StringRecord> = reader.records().collect::<Result<_, _>>().map_err(explain)?;

        let is_feature = |column: usize| {
            let mut values = records.iter().filter_map(|record| present(record, column)).peekable();
            column != label_column && values.peek().is_some() && values.all(|value| number(value).is_some())
        };
        let features: Vec<usize> = (0..columns.len()).filter(|column| is_feature(*column)).collect();
        if features.is_empty() {
            bail!("no column but `{label}` holds only numbers: there is nothing to learn from");
        }

        let rows: Vec<Example> = records
            .iter()
            .filter_map(|record| {
                let positive = present(record, label_column)? == positive;
                let values = features.iter().map(|column| present(record, *column).and_then(number));
                Some(Example { values: values.collect::<Option<_>>()?, positive })
            })
            .collect();
        if rows.is_empty() {
            bail!("every row has missing values: there is nothing to learn from");
        }
        match rows.iter().filter(|row| row.positive).count() {
            0 => bail!("no complete row has `{positive}` in the column `{label}`"),
            count if count == rows.len() => bail!("every complete row has `{positive}` in the column `{label}`"),
            _ => {}
        }
        Ok(Self {
            label: label.to_owned(),
            positive: positive.to_owned(),
            features: features.iter().map(|column| columns[*column].to_owned()).collect(),
            skipped: records.len() - rows.len(),
            rows,
        })
    }
}

/// The value in a column; none where it is missing.
fn present(record: &StringRecord, column: usize) -> Option<&str> {
    record.get(column).filter(|value| !matches!(*value, "" | "NA"))
}

/// The number that a text stands for. What Rust reads besides, such as `inf`, is a word here.
fn number(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
    text.parse().ok().filter(|number: &f64| plain && number.is_finite())
}

fn explain(error: csv::Error) -> Error {
    let line = error.position().map_or(0, csv::Position::line);
    match error.kind() {
        ErrorKind::UnequalLengths { expected_len, len, .. } => {
            Error::new(format!("line {line} has {len} values, but the header names {expected_len} columns"))
        }
        ErrorKind::Utf8 { .. } => Error::new("the table is not UTF-8 text"),
        _ => Error::from(error).context("the table cannot be read"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(table: &str) -> Result<Examples> {
        Examples::read(table.as_bytes(), "kind", "a")
    }

    #[test]
    fn numeric_columns_are_features_and_complete_rows_are_examples() {
        let table = "x,kind,word,y,empty\n 1 ,a,one,-1.5e3,\nNA,b,2,2,\n3,,4,4,\n.5,b,nan,+7,NA\n";
        let examples = read(table).unwrap();
        assert_eq!(examples.features, ["x", "y"]);
        assert_eq!(examples.skipped, 2);
        assert_eq!(examples.rows[0], Example { values: vec![1.0, -1500.0], positive: true });
        assert_eq!(examples.rows[1], Example { values: vec![0.5, 7.0], positive: false });
    }

    #[test]
    fn what_is_wrong_is_said() {
        let wrong = |table: &str| read(table).unwrap_err().to_string();
        assert_eq!(wrong(""), "the table is empty: it has no header line");
        assert_eq!(wrong("x,y\n1,2\n"), "the table has no column `kind`; its columns are x, y");
        assert_eq!(wrong("x,kind\n1,a\n2\n"), "line 3 has 1 values, but the header names 2 columns");
        let nothing = "no column but `kind` holds only numbers: there is nothing to learn from";
        assert_eq!(wrong("x,kind\ninf,a\n2,b\n"), nothing);
        assert_eq!(wrong("x,kind\n1,\n2,NA\n"), "every row has missing values: there is nothing to learn from");
        assert_eq!(wrong("x,kind\n1,b\n2,b\n"), "no complete row has `a` in the column `kind`");
        assert_eq!(wrong("x,kind\n1,a\n2,a\n"), "every complete row has `a` in the column `kind`");
    }
}
