//! `weft predict`: predictions for a table, without a server and without a store.

use std::io::Write;
use std::path::PathBuf;

use clap::ValueHint;
use serde_json::{Value, json};
use weft::serving::{Predict, Predicted};

use crate::error::{Error, Exit, Result};
use crate::execute::notify;
use crate::render::progress::Progress;
use crate::{host, interrupt, screen};

/// Arguments of `weft predict`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  weft predict model.onnx rows.csv
  weft predict model.onnx rows.csv --keep id -o predictions.csv
  weft predict model.onnx raw.csv --transform transform_graph.json --json

Exit codes: 0 success, 2 the model, the rows or the request are wrong, 130 interrupted.")]
pub struct Args {
    /// The model: ONNX, or a file of XGBoost or LightGBM
    #[arg(value_name = "MODEL", value_hint = ValueHint::FilePath)]
    pub model: PathBuf,
    /// The rows: a CSV file with a header line
    #[arg(value_name = "ROWS", value_hint = ValueHint::FilePath)]
    pub rows: PathBuf,
    /// Write the predictions to this CSV file rather than to standard output
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
    /// Make the features with this graph of `weft:transform`
    #[arg(long, value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub transform: Option<PathBuf>,
    /// The columns that are the model's features, in its order, where it does not name them itself
    #[arg(long, value_name = "COLUMN,..", value_delimiter = ',')]
    pub features: Option<Vec<String>>,
    /// Columns that are no features, such as the truth
    #[arg(long, value_name = "COLUMN,..", value_delimiter = ',')]
    pub exclude: Option<Vec<String>>,
    /// Columns of the rows that stand beside the predictions
    #[arg(long, value_name = "COLUMN,..", value_delimiter = ',')]
    pub keep: Option<Vec<String>>,
    /// Write the predictions as one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Predicts for all rows.
pub fn execute(args: &Args) -> Result<Exit> {
    for file in [&args.model, &args.rows].into_iter().chain(&args.transform) {
        if !file.exists() {
            return Err(Error::request(format!("there is no file `{}`", file.display())));
        }
    }
    let lists = [("features", &args.features), ("exclude", &args.exclude), ("keep", &args.keep)];
    let with = lists.into_iter().filter_map(|(name, list)| Some((name.to_owned(), json!(list.as_ref()?).to_string())));
    let predict = Predict {
        model: args.model.clone(),
        rows: args.rows.clone(),
        transform: args.transform.clone(),
        with: with.collect(),
    };
    let cancel = interrupt::listen()?;
    let predicted = {
        let progress = Progress::new(true, cancel.clone());
        predict.run(host::host()?, &mut |event| progress.observe(event), &notify, &cancel)
    };
    if cancel.is_canceled() {
        return Ok(Exit::Interrupted);
    }
    let predicted = predicted?;
    if let Some(file) = &args.output {
        let failed = |source| Error::io("write", file, source);
        let mut out = std::io::BufWriter::new(std::fs::File::create(file).map_err(failed)?);
        let rows = write(&predicted, args.json, &mut out)?;
        out.flush().map_err(failed)?;
        screen::say(format!("wrote {} for {rows} rows", file.display()));
    } else {
        let mut out = std::io::BufWriter::new(std::io::stdout().lock());
        write(&predicted, args.json, &mut out)?;
        out.flush()?;
    }
    Ok(Exit::Success)
}

/// Writes predictions as CSV or JSON. The number of rows.
fn write(predicted: &Predicted, json: bool, out: &mut impl Write) -> Result<u64> {
    if !json {
        std::io::copy(&mut predicted.csv.cursor(), out)?;
        return Ok(predicted.each_row(&mut |_, _| Ok(()))?);
    }
    let mut separator = "";
    write!(out, "{{\"predictions\": [")?;
    let rows = predicted.each_row(&mut |columns, cells| {
        let row = columns.iter().zip(cells).map(|(column, cell)| ((*column).to_owned(), typed(cell)));
        write!(out, "{separator}\n  {}", Value::Object(row.collect()))?;
        separator = ",";
        Ok(())
    })?;
    writeln!(out, "\n]}}")?;
    Ok(rows)
}

/// A cell as JSON: a number if it is written as one, nothing if it is missing.
fn typed(cell: &str) -> Value {
    match serde_json::from_str(cell) {
        Ok(Value::Number(number)) => Value::Number(number),
        _ if cell.is_empty() => Value::Null,
        _ => cell.into(),
    }
}
