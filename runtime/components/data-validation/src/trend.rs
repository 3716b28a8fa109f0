//! How distances went over the last runs: a small file that each run reads of the one before, and writes with its own behind.
//!
//! A line is `run`, `split`, `column`, `measure`, `value` and `threshold`, with tabs between them; the threshold is empty where there is none.

use std::fmt::Write as _;

use crate::error::{Error, Result};
use crate::page::Distance;

/// The runs that are kept.
pub const RUNS: usize = 50;
/// The longest file that is read, in bytes.
pub const MOST_BYTES: usize = 32 << 20;

/// The distances of the last runs, the oldest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trend {
    runs: Vec<Run>,
}

#[derive(Debug, Clone, Default, PartialEq)]
struct Run {
    label: String,
    points: Vec<Point>,
}

#[derive(Debug, Clone, PartialEq)]
struct Point {
    split: String,
    column: String,
    measure: String,
    value: f64,
    threshold: Option<f64>,
}

impl Trend {
    /// Reads a file.
    ///
    /// # Errors
    /// The line that is none of it.
    pub fn from_text(text: &str) -> Result<Self> {
        let mut trend = Self::default();
        for (n, line) in text.lines().enumerate() {
            let wrong = || Error::Request(format!("line {} is none of a trend", n + 1));
            let cells: Vec<String> = line.split('\t').map(unescaped).collect();
            let [label, split, column, measure, value, threshold] =
                <[String; 6]>::try_from(cells).map_err(|_| wrong())?;
            let value = value.parse().map_err(|_| wrong())?;
            let threshold = if threshold.is_empty() { None } else { Some(threshold.parse().map_err(|_| wrong())?) };
            if trend.runs.last().is_none_or(|run| run.label != label) {
                trend.runs.push(Run { label, points: Vec::new() });
            }
            if let Some(run) = trend.runs.last_mut() {
                run.points.push(Point { split, column, measure, value, threshold });
            }
        }
        trend.forget();
        Ok(trend)
    }

    /// The file.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for run in &self.runs {
            for Point { split, column, measure, value, threshold } in &run.points {
                let threshold = threshold.map(|threshold| threshold.to_string()).unwrap_or_default();
                let [label, split, column, measure] = [&run.label, split, column, measure].map(|cell| escaped(cell));
                // Writing to a string does not fail.
                _ = writeln!(text, "{label}\t{split}\t{column}\t{measure}\t{value}\t{threshold}");
            }
        }
        text
    }

    /// Adds a run. Without a label it is called by its number, and one that is called as the last one takes its place.
    pub fn add(&mut self, label: Option<&str>, splits: &[(String, Vec<Distance>)]) {
        let next = || {
            let numbers = self.runs.iter().filter_map(|run| run.label.parse::<u64>().ok());
            (numbers.max().unwrap_or(0) + 1).to_string()
        };
        let label = label.map_or_else(next, str::to_owned);
        if self.runs.last().is_some_and(|last| last.label == label) {
            self.runs.pop();
        }
        let mut points = Vec::new();
        for (split, distances) in splits {
            for distance in distances {
                let measures = distance.measures.iter().filter(|(_, value, _)| value.is_finite());
                points.extend(measures.map(|(measure, value, threshold)| Point {
                    split: split.clone(),
                    column: distance.column.clone(),
                    measure: measure.clone(),
                    value: *value,
                    threshold: *threshold,
                }));
            }
        }
        self.runs.push(Run { label, points });
        self.forget();
    }

    fn forget(&mut self) {
        let over = self.runs.len().saturating_sub(RUNS);
        self.runs.drain(..over);
    }

    /// The names of the runs.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.runs.iter().map(|run| run.label.as_str())
    }

    /// A measure of a column in each run, none where it was not measured.
    pub fn series<'a>(
        &'a self,
        split: &'a str,
        column: &'a str,
        measure: &'a str,
    ) -> impl Iterator<Item = Option<f64>> + 'a {
        self.runs.iter().map(move |run| {
            let found = run
                .points
                .iter()
                .find(|point| point.measure == measure && point.column == column && point.split == split);
            found.map(|point| point.value)
        })
    }
}

fn escaped(cell: &str) -> String {
    cell.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r")
}

fn unescaped(cell: &str) -> String {
    let mut text = String::with_capacity(cell.len());
    let mut letters = cell.chars();
    while let Some(letter) = letters.next() {
        match (letter, letter == '\\') {
            (letter, false) => text.push(letter),
            (_, true) => match letters.next() {
                Some('t') => text.push('\t'),
                Some('n') => text.push('\n'),
                Some('r') => text.push('\r'),
                Some(other) => text.push(other),
                None => {}
            },
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(value: f64) -> Vec<(String, Vec<Distance>)> {
        let measures = vec![("PSI".to_owned(), value, None), ("Jensen-Shannon".to_owned(), value / 2.0, Some(0.1))];
        let distance = Distance { column: "a\tb\\n\n".to_owned(), measures, ..Distance::default() };
        vec![("all".to_owned(), vec![distance])]
    }

    #[test]
    fn runs_are_kept_in_order_and_the_oldest_are_forgotten() {
        let mut trend = Trend::default();
        for k in 0..60 {
            trend.add(None, &run(f64::from(k)));
            trend = Trend::from_text(&trend.to_text()).unwrap();
        }
        assert_eq!(trend.labels().collect::<Vec<_>>()[..2], ["11", "12"]);
        let values: Vec<_> = trend.series("all", "a\tb\\n\n", "PSI").collect();
        assert_eq!((values.len(), values[0], values[RUNS - 1]), (RUNS, Some(10.0), Some(59.0)));
        assert!(trend.series("all", "other", "PSI").all(|value| value.is_none()));
        trend.add(Some("60"), &run(1.0));
        assert_eq!(trend.labels().count(), RUNS);
        assert_eq!(trend.series("all", "a\tb\\n\n", "Jensen-Shannon").last(), Some(Some(0.5)));
    }

    #[test]
    fn what_is_no_trend_is_refused() {
        for text in ["x", "1\tall\tc\tPSI\tmuch\t", "1\tall\tc\tPSI\t1\tx", "1\tall\tc\tPSI\t1"] {
            assert!(Trend::from_text(text).unwrap_err().to_string().contains("line 1"), "{text}");
        }
        assert_eq!(Trend::from_text("").unwrap(), Trend::default());
    }
}
