//! `weft runs`

use std::fmt::Write as _;
use std::path::Path;

use clap::Subcommand;
use serde_json::{Value, json};
use std::time::Duration;
use weft::Store;
use weft::metadata::{RunFilter, RunRecord, RunState, RunSummary, StepCounts};
use weft::pipeline::model::TaskState;

use crate::error::{Error, Exit, Result};
use crate::remote::{Server, ServerArgs, escaped};
use crate::render::failures::{self, Failure};
use crate::render::outcome::{self, Row};
use crate::render::table::{Cell, Table};
use crate::render::{self, DIM, HEADING, run_state, text, time};
use crate::{host, output, screen};

/// Arguments of `weft runs`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    #[command(subcommand)]
    pub command: Option<What>,
    #[command(flatten)]
    pub list: ListArgs,
}

/// What to do with runs.
#[derive(Debug, Subcommand)]
pub enum What {
    /// List runs, the newest first (the default)
    Ls(ListArgs),
    /// Show a run with its steps
    Show(ShowArgs),
    /// Forget runs; `weft gc` then frees the space that only they needed
    Rm(RmArgs),
}

/// Arguments of `weft runs ls`.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Only runs of this pipeline
    #[arg(long, value_name = "NAME")]
    pub pipeline: Option<String>,
    /// At most so many
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20)]
    pub limit: usize,
    #[command(flatten)]
    pub server: ServerArgs,
    /// Write one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `weft runs show`.
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// The run's id, the beginning of it, or `latest`
    #[arg(value_name = "RUN", default_value = "latest")]
    pub run: String,
    /// Write all that is recorded as one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `weft runs rm`.
#[derive(Debug, clap::Args)]
pub struct RmArgs {
    /// Ids of runs, beginnings of them, or `latest`
    #[arg(value_name = "RUN", required = true)]
    pub runs: Vec<String>,
    /// Write the ids of the forgotten runs as one JSON document
    #[arg(long)]
    pub json: bool,
}

impl Args {
    /// Whether standard output is to be one JSON document.
    pub fn wants_json(&self) -> bool {
        match &self.command {
            None => self.list.json,
            Some(What::Ls(args)) => args.json,
            Some(What::Show(args)) => args.json,
            Some(What::Rm(args)) => args.json,
        }
    }
}

/// Lists, shows or forgets runs.
pub fn execute(root: &Path, args: &Args) -> Result<Exit> {
    match &args.command {
        None => list(root, &args.list),
        Some(What::Ls(args)) => list(root, args),
        Some(What::Show(args)) => show(root, args),
        Some(What::Rm(args)) => remove(root, args),
    }
}

fn list(root: &Path, args: &ListArgs) -> Result<Exit> {
    if let Some(server) = args.server.server(root)? {
        return list_of(&server, args);
    }
    let store = Store::read(root)?;
    let filter = RunFilter { pipeline: args.pipeline.as_deref(), state: None, limit: Some(args.limit) };
    let runs = store.metadata.runs(&filter)?;
    if args.json {
        let runs: Vec<Value> = runs.iter().map(|run| with_alive(json!(run), &store, run)).collect();
        output::print_json(&json!(runs))?;
        return Ok(Exit::Success);
    }
    if runs.is_empty() {
        screen::say("no runs yet; `weft run PIPELINE` starts one");
        return Ok(Exit::Success);
    }
    // The ids that `weft run` makes begin with the pipeline's name; those of a server's clients tell nothing.
    let with_pipelines = runs.iter().any(|run| is_uuid(&run.id));
    let mut titles = vec!["RUN", "STATE", "STARTED", ">TIME", "STEPS"];
    if with_pipelines {
        titles.insert(1, "PIPELINE");
    }
    let mut table = Table::new(&titles);
    let now = host::now_ms();
    for run in &runs {
        let pipeline = with_pipelines.then(|| Cell::new(text::one_line(&run.pipeline)));
        table.row([Cell::new(run.id.clone())].into_iter().chain(pipeline).chain([
            run_state(run.state, is_alive(&store, run)).into(),
            Cell::new(time::ago(run.started_ms, now)),
            Cell::new(took(run).map(time::duration).unwrap_or_default()),
            Cell::words(&counts(run.counts)),
        ]));
    }
    output::print(&table.render(output::width()))?;
    Ok(Exit::Success)
}

