//! TFX's artifacts: which files they hold, and in which splits.

use data_validation::proto::{Anomalies, DatasetFeatureStatisticsList, Schema};
use data_validation::text::{from_bytes, from_text, to_text};
use tables::csv::Dialect;
use tables::{Format, Input, Table};
use weft_guest::{Error, Readable, Result, Writable, bail, types::Value};

mod bindings {
    #![allow(missing_docs, reason = "generated; the documentation comes from the WIT")]
    wit_bindgen::generate!({
        path: ["../../../wit", "../wit/tfx"],
        world: "tfx:types/imports",
        with: {
            "weft:component/artifacts@0.1.0": weft_guest::artifacts,
            "weft:component/run@0.1.0": weft_guest::run,
            "weft:component/types@0.1.0": weft_guest::types,
        },
        generate_all,
    });
}

pub use bindings::tfx::types::artifacts;

use artifacts::{ExampleAnomalies, ExampleStatistics};

const SPLIT: &str = "Split-";
const STATISTICS: &str = "FeatureStats.pb";
const ANOMALIES: &str = "SchemaDiff.pb";
const SCHEMA: &str = "schema.pbtxt";
/// The only split of data that is not split.
pub const ALL: &str = "all";
/// What files of models end in: ONNX, XGBoost's, LightGBM's.
const MODELS: [&str; 4] = [".onnx", ".json", ".ubj", ".txt"];
/// The largest model that is read, in bytes.
const MOST_MODEL: u64 = 1 << 29;
/// The largest message that is read.
const MOST_MESSAGE: u64 = 256 << 20;

/// A split of a dataset: its name and its files.
pub struct Split {
    /// Its name.
    pub name: String,
    /// Its files, in the order of their names.
    pub files: Vec<File>,
}

/// A table of an artifact.
pub struct File {
    name: String,
    handle: Handle,
}

enum Handle {
    File(weft_guest::artifacts::File),
    Whole,
}

/// The splits of data: a file is one, and so is a directory of files, unless it has directories `Split-NAME`. Files whose names begin with `_` or
/// `.` are those of other programs, and left out.
///
/// # Errors
/// There is no table, or there are files that are none.
pub fn splits(data: &weft_guest::artifacts::Artifact) -> Result<Vec<Split>> {
    let mut splits: Vec<Split> = Vec::new();
    for file in files(data)? {
        let named = file.name.strip_prefix(SPLIT).and_then(|rest| rest.split_once('/'));
        let split = named.map_or(ALL, |(split, _)| split).to_owned();
        match splits.iter_mut().find(|known| known.name == split) {
            Some(known) => known.files.push(file),
            None => splits.push(Split { name: split, files: vec![file] }),
        }
    }
    Ok(splits)
}

/// The tables of data, which is a file or a directory, by name.
///
/// # Errors
/// There is none, or there are files that are none.
pub fn files(data: &weft_guest::artifacts::Artifact) -> Result<Vec<File>> {
    if !data.is_directory() {
        let name = data.display_name().unwrap_or_else(|| "the table".to_owned());
        return Ok(vec![File { name, handle: Handle::Whole }]);
    }
    let mut files = Vec::new();
    for entry in data.entries() {
        let base = entry.name.rsplit('/').next().unwrap_or(&entry.name);
        if base.starts_with(['_', '.']) {
            continue;
        }
        if Format::of_name(&entry.name).is_none() {
            bail!(
                "`{}` is no table: of a directory files of CSV (.csv), JSON lines (.jsonl), TFRecord (.tfrecord), Parquet (.parquet) and Arrow \
                 (.arrow, .feather) are read",
                entry.name
            );
        }
        files.push(File { handle: Handle::File(data.open(&entry.name)?), name: entry.name });
    }
    if files.is_empty() {
        bail!("the examples are an empty directory");
    }
    Ok(files)
}

