//! Compares predictions with those that are expected.

use crate::model::{Predictions, Role};
use crate::tensor::Data;

/// A prediction that is not the expected one.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The row, from 1.
    pub row: usize,
    /// The column of predictions.
    pub column: String,
    /// What was expected, as it was written.
    pub expected: String,
    /// What the model gave.
    pub found: String,
}

/// Whether a prediction is the expected one: numbers if they differ by at most `tolerance` of the larger of 1 and the expected one, all else if it
/// is the same text. Missing numbers are equal to each other.
#[must_use]
pub fn is_alike(found: &Data, at: usize, expected: &str, role: &Role, tolerance: f64) -> bool {
    let text = found.text(at);
    if text == expected {
        return true;
    }
    let number = |text: &str| -> Option<f64> {
        if crate::table::MISSING.contains(&text) { Some(f64::NAN) } else { text.trim().parse().ok() }
    };
    if matches!(found, Data::Text(_)) {
        return false;
    }
    match (number(&text), number(expected)) {
        // A class is a number by its value, `1` as well as `1.0`, but never nearly.
        (Some(found), Some(expected)) if *role == Role::Label => found.total_cmp(&expected).is_eq(),
        (Some(found), Some(expected)) => {
            (found.is_nan() && expected.is_nan())
                || (found - expected).abs() <= tolerance * expected.abs().max(1.0)
                || found.total_cmp(&expected).is_eq()
        }
        _ => matches!(found, Data::Bool(_)) && text.eq_ignore_ascii_case(expected.trim()),
    }
}

/// The differences of one row: `expected` has a text for each column that is to be compared.
pub fn differences<'e>(
    predictions: &Predictions,
    at: usize,
    row: usize,
    expected: impl IntoIterator<Item = (&'e str, &'e str)>,
    tolerance: f64,
) -> Vec<Difference> {
    let differs = |(column, expected): (&str, &str)| {
        let prediction = predictions.columns.iter().find(|prediction| prediction.name == column)?;
        if is_alike(&prediction.values, at, expected, &prediction.role, tolerance) {
            return None;
        }
        Some(Difference {
            row,
            column: column.to_owned(),
            expected: expected.to_owned(),
            found: prediction.values.text(at),
        })
    };
    expected.into_iter().filter_map(differs).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_may_be_off_by_the_tolerance_and_classes_not_at_all() {
        let numbers: Data = vec![1.0_f64, 1000.0, f64::NAN].into();
        for (at, expected, alike) in [
            (0, "1.0000001", true),
            (0, "1.1", false),
            (1, "1000.005", true),
            (1, "1000.1", false),
            (2, "NA", true),
            (0, "", false),
        ] {
            assert_eq!(is_alike(&numbers, at, expected, &Role::Value, 1e-5), alike, "{at} {expected}");
        }
        let labels: Data = vec![1_i64].into();
        assert!(
            is_alike(&labels, 0, "1.0", &Role::Label, 1e-5) && !is_alike(&labels, 0, "1.000001", &Role::Label, 1e-5)
        );
        let texts: Data = vec!["yes".to_owned()].into();
        assert!(is_alike(&texts, 0, "yes", &Role::Label, 1.0) && !is_alike(&texts, 0, "no", &Role::Label, 1.0));
    }
}
