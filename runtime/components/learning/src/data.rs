//! Tables as learners see them: features that are numbers or categories, and what is to be predicted.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use tables::Table;
use tables::csv::Dialect;
use tabular::{Cells, Frame, Kind, number};

use crate::error::{Result, refuse};
use crate::export::{GROUPS, PREDICTION, PROBABILITY};
use crate::rng::Rng;

/// The code of a category that was not there when the model learned.
pub const UNSEEN: u32 = u32::MAX;
/// The most classes.
pub const MOST_CLASSES: usize = 1000;
/// Labels that are numbers with more values than this are no classes, unless they are said to be.
const MANY_VALUES: usize = 20;

/// What is learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// To tell classes apart.
    Classification,
    /// To tell a number.
    Regression,
    /// To find groups, without labels.
    Clustering,
}

/// Which columns are what.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    /// What is to be predicted; none for clustering.
    pub label: Option<String>,
    /// The columns to learn from; all others if none are named.
    pub features: Vec<String>,
    /// Columns that are not learned from.
    pub exclude: Vec<String>,
    /// Columns that are categories even where they look like numbers.
    pub categorical: Vec<String>,
    /// How much a row counts.
    pub weight: Option<String>,
    /// What is learned, if it is not what the label looks like.
    pub task: Option<Task>,
}

/// What a feature holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeatureKind {
    /// Numbers of single precision.
    Numeric,
    /// One of these words, sorted. The empty word is a missing one.
    Categorical(Vec<String>),
}

/// A column that is learned from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feature {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: FeatureKind,
}

/// What a column holds in each row.
#[derive(Debug, Clone)]
pub enum Values {
    /// Numbers, NaN where one is missing. They are single precision, as what is given to the model later is.
    Numbers(Vec<f32>),
    /// Places of words among the feature's, or [`UNSEEN`].
    Codes(Vec<u32>),
}

/// What is true of each row.
#[derive(Debug, Clone)]
pub enum Target {
    /// Places of classes.
    Classes(Vec<u32>),
    /// Numbers.
    Numbers(Vec<f64>),
    /// Nothing: clustering.
    Nothing,
}

/// What is known of the columns before anything is learned.
#[derive(Debug, Clone)]
pub struct Schema {
    /// What is learned from, in the table's order.
    pub features: Vec<Feature>,
    /// The column that is predicted.
    pub label: Option<String>,
    /// The classes, sorted: numbers by value, words by their bytes. Empty but for classification.
    pub classes: Vec<String>,
    /// Whether all classes are whole numbers, which the model then gives as such.
    pub classes_are_integers: bool,
    /// What is learned.
    pub task: Task,
}

/// Rows to learn from or to be examined on.
#[derive(Debug, Clone)]
pub struct Data {
    /// The features' values, in the schema's order.
    pub columns: Vec<Values>,
    /// What is true.
    pub target: Target,
    /// How much each row counts.
    pub weights: Option<Vec<f64>>,
    /// How many rows there are.
    pub rows: usize,
}

impl Data {
    /// These rows alone.
    #[must_use]
    pub fn pick(&self, rows: &[u32]) -> Self {
        fn pick<T: Copy>(values: &[T], rows: &[u32]) -> Vec<T> {
            rows.iter().map(|row| values[*row as usize]).collect()
        }
        let column = |values: &Values| match values {
            Values::Numbers(numbers) => Values::Numbers(pick(numbers, rows)),
            Values::Codes(codes) => Values::Codes(pick(codes, rows)),
        };
        Self {
            columns: self.columns.iter().map(column).collect(),
            target: match &self.target {
                Target::Classes(classes) => Target::Classes(pick(classes, rows)),
                Target::Numbers(numbers) => Target::Numbers(pick(numbers, rows)),
                Target::Nothing => Target::Nothing,
            },
            weights: self.weights.as_ref().map(|weights| pick(weights, rows)),
            rows: rows.len(),
        }
    }

    /// How much a row counts.
    #[must_use]
    pub fn weight(&self, row: usize) -> f64 {
        self.weights.as_ref().map_or(1.0, |weights| weights[row])
    }

    /// Parts the rows at random in those to learn from and a share of all to be examined on.
    #[must_use]
    pub fn split(&self, share: f64, seed: u64) -> (Self, Self) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of the rows")]
        let held = ((self.rows as f64 * share).round() as usize).clamp(1, self.rows.saturating_sub(1).max(1));
        let examined = Rng::new(seed, 1).sample(self.rows, held);
        let chosen: BTreeSet<u32> = examined.iter().copied().collect();
        let rows = u32::try_from(self.rows).unwrap_or(u32::MAX);
        let rest: Vec<u32> = (0..rows).filter(|row| !chosen.contains(row)).collect();
        (self.pick(&rest), self.pick(&examined))
    }
}

