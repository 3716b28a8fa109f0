//! Parquet and Arrow of several writers hold what they wrote, and what this writes they are known to read.

use std::path::PathBuf;

use serde_json::{Value, json};
use tables::csv::Dialect;
use tables::write::{Output, Writer};
use tables::{Format, Reader, Record, Result, Table, Values, types};

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/columns").join(name)
}

fn content(name: &str) -> Vec<u8> {
    std::fs::read(path(name)).unwrap()
}

/// The columns of a row: lists of values, null where the column is not there. Bytes are shown as Latin-1 unless they are text.
fn shown(row: &Record) -> serde_json::Map<String, Value> {
    let of = |at: usize, name: &str| match row.values(at) {
        Values::Missing => Value::Null,
        Values::Empty => json!([]),
        Values::Ints(values) => json!(values),
        Values::Floats(values) => json!(values),
        Values::Bytes(texts) if name == "bytes" => {
            texts.iter().map(|text| text.iter().map(|byte| char::from(*byte)).collect::<String>()).collect()
        }
        Values::Bytes(texts) => texts.iter().map(|text| String::from_utf8_lossy(text).into_owned()).collect(),
    };
    row.names().iter().enumerate().map(|(at, name)| (name.clone(), of(at, name))).collect()
}

fn rows(name: &str, content: &[u8]) -> Result<Vec<serde_json::Map<String, Value>>> {
    let table = Table::of(name, content);
    let Reader::Rows(mut rows, format) = table.read(Dialect::default(), None)? else { panic!("{name} is no CSV") };
    assert!(format == Format::of_name(name).unwrap());
    let (mut row, mut found) = (Record::default(), Vec::new());
    while rows.advance(&mut row)? {
        found.push(shown(&row));
    }
    Ok(found)
}

fn expected() -> Vec<serde_json::Map<String, Value>> {
    serde_json::from_slice(&content("expected.json")).unwrap()
}

/// `1` and `1.0` are one value.
fn same(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (a, b) => a == b,
    }
}

fn assert_holds(name: &str, content: &[u8], without: &[&str]) {
    let (expected, found) = (expected(), rows(name, content).unwrap());
    assert_eq!(expected.len(), found.len(), "{name}");
    for (at, (expected, found)) in expected.iter().zip(&found).enumerate() {
        let wanted: Vec<_> = expected.iter().filter(|(column, _)| !without.contains(&column.as_str())).collect();
        assert_eq!(wanted.len(), found.len(), "{name}: {:?}", found.keys());
        for (column, value) in wanted {
            assert!(same(value, &found[column]), "{name}, row {at}, {column}: {value} is {}", found[column]);
        }
    }
}

#[test]
fn parquet_of_other_writers_is_read() {
    for name in ["snappy", "gzip_v2_pages", "zstd_plain", "lz4", "deltas", "none_old", "polars", "polars_lz4", "duckdb"]
    {
        let name = format!("{name}.parquet");
        assert_holds(&name, &content(&name), &[]);
    }
    assert_holds("fastparquet.parquet", &content("fastparquet.parquet"), &["price", "truth", "i", "gone", "li", "lt"]);
}

#[test]
fn arrow_of_other_writers_is_read() {
    for name in ["plain.arrow", "lz4.arrow", "zstd.arrow", "stream.arrows", "polars.feather"] {
        assert_holds(name, &content(name), &[]);
    }
}

#[test]
fn parquet_is_read_as_it_was_written() {
    let content = content("snappy.parquet");
    let table = Table::of("snappy.parquet", &content);
    let types = types(std::slice::from_ref(&table), Dialect::default()).unwrap();
    let Reader::Rows(mut rows, _) = table.read(Dialect::default(), None).unwrap() else { panic!("no Parquet") };
    let (mut written, mut row) = (Vec::new(), Record::default());
    let mut writer = Writer::new(Output::Parquet, &mut written, &types).unwrap();
    while rows.advance(&mut row).unwrap() {
        writer.write(&row, &[]).unwrap();
    }
    writer.finish().unwrap();
    assert_holds("written.parquet", &written, &[]);
}

/// Every file, cut off and with every byte changed: errors with a place, or other values, and nothing else.
#[test]
fn damaged_files_are_errors() {
    for name in ["deltas.parquet", "gzip_v2_pages.parquet", "lz4.arrow", "zstd.arrow", "polars.feather", "lz4.parquet"]
    {
        let whole = content(name);
        for length in (0..whole.len()).step_by(whole.len() / 50) {
            let cut = &whole[..length];
            if length == 0 {
                continue;
            }
            let error = rows(name, cut).expect_err(name).to_string();
            assert!(error.starts_with(name), "{error}");
        }
        for at in (0..whole.len()).step_by(29) {
            let mut changed = whole.clone();
            changed[at] ^= 0x55;
            if let Err(error) = rows(name, &changed) {
                assert!(error.to_string().starts_with(name), "{error}");
            }
        }
    }
}
