//! Labels and predictions out of the columns of a table.

use std::cmp::Ordering;

use tables::Table;
use tables::csv::Dialect;
use tabular::{Cells, Frame, Kind, number};

use crate::error::{Error, Result};

/// The most classes that labels may have.
pub const MOST_CLASSES: usize = 1000;
/// Labels that are numbers with more values than this are no classes, unless they are said to be.
const MANY_VALUES: usize = 20;
/// The column that a prediction stands in if none is named. Others are what models of scikit-learn's converter give.
pub const PREDICTION: &str = "prediction";
const PREDICTIONS: [&str; 3] = [PREDICTION, "output_label", "label"];
/// What the columns of probabilities begin with if none is named: `probability_CLASS`.
pub const PROBABILITY: &str = "probability_";
const PROBABILITIES: [&str; 3] = [PROBABILITY, "probabilities_", "output_probability_"];

/// What is predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// One of two classes.
    Binary,
    /// One of several classes.
    Multiclass,
    /// A number.
    Regression,
}

/// Which columns mean what.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    /// What is true.
    pub label: String,
    /// What was predicted; [`PREDICTION`] if there is such a column and none is named.
    pub prediction: Option<String>,
    /// The score of the positive class, of two.
    pub score: Option<String>,
    /// Classes and the columns of their probabilities; those called [`PROBABILITY`] and the class if none are named.
    pub probabilities: Vec<(String, String)>,
    /// The positive class, of two. If it is not named: of `0` and `1` the latter, and so on, as scikit-learn sorts classes.
    pub positive: Option<String>,
    /// How much a row counts.
    pub weight: Option<String>,
    /// What is predicted, if it is not what the columns look like.
    pub task: Option<Task>,
    /// Columns that rows are sliced by.
    pub slices: Vec<String>,
}

/// Rows with labels and predictions.
#[derive(Debug, Clone)]
pub struct Predictions {
    /// Truth and prediction of each row.
    pub outcomes: Outcomes,
    /// How much each row counts; all 1 without weights.
    pub weights: Vec<f64>,
    /// The columns that rows are sliced by.
    pub slices: Frame,
    /// Rows of the table that were left out, as they have no label.
    pub without_label: usize,
}

/// Truth and prediction of each row.
#[derive(Debug, Clone)]
pub enum Outcomes {
    /// One of two classes.
    Binary {
        /// The negative class and the positive one.
        classes: [String; 2],
        /// Whether the label is the positive class.
        labels: Vec<bool>,
        /// Whether the positive class was predicted. Where only scores are there: whether the score is above 0.5.
        predicted: Vec<bool>,
        /// Scores of the positive class, if there are any.
        scores: Option<Vec<f64>>,
        /// Whether the scores are all from 0 to 1.
        are_probabilities: bool,
    },
    /// One of several classes.
    Multiclass {
        /// The classes, sorted: numbers by value, words by their bytes.
        classes: Vec<String>,
        /// The place of each label.
        labels: Vec<u32>,
        /// The place of each prediction.
        predicted: Vec<u32>,
        /// Rows by classes, if probabilities are there.
        probabilities: Option<Vec<f64>>,
    },
    /// A number.
    Regression {
        /// What is true.
        labels: Vec<f64>,
        /// What was predicted.
        predicted: Vec<f64>,
    },
}

impl Predictions {
    /// How many rows there are.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.weights.len()
    }

    /// Reads labels and predictions. Rows without a label are left out and counted.
    ///
    /// # Errors
    /// Columns that are missing or hold something else than is asked for, and rows without a prediction, with their places.
    pub fn read(tables: &[Table<'_>], dialect: Dialect, columns: &Columns) -> Result<Self> {
        let header = tabular::header(tables, dialect)?;
        let columns = &completed(columns, &header)?;
        let kind = |name: &str| {
            let is_number = columns.probabilities.iter().any(|(_, column)| column == name)
                || columns.score.as_deref() == Some(name)
                || columns.weight.as_deref() == Some(name);
            if is_number {
                Kind::Number
            } else if name == columns.label || columns.prediction.as_deref() == Some(name) {
                if columns.task == Some(Task::Regression) { Kind::Number } else { Kind::Word }
            } else if columns.slices.iter().any(|slice| slice == name) {
                Kind::Word
            } else {
                Kind::Skip
            }
        };
        let frame = tabular::read(tables, dialect, &kind)?;
        of_frame(frame, columns)
    }
}

