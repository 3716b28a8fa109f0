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

/// The table, as CSV.
fn of(csv: &str) -> data_validation::proto::DatasetFeatureStatisticsList {
    use data_validation::statistics::{Options, Table, describe};
    describe(&[Table::of("t.csv", csv.as_bytes())], &Options::default()).unwrap().message()
}

/// TFDV 1.21 measures texts against no texts, and has no divergence then, of which it says nothing. That neither means anything is told here.
#[test]
fn a_column_that_cannot_be_compared_is_told_with_both_types() {
    let numbers = of("age,size,gone\n1,1,1\n2,2,2\n3,3,3\n");
    let texts = of("age,size,gone\nyoung,1.5,\nold,2.5,\nold,3.5,\n");
    let schema = |statistics| {
        let mut schema = infer(statistics, InferOptions::default()).unwrap();
        let comparator = from_text::<Schema>(
            "feature { name: 'x' type: INT drift_comparator { jensen_shannon_divergence { threshold: 1 } infinity_norm { threshold: 1 } } }",
        );
        let comparator = comparator.unwrap().feature[0].drift_comparator;
        for feature in &mut schema.feature {
            feature.drift_comparator = comparator;
            feature.presence_constraints = None;
            feature.shape_type = None;
        }
        schema
    };
    let told = |current, previous, schema: &Schema| {
        let options = CheckOptions { previous: Some(previous), ..CheckOptions::default() };
        let found = validate(current, schema, &options).unwrap();
        let of_age = found.drift_skew_info.iter().find(|info| info.path.as_ref().unwrap().step == ["age"]).unwrap();
        let measured = of_age.drift_measurements.iter().map(|one| (one.r#type().as_str_name(), one.value()));
        // As TFDV has them.
        assert_eq!(measured.collect::<Vec<_>>(), [("L_INFTY", 2.0 / 3.0)]);
        found.anomaly_info.iter().map(|(column, info)| (column.clone(), reasons(info))).collect::<BTreeMap<_, _>>()
    };
    let reason = |kind: &str, why: &str| {
        let short = "Nothing to compare between current and previous";
        vec![vec![kind.to_owned(), short.to_owned(), format!("Distances would mean nothing: {why}.")]]
    };
    // Integers and other numbers are compared.
    let found = told(&texts, &numbers, &schema(&texts));
    let types = "values are of type STRING in the current data and of type INT in the previous data";
    assert_eq!(found, [("age".to_owned(), reason("UNEXPECTED_DATA_TYPE", types))].into());
    let found = told(&numbers, &texts, &schema(&numbers));
    let types = "values are of type INT in the current data and of type STRING in the previous data";
    let nothing = reason("COMPARATOR_CONTROL_DATA_MISSING", "there are no values in the previous data");
    let expected = [("age".to_owned(), reason("UNEXPECTED_DATA_TYPE", types)), ("gone".to_owned(), nothing)];
    assert_eq!(found, expected.into());
    // What the schema says of the type already is not said twice.
    let found = told(&texts, &numbers, &schema(&numbers));
    assert_eq!(found["age"][0][2], "Expected data of type: INT but got STRING");
    assert!(found["age"].iter().all(|reason| !reason[2].contains("mean nothing")), "{found:?}");
}

/// What TFDV 1.21 answered, whatever the words of the domain.
#[test]
fn decimals_are_held_against_a_domain_of_truths_as_tfdv_holds_them() {
    for (values, told) in [
        ("0.0 1.0", None),
        ("0.5", Some("Floats (such as 0.5) not in {0, 1}")),
        ("0.5 1.0 2.5", Some("Floats (such as 0.5) not in {0, 1}")),
        ("nan 1.0", Some("Floats (such as NaN) not in {0, 1}")),
        ("0.0 inf", Some("Floats (such as inf) not in {0, 1}")),
        ("-0.5 1.0", Some("Floats (such as -0.5) not in {0, 1}")),
        ("0.0 0.5 1.0", Some("Float values falling between 0 and 1")),
    ] {
        let data = of(&format!("x\n{}\n", values.replace(' ', "\n")));
        for (kind, words) in [
            ("FLOAT", ""),
            ("FLOAT", "true_value: 'true' false_value: 'false'"),
            ("INT", ""),
            ("BYTES", "true_value: 'true'"),
        ] {
            let schema = from_text(&format!("feature {{ name: 'x' type: {kind} bool_domain {{ {words} }} }}")).unwrap();
            let found = validate(&data, &schema, &CheckOptions::default()).unwrap();
            let found = found.anomaly_info.get("x").map(reasons).unwrap_or_default();
            let mut expected = Vec::new();
            if kind != "FLOAT" {
                let long = format!("Expected data of type: {kind} but got FLOAT");
                expected.push(["UNEXPECTED_DATA_TYPE".to_owned(), "Unexpected data type".to_owned(), long]);
            }
            expected.extend(told.map(|told| {
                let long = format!("{told}: converting to float_domain.");
                ["BOOL_TYPE_UNEXPECTED_FLOAT".to_owned(), "Non-boolean values".to_owned(), long]
            }));
            assert_eq!(found, expected, "{values} as {kind} {words}");
        }
    }
}
