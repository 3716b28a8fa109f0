//! Distances of a column from the same column of other data, against the schema's thresholds.

use super::{Kind, Reason};
use crate::divergence::{jensen_shannon, largest_difference};
use crate::number::six_digits;
use crate::proto::drift_skew_info::{Measurement, measurement};
use crate::proto::{FeatureComparator, FeatureType, histogram_selection};
use crate::view::{DatasetView, FeatureView};

/// What the two sides of a comparison are called.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sides {
    treatment: &'static str,
    control: &'static str,
}

/// Data against that of the span before.
pub(crate) const DRIFT: Sides = Sides { treatment: "current", control: "previous" };
/// Data for training against that for serving.
pub(super) const SKEW: Sides = Sides { treatment: "training", control: "serving" };

/// Why distances mean nothing.
pub(crate) struct Obstacle {
    kind: Kind,
    pub problem: String,
}

/// Why distances of two columns mean nothing: one has numbers where the other has texts, or no values. Integers and floating-point numbers can
/// be compared.
pub(crate) fn obstacle(column: &FeatureView<'_>, other: &FeatureView<'_>, sides: Sides) -> Option<Obstacle> {
    let Sides { treatment, control } = sides;
    let (kind, problem) = match (column.present() > 0.0, other.present() > 0.0) {
        (true, true) if column.is_described_as(other) => return None,
        (true, true) => {
            let (ours, theirs) = (column.form(), other.form());
            let problem =
                format!("values are of type {ours} in the {treatment} data and of type {theirs} in the {control} data");
            (Kind::UnexpectedDataType, problem)
        }
        (true, false) => (Kind::ComparatorControlDataMissing, format!("there are no values in the {control} data")),
        (false, true) => (Kind::ComparatorTreatmentDataMissing, format!("there are no values in the {treatment} data")),
        (false, false) => return None,
    };
    Some(Obstacle { kind, problem: format!("Distances would mean nothing: {problem}.") })
}

/// Measures what has a threshold, and raises thresholds to what was measured. Nothing is said where there is no other data. What
/// cannot be compared is told as well: TFDV measures texts against none, and says nothing where it measures nothing.
pub(super) fn check(
    wanted: &mut FeatureComparator,
    wanted_type: FeatureType,
    column: &FeatureView<'_>,
    other: Option<DatasetView<'_>>,
    sides: Sides,
) -> (Vec<Reason>, Vec<Measurement>) {
    let (mut reasons, mut measurements) = (Vec::new(), Vec::new());
    let infinity_norm = wanted.infinity_norm.as_mut().and_then(|norm| norm.threshold.as_mut());
    let selected = wanted.jensen_shannon_divergence.as_ref().and_then(|divergence| divergence.source.as_ref());
    let source = selected.map_or(histogram_selection::Type::Default, crate::proto::HistogramSelection::r#type);
    let divergence = wanted.jensen_shannon_divergence.as_mut().and_then(|divergence| divergence.threshold.as_mut());
    let difference = wanted.normalized_abs_difference.as_mut().and_then(|difference| difference.threshold.as_mut());
    let Some(other) = other else { return (reasons, measurements) };
    if infinity_norm.is_none() && divergence.is_none() && difference.is_none() {
        return (reasons, measurements);
    }
    let Sides { treatment, control } = sides;
    let Some(other) = other.find(&column.path()) else {
        for threshold in [
            wanted.infinity_norm.as_mut().map(|norm| &mut norm.threshold),
            wanted.jensen_shannon_divergence.as_mut().map(|divergence| &mut divergence.threshold),
            wanted.normalized_abs_difference.as_mut().map(|difference| &mut difference.threshold),
        ] {
            threshold.map(Option::take);
        }
        let (short, long) = (format!("{control} data missing"), format!("{control} data is missing."));
        reasons.push(Reason::new(Kind::ComparatorControlDataMissing, short, long));
        return (reasons, measurements);
    };
    // Where the schema wants another type, that has been told of the column itself.
    if let Some(Obstacle { kind, problem }) = obstacle(column, &other, sides)
        && column.schema_type() == wanted_type
    {
        reasons.push(Reason::new(kind, format!("Nothing to compare between {treatment} and {control}"), problem));
    }
    let mut measured = |kind: measurement::Type, value: f64, threshold: f64| {
        measurements.push(Measurement { r#type: Some(kind.into()), value: Some(value), threshold: Some(threshold) });
        value > threshold
    };
    let long = |what: &str, value: f64, threshold: f64| {
        format!(
            "The {what} between {treatment} and {control} is {} (up to six significant digits), above the threshold {}.",
            six_digits(value),
            six_digits(threshold)
        )
    };
    if let Some(threshold) = infinity_norm {
        let (text, value) = largest_difference(&column.texts(), &other.texts(), false);
        if measured(measurement::Type::LInfty, value, *threshold) {
            let short = format!("High Linfty distance between {treatment} and {control}");
            let long = long("Linfty distance", value, *threshold);
            let long = format!("{long} The feature value with maximum difference is: {text}");
            reasons.push(Reason::new(Kind::ComparatorLInftyHigh, short, long));
            *threshold = value;
        }
    }
    if let Some(threshold) = difference {
        let (text, value) = largest_difference(&column.texts(), &other.texts(), true);
        if measured(measurement::Type::NormalizedAbsoluteDifference, value, *threshold) {
            let short = format!("High normalized absolute difference between {treatment} and {control}");
            let long = long("normalized absolute difference", value, *threshold);
            let long = format!("{long} The feature value with maximum difference is: {text}");
            reasons.push(Reason::new(Kind::ComparatorNormalizedAbsoluteDifferenceHigh, short, long));
            *threshold = value;
        }
    }
    if let Some(threshold) = divergence
        && let Some(value) = jensen_shannon(column, &other, source)
        && measured(measurement::Type::JensenShannonDivergence, value, *threshold)
    {
        let short = format!("High approximate Jensen-Shannon divergence between {treatment} and {control}");
        let long = long("approximate Jensen-Shannon divergence", value, *threshold);
        reasons.push(Reason::new(Kind::ComparatorJensenShannonDivergenceHigh, short, long));
        *threshold = value;
    }
    (reasons, measurements)
}
