//! Distances between two samples, as scipy and Evidently define them.

use std::collections::BTreeMap;

use crate::statistics::Sample;

/// Up to this many distinct numbers in the baseline, numbers are compared as categories.
const FEW: usize = 20;
/// A share that stands for none, whose logarithm would be infinite.
const NOTHING: f64 = 0.0001;

/// Distances of a sample from a baseline.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Measures {
    /// The population stability index, as Evidently computes it: over the bins of Sturges' rule, or over categories; natural logarithms.
    pub psi: Option<f64>,
    /// The Kolmogorov-Smirnov statistic of numbers: scipy's `ks_2samp(..).statistic`.
    pub kolmogorov_smirnov: Option<f64>,
    /// The Wasserstein distance of numbers: scipy's `wasserstein_distance`.
    pub wasserstein: Option<f64>,
    /// The chi-square statistic of texts, the baseline's shares being what is expected: scipy's `chisquare(..).statistic`. Infinite if there are texts
    /// that the baseline has not.
    pub chi_square: Option<f64>,
    /// How likely so large a chi-square statistic is by chance: scipy's `chisquare(..).pvalue`.
    pub chi_square_p: Option<f64>,
}

/// Compares what can be compared; nothing if one side is empty, or they are of different kinds.
#[must_use]
pub fn measure(sample: &Sample, baseline: &Sample) -> Measures {
    match (sample, baseline) {
        (Sample::Numbers { counts, integers }, Sample::Numbers { counts: base, integers: base_integers }) => {
            if counts.is_empty() || base.is_empty() {
                return Measures::default();
            }
            let (kolmogorov_smirnov, wasserstein) = distribution_functions(counts, base);
            let finite = counts.iter().chain(base).all(|(value, _)| value.is_finite());
            Measures {
                psi: finite.then(|| psi_of_numbers(counts, base, *integers && *base_integers)),
                kolmogorov_smirnov: Some(kolmogorov_smirnov),
                wasserstein: finite.then_some(wasserstein),
                ..Measures::default()
            }
        }
        (Sample::Texts(texts), Sample::Texts(base)) if !texts.is_empty() && !base.is_empty() => {
            let (statistic, p) = chi_square(texts, base);
            Measures {
                psi: Some(psi(aligned(texts, base))),
                chi_square: Some(statistic),
                chi_square_p: Some(p),
                ..Measures::default()
            }
        }
        _ => Measures::default(),
    }
}

/// The largest distance of the two distribution functions, and the area between them.
fn distribution_functions(a: &[(f64, f64)], b: &[(f64, f64)]) -> (f64, f64) {
    let total = |counts: &[(f64, f64)]| counts.iter().map(|(_, count)| count).sum::<f64>();
    let (total_a, total_b) = (total(a), total(b));
    let (mut at_a, mut at_b) = (0, 0);
    let (mut up_to_a, mut up_to_b) = (0.0, 0.0);
    let (mut largest, mut area) = (0.0_f64, 0.0);
    let mut before: Option<f64> = None;
    while at_a < a.len() || at_b < b.len() {
        let next = |counts: &[(f64, f64)], at: usize| counts.get(at).map_or(f64::INFINITY, |(value, _)| *value);
        let value = next(a, at_a).min(next(b, at_b));
        if let Some(before) = before {
            area += (up_to_a / total_a - up_to_b / total_b).abs() * (value - before);
        }
        for (counts, at, up_to) in [(a, &mut at_a, &mut up_to_a), (b, &mut at_b, &mut up_to_b)] {
            while counts.get(*at).is_some_and(|(other, _)| *other <= value) {
                *up_to += counts[*at].1;
                *at += 1;
            }
        }
        largest = largest.max((up_to_a / total_a - up_to_b / total_b).abs());
        before = Some(value);
    }
    (largest, area)
}

fn psi_of_numbers(counts: &[(f64, f64)], base: &[(f64, f64)], integers: bool) -> f64 {
    if base.len() <= FEW {
        let key = |(value, count): &(f64, f64)| (format!("{value:?}"), *count);
        return psi(aligned(&counts.iter().map(key).collect(), &base.iter().map(key).collect()));
    }
    let all = || counts.iter().chain(base);
    let (low, high) =
        all().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (value, _)| (low.min(*value), high.max(*value)));
    let size: f64 = all().map(|(_, count)| count).sum();
    // Sturges' rule, with bins of integers no narrower than 1, as numpy has it.
    let width = (high - low) / (size.log2() + 1.0);
    let width = if integers { width.max(1.0) } else { width };
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "about the logarithm of the number of rows"
    )]
    let bins = (((high - low) / width).ceil() as usize).clamp(1, 1000);
    let bound = |n: usize| if n == bins { high } else { low + n as f64 * ((high - low) / bins as f64) };
    let bounds: Vec<f64> = (0..=bins).map(bound).collect();
    let binned = |counts: &[(f64, f64)]| {
        let mut binned = vec![0.0; bins];
        for (value, count) in counts {
            let bin = bounds.partition_point(|bound| bound <= value).clamp(1, bins) - 1;
            binned[bin] += count;
        }
        binned
    };
    psi((binned(counts), binned(base)))
}

