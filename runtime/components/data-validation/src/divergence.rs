//! Distances between the distributions of two columns, as TFDV defines them.

use std::collections::{BTreeMap, BTreeSet};

use crate::proto::histogram::HistogramType;
use crate::proto::{Histogram, histogram_selection};
use crate::view::FeatureView;

/// The largest difference of two sets of counts, and the text that differs most: of shares, each side by its own sum, or of counts by both
/// sums together. Of equal differences it is the one of the text that is greatest by bytes.
pub(crate) fn largest_difference(a: &BTreeMap<&str, f64>, b: &BTreeMap<&str, f64>, together: bool) -> (String, f64) {
    let (mut of_a, mut of_b): (f64, f64) = (a.values().sum(), b.values().sum());
    if together {
        of_a += of_b;
        of_b = of_a;
    }
    let share = |counts: &BTreeMap<&str, f64>, text: &str, sum: f64| match counts.get(text) {
        Some(count) if sum != 0.0 => count / sum,
        _ => 0.0,
    };
    let mut largest = (String::new(), 0.0);
    for text in a.keys().chain(b.keys()).collect::<BTreeSet<_>>() {
        let difference = (share(a, text, of_a) - share(b, text, of_b)).abs();
        if difference >= largest.1 {
            largest = ((*text).to_owned(), difference);
        }
    }
    largest
}

/// The Jensen-Shannon divergence with logarithms of base 2, at most 1: of texts, or of histograms. None where the sides have not the same.
pub(crate) fn jensen_shannon(
    a: &FeatureView<'_>,
    b: &FeatureView<'_>,
    source: histogram_selection::Type,
) -> Option<f64> {
    let (texts_a, texts_b) = (a.texts(), b.texts());
    if !texts_a.is_empty() && !texts_b.is_empty() {
        return of_texts(&texts_a, &texts_b);
    }
    let kind = match source {
        histogram_selection::Type::Quantiles => HistogramType::Quantiles,
        _ => HistogramType::Standard,
    };
    of_histograms(a.histogram(kind)?, b.histogram(kind)?)
}

fn of_texts(a: &BTreeMap<&str, f64>, b: &BTreeMap<&str, f64>) -> Option<f64> {
    if a.values().chain(b.values()).any(|count| *count <= 0.0) {
        return None;
    }
    let texts: BTreeSet<&&str> = a.keys().chain(b.keys()).collect();
    let counts =
        |side: &BTreeMap<&str, f64>| texts.iter().map(|text| side.get(**text).copied().unwrap_or(0.0)).collect();
    divergence(counts(a), counts(b))
}

/// Of two histograms: cut at the bounds of both, values spread evenly in a bucket. Points never meet intervals, and what is infinite or no
/// number is like nothing on the other side. What is no number counts only where both have the same bounds: TFDV loses it when it cuts.
pub(crate) fn of_histograms(a: &Histogram, b: &Histogram) -> Option<f64> {
    let (parts_a, parts_b) = (Parts::of(a), Parts::of(b));
    let bounds = |parts: &Parts| parts.intervals.iter().flat_map(|(low, high, _)| [*low, *high]).collect::<Vec<_>>();
    let ordered = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values.dedup();
        values
    };
    let (of_a, of_b) = (ordered(bounds(&parts_a)), ordered(bounds(&parts_b)));
    let same_bounds = of_a == of_b;
    let all = ordered([of_a, of_b].concat());
    let (mut p, mut q) = (parts_a.cut(&all), parts_b.cut(&all));

    for point in ordered(parts_a.points.iter().chain(&parts_b.points).map(|(value, _)| *value).collect()) {
        p.push(parts_a.at(point));
        q.push(parts_b.at(point));
    }
    let unlike = |parts: &Parts| parts.infinite + if same_bounds { parts.nan } else { 0.0 };
    p.extend([unlike(&parts_a), 0.0]);
    q.extend([0.0, unlike(&parts_b)]);
    divergence(p, q)
}

