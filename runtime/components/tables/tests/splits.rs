//! Splits are those of TFX 1.21's `CsvExampleGen`, which put 204 of the 344 rows of `penguins_blank.csv` into `train` and 140 into `eval`.

use std::path::PathBuf;

use tables::csv::Dialect;
use tables::split::{Share, Splitter};
use tables::{Reader, Record, Table, types};

fn shares(of: &[(&str, u32)]) -> Vec<Share> {
    of.iter().map(|(name, buckets)| Share { name: (*name).to_owned(), buckets: *buckets }).collect()
}

fn counts(of: &[(&str, u32)], partition: Option<&str>) -> Result<Vec<usize>, String> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../data-validation/tests/data/tfdv/penguins_blank.csv");
    let text = std::fs::read(path).unwrap();
    let table = Table::of("table.csv", &text);
    let types = types(std::slice::from_ref(&table), Dialect::default()).unwrap();
    let mut counts = vec![0; of.len()];
    let mut splitter = Splitter::new(shares(of), partition).unwrap();
    let Reader::Csv(mut reader) = table.read(Dialect::default(), None).unwrap() else { panic!("no CSV") };
    let mut row = Record::default();
    while let Some(cells) = reader.next_row().unwrap() {
        types.row(cells, &mut row, false)?;
        counts[splitter.split(&row)?.0] += 1;
    }
    Ok(counts)
}

#[test]
fn rows_fall_where_tfx_puts_them() {
    assert_eq!(counts(&[("train", 2), ("eval", 1)], None).unwrap(), [204, 140]);
}

#[test]
fn rows_of_one_value_stay_together() {
    let by_species = counts(&[("a", 1), ("b", 1)], Some("species")).unwrap();
    // Adelie, Chinstrap and Gentoo.
    let together = [0, 152, 68, 124, 152 + 68, 152 + 124, 68 + 124, 344];
    assert!(together.contains(&by_species[0]) && by_species[0] + by_species[1] == 344, "{by_species:?}");
}

#[test]
fn what_cannot_decide_is_told() {
    let problem = |names: &[(&str, u32)]| Splitter::new(shares(names), None).unwrap_err().to_string();
    assert_eq!(problem(&[("a", 1), ("a", 1)]), "two splits are called `a`");
    assert!(problem(&[("../a", 1)]).starts_with("`../a` is no name of a split"));
    assert_eq!(problem(&[("a", 0)]), "each split needs a share of at least 1 bucket");
    let by = |feature| counts(&[("a", 1), ("b", 1)], Some(feature)).unwrap_err();
    assert_eq!(by("bill_length_mm"), "`bill_length_mm` decides the split, and only texts and integers can");
    assert_eq!(by("wings"), "there is no feature `wings`, which decides the split");
}
