//! A transform graph in front of a model: columns as clients send them become the features that the model was trained with.

use data_transform::{Applied, Graph, Source};
use models::table::{Binding, Choice};
use models::{Data, Model, Tensor, Value};
use tables::{Record, Values};
use weft_guest::artifacts::Artifact;
use weft_guest::{Error, Readable, Result, bail};

use crate::exports::weft::serving::server::Port;

/// The file of a graph in a directory.
const GRAPH: &str = "transform_graph.json";
/// The largest graph, in bytes.
const MOST_GRAPH: u64 = 1 << 28;

/// What makes a model's inputs of the columns that the graph was learned from.
pub(crate) struct Features {
    graph: Applied<'static>,
    /// The columns that clients send, with the types that they had when the graph was learned.
    columns: Vec<(String, Source)>,
    /// How many values each feature has, in the graph's order.
    widths: Vec<usize>,
    binding: Binding,
}

/// Reads a graph: a file, or `transform_graph.json` in a directory.
pub(crate) fn read_graph(from: &Artifact) -> Result<Graph> {
    if from.length() > MOST_GRAPH {
        bail!("the transform graph is larger than {} MiB", MOST_GRAPH >> 20);
    }
    if !from.is_directory() {
        return Ok(Graph::from_json(&from.read_bytes()?)?);
    }
    if from.entries().iter().all(|entry| entry.name != GRAPH) {
        bail!("the transform graph has no file `{GRAPH}`: it was not made by `weft:transform`");
    }
    Ok(Graph::from_json(&from.open(GRAPH)?.read_bytes()?)?)
}

impl Features {
    /// Finds the features that the model takes among those of the graph, and the columns that these are made of.
    pub(crate) fn new(graph: Graph, model: &Model, choice: &Choice) -> Result<Self> {
        // Kept as long as the instance, which has one model.
        let graph: &'static Graph = Box::leak(Box::new(graph));
        let made = graph.columns();
        let mut names = Vec::new();
        let widths: Vec<usize> = made.iter().map(|column| column.most_values.max(1)).collect();
        for (column, width) in made.iter().zip(&widths) {
            match width {
                1 => names.push(column.name.clone()),
                width => names.extend((0..*width).map(|at| format!("{}_{at}", column.name))),
            }
        }
        let binding = model.bind(&names, choice)?;
        let taken: Vec<&str> = binding.columns().collect();
        let is_taken = |name: &str| {
            let at = made.iter().position(|column| column.name == name);
            at.is_some_and(|at| match widths[at] {
                1 => taken.contains(&name),
                width => (0..width).any(|value| taken.contains(&format!("{name}_{value}").as_str())),
            })
        };
        let columns = graph.sources_of(is_taken).into_iter().map(|(name, source)| (name.to_owned(), source)).collect();
        Ok(Self { graph: graph.ready(), columns, widths, binding })
    }

    /// What clients send: a value of each column for each row.
    pub(crate) fn ports(&self) -> Vec<Port> {
        let datatype = |source| match source {
            Source::Int => "INT64",
            Source::Float => "FP64",
            Source::Text => "BYTES",
        };
        self.columns
            .iter()
            .map(|(name, source)| Port {
                name: name.clone(),
                datatype: datatype(*source).to_owned(),
                shape: vec![-1, 1],
                classes: Vec::new(),
            })
            .collect()
    }

    /// The model's inputs. An empty text and a number that is none are missing values, as empty cells are.
    pub(crate) fn inputs(&self, given: &[(String, Tensor)]) -> Result<Vec<(String, Value)>> {
        let mut columns = Vec::with_capacity(self.columns.len());
        for (name, source) in &self.columns {
            let Some((_, tensor)) = given.iter().find(|(known, _)| known == name) else {
                bail!("input `{name}` is not given");
            };
            columns.push((name.as_str(), *source, tensor));
        }
        if let Some((unknown, _)) = given.iter().find(|(name, _)| self.columns.iter().all(|(known, _)| known != name)) {
            bail!("the model has no input `{unknown}`");
        }
        let rows = columns.first().map_or(0, |(_, _, tensor)| tensor.len());
        if let Some((name, _, tensor)) = columns.iter().find(|(_, _, tensor)| tensor.len() != rows) {
            bail!("input `{name}` has {} values, and the first one {rows}", tensor.len());
        }
        let (mut row, mut features, mut cells) = (Record::default(), Record::default(), Vec::new());
        let mut batch = self.binding.batch();
        for at in 0..rows {
            row.clear();
            for (name, source, tensor) in &columns {
                let place = row.column(name).map_err(Error::new)?;
                fill(&mut row, place, *source, tensor.data(), at)
                    .map_err(|problem| Error::new(format!("input `{name}`, row {}: {problem}", at + 1)))?;
            }
            self.graph.apply(&row, &mut features).map_err(|error| Error::new(format!("row {}: {error}", at + 1)))?;
            cells.clear();
            for (feature, width) in self.widths.iter().enumerate() {
                texts(features.values(feature), *width, &mut cells);
            }
            batch.push(cells.iter().map(String::as_str))?;
        }
        Ok(batch.take())
    }
}

/// Puts a value into a row, unless it is missing.
fn fill(row: &mut Record, place: usize, source: Source, data: &Data, at: usize) -> Result<(), String> {
    let cell = row.cell(place);
    if let Data::Text(texts) = data {
        match texts.get(at).map_or("", String::as_str) {
            "" => {}
            text if source == Source::Text => cell.push_bytes(text.as_bytes()),
            _ => return Err("numbers are needed, and this is a text".to_owned()),
        }
        return Ok(());
    }
    match (source, data) {
        (Source::Text, _) => return Err("texts are needed, and these are numbers; send them as BYTES".to_owned()),
        (Source::Int, Data::I64(values)) => values.get(at).copied().into_iter().for_each(|value| cell.push_int(value)),
        (Source::Int | Source::Float, data) => {
            let value = data.text(at).parse::<f64>().unwrap_or(f64::NAN);
            match source {
                _ if value.is_nan() => {}
                Source::Float => cell.push_float(value),
                #[allow(clippy::cast_possible_truncation, reason = "it is whole, and within the bounds")]
                _ if value.fract() == 0.0 && value.abs() < 9e15 => cell.push_int(value as i64),
                _ => return Err(format!("integers are needed, and this is {value}")),
            }
        }
    }
    Ok(())
}

/// The values of a feature as cells of a table; empty ones where there are fewer.
fn texts(values: Values<'_>, width: usize, cells: &mut Vec<String>) {
    let before = cells.len();
    match values {
        Values::Missing | Values::Empty => {}
        Values::Ints(values) => cells.extend(values.iter().take(width).map(ToString::to_string)),
        Values::Floats(values) => cells.extend(values.iter().take(width).map(ToString::to_string)),
        Values::Bytes(texts) => {
            cells.extend(texts.iter().take(width).map(|text| String::from_utf8_lossy(text).into_owned()));
        }
    }
    cells.resize(before + width, String::new());
}