/// A histogram by the sorts of its buckets.
struct Parts {
    intervals: Vec<(f64, f64, f64)>,
    points: Vec<(f64, f64)>,
    infinite: f64,
    nan: f64,
}

impl Parts {
    fn of(histogram: &Histogram) -> Self {
        let mut parts =
            Self { intervals: Vec::new(), points: Vec::new(), infinite: 0.0, nan: histogram.num_nan as f64 };
        for bucket in &histogram.buckets {
            let (low, high, count) = (bucket.low_value, bucket.high_value, bucket.sample_count);
            if !low.is_finite() || !high.is_finite() {
                parts.infinite += count;
            } else if low < high {
                parts.intervals.push((low, high, count));
            } else {
                parts.points.push((low, count));
            }
        }
        parts
    }

    /// The count at a point.
    #[allow(clippy::float_cmp, reason = "the same point")]
    fn at(&self, point: f64) -> f64 {
        self.points.iter().filter(|(value, _)| *value == point).map(|(_, count)| count).sum()
    }

    /// Counts between consecutive bounds, among which are all of these.
    fn cut(&self, bounds: &[f64]) -> Vec<f64> {
        let mut counts = vec![0.0; bounds.len().saturating_sub(1)];
        for (low, high, count) in &self.intervals {
            let from = bounds.partition_point(|bound| bound < low);
            for (at, two) in bounds.windows(2).enumerate().skip(from).take_while(|(_, two)| two[1] <= *high) {
                counts[at] += (two[1] - two[0]) / (high - low) * count;
            }
        }
        counts
    }
}

/// Of two sets of counts. None if one of them is empty.
fn divergence(mut p: Vec<f64>, mut q: Vec<f64>) -> Option<f64> {
    for side in [&mut p, &mut q] {
        let sum: f64 = side.iter().sum();
        if sum == 0.0 {
            return None;
        }
        for count in side {
            *count /= sum;
        }
    }
    let from_middle = |a: &[f64], b: &[f64]| {
        let parts = a.iter().zip(b).map(|(a, b)| {
            let middle = f64::midpoint(*a, *b);
            if *a > 0.0 && middle > 0.0 { a * (a / middle).log2() } else { 0.0 }
        });
        parts.sum::<f64>()
    };
    Some(f64::midpoint(from_middle(&p, &q), from_middle(&q, &p)).min(1.0))
}

/// Buckets of distributions that are shown over one another.
const SHOWN: usize = 20;

/// Shares of the finite values of two histograms in the same equally wide buckets.
pub(crate) fn shares(a: &Histogram, b: &Histogram) -> (Vec<f64>, Vec<f64>) {
    let (a, b) = (Parts::of(a), Parts::of(b));
    let spans = || a.spans().chain(b.spans());
    let low = spans().map(|(low, _, _)| low).fold(f64::INFINITY, f64::min);
    let high = spans().map(|(_, high, _)| high).fold(f64::NEG_INFINITY, f64::max);
    if low > high {
        return (Vec::new(), Vec::new());
    }
    let width = (high - low) / SHOWN as f64;
    let spread = |parts: &Parts| {
        let total: f64 = parts.spans().map(|(_, _, count)| count).sum();
        let share = |n: usize| {
            let (from, to) = (low + n as f64 * width, low + (n + 1) as f64 * width);
            let within = parts.spans().map(|(low, high, count)| {
                if low < high {
                    (high.min(to) - low.max(from)).max(0.0) / (high - low) * count
                } else if (from <= low && low < to) || (n + 1 == SHOWN && low >= to) {
                    count
                } else {
                    0.0
                }
            });
            within.sum::<f64>() / total.max(f64::MIN_POSITIVE)
        };
        (0..SHOWN).map(share).collect()
    };
    (spread(&a), spread(&b))
}

impl Parts {
    /// All finite buckets: bounds and count.
    fn spans(&self) -> impl Iterator<Item = (f64, f64, f64)> {
        self.intervals.iter().copied().chain(self.points.iter().map(|(value, count)| (*value, *value, *count)))
    }
}
