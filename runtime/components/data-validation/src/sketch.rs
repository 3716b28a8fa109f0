//! Quantiles of a stream in bounded memory, by the method that TFDV uses (Greenwald and Khanna's summaries, merged and pruned in levels).
//!
//! Up to [`BLOCK`] distinct values every quantile is exact. Beyond, a quantile's rank is off by at most a hundredth of all values, and in
//! practice by far less: the same bound as TFDV's.

/// A third of TFDV's tolerance of 0.01: pruning while reading, once more at the end, and asking may each take a share.
const TOLERANCE: f64 = 0.01 / 3.0;
/// Summaries with more entries are pruned. It is what the tolerance allows for up to 2^32 values in levels that double.
pub const BLOCK: usize = 5701;

/// A value with the ranks that it may have among all.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Entry {
    value: f64,
    /// How many values are this one for certain.
    weight: f64,
    /// Values below it, at least.
    low: f64,
    /// Values up to it, at most.
    high: f64,
}

impl Entry {
    /// The most values that are smaller.
    fn most_below(&self) -> f64 {
        self.high - self.weight
    }

    /// The fewest values up to this one.
    fn least_up_to(&self) -> f64 {
        self.low + self.weight
    }
}

/// Entries by ascending value.
type Summary = Vec<Entry>;

/// Distinct values up to which a precise sketch is exact.
pub const PRECISE: usize = 200_000;

/// Quantiles of what was added. NaN is not to be added.
#[derive(Debug, Clone)]
pub struct Sketch {
    /// Entries of a summary that is not pruned.
    block: usize,
    /// Values with weights that are in no summary yet.
    buffer: Vec<(f64, f64)>,
    /// A summary of level n stands for about 2^n blocks.
    levels: Vec<Summary>,
}

impl Default for Sketch {
    fn default() -> Self {
        Self { block: BLOCK, buffer: Vec::new(), levels: Vec::new() }
    }
}

impl Sketch {
    /// One that is exact up to [`PRECISE`] distinct values, for some ten megabytes.
    #[must_use]
    pub fn precise() -> Self {
        Self { block: PRECISE, ..Self::default() }
    }

    /// The distinct values with how often each occurs, as far as it is exact.
    #[must_use]
    pub fn distribution(&self) -> Vec<(f64, f64)> {
        let mut below = 0.0;
        let counts = self.summary().into_iter().map(|entry| {
            let count = entry.high - below;
            below = entry.high;
            (entry.value, count)
        });
        counts.collect()
    }

    /// Adds a value.
    pub fn add(&mut self, value: f64) {
        self.add_weighted(value, 1.0);
    }

    /// Adds a value that counts as `weight`.
    pub fn add_weighted(&mut self, value: f64, weight: f64) {
        if weight > 0.0 {
            self.buffer.push((value, weight));
            if self.buffer.len() >= 2 * self.block {
                self.settle();
            }
        }
    }

    /// Adds all that another was given.
    pub fn merge(&mut self, other: &Self) {
        for (value, weight) in &other.buffer {
            self.add_weighted(*value, *weight);
        }
        for summary in &other.levels {
            let mut summary = summary.clone();
            prune(&mut summary, self.block);
            self.rise(summary);
        }
    }

    /// What another merges: the size of a block, and of each level the entries, value, weight, lowest and highest rank each. It is one level, as
    /// TFDV sends it, whose size does not grow with the number of values.
    #[must_use]
    pub fn levels(&self) -> (usize, Vec<Vec<[f64; 4]>>) {
        let whole = self.summary();
        let entries = whole.iter().map(|entry| [entry.value, entry.weight, entry.low, entry.high]).collect();
        (self.block, if whole.is_empty() { Vec::new() } else { vec![entries] })
    }

