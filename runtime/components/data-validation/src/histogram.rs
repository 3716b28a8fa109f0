//! The two histograms of a numeric column, made of its quantiles.
//!
//! A quantiles histogram has buckets of equal counts. In a standard histogram they are equally wide, and their counts are interpolated
//! from a thousand quantiles; TFDV computes those of float columns in single precision, and so does this.

use crate::proto::{Histogram, histogram};

/// Quantiles that a standard histogram is made of.
pub const QUANTILES: usize = 1000;
/// Buckets of either histogram.
pub const BUCKETS: usize = 10;

/// Bounds and counts of consecutive buckets.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Bucket {
    low: f64,
    high: f64,
    count: f64,
}

/// Buckets between consecutive quantiles, each of which comes with how many values there are up to it.
fn between(quantiles: &[(f64, f64)]) -> Vec<Bucket> {
    let mut buckets: Vec<Bucket> =
        quantiles.windows(2).map(|two| Bucket { low: two[0].0, high: two[1].0, count: two[1].1 - two[0].1 }).collect();
    // Where a value is several quantiles, it is unknown which bucket its count belongs to: each gets a share.
    let mut from = 0;
    while from < buckets.len() {
        let high = buckets[from].high;
        let length = buckets[from..].iter().take_while(|bucket| same(bucket.high, high)).count().max(1);
        if length > 1 {
            let share = buckets[from..from + length].iter().map(|bucket| bucket.count).sum::<f64>() / length as f64;
            buckets[from..from + length].iter_mut().for_each(|bucket| bucket.count = share);
        }
        from += length;
    }
    // The smallest value itself lies in no bucket yet.
    if let (Some(first), Some((_, smallest))) = (buckets.first().copied(), quantiles.first()) {
        let equal =
            buckets.iter().take_while(|bucket| same(bucket.low, first.low) && same(bucket.high, first.high)).count();
        buckets[..equal].iter_mut().for_each(|bucket| bucket.count += smallest / equal as f64);
    }
    buckets
}

/// Bounds are compared as they are: they are values of the data.
#[allow(clippy::float_cmp, reason = "the same value, not a near one")]
fn same(a: f64, b: f64) -> bool {
    a == b
}

/// A histogram whose buckets lie between these quantiles.
#[must_use]
pub fn of_quantiles(quantiles: &[(f64, f64)], nan: u64) -> Histogram {
    message(between(quantiles), histogram::HistogramType::Quantiles, nan)
}

/// Every `step`-th quantile.
#[must_use]
pub fn thinned(quantiles: &[(f64, f64)], step: usize) -> Vec<(f64, f64)> {
    quantiles.iter().copied().step_by(step).collect()
}

/// What a standard histogram is made of besides quantiles.
#[derive(Debug, Clone, Copy)]
pub struct Range {
    /// The smallest finite value; infinite if there is none.
    pub finite_min: f64,
    /// The largest finite value; infinite if there is none.
    pub finite_max: f64,
    /// How many values are positive infinity.
    pub positive_infinities: f64,
    /// Whether the values are single-precision.
    pub single: bool,
}

/// A histogram of equally wide buckets over the finite values, and one for each infinity that there is.
#[must_use]
pub fn of_equal_width(quantiles: &[(f64, f64)], range: Range, nan: u64) -> Histogram {
    let kind = histogram::HistogramType::Standard;
    let Range { finite_min, finite_max, positive_infinities, single } = range;
    if !finite_min.is_finite() && !finite_max.is_finite() {
        let count = quantiles.last().map_or(0.0, |last| last.1);
        return message(vec![Bucket { low: finite_min, high: finite_max, count }], kind, nan);
    }
    let (quantiles, negative_infinities) = finite(quantiles, finite_max, positive_infinities);
    let Some(bounds) = bounds(finite_min, finite_max, single) else { return message(Vec::new(), kind, nan) };

    let fine = between(&quantiles);
    let mut buckets = Vec::with_capacity(bounds.len() + 1);
    if negative_infinities != 0.0 {
        buckets.push(Bucket { low: f64::NEG_INFINITY, high: f64::NEG_INFINITY, count: negative_infinities });
    }
    let mut start = 0;
    for (n, bound) in bounds.windows(2).enumerate() {
        let (low, high) = (bound[0], bound[1]);
        let mut count = Count::new(single);
        for (at, bucket) in fine.iter().enumerate().skip(start) {
            match overlap(*bucket, low, high, n == 0) {
                Overlap::Beyond => break,
                Overlap::Before => start = at,
                Overlap::Whole => count.add(bucket.count),
                Overlap::Part(length, width) => count.add_part(length, width, bucket.count),
            }
        }
        buckets.push(Bucket { low, high, count: count.sum });
    }
    if positive_infinities != 0.0 {
        buckets.push(Bucket { low: f64::INFINITY, high: f64::INFINITY, count: positive_infinities });
    }
    message(buckets, kind, nan)
}

