//! What the tests share: rows, features, and graphs that are learned of them.
#![allow(dead_code, reason = "each test program uses a part of it")]

use std::path::PathBuf;

use data_transform::{Analysis, Feature, Graph, Map};
use tables::csv::Dialect;
use tables::{Reader, Record, Table, types};

pub fn read(name: &str) -> Vec<u8> {
    std::fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/features").join(name)).unwrap()
}

pub fn rows_of(content: &[u8]) -> Vec<Record> {
    let table = Table::of("rows.jsonl", content);
    let types = types(std::slice::from_ref(&table), Dialect::default()).unwrap();
    let Reader::Rows(mut rows, _) = table.read(Dialect::default(), Some(&types)).unwrap() else { panic!("no rows") };
    let (mut row, mut all) = (Record::default(), Vec::new());
    while rows.advance(&mut row).unwrap() {
        all.push(row.clone());
    }
    all
}

pub fn rows() -> Vec<Record> {
    rows_of(&read("rows.jsonl"))
}

pub fn feature(name: &str, of: &str, map: Map) -> Feature {
    let of = vec![of.to_owned()];
    Feature { name: name.to_owned(), of, date: None, split: None, separator: "_X_".to_owned(), fill: None, map }
}

pub fn learned(features: Vec<Feature>, rows: &[Record]) -> Graph {
    let mut analysis = Analysis::new(features).unwrap();
    for row in rows {
        analysis.add(row).unwrap();
    }
    let graph = analysis.finish().unwrap();
    // What is applied is what was written.
    let again = Graph::from_json(graph.to_json().as_bytes()).unwrap();
    assert_eq!(again, graph);
    again
}
