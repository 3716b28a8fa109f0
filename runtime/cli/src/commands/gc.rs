//! `weft gc`

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use serde_json::json;
use weft_artifacts::ContentId;
use weft_metadata::{RunFilter, RunSummary};
use weft_pipeline::yaml::parse_duration;

use crate::error::{Exit, Result};
use crate::render::{bytes, count};
use crate::store::Store;
use crate::{host, output, screen};

/// Arguments of `weft gc`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Content that a kept run refers to always stays: its artifacts, logs and components. Without --keep and \
    --older-than no run is forgotten; only what is left of forgotten and killed ones goes. With both, a run \
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
    if args.dry_run {
        return dry_run(&store, args);
    }
    // Held from before the first look to the end, so that no run refers to anything new meanwhile.
    let _alone = if let Some(lock) = store.artifacts.try_lock_exclusive()? {
        lock
    } else {
        screen::say("waiting for the runs at work to end");
        store.artifacts.lock_exclusive()?
    };
    let runs = outdated(&store, args)?;
    store.metadata.transaction(|tx| runs.iter().try_for_each(|run| tx.delete_run(&run.id)))?;
    store.drop_lost_workspaces()?;
    let report = store.artifacts.gc(&referenced(&store)?)?;
    if args.json {
        output::print_json(&json!({
            "runs": ids(&runs),
            "removed": report.removed,
            "bytes_freed": report.bytes_freed,
            "kept": report.kept,
        }))?;
    } else {
        for run in &runs {
            output::print(&format!("forgot run {}", run.id))?;
        }
        let removed = count(usize::try_from(report.removed).unwrap_or(usize::MAX), "object", "objects");
        output::print(&format!("freed {} ({removed}), kept {}", bytes::size(report.bytes_freed), report.kept))?;
    }
    Ok(Exit::Success)
}

fn dry_run(store: &Store, args: &Args) -> Result<Exit> {
    let runs = outdated(store, args)?;
    let kept = with_files(store, referenced(store)?)?;
    let (mut objects, mut total) = (0, 0);
    for object in store.artifacts.list()? {
        let (id, size) = object?;
        if !kept.contains(&id) {
            objects += 1;
            total += if id.is_tree() { 0 } else { size };
        }
    }
    if args.json {
        output::print_json(&json!({ "runs": ids(&runs), "unreferenced": objects, "unreferenced_bytes": total }))?;
    } else {
        for run in &runs {
            output::print(&format!("would forget run {}", run.id))?;
        }
        let more = if runs.is_empty() { "" } else { ", and what only the runs above need" };
        output::print(&format!("would free {} ({}){more}", bytes::size(total), count(objects, "object", "objects")))?;
    }
    Ok(Exit::Success)
}

/// Runs that the arguments let go of.
fn outdated(store: &Store, args: &Args) -> Result<Vec<RunSummary>> {
    if args.keep.is_none() && args.older_than.is_none() {
        return Ok(Vec::new());
    }
    let newest_first = store.metadata.runs(&RunFilter::default())?;
    let age = args.older_than.map_or(0, |age| i64::try_from(age.as_millis()).unwrap_or(i64::MAX));
    let before = host::now_ms().saturating_sub(age);
    let old = newest_first.into_iter().skip(args.keep.unwrap_or(0)).filter(|run| run.started_ms <= before);
    Ok(old.filter(|run| !store.is_alive(&run.id)).collect())
}

/// Content that is to be kept. What lies outside the store is not its business.
fn referenced(store: &Store) -> Result<HashSet<ContentId>> {
    Ok(store.metadata.referenced_uris()?.iter().filter_map(|uri| uri.parse().ok()).collect())
}

/// The same with the files of directories.
fn with_files(store: &Store, mut kept: HashSet<ContentId>) -> Result<HashSet<ContentId>> {
    let trees: Vec<ContentId> = kept.iter().filter(|id| id.is_tree()).copied().collect();
    for tree in trees {
        match store.artifacts.open_tree(&tree.digest()) {
            Ok(tree) => kept.extend(tree.entries().iter().map(|entry| ContentId::Blob(entry.digest))),
            Err(weft_artifacts::Error::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(kept)
}

fn ids(runs: &[RunSummary]) -> Vec<&str> {
    runs.iter().map(|run| run.id.as_str()).collect()
}