/// The quantiles without infinite ones, and how many values are negative infinity.
fn finite(quantiles: &[(f64, f64)], finite_max: f64, positive_infinities: f64) -> (Vec<(f64, f64)>, f64) {
    let first = quantiles.partition_point(|(value, _)| *value == f64::NEG_INFINITY);
    let below = if first > 0 { quantiles[first - 1].1 } else { 0.0 };
    let mut rest: Vec<(f64, f64)> = quantiles[first..].iter().map(|(value, count)| (*value, count - below)).collect();
    if positive_infinities != 0.0 {
        let total = rest.last().map_or(0.0, |last| last.1);
        rest.retain(|(value, _)| *value < f64::INFINITY);
        // The bucket that ends in infinity holds finite values, too.
        rest.push((finite_max, total - positive_infinities));
    }
    (rest, below)
}

/// Evenly spaced bounds; two if all values are the same, none if the distance is infinite.
#[allow(clippy::cast_possible_truncation, reason = "single precision is meant")]
fn bounds(min: f64, max: f64, single: bool) -> Option<Vec<f64>> {
    if same(min, max) {
        return Some(vec![min, max]);
    }
    let mut bounds: Vec<f64> = if single {
        let (min, max) = (min as f32, max as f32);
        let step = (max - min) / BUCKETS as f32;
        (0..=BUCKETS).map(|n| f64::from(n as f32 * step + min)).collect()
    } else {
        let step = (max - min) / BUCKETS as f64;
        (0..=BUCKETS).map(|n| n as f64 * step + min).collect()
    };
    bounds[BUCKETS] = max;
    bounds.iter().all(|bound| bound.is_finite()).then_some(bounds)
}

/// How a fine bucket lies to a coarse one.
enum Overlap {
    Before,
    Beyond,
    Whole,
    /// The length that both share, as the difference of two bounds, and the fine bucket.
    Part((f64, f64), Bucket),
}

fn overlap(bucket: Bucket, low: f64, high: f64, first: bool) -> Overlap {
    // A point on a bound belongs to the bucket that ends there, or to the first one.
    if same(bucket.low, bucket.high) && same(bucket.low, low) {
        return if first { Overlap::Whole } else { Overlap::Before };
    }
    if bucket.high < low {
        Overlap::Before
    } else if bucket.low > high {
        Overlap::Beyond
    } else if low <= bucket.low && high >= bucket.high {
        Overlap::Whole
    } else if low <= bucket.low {
        Overlap::Part((high, bucket.low), bucket)
    } else if high >= bucket.high {
        Overlap::Part((bucket.high, low), bucket)
    } else {
        Overlap::Part((high, low), bucket)
    }
}

/// A sum of counts that turns to single precision with the first part of a bucket, if the values are single-precision.
struct Count {
    sum: f64,
    single: bool,
    turned: bool,
}

impl Count {
    fn new(single: bool) -> Self {
        Self { sum: 0.0, single, turned: false }
    }

    #[allow(clippy::cast_possible_truncation, reason = "single precision is meant")]
    fn add(&mut self, count: f64) {
        self.sum = if self.turned { f64::from(self.sum as f32 + count as f32) } else { self.sum + count };
    }

    #[allow(clippy::cast_possible_truncation, reason = "single precision is meant")]
    fn add_part(&mut self, (to, from): (f64, f64), of: Bucket, count: f64) {
        if !self.single {
            self.sum += (to - from) / (of.high - of.low) * count;
            return;
        }
        let part = (to as f32 - from as f32) / (of.high - of.low) as f32 * count as f32;
        self.sum = f64::from(self.sum as f32 + part);
        self.turned = true;
    }
}

fn message(buckets: Vec<Bucket>, kind: histogram::HistogramType, nan: u64) -> Histogram {
    let buckets = buckets.into_iter().map(|bucket| histogram::Bucket {
        low_value: bucket.low,
        high_value: bucket.high,
        sample_count: bucket.count,
    });
    Histogram { num_nan: nan, buckets: buckets.collect(), r#type: kind.into(), ..Histogram::default() }
}
