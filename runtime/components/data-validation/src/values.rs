//! The distinct values of a column of texts or other bytes and how often each occurs.

use std::collections::{BinaryHeap, HashMap};
use std::hash::{BuildHasher, Hasher};

/// Values that are listed as the most frequent.
pub const TOP: usize = 20;
/// Values that the rank histogram holds.
pub const RANKS: usize = 1000;
/// What the values of one column may take in memory, about, before only the frequent ones are kept.
const MOST_BYTES: usize = 128 << 20;
/// What an entry takes besides its text, about.
const ENTRY: usize = 64;
/// Hashes that the number of distinct values is estimated from, with an error of about 0.4 %.
const HASHES: usize = 65_536;

/// Counts of values. Exact up to some 128 MiB of distinct values; beyond, counts of rare values are forgotten and the number of distinct
/// values is estimated, which [`Values::exact`] tells.
#[derive(Debug, Clone, Default)]
pub struct Values {
    counts: HashMap<Box<[u8]>, u64, Fnv>,
    bytes: usize,
    /// The smallest hashes of all values, once some were forgotten.
    smallest: Option<Smallest>,
}

impl Values {
    /// Counts a value once more.
    pub fn add(&mut self, value: &[u8]) {
        self.add_times(value, 1);
    }

    /// Counts a value so many times more.
    pub fn add_times(&mut self, value: &[u8], times: u64) {
        if let Some(smallest) = &mut self.smallest {
            smallest.add(hash(value));
        }
        if let Some(count) = self.counts.get_mut(value) {
            *count += times;
            return;
        }
        self.bytes += value.len() + ENTRY;
        self.counts.insert(value.into(), times);
        if self.bytes > MOST_BYTES {
            self.forget();
        }
    }

    /// Counts all that another counted.
    pub fn merge(&mut self, other: &Self) {
        if let Some(theirs) = &other.smallest {
            let all = &self.counts;
            let ours = self.smallest.get_or_insert_with(|| Smallest::of(all.keys()));
            theirs.0.iter().for_each(|hash| ours.add(*hash));
        }
        for (value, count) in &other.counts {
            self.add_times(value, *count);
        }
    }

    /// The values that are kept, in no order, with their counts.
    pub fn counts(&self) -> impl Iterator<Item = (&[u8], u64)> {
        self.counts.iter().map(|(value, count)| (&**value, *count))
    }

    /// The hashes that the number of distinct values is estimated from; none while it is exact.
    pub fn smallest(&self) -> impl Iterator<Item = u64> {
        self.smallest.iter().flat_map(|smallest| smallest.0.iter().copied())
    }

    /// Counts that were kept, and the hashes if the number of distinct values is an estimate.
    #[must_use]
    pub fn of_counts(counts: impl Iterator<Item = (Vec<u8>, u64)>, smallest: Option<Vec<u64>>) -> Self {
        let mut values = Self::default();
        for (value, count) in counts {
            values.add_times(&value, count);
        }
        if let Some(hashes) = smallest {
            let known = values.smallest.get_or_insert_default();
            for hash in hashes {
                known.add(hash);
            }
        }
        values
    }

    /// Whether all counts are exact.
    #[must_use]
    pub fn exact(&self) -> bool {
        self.smallest.is_none()
    }

    /// How many distinct values there are.
    #[must_use]
    pub fn distinct(&self) -> u64 {
        match &self.smallest {
            None => self.counts.len() as u64,
            Some(smallest) => smallest.estimate(),
        }
    }

    /// The most frequent values with their counts: the more frequent first, and of equally frequent ones the greater by bytes.
    #[must_use]
    pub fn most_frequent(&self, most: usize) -> Vec<(&[u8], u64)> {
        self.first(most, |value| value)
    }

    /// The same of values that are integers in decimal: of equally frequent ones the greater number.
    #[must_use]
    pub fn most_frequent_integers(&self, most: usize) -> Vec<(&[u8], u64)> {
        self.first(most, |value| std::str::from_utf8(value).ok().and_then(|value| value.parse::<i64>().ok()))
    }

    fn first<'a, K: Ord>(&'a self, most: usize, key: impl Fn(&'a [u8]) -> K) -> Vec<(&'a [u8], u64)> {
        // The heap's top is what is given up first: the least of those kept.
        let mut kept = BinaryHeap::with_capacity(most.min(self.counts.len()) + 1);
        for (value, count) in &self.counts {
            kept.push(std::cmp::Reverse((*count, key(value), &**value)));
            if kept.len() > most {
                kept.pop();
            }
        }
        let ascending = kept.into_sorted_vec();
        ascending.into_iter().map(|std::cmp::Reverse((count, _, value))| (value, count)).collect()
    }

