//! A CSV table with a header line.

/// Columns by name, rows as they came.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    pub columns: Vec<String>,
    pub rows: Vec<Row>,
}

/// One row, with the line of the file that it began on, for messages.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub line: u64,
    pub values: Vec<String>,
}

impl Row {
    /// The value of a column; none where it is missing.
    pub fn get(&self, column: usize) -> Option<&str> {
        Some(self.values[column].as_str()).filter(|value| !matches!(*value, "" | "NA"))
    }
}

impl Table {
    /// Reads UTF-8 text whose rows all have as many values as the header.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
        let columns: Vec<String> = reader.headers().map_err(message)?.iter().map(str::to_owned).collect();
        if columns.is_empty() {
            return Err("the table is empty: it has no header line".to_owned());
        }
        if let Some(twice) = columns.iter().enumerate().find(|(at, name)| columns[..*at].contains(name)) {
            return Err(format!("the table has two columns `{}`", twice.1));
        }
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(message)?;
            let line = record.position().map_or(0, csv::Position::line);
            rows.push(Row { line, values: record.iter().map(str::to_owned).collect() });
        }
        if rows.is_empty() {
            return Err("the table has a header line and no rows".to_owned());
        }
        Ok(Self { columns, rows })
    }

    /// The position of a column.
    pub fn column(&self, name: &str) -> Result<usize, String> {
        self.columns
            .iter()
            .position(|column| column == name)
            .ok_or_else(|| format!("the table has no column `{name}`; its columns are {}", self.columns.join(", ")))
    }

    pub fn to_csv(&self) -> Result<Vec<u8>, String> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(&self.columns).map_err(message)?;
        for row in &self.rows {
            let cells = (0..row.values.len()).map(|column| row.get(column).unwrap_or_default());
            writer.write_record(cells).map_err(message)?;
        }
        writer.into_inner().map_err(|error| error.to_string())
    }
}

fn message(error: csv::Error) -> String {
    let line = error.position().map_or(0, csv::Position::line);
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("line {line} has {len} values, but the header names {expected_len} columns")
        }
        csv::ErrorKind::Utf8 { .. } => format!("line {line} is not UTF-8 text"),
        _ => format!("the table cannot be read: {error}"),
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// The real table.
    pub fn penguins() -> Table {
        Table::parse(include_bytes!("../data/penguins.csv")).unwrap()
    }

    #[test]
    fn the_penguins_are_read_and_written_back() {
        let table = penguins();
        assert_eq!(table.columns.len(), 8);
        assert_eq!(table.rows.len(), 344);
        assert_eq!(table.rows[3].line, 5);
        assert_eq!(table.rows[3].get(1), Some("Torgersen"));
        assert_eq!(table.rows[3].get(2), None);
        let again = Table::parse(&table.to_csv().unwrap()).unwrap();
        assert_eq!(again.columns, table.columns);
        assert_eq!(again.rows.len(), table.rows.len());
        for (again, row) in again.rows.iter().zip(&table.rows) {
            // What is missing is written as nothing, however it was told.
            for column in 0..table.columns.len() {
                assert_eq!(again.get(column), row.get(column), "line {}", row.line);
            }
            assert_eq!(again.line, row.line);
        }
    }

    #[test]
    fn quotes_and_line_breaks_in_values_survive() {
        let table = Table::parse(b"a,b\n\"1,5\",\"two\nlines\"\nplain,\"a \"\"word\"\"\"\n").unwrap();
        assert_eq!(table.rows[0].values, ["1,5", "two\nlines"]);
        assert_eq!(table.rows[1].line, 4);
        assert_eq!(Table::parse(&table.to_csv().unwrap()).unwrap().rows[1].values, ["plain", "a \"word\""]);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let wrong = |text: &[u8]| Table::parse(text).unwrap_err();
        assert_eq!(wrong(b"a,b\n1,2\n3\n"), "line 3 has 1 values, but the header names 2 columns");
        assert_eq!(wrong(b"a,b\n1,\xff\n"), "line 2 is not UTF-8 text");
        assert_eq!(wrong(b""), "the table is empty: it has no header line");
        assert_eq!(wrong(b"a,b\n"), "the table has a header line and no rows");
        assert_eq!(wrong(b"a,a\n1,2\n"), "the table has two columns `a`");
        let missing = Table::parse(b"a,b\n1,2\n").unwrap().column("c").unwrap_err();
        assert_eq!(missing, "the table has no column `c`; its columns are a, b");
    }
}
