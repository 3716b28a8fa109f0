//! A model of any format, and its predictions.

use crate::boosters::{self, Booster};
use crate::error::{Error, Result};
use crate::onnx::{Onnx, Port};
use crate::tensor::{Data, Kind, Value};

/// The largest file that is read, in bytes.
pub const MOST_BYTES: usize = 1 << 29;

/// What a file is.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Format {
    /// ONNX.
    Onnx {
        /// What wrote it.
        producer: String,
        /// The operator sets that it imports, by domain.
        opsets: Vec<(String, i64)>,
        /// Operators, and how often each is used.
        operators: Vec<(String, usize)>,
    },
    /// A model of XGBoost or LightGBM.
    Booster {
        /// What wrote it.
        producer: String,
        /// Its objective, as the library calls it.
        objective: String,
        /// How many trees it has.
        trees: usize,
        /// How many nodes these have, leaves included.
        nodes: usize,
    },
}

/// A model that is ready to run. It never changes, and can be shared between threads.
pub struct Model {
    inner: Inner,
    inputs: Vec<Port>,
    outputs: Vec<Port>,
}

enum Inner {
    Onnx(Box<Onnx>),
    Booster(Box<Booster>),
}

/// What a column of predictions is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// The predicted class.
    Label,
    /// The probability or score of a class.
    Score {
        /// The class.
        class: String,
    },
    /// Any other number or text.
    Value,
}

/// A column of predictions.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// Its name: that of the output, with the class or the number of the column behind it if the output has several.
    pub name: String,
    /// What it is.
    pub role: Role,
    /// An element for each row.
    pub values: Data,
}

/// Predictions for rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Predictions {
    /// The columns, in the order of the model's outputs.
    pub columns: Vec<Prediction>,
}

impl Predictions {
    /// How many rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |column| column.values.len())
    }

    /// The predicted classes, if there are some.
    #[must_use]
    pub fn labels(&self) -> Option<&Data> {
        self.columns.iter().find(|column| column.role == Role::Label).map(|column| &column.values)
    }

    /// Classes and their scores, in the model's order; empty if it gives none.
    #[must_use]
    pub fn scores(&self) -> Vec<(&str, &Data)> {
        self.columns
            .iter()
            .filter_map(|column| match &column.role {
                Role::Score { class } => Some((class.as_str(), &column.values)),
                _ => None,
            })
            .collect()
    }
}

impl Model {
    /// Reads a model: ONNX, XGBoost's JSON or UBJSON, LightGBM's text.
    ///
    /// # Errors
    /// The bytes are no such model, it uses operators that are not here (all are named), or a node has attributes that cannot be.
    pub fn load(bytes: &[u8]) -> Result<Self> {
        if bytes.len() > MOST_BYTES {
            return Err(Error::Format(format!("it has {} bytes, and at most {MOST_BYTES} are read", bytes.len())));
        }
        if bytes.is_empty() {
            return Err(Error::Format("it is empty".to_owned()));
        }
        if let Some(booster) = boosters::load(bytes) {
            let booster = booster?;
            let (inputs, outputs) = (booster.inputs(), booster.outputs());
            return Ok(Self { inner: Inner::Booster(Box::new(booster)), inputs, outputs });
        }
        let onnx = Onnx::load(bytes)?;
        let (inputs, outputs) = (onnx.inputs.clone(), onnx.outputs.clone());
        Ok(Self { inner: Inner::Onnx(Box::new(onnx)), inputs, outputs })
    }

    /// What kind of file it was.
    #[must_use]
    pub fn format(&self) -> Format {
        match &self.inner {
            Inner::Onnx(onnx) => Format::Onnx {
                producer: onnx.producer.clone(),
                opsets: onnx.opsets.clone(),
                operators: onnx.operators.iter().map(|(name, count)| (name.clone(), *count)).collect(),
            },
            Inner::Booster(booster) => {
                let (trees, nodes) = booster.size();
                Format::Booster {
                    producer: booster.producer.clone(),
                    objective: booster.objective.clone(),
                    trees,
                    nodes,
                }
            }
        }
    }

    /// What it takes. A model of a library has one input, `features`.
    #[must_use]
    pub fn inputs(&self) -> &[Port] {
        &self.inputs
    }

