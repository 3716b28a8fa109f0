//! `weft fsck`

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;
use weft_artifacts::{ContentId, Repair};

use crate::error::{Exit, Result};
use crate::render::{self, BAD, GOOD, bytes, count};
use crate::store::Store;
use crate::{output, screen};

/// How often progress is shown.
const FRAME: Duration = Duration::from_millis(200);

/// Arguments of `weft fsck`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Every byte in the store is read and compared with the digest that it is named by, and everything that the \
    metadata refers to is looked for. Exit code 1 says that something is damaged or missing."
)]
pub struct Args {
    /// Move what is damaged out of the way, so that the steps that made it are run again when it is needed
    #[arg(long)]
    pub repair: bool,
    /// Write what was found as one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Checks the store.
pub fn execute(root: &Path, args: &Args) -> Result<Exit> {
    let store = if args.repair { Store::change(root)? } else { Store::read(root)? };
    // No content may go away or be moved while others look at it.
    let _lock = if args.repair { store.artifacts.lock_exclusive()? } else { store.artifacts.lock_shared()? };
    let mut total = 0;
    for object in store.artifacts.list()? {
        // One that cannot be listed is what the check below tells of.
        total += object.map_or(0, |(id, size)| if id.is_tree() { 0 } else { size });
    }
    let repair = if args.repair { Repair::Quarantine } else { Repair::None };
    let mut drawn = Instant::now();
    let live = screen::can_change();
    let damage = store.artifacts.fsck(repair, &mut |done| {
        if live && drawn.elapsed() >= FRAME {
            drawn = Instant::now();
            screen::show(vec![format!("checked {} of {}", bytes::size(done), bytes::size(total))]);
        }
    });
    screen::show(Vec::new());
    let damage: Vec<String> = damage?.iter().map(ToString::to_string).collect();
    let missing = missing(&store)?;
    let sound = damage.is_empty() && missing.is_empty();
    if args.json {
        let lost: Vec<_> = missing.iter().map(|(uri, what)| json!({ "content": uri, "of": what })).collect();
        output::print_json(&json!({
            "sound": sound, "checked_bytes": total, "damage": damage, "missing": lost, "repaired": args.repair && !damage.is_empty(),
        }))?;
    } else {
        for what in &damage {
            output::print(&format!("{BAD}damaged{BAD:#}  {what}"))?;
        }
        for (uri, what) in &missing {
            output::print(&format!("{BAD}missing{BAD:#}  {uri}: {what}"))?;
        }
        if sound {
            output::print(&format!(
                "{GOOD}ok{GOOD:#}: {} checked, everything is as it was written",
                bytes::size(total)
            ))?;
        } else {
            let found = format!("{}, {} missing", count(damage.len(), "damage", "damages"), missing.len());
            screen::say(format!("{found}; {} checked", bytes::size(total)));
            screen::say(render::hint(match (damage.is_empty(), args.repair) {
                (false, false) => {
                    "`weft fsck --repair` moves what is damaged out of the way; running the pipeline again makes it anew"
                }
                _ => "running the pipelines again makes anew what is missing",
            }));
        }
    }
    Ok(if sound { Exit::Success } else { Exit::Failed })
}

/// Content that the metadata refers to but the store does not hold, and what it is.
fn missing(store: &Store) -> Result<Vec<(String, String)>> {
    let mut missing = Vec::new();
    for uri in store.metadata.referenced_uris()? {
        let Ok(id) = uri.parse::<ContentId>() else { continue };
        if store.artifacts.contains(&id)? {
            continue;
        }
        let what = match store.metadata.artifact(&uri) {
            Ok(record) => {
                let name = record.artifact.name.unwrap_or_default();
                let by = record.producer.map(|producer| {
                    let task = producer.task.unwrap_or_default();
                    format!(", made by step `{task}` of run {}", producer.run.unwrap_or_default())
                });
                format!("the {} `{name}`{}", record.artifact.kind.short(), by.unwrap_or_default())
            }
            Err(_) => "a component or a log".to_owned(),
        };
        missing.push((uri, what));
    }
    Ok(missing)
}
