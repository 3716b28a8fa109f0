//! Mean and variance of a stream, computed so that large values keep their digits.

/// Values that are described at once at most: few enough to stay in the cache, and many enough for their sums to be accurate.
const BATCH: usize = 1000;

/// Mean and population variance of what was added.
#[derive(Debug, Clone, Default)]
pub struct Moments {
    count: f64,
    mean: f64,
    variance: f64,
    batch: Vec<f64>,
}

impl Moments {
    /// Adds a value.
    pub fn add(&mut self, value: f64) {
        self.batch.push(value);
        if self.batch.len() == BATCH {
            self.settle();
        }
    }

    /// Describes what was added since the last time. Where values are large and close to each other, the last digits depend on what is described
    /// together.
    pub fn settle(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        let batch = std::mem::take(&mut self.batch);
        let count = batch.len() as f64;
        let mean = sum(&batch) / count;
        let mut squares = batch;
        for value in &mut squares {
            *value = (*value - mean).powi(2);
        }
        self.combine(count, mean, sum(&squares) / count);
        // Its memory serves the next batch.
        squares.clear();
        self.batch = squares;
    }

    /// Adds a value so many times.
    pub fn add_times(&mut self, value: f64, times: f64) {
        self.settle();
        self.combine(times, value, 0.0);
    }

    /// Adds all that another was given.
    pub fn merge(&mut self, other: &Self) {
        let mut other = other.clone();
        other.settle();
        self.settle();
        self.combine(other.count, other.mean, other.variance);
    }

    /// Mean and standard deviation. Of infinite values the mean is no number or infinite, and the deviation is 0, as TFDV has it.
    #[must_use]
    pub fn mean_and_deviation(&self) -> (f64, f64) {
        let mut all = self.clone();
        all.settle();
        // `max` of NaN and 0 is 0.
        (all.mean, all.variance.max(0.0).sqrt())
    }

    /// How many values there were, their mean and their variance.
    #[must_use]
    pub fn parts(&self) -> (f64, f64, f64) {
        let mut all = self.clone();
        all.settle();
        (all.count, all.mean, all.variance)
    }

    /// The same back.
    #[must_use]
    pub fn of_parts(count: f64, mean: f64, variance: f64) -> Self {
        Self { count, mean, variance, batch: Vec::new() }
    }

    /// The smaller of the two moves the larger, so that little is lost when they differ much.
    fn combine(&mut self, count: f64, mean: f64, variance: f64) {
        let (mut a, mut b) = ((self.count, self.mean, self.variance), (count, mean, variance));
        if b.0 > a.0 {
            std::mem::swap(&mut a, &mut b);
        }
        let total = a.0 + b.0;
        if total == 0.0 {
            return;
        }
        let ratio = b.0 / total;
        let mean = a.1 + ratio * (b.1 - a.1);
        self.variance = a.2 + ratio * (b.2 - a.2 + (b.1 - mean) * (b.1 - a.1));
        self.mean = mean;
        self.count = total;
    }
}

/// A sum in pairs, in the order in which `NumPy` adds: its error hardly grows with the number of values.
fn sum(values: &[f64]) -> f64 {
    const LANES: usize = 8;
    if values.len() > 16 * LANES {
        let half = values.len() / 2;
        let (first, second) = values.split_at(half - half % LANES);
        return sum(first) + sum(second);
    }
    let (lanes, rest) = values.as_chunks::<LANES>();
    let lanes = lanes.iter().copied().reduce(|a, b| std::array::from_fn(|lane| a[lane] + b[lane]));
    let whole = lanes.map_or(0.0, |[a, b, c, d, e, f, g, h]| ((a + b) + (c + d)) + ((e + f) + (g + h)));
    rest.iter().fold(whole, |sum, value| sum + value)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `NumPy` 2.3.5 has for the sum and the deviation of these, which are too close for doubles to hold all their digits.
    #[test]
    fn sums_are_those_of_numpy() {
        let values: Vec<f64> = (0..999).map(|k| 9_007_199_254_740_992.0 + f64::from(k * k % 997)).collect();
        let mut moments = Moments::default();
        for value in &values {
            moments.add(*value);
        }
        assert_eq!(
            (sum(&values), moments.mean_and_deviation().1),
            (8_998_192_055_486_749_000.0, 292.997_767_383_459_23)
        );
    }

    #[test]
    fn large_values_keep_their_digits() {
        let mut moments = Moments::default();
        for k in 0..10_001 {
            moments.add(1e9 + f64::from(k % 3));
        }
        let (mean, deviation) = moments.mean_and_deviation();
        // 3334 zeros, 3334 ones and 3333 twos: the fractions are exact.
        assert!((mean - (1e9 + 10_000.0 / 10_001.0)).abs() < 1e-6);
        assert!((deviation - (16_666.0 / 10_001.0 - (10_000.0_f64 / 10_001.0).powi(2)).sqrt()).abs() < 1e-9);
    }

    #[test]
    fn parts_together_are_the_whole() {
        let mut whole = Moments::default();
        let mut parts = [Moments::default(), Moments::default()];
        for k in 0..5000 {
            let value = f64::from(k * k % 997);
            whole.add(value);
            parts[usize::from(k > 700)].add(value);
        }
        let [mut first, second] = parts;
        first.merge(&second);
        let (a, b) = (whole.mean_and_deviation(), first.mean_and_deviation());
        assert!((a.0 - b.0).abs() < 1e-9 && (a.1 - b.1).abs() < 1e-9);
    }

    #[test]
    fn infinite_values_have_no_deviation() {
        let mut moments = Moments::default();
        for value in [1.0, f64::INFINITY, f64::NEG_INFINITY] {
            moments.add(value);
        }
        let (mean, deviation) = moments.mean_and_deviation();
        assert!(mean.is_nan());
        assert_eq!(deviation.to_bits(), 0);
    }
}
