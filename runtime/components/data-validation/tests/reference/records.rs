//! What CSV cannot have: lists of several values or of none, features that are not there, bytes that are no text. The answers are TFDV's on the
//! same files, which `tests/data/make_records.py` made.

use std::path::PathBuf;

use data_validation::check::{CheckOptions, validate};
use data_validation::proto::{Anomalies, DatasetFeatureStatisticsList, Described, Schema};
use data_validation::schema::{InferOptions, infer};
use data_validation::statistics::{Options, Slicing, Statistics, Table, describe};
use data_validation::text::from_text;

use crate::common::assert_alike;

const TABLES: [&str; 6] = ["dense", "ragged", "missing", "fixed", "odd", "late"];

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/records").join(name)
}

fn answer<M: Described>(name: &str) -> M {
    from_text(&std::fs::read_to_string(path(name)).unwrap()).unwrap()
}

fn described(table: &str, options: &Options) -> DatasetFeatureStatisticsList {
    let content = std::fs::read(path(&format!("{table}.tfrecord.gz"))).unwrap();
    describe(&[Table::of(table, &content)], options).unwrap().message()
}

#[test]
fn statistics_are_those_of_tfdv() {
    for table in TABLES {
        let expected = answer(&format!("{table}.stats.pbtxt"));
        assert_alike::<DatasetFeatureStatisticsList>(table, &expected, &described(table, &Options::default()));
    }
}

#[test]
fn schemas_are_those_of_tfdv() {
    for table in TABLES {
        let found = infer(&described(table, &Options::default()), InferOptions::default()).unwrap();
        assert_alike::<Schema>(table, &answer(&format!("{table}.schema.pbtxt")), &found);
    }
}

#[test]
fn numbers_of_values_are_checked_as_tfdv_checks_them() {
    for (data, by) in
        [("ragged", "dense"), ("missing", "dense"), ("dense", "ragged"), ("dense", "fixed"), ("odd", "ragged")]
    {
        let name = format!("{data}_by_{by}");
        let schema: Schema = answer(&format!("{by}.schema.pbtxt"));
        let found = validate(&described(data, &Options::default()), &schema, &CheckOptions::default()).unwrap();
        assert_alike::<Anomalies>(&name, &answer(&format!("{name}.anomalies.pbtxt")), &found);
    }
}

#[test]
fn slices_are_those_of_tfdv() {
    let every = |feature: &str| (feature.to_owned(), None);
    let some = |feature: &str, values: &[&str]| {
        (feature.to_owned(), Some(values.iter().map(|value| (*value).to_owned()).collect()))
    };
    for (name, features) in [
        ("by_text", vec![every("t")]),
        ("by_values", vec![some("i", &["1", "3"])]),
        ("crossed", vec![every("t"), some("i", &["1", "2"])]),
    ] {
        let options = Options { slices: vec![Slicing { features }], ..Options::default() };
        let expected = answer(&format!("ragged_{name}.slices.pbtxt"));
        assert_alike::<DatasetFeatureStatisticsList>(name, &expected, &described("ragged", &options));
    }
}

#[test]
fn what_a_schema_says_changes_what_is_described() {
    for claims in ["composite", "image"] {
        let schema: Schema = answer(&format!("{claims}.claims.pbtxt"));
        let options = Options { schema: Some(schema.clone()), ..Options::default() };
        for table in ["ragged", "missing"] {
            let name = format!("{table}_{claims}");
            let found = described(table, &options);
            assert_alike::<DatasetFeatureStatisticsList>(&name, &answer(&format!("{name}.stats.pbtxt")), &found);
            let anomalies = validate(&found, &schema, &CheckOptions::default()).unwrap();
            assert_alike::<Anomalies>(&name, &answer(&format!("{name}.anomalies.pbtxt")), &anomalies);
        }
        // Parts of the rows know it, too.
        let content = std::fs::read(path("missing.tfrecord.gz")).unwrap();
        let part = || describe(&[Table::of("missing", &content)], &options).unwrap();
        let (mut kept, mut read) = (part(), Statistics::from_bytes(&part().to_bytes()).unwrap());
        kept.merge(&part()).unwrap();
        read.merge(&Statistics::from_bytes(&part().to_bytes()).unwrap()).unwrap();
        assert_eq!(read.message(), kept.message());
    }
}

#[test]
fn slices_of_csv_are_named_by_values_and_not_by_cells() {
    let table = Table::of("t.csv", b"kind,n\n007,1\n7,2\n,3\n+8,4\n");
    let slicing = Slicing { features: vec![("kind".to_owned(), None)] };
    let options = Options { slices: vec![slicing], ..Options::default() };
    let found = describe(&[table], &options).unwrap().message();
    let names: Vec<_> = found.datasets.iter().map(|part| (part.name.as_str(), part.num_examples)).collect();
    assert_eq!(names, [("All Examples", 4), ("kind_7", 2), ("kind_8", 1)]);
    assert_eq!(found.datasets[1].features.len(), 2);
}

#[test]
fn too_many_slices_are_told() {
    let text: String = std::iter::once("id\n".to_owned()).chain((0..1002).map(|n| format!("{n}\n"))).collect();
    let slicing = Slicing { features: vec![("id".to_owned(), None)] };
    let options = Options { slices: vec![slicing], ..Options::default() };
    let error = describe(&[Table::of("t.csv", text.as_bytes())], &options).unwrap_err().to_string();
    assert_eq!(error, "t.csv, line 1002: there are more than 1000 slices: name the values that are meant");
}

#[test]
fn a_feature_of_two_types_is_told_with_its_place() {
    let row = |feature: &[u8]| {
        let mut record = Vec::new();
        let entry = [&[10, 1, b'a', 18, u8::try_from(feature.len()).unwrap()], feature].concat();
        let features = [&[10, u8::try_from(entry.len()).unwrap()], entry.as_slice()].concat();
        let example = [&[10, u8::try_from(features.len()).unwrap()], features.as_slice()].concat();
        tables::tfrecord::write(&mut record, &example).unwrap();
        record
    };
    // An integer, then a text.
    let file = [row(&[26, 3, 10, 1, 5]), row(&[10, 3, 10, 1, b'x'])].concat();
    let error = describe(&[Table::of("t.tfrecord", &file)], &Options::default()).unwrap_err().to_string();
    assert_eq!(error, "t.tfrecord, record 2: column `a` has texts, and another type before or in the schema");
}
