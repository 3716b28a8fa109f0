//! Rows of a table as inputs of a model.

use std::collections::HashMap;

use crate::error::{Error, Result};
use crate::model::Model;
use crate::onnx::{Port, sizes};
use crate::tensor::{Data, Kind, Tensor, Value};

/// What a missing number is written as; these are the words that pandas takes for it.
pub const MISSING: [&str; 18] = [
    "", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "<NA>", "n/a", "#N/A", "-NaN", "-nan", "#NA", "1.#QNAN",
    "1.#IND", "-1.#IND", "-1.#QNAN",
];

/// Which columns of a table are features.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// The features in order. Inputs take as many as they have columns, one after the other. Without them, columns are found by name.
    pub features: Option<Vec<String>>,
    /// Columns that are no features, such as an id or the truth.
    pub except: Vec<String>,
}

/// What a cell becomes.
#[derive(Debug, Clone)]
enum Cell {
    Number,
    Integer,
    Truth,
    Text,
    /// A category by its text.
    Category {
        places: HashMap<String, usize>,
        unknown_is_missing: bool,
    },
}

#[derive(Debug, Clone)]
struct Slot {
    /// The place of the column in the table.
    column: usize,
    name: String,
    cell: Cell,
}

#[derive(Debug, Clone)]
struct Input {
    name: String,
    kind: Kind,
    /// Sizes of the axes behind the rows.
    inner: Vec<usize>,
    slots: Vec<Slot>,
    /// Rows have an axis of their own.
    rows: bool,
}

/// How the columns of a table fill the inputs of a model.
#[derive(Debug, Clone)]
pub struct Binding {
    inputs: Vec<Input>,
}

/// Rows that were read so far.
#[derive(Debug, Clone)]
pub struct Batch {
    inputs: Vec<(Input, Data)>,
    rows: usize,
    cells: Vec<(usize, usize)>,
    text: String,
}

