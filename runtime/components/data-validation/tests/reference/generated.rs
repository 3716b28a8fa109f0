//! What must hold for any table, tried on twenty that a seed makes: with all types, gaps, ties, oddities and drift.

use std::fmt::Write as _;

use data_validation::check::{CheckOptions, is_blessed, validate};
use data_validation::proto::drift_skew_info::measurement::Type as Measure;
use data_validation::proto::{FeatureComparator, InfinityNorm, JensenShannonDivergence};
use data_validation::schema::{InferOptions, infer};
use data_validation::statistics::{Options, Statistics, Table, describe, types};
use data_validation::text::{from_bytes, from_text, to_bytes, to_text};

use crate::common::assert_alike;

/// A generator of numbers that is the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

/// The cells of a column of one of ten sorts.
fn cell(sort: u64, row: u64, drift: u64, random: &mut Random) -> String {
    let k = random.below(1000);
    match sort {
        0 => (k % 50 + drift).to_string(),
        1 => format!("{:.3}", (k * k % 977) as f64 / 7.0 + drift as f64),
        2 => ["red", "green", "blue", "größe", "東京"][usize::try_from((k * (k + drift)) % 5).unwrap()].to_owned(),
        3 => format!("id-{row:05}"),
        4 => if k.is_multiple_of(3 + drift) { "true" } else { "false" }.to_owned(),
        5 => "7".to_owned(),
        6 => String::new(),
        7 => match k % 25 {
            0 => "nan".to_owned(),
            1 => "inf".to_owned(),
            2 => "-1e3".to_owned(),
            _ => format!("{}", k as f64 / 8.0),
        },
        8 => format!("\"{},\"\"x\"\"\"", k % 4),
        _ => (k % 2).to_string(),
    }
}

struct Made {
    header: String,
    rows: Vec<String>,
}

fn table(seed: u64, drift: u64) -> Made {
    let mut shape = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) + 1);
    let columns: Vec<(u64, u64)> = (0..2 + shape.below(9)).map(|_| (shape.below(10), shape.below(4))).collect();
    let rows = 40 + shape.below(3000);
    let mut random = Random(seed + 77 + drift * 1000);
    let mut made = Made { header: String::new(), rows: Vec::new() };
    for (n, _) in columns.iter().enumerate() {
        _ = write!(made.header, "{}column {n}", if n == 0 { "" } else { "," });
    }
    for row in 0..rows {
        let cells = columns.iter().map(|(sort, gaps)| {
            // The first row is whole, so that no column is empty by chance.
            let gap = row > 0 && *gaps > 0 && random.below(20) < *gaps;
            if gap { String::new() } else { cell(*sort, row, drift, &mut random) }
        });
        made.rows.push(cells.collect::<Vec<_>>().join(","));
    }
    made
}

impl Made {
    fn text<'a>(&self, rows: impl Iterator<Item = &'a String>) -> String {
        let mut text = self.header.clone() + "\n";
        rows.for_each(|row| _ = writeln!(text, "{row}"));
        text
    }

    fn statistics(&self) -> Statistics {
        let text = self.text(self.rows.iter());
        describe(&[Table::of("table", text.as_bytes())], &Options::default()).unwrap()
    }
}

#[test]
fn parts_put_together_are_the_whole() {
    for seed in 0..20 {
        let made = table(seed, 0);
        let third = made.rows.len() / 3;
        let parts = [made.text(made.rows[..third].iter()), made.text(made.rows[third..].iter())];
        let tables = || parts.each_ref().map(|part| Table::of("part", part.as_bytes()));
        let options = Options::default();
        let types = types(&tables(), &options).unwrap();
        let mut halves = parts.iter().map(|part| {
            let mut half = Statistics::new(&types, &options);
            half.read(&Table::of("part", part.as_bytes()), &types).unwrap();
            half
        });
        let mut merged = halves.next().unwrap();
        merged.merge(&halves.next().unwrap()).unwrap();
        let whole = made.statistics().message();
        assert_alike(&format!("seed {seed}, merged"), &whole, &merged.message());
        assert_alike(&format!("seed {seed}, read"), &whole, &describe(&tables(), &options).unwrap().message());
    }
}

