//! Models against onnxruntime's answers to their files, and against scikit-learn's models; see `data/README.md`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use learning::data::{Columns, Data, Schema, read, read_again};
use learning::export::onnx;
use learning::model::Answers;
use learning::settings::{Algorithm, Settings};
use learning::train::{Trained, figures, largest, train};
use models::table::Choice;
use serde_json::Value;
use tables::Table;
use tables::csv::{Dialect, Reader};

fn file(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)).unwrap()
}

fn answers() -> Value {
    serde_json::from_str(&file("answers.json")).unwrap()
}

/// Learns from a table, and reads others in its terms.
fn learn(from: &str, algorithm: Algorithm, label: &str, parameters: &[(&str, f64)]) -> (Trained, Schema, Data) {
    let text = file(from);
    let columns = Columns {
        label: (!label.is_empty()).then(|| label.to_owned()),
        features: ["size", "colour", "year", "site", "count"].map(str::to_owned).to_vec(),
        ..Columns::default()
    };
    let (schema, data, _) = read(&[Table::of(from, text.as_bytes())], Dialect::default(), &columns).unwrap();
    let parameters: Vec<(String, f64)> = parameters.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
    let settings = Settings::new(algorithm, &parameters).unwrap();
    (train(&schema, algorithm, settings, &data, None, 5).unwrap(), schema, data)
}

fn table(name: &str, schema: &Schema) -> Data {
    read_again(&[Table::of(name, file(name).as_bytes())], Dialect::default(), schema, None).unwrap().0
}