/// Counts of the texts of either side.
fn aligned(a: &BTreeMap<String, f64>, b: &BTreeMap<String, f64>) -> (Vec<f64>, Vec<f64>) {
    let mut keys: Vec<&String> = a.keys().chain(b.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    let side =
        |counts: &BTreeMap<String, f64>| keys.iter().map(|key| counts.get(*key).copied().unwrap_or(0.0)).collect();
    (side(a), side(b))
}

fn psi((current, base): (Vec<f64>, Vec<f64>)) -> f64 {
    let shares = |counts: Vec<f64>| {
        let total: f64 = counts.iter().sum();
        let shares: Vec<f64> = counts.into_iter().map(|count| count / total).collect();
        let least = shares.iter().copied().filter(|share| *share > 0.0).fold(f64::INFINITY, f64::min);
        let nothing = if least <= NOTHING { least / 1e6 } else { NOTHING };
        shares.into_iter().map(move |share| if share > 0.0 { share } else { nothing }).collect::<Vec<f64>>()
    };
    let (current, base) = (shares(current), shares(base));
    base.iter().zip(&current).map(|(base, current)| (base - current) * (base / current).ln()).sum()
}

fn chi_square(current: &BTreeMap<String, f64>, base: &BTreeMap<String, f64>) -> (f64, f64) {
    let (current, base) = aligned(current, base);
    let scale = current.iter().sum::<f64>() / base.iter().sum::<f64>();
    let parts = current.iter().zip(&base).map(|(observed, base)| {
        let expected = base * scale;
        if expected > 0.0 { (observed - expected).powi(2) / expected } else { f64::INFINITY }
    });
    let statistic: f64 = parts.sum();
    let freedom = current.len().saturating_sub(1) as f64;
    let p = if freedom < 1.0 || statistic <= 0.0 { 1.0 } else { upper_gamma(freedom / 2.0, statistic / 2.0) };
    (statistic, p)
}

/// The regularised upper incomplete gamma function: by its series below the peak, by its continued fraction above.
#[allow(clippy::many_single_char_names, reason = "as the formulas are written")]
fn upper_gamma(a: f64, x: f64) -> f64 {
    if x.is_infinite() {
        return 0.0;
    }
    let scale = (a * x.ln() - x - ln_gamma(a)).exp();
    if x < a + 1.0 {
        let (mut term, mut sum, mut n) = (1.0 / a, 1.0 / a, a);
        for _ in 0..100_000 {
            n += 1.0;
            term *= x / n;
            sum += term;
            if term < sum * 1e-16 {
                break;
            }
        }
        return (1.0 - sum * scale).clamp(0.0, 1.0);
    }
    // Lentz's method.
    let tiny = 1e-300;
    let mut b = x + 1.0 - a;
    let mut c = 1.0 / tiny;
    let mut d = 1.0 / b;
    let mut fraction = d;
    for n in 1..100_000 {
        let n = f64::from(n);
        let an = -n * (n - a);
        b += 2.0;
        d = 1.0 / nonzero(an * d + b, tiny);
        c = nonzero(b + an / c, tiny);
        fraction *= d * c;
        if (d * c - 1.0).abs() < 1e-15 {
            break;
        }
    }
    (scale * fraction).clamp(0.0, 1.0)
}

fn nonzero(value: f64, tiny: f64) -> f64 {
    if value.abs() < tiny { tiny } else { value }
}

/// The logarithm of the gamma function of a positive number, by Stirling's series.
fn ln_gamma(x: f64) -> f64 {
    let mut x = x;
    let mut shift = 0.0;
    while x < 15.0 {
        shift += x.ln();
        x += 1.0;
    }
    let squared = x * x;
    let series = (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - 1.0 / (1680.0 * squared)) / squared) / squared) / x;
    (x - 0.5) * x.ln() - x + 0.5 * (2.0 * std::f64::consts::PI).ln() + series - shift
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 1e-6 * expected.abs(), "{found}, not {expected}");
    }

    /// `scipy.stats.chi2.sf(statistic, freedom)` of scipy 1.17.1.
    #[test]
    fn chances_are_those_of_scipy() {
        for (statistic, freedom, expected) in [
            (3.2, 2.0, 0.201_896_517_994_655_4),
            (40.0, 5.0, 1.493_367_900_050_393e-7),
            (0.01, 1.0, 0.920_344_325_445_942),
            (120.5, 99.0, 0.069_955_564_596_005_87),
            (1000.0, 300.0, 3.729_320_485_567_897e-76),
        ] {
            close(upper_gamma(freedom / 2.0, statistic / 2.0), expected);
        }
    }

    #[test]
    fn nothing_is_measured_of_nothing() {
        let none = Sample::Numbers { counts: Vec::new(), integers: true };
        let some = Sample::Numbers { counts: vec![(1.0, 2.0)], integers: true };
        assert_eq!(measure(&none, &some), Measures::default());
        assert_eq!(measure(&some, &Sample::Texts(BTreeMap::new())), Measures::default());
        let found = measure(&some, &some);
        assert_eq!((found.psi, found.kolmogorov_smirnov, found.wasserstein), (Some(0.0), Some(0.0), Some(0.0)));
    }
}