impl Model {
    /// Finds the columns of a table that fill the inputs: an input of one column by its name, a wide one by the names that the model has for its
    /// features, or else by all columns in order if there are exactly as many.
    ///
    /// # Errors
    /// Columns are missing, or there are too many to know which are meant; the error names what is needed and what there is.
    pub fn bind(&self, columns: &[String], choice: &Choice) -> Result<Binding> {
        let features: Vec<usize> = (0..columns.len()).filter(|at| !choice.except.contains(&columns[*at])).collect();
        let place = |name: &String| features.iter().copied().find(|at| columns[*at] == *name);
        let mut listed = match &choice.features {
            None => None,
            Some(names) => {
                let missing: Vec<&String> = names.iter().filter(|name| place(name).is_none()).collect();
                if !missing.is_empty() {
                    return Err(absent(&missing, columns));
                }
                Some(names.iter().filter_map(place).collect::<Vec<_>>().into_iter())
            }
        };
        let ports = self.inputs();
        let mut inputs = Vec::with_capacity(ports.len());
        let mut missing = Vec::new();
        for port in ports {
            let (kind, inner) = described(port)?;
            let open = inner.contains(&None);
            let width: usize = inner.iter().map(|size| size.unwrap_or(1)).product();
            let chosen: Vec<usize> = match &mut listed {
                Some(listed) => {
                    let chosen: Vec<usize> = listed.take(if open { usize::MAX } else { width }).collect();
                    if !open && chosen.len() != width {
                        return Err(Error::Table(format!(
                            "input `{}` takes {width} columns, and of `features` only {} are left for it",
                            port.name,
                            chosen.len()
                        )));
                    }
                    chosen
                }
                None if !port.columns.is_empty() => {
                    let found: Vec<usize> = port.columns.iter().filter_map(place).collect();
                    if found.len() < port.columns.len() {
                        missing.extend(port.columns.iter().filter(|name| place(name).is_none()));
                        continue;
                    }
                    found
                }
                None => match place(&port.name) {
                    Some(at) if width == 1 => vec![at],
                    None if width == 1 && !open && ports.len() > 1 => {
                        missing.push(&port.name);
                        continue;
                    }
                    _ if ports.len() == 1 && (open || features.len() == width) => features.clone(),
                    _ => {
                        return Err(Error::Table(format!(
                            "input `{}` takes {} columns without names, and the table has {} that could be meant; list the features in their \
                             order, or say which columns are none",
                            port.name,
                            sizes(&inner),
                            features.len()
                        )));
                    }
                },
            };
            let categories = self.categories();
            let slots = chosen.iter().enumerate().map(|(at, column)| Slot {
                column: *column,
                name: columns[*column].clone(),
                cell: match (kind, categories.get(at).and_then(Option::as_ref)) {
                    (Kind::F32 | Kind::F64, Some(known)) => Cell::Category {
                        places: known.names.iter().cloned().zip(0..).collect(),
                        unknown_is_missing: known.unknown_is_missing,
                    },
                    (Kind::F32 | Kind::F64, None) => Cell::Number,
                    (Kind::I64 | Kind::I32 | Kind::I16 | Kind::I8 | Kind::U8, _) => Cell::Integer,
                    (Kind::Bool, _) => Cell::Truth,
                    (Kind::Text, _) => Cell::Text,
                },
            });
            let slots: Vec<Slot> = slots.collect();
            let inner: Vec<usize> = match inner.as_slice() {
                // An open size is what there is.
                inner if open => {
                    let known: usize = inner.iter().flatten().product();
                    if inner.iter().filter(|size| size.is_none()).count() > 1
                        || !slots.len().is_multiple_of(known.max(1))
                    {
                        return Err(Error::Table(format!(
                            "input `{}` has the sizes {}, and {} columns cannot be laid out so",
                            port.name,
                            sizes(inner),
                            slots.len()
                        )));
                    }
                    inner.iter().map(|size| size.unwrap_or(slots.len() / known.max(1))).collect()
                }
                inner => inner.iter().flatten().copied().collect(),
            };
            let rows = port.shape.as_ref().is_none_or(|shape| !shape.is_empty());
            inputs.push(Input { name: port.name.clone(), kind, inner, slots, rows });
        }
        if !missing.is_empty() {
            return Err(absent(&missing, columns));
        }
        if listed.is_some_and(|mut rest| rest.next().is_some()) {
            return Err(Error::Table("`features` names more columns than the model takes".to_owned()));
        }
        Ok(Binding { inputs })
    }
}

fn absent(missing: &[&String], columns: &[String]) -> Error {
    let list = |names: Vec<String>| {
        let shown: Vec<String> = names.iter().take(20).map(|name| format!("`{name}`")).collect();
        let more = if names.len() > 20 { format!(" and {} more", names.len() - 20) } else { String::new() };
        format!("{}{more}", shown.join(", "))
    };
    let missing = list(missing.iter().map(|name| (*name).clone()).collect());
    Error::Table(format!("the model needs the columns {missing}, and the table has {}", list(columns.to_vec())))
}

/// The kind and the sizes behind the rows of an input that rows can fill.
fn described(port: &Port) -> Result<(Kind, Vec<Option<usize>>)> {
    let Some(kind) = port.kind else {
        return Err(Error::Input {
            input: port.name.clone(),
            problem: "it is no tensor, and a table fills only tensors; export the model with columns as inputs"
                .to_owned(),
        });
    };
    let inner = match port.shape.as_deref() {
        None => vec![None],
        Some([] | [_]) => Vec::new(),
        Some([_, rest @ ..]) => rest.to_vec(),
    };
    Ok((kind, inner))
}

impl Binding {
    /// A batch without rows.
    #[must_use]
    pub fn batch(&self) -> Batch {
        let empty = |kind: Kind| -> Data {
            match kind {
                Kind::F32 => Vec::<f32>::new().into(),
                Kind::F64 => Vec::<f64>::new().into(),
                Kind::I64 => Vec::<i64>::new().into(),
                Kind::I32 => Vec::<i32>::new().into(),
                Kind::I16 => Vec::<i16>::new().into(),
                Kind::I8 => Vec::<i8>::new().into(),
                Kind::U8 => Vec::<u8>::new().into(),
                Kind::Bool => Vec::<bool>::new().into(),
                Kind::Text => Vec::<String>::new().into(),
            }
        };
        let inputs = self.inputs.iter().map(|input| (input.clone(), empty(input.kind))).collect();
        Batch { inputs, rows: 0, cells: Vec::new(), text: String::new() }
    }