type Case = (&'static str, Algorithm, &'static [(&'static str, f64)]);

const ALGORITHMS: [Case; 4] = [
    ("linear", Algorithm::Linear, &[]),
    ("random-forest", Algorithm::RandomForest, &[("trees", 20.0), ("min-leaf-rows", 3.0)]),
    ("gradient-boosting", Algorithm::GradientBoosting, &[("trees", 30.0), ("min-leaf-rows", 5.0), ("leaves", 8.0)]),
    ("neural-network", Algorithm::NeuralNetwork, &[("width", 8.0), ("epochs", 20.0)]),
];

/// What the library that runs models in the sandbox answers to `rows.csv`: a column of predictions by its name.
fn run(trained: &Trained) -> models::Predictions {
    let model = models::Model::load(&onnx(&trained.model, &[])).unwrap();
    let text = file("rows.csv");
    let mut reader = Reader::new(text.as_bytes(), "rows.csv", Dialect::default()).unwrap();
    let columns = reader.columns().to_vec();
    let mut batch = model.bind(&columns, &Choice::default()).unwrap().batch();
    while reader.advance().unwrap() {
        batch.push(reader.row().cells()).unwrap();
    }
    model.predict(batch.take()).unwrap()
}

fn column(predictions: &models::Predictions, name: &str) -> Vec<f64> {
    predictions.columns.iter().find(|column| column.name == name).unwrap().values.numbers().unwrap()
}

fn numbers(values: &Value) -> Vec<f64> {
    values.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
}

fn assert_close(found: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (n, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!(
            (found - expected).abs() <= tolerance * expected.abs().max(1.0),
            "{what}, {n}: {found}, and {expected}"
        );
    }
}

#[test]
fn onnxruntime_and_our_own_engine_answer_as_the_models_do() {
    let answers = &answers()["onnxruntime"];
    for (name, algorithm, parameters) in ALGORITHMS {
        for label in ["two", "three", "digit", "value"] {
            let what = format!("{name} {label}");
            let (trained, schema, _) = learn("train.csv", algorithm, label, parameters);
            let expected = &answers[&what];
            match trained.model.predict(&table("rows.csv", &schema)) {
                Answers::Numbers(found) => {
                    assert_close(&found, &numbers(&expected["prediction"]), 1e-5, &what);
                    assert_close(&column(&run(&trained), "prediction"), &found, 1e-5, &what);
                }
                Answers::Probabilities(found) => {
                    assert_close(&found, &numbers(&expected["probability"]), 1e-5, &what);
                    let ours = run(&trained);
                    for (n, class) in schema.classes.iter().enumerate() {
                        let of_class: Vec<f64> = found.iter().skip(n).step_by(schema.classes.len()).copied().collect();
                        assert_close(&column(&ours, &format!("probability_{class}")), &of_class, 1e-5, &what);
                    }
                    let labels = found.chunks(schema.classes.len()).map(|row| schema.classes[largest(row)].clone());
                    let text = |label: &Value| label.as_str().map_or_else(|| label.to_string(), str::to_owned);
                    let expected: Vec<String> = expected["prediction"].as_array().unwrap().iter().map(text).collect();
                    assert_eq!(labels.collect::<Vec<_>>(), expected, "{what}");
                }
                Answers::Groups(_) => panic!("{what}"),
            }
        }
    }
    let (trained, schema, _) = learn("train.csv", Algorithm::KMeans, "", &[("clusters", 4.0)]);
    let Answers::Groups(found) = trained.model.predict(&table("rows.csv", &schema)) else { panic!("no groups") };
    let expected: Vec<usize> = serde_json::from_value(answers["k-means"]["cluster"].clone()).unwrap();
    assert_eq!(found, expected);
}

#[test]
fn linear_models_are_those_of_scikit_learn() {
    let answers = &answers()["scikit-learn"];
    for label in ["two", "three", "digit", "value"] {
        let l2 = [("l2", 2.0), ("tolerance", 1e-9)];
        let (trained, schema, _) = learn("complete.csv", Algorithm::Linear, label, &l2);
        let mut rows = table("rows.csv", &schema);
        let whole = |row: &u32| {
            rows.columns.iter().all(|column| match column {
                learning::data::Values::Numbers(numbers) => !numbers[*row as usize].is_nan(),
                learning::data::Values::Codes(_) => true,
            })
        };
        let whole: Vec<u32> = (0..u32::try_from(rows.rows).unwrap()).filter(whole).collect();
        rows = rows.pick(&whole);
        let expected = numbers(&answers[&format!("linear {label}")]);
        match trained.model.predict(&rows) {
            Answers::Numbers(found) | Answers::Probabilities(found) => assert_close(&found, &expected, 1e-5, label),
            Answers::Groups(_) => panic!("{label}"),
        }
    }
}

#[test]
fn forests_and_groups_are_as_good_as_those_of_scikit_learn() {
    let answers = &answers()["scikit-learn"];
    for (label, figure, expected) in [("two", "accuracy", "forest accuracy"), ("value", "r2", "forest r2")] {
        let parameters = [("trees", 100.0), ("min-leaf-rows", 3.0)];
        let (trained, schema, _) = learn("train.csv", Algorithm::RandomForest, label, &parameters);
        let found = figures(&trained.model, &table("held.csv", &schema)).get(figure).unwrap();
        let expected = answers[expected].as_f64().unwrap();
        assert!(found > expected - 0.015, "{label}: {found}, and {expected}");
    }
    let (trained, ..) = learn("complete.csv", Algorithm::KMeans, "", &[("clusters", 4.0), ("starts", 20.0)]);
    let found = trained.curve.points.last().unwrap().1;
    let expected = answers["inertia"].as_f64().unwrap();
    assert!(found < expected * 1.001, "{found}, and {expected}");
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    for (_, algorithm, parameters) in ALGORITHMS {
        let bytes = || onnx(&learn("train.csv", algorithm, "three", parameters).0.model, &[("k", "v".to_owned())]);
        assert_eq!(bytes(), bytes());
    }
}

#[test]
fn learning_ends_early_where_nothing_becomes_better() {
    for (algorithm, parameters) in [
        (Algorithm::GradientBoosting, vec![("trees", 400.0), ("early-stopping-rounds", 10.0), ("row-fraction", 0.8)]),
        (Algorithm::NeuralNetwork, vec![("epochs", 400.0), ("early-stopping-rounds", 10.0)]),
    ] {
        let (_, schema, data) = learn("train.csv", Algorithm::Linear, "two", &[]);
        let (learned, examined) = data.split(0.25, 1);
        assert_eq!((learned.rows, examined.rows), (525, 175));
        let parameters: Vec<(String, f64)> =
            parameters.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let settings = Settings::new(algorithm, &parameters).unwrap();
        let trained = train(&schema, algorithm, settings, &learned, Some(&examined), 0).unwrap();
        let best = trained.curve.best.unwrap();
        assert!(best < 390, "{best}");
        let at_best = trained.examined.unwrap().get("log_loss").unwrap();
        let least = trained.curve.points.iter().filter_map(|point| point.2).fold(f64::INFINITY, f64::min);
        assert!(at_best <= least + 1e-6, "{at_best} {least}");
    }
}

#[test]
fn what_cannot_be_learned_is_told() {
    let problem = |text: &str, columns: &Columns| {
        read(&[Table::of("t.csv", text.as_bytes())], Dialect::default(), columns).unwrap_err().to_string()
    };
    let label = Columns { label: Some("y".to_owned()), ..Columns::default() };
    for (text, told) in [
        ("x,y\n1,a\n", "there are 1 rows with a label; at least 2 are needed to learn from"),
        ("x,y\n1,a\n2,a\n", "all rows are of class `a`: there is nothing to tell apart"),
        ("y\n1\n2\n", "there are no columns to learn from"),
        ("x\n1\n2\n", "there is no column `y`; the columns are `x`"),
        (
            "prediction,y\n1,a\n2,b\n",
            "column `prediction` cannot be learned from under this name, which the model needs itself; rename or exclude it",
        ),
        ("x,y\n1e300,a\n2,b\n", "row 1, column `x`: the number is too large for single precision"),
    ] {
        assert_eq!(problem(text, &label), told);
    }
    // What only other models answer is a column like any other.
    read(&[Table::of("t.csv", b"distance,y\n1,a\n2,b\n")], Dialect::default(), &label).unwrap();
    let none = Columns::default();
    assert!(problem("distance,y\n1,a\n2,b\n", &none).starts_with("column `distance` cannot be learned from"));
    let wrong = Settings::new(Algorithm::KMeans, &[("leaves".to_owned(), 3.0)]).unwrap_err().to_string();
    assert_eq!(wrong, "a k-means has no parameter `leaves`; it has: clusters, iterations, starts");
    let wrong = Settings::new(Algorithm::Linear, &[("l2".to_owned(), f64::NAN)]).unwrap_err().to_string();
    assert_eq!(wrong, "parameter `l2` is NaN, and must be from 0 to 1000000000000");
}