impl File {
    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The table in it.
    #[must_use]
    pub fn table<'a>(&'a self, data: &'a weft_guest::artifacts::Artifact) -> Table<'a> {
        Table {
            name: self.name.clone(),
            open: Box::new(move || -> Box<dyn Input + 'a> {
                match &self.handle {
                    Handle::File(handle) => Box::new(handle.reader().into_inner()),
                    Handle::Whole => Box::new(data.reader().into_inner()),
                }
            }),
        }
    }
}

/// The splits of these names. If none are named, that of the usual name if there is one, else all.
///
/// # Errors
/// A name that no split has.
pub fn chosen(mut splits: Vec<Split>, names: &[String], usual: Option<&str>) -> Result<Vec<Split>> {
    let has = |name: &str| splits.iter().any(|split| split.name == name);
    if let Some(unknown) = names.iter().find(|name| !has(name)) {
        let known: Vec<&str> = splits.iter().map(|split| split.name.as_str()).collect();
        bail!("there is no split `{unknown}`; there are: {}", known.join(", "));
    }
    let usual = usual.filter(|usual| has(usual));
    splits.retain(|split| match names {
        [] => usual.is_none_or(|usual| usual == split.name),
        names => names.contains(&split.name),
    });
    Ok(splits)
}

/// The tables of a split.
#[must_use]
pub fn tables<'a>(split: &'a Split, data: &'a weft_guest::artifacts::Artifact) -> Vec<Table<'a>> {
    split.files.iter().map(|file| file.table(data)).collect()
}

/// The bytes of a model: of the file, or of the one file of a directory that is called like one.
///
/// # Errors
/// There is none, or there are several, or it is larger than is read.
pub fn model_bytes(model: &weft_guest::artifacts::Artifact) -> Result<Vec<u8>> {
    let length = model.length();
    if length > MOST_MODEL {
        bail!("the model has {length} bytes, and at most {MOST_MODEL} are read");
    }
    if !model.is_directory() {
        return Ok(model.read_bytes()?);
    }
    let names: Vec<String> = model.entries().into_iter().map(|entry| entry.name).collect();
    let is_model = |name: &&String| MODELS.iter().any(|ending| name.ends_with(ending));
    let found: Vec<&String> = names.iter().filter(is_model).collect();
    match found.as_slice() {
        [only] => Ok(model.open(only)?.read_bytes()?),
        [] => bail!("the model is a directory without a file of a model; it holds {}", names.join(", ")),
        [first, second, ..] => bail!("the model is a directory with several models, such as {first} and {second}"),
    }
}

/// Writes the statistics of a split.
///
/// # Errors
/// What the runtime refuses.
pub fn write_statistics(
    into: &ExampleStatistics,
    split: &str,
    statistics: &DatasetFeatureStatisticsList,
) -> Result<()> {
    Ok(into
        .create(&format!("{SPLIT}{split}/{STATISTICS}"))?
        .write_bytes(&data_validation::text::to_bytes(statistics))?)
}

/// The statistics of each split but the excluded ones, by name.
///
/// # Errors
/// There are none, or files that are no statistics.
pub fn read_statistics(
    from: &ExampleStatistics,
    exclude: &[String],
) -> Result<Vec<(String, DatasetFeatureStatisticsList)>> {
    let mut found = Vec::new();
    for entry in from.entries() {
        let split = entry.name.strip_prefix(SPLIT).and_then(|rest| rest.split_once('/'));
        let Some((split, STATISTICS)) = split else { continue };
        if exclude.iter().any(|name| name == split) {
            continue;
        }
        if entry.length > MOST_MESSAGE {
            bail!("{} is larger than {} MiB", entry.name, MOST_MESSAGE >> 20);
        }
        let statistics =
            from_bytes(&from.open(&entry.name)?.read_bytes()?).map_err(|error| problem(&entry.name, &error))?;
        found.push((split.to_owned(), statistics));
    }
    if found.is_empty() {
        bail!("the statistics have no file `{SPLIT}NAME/{STATISTICS}` of a split that is asked for");
    }
    Ok(found)
}

