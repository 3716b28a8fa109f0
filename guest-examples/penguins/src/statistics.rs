//! Statistics of a table's columns.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::table::Table;

const BINS: usize = 20;

/// Statistics of a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Statistics {
    pub rows: u32,
    pub columns: Vec<Column>,
}

/// Statistics of one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Column {
    pub name: String,
    /// Values that are there.
    pub present: u32,
    /// Values that are not.
    pub missing: u32,
    #[serde(flatten)]
    pub values: Values,
}

/// What is known of the values that are there. A column is numeric if every one of them is a number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Values {
    Number(Numbers),
    Category {
        /// How often each word occurs.
        counts: BTreeMap<String, u32>,
    },
}

/// The spread of a numeric column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Numbers {
    pub mean: f64,
    /// Sample standard deviation; 0 for a single value.
    pub deviation: f64,
    pub min: f64,
    pub median: f64,
    pub max: f64,
    /// Counts in bins of equal width from `min` to `max`.
    pub histogram: Vec<u32>,
}

impl Statistics {
    pub fn of(table: &Table) -> Self {
        let column = |(index, name): (usize, &String)| {
            let values: Vec<&str> = table.rows.iter().filter_map(|row| row.get(index)).collect();
            let numbers: Option<Vec<f64>> = values.iter().map(|value| number(value)).collect();
            Column {
                name: name.clone(),
                present: values.len() as u32,
                missing: (table.rows.len() - values.len()) as u32,
                values: match numbers {
                    Some(numbers) if !numbers.is_empty() => Values::Number(Numbers::of(numbers)),
                    _ => Values::Category { counts: counts(&values) },
                },
            }
        };
        Self { rows: table.rows.len() as u32, columns: table.columns.iter().enumerate().map(column).collect() }
    }
}

/// The number that a text stands for; `NaN` and infinities are none.
pub fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

fn counts(values: &[&str]) -> BTreeMap<String, u32> {
    let mut counts = BTreeMap::new();
    for value in values {
        *counts.entry((*value).to_owned()).or_default() += 1;
    }
    counts
}

impl Numbers {
    /// The spread of at least one number.
    pub fn of(mut numbers: Vec<f64>) -> Self {
        numbers.sort_by(f64::total_cmp);
        let count = numbers.len();
        let mean = numbers.iter().sum::<f64>() / count as f64;
        let squares: f64 = numbers.iter().map(|x| (x - mean).powi(2)).sum();
        let (min, max) = (numbers[0], numbers[count - 1]);
        let mut histogram = vec![0; BINS];
        for x in &numbers {
            let share = if max > min { (x - min) / (max - min) } else { 0.5 };
            histogram[((share * BINS as f64) as usize).min(BINS - 1)] += 1;
        }
        Self {
            mean,
            deviation: (squares / (count.max(2) - 1) as f64).sqrt(),
            min,
            median: (numbers[(count - 1) / 2] + numbers[count / 2]) / 2.0,
            max,
            histogram,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::tests::penguins;

    #[test]
    fn the_penguins_have_the_statistics_that_are_published() {
        let statistics = Statistics::of(&penguins());
        assert_eq!(statistics.rows, 344);
        let Values::Category { counts } = &statistics.columns[0].values else { panic!("species are categories") };
        assert_eq!(
            counts.iter().map(|(k, v)| (k.as_str(), *v)).collect::<Vec<_>>(),
            [("Adelie", 152), ("Chinstrap", 68), ("Gentoo", 124)]
        );
        let flippers = &statistics.columns[4];
        assert_eq!((flippers.present, flippers.missing), (342, 2));
        let Values::Number(flippers) = &flippers.values else { panic!("lengths are numbers") };
        assert!((flippers.mean - 200.915_205).abs() < 1e-6, "{}", flippers.mean);
        assert!((flippers.deviation - 14.061_714).abs() < 1e-6, "{}", flippers.deviation);
        assert_eq!((flippers.min, flippers.median, flippers.max), (172.0, 197.0, 231.0));
        assert_eq!(flippers.histogram.iter().sum::<u32>(), 342);
        assert_eq!(statistics.columns[6].missing, 11);
    }

    #[test]
    fn odd_columns_have_statistics_too() {
        let table = Table::parse(b"one,empty,mixed,large\n5,NA,1,1e308\n5,,x,-1e308\n").unwrap();
        let columns = Statistics::of(&table).columns;
        let Values::Number(one) = &columns[0].values else { panic!("5 is a number") };
        assert_eq!((one.deviation, one.min, one.max), (0.0, 5.0, 5.0));
        assert_eq!(columns[1].values, Values::Category { counts: BTreeMap::new() });
        assert!(matches!(columns[2].values, Values::Category { .. }));
        let json = serde_json::to_string(&columns[0]).unwrap();
        assert_eq!(serde_json::from_str::<Column>(&json).unwrap(), columns[0]);
        assert_eq!((number("NaN"), number("inf"), number("-0.5")), (None, None, Some(-0.5)));
    }
}
