//! Features are those that TensorFlow Transform and scikit-learn made of the same rows (`tests/data/make_features.py`).

mod common;

use common::{feature, learned, read, rows, rows_of};
use data_transform::{Analysis, Feature, Fill, Graph, Map, Part, Terms, Vocabulary};
use serde_json::Value;
use tables::{Record, Values};

fn filled(name: &str, fill: Fill, map: Map) -> Feature {
    Feature { fill: Some(fill), ..feature(name, "gap", map) }
}

fn words(name: &str, smooth: bool, unit: bool) -> Feature {
    let map = Map::TfIdf(Vocabulary::default(), Terms { smooth, unit });
    Feature { split: Some(" ".to_owned()), ..feature(name, "doc", map) }
}

fn numbers(row: &Record, name: &str) -> Vec<f64> {
    match row.of(name) {
        Values::Ints(values) => values.iter().map(|value| *value as f64).collect(),
        Values::Floats(values) => values.to_vec(),
        other => panic!("{name}: {other:?}"),
    }
}

/// Compares each row's numbers, to 1e-6.
fn assert_answers(graph: &Graph, rows: &[Record], names: &[(&str, &str)]) {
    let answers: Value = serde_json::from_slice(&read("answers.json")).unwrap();
    let (ready, mut made) = (graph.ready(), Record::default());
    for (n, row) in rows.iter().enumerate() {
        ready.apply(row, &mut made).unwrap();
        for (answer, column) in names {
            let expected: Vec<f64> =
                answers[answer][n].as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect();
            let found = numbers(&made, column);
            let close = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-6 * a.abs().max(1.0);
            assert!(expected.len() == found.len(), "{answer}, row {n}: {expected:?} is {found:?}");
            assert!(expected.iter().zip(&found).all(close), "{answer}, row {n}: {expected:?} is {found:?}");
        }
    }
}

fn vocabulary(top_k: Option<usize>, threshold: u64, oov_buckets: u64, default: i64) -> Map {
    Map::Vocabulary(Vocabulary { top_k, threshold, oov_buckets, default })
}

#[test]
fn features_are_those_of_tensorflow_transform() {
    let crossed = Feature { of: vec!["t".to_owned(), "i".to_owned()], ..feature("hash_crossed", "t", Map::Hash(50)) };
    let features = vec![
        feature("z", "x", Map::ZScore),
        feature("z_int", "i", Map::ZScore),
        feature("min_max", "x", Map::MinMax(-1.0, 3.0)),
        feature("buckets", "x", Map::Buckets(7)),
        feature("buckets_int", "i", Map::Buckets(4)),
        feature("bounds", "i", Map::Boundaries(vec![2.0, 5.0, 11.0])),
        feature("vocabulary", "t", vocabulary(None, 0, 0, -1)),
        feature("vocabulary_top", "t", vocabulary(Some(3), 0, 4, -1)),
        feature("vocabulary_frequent", "t", vocabulary(None, 5, 0, -7)),
        feature("vocabulary_int", "i", vocabulary(None, 0, 0, -1)),
        feature("hash", "t", Map::Hash(1000)),
        crossed,
        words("words", true, false),
        words("rough", false, false),
    ];
    let names: Vec<String> = features.iter().map(|feature| feature.name.clone()).collect();
    let rows = rows();
    let graph = learned(features, &rows);
    let same: Vec<(&str, &str)> = names.iter().take(12).map(|name| (name.as_str(), name.as_str())).collect();
    assert_answers(&graph, &rows, &same);
    let words = [("words_index", "words_index"), ("words_weight", "words_weight"), ("rough_weight", "rough_weight")];
    assert_answers(&graph, &rows, &words);
}

#[test]
fn gaps_are_filled_before_the_analysis_as_scikit_learn_does() {
    let constant = || Fill::Value("100".to_owned());
    let rows = rows();
    let graph = learned(
        vec![
            filled("gap_mean", Fill::Mean, Map::Same),
            filled("gap_mean_z", Fill::Mean, Map::ZScore),
            filled("gap_mean_min_max", Fill::Mean, Map::MinMax(0.0, 1.0)),
            filled("gap_median", Fill::Median, Map::Same),
            filled("gap_median_z", Fill::Median, Map::ZScore),
            filled("gap_median_min_max", Fill::Median, Map::MinMax(0.0, 1.0)),
            filled("gap_constant_z", constant(), Map::ZScore),
            filled("gap_constant_min_max", constant(), Map::MinMax(-2.0, 2.0)),
        ],
        &rows,
    );
    let names: Vec<String> = graph.features.iter().map(|feature| feature.name.clone()).collect();
    let same: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), name.as_str())).collect();
    assert_answers(&graph, &rows, &same);
}

