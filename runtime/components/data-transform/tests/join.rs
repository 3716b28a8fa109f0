//! A graph joined with a model that learned from its features, against the two one after the other.

mod common;

use common::{feature, learned, rows};
use data_transform::{Feature, Fill, Graph, Map, Vocabulary};
use learning::data::{Columns, read};
use learning::export::onnx;
use learning::settings::{Algorithm, Settings};
use learning::train::train;
use models::table::Choice;
use models::{Data, Kind, Model, Tensor, Value};
use tables::csv::{Dialect, Reader};
use tables::{Record, Table, Values};

fn known(name: &str, of: &str) -> Feature {
    feature(name, of, Map::Vocabulary(Vocabulary { top_k: Some(3), threshold: 0, oov_buckets: 0, default: -1 }))
}

fn text(values: &Values) -> String {
    match values {
        Values::Ints(values) => values[0].to_string(),
        Values::Floats(values) => values[0].to_string(),
        Values::Bytes(texts) => String::from_utf8(texts.iter().next().unwrap().to_vec()).unwrap(),
        _ => String::new(),
    }
}

/// The features of rows as CSV, as the step `fit` writes them, with a label behind them.
fn table(graph: &Graph, rows: &[Record]) -> String {
    let names: Vec<String> = graph.features.iter().map(|feature| feature.name.clone()).collect();
    let mut csv = names.join(",") + ",label\n";
    let (ready, mut made) = (graph.ready(), Record::default());
    for (n, row) in rows.iter().enumerate() {
        ready.apply(row, &mut made).unwrap();
        let cells: Vec<String> = names.iter().map(|name| text(&made.of(name))).collect();
        // The label follows what is missing and what is large, so that both matter to what is learned.
        let label = usize::from(text(&row.of("gap")).is_empty() || n % 7 == 0);
        csv += &format!("{},{label}\n", cells.join(","));
    }
    csv
}

fn answers(model: &Model, inputs: Vec<(String, Value)>) -> Vec<f64> {
    let predictions = model.predict(inputs).unwrap();
    predictions.columns.iter().find(|column| column.name == "probability_1").unwrap().values.numbers().unwrap()
}

/// What a model answers to the features.
fn of_features(model: &Model, csv: &str) -> Vec<f64> {
    let mut reader = Reader::new(csv.as_bytes(), "features.csv", Dialect::default()).unwrap();
    let columns = reader.columns().to_vec();
    let mut batch = model.bind(&columns, &Choice::default()).unwrap().batch();
    while reader.advance().unwrap() {
        batch.push(reader.row().cells()).unwrap();
    }
    answers(model, batch.take())
}

/// What a model answers to rows as they are.
fn of_rows(model: &Model, rows: &[Record]) -> Vec<f64> {
    let inputs = model.inputs().iter().map(|port| {
        let of = |row: &Record| text(&row.of(&port.name));
        let data: Data = if port.kind == Some(Kind::Text) {
            rows.iter().map(of).collect::<Vec<_>>().into()
        } else {
            rows.iter().map(|row| of(row).parse().unwrap_or(f64::NAN)).collect::<Vec<f64>>().into()
        };
        (port.name.clone(), Value::Tensor(Tensor::new(vec![rows.len(), 1], data).unwrap()))
    });
    answers(model, inputs.collect())
}

/// A model that learned from the features of rows, as a file.
fn model(csv: &str, algorithm: Algorithm) -> Vec<u8> {
    let columns = Columns { label: Some("label".to_owned()), ..Columns::default() };
    let (schema, data, _) = read(&[Table::of("features.csv", csv.as_bytes())], Dialect::default(), &columns).unwrap();
    let parameters =
        if algorithm == Algorithm::GradientBoosting { vec![("min-leaf-rows".to_owned(), 2.0)] } else { vec![] };
    let settings = Settings::new(algorithm, &parameters).unwrap();
    onnx(&train(&schema, algorithm, settings, &data, None, 1).unwrap().model, &[("label", "label".to_owned())])
}

#[test]
fn one_file_answers_to_rows_as_the_model_answers_to_their_features() {
    let rows = rows();
    let graph = learned(
        vec![
            feature("x", "x", Map::ZScore),
            feature("int", "i", Map::Same),
            // Missing numbers, as they are and in buckets.
            feature("gap", "gap", Map::Same),
            feature("bucket", "gap", Map::Buckets(4)),
            Feature { fill: Some(Fill::Mean), ..feature("mean", "gap", Map::ZScore) },
            feature("text", "t", Map::Same),
            known("place", "t"),
            known("number", "i"),
        ],
        &rows,
    );
    let csv = table(&graph, &rows);
    assert!(rows.iter().any(|row| text(&row.of("gap")).is_empty()), "nothing is missing");
    for algorithm in [Algorithm::GradientBoosting, Algorithm::Linear] {
        let model = model(&csv, algorithm);
        let joined = Model::load(&graph.join(&model).unwrap()).unwrap();
        let names: Vec<&str> = joined.inputs().iter().map(|port| port.name.as_str()).collect();
        assert_eq!(names, ["x", "i", "gap", "t"]);
        let (found, expected) = (of_rows(&joined, &rows), of_features(&Model::load(&model).unwrap(), &csv));
        assert!(expected.iter().any(|p| *p > 0.6) && expected.iter().any(|p| *p < 0.4), "{expected:?}");
        for (n, (found, expected)) in found.iter().zip(&expected).enumerate() {
            assert!((found - expected).abs() <= 1e-5, "{algorithm:?}, row {n}: {found}, and {expected}");
        }
    }
}

#[test]
fn what_does_not_fit_is_told() {
    let rows = rows();
    let graph = learned(vec![feature("x", "x", Map::ZScore), feature("hash", "t", Map::Hash(9))], &rows);
    let csv = table(&graph, &rows);
    let told = |model: &[u8]| graph.join(model).unwrap_err().to_string();
    assert_eq!(
        told(&model(&csv, Algorithm::GradientBoosting)),
        "feature `hash`: no operator of ONNX has this hash; leave it out of `features`"
    );
    let other = learned(vec![feature("x", "x", Map::ZScore)], &rows);
    assert_eq!(
        other.join(&model(&csv, Algorithm::GradientBoosting)).unwrap_err().to_string(),
        "the model cannot be joined with the graph: it takes `hash`, which is no feature of the graph"
    );
    assert!(told(b"not a model").contains("no ONNX file"), "{}", told(b"not a model"));
    assert!(told(b"").contains("only models of `weft:trainer`"), "{}", told(b""));
}
