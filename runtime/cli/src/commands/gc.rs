//! `weft gc`

use std::path::Path;
use std::time::Duration;

use serde_json::json;
use weft::pipeline::yaml::parse_duration;
use weft::{Freed, Retention, Store};

use crate::error::{Exit, Result};
use crate::execute::notify;
use crate::output;
use crate::render::{bytes, count};

/// Arguments of `weft gc`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Content that a kept run refers to always stays: its artifacts, logs and components. Without --keep and \
    --older-than no run is forgotten; only what is left of forgotten and killed ones, and of bundles that none came from, goes. With both, a run \
    is forgotten if it is old and not among the newest.

Examples:
  weft gc --older-than 30d --dry-run
  weft gc --keep 20"
)]
pub struct Args {
    /// Forget all runs but the newest N
    #[arg(long, value_name = "N")]
    pub keep: Option<usize>,
    /// Forget runs that started longer ago than this, such as `30d` or `12h`
    #[arg(long, value_name = "AGE", value_parser = parse_duration)]
    pub older_than: Option<Duration>,
    /// Only tell what would be done
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Write what was done as one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Forgets old runs and removes what nothing refers to any more.
pub fn execute(root: &Path, args: &Args) -> Result<Exit> {
    let store = Store::change(root)?;
    let retention = Retention { keep: args.keep, older_than: args.older_than };
    if args.dry_run {
        return preview(&store.gc_preview(&retention)?, args.json);
    }
    let freed = store.gc(&retention, &notify)?;
    if args.json {
        output::print_json(&json!({
            "runs": ids(&freed), "removed": freed.objects, "bytes_freed": freed.bytes, "kept": freed.kept,
        }))?;
    } else {
        for run in &freed.runs {
            output::print(&format!("forgot run {}", run.id))?;
        }
        output::print(&format!("freed {} ({}), kept {}", bytes::size(freed.bytes), objects(&freed), freed.kept))?;
    }
    Ok(Exit::Success)
}

fn preview(freed: &Freed, json: bool) -> Result<Exit> {
    if json {
        let (runs, objects, bytes) = (ids(freed), freed.objects, freed.bytes);
        output::print_json(&json!({ "runs": runs, "unreferenced": objects, "unreferenced_bytes": bytes }))?;
    } else {
        for run in &freed.runs {
            output::print(&format!("would forget run {}", run.id))?;
        }
        let more = if freed.runs.is_empty() { "" } else { ", and what only the runs above need" };
        output::print(&format!("would free {} ({}){more}", bytes::size(freed.bytes), objects(freed)))?;
    }
    Ok(Exit::Success)
}

fn objects(freed: &Freed) -> String {
    count(usize::try_from(freed.objects).unwrap_or(usize::MAX), "object", "objects")
}

fn ids(freed: &Freed) -> Vec<&str> {
    freed.runs.iter().map(|run| run.id.as_str()).collect()
}