#[test]
fn what_was_learned_of_some_rows_serves_others() {
    let rows = rows();
    let one_hot = Map::OneHot(Vocabulary::default(), true);
    let graph = learned(vec![feature("serving_z", "x", Map::ZScore), feature("one_hot", "t", one_hot)], &rows[..50]);
    assert_answers(&graph, &rows, &[("serving_z", "serving_z")]);
    let answers: Value = serde_json::from_slice(&read("answers.json")).unwrap();
    let (ready, mut made) = (graph.ready(), Record::default());
    for (n, row) in rows.iter().enumerate() {
        ready.apply(row, &mut made).unwrap();
        let hot: Vec<&str> = made
            .names()
            .iter()
            .filter(|name| name.starts_with("one_hot_") && numbers(&made, name) == [1.0])
            .map(|name| name.strip_prefix("one_hot_").unwrap())
            .collect();
        let expected: Vec<&str> =
            answers["one_hot"][n].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
        assert_eq!(hot, expected, "row {n}");
    }
}

#[test]
fn weights_of_length_one_are_those_of_scikit_learn() {
    let rows = rows();
    let graph = learned(vec![words("words", true, true)], &rows);
    let data_transform::Step::TfIdf { values, .. } = &graph.features[0].step else { panic!("no weights") };
    let answers: Value = serde_json::from_slice(&read("answers.json")).unwrap();
    let (ready, mut made) = (graph.ready(), Record::default());
    for (n, row) in rows.iter().enumerate() {
        ready.apply(row, &mut made).unwrap();
        let expected = answers["words_unit"][n].as_object().unwrap();
        let (index, weight) = (numbers(&made, "words_index"), numbers(&made, "words_weight"));
        assert_eq!(index.len(), expected.len(), "row {n}");
        for (at, found) in index.iter().zip(weight) {
            let (_, word) = values.iter().enumerate().find(|(n, _)| *n as f64 >= *at).unwrap();
            assert!((expected[word].as_f64().unwrap() - found).abs() < 1e-9, "row {n}, {word}");
        }
    }
}

/// What `datetime` of CPython 3.11 says of these.
#[test]
fn dates_have_their_parts() {
    let rows = rows_of(b"{\"d\": \"2024-02-29T12:34:56\"}\n{\"d\": \"1969-12-31\"}\n{}\n");
    let parts = [
        (Part::Year, [2024, 1969]),
        (Part::Month, [2, 12]),
        (Part::Day, [29, 31]),
        (Part::Weekday, [3, 2]),
        (Part::DayOfYear, [60, 365]),
        (Part::Hour, [12, 0]),
        (Part::Minute, [34, 0]),
        (Part::Second, [56, 0]),
        (Part::Days, [19_782, -1]),
    ];
    for (part, expected) in parts {
        let graph = learned(vec![Feature { date: Some(part), ..feature("p", "d", Map::Same) }], &rows);
        let mut made = Record::default();
        for (row, expected) in rows.iter().zip(expected) {
            graph.ready().apply(row, &mut made).unwrap();
            assert_eq!(made.of("p"), Values::Ints(&[expected]), "{part:?}");
        }
        graph.ready().apply(&rows[2], &mut made).unwrap();
        assert_eq!(made.of("p"), Values::Missing);
    }
    assert_eq!(Part::of_name("day-of-year"), Some(Part::DayOfYear));
    assert_eq!(Part::of_name("fortnight"), None);
}

#[test]
fn columns_are_read_with_the_types_that_were_learned() {
    let rows = rows_of(b"{\"id\": \"007\", \"n\": 1}\n{\"id\": \"x\", \"n\": 2.5}\n");
    let graph = learned(vec![feature("id", "id", Map::Hash(10)), feature("n", "n", Map::ZScore)], &rows);
    assert_eq!(graph.source_type("id"), Some(tables::ColumnType::Text));
    assert_eq!(graph.source_type("n"), Some(tables::ColumnType::Float));
    assert_eq!(graph.source_type("other"), None);
}

#[test]
fn what_cannot_be_is_told_with_the_feature() {
    let problem = |feature: Feature| {
        let rows = rows();
        let mut analysis = match Analysis::new(vec![feature]) {
            Ok(analysis) => analysis,
            Err(error) => return error.to_string(),
        };
        let added = rows.iter().try_for_each(|row| analysis.add(row));
        added.and_then(|()| analysis.finish().map(drop)).expect_err("it can be").to_string()
    };
    assert_eq!(problem(feature("f", "t", Map::ZScore)), "feature `f`: the mapping needs numbers, and there are texts");
    assert_eq!(problem(feature("f", "wings", Map::ZScore)), "feature `f`: no row has a value of its columns");
    assert!(problem(feature("f", "x", Map::Hash(3))).contains("needs texts or integers, and there are floats"));
    assert!(problem(feature("f", "x", Map::Buckets(1))).contains("from 2 to 100000"));
    assert!(problem(feature("f", "x", Map::Boundaries(vec![2.0, 1.0]))).contains("each above the one before it"));
    let date = Feature { date: Some(Part::Year), ..feature("f", "t", Map::Same) };
    assert!(problem(date).contains("is no date like 2024-02-29"));
    let wrong =
        Graph::from_json(b"{\"version\": 2, \"rows\": 0, \"sources\": {}, \"features\": []}").unwrap_err().to_string();
    assert_eq!(wrong, "the fitted graph cannot be read: it has version 2, and version 1 is read");
}