    /// What the values take in memory, about.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Forgets the rarer half of the values.
    pub fn forget(&mut self) {
        let all = &self.counts;
        self.smallest.get_or_insert_with(|| Smallest::of(all.keys()));
        let mut counts: Vec<u64> = self.counts.values().copied().collect();
        let middle = counts.len() / 2;
        let (_, median, _) = counts.select_nth_unstable(middle);
        let least = *median;
        let mut over = self.counts.len() / 2;
        self.counts.retain(|_, count| {
            let keep = *count > least || (*count == least && over == 0);
            if !keep {
                over = over.saturating_sub(1);
            }
            keep
        });
        self.counts.shrink_to_fit();
        self.bytes = self.counts.keys().map(|value| value.len() + ENTRY).sum();
    }
}

/// The smallest of all hashes that were seen: the closer they lie, the more there are.
#[derive(Debug, Clone, Default)]
struct Smallest(std::collections::BTreeSet<u64>);

impl Smallest {
    fn of<'a>(values: impl Iterator<Item = &'a Box<[u8]>>) -> Self {
        let mut smallest = Self::default();
        values.for_each(|value| smallest.add(hash(value)));
        smallest
    }

    fn add(&mut self, hash: u64) {
        if self.0.len() == HASHES && self.0.last().is_some_and(|last| hash >= *last) {
            return;
        }
        self.0.insert(hash);
        if self.0.len() > HASHES {
            self.0.pop_last();
        }
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive estimate")]
    fn estimate(&self) -> u64 {
        match self.0.last() {
            Some(last) if self.0.len() == HASHES => {
                ((HASHES - 1) as f64 / (*last as f64 / u64::MAX as f64)).round() as u64
            }
            _ => self.0.len() as u64,
        }
    }
}

/// A hash whose bits are all as good as random.
fn hash(value: &[u8]) -> u64 {
    let mut hasher = Fnv.build_hasher();
    hasher.write(value);
    // The finish of MurmurHash3.
    let mut hash = hasher.finish();
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

/// FNV-1a: short texts are hashed fast, and equal data takes equal time. Values chosen to collide can only slow their own step.
#[derive(Debug, Clone, Copy, Default)]
struct Fnv;

impl BuildHasher for Fnv {
    type Hasher = FnvHasher;
    fn build_hasher(&self) -> FnvHasher {
        FnvHasher(0xcbf2_9ce4_8422_2325)
    }
}

struct FnvHasher(u64);

impl Hasher for FnvHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_are_broken_by_bytes_downwards() {
        let mut values = Values::default();
        for value in ["b", "a", "b", "a", "ééé", "C", "c", "10", "9"] {
            values.add(value.as_bytes());
        }
        let order = [("b", 2), ("a", 2), ("ééé", 1), ("c", 1), ("C", 1), ("9", 1), ("10", 1)];
        let order = order.map(|(value, count)| (value.as_bytes(), count));
        assert_eq!(values.most_frequent(100), order);
        assert_eq!(values.most_frequent(3), order[..3]);
        assert_eq!(values.distinct(), 7);

        let mut numbers = Values::default();
        for value in ["9", "10", "-2", "-10", "9"] {
            numbers.add(value.as_bytes());
        }
        let order = numbers.most_frequent_integers(9).into_iter().map(|(value, _)| value);
        assert_eq!(order.collect::<Vec<_>>(), [&b"9"[..], b"10", b"-2", b"-10"]);
    }

    #[test]
    fn beyond_the_bound_frequent_values_stay_and_the_number_is_estimated() {
        let mut values = Values::default();
        let n = 2_500_000_u32;
        for k in 0..n {
            values.add(format!("{k:08}").as_bytes());
            values.add(if k % 4 == 0 { b"often" } else { b"more often" });
        }
        assert!(!values.exact());
        assert!(values.bytes <= MOST_BYTES);
        assert_eq!(values.most_frequent(2), [(b"more often".as_slice(), 1_875_000), (b"often".as_slice(), 625_000)]);
        let error = (values.distinct() as f64 - f64::from(n + 2)).abs() / f64::from(n);
        assert!(error < 0.02, "{error}");
    }
}
