//! `weft verify`

use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::path::Path;

use serde_json::json;
use weft::words::reason;
use weft::{Host, Verdict, Verified, Weft};

use crate::error::{Exit, Result};
use crate::options::SecretArgs;
use crate::render::{BAD, DIM, GOOD, WARNING, count, text};
use crate::{interrupt, output, screen};

/// Arguments of `weft verify`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Each step is executed from what was recorded of its inputs, with its component compiled anew, and each output is compared byte \
by byte with the one recorded; what was imported is hashed again. Nothing of it is recorded. What was granted a clock, randomness, the environment or directories of the host, and what ran \
outside of the sandbox, cannot be verified, and is told by name.

Exit code 1 says that a step gave something else, or failed."
)]
pub struct Args {
    /// The run's id, the beginning of it, or `latest`
    #[arg(value_name = "RUN", default_value = "latest")]
    pub run: String,
    /// Only this step
    #[arg(long, value_name = "STEP")]
    pub step: Option<String>,
    /// Take components as they were compiled before
    #[arg(long)]
    pub keep_compiled: bool,
    /// Steps that may run at the same time [default: one for each processor]
    #[arg(short, long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
    #[command(flatten)]
    pub secrets: SecretArgs,
    /// Write one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Executes the steps of a run again, and compares.
pub fn execute(root: &Path, args: &Args) -> Result<Exit> {
    let host = args.secrets.host()?;
    let host = Host { cache: host.cache.filter(|_| args.keep_compiled), ..host };
    let weft = Weft::open_existing(root, host)?;
    let cancel = interrupt::listen()?;
    let jobs = args.jobs.or_else(|| std::thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN);
    let live = screen::can_change() && !args.json;
    let told = |one: &Verified| {
        if live {
            screen::show(vec![format!("{DIM}verified{DIM:#} {}", text::one_line(&one.task))]);
        }
    };
    let verified = weft.verify(&args.run, args.step.as_deref(), jobs, &told, &cancel);
    screen::show(Vec::new());
    let verified = verified?;
    let bad =
        verified.iter().filter(|one| matches!(one.verdict, Verdict::Different { .. } | Verdict::Failed { .. })).count();
    if args.json {
        output::print_json(&json!({ "steps": verified, "reproduced": bad == 0 }))?;
    } else {
        for line in verified.iter().flat_map(lines) {
            output::print(&line)?;
        }
        let same = verified.iter().filter(|one| matches!(one.verdict, Verdict::Same { .. })).count();
        let intact = verified.iter().filter(|one| matches!(one.verdict, Verdict::Intact { .. })).count();
        let unverifiable = verified.len() - same - intact - bad;
        let mut summary = format!("\n{} gave the same", count(same, "step", "steps"));
        if intact > 0 {
            _ = write!(summary, ", {} intact", count(intact, "import is", "imports are"));
        }
        if bad > 0 {
            _ = write!(summary, ", {bad} did not");
        }
        if unverifiable > 0 {
            _ = write!(summary, ", {unverifiable} cannot be verified");
        }
        output::print(&summary)?;
    }
    Ok(if bad == 0 { Exit::Success } else { Exit::Failed })
}

fn lines(one: &Verified) -> Vec<String> {
    let task = text::one_line(&one.task);
    match &one.verdict {
        Verdict::Same { outputs } => {
            vec![format!("{GOOD}same{GOOD:#}       {task}  {DIM}{}{DIM:#}", count(*outputs, "output", "outputs"))]
        }
        Verdict::Intact { artifacts } => {
            vec![format!("{GOOD}intact{GOOD:#}     {task}  {DIM}{}{DIM:#}", count(*artifacts, "artifact", "artifacts"))]
        }
        Verdict::Different { outputs } => {
            let mut lines = vec![format!("{BAD}different{BAD:#}  {task}")];
            lines
                .extend(outputs.iter().map(|output| format!("           {}", text::one_line(&reason::output(output)))));
            lines
        }
        Verdict::Failed { message } => vec![format!("{BAD}failed{BAD:#}     {task}  {}", text::one_line(message))],
        Verdict::Unverifiable { reason } => {
            vec![format!("{WARNING}unknown{WARNING:#}    {task}  {}", text::one_line(reason))]
        }
    }
}
