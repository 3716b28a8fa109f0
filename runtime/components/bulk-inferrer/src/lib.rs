//! The step of `wit/world.wit`.

#![allow(clippy::too_many_arguments, reason = "as many as the step has inputs")]

use std::io::Write;

use models::table::Choice;
use models::{Model, Predictions};
use tables::Table;
use tables::csv::Dialect;
use tfx_artifacts::{Delimiter, chosen, model_bytes, split_names, splits, tables};
use weft_guest::types::Value;
use weft_guest::{Error, Result, Writable, bail, info, warn};

wit_bindgen::generate!({
    path: ["../../../wit", "../wit/tfx", "wit"],
    world: "weft:bulk-inferrer/bulk-inferrer",
    with: {
        "tfx:types/artifacts@1.0.0": tfx_artifacts::artifacts,
        "weft:component/artifacts@0.1.0": weft_guest::artifacts,
        "weft:component/run@0.1.0": weft_guest::run,
        "weft:component/types@0.1.0": weft_guest::types,
    },
});

/// Rows that the model is asked about at once.
const BATCH: usize = 4096;

struct BulkInferrer;
export!(BulkInferrer);

impl Guest for BulkInferrer {
    fn infer(
        examples: &Artifact,
        model: &Artifact,
        model_blessing: Option<&ModelBlessing>,
        features: Option<Vec<String>>,
        exclude: Option<Vec<String>>,
        splits: Option<Vec<String>>,
        delimiter: Option<String>,
    ) -> Result<Inferred, String> {
        let blessed = model_blessing.map(|blessing| blessing.property("blessed"));
        if blessed.is_some_and(|blessed| !matches!(blessed, Some(Value::Int(1)))) {
            warn!("the model is not blessed, and is not asked");
            return Ok(Inferred { inference_result: None, rows: 0 });
        }
        let choice = Choice { features, except: exclude.unwrap_or_default() };
        let dialect = delimiter.as_deref().dialect()?;
        Ok(infer(examples, model, &choice, &splits.unwrap_or_default(), dialect)?)
    }
}

fn infer(
    examples: &Artifact,
    model: &Artifact,
    choice: &Choice,
    names: &[String],
    dialect: Dialect,
) -> Result<Inferred> {
    let model = Model::load(&model_bytes(model)?)?;
    let splits = chosen(splits(examples)?, names, None)?;
    let result = InferenceResult::new();
    let mut all = 0;
    for split in &splits {
        let file = result.create(&format!("Split-{}/data.csv", split.name))?;
        let mut writer = file.writer();
        let mut rows = 0;
        for (n, table) in tables(split, examples).iter().enumerate() {
            rows += answer(&model, table, choice, dialect, n == 0, &mut writer)?;
        }
        writer.flush()?;
        info!("split {}: {rows} rows", split.name);
        all += rows;
    }
    result.set_display_name("Predictions")?;
    result.set_property("split_names", &split_names(splits.iter().map(|split| &split.name)))?;
    Ok(Inferred { inference_result: Some(result), rows: all })
}

/// Writes the rows of a table with the model's answers behind them, and tells how many there are.
fn answer(
    model: &Model,
    table: &Table<'_>,
    choice: &Choice,
    dialect: Dialect,
    with_header: bool,
    into: &mut impl Write,
) -> Result<u64> {
    let mut reader = table.csv(dialect)?;
    let header = reader.text().to_vec();
    let columns = reader.columns().to_vec();
    let mut batch = model.bind(&columns, choice)?.batch();
    let mut lines: Vec<Vec<u8>> = Vec::new();
    let mut rows = 0;
    let mut needs_header = with_header;
    loop {
        let more = reader.advance()?;
        if more {
            batch.push(reader.row().cells()).map_err(|error| Error::new(format!("{}: {error}", table.name)))?;
            lines.push(reader.text().to_vec());
        }
        if lines.len() == BATCH || (!more && (!lines.is_empty() || needs_header)) {
            let predictions = model.predict(batch.take())?;
            if needs_header {
                write_header(&header, &columns, &predictions, dialect, into)?;
                needs_header = false;
            }
            rows += lines.len() as u64;
            for (at, line) in lines.drain(..).enumerate() {
                into.write_all(&line)?;
                for column in &predictions.columns {
                    into.write_all(&[dialect.delimiter])?;
                    into.write_all(cell(&column.values.text(at), dialect).as_bytes())?;
                }
                into.write_all(b"\n")?;
            }
        }
        if !more {
            return Ok(rows);
        }
    }
}

fn write_header(
    header: &[u8],
    columns: &[String],
    predictions: &Predictions,
    dialect: Dialect,
    into: &mut impl Write,
) -> Result<()> {
    into.write_all(header)?;
    for column in &predictions.columns {
        if columns.contains(&column.name) {
            bail!("the model answers `{}`, and the table has a column of this name; rename it", column.name);
        }
        into.write_all(&[dialect.delimiter])?;
        into.write_all(cell(&column.name, dialect).as_bytes())?;
    }
    into.write_all(b"\n")?;
    Ok(())
}

/// A text as a cell. A missing number is an empty one, and a line break a blank, which no cell can hold.
fn cell(text: &str, dialect: Dialect) -> String {
    if text == "NaN" {
        return String::new();
    }
    let text = text.replace(['\r', '\n'], " ");
    if text.contains([char::from(dialect.delimiter), '"']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}
