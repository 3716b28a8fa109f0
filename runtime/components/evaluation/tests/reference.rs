//! Metrics against those of scikit-learn and fairlearn; see `data/README.md`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use evaluation::evaluate::{Evaluation, Options, read};
use evaluation::predictions::Columns;
use evaluation::slices::{SliceKey, Slicing};
use serde_json::Value;
use tables::Table;
use tables::csv::Dialect;

fn data(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)).unwrap()
}

fn expected() -> Value {
    serde_json::from_str(&data("expected.json")).unwrap()
}

fn evaluation(name: &str, weighted: bool) -> Evaluation {
    let columns = Columns {
        label: "label".to_owned(),
        score: (name == "binary").then(|| "probability".to_owned()),
        weight: weighted.then(|| "weight".to_owned()),
        ..Columns::default()
    };
    let by = |keys: &[&str]| Slicing {
        feature_keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        feature_values: Vec::new(),
    };
    let options = Options {
        slicings: vec![by(&["sex"]), by(&["region"]), by(&["sex", "region"])],
        thresholds: vec![0.3, 0.7],
        min_rows: 1,
    };
    let text = data(&format!("{name}.csv"));
    read(&[Table::of(name, text.as_bytes())], Dialect::default(), &columns, &options).unwrap().1
}

fn close(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= 1e-9 * expected.abs().max(1.0)
}

#[test]
fn metrics_of_slices_are_those_of_scikit_learn() {
    let expected = expected();
    for name in ["binary", "multiclass", "regression"] {
        for (weighted, kind) in [(false, "plain"), (true, "weighted")] {
            let found = evaluation(name, weighted);
            let lines = expected[name].as_array().unwrap();
            assert_eq!(found.slices.len(), lines.len(), "{name}");
            for line in lines {
                let key: SliceKey = serde_json::from_value(line["slice"].clone()).unwrap();
                let slice = found.slice(&key).unwrap();
                assert_eq!(slice.rows, line["rows"], "{name} {key:?}");
                for (metric, value) in line[kind].as_object().unwrap() {
                    let value = value.as_f64().unwrap();
                    let found = slice.metrics.get(metric);
                    assert!(
                        found.is_some_and(|found| close(*found, value)),
                        "{name}, {kind}, {key:?}: {metric} is {found:?}, and scikit-learn's {value}"
                    );
                }
            }
        }
    }
}

#[test]
fn curves_are_those_of_scikit_learn() {
    let (expected, found) = (expected(), evaluation("binary", false));
    let plots = &found.plots[0];
    let roc = expected["roc"].as_array().unwrap();
    assert_eq!(plots.roc.len(), roc.len() + 1);
    for (point, expected) in plots.roc[1..].iter().zip(roc) {
        let found = [point.false_positive_rate, point.true_positive_rate, point.threshold];
        for (found, expected) in found.into_iter().zip(expected.as_array().unwrap()) {
            assert!(close(found, expected.as_f64().unwrap()), "{point:?} {expected:?}");
        }
    }
    let calibration = expected["calibration"].as_array().unwrap();
    assert_eq!(plots.calibration.len(), calibration.len());
    for (bin, expected) in plots.calibration.iter().zip(calibration) {
        assert!(close(bin.mean_predicted, expected[0].as_f64().unwrap()), "{bin:?} {expected:?}");
        assert!(close(bin.fraction_positive, expected[1].as_f64().unwrap()), "{bin:?} {expected:?}");
    }
}

#[test]
fn gaps_are_those_of_fairlearn() {
    let (expected, found) = (&expected()["fairlearn"], evaluation("binary", false));
    let gap =
        |metric: &str| found.gaps.iter().find(|gap| gap.metric == metric && gap.slicing.label() == "sex").unwrap();
    for (found, name) in [
        (gap("selection_rate").difference, "demographic_parity_difference"),
        (gap("selection_rate").ratio.unwrap(), "demographic_parity_ratio"),
        (gap("equalized_odds").difference, "equalized_odds_difference"),
    ] {
        assert!(close(found, expected[name].as_f64().unwrap()), "{name}: {found}");
    }
}

#[test]
fn an_evaluation_is_read_as_it_was_written() {
    let found = evaluation("multiclass", false);
    let again = Evaluation::from_lines(&found.to_lines()).unwrap();
    assert_eq!(again.slices, found.slices);
    assert!(Evaluation::from_lines("").is_err());
    let error = Evaluation::from_lines("{\"slice\":{}}").unwrap_err().to_string();
    assert!(error.starts_with("the evaluation cannot be read, line 1: missing field"), "{error}");
}

#[test]
fn what_cannot_be_measured_is_told() {
    let read = |text: &str, columns: &Columns| {
        let tables = [Table::of("p.csv", text.as_bytes())];
        read(&tables, Dialect::default(), columns, &Options::default())
            .map(|(predictions, _)| predictions.without_label)
    };
    let label = Columns { label: "label".to_owned(), ..Columns::default() };
    for (text, problem) in [
        (
            "label\n1\n",
            "there is no prediction: a column `prediction`, columns `probability_CLASS`, or the names of others are needed",
        ),
        ("truth,prediction\n1,1\n", "there is no column `label`; the columns are `truth`, `prediction`"),
        ("label,prediction\n,1\n", "none of 1 rows has a label in column `label`"),
        ("label,prediction\na,a\nb,\n", "row 2, column `prediction`: there is no class"),
        (
            "label,probability_a,probability_b,probability_c\na,1.5,0,0\n",
            "row 1, column `probability_a`: 1.5 is no probability",
        ),
        ("label,prediction\na,a\n", "all rows are of class `a`; name the positive class"),
    ] {
        assert_eq!(read(text, &label).unwrap_err().to_string(), problem);
    }
    assert_eq!(read("label,prediction\na,a\nb,b\n,b\n", &label).unwrap(), 1);
}