/// The columns with those that are found by their names, all of them there.
fn completed(columns: &Columns, header: &[String]) -> Result<Columns> {
    let mut columns = columns.clone();
    let is_there = |name: &str| header.iter().any(|known| known == name);
    if columns.probabilities.is_empty() && columns.score.is_none() && columns.task != Some(Task::Regression) {
        let of = |prefix: &&str| -> Vec<(String, String)> {
            let class = |name: &String| Some((name.strip_prefix(prefix)?.to_owned(), name.clone()));
            header.iter().filter_map(class).collect()
        };
        columns.probabilities = PROBABILITIES.iter().map(of).find(|found| !found.is_empty()).unwrap_or_default();
    }
    if columns.prediction.is_none() {
        let found = PREDICTIONS.into_iter().find(|name| is_there(name) && *name != columns.label);
        columns.prediction = found.map(str::to_owned);
    }
    let named = [&columns.prediction, &columns.score, &columns.weight];
    let named = named.into_iter().flatten().chain(&columns.slices).chain([&columns.label]);
    let named = named.chain(columns.probabilities.iter().map(|(_, column)| column));
    tabular::known(header, named.map(String::as_str))?;
    if columns.prediction.is_none() && columns.score.is_none() && columns.probabilities.is_empty() {
        return Err(Error::Request(format!(
            "there is no prediction: a column `{PREDICTION}`, columns `{PROBABILITY}CLASS`, or the names of others are needed"
        )));
    }
    if let Some(twice) = columns.prediction.iter().find(|name| **name == columns.label) {
        return Err(Error::Request(format!("column `{twice}` cannot be both the label and the prediction")));
    }
    Ok(columns)
}

fn of_frame(mut frame: Frame, columns: &Columns) -> Result<Predictions> {
    let without_label = frame.drop_missing(&columns.label)?;
    if frame.rows == 0 {
        return Err(Error::Request(match without_label {
            0 => "there are no rows to evaluate".to_owned(),
            rows => format!("none of {rows} rows has a label in column `{}`", columns.label),
        }));
    }
    let weights = match &columns.weight {
        Some(name) => weights(&frame, name)?,
        None => vec![1.0; frame.rows],
    };
    let task = columns.task.unwrap_or_else(|| looks_like(&frame, columns));
    let outcomes = match task {
        Task::Regression => Outcomes::Regression {
            labels: numbers(&frame, &columns.label)?,
            predicted: numbers(&frame, required(columns.prediction.as_deref(), "regression")?)?,
        },
        Task::Binary | Task::Multiclass => classified(&frame, columns, task)?,
    };
    let is_slice = |name: &String| columns.slices.contains(name);
    let slices = frame.columns.into_iter().filter(|column| is_slice(&column.name)).collect();
    let slices = Frame { columns: slices, rows: weights.len() };
    Ok(Predictions { outcomes, weights, slices, without_label })
}

fn required<'a>(column: Option<&'a str>, task: &str) -> Result<&'a str> {
    column.ok_or_else(|| Error::Request(format!("{task} needs the column of the prediction")))
}

fn weights(frame: &Frame, name: &str) -> Result<Vec<f64>> {
    let weights = numbers(frame, name)?;
    if let Some(row) = weights.iter().position(|weight| *weight < 0.0) {
        let problem = "a weight cannot be negative".to_owned();
        return Err(Error::Row { row: row + 1, column: name.to_owned(), problem });
    }
    if weights.iter().sum::<f64>() > 0.0 {
        Ok(weights)
    } else {
        Err(Error::Request(format!("the weights in column `{name}` are all 0")))
    }
}

/// A column of numbers, none of them missing.
fn numbers(frame: &Frame, name: &str) -> Result<Vec<f64>> {
    let missing =
        |row: usize, problem: &str| Error::Row { row: row + 1, column: name.to_owned(), problem: problem.to_owned() };
    match &frame.column(name)?.cells {
        Cells::Numbers(numbers) => match numbers.iter().position(|number| number.is_nan()) {
            Some(row) => Err(missing(row, "there is no number")),
            None => Ok(numbers.clone()),
        },
        Cells::Words { codes, dictionary } => {
            let parsed: Vec<Option<f64>> = dictionary.iter().map(|word| number(word)).collect();
            let number = |(row, code): (usize, &u32)| {
                parsed[*code as usize].ok_or_else(|| missing(row, "there is no finite number"))
            };
            codes.iter().enumerate().map(number).collect()
        }
    }
}