    /// What it gives.
    #[must_use]
    pub fn outputs(&self) -> &[Port] {
        &self.outputs
    }

    /// The classes of a classifier, as texts; none if it is none, or names none.
    #[must_use]
    pub fn classes(&self) -> Option<Vec<String>> {
        match &self.inner {
            Inner::Onnx(onnx) => {
                onnx.classes.as_ref().map(|classes| (0..classes.len()).map(|at| classes.text(at)).collect())
            }
            Inner::Booster(booster) => {
                booster.classes().map(|count| (0..count).map(|class| class.to_string()).collect())
            }
        }
    }

    pub(crate) fn categories(&self) -> &[Option<boosters::Categories>] {
        match &self.inner {
            Inner::Onnx(_) => &[],
            Inner::Booster(booster) => &booster.categories,
        }
    }

    /// Runs it on inputs by name, and gives its outputs by name.
    ///
    /// # Errors
    /// An input is missing or of another type or shape, or a node has no answer for what it is given.
    pub fn run(&self, inputs: Vec<(String, Value)>) -> Result<Vec<(String, Value)>> {
        match &self.inner {
            Inner::Onnx(onnx) => onnx.run(inputs),
            Inner::Booster(booster) => {
                let wrong = |problem: String| Error::Input { input: boosters::INPUT.to_owned(), problem };
                match inputs.first() {
                    Some((_, Value::Tensor(rows))) if inputs.len() == 1 => {
                        booster.run(rows).map_err(|problem| wrong(problem.0))
                    }
                    _ => Err(wrong("one matrix is needed".to_owned())),
                }
            }
        }
    }

    /// Runs it on inputs of so many rows each, and gives its outputs as columns.
    ///
    /// # Errors
    /// As [`Self::run`], and an output that has not a row for each row of the inputs.
    pub fn predict(&self, inputs: Vec<(String, Value)>) -> Result<Predictions> {
        let rows = match inputs.first() {
            Some((_, Value::Tensor(tensor))) => tensor.shape().first().copied().unwrap_or(1),
            Some((_, Value::Maps(maps))) => maps.values.shape().first().copied().unwrap_or(1),
            None => 0,
        };
        let classes = self.classes();
        let mut columns = Vec::new();
        for (name, value) in self.run(inputs)? {
            spread(&name, value, rows, classes.as_deref(), &mut columns)?;
        }
        Ok(Predictions { columns })
    }
}

/// The columns that an output is.
fn spread(name: &str, value: Value, rows: usize, classes: Option<&[String]>, into: &mut Vec<Prediction>) -> Result<()> {
    let (tensor, keys) = match value {
        Value::Maps(maps) => (maps.values, Some((0..maps.keys.len()).map(|at| maps.keys.text(at)).collect())),
        Value::Tensor(tensor) => (tensor, None),
    };
    let width = tensor.len().checked_div(rows).unwrap_or(0);
    if width * rows != tensor.len() || (tensor.shape().first() != Some(&rows) && rows != 1) {
        let (described, node) = (tensor.describe(), name.to_owned());
        let problem = format!("it gives {described} for {rows} rows, so that it has no answer for each row");
        return Err(Error::Node { node, operator: "output".to_owned(), inputs: String::new(), problem });
    }
    let numbers = matches!(tensor.kind(), Kind::F32 | Kind::F64);
    let of_classes = classes.filter(|classes| classes.len() == width && numbers).map(<[String]>::to_vec);
    let keys: Option<Vec<String>> = keys.or(of_classes);
    let several = tensor.shape().len() > 1 && (width > 1 || keys.is_some());
    if !several {
        let is_label = classes.is_some() && !numbers;
        let role = if is_label { Role::Label } else { Role::Value };
        into.push(Prediction { name: name.to_owned(), role, values: tensor.into_data() });
        return Ok(());
    }
    for at in 0..width {
        let values = tensor.data().at((0..rows).map(|row| row * width + at));
        let class = keys.as_ref().and_then(|keys| keys.get(at)).cloned();
        let column = format!("{name}_{}", class.clone().unwrap_or_else(|| at.to_string()));
        let role = class.map_or(Role::Value, |class| Role::Score { class });
        into.push(Prediction { name: column, role, values });
    }
    Ok(())
}
