//! `weft monitor`: new rows against what a model was trained on.

use std::path::{Path, PathBuf};

use clap::ValueHint;
use weft::pipeline::step::PortValue;
use weft::{DriftMeasure, DriftThreshold, MonitorOptions, RunOptions, Weft, new_run_id};

use crate::error::{Exit, Result};
use crate::execute::{self, notify};
use crate::options::RunArgs;
use crate::{host, screen};

/// Arguments of `weft monitor`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  weft monitor new/ --of penguins/deployed               a folder of new files against what the model was trained on
  weft monitor predictions.jsonl --of latest/model --label 2024-03-01
  weft monitor new.csv --of latest/statistics --threshold 0.05 --threshold island:infinity-norm=0.1

Exit codes: 0 nothing has moved, 1 a column has moved or the run failed, 2 the request was wrong, 130 interrupted.")]
pub struct Args {
    /// New rows: a file, or a folder of files
    #[arg(value_hint = ValueHint::AnyPath)]
    pub data: PathBuf,
    /// A model, or statistics: what the rows are compared with is found through the lineage of this artifact
    #[arg(long, value_name = "ARTIFACT")]
    pub of: String,
    /// What a column may differ by: a number for all columns by the Jensen-Shannon divergence, or one for a measure (`infinity-norm`,
    /// `jensen-shannon-divergence`, `normalized-abs-difference`) and a column [default: 0.1]
    #[arg(long = "threshold", value_name = "[COLUMN:][MEASURE=]VALUE", value_parser = threshold)]
    pub thresholds: Vec<DriftThreshold>,
    /// What the monitoring is called; its runs make one trend [default: `monitor-` and the artifact]
    #[arg(long)]
    pub name: Option<String>,
    /// What this run is called in the trend, such as a date [default: its number]
    #[arg(long)]
    pub label: Option<String>,
    #[command(flatten)]
    pub how: RunArgs,
}

/// `0.1`, `infinity-norm=0.1`, `island:infinity-norm=0.1`. A column's name may have colons.
fn threshold(text: &str) -> std::result::Result<DriftThreshold, String> {
    let (what, value) = text.rsplit_once('=').unwrap_or(("jensen-shannon-divergence", text));
    let value: f64 = value.parse().map_err(|_| format!("`{value}` is no number"))?;
    if !value.is_finite() || value < 0.0 {
        return Err(format!("{value} is no threshold: distances are numbers from 0 on"));
    }
    let (column, name) = what.rsplit_once(':').map_or((None, what), |(column, name)| (Some(column.to_owned()), name));
    let measure = DriftMeasure::of_name(name).ok_or_else(|| {
        format!("`{name}` is no measure: `infinity-norm`, `jensen-shannon-divergence` or `normalized-abs-difference`")
    })?;
    Ok(DriftThreshold { column, measure, value })
}

/// Compares, and tells what has moved.
pub fn execute(root: &Path, args: &Args) -> Result<Exit> {
    let weft = Weft::open_existing(root, host::host()?)?;
    let options = MonitorOptions {
        data: args.data.clone(),
        of: args.of.clone(),
        thresholds: args.thresholds.clone(),
        name: args.name.clone(),
        label: args.label.clone(),
    };
    let (prepared, baseline) = weft.prepare_monitor(&options, &notify)?;
    if let Some(by) = baseline.producer.as_ref().filter(|_| !args.how.quiet) {
        let task = by.task.as_deref().unwrap_or_default();
        let run = by.run.as_deref().unwrap_or_default();
        screen::say(format!("compared with the statistics of {task} in run {run}"));
    }
    let id = new_run_id(&prepared.pipeline.name);
    let options = RunOptions { id: Some(id.clone()), ..args.how.options() };
    let exit = execute::execute(weft.store(), &args.how, |observe, cancel| {
        weft.run(&prepared, &options, observe, &notify, cancel)
    })?;
    if exit != Exit::Success {
        return Ok(exit);
    }
    let outputs = weft.store().metadata.run(&id)?.outputs;
    let drifted = match outputs.get("drifted") {
        Some(PortValue::Parameter(value)) => value.as_array().cloned().unwrap_or_default(),
        _ => Vec::new(),
    };
    if drifted.is_empty() {
        return Ok(Exit::Success);
    }
    let names: Vec<&str> = drifted.iter().filter_map(|name| name.as_str()).collect();
    screen::say(format!("moved: {}", names.join(", ")));
    screen::say(format!("`weft artifact export {id}/page drift.html` copies out the page that shows how"));
    Ok(Exit::Failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_read_with_and_without_a_column() {
        let of = |column: Option<&str>, measure, value| {
            Ok(DriftThreshold { column: column.map(str::to_owned), measure, value })
        };
        assert_eq!(threshold("0.1"), of(None, DriftMeasure::JensenShannon, 0.1));
        assert_eq!(threshold("infinity-norm=0"), of(None, DriftMeasure::InfinityNorm, 0.0));
        assert_eq!(threshold("a:b=c:infinity-norm=0.5"), of(Some("a:b=c"), DriftMeasure::InfinityNorm, 0.5));
        for wrong in ["", "x", "psi=0.1", "a:infinity-norm=", "-1", "NaN"] {
            assert!(threshold(wrong).is_err(), "{wrong}");
        }
    }
}
