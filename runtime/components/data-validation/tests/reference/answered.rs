//! Answers for the twenty tables of `odd.rs` are those that TFDV gave, which `tests/tfdv/run.sh` makes anew.

use std::path::PathBuf;

use data_validation::check::{CheckOptions, validate};
use data_validation::proto::feature_name_statistics::Stats;
use data_validation::proto::{DatasetFeatureStatisticsList, Described};
use data_validation::schema::{InferOptions, infer};
use data_validation::statistics::{Options, Table, describe};
use data_validation::text::from_text;

use crate::common::differences;
use crate::odd::{tables, with_checks};

/// Buckets of a rank histogram that the answers keep, besides the last one.
const MOST_RANKS: usize = 100;

fn answer<M: Described>(name: &str) -> M {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/odd").join(format!("{name}.pbtxt"));
    from_text(&std::fs::read_to_string(&path).unwrap()).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn described(csv: &str) -> DatasetFeatureStatisticsList {
    describe(&[Table::of("table.csv", csv.as_bytes())], &Options::default()).unwrap().message()
}

/// As the answers are kept.
fn shortened(mut statistics: DatasetFeatureStatisticsList) -> DatasetFeatureStatisticsList {
    for feature in &mut statistics.datasets[0].features {
        if let Some(Stats::StringStats(stats)) = &mut feature.stats
            && let Some(ranks) = &mut stats.rank_histogram
            && ranks.buckets.len() > MOST_RANKS
        {
            ranks.buckets.drain(MOST_RANKS..ranks.buckets.len() - 1);
        }
    }
    statistics
}

#[test]
fn statistics_are_those_of_tfdv() {
    let mut all = Vec::new();
    for table in tables() {
        for (span, csv) in table.spans.iter().enumerate() {
            let name = format!("{}.{span}", table.name);
            all.extend(differences(&name, &answer(&name), &shortened(described(csv))));
        }
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn schemas_are_those_of_tfdv() {
    let mut all = Vec::new();
    for table in tables() {
        let found = infer(&described(&table.spans[0]), InferOptions::default()).unwrap();
        let name = format!("{}.schema", table.name);
        all.extend(differences(&name, &answer(&name), &found));
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn anomalies_and_distances_are_those_of_tfdv() {
    let mut all = Vec::new();
    for (number, table) in tables().enumerate() {
        let [before, after] = table.spans.each_ref().map(|csv| described(csv));
        let schema = infer(&before, InferOptions::default()).unwrap();
        let compared = CheckOptions { previous: Some(&before), serving: Some(&before), ..CheckOptions::default() };
        let checks = with_checks(number, schema.clone());
        for (kind, schema, options) in [("plain", schema, CheckOptions::default()), ("checks", checks, compared)] {
            let mut found = validate(&after, &schema, &options).unwrap();
            found.baseline_schema = None;
            let name = format!("{}.{kind}", table.name);
            all.extend(differences(&name, &answer(&name), &found));
        }
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}
