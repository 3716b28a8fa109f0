//! `weft gc`

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use weft::elsewhere::Collected;
use weft::pipeline::yaml::{parse_duration, parse_size};
use weft::{Freed, Retention};

use crate::error::{Exit, Result};
use crate::execute::notify;
use crate::render::{bytes, count, hint};
use crate::{host, output, screen};

/// Arguments of `weft gc`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Content that a kept run refers to always stays: its artifacts, logs and components. Without --keep and \
    --older-than no run is forgotten; only what is left of forgotten and killed ones, and of bundles that none came from, goes. With both, a run \
    is forgotten if it is old and not among the newest. From the bucket that keeps the artifacts goes the same, unless other stores use it.

Examples:
  weft gc --older-than 30d --dry-run
  weft gc --keep 20
  weft gc --local 20GB                       what the bucket keeps need not all be here"
)]
pub struct Args {
    /// Forget all runs but the newest N
    #[arg(long, value_name = "N")]
    pub keep: Option<usize>,
    /// Forget runs that started longer ago than this, such as `30d` or `12h`
    #[arg(long, value_name = "AGE", value_parser = parse_duration)]
    pub older_than: Option<Duration>,
    /// Keep at most so much content here that is also in the bucket that keeps the artifacts, such as `20GB` or `0`; what was not used for longest
    /// goes first, and is fetched when it is needed
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub local: Option<u64>,
    /// Only tell what would be done
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Write what was done as one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Forgets old runs and removes what nothing refers to any more.
pub fn execute(root: &Path, args: &Args) -> Result<Exit> {
    let store = host::change(root)?;
    let retention = Retention { keep: args.keep, older_than: args.older_than, local: args.local };
    if args.dry_run {
        return preview(&store.gc_preview(&retention)?, args.json);
    }
    let freed = store.gc(&retention, &notify)?;
    if args.json {
        output::print_json(&json!({
            "runs": ids(&freed), "removed": freed.objects, "bytes_freed": freed.bytes, "kept": freed.kept,
            "bucket": bucket(&freed), "evicted": freed.evicted.0, "evicted_bytes": freed.evicted.1,
        }))?;
    } else {
        for run in &freed.runs {
            output::print(&format!("forgot run {}", run.id))?;
        }
        output::print(&format!(
            "freed {} ({}), kept {}",
            bytes::size(freed.bytes),
            objects(freed.objects),
            freed.kept
        ))?;
        tell_bucket(&freed, ["freed", "removed"])?;
    }
    Ok(Exit::Success)
}

fn preview(freed: &Freed, json: bool) -> Result<Exit> {
    if json {
        output::print_json(&json!({
            "runs": ids(freed), "unreferenced": freed.objects, "unreferenced_bytes": freed.bytes,
            "bucket": bucket(freed), "evicted": freed.evicted.0, "evicted_bytes": freed.evicted.1,
        }))?;
    } else {
        for run in &freed.runs {
            output::print(&format!("would forget run {}", run.id))?;
        }
        let more = if freed.runs.is_empty() { "" } else { ", and what only the runs above need" };
        output::print(&format!("would free {} ({}){more}", bytes::size(freed.bytes), objects(freed.objects)))?;
        tell_bucket(freed, ["would free", "would remove"])?;
    }
    Ok(Exit::Success)
}

/// What came of the bucket and of local copies.
fn tell_bucket(freed: &Freed, [done, evicted]: [&str; 2]) -> Result<()> {
    match &freed.bucket {
        None => {}
        Some(Collected::Alone { removed, bytes, kept }) => {
            output::print(&format!(
                "{done} {} ({}) in the bucket, kept {kept}",
                bytes::size(*bytes),
                objects(*removed)
            ))?;
        }
        Some(Collected::Shared(others)) => {
            screen::say("nothing is removed from the bucket, as other stores keep artifacts there:");
            for (note, place) in others {
                screen::say(format!("  {place} ({note})"));
            }
            screen::say(hint("if such a store is gone, remove its note with your bucket's own tools"));
        }
    }
    if freed.evicted.0 > 0 {
        let (count, size) = freed.evicted;
        output::print(&format!("{evicted} {} ({}) here that the bucket keeps", bytes::size(size), objects(count)))?;
    }
    Ok(())
}

fn bucket(freed: &Freed) -> Option<Value> {
    Some(match freed.bucket.as_ref()? {
        Collected::Alone { removed, bytes, kept } => json!({ "removed": removed, "bytes_freed": bytes, "kept": kept }),
        Collected::Shared(others) => {
            let others: Vec<_> = others.iter().map(|(note, place)| json!({ "note": note, "store": place })).collect();
            json!({ "removed": 0, "others": others })
        }
    })
}

fn objects(number: u64) -> String {
    count(usize::try_from(number).unwrap_or(usize::MAX), "object", "objects")
}

fn ids(freed: &Freed) -> Vec<&str> {
    freed.runs.iter().map(|run| run.id.as_str()).collect()
}
