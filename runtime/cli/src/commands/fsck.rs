//! `weft fsck`

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;
use weft::{CheckOptions, Checked};

use crate::error::{Exit, Result};
use crate::render::{self, BAD, GOOD, bytes, count};
use crate::{host, output, screen};

/// How often progress is shown.
const FRAME: Duration = Duration::from_millis(200);

/// Arguments of `weft fsck`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Every byte in the store is read and compared with the digest that it is named by, and everything that the \
    metadata refers to is looked for. Where a bucket keeps the artifacts, its objects are counted and their lengths compared. Exit code 1 says \
    that something is damaged or missing."
)]
pub struct Args {
    /// Move what is damaged out of the way, so that the steps that made it are run again when it is needed; remove it from the bucket that keeps
    /// the artifacts, and put there what is only here
    #[arg(long)]
    pub repair: bool,
    /// Read every byte in the bucket that keeps the artifacts, too
    #[arg(long)]
    pub read_bucket: bool,
    /// Write what was found as one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Checks the store.
pub fn execute(root: &Path, args: &Args) -> Result<Exit> {
    let store = if args.repair { host::change(root)? } else { host::read(root)? };
    let mut drawn = Instant::now();
    let live = screen::can_change();
    let options = CheckOptions { repair: args.repair, read_bucket: args.read_bucket };
    let checked = store.fsck(options, &mut |done, total| {
        if live && drawn.elapsed() >= FRAME {
            drawn = Instant::now();
            screen::show(vec![format!("checked {} of {}", bytes::size(done), bytes::size(total))]);
        }
    });
    screen::show(Vec::new());
    let checked = checked?;
    let sound = checked.is_sound();
    let Checked { bytes: total, in_bucket, damage, missing, forgotten } = checked;
    if args.json {
        let lost: Vec<_> = missing.iter().map(|(uri, what)| json!({ "content": uri, "of": what })).collect();
        output::print_json(&json!({
            "sound": sound, "checked_bytes": total, "bucket_objects": in_bucket, "damage": damage, "missing": lost,
            "repaired": args.repair && !damage.is_empty(), "forgotten_results": forgotten,
        }))?;
    } else {
        for what in &damage {
            output::print(&format!("{BAD}damaged{BAD:#}  {what}"))?;
        }
        for (uri, what) in &missing {
            output::print(&format!("{BAD}missing{BAD:#}  {uri}: {what}"))?;
        }
        if sound {
            let bucket = in_bucket.map(|objects| format!(", {objects} objects in the bucket")).unwrap_or_default();
            output::print(&format!(
                "{GOOD}ok{GOOD:#}: {} checked{bucket}, everything is as it was written",
                bytes::size(total)
            ))?;
        } else {
            let found = format!("{}, {} missing", count(damage.len(), "damage", "damages"), missing.len());
            screen::say(format!("{found}; {} checked", bytes::size(total)));
            if forgotten > 0 {
                let results = count(forgotten, "result", "results");
                screen::say(format!(
                    "{results} that may have been made from what was damaged: not taken from the cache any more"
                ));
            }
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
