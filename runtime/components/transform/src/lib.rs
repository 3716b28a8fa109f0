//! The steps of `wit/world.wit`.

mod declared;

use std::io::BufWriter;

use data_transform::{Analysis, Graph};
use tables::csv::Dialect;
use tables::write::{Output, Writer};
use tables::{Format, Reader, Record, Table, Types, example};
use tfx_artifacts::{Delimiter, Split, split_names, splits, tables};
use weft_guest::types::Value;
use weft_guest::{Error, Readable, Result, Writable, bail, info};

wit_bindgen::generate!({
    path: ["../../../wit", "../wit/tfx", "wit"],
    world: "weft:transform/transform",
    with: {
        "tfx:types/artifacts@1.0.0": tfx_artifacts::artifacts,
        "weft:component/artifacts@0.1.0": weft_guest::artifacts,
        "weft:component/run@0.1.0": weft_guest::run,
        "weft:component/types@0.1.0": weft_guest::types,
    },
});

struct Transform;
export!(Transform);

/// The file of a graph.
const GRAPH: &str = "transform_graph.json";
/// The largest graph that is read.
const MOST_GRAPH: u64 = 1 << 30;

impl Guest for Transform {
    fn fit(
        examples: &Artifact,
        features: Vec<Feature>,
        analyze_splits: Option<Vec<String>>,
        format: Option<String>,
        delimiter: Option<String>,
    ) -> Result<Fitted, String> {
        Ok(fit(examples, features, analyze_splits, format.as_deref(), delimiter.as_deref().dialect()?)?)
    }

    fn apply(
        transform_graph: &TransformGraph,
        examples: &Artifact,
        format: Option<String>,
        delimiter: Option<String>,
    ) -> Result<Applied, String> {
        let (dialect, splits) = (delimiter.as_deref().dialect()?, splits(examples)?);
        let (transformed_examples, rows) =
            transform(&read_graph(transform_graph)?, examples, &splits, output(format.as_deref())?, dialect)?;
        Ok(Applied { transformed_examples, rows })
    }

    fn to_onnx(transform_graph: &TransformGraph, features: Option<Vec<String>>) -> Result<Exported, String> {
        let written = read_graph(transform_graph)?.to_onnx(features.as_deref()).map_err(Error::from)?;
        Ok(Exported { model: model(&written)? })
    }

    fn join(transform_graph: &TransformGraph, model: &Model) -> Result<Joined, String> {
        Ok(Joined { model: join(&read_graph(transform_graph)?, model)? })
    }
}

fn model(written: &[u8]) -> Result<Model> {
    let model = Model::new();
    model.write_bytes(written)?;
    model.set_display_name("Features as ONNX")?;
    model.set_property("format", &"onnx".into())?;
    Ok(model)
}

fn join(graph: &Graph, from: &Model) -> Result<Model> {
    if from.byte_length() > MOST_GRAPH {
        bail!("the model is larger than {} MiB", MOST_GRAPH >> 20);
    }
    let model = Model::new();
    model.write_bytes(&graph.join(&from.read_bytes()?)?)?;
    for (name, value) in from.properties() {
        model.set_property(&name, &value)?;
    }
    let columns: Vec<&str> = graph.sources.keys().map(String::as_str).collect();
    model.set_property("features", &Value::strings(columns))?;
    model.set_display_name("Model of rows as they are")?;
    Ok(model)
}

fn output(format: Option<&str>) -> Result<Option<Output>> {
    Ok(match format {
        None => None,
        Some("csv") => Some(Output::Csv),
        Some("tfrecord") => Some(Output::TfRecord),
        Some("parquet") => Some(Output::Parquet),
        Some(other) => bail!("there is no format `{other}`: csv, tfrecord or parquet"),
    })
}

fn fit(
    examples: &Artifact,
    features: Vec<Feature>,
    analyze: Option<Vec<String>>,
    format: Option<&str>,
    dialect: Dialect,
) -> Result<Fitted> {
    let output = output(format)?;
    let splits = splits(examples)?;
    let analyze = match analyze {
        Some(names) => names,
        None if splits.iter().any(|split| split.name == "train") => vec!["train".to_owned()],
        None => splits.iter().map(|split| split.name.clone()).collect(),
    };
    if let Some(name) = analyze.iter().find(|name| !splits.iter().any(|split| split.name == **name)) {
        bail!("the examples have no split `{name}` to learn from");
    }
    let features = features.into_iter().map(declared::feature).collect::<Result<Vec<_>>>()?;
    let mut analysis = Analysis::new(features)?;
    let learned = splits.iter().filter(|split| analyze.contains(&split.name));
    let learned: Vec<Table<'_>> = learned.flat_map(|split| tables(split, examples)).collect();
    each_row(&learned, dialect, &Known::find(&learned, dialect)?, |row| Ok(analysis.add(row)?))?;
    let graph = analysis.finish()?;
    info!("learned {} features from {} rows", graph.features.len(), graph.rows);

    let (transformed_examples, rows) = transform(&graph, examples, &splits, output, dialect)?;
    let transform_graph = TransformGraph::new();
    transform_graph.create(GRAPH)?.write_bytes(graph.to_json().as_bytes())?;
    transform_graph.set_display_name("Transform graph")?;
    Ok(Fitted { transform_graph, transformed_examples, rows })
}

