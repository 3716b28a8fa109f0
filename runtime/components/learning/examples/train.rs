//! Learns from a CSV file and writes the model: `train TABLE.csv LABEL ALGORITHM MODEL.onnx [NAME=VALUE]...`. An empty label is none; the values `validation=FILE`,
//! `categorical=A,B` and `seed=N` are no parameters of the algorithm. Prints what came of it, and the seconds of learning alone, as JSON.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program for developers")]

use std::time::Instant;

use learning::data::{Columns, read, read_again};
use learning::export::onnx;
use learning::settings::{Algorithm, Settings};
use learning::train::train;
use tables::Table;
use tables::csv::Dialect;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [table, label, algorithm, model, rest @ ..] = arguments.as_slice() else {
        println!("usage: train TABLE.csv LABEL ALGORITHM MODEL.onnx [NAME=VALUE]...");
        return;
    };
    let algorithm = match algorithm.as_str() {
        "linear" => Algorithm::Linear,
        "random-forest" => Algorithm::RandomForest,
        "gradient-boosting" => Algorithm::GradientBoosting,
        "k-means" => Algorithm::KMeans,
        _ => Algorithm::NeuralNetwork,
    };
    let mut columns = Columns { label: (!label.is_empty()).then(|| label.clone()), ..Columns::default() };
    let (mut parameters, mut validation, mut seed) = (Vec::new(), None, 0);
    for argument in rest {
        let (name, value) = argument.split_once('=').unwrap();
        match name {
            "validation" => validation = Some(std::fs::read(value).unwrap()),
            "categorical" => columns.categorical = value.split(',').map(str::to_owned).collect(),
            "seed" => seed = value.parse().unwrap(),
            name => parameters.push((name.to_owned(), value.parse().unwrap())),
        }
    }
    let bytes = std::fs::read(table).unwrap();
    let (schema, data, _) = read(&[Table::of(table, &bytes)], Dialect::default(), &columns).unwrap();
    let validation = validation
        .map(|bytes| read_again(&[Table::of("validation", &bytes)], Dialect::default(), &schema, None).unwrap().0);
    let settings = Settings::new(algorithm, &parameters).unwrap();
    let begin = Instant::now();
    let trained = train(&schema, algorithm, settings, &data, validation.as_ref(), seed).unwrap();
    let seconds = begin.elapsed().as_secs_f64();
    std::fs::write(model, onnx(&trained.model, &[])).unwrap();
    let out = serde_json::json!({
        "seconds": seconds,
        "learned": trained.learned,
        "examined": trained.examined,
        "rounds": trained.curve.points.last().map(|point| point.0),
        "best": trained.curve.best,
    });
    println!("{out}");
}
