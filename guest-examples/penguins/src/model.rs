//! The model: multinomial logistic regression ("softmax regression") on standardised inputs.

use linfa::traits::Fit;
use linfa_logistic::MultiLogisticRegression;
use ndarray::{Array1, Array2};
use serde::{Deserialize, Serialize};

use crate::spread::{Spread, number};
use crate::table::{Row, Table};

const FORMAT: &str = "weft-penguins-softmax-1";

/// A fitted model, complete with what must be done to a row before. As JSON it is the model artifact's content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Softmax {
    /// Tells this layout from others.
    pub format: String,
    /// The answers.
    pub labels: Vec<String>,
    /// How a row becomes numbers.
    pub features: Vec<Feature>,
    /// For each label, one weight for each number.
    pub weights: Vec<Vec<f64>>,
    /// For each label, what is added.
    pub intercepts: Vec<f64>,
}

/// How a column becomes numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Feature {
    /// One number: (value - mean) / deviation.
    Number { column: String, mean: f64, deviation: f64 },
    /// A number for each word, 1 for the word that the row holds and 0 for the others.
    Category { column: String, words: Vec<String> },
}

impl Feature {
    fn column(&self) -> &str {
        match self {
            Self::Number { column, .. } | Self::Category { column, .. } => column,
        }
    }

    fn width(&self) -> usize {
        match self {
            Self::Number { .. } => 1,
            Self::Category { words, .. } => words.len(),
        }
    }

    fn encode(&self, value: &str, row: &Row, numbers: &mut Vec<f64>) -> Result<(), String> {
        match self {
            Self::Number { column, mean, deviation } => {
                let value = number(value)
                    .ok_or_else(|| format!("line {}, column `{column}`: `{value}` is not a number", row.line))?;
                numbers.push((value - mean) / deviation);
            }
            // A word that was not there to be learned from says nothing.
            Self::Category { words, .. } => {
                numbers.extend(words.iter().map(|word| f64::from(u8::from(word == value))));
            }
        }
        Ok(())
    }
}

/// Fits a model to the rows that have all features and the label.
pub fn fit(
    table: &Table,
    label: &str,
    features: &[String],
    regularisation: f64,
    iterations: u32,
) -> Result<Softmax, String> {
    if !(regularisation >= 0.0 && regularisation.is_finite()) {
        return Err(format!("`regularisation` is {regularisation}; it must be a number of at least 0"));
    }
    if iterations == 0 {
        return Err("`iterations` is 0; the optimiser needs at least one".to_owned());
    }
    let mut model = Softmax {
        format: FORMAT.to_owned(),
        labels: Vec::new(),
        features: prepare(table, label, features)?,
        weights: Vec::new(),
        intercepts: Vec::new(),
    };
    let (mut inputs, mut answers) = (Vec::new(), Vec::new());
    for (numbers, answer, _) in model.encode(table, label)?.into_iter().flatten() {
        inputs.extend(numbers);
        answers.push(answer);
    }
    model.labels = answers.iter().map(|answer| (*answer).to_owned()).collect();
    model.labels.sort();
    model.labels.dedup();
    if model.labels.len() < 2 {
        let found = model.labels.first().map_or("no complete row".to_owned(), |only| format!("only `{only}`"));
        return Err(format!("there is nothing to tell apart: the table has {found} in the column `{label}`"));
    }

    let width = model.features.iter().map(Feature::width).sum();
    let targets: Array1<usize> =
        answers.iter().map(|answer| model.labels.partition_point(|label| label.as_str() < *answer)).collect();
    let inputs = Array2::from_shape_vec((answers.len(), width), inputs).map_err(|error| error.to_string())?;
    let fitted = MultiLogisticRegression::default()
        .alpha(regularisation)
        .max_iterations(iterations.into())
        .gradient_tolerance(1e-6)
        .fit(&linfa::Dataset::new(inputs, targets))
        .map_err(|error| format!("the optimiser gave up: {error}; more `regularisation` may help"))?;
    // A row for each label, in the labels' order: linfa's classes are our labels' positions, sorted as they are.
    model.weights = fitted.params().columns().into_iter().map(|weights| weights.to_vec()).collect();
    model.intercepts = fitted.intercept().to_vec();
    Ok(model)
}

/// Decides how each feature becomes numbers.
fn prepare(table: &Table, label: &str, features: &[String]) -> Result<Vec<Feature>, String> {
    if features.is_empty() {
        return Err("`features` is empty: there is nothing to learn from".to_owned());
    }
    let feature = |name: &String| {
        if name == label {
            return Err(format!("`features` names `{label}`, which is what is to be told from the others"));
        }
        let column = name.clone();
        Ok(match Spread::of(table, table.column(name)?) {
            // A column of one value has no spread; it becomes zeros.
            Spread::Numbers { mean, deviation } => {
                Feature::Number { column, mean, deviation: if deviation > 0.0 { deviation } else { 1.0 } }
            }
            Spread::Words(words) => Feature::Category { column, words },
        })
    };
    features.iter().map(feature).collect()
}

/// A row as numbers, its label, and itself; none if a value is missing.
type Encoded<'t> = Option<(Vec<f64>, &'t str, &'t Row)>;

