//! Distances of samples are those of scipy 1.17.1 (`ks_2samp`, `wasserstein_distance`, `chisquare`) and of Evidently 0.7.14 (`_psi`), which were
//! given the columns of `serving.csv` and, as the baseline, `penguins_blank.csv`; floating-point columns rounded to single precision.

use std::collections::BTreeMap;

use crate::common::described;
use data_validation::measures::measure;
use data_validation::statistics::{Options, Sample};

fn samples(name: &str) -> BTreeMap<String, Sample> {
    let options = Options { samples: true, ..Options::default() };
    described(name, &options).samples().map(|(name, sample)| (name.to_owned(), sample)).collect()
}

fn close(found: Option<f64>, expected: f64) {
    let found = found.unwrap();
    assert!((found - expected).abs() <= 1e-6 * expected.abs(), "{found}, not {expected}");
}

#[test]
fn of_numbers() {
    let (current, baseline) = (samples("serving"), samples("penguins_blank"));
    for (column, psi, kolmogorov_smirnov, wasserstein) in [
        ("bill_length_mm", 0.018_423_289_290_211_458, 0.038_853_230_637_569_534, 0.301_479_069_344_277_4),
        ("bill_depth_mm", 0.015_877_136_459_704_34, 0.034_517_187_277_135_93, 0.094_465_866_219_451_56),
        ("flipper_length_mm", 0.026_153_550_330_155_59, 0.026_101_839_965_768_08, 0.474_468_692_055_341_4),
        ("body_mass_g", 0.427_038_470_834_908_65, 0.235_629_724_718_299_82, 444.550_492_083_868_2),
    ] {
        let found = measure(&current[column], &baseline[column]);
        close(found.psi, psi);
        close(found.kolmogorov_smirnov, kolmogorov_smirnov);
        close(found.wasserstein, wasserstein);
    }
}

#[test]
fn of_texts() {
    let (current, baseline) = (samples("serving"), samples("penguins_blank"));
    let found = measure(&current["island"], &baseline["island"]);
    close(found.psi, 0.021_869_890_816_301_047);
    close(found.chi_square, 4.792_503_840_245_774);
    close(found.chi_square_p, 0.091_058_609_429_042_77);
    // A species that the baseline has not.
    let found = measure(&current["species"], &baseline["species"]);
    close(found.psi, 0.496_913_359_110_375_7);
    assert_eq!((found.chi_square, found.chi_square_p), (Some(f64::INFINITY), Some(0.0)));
}
