//! The encoder of `polyglot/wit/encoder.wit`: a table as plain numbers.

use std::io::{Read, Seek, Write};

use csv::{ReaderBuilder, StringRecord, Trim};
use weft_guest::types::Value;
use weft_guest::{Readable, Result, Writable, bail, info};

wit_bindgen::generate!({
    path: "../../polyglot/wit",
    world: "weft:polyglot/encoder",
    with: {
        "weft:component/artifacts@0.1.0": weft_guest::artifacts,
        "weft:component/run@0.1.0": weft_guest::run,
        "weft:component/types@0.1.0": weft_guest::types,
    },
});

struct Encoder;
export!(Encoder);

impl Guest for Encoder {
    fn encode(data: &Dataset) -> Result<Encoded, String> {
        Ok(encode(data)?)
    }
}

fn encode(data: &Dataset) -> Result<Encoded> {
    let matrix = Dataset::new();
    let mut writer = matrix.writer();
    let (columns, rows) = encode_numbers(data.reader(), &mut writer)?;
    writer.flush()?;
    drop(writer);
    matrix.set_property("columns", &Value::strings(&columns))?;
    matrix.set_property("rows", &Value::Int(i64::try_from(rows)?))?;
    info!("{rows} rows of {} numbers", columns.len());
    Ok(Encoded { matrix, columns, rows })
}

/// Returns the names of the numeric columns, and how many rows were written.
fn encode_numbers(table: impl Read + Seek, into: &mut impl Write) -> Result<(Vec<String>, u64)> {
    let mut reader = ReaderBuilder::new().trim(Trim::All).from_reader(table);
    let names = reader.headers()?.clone();
    let start = reader.position().clone();

    // Each column: whether a number was seen, and whether anything else was.
    let mut seen = vec![(false, false); names.len()];
    let mut record = StringRecord::new();
    while reader.read_record(&mut record)? {
        for ((numbers, words), value) in seen.iter_mut().zip(&record) {
            if !missing(value) {
                *(if number(value).is_some() { numbers } else { words }) = true;
            }
        }
    }
    let numeric: Vec<usize> = (0..names.len()).filter(|column| seen[*column] == (true, false)).collect();
    if numeric.is_empty() {
        bail!("no column of the table holds only numbers");
    }

    reader.seek(start)?;
    let mut rows = 0;
    while reader.read_record(&mut record)? {
        for column in &numeric {
            into.write_all(&number(&record[*column]).unwrap_or(f64::NAN).to_le_bytes())?;
        }
        rows += 1;
    }
    Ok((numeric.iter().map(|column| names[*column].to_owned()).collect(), rows))
}

fn missing(value: &str) -> bool {
    matches!(value, "" | "NA")
}

/// The number that a text stands for. What Rust reads besides, such as `inf`, is a word here.
fn number(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
    text.parse().ok().filter(|number: &f64| plain && number.is_finite())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn numeric_columns_are_written_row_by_row() {
        let table = "x,word,y,empty\n1,a,2.5,\nNA,2,-1e3,\n";
        let mut bytes = Vec::new();
        let (columns, rows) = encode_numbers(Cursor::new(table), &mut bytes).unwrap();
        assert_eq!((columns.as_slice(), rows), (["x".to_owned(), "y".to_owned()].as_slice(), 2));
        let numbers: Vec<f64> = bytes.chunks_exact(8).map(|n| f64::from_le_bytes(n.try_into().unwrap())).collect();
        assert_eq!((numbers[0], numbers[1], numbers[3]), (1.0, 2.5, -1000.0));
        assert!(numbers[2].is_nan());
    }

    #[test]
    fn a_table_of_words_is_refused() {
        let wrong = |table| encode_numbers(Cursor::new(table), &mut Vec::new()).unwrap_err().to_string();
        assert_eq!(wrong("a,b\nx,inf\n"), "no column of the table holds only numbers");
        assert!(wrong("a,b\n1\n").contains("line: 2"));
    }
}
