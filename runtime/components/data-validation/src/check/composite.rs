//! Sparse and weighted features: values that are made of several columns. Their statistics come under names of their own.

use super::{Kind, Reason, presence};
use crate::number::six_digits;
use crate::proto::{Schema, custom_statistic::Val};
use crate::view::FeatureView;

/// The reasons against a sparse or weighted feature; none if the schema has none of this name. A feature of the same name is in the way
/// of one that is in use.
pub(super) fn check(schema: &Schema, column: &FeatureView<'_>) -> Option<Vec<Reason>> {
    let path = column.path();
    let [name] = path.as_slice() else { return None };
    let feature = schema.feature.iter().find(|feature| feature.name() == *name);
    let sparse = schema.sparse_feature.iter().find(|feature| feature.name() == *name);
    if let Some(weighted) = schema.weighted_feature.iter().find(|feature| feature.name() == *name) {
        let collides = (feature.is_some() || sparse.is_some()) && !presence::is_out(weighted.lifecycle_stage());
        let (short, long) = ("Weighted feature name collision", "Weighted feature name collision.");
        let collision = || vec![Reason::new(Kind::WeightedFeatureNameCollision, short, long)];
        return Some(if collides { collision() } else { self::weighted(column) });
    }
    let sparse = sparse?;
    let in_use = !sparse.deprecated() && !presence::is_out(sparse.lifecycle_stage());
    let (short, long) = ("Sparse feature name collision", "Sparse feature name collision.");
    match (feature.is_some(), in_use) {
        (true, true) => Some(vec![Reason::new(Kind::SparseFeatureNameCollision, short, long)]),
        (true, false) => None,
        (false, true) => Some(self::sparse(column)),
        (false, false) => Some(Vec::new()),
    }
}

#[allow(clippy::cast_possible_truncation, reason = "counts, which TFDV writes as integers")]
fn sparse(column: &FeatureView<'_>) -> Vec<Reason> {
    let mut reasons = Vec::new();
    for statistic in column.custom() {
        match (statistic.name.as_str(), &statistic.val) {
            ("missing_value", Some(Val::Num(count))) if *count != 0.0 => reasons.push(Reason::new(
                Kind::SparseFeatureMissingValue,
                "Missing value feature",
                format!("Found {} examples missing value feature", six_digits(*count)),
            )),
            ("missing_index", Some(Val::RankHistogram(by_index))) => {
                for bucket in by_index.buckets.iter().filter(|bucket| bucket.sample_count as i64 != 0) {
                    let (count, index) = (bucket.sample_count as i64, &bucket.label);
                    reasons.push(Reason::new(
                        Kind::SparseFeatureMissingIndex,
                        "Missing index feature",
                        format!("Found {count} examples missing index feature: {index}"),
                    ));
                }
            }
            (name @ ("max_length_diff" | "min_length_diff"), Some(Val::RankHistogram(by_index))) => {
                for bucket in by_index.buckets.iter().filter(|bucket| bucket.sample_count != 0.0) {
                    let (difference, index) = (bucket.sample_count as i64, &bucket.label);
                    reasons.push(Reason::new(
                        Kind::SparseFeatureLengthMismatch,
                        "Length mismatch between value and index feature",
                        format!("Mismatch between index feature: {index} and value column, with {name} = {difference}"),
                    ));
                }
            }
            _ => {}
        }
    }
    reasons
}

#[allow(clippy::cast_possible_truncation, reason = "counts, which TFDV writes as integers")]
fn weighted(column: &FeatureView<'_>) -> Vec<Reason> {
    let mut reasons = Vec::new();
    let (mut least, mut most) = (0, 0);
    for statistic in column.custom() {
        let Some(Val::Num(count)) = statistic.val else { continue };
        if count == 0.0 {
            continue;
        }
        let found = |what: &str| format!("Found {} examples missing {what} feature.", six_digits(count));
        match statistic.name.as_str() {
            "missing_value" => {
                let kind = Kind::WeightedFeatureMissingValue;
                reasons.push(Reason::new(kind, "Missing value feature", found("value")));
            }
            "missing_weight" => {
                let kind = Kind::WeightedFeatureMissingWeight;
                reasons.push(Reason::new(kind, "Missing weight feature", found("weight")));
            }
            "min_weight_length_diff" => least = count as i64,
            "max_weight_length_diff" => most = count as i64,
            _ => {}
        }
    }
    if (least, most) != (0, 0) {
        reasons.push(Reason::new(
            Kind::WeightedFeatureLengthMismatch,
            "Length mismatch between value and weight feature",
            format!(
                "Mismatch between weight and value feature with min_weight_length_diff = {least} and \
                 max_weight_length_diff = {most}."
            ),
        ));
    }
    reasons
}