    /// The same back; none if it is not what a sketch keeps: entries by ascending value and rank.
    #[must_use]
    pub fn of_levels(block: usize, levels: Vec<Vec<[f64; 4]>>) -> Option<Self> {
        if !(block == BLOCK || block == PRECISE) || levels.len() > 64 {
            return None;
        }
        let entry = |[value, weight, low, high]: [f64; 4]| Entry { value, weight, low, high };
        let levels: Vec<Summary> = levels.into_iter().map(|level| level.into_iter().map(entry).collect()).collect();
        let ascends = |level: &Summary| {
            level.windows(2).all(|pair| pair[0].value < pair[1].value && pair[0].high <= pair[1].high)
        };
        let sound = |entry: &Entry| entry.weight >= 0.0 && entry.low >= 0.0 && entry.high >= entry.low;
        let all = levels.iter().all(|level| level.len() <= 2 * block + 1 && ascends(level) && level.iter().all(sound));
        all.then_some(Self { block, buffer: Vec::new(), levels })
    }

    /// `count` + 1 quantiles from the smallest to the largest value, each with how many values there are up to it.
    /// Empty if nothing was added.
    #[must_use]
    pub fn quantiles(&self, count: usize) -> Vec<(f64, f64)> {
        ask(&self.summary(), count)
    }

    /// All levels and the buffer in one summary.
    fn summary(&self) -> Summary {
        let mut all = self.clone();
        all.settle();
        let merged = |levels: Vec<Summary>| levels.into_iter().fold(Summary::new(), |all, level| merge(&all, &level));
        // As TFDV does before it sends a summary on: into a single level, pruned once more.
        let mut whole = merged(all.levels);
        prune(&mut whole, self.block);
        whole
    }