    /// Names of the columns that are features, in the model's order.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.inputs.iter().flat_map(|input| &input.slots).map(|slot| slot.name.as_str())
    }

    /// How many columns the model takes.
    #[must_use]
    pub fn width(&self) -> usize {
        self.inputs.iter().map(|input| input.slots.len()).sum()
    }
}

impl Batch {
    /// How many rows it has.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Adds a row: all cells of the table, in the order of its columns.
    ///
    /// # Errors
    /// A cell that is no value of its column's type, by column and row; the batch is of no use afterwards.
    pub fn push<'c>(&mut self, cells: impl IntoIterator<Item = &'c str>) -> Result<()> {
        self.text.clear();
        self.cells.clear();
        for cell in cells {
            let start = self.text.len();
            self.text.push_str(cell);
            self.cells.push((start, self.text.len()));
        }
        self.rows += 1;
        let row = self.rows;
        for (input, data) in &mut self.inputs {
            for slot in &input.slots {
                let cell = self.cells.get(slot.column).map_or("", |(start, end)| &self.text[*start..*end]);
                slot.cell.read(cell, data).map_err(|problem| Error::Cell {
                    column: slot.name.clone(),
                    row,
                    problem,
                })?;
            }
        }
        Ok(())
    }

    /// The rows as inputs of the model. The batch is empty afterwards.
    #[must_use]
    pub fn take(&mut self) -> Vec<(String, Value)> {
        let rows = std::mem::take(&mut self.rows);
        let mut taken = Vec::with_capacity(self.inputs.len());
        for (input, data) in &mut self.inputs {
            let shape =
                if input.rows { std::iter::once(rows).chain(input.inner.iter().copied()).collect() } else { vec![] };
            let full = std::mem::replace(data, data.at(std::iter::empty()));
            if let Some(tensor) = Tensor::new(shape, full) {
                taken.push((input.name.clone(), tensor.into()));
            }
        }
        taken
    }
}

impl Cell {
    #[allow(clippy::cast_possible_truncation, reason = "inputs of floats are rounded to them, as a data frame's are")]
    fn read(&self, cell: &str, into: &mut Data) -> std::result::Result<(), String> {
        match self {
            Self::Number => {
                let value = match cell.trim().parse::<f64>() {
                    Ok(value) => value,
                    Err(_) if MISSING.contains(&cell.trim()) => f64::NAN,
                    Err(_) => match cell.trim() {
                        "True" | "true" | "TRUE" => 1.0,
                        "False" | "false" | "FALSE" => 0.0,
                        _ => return Err(format!("`{cell}` is no number")),
                    },
                };
                float(value, into);
            }
            Self::Category { places, unknown_is_missing } => {
                let value = match places.get(cell) {
                    Some(place) => *place as f64,
                    None if MISSING.contains(&cell) => f64::NAN,
                    // Numbers are categories by their value, however they are written.
                    None => match cell.trim().parse::<f64>().ok().and_then(|value| places.get(&value.to_string())) {
                        Some(place) => *place as f64,
                        None if *unknown_is_missing => f64::NAN,
                        None => return Err(format!("`{cell}` is no category that the model was trained with")),
                    },
                };
                float(value, into);
            }
            Self::Integer => {
                let parsed = cell.trim().parse::<i64>().ok();
                let whole = || {
                    let value = cell.trim().parse::<f64>().ok()?;
                    (value.fract() == 0.0 && value.abs() < 9e15).then_some(value as i64)
                };
                let Some(value) = parsed.or_else(whole) else {
                    return Err(format!("`{cell}` is no integer, which the model takes here"));
                };
                let beyond = |_| format!("{value} is beyond the type that the model takes here");
                match into {
                    Data::I64(values) => values.push(value),
                    Data::I32(values) => values.push(i32::try_from(value).map_err(beyond)?),
                    Data::I16(values) => values.push(i16::try_from(value).map_err(beyond)?),
                    Data::I8(values) => values.push(i8::try_from(value).map_err(beyond)?),
                    Data::U8(values) => values.push(u8::try_from(value).map_err(beyond)?),
                    _ => {}
                }
            }
            Self::Truth => {
                let value = match cell.trim() {
                    "1" | "true" | "True" | "TRUE" => true,
                    "0" | "false" | "False" | "FALSE" => false,
                    _ => return Err(format!("`{cell}` is no truth value")),
                };
                if let Data::Bool(values) = into {
                    values.push(value);
                }
            }
            Self::Text => {
                if let Data::Text(values) = into {
                    values.push(cell.to_owned());
                }
            }
        }
        Ok(())
    }
}