fn is_uuid(id: &str) -> bool {
    id.len() == 36 && id.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

/// The runs of a server.
fn list_of(server: &Server, args: &ListArgs) -> Result<Exit> {
    if args.pipeline.is_some() {
        return Err(Error::request("`--pipeline` is not looked for at a server"));
    }
    let order = escaped("created_at desc");
    let page = server.get(&format!("/apis/v2beta1/runs?page_size={}&sort_by={order}", args.limit))?;
    let runs = page["runs"].as_array().map(Vec::as_slice).unwrap_or_default();
    if args.json {
        output::print_json(&json!(runs))?;
        return Ok(Exit::Success);
    }
    if runs.is_empty() {
        screen::say("no runs yet; `weft submit PIPELINE` starts one");
        return Ok(Exit::Success);
    }
    let mut table = Table::new(&["RUN", "STATE", "CREATED", "NAME"]);
    for run in runs {
        let text = |name: &str| text::one_line(run[name].as_str().unwrap_or_default());
        table.row([
            Cell::new(text("run_id")),
            Cell::new(text("state")),
            Cell::new(text("created_at")),
            Cell::words(&text("display_name")),
        ]);
    }
    output::print(&table.render(output::width()))?;
    Ok(Exit::Success)
}

fn show(root: &Path, args: &ShowArgs) -> Result<Exit> {
    let store = Store::read(root)?;
    let run = store.metadata.run(&args.run)?;
    if args.json {
        output::print_json(&with_alive(json!(run), &store, &run.summary))?;
        return Ok(Exit::Success);
    }
    let summary = &run.summary;
    let (state, style) = run_state(summary.state, is_alive(&store, summary));
    let mut text = format!("{HEADING}{}{HEADING:#}  {style}{state}{style:#}\n", summary.id);
    let mut about = Table::new(&["", "", ""]);
    let mut row = |title: &str, value: String| {
        about.row([Cell::default(), Cell::new(title).style(DIM), Cell::new(value)]);
    };
    row("pipeline", text::one_line(&summary.pipeline));
    let host = store.metadata.replica_of(&summary.id)?;
    if let Some(host) = &host {
        row("host", text::one_line(host));
    }
    row("file", run.file.clone().unwrap_or_default());
    row("started", time::stamp(summary.started_ms));
    row("time", took(summary).map(time::duration).unwrap_or_default());
    text.push_str(&about.render(None));
    text.push_str(&outcome::parameters("Parameters", &summary.parameters));
    text.push('\n');
    text.push_str(&outcome::steps(run.steps.iter().map(Row::from), output::width()));
    text.push_str(&outcome::values("Outputs", &run.outputs));
    let causes = failures::by_cause(failed(&run));
    for cause in failures::render(&summary.id, &causes, Some(&run)) {
        _ = write!(text, "\n{cause}\n");
    }
    output::print(&text)?;
    if matches!(state, "STOPPED" | "FAILED" | "CANCELED") && host.is_none() {
        screen::say(render::hint(&format!("`weft resume {}` goes on with it", summary.id)));
    }
    Ok(Exit::Success)
}

fn failed(run: &RunRecord) -> impl Iterator<Item = Failure<'_>> {
    let failed = run.steps.iter().filter(|step| step.state == TaskState::Failed);
    failed.map(|step| Failure {
        task: &step.task,
        message: step.error.as_ref().map_or("no reason was recorded", |error| error.message.as_str()),
        hint: step.error.as_ref().and_then(|error| error.hint.as_deref()),
        log: step.log.is_some(),
    })
}

fn remove(root: &Path, args: &RmArgs) -> Result<Exit> {
    let store = Store::change(root)?;
    let mut forgotten = Vec::new();
    for selector in &args.runs {
        let id = store.forget(selector)?;
        if !args.json {
            output::print(&id)?;
        }
        forgotten.push(id);
    }
    if args.json {
        output::print_json(&json!({ "runs": forgotten }))?;
    }
    Ok(Exit::Success)
}

fn with_alive(mut document: Value, store: &Store, run: &RunSummary) -> Value {
    document["alive"] = is_alive(store, run).into();
    document
}

fn is_alive(store: &Store, run: &RunSummary) -> bool {
    run.state == RunState::Running && store.is_alive(&run.id)
}

fn took(run: &RunSummary) -> Option<Duration> {
    let milliseconds = u64::try_from(run.ended_ms? - run.started_ms).ok()?;
    Some(Duration::from_millis(milliseconds))
}

/// `5 complete, 3 cached`
fn counts(counts: StepCounts) -> String {
    let StepCounts { running, complete, cached, skipped, failed, canceled } = counts;
    let parts = [
        (failed, "failed"),
        (canceled, "canceled"),
        (running, "unfinished"),
        (complete, "complete"),
        (cached, "cached"),
        (skipped, "skipped"),
    ];
    let parts: Vec<String> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    parts.join(", ")
}
