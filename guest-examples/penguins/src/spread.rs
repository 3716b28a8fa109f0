//! What a model needs to know of a column before it learns: how its numbers are spread, or which words there are.

use crate::table::Table;

/// What is known of the values of a column that are there. It is numeric if every one of them is a number.
#[derive(Debug, Clone, PartialEq)]
pub enum Spread {
    Numbers {
        mean: f64,
        /// Sample standard deviation; 0 for a single value.
        deviation: f64,
    },
    /// Each word once, in order.
    Words(Vec<String>),
}

impl Spread {
    /// That of a column by its position.
    pub fn of(table: &Table, column: usize) -> Self {
        let values: Vec<&str> = table.rows.iter().filter_map(|row| row.get(column)).collect();
        let numbers: Option<Vec<f64>> = values.iter().map(|value| number(value)).collect();
        match numbers {
            Some(mut numbers) if !numbers.is_empty() => {
                // In order, so that the sums do not depend on that of the rows.
                numbers.sort_by(f64::total_cmp);
                let count = numbers.len();
                let mean = numbers.iter().sum::<f64>() / count as f64;
                let squares: f64 = numbers.iter().map(|x| (x - mean).powi(2)).sum();
                Self::Numbers { mean, deviation: (squares / (count.max(2) - 1) as f64).sqrt() }
            }
            _ => {
                let mut words: Vec<String> = values.into_iter().map(str::to_owned).collect();
                words.sort();
                words.dedup();
                Self::Words(words)
            }
        }
    }
}

/// The number that a text stands for; `NaN` and infinities are none.
pub fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::tests::penguins;

    #[test]
    fn the_penguins_are_spread_as_is_published() {
        let table = penguins();
        let words = Spread::Words(["Adelie", "Chinstrap", "Gentoo"].map(str::to_owned).to_vec());
        assert_eq!(Spread::of(&table, 0), words);
        let Spread::Numbers { mean, deviation } = Spread::of(&table, 4) else { panic!("lengths are numbers") };
        assert!((mean - 200.915_205).abs() < 1e-6 && (deviation - 14.061_714).abs() < 1e-6, "{mean} {deviation}");
    }

    #[test]
    fn odd_columns_are_spread_too() {
        let table = Table::parse(b"one,empty,mixed\n5,NA,1\n5,,x\n").unwrap();
        assert_eq!(Spread::of(&table, 0), Spread::Numbers { mean: 5.0, deviation: 0.0 });
        assert_eq!(Spread::of(&table, 1), Spread::Words(Vec::new()));
        assert_eq!(Spread::of(&table, 2), Spread::Words(vec!["1".to_owned(), "x".to_owned()]));
        assert_eq!((number("NaN"), number("inf"), number("-0.5")), (None, None, Some(-0.5)));
    }
}