/// What the columns look like: classes if there are probabilities; else numbers if both label and prediction are numbers, with a fraction or with
/// many values.
fn looks_like(frame: &Frame, columns: &Columns) -> Task {
    let dictionary = |name: &str| match frame.column(name) {
        Ok(tabular::Column { cells: Cells::Words { dictionary, .. }, .. }) => Some(dictionary),
        _ => None,
    };
    if columns.probabilities.is_empty()
        && columns.score.is_none()
        && let (Some(labels), Some(predicted)) =
            (dictionary(&columns.label), columns.prediction.as_deref().and_then(dictionary))
    {
        let parsed: Option<Vec<f64>> = labels.iter().filter(|word| !word.is_empty()).map(|word| number(word)).collect();
        let fractions = |numbers: &[f64]| numbers.iter().any(|number| number.fract() != 0.0);
        if let Some(labels) = parsed
            && predicted.iter().all(|word| number(word).is_some())
            && (labels.len() > MANY_VALUES || fractions(&labels))
        {
            return Task::Regression;
        }
    }
    let classes = classes(frame, columns);
    if columns.score.is_some() || classes.is_ok_and(|classes| classes.len() <= 2) {
        Task::Binary
    } else {
        Task::Multiclass
    }
}

/// All classes of labels, predictions and probabilities, sorted as scikit-learn sorts them.
fn classes(frame: &Frame, columns: &Columns) -> Result<Vec<String>> {
    let mut classes: Vec<String> = columns.probabilities.iter().map(|(class, _)| class.clone()).collect();
    for name in [Some(&columns.label), columns.prediction.as_ref()].into_iter().flatten() {
        let column = frame.column(name)?;
        let Cells::Words { codes, dictionary } = &column.cells else { continue };
        let mut used = vec![false; dictionary.len()];
        for code in codes {
            used[*code as usize] = true;
        }
        classes.extend(dictionary.iter().zip(used).filter(|(_, used)| *used).map(|(word, _)| word.clone()));
        if classes.len() > 3 * MOST_CLASSES {
            return Err(Error::Request(format!("column `{name}` has more than {MOST_CLASSES} classes")));
        }
    }
    sort_classes(&mut classes);
    classes.dedup();
    Ok(classes)
}

/// Sorts classes: by value if all are numbers, else by their bytes.
pub fn sort_classes(classes: &mut [String]) {
    if classes.iter().all(|class| number(class).is_some()) {
        classes.sort_by(|a, b| {
            let by_value = number(a).partial_cmp(&number(b)).unwrap_or(Ordering::Equal);
            by_value.then_with(|| a.cmp(b))
        });
    } else {
        classes.sort();
    }
}

fn classified(frame: &Frame, columns: &Columns, task: Task) -> Result<Outcomes> {
    let mut classes = classes(frame, columns)?;
    if classes.len() > MOST_CLASSES {
        return Err(Error::Request(format!("there are {} classes, and at most {MOST_CLASSES}", classes.len())));
    }
    if task == Task::Binary {
        return two_classes(frame, columns, classes);
    }
    if columns.score.is_some() {
        return Err(Error::Request("a single score tells one of two classes; several need a column each".to_owned()));
    }
    if classes.len() == 1 {
        classes.push(String::new());
    }
    let labels = places(frame, &columns.label, &classes)?;
    let probabilities = probabilities(frame, columns, &classes)?;
    let predicted = match (&columns.prediction, &probabilities) {
        (Some(name), _) => places(frame, name, &classes)?,
        (None, Some(probabilities)) => probabilities.chunks(classes.len()).map(largest).collect(),
        (None, None) => return Err(Error::Request("there is no prediction".to_owned())),
    };
    Ok(Outcomes::Multiclass { classes, labels, predicted, probabilities })
}

