//! How well a model does.

use crate::model::Softmax;
use crate::table::Table;

/// What came of an examination.
#[derive(Debug, Clone)]
pub struct Report {
    pub labels: Vec<String>,
    /// Rows that the model was examined on.
    pub rows: u32,
    /// Rows left out because a value is missing.
    pub skipped: u32,
    /// A row for each true label, a column for each answer.
    pub confusion: Vec<Vec<u64>>,
    /// Mean of -ln(probability given to the true label).
    pub log_loss: f64,
    /// ROC curve of all one-against-the-rest decisions together.
    pub roc: Vec<Point>,
}

/// A point of a ROC curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    pub threshold: f64,
    pub true_positive_rate: f64,
    pub false_positive_rate: f64,
}

impl Report {
    pub fn accuracy(&self) -> f64 {
        let right: u64 = (0..self.labels.len()).map(|label| self.confusion[label][label]).sum();
        right as f64 / f64::from(self.rows)
    }

    /// For each label that occurs, the share of its rows that were told right.
    pub fn recalls(&self) -> impl Iterator<Item = (&str, f64)> {
        self.labels.iter().zip(&self.confusion).enumerate().filter_map(|(index, (label, row))| {
            let all: u64 = row.iter().sum();
            (all > 0).then(|| (label.as_str(), row[index] as f64 / all as f64))
        })
    }
}

/// Lets a model tell the label of every row and compares.
pub fn examine(model: &Softmax, table: &Table, label: &str) -> Result<Report, String> {
    let count = model.labels.len();
    let mut report = Report {
        labels: model.labels.clone(),
        rows: 0,
        skipped: 0,
        confusion: vec![vec![0; count]; count],
        log_loss: 0.0,
        roc: Vec::new(),
    };
    let mut decisions = Vec::new();
    for encoded in model.encode(table, label)? {
        let Some((numbers, answer, row)) = encoded else {
            report.skipped += 1;
            continue;
        };
        let truth = model.labels.iter().position(|label| label == answer).ok_or_else(|| {
            let known = model.labels.join(", ");
            format!("line {}, column `{label}`: the model has never seen `{answer}`; it knows {known}", row.line)
        })?;
        let probabilities = model.probabilities(&numbers);
        let told = (0..count).max_by(|&a, &b| probabilities[a].total_cmp(&probabilities[b])).unwrap_or_default();
        report.rows += 1;
        report.confusion[truth][told] += 1;
        report.log_loss -= probabilities[truth].max(f64::MIN_POSITIVE).ln();
        decisions.extend(probabilities.into_iter().enumerate().map(|(label, score)| (score, label == truth)));
    }
    if report.rows == 0 {
        return Err("there is no complete row to examine the model on".to_owned());
    }
    report.log_loss /= f64::from(report.rows);
    report.roc = roc(decisions);
    Ok(report)
}

/// The ROC curve of decisions, each a score and whether it is truly positive: from (0, 0) to (1, 1), with the corners only.
pub fn roc(mut decisions: Vec<(f64, bool)>) -> Vec<Point> {
    decisions.sort_by(|a, b| b.0.total_cmp(&a.0));
    let positives = decisions.iter().filter(|(_, positive)| *positive).count();
    let negatives = decisions.len() - positives;
    let rate = |count: usize, all: usize| if all == 0 { 0.0 } else { count as f64 / all as f64 };
    // Nothing counts as positive above the greatest score.
    let above = decisions.first().map_or(1.0, |(greatest, _)| greatest + 1.0);
    let mut curve = vec![Point { threshold: above, true_positive_rate: 0.0, false_positive_rate: 0.0 }];
    let (mut true_positives, mut false_positives) = (0, 0);
    for (index, &(threshold, positive)) in decisions.iter().enumerate() {
        if positive {
            true_positives += 1
        } else {
            false_positives += 1
        }
        // Equal scores are decided together.
        if decisions.get(index + 1).is_some_and(|next| next.0 == threshold) {
            continue;
        }
        let point = Point {
            threshold,
            true_positive_rate: rate(true_positives, positives),
            false_positive_rate: rate(false_positives, negatives),
        };
        if let [.., before, last] = curve[..] {
            let straight_up = before.false_positive_rate == last.false_positive_rate
                && last.false_positive_rate == point.false_positive_rate;
            let straight_on = before.true_positive_rate == last.true_positive_rate
                && last.true_positive_rate == point.true_positive_rate;
            if straight_up || straight_on {
                curve.pop();
            }
        }
        curve.push(point);
    }
    curve
}

/// Area under a ROC curve.
pub fn area(curve: &[Point]) -> f64 {
    let strip = |pair: &[Point]| {
        let width = pair[1].false_positive_rate - pair[0].false_positive_rate;
        width * (pair[0].true_positive_rate + pair[1].true_positive_rate) / 2.0
    };
    curve.windows(2).map(strip).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fit;
    use crate::split::stratified;
    use crate::table::tests::penguins;

    #[test]
    fn a_curve_worked_out_by_hand() {
        let curve = roc(vec![(0.9, true), (0.8, true), (0.7, false), (0.6, true), (0.6, false), (0.1, false)]);
        let corners: Vec<_> =
            curve.iter().map(|p| (p.threshold, p.true_positive_rate, p.false_positive_rate)).collect();
        let third = 1.0 / 3.0;
        assert_eq!(
            corners,
            [
                (1.9, 0.0, 0.0),
                (0.8, 2.0 * third, 0.0),
                (0.7, 2.0 * third, third),
                (0.6, 1.0, 2.0 * third),
                (0.1, 1.0, 1.0)
            ]
        );
        assert!((area(&curve) - (2.0 * third * third + third * (2.0 * third + 1.0) / 2.0 + third)).abs() < 1e-12);
        // By pairs: of 9 (positive, negative) pairs 7 are in order and 1 is a tie.
        assert!((area(&curve) - 7.5 / 9.0).abs() < 1e-12);
        assert!((area(&roc(vec![(0.2, true), (0.1, false)])) - 1.0).abs() < 1e-12);
        assert!(area(&roc(vec![(0.1, true), (0.2, false)])).abs() < 1e-12);
    }

    #[test]
    fn bills_and_flippers_tell_the_species() {
        let features = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"].map(str::to_owned);
        let (train, test) = stratified(&penguins(), "species", 7, 0.25).unwrap();
        let model = fit(&train, "species", &features, 1.0, 100).unwrap();
        let report = examine(&model, &test, "species").unwrap();
        assert_eq!(report.rows + report.skipped, 86);
        assert_eq!(report.confusion.iter().flatten().sum::<u64>(), u64::from(report.rows));
        assert!(report.accuracy() > 0.95, "{}", report.accuracy());
        assert!(area(&report.roc) > 0.99, "{}", area(&report.roc));
        assert_eq!(report.recalls().count(), 3);
    }

    #[test]
    fn what_the_model_has_never_seen_is_named() {
        let model = fit(&penguins(), "species", &["body_mass_g".to_owned()], 1.0, 100).unwrap();
        let wrong = |text: &[u8]| examine(&model, &Table::parse(text).unwrap(), "species").unwrap_err();
        assert_eq!(
            wrong(b"species,body_mass_g\nEmperor,30000\n"),
            "line 2, column `species`: the model has never seen `Emperor`; it knows Adelie, Chinstrap, Gentoo"
        );
        assert!(wrong(b"species,body_mass_g\nAdelie,NA\n").contains("no complete row"));
    }
}
