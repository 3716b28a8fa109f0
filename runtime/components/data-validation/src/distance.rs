//! How far the columns of data are from those of a baseline, for pages and logs.

use std::collections::BTreeMap;

use crate::check::comparators::{DRIFT, Obstacle, obstacle};
use crate::divergence::{jensen_shannon, largest_difference, shares};
use crate::error::Result;
use crate::measures::{Measures, measure};
use crate::page::Distance;
use crate::proto::{DatasetFeatureStatisticsList, FeatureComparator, Schema, histogram_selection};
use crate::statistics::{Sample, Statistics};
use crate::view::{DatasetView, FeatureView, serialize, whole};

/// Texts whose shares are shown.
const TEXTS: usize = 20;

/// Measures each column that both have; where the types differ or a side has no values, that is told in place of measures. Thresholds are those of
/// the schema's drift comparators; of samples there are more measures.
///
/// # Errors
/// Statistics of several slices none of which is the whole.
pub fn distances(
    current: &DatasetFeatureStatisticsList,
    baseline: &DatasetFeatureStatisticsList,
    schema: &Schema,
    samples: Option<(&Statistics, &Statistics)>,
) -> Result<Vec<Distance>> {
    let (current, baseline) = (whole(current)?, whole(baseline)?);
    let by_weight = DatasetView::weighted(current);
    let (current, baseline) = (DatasetView::new(current, by_weight), DatasetView::new(baseline, by_weight));
    let of = |statistics: Option<&Statistics>| -> BTreeMap<String, Sample> {
        statistics.into_iter().flat_map(Statistics::samples).map(|(name, sample)| (name.to_owned(), sample)).collect()
    };
    let (ours, theirs) = (of(samples.map(|(current, _)| current)), of(samples.map(|(_, baseline)| baseline)));
    let mut distances = Vec::new();
    for column in current.features() {
        let path = column.path();
        let Some(other) = baseline.find(&path) else { continue };
        let feature = schema.feature.iter().find(|feature| path == [feature.name()]);
        let comparator = feature.and_then(|feature| feature.drift_comparator).unwrap_or_default();
        let name = path.first().copied().unwrap_or_default();
        if let Some(Obstacle { problem, .. }) = obstacle(&column, &other, DRIFT) {
            distances.push(Distance { column: serialize(&path), problem: Some(problem), ..Distance::default() });
            continue;
        }
        let measures = ours.get(name).zip(theirs.get(name)).map(|(ours, theirs)| measure(ours, theirs));
        let measures =
            of_statistics(&column, &other, &comparator).into_iter().chain(of_samples(measures.unwrap_or_default()));
        let texts = (column.texts(), other.texts());
        let shares = if texts.0.is_empty() && texts.1.is_empty() {
            use crate::proto::histogram::HistogramType::Standard;
            column.histogram(Standard).zip(other.histogram(Standard)).map(|(a, b)| shares(a, b)).unwrap_or_default()
        } else {
            shares_of_texts(&texts.0, &texts.1)
        };
        distances.push(Distance { column: serialize(&path), measures: measures.collect(), shares, problem: None });
    }
    Ok(distances)
}

fn of_statistics(
    column: &FeatureView<'_>,
    other: &FeatureView<'_>,
    wanted: &FeatureComparator,
) -> Vec<(String, f64, Option<f64>)> {
    let mut measures = Vec::new();
    let mut add = |name: &str, value: f64, threshold: Option<f64>| measures.push((name.to_owned(), value, threshold));
    let (texts, others) = (column.texts(), other.texts());
    let (linf, nad) = (&wanted.infinity_norm, &wanted.normalized_abs_difference);
    if !texts.is_empty() || !others.is_empty() {
        add("L-infinity", largest_difference(&texts, &others, false).1, linf.as_ref().and_then(|norm| norm.threshold));
        let threshold = nad.as_ref().and_then(|difference| difference.threshold);
        add("normalised absolute difference", largest_difference(&texts, &others, true).1, threshold);
    }
    let divergence = wanted.jensen_shannon_divergence.as_ref();
    let source = divergence.and_then(|divergence| divergence.source.as_ref());
    let source = source.map_or(histogram_selection::Type::Default, crate::proto::HistogramSelection::r#type);
    if let Some(value) = jensen_shannon(column, other, source) {
        add("Jensen-Shannon", value, divergence.and_then(|divergence| divergence.threshold));
    }
    measures
}

fn of_samples(measures: Measures) -> impl Iterator<Item = (String, f64, Option<f64>)> {
    let Measures { psi, kolmogorov_smirnov, wasserstein, chi_square, chi_square_p } = measures;
    let named = [
        ("PSI", psi),
        ("Kolmogorov-Smirnov", kolmogorov_smirnov),
        ("Wasserstein", wasserstein),
        ("chi-square", chi_square),
        ("chi-square p", chi_square_p),
    ];
    named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?, None)))
}

fn shares_of_texts(a: &BTreeMap<&str, f64>, b: &BTreeMap<&str, f64>) -> (Vec<f64>, Vec<f64>) {
    let (total_a, total_b): (f64, f64) = (a.values().sum(), b.values().sum());
    let share = |counts: &BTreeMap<&str, f64>, text: &str, total: f64| {
        counts.get(text).map_or(0.0, |count| if total > 0.0 { count / total } else { 0.0 })
    };
    let mut texts: Vec<(f64, f64)> = a
        .keys()
        .chain(b.keys())
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .map(|text| (share(a, text, total_a), share(b, text, total_b)))
        .collect();
    texts.sort_by(|x, y| (y.0 + y.1).total_cmp(&(x.0 + x.1)));
    texts.into_iter().take(TEXTS).unzip()
}