    /// Makes a summary of the buffer.
    fn settle(&mut self) {
        if self.buffer.is_empty() {
            return;
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.sort_unstable_by(|(a, _), (b, _)| a.total_cmp(b));
        let mut summary = Summary::new();
        let mut below = 0.0;
        for (value, weight) in buffer.drain(..) {
            below += weight;
            match summary.last_mut() {
                // Zeros of both signs are one value.
                #[allow(clippy::float_cmp, reason = "equal values are what is counted")]
                Some(last) if last.value == value => {
                    last.weight += weight;
                    last.high += weight;
                }
                _ => summary.push(Entry { value, weight, low: below - weight, high: below }),
            }
        }
        self.buffer = buffer;
        prune(&mut summary, self.block);
        self.rise(summary);
    }

    /// Puts a summary into the lowest level that has room.
    fn rise(&mut self, mut summary: Summary) {
        let block = self.block;
        if summary.is_empty() {
            return;
        }
        for level in &mut self.levels {
            if level.is_empty() {
                *level = kept(summary);
                return;
            }
            summary = merge(&summary, level);
            if summary.len() <= block + 1 {
                *level = kept(summary);
                return;
            }
            prune(&mut summary, block);
            level.clear();
        }
        self.levels.push(kept(summary));
    }
}

/// Without the room that entries had which were pruned: levels of a long table would hold three times their size.
fn kept(mut summary: Summary) -> Summary {
    summary.shrink_to_fit();
    summary
}

/// One summary of the values of two. Its error is no larger than the larger of theirs.
fn merge(a: &[Entry], b: &[Entry]) -> Summary {
    let mut merged = Summary::with_capacity(a.len() + b.len());
    let (mut left, mut right) = (a.iter().peekable(), b.iter().peekable());
    let (mut below_left, mut below_right) = (0.0, 0.0);
    let all = |entries: &[Entry]| entries.last().map_or(0.0, |last| last.high);
    loop {
        let order = match (left.peek(), right.peek()) {
            (Some(x), Some(y)) => x.value.partial_cmp(&y.value).unwrap_or(std::cmp::Ordering::Equal),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (None, None) => return merged,
        };
        // An entry that only one side has lies between two of the other.
        let mut take = |entry: Entry, below: f64, beyond: f64| {
            merged.push(Entry { low: entry.low + below, high: entry.high + beyond, ..entry });
            entry.least_up_to()
        };
        match order {
            std::cmp::Ordering::Less => {
                let beyond = right.peek().map_or_else(|| all(b), |next| next.most_below());
                if let Some(entry) = left.next() {
                    below_left = take(*entry, below_right, beyond);
                }
            }
            std::cmp::Ordering::Greater => {
                let beyond = left.peek().map_or_else(|| all(a), |next| next.most_below());
                if let Some(entry) = right.next() {
                    below_right = take(*entry, below_left, beyond);
                }
            }
            std::cmp::Ordering::Equal => {
                if let (Some(x), Some(y)) = (left.next(), right.next()) {
                    below_left = x.least_up_to();
                    below_right = y.least_up_to();
                    merged.push(Entry {
                        value: x.value,
                        weight: x.weight + y.weight,
                        low: x.low + y.low,
                        high: x.high + y.high,
                    });
                }
            }
        }
    }
}

/// Leaves about `size` entries, the first and the last among them, so that no rank becomes less certain than the tolerance allows.
fn prune(summary: &mut Summary, size: usize) {
    if summary.len() <= size {
        return;
    }
    let total = summary.last().map_or(0.0, |last| last.high);
    let tolerance = if size > BLOCK { 0.0 } else { TOLERANCE };
    let allowed = total * (1.0 / size as f64).max(tolerance);
    let step = i64::try_from(summary.len()).unwrap_or(i64::MAX);
    let stride = i64::try_from(size).unwrap_or(i64::MAX);
    // Every entry earns `stride`, and each that is kept costs `step`: so the kept ones are spread evenly.
    let mut earned = 0_i64;
    let mut kept = 1;
    let mut last = 1;
    let mut at = 0;
    while at + 1 < summary.len() {
        let from = summary[at].least_up_to();
        let mut next = at + 1;
        while next < summary.len() && earned < step && summary[next].most_below() - from <= allowed {
            earned += stride;
            next += 1;
        }
        at = if next - 1 == at { at + 1 } else { next - 1 };
        summary[kept] = summary[at];
        kept += 1;
        last = at;
        earned -= step;
    }
    if last + 1 != summary.len() {
        summary[kept] = summary[summary.len() - 1];
        kept += 1;
    }
    summary.truncate(kept);
}

/// The entries whose ranks are nearest to `count` + 1 evenly spaced ones.
fn ask(summary: &[Entry], count: usize) -> Vec<(f64, f64)> {
    let Some(last) = summary.last() else { return Vec::new() };
    let total = last.high;
    let mut at = 0;
    let answers = (0..=count).map(|rank| {
        let twice = 2.0 * (rank as f64 * total / count as f64);
        let mut next = at + 1;
        while next < summary.len() && twice >= summary[next].low + summary[next].high {
            next += 1;
        }
        at = next - 1;
        let here = next == summary.len() || twice < summary[at].least_up_to() + summary[next].most_below();
        let entry = &summary[if here { at } else { next }];
        (entry.value, entry.high)
    });
    answers.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers without an order, 0 to `n` - 1, each once.
    fn shuffled(n: u64) -> impl Iterator<Item = f64> {
        (0..n).map(move |k| ((k * 7_919 + 13) % n) as f64)
    }

    #[test]
    fn quantiles_of_few_values_are_exact() {
        let mut sketch = Sketch::default();
        for value in shuffled(5700) {
            sketch.add(value);
        }
        let quantiles = sketch.quantiles(1000);
        assert_eq!(quantiles.len(), 1001);
        for (rank, (value, count)) in quantiles.iter().enumerate() {
            let expected = (rank as f64 * 5700.0 / 1000.0).floor().min(5699.0);
            assert_eq!((*value, *count), (expected, expected + 1.0), "quantile {rank}");
        }
    }

    #[test]
    fn ranks_of_many_values_stay_within_the_tolerance() {
        let n = 300_007;
        let mut sketch = Sketch::default();
        for value in shuffled(n) {
            sketch.add(value);
        }
        for (rank, (value, count)) in sketch.quantiles(1000).iter().enumerate() {
            let wanted = rank as f64 * n as f64 / 1000.0;
            assert!((value - wanted).abs() <= 0.01 * n as f64, "quantile {rank} is {value}, not {wanted}");
            assert!((count - wanted).abs() <= 0.01 * n as f64);
        }
        let entries: usize = sketch.levels.iter().map(Vec::len).sum();
        assert!(entries <= 12 * BLOCK, "{entries} entries");
    }

    /// What `tfx_bsl` 1.21.0's `QuantilesSketch(0.01, 1 << 32, 1)` answered for the same values, compacted once as TFDV does: some quantiles,
    /// some of the counts up to them, and the sums of all 1001.
    #[test]
    #[allow(clippy::float_cmp, reason = "the same values")]
    fn pruning_leaves_what_tfx_leaves() {
        for (n, values, counts, sums) in [
            (5701, [5.0, 1425.0, 2850.0, 5695.0], [1.0, 6.0, 2851.0, 5696.0], (2_852_850.0, 2_853_851.0)),
            (20_000, [21.0, 5001.0, 10_001.0, 19_981.0], [1.0, 22.0, 10_002.0, 19_982.0], (10_009_703.0, 10_011_106.0)),
            (
                100_000,
                [95.0, 24_997.0, 49_993.0, 99_907.0],
                [1.0, 112.0, 50_022.0, 99_911.0],
                (50_049_137.0, 50_063_041.0),
            ),
            (
                300_007,
                [307.0, 75_024.0, 149_984.0, 299_727.0],
                [1.0, 358.0, 150_084.0, 299_761.0],
                (150_150_699.0, 150_205_328.0),
            ),
        ] {
            let mut sketch = Sketch::default();
            shuffled(n).for_each(|value| sketch.add(value));
            let found = sketch.quantiles(1000);
            assert_eq!([1, 250, 500, 999].map(|rank| found[rank].0), values, "{n}");
            assert_eq!([0, 1, 500, 999].map(|rank| found[rank].1), counts, "{n}");
            let (all, up_to): (Vec<f64>, Vec<f64>) = found.into_iter().unzip();
            assert_eq!((all.iter().sum::<f64>(), up_to.iter().sum::<f64>()), sums, "{n}");
        }
        // Three parts of one stream, put together.
        let mut parts = [Sketch::default(), Sketch::default(), Sketch::default()];
        shuffled(60_000).enumerate().for_each(|(k, value)| parts[k % 3].add(value));
        let [mut first, second, third] = parts;
        first.merge(&second);
        first.merge(&third);
        let (all, up_to): (Vec<f64>, Vec<f64>) = first.quantiles(1000).into_iter().unzip();
        assert_eq!((all[500], up_to[500]), (30_002.0, 30_008.0));
        assert_eq!((all.iter().sum::<f64>(), up_to.iter().sum::<f64>()), (30_029_949.0, 30_035_258.0));
    }

    #[test]
    fn precise_sketches_know_every_value() {
        let mut sketch = Sketch::precise();
        for value in shuffled(150_000) {
            sketch.add(value);
            sketch.add((value / 2.0).floor());
        }
        let distribution = sketch.distribution();
        assert_eq!(distribution.len(), 150_000);
        assert_eq!(distribution[74_999..75_001], [(74_999.0, 3.0), (75_000.0, 1.0)]);
    }

    #[test]
    fn merged_parts_answer_as_the_whole() {
        let mut whole = Sketch::default();
        let mut parts = [Sketch::default(), Sketch::default(), Sketch::default()];
        for (k, value) in shuffled(5003).enumerate() {
            whole.add(value);
            parts[k % 3].add(value);
        }
        let [mut first, second, third] = parts;
        first.merge(&second);
        first.merge(&third);
        assert_eq!(first.quantiles(1000), whole.quantiles(1000));
    }

    #[test]
    fn nothing_has_no_quantiles_and_one_value_is_all_of_them() {
        let mut sketch = Sketch::default();
        assert!(sketch.quantiles(10).is_empty());
        sketch.add_weighted(1.0, 7.0);
        assert_eq!(sketch.quantiles(10), vec![(1.0, 7.0); 11]);
    }
}