/// Writes the anomalies of each split, and whether it has none as the property `blessed`. True if no split has any.
///
/// # Errors
/// What the runtime refuses.
pub fn write_anomalies(into: &ExampleAnomalies, splits: &[(String, Anomalies)]) -> Result<bool> {
    let mut blessed = Vec::new();
    for (split, anomalies) in splits {
        let file = into.create(&format!("{SPLIT}{split}/{ANOMALIES}"))?;
        file.write_bytes(&data_validation::text::to_bytes(anomalies))?;
        blessed.push((split, data_validation::check::is_blessed(anomalies)));
    }
    let quoted = blessed.iter().map(|(split, blessed)| {
        let name = split.replace('\\', "\\\\").replace('"', "\\\"");
        format!("\"{name}\":{}", if *blessed { "1.0" } else { "0.0" })
    });
    let quoted: Vec<String> = quoted.collect();
    into.set_property("blessed", &Value::Struct(format!("{{{}}}", quoted.join(","))))?;
    let names: Vec<&String> = splits.iter().map(|(split, _)| split).collect();
    into.set_property("split_names", &split_names(names))?;
    Ok(blessed.iter().all(|(_, blessed)| *blessed))
}

/// Writes a schema.
///
/// # Errors
/// What the runtime refuses.
pub fn write_schema(into: &artifacts::Schema, schema: &Schema) -> Result<()> {
    Ok(into.create(SCHEMA)?.write_bytes(to_text(schema).as_bytes())?)
}

/// Writes a schema as its authors wrote it.
///
/// # Errors
/// What the runtime refuses.
pub fn write_schema_text(into: &artifacts::Schema, text: &str) -> Result<()> {
    Ok(into.create(SCHEMA)?.write_bytes(text.as_bytes())?)
}

/// The statistics of a split.
#[must_use]
pub fn of_split<'a>(
    splits: &'a [(String, DatasetFeatureStatisticsList)],
    name: &str,
) -> Option<&'a DatasetFeatureStatisticsList> {
    match splits {
        // Data that is not split is compared whatever its split is called.
        [(_, only)] => Some(only),
        several => several.iter().find(|(split, _)| split == name).map(|(_, statistics)| statistics),
    }
}

/// The names of splits as TFX has them in an artifact's property: a text with a list in JSON, as Python writes it.
#[must_use]
pub fn split_names<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Value {
    match Value::strings(names) {
        // Quotes within names are escaped: these are between two.
        Value::List(json) => Value::String(json.replace("\",\"", "\", \"")),
        other => other,
    }
}

/// What stands between cells, as a step is told it.
pub trait Delimiter {
    /// The dialect that this means.
    ///
    /// # Errors
    /// It is not one character of ASCII.
    fn dialect(self) -> Result<Dialect>;
}

impl Delimiter for Option<&str> {
    fn dialect(self) -> Result<Dialect> {
        match self.map(str::as_bytes) {
            None => Ok(Dialect::default()),
            Some([delimiter]) if delimiter.is_ascii() && !matches!(delimiter, b'"' | b'\r' | b'\n') => {
                Ok(Dialect { delimiter: *delimiter })
            }
            Some(_) => bail!("the delimiter must be one character of ASCII, and no quote or line break"),
        }
    }
}

/// Reads a schema: a file, or `schema.pbtxt` in a directory.
///
/// # Errors
/// It is no schema.
pub fn read_schema(from: &artifacts::Schema) -> Result<Schema> {
    let bytes = if from.is_directory() {
        from.open(SCHEMA)?.read_bytes()?
    } else {
        let mut bytes = Vec::new();
        while (bytes.len() as u64) < from.length().min(MOST_MESSAGE) {
            bytes.extend(from.read(bytes.len() as u64, 1 << 20)?);
        }
        bytes
    };
    parse_schema(&bytes)
}

/// A schema from its text.
///
/// # Errors
/// It is no schema.
pub fn parse_schema(text: &[u8]) -> Result<Schema> {
    let text = std::str::from_utf8(text)?;
    Ok(from_text(text)?)
}

fn problem(file: &str, error: &data_validation::Error) -> Error {
    Error::new(format!("{file}: {error}"))
}