/// Reads a table to learn from: what its columns are, and its rows. Rows without a label are left out; the last figure tells how many.
///
/// # Errors
/// Columns that are missing or hold what cannot be learned from, with their places.
pub fn read(tables: &[Table<'_>], dialect: Dialect, columns: &Columns) -> Result<(Schema, Data, usize)> {
    let header = tabular::header(tables, dialect)?;
    let named = columns.features.iter().chain(&columns.exclude).chain(&columns.categorical);
    let named = named.chain(&columns.label).chain(&columns.weight);
    tabular::known(&header, named.map(String::as_str))?;
    let is_feature = |name: &str| {
        Some(name) != columns.label.as_deref()
            && Some(name) != columns.weight.as_deref()
            && !columns.exclude.iter().any(|excluded| excluded == name)
            && (columns.features.is_empty() || columns.features.iter().any(|feature| feature == name))
    };
    let kind = |name: &str| {
        if Some(name) == columns.label.as_deref() {
            Kind::Word
        } else if Some(name) == columns.weight.as_deref() {
            Kind::Number
        } else if !is_feature(name) {
            Kind::Skip
        } else if columns.categorical.iter().any(|category| category == name) {
            Kind::Word
        } else {
            Kind::Detect
        }
    };
    let mut frame = tabular::read(tables, dialect, &kind)?;
    let unlabelled = match &columns.label {
        Some(label) => frame.drop_missing(label)?,
        None => 0,
    };
    if frame.rows < 2 {
        refuse!("there are {} rows with a label; at least 2 are needed to learn from", frame.rows);
    }
    let (task, classes) = match &columns.label {
        None => (Task::Clustering, Vec::new()),
        Some(label) => of_label(&frame, label, columns.task)?,
    };
    let features = frame.columns.iter().filter(|column| is_feature(&column.name)).map(|column| Feature {
        name: column.name.clone(),
        kind: match &column.cells {
            Cells::Numbers(_) => FeatureKind::Numeric,
            Cells::Words { codes, dictionary } => FeatureKind::Categorical(used(codes, dictionary)),
        },
    });
    let features: Vec<Feature> = features.collect();
    if features.is_empty() {
        refuse!("there are no columns to learn from");
    }
    // Columns are the model's inputs under their names.
    if let Some(feature) = features.iter().find(|feature| is_reserved(&feature.name, task)) {
        refuse!(
            "column `{}` cannot be learned from under this name, which the model needs itself; rename or exclude it",
            feature.name
        );
    }
    let schema = Schema {
        features,
        label: columns.label.clone(),
        classes_are_integers: !classes.is_empty() && classes.iter().all(|class| is_integer(class)),
        classes,
        task,
    };
    let data = of_frame(&schema, frame, columns.weight.as_deref())?;
    Ok((schema, data, unlabelled))
}

/// Reads rows of another table with the same columns: categories and classes that are new have no place.
///
/// # Errors
/// Columns that are missing or hold something else.
pub fn read_again(
    tables: &[Table<'_>],
    dialect: Dialect,
    schema: &Schema,
    weight: Option<&str>,
) -> Result<(Data, usize)> {
    let header = tabular::header(tables, dialect)?;
    let named = schema.features.iter().map(|feature| &feature.name).chain(&schema.label);
    tabular::known(&header, named.map(String::as_str).chain(weight))?;
    let kind = |name: &str| {
        if Some(name) == schema.label.as_deref() {
            return Kind::Word;
        }
        if Some(name) == weight {
            return Kind::Number;
        }
        match schema.features.iter().find(|feature| feature.name == name).map(|feature| &feature.kind) {
            Some(FeatureKind::Numeric) => Kind::Number,
            Some(FeatureKind::Categorical(_)) => Kind::Word,
            None => Kind::Skip,
        }
    };
    let mut frame = tabular::read(tables, dialect, &kind)?;
    let unlabelled = match &schema.label {
        Some(label) => frame.drop_missing(label)?,
        None => 0,
    };
    Ok((of_frame(schema, frame, weight)?, unlabelled))
}

/// The words that appear, sorted.
fn used(codes: &[u32], dictionary: &[String]) -> Vec<String> {
    let mut seen = vec![false; dictionary.len()];
    for code in codes {
        seen[*code as usize] = true;
    }
    let words = dictionary.iter().zip(seen).filter(|(_, seen)| *seen);
    let mut words: Vec<String> = words.map(|(word, _)| word.clone()).collect();
    words.sort_unstable();
    words
}

/// Names that models give to what they answer, and to what they compute on the way.
fn is_reserved(name: &str, task: Task) -> bool {
    let given = match task {
        Task::Classification => &[PREDICTION, PROBABILITY][..],
        Task::Regression => &[PREDICTION],
        Task::Clustering => &GROUPS,
    };
    name.is_empty() || name.starts_with("weft/") || given.contains(&name)
}

fn is_integer(word: &str) -> bool {
    word.parse::<i64>().is_ok_and(|number| number.to_string() == word)
}

/// What the label is, and its classes.
fn of_label(frame: &Frame, label: &str, task: Option<Task>) -> Result<(Task, Vec<String>)> {
    let Cells::Words { codes, dictionary } = &frame.column(label)?.cells else {
        refuse!("column `{label}` holds no labels");
    };
    let mut classes = used(codes, dictionary);
    let numbers: Option<Vec<f64>> = classes.iter().map(|class| number(class)).collect();
    let looks_like = match &numbers {
        Some(numbers) if numbers.len() > MANY_VALUES || numbers.iter().any(|number| number.fract() != 0.0) => {
            Task::Regression
        }
        _ => Task::Classification,
    };
    match task.unwrap_or(looks_like) {
        Task::Clustering => refuse!("clustering takes no label: leave `{label}` out, or exclude it"),
        Task::Regression if numbers.is_none() => {
            refuse!("column `{label}` is to be predicted as a number, and holds words")
        }
        Task::Regression => Ok((Task::Regression, Vec::new())),
        Task::Classification => {
            if classes.len() < 2 {
                refuse!("all rows are of class `{}`: there is nothing to tell apart", classes.concat());
            }
            if classes.len() > MOST_CLASSES {
                refuse!("column `{label}` has {} classes, and at most {MOST_CLASSES} are told apart", classes.len());
            }
            if numbers.is_some() {
                classes.sort_by(|a, b| number(a).partial_cmp(&number(b)).unwrap_or(std::cmp::Ordering::Equal));
            }
            Ok((Task::Classification, classes))
        }
    }
}

fn of_frame(schema: &Schema, mut frame: Frame, weight: Option<&str>) -> Result<Data> {
    let mut cells: BTreeMap<String, Cells> = BTreeMap::new();
    for column in std::mem::take(&mut frame.columns) {
        cells.insert(column.name, column.cells);
    }
    let target = match (&schema.label, schema.task) {
        (Some(label), Task::Classification) => {
            let Some(Cells::Words { codes, dictionary }) = cells.get(label) else {
                refuse!("column `{label}` holds no classes");
            };
            let places = places(dictionary, &schema.classes);
            let class = |code: &u32| match places[*code as usize] {
                UNSEEN => refuse!("column `{label}`: class `{}` was not learned", dictionary[*code as usize]),
                place => Ok(place),
            };
            Target::Classes(codes.iter().map(class).collect::<Result<_>>()?)
        }
        (Some(label), Task::Regression) => {
            let Some(Cells::Words { codes, dictionary }) = cells.get(label) else {
                refuse!("column `{label}` holds no numbers");
            };
            let value = |code: &u32| match number(&dictionary[*code as usize]) {
                Some(number) => Ok(number),
                None => refuse!("column `{label}`: `{}` is no finite number", dictionary[*code as usize]),
            };
            Target::Numbers(codes.iter().map(value).collect::<Result<_>>()?)
        }
        _ => Target::Nothing,
    };
    let weights = match weight.map(|name| (name, cells.get(name))) {
        None => None,
        Some((_, Some(Cells::Numbers(weights)))) if weights.iter().all(|weight| *weight >= 0.0) => {
            Some(weights.clone())
        }
        Some((name, _)) => refuse!("column `{name}` has weights that are missing or below 0"),
    };
    let mut columns = Vec::new();
    for feature in &schema.features {
        columns.push(match (&feature.kind, cells.remove(&feature.name)) {
            #[expect(clippy::cast_possible_truncation, reason = "models take numbers of single precision")]
            (FeatureKind::Numeric, Some(Cells::Numbers(numbers))) => {
                let numbers: Vec<f32> = numbers.into_iter().map(|number| number as f32).collect();
                if let Some(row) = numbers.iter().position(|number| number.is_infinite()) {
                    refuse!("row {}, column `{}`: the number is too large for single precision", row + 1, feature.name);
                }
                Values::Numbers(numbers)
            }
            (FeatureKind::Categorical(words), Some(Cells::Words { codes, dictionary })) => {
                let places = places(&dictionary, words);
                Values::Codes(codes.iter().map(|code| places[*code as usize]).collect())
            }
            _ => refuse!("column `{}` holds something else than what was learned from", feature.name),
        });
    }
    Ok(Data { columns, target, weights, rows: frame.rows })
}

/// The place of each word among others.
fn places(words: &[String], among: &[String]) -> Vec<u32> {
    let known: BTreeMap<&String, u32> = among.iter().zip(0..).collect();
    words.iter().map(|word| known.get(word).copied().unwrap_or(UNSEEN)).collect()
}
