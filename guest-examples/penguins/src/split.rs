//! Splitting a table in two.

use std::collections::BTreeMap;

use crate::table::{Row, Table};

/// Splits off the given share of the rows of each label. The same table, seed and share give the same split on every machine; both
/// parts keep the rows' order.
pub fn stratified(table: &Table, label: &str, seed: u64, test_fraction: f64) -> Result<(Table, Table), String> {
    if !(test_fraction > 0.0 && test_fraction < 1.0) {
        return Err(format!("`test-fraction` is {test_fraction}; it must be more than 0 and less than 1"));
    }
    let column = table.column(label)?;
    let mut strata: BTreeMap<Option<&str>, Vec<usize>> = BTreeMap::new();
    for (index, row) in table.rows.iter().enumerate() {
        strata.entry(row.get(column)).or_default().push(index);
    }
    let mut random = Random(seed);
    let mut in_test = vec![false; table.rows.len()];
    for rows in strata.values_mut() {
        random.shuffle(rows);
        let share = (rows.len() as f64 * test_fraction).round() as usize;
        for &row in &rows[..share] {
            in_test[row] = true;
        }
    }
    let part = |test: bool| -> Vec<Row> {
        table.rows.iter().zip(&in_test).filter(|(_, in_test)| **in_test == test).map(|(row, _)| row.clone()).collect()
    };
    let (train, test) = (part(false), part(true));
    if train.is_empty() || test.is_empty() {
        let rows = table.rows.len();
        return Err(format!(
            "a `test-fraction` of {test_fraction} leaves one side of the split without any of the {rows} rows"
        ));
    }
    Ok((Table { columns: table.columns.clone(), rows: train }, Table { columns: table.columns.clone(), rows: test }))
}

/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Fisher and Yates' shuffle.
    fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = (u128::from(self.next()) * (last as u128 + 1)) >> 64;
            items.swap(last, other as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::tests::penguins;

    fn species(table: &Table, name: &str) -> usize {
        table.rows.iter().filter(|row| row.get(0) == Some(name)).count()
    }

    #[test]
    fn every_row_goes_to_one_side_and_species_keep_their_share() {
        let table = penguins();
        let (train, test) = stratified(&table, "species", 7, 0.25).unwrap();
        for (name, count) in [("Adelie", 38), ("Chinstrap", 17), ("Gentoo", 31)] {
            assert_eq!(species(&test, name), count);
            assert_eq!(species(&test, name) + species(&train, name), species(&table, name));
        }
        let mut rows = [train.rows, test.rows].concat();
        rows.sort_by_key(|row| row.line);
        assert_eq!(rows, table.rows);
    }

    #[test]
    fn the_seed_alone_decides() {
        let table = penguins();
        let test = |seed| stratified(&table, "species", seed, 0.25).unwrap().1;
        assert_eq!(test(7), test(7));
        assert_ne!(test(7), test(8));
        // The same on every machine, for ever: else cached results would be wrong.
        let lines: Vec<u64> = test(7).rows.iter().take(5).map(|row| row.line).collect();
        assert_eq!(lines, [3, 5, 9, 13, 14]);
    }

    #[test]
    fn splits_that_make_no_sense_are_refused() {
        let table = penguins();
        for fraction in [0.0, 1.0, -1.0, f64::NAN] {
            assert!(stratified(&table, "species", 7, fraction).unwrap_err().contains("more than 0"));
        }
        assert!(stratified(&table, "species", 7, 0.0001).unwrap_err().contains("344 rows"));
        assert!(stratified(&table, "colour", 7, 0.5).unwrap_err().contains("no column `colour`"));
    }
}