impl Softmax {
    /// Reads a model artifact's content.
    pub fn from_json(bytes: &[u8]) -> Result<Self, String> {
        let model: Self = serde_json::from_slice(bytes)
            .map_err(|error| format!("the model is not one that the step `train` makes: {error}"))?;
        let width: usize = model.features.iter().map(Feature::width).sum();
        let labels = model.labels.len();
        let shapes = model.intercepts.len() == labels
            && model.weights.len() == labels
            && model.weights.iter().all(|weights| weights.len() == width);
        if model.format != FORMAT || !shapes || labels == 0 {
            return Err(format!("the model is not a complete `{FORMAT}`"));
        }
        Ok(model)
    }

    /// Names of the columns that the model looks at.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.features.iter().map(Feature::column)
    }

    /// The rows as numbers, with their labels.
    pub fn encode<'t>(&self, table: &'t Table, label: &str) -> Result<Vec<Encoded<'t>>, String> {
        let label = table.column(label)?;
        let columns: Vec<usize> = self.columns().map(|column| table.column(column)).collect::<Result<_, _>>()?;
        let encode = |row: &'t Row| {
            let Some(answer) = row.get(label) else { return Ok(None) };
            let mut numbers = Vec::new();
            for (feature, &column) in self.features.iter().zip(&columns) {
                let Some(value) = row.get(column) else { return Ok(None) };
                feature.encode(value, row, &mut numbers)?;
            }
            Ok(Some((numbers, answer, row)))
        };
        table.rows.iter().map(encode).collect()
    }

    /// The probability of each label.
    pub fn probabilities(&self, numbers: &[f64]) -> Vec<f64> {
        let score = |(weights, intercept): (&Vec<f64>, &f64)| {
            intercept + weights.iter().zip(numbers).map(|(weight, number)| weight * number).sum::<f64>()
        };
        let scores: Vec<f64> = self.weights.iter().zip(&self.intercepts).map(score).collect();
        let greatest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let exponentials: Vec<f64> = scores.iter().map(|score| (score - greatest).exp()).collect();
        let sum: f64 = exponentials.iter().sum();
        exponentials.iter().map(|exponential| exponential / sum).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::tests::penguins;

    fn features(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_model_survives_json_to_the_last_bit() {
        let model =
            fit(&penguins(), "species", &features(&["bill_length_mm", "sex", "body_mass_g"]), 1.0, 100).unwrap();
        assert_eq!(model.labels, ["Adelie", "Chinstrap", "Gentoo"]);
        assert_eq!((model.weights.len(), model.weights[0].len()), (3, 4));
        let json = serde_json::to_vec_pretty(&model).unwrap();
        assert_eq!(Softmax::from_json(&json).unwrap(), model);
        assert_eq!(serde_json::to_vec_pretty(&Softmax::from_json(&json).unwrap()).unwrap(), json);
    }

    #[test]
    fn probabilities_are_probabilities() {
        let table = penguins();
        let model = fit(&table, "species", &features(&["bill_length_mm", "bill_depth_mm"]), 1.0, 100).unwrap();
        let rows = model.encode(&table, "species").unwrap();
        assert_eq!(rows.iter().filter(|row| row.is_none()).count(), 2);
        for (numbers, ..) in rows.into_iter().flatten() {
            assert!((model.probabilities(&numbers).iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
        assert!(model.probabilities(&[1e6, -1e6]).iter().all(|p| p.is_finite()));
    }

    #[test]
    fn more_regularisation_gives_smaller_weights() {
        let size = |regularisation| {
            let model =
                fit(&penguins(), "species", &features(&["bill_length_mm", "bill_depth_mm"]), regularisation, 100);
            model.unwrap().weights.iter().flatten().map(|weight| weight * weight).sum::<f64>()
        };
        assert!(size(0.1) > size(1.0) && size(1.0) > size(10.0));
    }

    #[test]
    fn what_cannot_be_learned_is_said() {
        let table = penguins();
        let wrong = |table: &Table, names: &[&str], regularisation| {
            fit(table, "species", &features(names), regularisation, 100).unwrap_err()
        };
        assert!(wrong(&table, &[], 1.0).contains("nothing to learn from"));
        assert!(wrong(&table, &["species"], 1.0).contains("`features` names `species`"));
        assert!(wrong(&table, &["colour"], 1.0).contains("no column `colour`"));
        assert!(wrong(&table, &["sex"], f64::NAN).contains("at least 0"));
        let adelies = Table { rows: table.rows[..100].to_vec(), ..table.clone() };
        assert!(wrong(&adelies, &["sex"], 1.0).contains("only `Adelie`"));

        let model = fit(&table, "species", &features(&["body_mass_g"]), 1.0, 100).unwrap();
        let heavy = Table::parse(b"species,body_mass_g\nAdelie,heavy\n").unwrap();
        assert_eq!(
            model.encode(&heavy, "species").unwrap_err(),
            "line 2, column `body_mass_g`: `heavy` is not a number"
        );
        assert!(Softmax::from_json(b"{}").unwrap_err().contains("not one that the step `train` makes"));
    }
}