fn read_graph(from: &TransformGraph) -> Result<Graph> {
    let Some(entry) = from.entries().into_iter().find(|entry| entry.name == GRAPH) else {
        bail!("the transform graph has no file `{GRAPH}`: it was not made by `weft:transform`");
    };
    if entry.length > MOST_GRAPH {
        bail!("{GRAPH} is larger than {} MiB", MOST_GRAPH >> 20);
    }
    Ok(Graph::from_json(&from.open(GRAPH)?.read_bytes()?)?)
}

/// Makes the features of all splits.
fn transform(
    graph: &Graph,
    examples: &Artifact,
    splits: &[Split],
    output: Option<Output>,
    dialect: Dialect,
) -> Result<(Examples, u64)> {
    let made = Examples::new();
    let types = Types::of(graph.columns());
    let ready = graph.ready();
    let (mut rows, mut written) = (0, Output::Csv);
    for split in splits {
        let tables = tables(split, examples);
        written = match output {
            Some(output) => output,
            None if all_csv(&tables)? => Output::Csv,
            None => Output::TfRecord,
        };
        let file = made.create(&format!("Split-{}/{}", split.name, written.file()))?;
        let mut writer: Writer<BufWriter<_>> = Writer::new(written, file.writer(), &types)?;
        let (mut features, mut order, mut bytes, mut count) = (Record::default(), Vec::new(), Vec::new(), 0);
        each_row(&tables, dialect, &Known::Learned(graph), |row| {
            ready.apply(row, &mut features)?;
            if written == Output::TfRecord {
                if order.len() != features.names().len() {
                    order = example::order(features.names());
                }
                example::encode(&features, &order, &mut bytes);
            }
            writer.write(&features, &bytes)?;
            count += 1;
            Ok(())
        })?;
        writer.finish()?;
        info!("split {}: {count} rows", split.name);
        rows += count;
    }
    made.set_display_name("Transformed examples")?;
    made.set_property("span", &Value::Int(0))?;
    made.set_property("split_names", &split_names(splits.iter().map(|split| &split.name)))?;
    let (payload, file) = written.properties();
    made.set_property("payload_format", &payload.into())?;
    made.set_property("file_format", &file.into())?;
    Ok((made, rows))
}

fn all_csv(tables: &[Table<'_>]) -> Result<bool> {
    let formats = tables.iter().map(Table::format).collect::<Result<Vec<_>, _>>()?;
    Ok(formats.iter().all(|format| *format == Format::Csv))
}

/// Reads all rows of tables. An empty cell of CSV is a missing value; its columns have these types, and so have those of JSON lines.
fn each_row(
    tables: &[Table<'_>],
    dialect: Dialect,
    types: &Known<'_>,
    mut each: impl FnMut(&Record) -> Result<()>,
) -> Result<()> {
    for table in tables {
        let mut row = Record::default();
        let at = |place: String, problem: String| Error::new(format!("{}, {place}: {problem}", table.name));
        match table.read(dialect, Some(&types.of(None)))? {
            Reader::Csv(mut reader) => {
                let types = types.of(Some(reader.columns()));
                while reader.advance()? {
                    let place = || format!("line {}", reader.line());
                    types.row(reader.row(), &mut row, true).map_err(|problem| at(place(), problem))?;
                    each(&row).map_err(|error| at(place(), error.to_string()))?;
                }
            }
            Reader::Rows(mut rows, _) => {
                while rows.advance(&mut row)? {
                    each(&row).map_err(|error| at(rows.place(), error.to_string()))?;
                }
            }
        }
    }
    Ok(())
}

/// The types of columns of formats that do not tell them.
enum Known<'a> {
    /// Those that the data itself has, which all of it was read for.
    Found(Types),
    /// Those that the data had which a graph was learned from.
    Learned(&'a Graph),
}

impl Known<'_> {
    fn find(tables: &[Table<'_>], dialect: Dialect) -> Result<Self> {
        let formats = tables.iter().map(Table::format).collect::<Result<Vec<_>, _>>()?;
        let typed = formats.iter().all(|format| format.typed());
        Ok(Self::Found(if typed { Types::default() } else { ::tables::types(tables, dialect)? }))
    }

    /// For a table with these columns, or for all that are known.
    fn of(&self, columns: Option<&[String]>) -> Types {
        match (self, columns) {
            (Self::Found(types), _) => types.clone(),
            (Self::Learned(graph), Some(columns)) => {
                Types::new(columns.iter().map(|column| (column.clone(), graph.source_type(column))))
            }
            (Self::Learned(graph), None) => {
                Types::new(graph.sources.keys().map(|column| (column.clone(), graph.source_type(column))))
            }
        }
    }
}
