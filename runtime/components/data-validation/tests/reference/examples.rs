//! Splits are those of TFX 1.21's `CsvExampleGen`, which put 204 of the 344 rows of `penguins_blank.csv` into `train` and 140 into `eval`.

use crate::common::read;
use data_validation::csv::{Dialect, Reader};
use data_validation::examples::{Share, Splitter};
use data_validation::statistics::{Options, Table, types};

fn counts(shares: &[(&str, u32)], partition: Option<&str>) -> Vec<usize> {
    let text = read("penguins_blank.csv");
    let types = types(&[Table::of("table", text.as_bytes())], &Options::default()).unwrap();
    let shares: Vec<Share> =
        shares.iter().map(|(name, buckets)| Share { name: (*name).to_owned(), buckets: *buckets }).collect();
    let mut counts = vec![0; shares.len()];
    let splitter = Splitter::new(&types, shares, partition).unwrap();
    let mut reader = Reader::new(text.as_bytes(), "table", Dialect::default()).unwrap();
    while let Some(row) = reader.next_row().unwrap() {
        counts[splitter.split(row).unwrap()] += 1;
    }
    counts
}

#[test]
fn rows_fall_where_tfx_puts_them() {
    assert_eq!(counts(&[("train", 2), ("eval", 1)], None), [204, 140]);
}

#[test]
fn rows_of_one_value_stay_together() {
    let by_species = counts(&[("a", 1), ("b", 1)], Some("species"));
    // Adelie, Chinstrap and Gentoo.
    let together = [0, 152, 68, 124, 152 + 68, 152 + 124, 68 + 124, 344];
    assert!(together.contains(&by_species[0]) && by_species[0] + by_species[1] == 344, "{by_species:?}");
}

#[test]
fn what_cannot_decide_is_told() {
    let text = read("penguins_blank.csv");
    let types = types(&[Table::of("table", text.as_bytes())], &Options::default()).unwrap();
    let shares = |names: &[&str]| names.iter().map(|name| Share { name: (*name).to_owned(), buckets: 1 }).collect();
    let problem = |names: &[&str], by| Splitter::new(&types, shares(names), by).unwrap_err().to_string();
    assert_eq!(problem(&["a", "a"], None), "two splits are called `a`");
    assert!(problem(&["../a"], None).starts_with("`../a` is no name of a split"));
    assert_eq!(
        problem(&["a"], Some("bill_length_mm")),
        "only texts and integers can decide the split, and `bill_length_mm` is neither"
    );
    assert_eq!(problem(&["a"], Some("wings")), "there is no column `wings` to decide the split");
}
