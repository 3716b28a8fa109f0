//! Predictions for a table without a server: one step of `weft:onnx`, in a store that is dropped afterwards.

use std::io;
use std::path::{Path, PathBuf};

use weft_artifacts::{BlobReader, Content};
use weft_engine::Event;
use weft_metadata::RunState;
use weft_pipeline::model::TaskState;
use weft_pipeline::step::PortValue;

use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::host::Host;
use crate::notice::Notify;
use crate::run::{RunOptions, Weft};

/// What is to be predicted.
#[derive(Debug, Clone, Default)]
pub struct Predict {
    /// The model: ONNX, or a file of XGBoost or LightGBM.
    pub model: PathBuf,
    /// The rows: a CSV file.
    pub rows: PathBuf,
    /// The transform graph that makes the features.
    pub transform: Option<PathBuf>,
    /// Other inputs of the step, as `weft call` takes them: names and values.
    pub with: Vec<(String, String)>,
}

/// Predictions, as long as this lives.
pub struct Predicted {
    /// The CSV file: a header line, and a line for each row.
    pub csv: BlobReader,
    _store: tempfile::TempDir,
}

impl Predicted {
    /// Calls `each` with the names of the columns and the cells of each row. The number of rows.
    ///
    /// # Errors
    /// The file cannot be read, or what `each` fails with.
    #[expect(clippy::type_complexity, reason = "what is called with a row and its answers")]
    pub fn each_row(&self, each: &mut dyn FnMut(&[&str], &[&str]) -> io::Result<()>) -> io::Result<u64> {
        let mut reader = csv::Reader::from_reader(io::BufReader::new(self.csv.cursor()));
        let columns = reader.headers()?.clone();
        let columns: Vec<&str> = columns.iter().collect();
        let mut row = csv::StringRecord::new();
        let mut rows = 0;
        while reader.read_record(&mut row)? {
            each(&columns, &row.iter().collect::<Vec<_>>())?;
            rows += 1;
        }
        Ok(rows)
    }
}

impl Predict {
    /// Predicts. `observe` hears what the step tells.
    ///
    /// # Errors
    /// A file is not there, or the step fails: its message is the error's.
    pub fn run(
        &self,
        host: Host,
        observe: &mut dyn FnMut(&Event),
        notify: &Notify<'_>,
        cancel: &Cancel,
    ) -> Result<Predicted> {
        let folder =
            tempfile::tempdir().map_err(|source| Error::io("create a folder in", &std::env::temp_dir(), source))?;
        let weft = Weft::open(folder.path(), host)?;
        let rows = match &self.transform {
            None => self.rows.clone(),
            Some(graph) => {
                let graph = graph_folder(graph, folder.path())?;
                let inputs =
                    [("transform-graph", &graph), ("examples", &self.rows)].map(|(name, path)| given(name, path));
                let inputs = [inputs.as_slice(), &[("format".to_owned(), "csv".to_owned())]].concat();
                let made =
                    call(&weft, "weft:transform#apply", &inputs, "transformed_examples", observe, notify, cancel)?;
                let features = folder.path().join("features");
                weft.store().artifacts.export(&made.parse()?, &features, weft_artifacts::Existing::Keep)?;
                only_file(&features)?
            }
        };
        let mut inputs = vec![given("model", &self.model), given("data", &rows)];
        inputs.extend(self.with.iter().cloned());
        let made = call(&weft, "weft:onnx#predict", &inputs, "predictions", observe, notify, cancel)?;
        match weft.store().artifacts.open_content(&made.parse()?)? {
            Content::File(csv) => Ok(Predicted { csv, _store: folder }),
            Content::Tree(_) => Err(Error::advised("the rows are a folder", "give one CSV file")),
        }
    }
}

fn given(name: &str, path: &Path) -> (String, String) {
    (name.to_owned(), path.display().to_string())
}

/// A transform graph is a folder with one file; one may give that file.
fn graph_folder(graph: &Path, within: &Path) -> Result<PathBuf> {
    if graph.is_dir() {
        return Ok(graph.to_owned());
    }
    let folder = within.join("transform-graph");
    std::fs::create_dir(&folder).map_err(|source| Error::io("create", &folder, source))?;
    std::fs::copy(graph, folder.join("transform_graph.json")).map_err(|source| Error::io("read", graph, source))?;
    Ok(folder)
}

/// The one file below a folder.
fn only_file(folder: &Path) -> Result<PathBuf> {
    let mut at = folder.to_owned();
    while at.is_dir() {
        let mut entries = std::fs::read_dir(&at).map_err(|source| Error::io("read", &at, source))?;
        match (entries.next(), entries.next()) {
            (Some(Ok(one)), None) => at = one.path(),
            _ => return Err(Error::advised("the rows are several files", "give one CSV file")),
        }
    }
    Ok(at)
}

/// Runs one step, and gives the content of one of its outputs.
fn call(
    weft: &Weft,
    step: &str,
    inputs: &[(String, String)],
    output: &str,
    observe: &mut dyn FnMut(&Event),
    notify: &Notify<'_>,
    cancel: &Cancel,
) -> Result<String> {
    let prepared = weft.linker().prepare_call(step, inputs)?;
    let outcome = weft.run(&prepared, &RunOptions::default(), observe, notify, cancel)?;
    if outcome.state != RunState::Complete {
        let failed = outcome.tasks.iter().find(|task| task.state == TaskState::Failed);
        return Err(match failed.and_then(|task| Some((task.message.clone()?, task.hint.clone()))) {
            Some((message, hint)) => Error::Request { message, hint },
            None => Error::request("it was interrupted"),
        });
    }
    let found = outcome.outputs.iter().find(|(name, _)| name.replace('-', "_") == output);
    match found.map(|(_, value)| value) {
        Some(PortValue::Artifacts(artifacts)) if artifacts.len() == 1 => Ok(artifacts[0].uri.clone()),
        _ => Err(Error::request(format!("`{step}` gave no `{output}`"))),
    }
}