#[test]
fn the_order_of_rows_does_not_matter() {
    for seed in 0..20 {
        let made = table(seed, 0);
        let n = made.rows.len();
        let other = made.text((0..n).map(|k| &made.rows[(k * 7919 + 13) % n]));
        let other = describe(&[Table::of("table", other.as_bytes())], &Options::default()).unwrap();
        assert_alike(&format!("seed {seed}"), &made.statistics().message(), &other.message());
    }
}

#[test]
fn counts_add_up() {
    for seed in 0..20 {
        let made = table(seed, 0);
        let statistics = made.statistics().message();
        for feature in &statistics.datasets[0].features {
            use data_validation::proto::feature_name_statistics::Stats;
            let (common, counted, buckets) = match feature.stats.as_ref().unwrap() {
                Stats::NumStats(stats) => {
                    let nan = stats.histograms.first().map_or(0, |one| one.num_nan);
                    let sums: Vec<f64> = stats
                        .histograms
                        .iter()
                        .map(|one| one.buckets.iter().map(|bucket| bucket.sample_count).sum())
                        .collect();
                    assert!(stats.min <= stats.median && stats.median <= stats.max);
                    (stats.common_stats.as_ref().unwrap(), nan as f64, sums)
                }
                Stats::StringStats(stats) => {
                    let ranks = stats.rank_histogram.iter().flat_map(|ranks| &ranks.buckets);
                    let sum: f64 = ranks.map(|bucket| bucket.sample_count).sum();
                    let whole = stats.unique <= 1000;
                    (stats.common_stats.as_ref().unwrap(), 0.0, if whole { vec![sum] } else { Vec::new() })
                }
                other => panic!("{other:?}"),
            };
            assert_eq!(common.num_missing + common.num_non_missing, made.rows.len() as u64);
            for sum in buckets {
                let present = common.num_non_missing as f64;
                assert!((sum + counted - present).abs() <= 1e-3 * present, "seed {seed}: {sum} of {present}");
            }
        }
    }
}

#[test]
fn data_fits_its_own_schema_and_files_are_read_as_they_were_written() {
    for seed in 0..20 {
        let statistics = table(seed, 0).statistics().message();
        let schema = infer(&statistics, InferOptions::default()).unwrap();
        let anomalies = validate(&statistics, &schema, &CheckOptions::default()).unwrap();
        assert!(is_blessed(&anomalies), "seed {seed}: {}", to_text(&anomalies));
        assert_eq!(from_text::<data_validation::proto::Schema>(&to_text(&schema)).unwrap(), schema);
        assert_eq!(from_text::<data_validation::proto::Anomalies>(&to_text(&anomalies)).unwrap(), anomalies);
        let again: data_validation::proto::DatasetFeatureStatisticsList = from_bytes(&to_bytes(&statistics)).unwrap();
        // As text, since NaN is not equal to itself.
        assert_eq!(to_text(&again), to_text(&statistics));
    }
}

#[test]
fn distances_are_symmetric_and_nothing_is_far_from_itself() {
    for seed in 0..20 {
        let (before, after) = (table(seed, 0).statistics().message(), table(seed, 3).statistics().message());
        let mut schema = infer(&before, InferOptions::default()).unwrap();
        for feature in &mut schema.feature {
            feature.drift_comparator = Some(FeatureComparator {
                infinity_norm: Some(InfinityNorm { threshold: Some(0.0) }),
                jensen_shannon_divergence: Some(JensenShannonDivergence { threshold: Some(0.0), source: None }),
                normalized_abs_difference: None,
            });
        }
        let measured = |current, previous| {
            let options = CheckOptions { previous: Some(previous), ..CheckOptions::default() };
            let found = validate(current, &schema, &options).unwrap();
            let infos = found.drift_skew_info.into_iter();
            let all = infos.flat_map(|info| info.drift_measurements).map(|one| (one.r#type(), one.value()));
            all.collect::<Vec<_>>()
        };
        let (there, back) = (measured(&after, &before), measured(&before, &after));
        assert_eq!(there.len(), back.len());
        for ((_, there), (_, back)) in there.iter().zip(&back) {
            assert!((0.0..=1.0).contains(there) && (there - back).abs() < 1e-12, "seed {seed}: {there} and {back}");
        }
        let same: Vec<_> =
            measured(&before, &before).into_iter().filter(|(kind, _)| *kind == Measure::LInfty).collect();
        assert!(same.iter().all(|(_, value)| *value <= 0.0), "seed {seed}");
    }
}
