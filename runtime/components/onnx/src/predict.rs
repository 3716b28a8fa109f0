//! Tables through a model.

use std::io::{BufRead, Write};

use models::check::{Difference, differences};
use models::table::{Batch, Choice};
use models::{Model, Predictions};
use tables::csv::{Dialect, Reader};
use tfx_artifacts::{splits, tables};
use weft_guest::artifacts::{Artifact, Dataset};
use weft_guest::{Error, Result, Writable, bail, info, run};

use crate::Predicted;

/// How many differences a refusal shows.
const SHOWN: usize = 10;

/// What is predicted, and what is written.
pub(crate) struct Request {
    pub choice: Choice,
    /// Columns of the data that are written too.
    pub kept: Vec<String>,
    /// Columns of predictions that are written; all if there is no list.
    pub outputs: Option<Vec<String>>,
    /// Rows at once.
    pub batch: usize,
    pub dialect: Dialect,
}

/// Predicts for each table of the data.
pub(crate) fn predict(model: &Model, data: &Artifact, request: &Request) -> Result<Predicted> {
    let splits = splits(data)?;
    let tables: Vec<_> = splits.iter().flat_map(|split| tables(split, data)).collect();
    let predictions = Dataset::new();
    let mut rows = 0;
    for (n, table) in tables.iter().enumerate() {
        run::progress(n as u64, tables.len() as u64);
        let reader = table.csv(request.dialect)?;
        rows += if data.is_directory() {
            let file = predictions.create(&table.name)?;
            let mut writer = file.writer();
            let rows = one(model, reader, &table.name, request, &mut writer)?;
            writer.flush()?;
            rows
        } else {
            let mut writer = predictions.writer();
            let rows = one(model, reader, &table.name, request, &mut writer)?;
            writer.flush()?;
            rows
        };
    }
    info!("{rows} rows");
    predictions.set_display_name("Predictions")?;
    Ok(Predicted { predictions, rows })
}

/// Predicts for one table.
fn one(
    model: &Model,
    mut reader: Reader<impl BufRead>,
    table: &str,
    request: &Request,
    into: &mut impl Write,
) -> Result<u64> {
    let columns = reader.columns().to_vec();
    let kept = request.kept.iter().map(|name| match columns.iter().position(|column| column == name) {
        Some(at) => Ok(at),
        None => bail!("{table} has no column `{name}`, which is to be kept"),
    });
    let kept: Vec<usize> = kept.collect::<Result<_>>()?;
    let mut batch = model.bind(&columns, &request.choice)?.batch();
    let mut output =
        Output { kept_names: &request.kept, outputs: request.outputs.as_deref(), header: false, line: Vec::new() };
    let mut beside: Vec<String> = Vec::new();
    let mut rows = 0;
    loop {
        let more = reader.advance()?;
        if more {
            push(&mut batch, &reader, table)?;
            beside.extend(
                reader.row().cells().enumerate().filter(|(at, _)| kept.contains(at)).map(|(_, cell)| cell.to_owned()),
            );
        }
        // A table without rows has a header all the same.
        if batch.rows() == request.batch || (!more && (batch.rows() > 0 || rows == 0)) {
            let count = batch.rows();
            if count == 0 {
                bail!("{table} has no rows");
            }
            let predictions = model.predict(batch.take())?;
            let order = in_table_order(&kept);
            output.write(&predictions, &beside, &order, request.dialect.delimiter, into)?;
            beside.clear();
            rows += count as u64;
        }
        if !more {
            return Ok(rows);
        }
    }
}

/// Where each kept column lies among those of a row, which come in the order of the table.
fn in_table_order(kept: &[usize]) -> Vec<usize> {
    let mut sorted: Vec<usize> = kept.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    kept.iter().filter_map(|at| sorted.binary_search(at).ok()).collect()
}

fn push(batch: &mut Batch, reader: &Reader<impl BufRead>, table: &str) -> Result<()> {
    batch.push(reader.row().cells()).map_err(|error| match error {
        models::Error::Cell { column, problem, .. } => {
            Error::new(format!("{table}, line {}, column `{column}`: {problem}", reader.line()))
        }
        other => Error::new(other.to_string()),
    })
}

/// Writes predictions as CSV.
struct Output<'a> {
    kept_names: &'a [String],
    outputs: Option<&'a [String]>,
    header: bool,
    line: Vec<u8>,
}

