//! How many examples there are.

use super::{Kind, Reason};
use crate::number::six_digits;
use crate::proto::{DatasetConstraints, NumericValueComparator};
use crate::view::DatasetView;

/// Checks the number of examples by itself, and against the span before and an earlier version.
///
/// A greatest number is looked at only where there is a smallest one, as TFDV has it.
pub(crate) fn check(
    wanted: Option<&DatasetConstraints>,
    data: DatasetView<'_>,
    previous: Option<DatasetView<'_>>,
    version: Option<DatasetView<'_>>,
) -> Vec<Reason> {
    let Some(wanted) = wanted else { return Vec::new() };
    let mut reasons = Vec::new();
    let comparators = [
        (&wanted.num_examples_drift_comparator, previous, "previous span"),
        (&wanted.num_examples_version_comparator, version, "previous version"),
    ];
    for (comparator, control, name) in comparators {
        if let (Some(comparator), Some(control)) = (comparator, control) {
            reasons.extend(compare(comparator, data.examples(), control.examples(), name));
        }
    }
    if let Some(least) = wanted.min_examples_count {
        let examples = data.examples();
        if examples < least as f64 {
            let long = format!("The dataset has {} examples, which is fewer than expected.", six_digits(examples));
            reasons.push(Reason::new(Kind::DatasetLowNumExamples, "Low num examples in dataset.", long));
        }
        if wanted.max_examples_count.is_some_and(|most| examples > most as f64) {
            let long = format!("The dataset has {} examples, which is more than expected.", six_digits(examples));
            reasons.push(Reason::new(Kind::DatasetHighNumExamples, "High num examples in dataset.", long));
        }
    }
    reasons
}

fn compare(wanted: &NumericValueComparator, examples: f64, before: f64, name: &str) -> Vec<Reason> {
    let mut reasons = Vec::new();
    let ratio = examples / before;
    let long = |way: &str, threshold: f64| {
        format!(
            "The ratio of num examples in the current dataset versus the {name} is {} (up to six significant digits), which is {way} \
             the threshold {}.",
            six_digits(ratio),
            six_digits(threshold)
        )
    };
    if let Some(most) = wanted.max_fraction_threshold {
        let short = format!("High num examples in current dataset versus the {name}");
        if before <= 0.0 {
            let long = format!(
                "The {name} has 0 examples, so there is a high number of examples in the current dataset versus the {name}."
            );
            reasons.push(Reason::new(Kind::ComparatorHighNumExamples, format!("{short}, which has 0."), long));
        } else if ratio > most {
            reasons.push(Reason::new(Kind::ComparatorHighNumExamples, format!("{short}."), long("above", most)));
        }
    }
    if let Some(least) = wanted.min_fraction_threshold
        && before > 0.0
        && ratio < least
    {
        let short = format!("Low num examples in current dataset versus the {name}.");
        reasons.push(Reason::new(Kind::ComparatorLowNumExamples, short, long("below", least)));
    }
    reasons
}
