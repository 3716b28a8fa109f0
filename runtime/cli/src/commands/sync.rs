//! `weft sync`

use std::path::{Path, PathBuf};

use clap::ValueHint;
use serde_json::json;
use weft::{SyncEvent, SyncOptions, SyncTarget, Synced};

use crate::error::{Error, Exit, Result};
use crate::remote::ServerArgs;
use crate::render::{DIM, bytes, count, hint};
use crate::{host, interrupt, output, screen};

/// Arguments of `weft sync`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Runs go there that have ended, with what was recorded of them, their artifacts, logs and components; what is there already is \
    not sent again. After a cut, the next time goes on where this one was. Runs that came from elsewhere are shown and compared there like all others, \
    but nothing is taken from their cache, and their artifacts are not `latest` for pipelines there.

Examples:
  weft sync --server http://hub:8888                  all that the server lacks
  weft sync --to /mnt/stick/store                     into a store in a folder
  weft sync --server http://hub:8888 --records-only   metrics and lineage, over a thin line"
)]
pub struct Args {
    /// Runs to send: an id, the beginning of one, or `latest` [default: all that have ended]
    #[arg(value_name = "RUN")]
    pub runs: Vec<String>,
    #[command(flatten)]
    pub server: ServerArgs,
    /// The folder of a store to send them to, which is made if there is none
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with_all = ["server", "token_file"])]
    pub to: Option<PathBuf>,
    /// Only what was recorded: no artifacts, logs and components; a later time can send these
    #[arg(long)]
    pub records_only: bool,
    /// What this host is called there [default: its name]
    #[arg(long = "as", value_name = "NAME")]
    pub name: Option<String>,
    /// Only tell what would be sent
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Write what was sent as one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Carries runs to another store.
pub fn execute(root: &Path, args: &Args) -> Result<Exit> {
    let store = host::read(root)?;
    let target: Box<dyn SyncTarget> = match &args.to {
        // Only a look, where there may be nothing to look at.
        Some(folder) if args.dry_run && !folder.exists() => {
            return Err(Error::request(format!("there is no store in `{}` yet: all would be sent", folder.display())));
        }
        Some(folder) => Box::new(weft::Store::create(folder)?.over_bucket(&host::host()?)?),
        None => Box::new(args.server.server(root)?.ok_or_else(|| {
            Error::advised(
                "it is not said where to",
                "name a server, `--server http://hub:8888`, or the folder of a store, `--to DIR`",
            )
        })?),
    };
    let options = SyncOptions {
        runs: args.runs.clone(),
        without_content: args.records_only,
        dry_run: args.dry_run,
        host: args.name.clone().unwrap_or_else(host::name),
    };
    let cancel = interrupt::listen()?;
    let mut tell = |event: SyncEvent<'_>| match event {
        SyncEvent::Sending(run, done, most) if screen::can_change() && !args.json => {
            screen::show(vec![format!("{run}  {} of {}", bytes::size(done), bytes::size(most))]);
        }
        SyncEvent::Recorded(run) if !args.json => screen::say_and_show(format!("sent {run}"), Vec::new()),
        _ => {}
    };
    let synced = store.sync(&*target, &options, &mut tell, &cancel)?;
    screen::show(Vec::new());
    if args.json {
        output::print_json(&json!({
            "runs": synced.runs, "known": synced.known, "unfinished": synced.unfinished, "files": synced.files,
            "bytes": synced.bytes, "gone": synced.gone, "interrupted": synced.interrupted,
        }))?;
    } else {
        show(&synced, args.dry_run)?;
    }
    Ok(if synced.interrupted { Exit::Interrupted } else { Exit::Success })
}

fn show(synced: &Synced, dry_run: bool) -> Result<()> {
    if synced.runs.is_empty() && !synced.interrupted {
        output::print(&format!("nothing to send: {} there already", count(synced.known, "run is", "runs are")))?;
        tell_left(synced);
        return Ok(());
    }
    let done = if dry_run { "would send" } else { "sent" };
    let files = usize::try_from(synced.files).unwrap_or(usize::MAX);
    output::print(&format!(
        "{done} {}: {} in {}  {DIM}{} there already{DIM:#}",
        count(synced.runs.len(), "run", "runs"),
        bytes::size(synced.bytes),
        count(files, "file", "files"),
        synced.known,
    ))?;
    tell_left(synced);
    Ok(())
}

/// What is not there, and why.
fn tell_left(synced: &Synced) {
    if synced.unfinished > 0 {
        let runs = count(synced.unfinished, "run has", "runs have");
        screen::say(format!("{runs} not ended and {} here", if synced.unfinished == 1 { "stays" } else { "stay" }));
    }
    if !synced.gone.is_empty() {
        let what = count(synced.gone.len(), "artifact, log or component is", "artifacts, logs or components are");
        screen::say(format!("{what} no longer in this store, and missing there, too"));
    }
    if synced.interrupted {
        screen::say(hint("what was sent is there: the same command goes on"));
    }
}
