//! Whether a column is there, how often, and with how many values.

use super::{Kind, Reason};
use crate::number::six_digits;
use crate::proto::{Feature, FeaturePresence, LifecycleStage, Schema, ValueCount, feature};
use crate::schema::value_count;
use crate::view::{DatasetView, FeatureView};

/// The short text of all ways in which a column is not there.
pub(super) const DROPPED: &str = "Column dropped";
const MISSING: &str = "Missing values";
const SUPERFLUOUS: &str = "Superfluous values";
const NESTEDNESS: &str = "Mismatched value nest level";

/// Whether features at this stage are not checked at all.
pub(super) fn is_out(stage: LifecycleStage) -> bool {
    use LifecycleStage::{Alpha, DebugOnly, Deprecated, Disabled, Planned};
    matches!(stage, Planned | Alpha | Deprecated | DebugOnly | Disabled)
}

/// Whether a feature is not checked at all.
pub(super) fn is_deprecated(feature: &Feature) -> bool {
    feature.deprecated() || is_out(feature.lifecycle_stage())
}

/// Whether a feature belongs to an environment. Without one all do.
pub(super) fn is_in(feature: &Feature, environment: Option<&str>, default: &[String]) -> bool {
    let Some(environment) = environment else { return true };
    let has = |list: &[String]| list.iter().any(|name| name == environment);
    has(&feature.in_environment) || (!has(&feature.not_in_environment) && has(default))
}

/// Whether a feature must be there.
pub(crate) fn is_required(feature: &Feature, environment: Option<&str>, default: &[String]) -> bool {
    let (count, fraction) = match &feature.presence_constraints {
        Some(feature::PresenceConstraints::Presence(presence)) => (presence.min_count(), presence.min_fraction()),
        _ => (0, 0.0),
    };
    !is_deprecated(feature) && (count > 0 || fraction > 0.0) && is_in(feature, environment, default)
}

/// Positions of the features that must be there and have no statistics at all.
pub(crate) fn missing<'a>(
    schema: &'a Schema,
    data: DatasetView<'a>,
    environment: Option<&'a str>,
) -> impl Iterator<Item = usize> + 'a {
    let present: std::collections::BTreeSet<Vec<&str>> = data.features().map(|feature| feature.path()).collect();
    let required = schema.feature.iter().enumerate().filter(move |(_, feature)| {
        is_required(feature, environment, &schema.default_environment) && !present.contains(&vec![feature.name()])
    });
    required.map(|(at, _)| at)
}

/// Presence in too few examples, or in too small a share of them.
#[allow(clippy::cast_possible_truncation, reason = "counts and shares in the precision of the texts")]
pub(super) fn check(presence: &mut FeaturePresence, column: &FeatureView<'_>) -> Vec<Reason> {
    let mut reasons = Vec::new();
    let present = column.present();
    if let Some(wanted) = presence.min_count
        && present < wanted as f64
    {
        let actual = present as i64;
        presence.min_count = Some(actual);
        reasons.push(Reason::new(
            Kind::FeatureTypeLowNumberPresent,
            DROPPED,
            format!(
                "The feature was present in fewer examples than expected: minimum count = {wanted}, actual = {actual}"
            ),
        ));
    }
    let Some(fraction) = column.fraction_present() else { return reasons };
    if let Some(wanted) = presence.min_fraction
        && fraction < wanted
    {
        presence.min_fraction = Some(fraction);
        let wanted = wanted as f32;
        reasons.push(Reason::new(
            Kind::FeatureTypeLowFractionPresent,
            DROPPED,
            format!(
                "The feature was present in fewer examples than expected: minimum fraction = {wanted:.6}, actual = {fraction:.6}"
            ),
        ));
    }
    // So few are missing among so many that the share is 1 nevertheless.
    #[allow(clippy::float_cmp, reason = "exactly 1 is what asks for all")]
    if presence.min_fraction == Some(1.0) && column.missing() != 0.0 {
        presence.min_fraction = Some(0.9999);
        let missing = six_digits(column.missing());
        reasons.push(Reason::new(
            Kind::FeatureTypeLowFractionPresent,
            DROPPED,
            format!("The feature was expected everywhere, but was missing in {missing} examples."),
        ));
    }
    reasons
}

/// The number of values of each example, or their shape.
pub(super) fn check_shape(feature: &mut Feature, column: &FeatureView<'_>) -> Vec<Reason> {
    let counts = column.value_counts();
    match &mut feature.shape_type {
        None => Vec::new(),
        Some(feature::ShapeType::ValueCount(_)) if counts.len() > 1 => {
            feature.shape_type = value_count(column);
            vec![Reason::new(
                Kind::ValueNestednessMismatch,
                NESTEDNESS,
                "This feature has a value_count, but the nestedness level of the feature > 1. For features with nestedness levels \
                 greater than 1, value_counts, not value_count, should be specified.",
            )]
        }
        Some(feature::ShapeType::ValueCount(wanted)) => {
            counts.first().map_or_else(Vec::new, |counts| check_count(wanted, *counts, ""))
        }
        Some(feature::ShapeType::ValueCounts(wanted)) if wanted.value_count.len() != counts.len() => {
            feature.shape_type = value_count(column);
            let long = "The values have a different nest level than expected. Value counts will not be checked.";
            vec![Reason::new(Kind::ValueNestednessMismatch, NESTEDNESS, long)]
        }
        Some(feature::ShapeType::ValueCounts(wanted)) => {
            let levels = wanted.value_count.iter_mut().zip(counts).enumerate();
            levels
                .flat_map(|(n, (wanted, counts))| check_count(wanted, counts, &format!(" at nestedness level {n}")))
                .collect()
        }
        Some(feature::ShapeType::Shape(shape)) => {
            let expected: i64 = shape.dim.iter().map(crate::proto::fixed_shape::Dim::size).product();
            let fixed = counts.iter().all(|(min, max)| min == max && *min != 0);
            let actual: i64 = counts.iter().map(|(min, _)| *min).product();
            let long = if !fixed || column.missing_anywhere() {
                "The feature has a shape, but it's not always present (if the feature is nested, then it should always be present at \
                 each nested level) or its value lengths vary."
                    .to_owned()
            } else if actual != expected {
                format!("The feature has fixed value length {actual} but it's not compatible with the specified shape.")
            } else {
                return Vec::new();
            };
            feature.shape_type = None;
            vec![Reason::new(Kind::InvalidFeatureShape, "Feature shape dropped", long)]
        }
    }
}

fn check_count(wanted: &mut ValueCount, (min, max): (i64, i64), level: &str) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if wanted.min.is_some_and(|wanted| min < wanted) {
        wanted.min = (min != 0).then_some(min);
        let long = format!("Some examples have fewer values than expected{level}.");
        reasons.push(Reason::new(Kind::FeatureTypeLowNumberValues, MISSING, long));
    }
    if wanted.max.is_some_and(|wanted| max > wanted) {
        wanted.max = Some(max);
        let long = format!("Some examples have more values than expected{level}.");
        reasons.push(Reason::new(Kind::FeatureTypeHighNumberValues, SUPERFLUOUS, long));
    }
    reasons
}