#[allow(clippy::cast_possible_truncation, reason = "inputs of floats are rounded to them, as a data frame's are")]
fn float(value: f64, into: &mut Data) {
    match into {
        Data::F32(values) => values.push(value as f32),
        Data::F64(values) => values.push(value),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Role;

    fn case(name: &str) -> Model {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/cases").join(name);
        let file = ["model.onnx", "model.ubj"].map(|file| folder.join(file)).into_iter().find(|file| file.exists());
        Model::load(&std::fs::read(file.unwrap()).unwrap()).unwrap()
    }

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn inputs_of_one_column_are_found_by_name_whatever_else_there_is() {
        let model = case("columns_one_hot");
        let columns = names(&["id", "sex", "depth", "island", "mass"]);
        let binding = model.bind(&columns, &Choice::default()).unwrap();
        assert_eq!(binding.columns().collect::<Vec<_>>(), ["mass", "depth", "island", "sex"]);
        let mut batch = binding.batch();
        batch.push(["1", "f", "0.5", "Biscoe", ""]).unwrap();
        batch.push(["2", "m", "1e0", "Nowhere", " NA "]).unwrap();
        let predictions = model.predict(batch.take()).unwrap();
        assert_eq!((predictions.rows(), batch.rows()), (2, 0));
        let found: Vec<&str> = predictions.columns.iter().map(|column| column.name.as_str()).collect();
        let expected =
            ["output_label", "output_probability_Adelie", "output_probability_Chinstrap", "output_probability_Gentoo"];
        assert_eq!(found, expected);
        assert_eq!(predictions.columns[0].role, Role::Label);
        assert_eq!(predictions.scores()[1].0, "Chinstrap");

        let error = batch.push(["3", "m", "deep", "Biscoe", "1"]).unwrap_err().to_string();
        assert_eq!(error, "column `depth`, row 1: `deep` is no number");
        let error = model.bind(&names(&["mass", "sex"]), &Choice::default()).unwrap_err().to_string();
        assert_eq!(error, "the model needs the columns `depth`, `island`, and the table has `mass`, `sex`");
    }

    #[test]
    fn a_wide_input_takes_all_columns_or_those_that_are_listed() {
        let model = case("forest_binary");
        let columns = names(&["a", "b", "c", "d", "e", "truth"]);
        let error = model.bind(&columns, &Choice::default()).unwrap_err().to_string();
        assert!(error.contains("input `X` takes [5] columns without names, and the table has 6"), "{error}");
        let except = Choice { except: names(&["truth"]), ..Choice::default() };
        assert_eq!(model.bind(&columns, &except).unwrap().columns().collect::<String>(), "abcde");
        let listed = Choice { features: Some(names(&["e", "d", "c", "b", "a"])), ..Choice::default() };
        assert_eq!(model.bind(&columns, &listed).unwrap().columns().collect::<String>(), "edcba");
        for (features, problem) in [
            (vec!["a", "b"], "input `X` takes 5 columns, and of `features` only 2 are left for it"),
            (vec!["a", "b", "c", "d", "e", "truth"], "`features` names more columns than the model takes"),
            (vec!["z"], "the model needs the columns `z`, and the table has `a`, `b`, `c`, `d`, `e`, `truth`"),
        ] {
            let choice = Choice { features: Some(names(&features)), ..Choice::default() };
            assert_eq!(model.bind(&columns, &choice).unwrap_err().to_string(), problem);
        }
    }
}
