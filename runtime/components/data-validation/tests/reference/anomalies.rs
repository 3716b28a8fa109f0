//! Anomalies and distances of the reference cases are those that TFDV told.

use std::collections::BTreeMap;

use crate::common::{assert_alike, read, table};
use data_validation::check::{CheckOptions, is_blessed, validate};
use data_validation::proto::{Anomalies, Schema};
use data_validation::schema::{InferOptions, infer};
use data_validation::text::from_text;
use serde_json::Value;

fn schema(path: &str) -> Schema {
    match path {
        // Of all inferred schemas this alone is not kept: it is that of the statistics.
        "schema/serving" => infer(&table("serving").message(), InferOptions::default()).unwrap(),
        path => from_text(&read(&format!("{path}.pbtxt"))).unwrap(),
    }
}

/// Kind, short and long text of each reason.
fn reasons(info: &data_validation::proto::AnomalyInfo) -> Vec<Vec<String>> {
    let one = |reason: &data_validation::proto::anomaly_info::Reason| {
        let texts = [reason.short_description(), reason.description()];
        std::iter::once(reason.r#type().as_str_name()).chain(texts).map(str::to_owned).collect()
    };
    info.reason.iter().map(one).collect()
}

#[test]
fn every_case_is_told_as_tfdv_tells_it() {
    let cases: Vec<Value> = serde_json::from_str(&read("cases.json")).unwrap();
    assert_eq!(cases.len(), 30);
    for case in &cases {
        let text = |field: &str| case[field].as_str();
        let name = text("name").unwrap();
        let other = |field: &str| text(field).map(|name| table(name).message());
        let (previous, serving) = (other("previous_statistics"), other("serving_statistics"));
        let version = other("previous_version_statistics");
        let options = CheckOptions {
            environment: text("environment"),
            previous: previous.as_ref(),
            serving: serving.as_ref(),
            previous_version: version.as_ref(),
            new_features_are_warnings: text("validation_options").is_some(),
        };
        let found = validate(&table(text("stats").unwrap()).message(), &schema(text("schema").unwrap()), &options);
        let found = match (found, text("error")) {
            (Ok(found), None) => found,
            (Err(error), Some(expected)) => {
                let expected = expected.trim_start_matches("ValueError: ").trim_end_matches('.');
                assert!(error.to_string().starts_with(expected), "{name}: {error}");
                continue;
            }
            (found, expected) => panic!("{name}: {found:?}, not {expected:?}"),
        };

        let told: BTreeMap<&str, Vec<Vec<String>>> =
            found.anomaly_info.iter().map(|(path, info)| (path.as_str(), reasons(info))).collect();
        assert_eq!(serde_json::to_value(told).unwrap(), case["anomalies"], "{name}");
        let of_dataset = found.dataset_anomaly_info.as_ref().map(reasons).unwrap_or_default();
        assert_eq!(serde_json::to_value(&of_dataset).unwrap(), case["dataset"], "{name}");
        let nothing =
            case["anomalies"].as_object().unwrap().is_empty() && case["dataset"].as_array().unwrap().is_empty();
        assert_eq!(is_blessed(&found), nothing, "{name}");

        for (field, side) in [("drift_measurements", 0), ("skew_measurements", 1)] {
            let expected = case["drift_skew"].as_array().unwrap().iter();
            let expected: Vec<(&str, f64)> = expected
                .flat_map(|info| info[field].as_array().into_iter().flatten())
                .map(|one| (one["type"].as_str().unwrap(), one["value"].as_f64().unwrap()))
                .collect();
            let infos = found.drift_skew_info.iter();
            let measured: Vec<_> = infos
                .flat_map(|info| if side == 0 { &info.drift_measurements } else { &info.skew_measurements })
                .map(|one| (one.r#type().as_str_name(), one.value()))
                .collect();
            assert_eq!(measured.len(), expected.len(), "{name}");
            for ((kind, value), (expected_kind, expected)) in measured.iter().zip(&expected) {
                assert_eq!(kind, expected_kind, "{name}");
                assert!((value - expected).abs() <= 1e-9, "{name}: {value}, not {expected}");
            }
        }
    }
}

#[test]
fn whole_messages_are_tfdvs() {
    let cases: Vec<Value> = serde_json::from_str(&read("cases.json")).unwrap();
    let mut compared = 0;
    for case in &cases {
        let text = |field: &str| case[field].as_str();
        let (name, other) = (text("name").unwrap(), |field: &str| text(field).map(|name| table(name).message()));
        if text("error").is_some() {
            continue;
        }
        let expected: Anomalies = from_text(&read(&format!("anomalies/{name}.pbtxt"))).unwrap();
        let (previous, serving) = (other("previous_statistics"), other("serving_statistics"));
        let options = CheckOptions {
            environment: text("environment"),
            previous: previous.as_ref(),
            serving: serving.as_ref(),
            new_features_are_warnings: text("validation_options").is_some(),
            ..CheckOptions::default()
        };
        let found =
            validate(&table(text("stats").unwrap()).message(), &schema(text("schema").unwrap()), &options).unwrap();
        assert_alike(name, &expected, &found);
        compared += 1;
    }
    assert_eq!(compared, 29);
}