/// The place of the largest; of several the first.
fn largest(values: &[f64]) -> u32 {
    let mut best = 0;
    for (place, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = place;
        }
    }
    u32::try_from(best).unwrap_or(u32::MAX)
}

fn places(frame: &Frame, name: &str, classes: &[String]) -> Result<Vec<u32>> {
    let Cells::Words { codes, dictionary } = &frame.column(name)?.cells else {
        return Err(Error::Request(format!("column `{name}` holds no classes")));
    };
    let place = |word: &String| classes.iter().position(|class| class == word).and_then(|at| u32::try_from(at).ok());
    let places: Vec<Option<u32>> = dictionary.iter().map(place).collect();
    let of_row = |(row, code): (usize, &u32)| {
        places[*code as usize].filter(|_| !dictionary[*code as usize].is_empty()).ok_or_else(|| Error::Row {
            row: row + 1,
            column: name.to_owned(),
            problem: "there is no class".to_owned(),
        })
    };
    codes.iter().enumerate().map(of_row).collect()
}

/// Rows by classes. A class without a column has the probability 0.
fn probabilities(frame: &Frame, columns: &Columns, classes: &[String]) -> Result<Option<Vec<f64>>> {
    if columns.probabilities.is_empty() {
        return Ok(None);
    }
    let mut all = vec![0.0; frame.rows * classes.len()];
    for (class, name) in &columns.probabilities {
        let Some(at) = classes.iter().position(|known| known == class) else { continue };
        for (row, probability) in numbers(frame, name)?.into_iter().enumerate() {
            if !(0.0..=1.0).contains(&probability) {
                let problem = format!("{probability} is no probability");
                return Err(Error::Row { row: row + 1, column: name.clone(), problem });
            }
            all[row * classes.len() + at] = probability;
        }
    }
    Ok(Some(all))
}

fn two_classes(frame: &Frame, columns: &Columns, mut classes: Vec<String>) -> Result<Outcomes> {
    if let Some(positive) = &columns.positive {
        // Of several classes all others are negative.
        let Some(at) = classes.iter().position(|class| class == positive) else {
            return Err(Error::Request(format!("no label or prediction is the positive class `{positive}`")));
        };
        let positive = classes.remove(at);
        let negative = if classes.len() == 1 { classes.remove(0) } else { format!("not {positive}") };
        classes = vec![negative, positive];
    }
    let [negative, positive] = <[String; 2]>::try_from(classes).map_err(|classes| {
        Error::Request(match classes.as_slice() {
            [only] => format!("all rows are of class `{only}`; name the positive class"),
            several => format!("there are {} classes, not two; name the positive one", several.len()),
        })
    })?;
    let is_positive = |name: &str| -> Result<Vec<bool>> {
        let Cells::Words { codes, dictionary } = &frame.column(name)?.cells else {
            return Err(Error::Request(format!("column `{name}` holds no classes")));
        };
        let of_row = |(row, code): (usize, &u32)| match dictionary[*code as usize].as_str() {
            "" => Err(Error::Row { row: row + 1, column: name.to_owned(), problem: "there is no class".to_owned() }),
            word => Ok(word == positive),
        };
        codes.iter().enumerate().map(of_row).collect()
    };
    let labels = is_positive(&columns.label)?;
    let of_positive = columns.probabilities.iter().find(|(class, _)| *class == positive).map(|(_, column)| column);
    let of_negative = columns.probabilities.iter().find(|(class, _)| *class == negative).map(|(_, column)| column);
    let scores = match (columns.score.as_ref().or(of_positive), of_negative) {
        (Some(name), _) => Some(numbers(frame, name)?),
        (None, Some(name)) => Some(numbers(frame, name)?.into_iter().map(|score| 1.0 - score).collect()),
        (None, None) => None,
    };
    let predicted = match (&columns.prediction, &scores) {
        (Some(name), _) => is_positive(name)?,
        (None, Some(scores)) => scores.iter().map(|score| *score > 0.5).collect(),
        (None, None) => return Err(Error::Request("there is no prediction".to_owned())),
    };
    let are_probabilities =
        scores.as_ref().is_some_and(|scores| scores.iter().all(|score| (0.0..=1.0).contains(score)));
    Ok(Outcomes::Binary { classes: [negative, positive], labels, predicted, scores, are_probabilities })
}