impl Output<'_> {
    fn write(
        &mut self,
        predictions: &Predictions,
        beside: &[String],
        order: &[usize],
        delimiter: u8,
        into: &mut impl Write,
    ) -> Result<()> {
        let columns: Vec<_> = match self.outputs {
            None => predictions.columns.iter().collect(),
            Some(names) => {
                let find = |name: &String| match predictions.columns.iter().find(|column| column.name == *name) {
                    Some(column) => Ok(column),
                    None => {
                        let known: Vec<String> =
                            predictions.columns.iter().take(20).map(|column| format!("`{}`", column.name)).collect();
                        bail!("the model gives no `{name}`; it gives {}", known.join(", "))
                    }
                };
                names.iter().map(find).collect::<Result<_>>()?
            }
        };
        if !self.header {
            self.header = true;
            let names =
                self.kept_names.iter().map(String::as_str).chain(columns.iter().map(|column| column.name.as_str()));
            self.cells(names, delimiter);
            into.write_all(&self.line)?;
        }
        let width = order.iter().max().map_or(0, |most| most + 1);
        for row in 0..predictions.rows() {
            let texts: Vec<String> = columns.iter().map(|column| column.values.text(row)).collect();
            let kept = order.iter().filter_map(|at| beside.get(row * width + at)).map(String::as_str);
            let cells: Vec<&str> = kept.chain(texts.iter().map(String::as_str)).collect();
            self.cells(cells.into_iter(), delimiter);
            into.write_all(&self.line)?;
        }
        Ok(())
    }

    /// One line, quoted where that is needed.
    fn cells<'c>(&mut self, cells: impl Iterator<Item = &'c str>, delimiter: u8) {
        self.line.clear();
        for (at, cell) in cells.enumerate() {
            if at > 0 {
                self.line.push(delimiter);
            }
            if cell.bytes().any(|byte| byte == delimiter || matches!(byte, b'"' | b'\r' | b'\n')) {
                self.line.push(b'"');
                self.line.extend(cell.replace('"', "\"\"").bytes());
                self.line.push(b'"');
            } else {
                self.line.extend(cell.bytes());
            }
        }
        self.line.push(b'\n');
    }
}

/// Compares what the model gives for rows with what stands beside them. The number of rows.
pub(crate) fn compare(
    model: &Model,
    name: &str,
    rows: &Artifact,
    choice: &Choice,
    tolerance: f64,
    dialect: Dialect,
) -> Result<u64> {
    let splits = splits(rows)?;
    let mut compared = 0;
    let mut different = 0;
    let mut shown: Vec<Difference> = Vec::new();
    for table in splits.iter().flat_map(|split| tables(split, rows)) {
        let mut reader = table.csv(dialect)?;
        let columns = reader.columns().to_vec();
        let expected = expectations(model, &columns, choice);
        if expected.is_empty() {
            let outputs: Vec<String> = model.outputs().iter().map(|port| format!("`{}`", port.name)).collect();
            bail!(
                "{} has no column of the model's outputs, {}, so that there is nothing to compare",
                table.name,
                outputs.join(", ")
            );
        }
        let mut choice = choice.clone();
        choice.except.extend(expected.iter().map(|(_, column)| (*column).to_owned()));
        let mut batch = model.bind(&columns, &choice)?.batch();
        while reader.advance()? {
            push(&mut batch, &reader, &table.name)?;
            let predictions = model.predict(batch.take())?;
            if compared == 0 {
                known(&predictions, &expected, &table.name)?;
            }
            let cells: Vec<&str> = reader.row().cells().collect();
            let wanted = expected.iter().filter_map(|(at, column)| Some((*column, *cells.get(*at)?)));
            let row = usize::try_from(reader.line()).unwrap_or(usize::MAX);
            let found = differences(&predictions, 0, row, wanted, tolerance);
            compared += 1;
            different += u64::from(!found.is_empty());
            shown.extend(found.into_iter().take(SHOWN.saturating_sub(shown.len())));
        }
    }
    if compared == 0 {
        bail!("there are no rows to compare");
    }
    if different > 0 {
        let lines: Vec<String> = shown
            .iter()
            .map(|one| {
                format!("  line {}: `{}` is {}, and {} was expected", one.row, one.column, one.found, one.expected)
            })
            .collect();
        bail!(
            "the model `{name}` is refused: {different} of {compared} rows differ by more than {tolerance} from what was predicted where it was \
             trained.\n{}\nA converter is often the cause; models of XGBoost and LightGBM are read as they are, without one",
            lines.join("\n")
        );
    }
    info!("{compared} rows are as expected");
    Ok(compared)
}

/// The columns that are expected predictions: those named like an output, with a class or a number behind it or without, unless they are features.
fn expectations<'c>(model: &Model, columns: &'c [String], choice: &Choice) -> Vec<(usize, &'c str)> {
    let named = |column: &str| {
        model.outputs().iter().any(|port| {
            column.strip_prefix(port.name.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
        })
    };
    let other = |column: &String| {
        choice.except.contains(column) || choice.features.as_ref().is_some_and(|features| features.contains(column))
    };
    columns
        .iter()
        .enumerate()
        .filter(|(_, column)| named(column) && !other(column))
        .map(|(at, column)| (at, column.as_str()))
        .collect()
}

/// Refuses columns that look like predictions and are none: they would never be compared.
fn known(predictions: &Predictions, expected: &[(usize, &str)], table: &str) -> Result<()> {
    let given = |name: &str| predictions.columns.iter().any(|column| column.name == name);
    if let Some((_, name)) = expected.iter().find(|(_, name)| !given(name)) {
        let names: Vec<String> =
            predictions.columns.iter().take(20).map(|column| format!("`{}`", column.name)).collect();
        bail!(
            "{table} expects `{name}`, which the model does not give; it gives {}. Exclude the column, or name it as a feature",
            names.join(", ")
        );
    }
    Ok(())
}
