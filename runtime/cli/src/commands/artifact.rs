//! `weft artifact`

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueHint};
use serde_json::{Value, json};
use weft::artifacts::{BlobReader, Content, ContentId, Existing};
use weft::metadata::{ArtifactFilter, ArtifactRecord, ArtifactState};
use weft::pipeline::suggest;
use weft::pipeline::types::ArtifactType;
use weft::{Selected, Store};

use crate::error::{Error, Exit, Result};
use crate::render::table::{Cell, Table};
use crate::render::{DIM, HEADING, bytes, count, text, time, value};
use crate::{host, output, screen};

/// How to name an artifact.
const ARTIFACT_HELP: &str = "An id, a digest or the beginning of one, a URI as steps see it, or the output of a run: \
    RUN/STEP.OUTPUT, or RUN/OUTPUT for an output of the pipeline. RUN may be the beginning of an id, or `latest`";
/// Files of a directory that `show` lists.
const SHOWN_FILES: usize = 50;

/// Arguments of `weft artifact`.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    pub command: What,
}

/// What to do with artifacts.
#[derive(Debug, Subcommand)]
pub enum What {
    /// List artifacts, the newest first
    Ls(ListArgs),
    /// Show what is known of an artifact
    Show(ShowArgs),
    /// Write an artifact's content to standard output
    Cat(CatArgs),
    /// Copy an artifact to a file or directory
    Export(ExportArgs),
}

/// Arguments of `weft artifact ls`.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Only artifacts of this type, such as `model` or `acme.EmbeddingIndex`
    #[arg(short = 't', long = "type", value_name = "TYPE", value_parser = ArtifactType::parse)]
    pub kind: Option<ArtifactType>,
    /// Only artifacts that this run gave, from the cache or not
    #[arg(short, long, value_name = "RUN")]
    pub run: Option<String>,
    /// At most so many
    #[arg(short = 'n', long, value_name = "N", default_value_t = 50)]
    pub limit: usize,
    /// Write one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `weft artifact show`.
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    #[arg(value_name = "ARTIFACT", help = ARTIFACT_HELP)]
    pub artifact: String,
    /// Write one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `weft artifact cat`.
#[derive(Debug, clap::Args)]
pub struct CatArgs {
    #[arg(value_name = "ARTIFACT", help = ARTIFACT_HELP)]
    pub artifact: String,
    /// Which file, if it is a directory
    #[arg(value_name = "ENTRY")]
    pub entry: Option<String>,
}

/// Arguments of `weft artifact export`.
#[derive(Debug, clap::Args)]
pub struct ExportArgs {
    #[arg(value_name = "ARTIFACT", help = ARTIFACT_HELP)]
    pub artifact: String,
    /// Where to; into a directory that is there already, under the artifact's name
    #[arg(value_name = "DEST", value_hint = ValueHint::AnyPath)]
    pub dest: PathBuf,
    /// Replace files that are there already
    #[arg(short, long)]
    pub force: bool,
    /// Write where it is, its digest and its size as one JSON document
    #[arg(long)]
    pub json: bool,
}

impl Args {
    /// Whether standard output is to be one JSON document.
    pub fn wants_json(&self) -> bool {
        match &self.command {
            What::Ls(args) => args.json,
            What::Show(args) => args.json,
            What::Export(args) => args.json,
            What::Cat(_) => false,
        }
    }
}

/// Lists, shows or copies out artifacts.
pub fn execute(root: &Path, args: &Args) -> Result<Exit> {
    let store = host::read(root)?;
    match &args.command {
        What::Ls(args) => list(&store, args),
        What::Show(args) => show(&store, args),
        What::Cat(args) => cat(&store, args),
        What::Export(args) => export(&store, args),
    }?;
    Ok(Exit::Success)
}

fn list(store: &Store, args: &ListArgs) -> Result<()> {
    let run = args.run.as_ref().map(|run| store.metadata.run(run)).transpose()?.map(|run| run.summary.id);
    let filter = ArtifactFilter {
        kind: args.kind.as_ref().map(|kind| kind.0.as_str()),
        run: run.as_deref(),
        pipeline: None,
        limit: Some(args.limit),
    };
    let artifacts = store.metadata.artifacts(&filter)?;
    if args.json {
        let artifacts: Vec<Value> = artifacts.iter().map(|record| with_size(store, record)).collect();
        return output::print_json(&json!(artifacts));
    }
    if artifacts.is_empty() {
        screen::say("no artifacts");
        return Ok(());
    }
    let mut table = Table::new(&[">ID", "TYPE", "NAME", "CONTENT", ">SIZE", "MADE", "BY"]);
    let now = host::now_ms();
    for record in &artifacts {
        table.row([
            Cell::new(id(record)),
            Cell::new(value::kind(&record.artifact)),
            Cell::new(text::one_line(record.artifact.name.as_deref().unwrap_or_default())),
            Cell::new(value::short_uri(&record.artifact.uri)),
            Cell::new(store.size(record).map_or_else(|| "gone".to_owned(), bytes::size)),
            Cell::new(time::ago(record.created_ms, now)),
            Cell::words(&made_by(record)),
        ]);
    }
    output::print(&table.render(output::width()))
}

fn show(store: &Store, args: &ShowArgs) -> Result<()> {
    let record = store.artifact(&args.artifact)?;
    let artifact = &record.artifact;
    let content = store.content(&record);
    if args.json {
        let mut document = with_size(store, &record);
        if let Ok(Content::Tree(tree)) = &content {
            let entries = tree
                .entries()
                .iter()
                .map(|entry| json!({ "path": entry.path, "size": entry.size, "digest": entry.digest.to_string() }));
            document["entries"] = entries.collect();
        }
        return output::print_json(&document);
    }
    let name = text::one_line(artifact.name.as_deref().unwrap_or("artifact"));
    let mut out = format!("{HEADING}{name}{HEADING:#}  {DIM}id {}{DIM:#}\n", id(&record));
    let mut about = Table::new(&["", "", ""]);
    let mut row = |title: &str, value: String| {
        about.row([Cell::default(), Cell::new(title).style(DIM), Cell::new(value)]);
    };
    row("type", artifact.kind.0.clone());
    row("content", artifact.uri.clone());
    row(
        "size",
        match &content {
            Ok(Content::File(blob)) => bytes::size(blob.len()),
            Ok(Content::Tree(tree)) => {
                format!("{} in {}", bytes::size(tree.len()), count(tree.entries().len(), "file", "files"))
            }
            Err(_) if record.state == ArtifactState::Deleted => "gone: its run was deleted".to_owned(),
            Err(error) => text::one_line(&error.to_string()),
        },
    );
    row("made", time::stamp(record.created_ms));
    if record.producer.is_some() {
        row("by", made_by(&record));
    }
    out.push_str(&about.render(None));
    if !artifact.properties.is_empty() {
        let mut table = Table::new(&["", "", ""]);
        for (name, property) in &artifact.properties {
            table.row([
                Cell::default(),
                Cell::new(text::one_line(name)),
                Cell::words(&text::printable(&in_full(property))),
            ]);
        }
        _ = write!(out, "\n{HEADING}Properties{HEADING:#}\n{}", table.render(output::width()));
    }
    if let Ok(Content::Tree(tree)) = &content {
        let mut table = Table::new(&["", ">", ""]);
        for entry in tree.entries().iter().take(SHOWN_FILES) {
            table.row([Cell::default(), Cell::new(bytes::size(entry.size)), Cell::new(text::one_line(&entry.path))]);
        }
        _ = write!(out, "\n{HEADING}Files{HEADING:#}\n{}", table.render(None));
        if let Some(more) = tree.entries().len().checked_sub(SHOWN_FILES).filter(|more| *more > 0) {
            _ = writeln!(out, "  … and {more} more");
        }
    }
    output::print(&out)
}

fn in_full(property: &Value) -> String {
    property.as_str().map_or_else(|| property.to_string(), str::to_owned)
}

fn cat(store: &Store, args: &CatArgs) -> Result<()> {
    let Selected { record, inside } = store.artifact_or_part(&args.artifact)?;
    let entry = match &args.entry {
        Some(entry) if inside.is_empty() => Some(entry.clone()),
        Some(entry) => Some(format!("{inside}/{entry}")),
        None => Some(inside).filter(|inside| !inside.is_empty()),
    };
    let blob = match (store.content(&record)?, &entry) {
        (Content::File(blob), None) => blob,
        (Content::File(_), Some(entry)) => {
            return Err(Error::advised(
                format!("`{}` is a file, not a directory with an entry `{entry}`", args.artifact),
                "leave the entry out",
            ));
        }
        (Content::Tree(tree), Some(entry)) => {
            if tree.find(entry).is_none() {
                let known = tree.entries().iter().map(|entry| entry.path.as_str());
                let hint = suggest::hint(entry, known, "files");
                return Err(Error::hinted(format!("`{}` has no file `{entry}`", args.artifact), hint));
            }
            tree.open(entry)?
        }
        (Content::Tree(tree), None) => {
            let names: Vec<&str> = tree.entries().iter().take(12).map(|entry| entry.path.as_str()).collect();
            let more = if tree.entries().len() > names.len() { ", …" } else { "" };
            return Err(Error::advised(
                format!("`{}` is a directory: name one of its files", args.artifact),
                format!("the files are {}{more}; `weft artifact export` copies all of them", suggest::list(&names)),
            ));
        }
    };
    write(&blob)
}

/// To a terminal only text, without control characters: content must not take it over.
fn write(blob: &BlobReader) -> Result<()> {
    let mut out = std::io::stdout().lock();
    if !output::is_terminal() {
        std::io::copy(&mut blob.cursor(), &mut out)?;
        return Ok(out.flush()?);
    }
    let mut start = [0; 8192];
    let read = blob.read_at(0, &mut start)?;
    if start[..read].contains(&0) {
        return Err(Error::advised(
            "the content is binary, which a terminal cannot show",
            "send it to a file or a program: `weft artifact cat ... > FILE`, or `weft artifact export`",
        ));
    }
    let mut cursor = blob.cursor();
    let mut chunk = Vec::new();
    // A character may be cut by the end of a chunk; what is whole is shown, the rest waits for the next.
    while cursor.by_ref().take(64 << 10).read_to_end(&mut chunk)? > 0 {
        let whole = match std::str::from_utf8(&chunk) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => chunk.len(),
        };
        write!(out, "{}", text::printable(&String::from_utf8_lossy(&chunk[..whole])))?;
        chunk.drain(..whole);
    }
    write!(out, "{}", text::printable(&String::from_utf8_lossy(&chunk)))?;
    Ok(out.flush()?)
}

fn export(store: &Store, args: &ExportArgs) -> Result<()> {
    let Selected { record, inside } = store.artifact_or_part(&args.artifact)?;
    let whole: ContentId = record.artifact.uri.parse()?;
    let id = if inside.is_empty() { Some(whole) } else { store.artifacts.inside(&whole, &inside)? };
    let id = id.ok_or_else(|| {
        Error::advised(
            format!("`{whole}` has no file `{inside}`"),
            format!("`weft artifact show {whole}` lists its files"),
        )
    })?;
    let mut dest = args.dest.clone();
    // As `cp` has it. A directory goes into an empty or overwritten directory itself.
    if !id.is_tree() && dest.is_dir() {
        let own = inside.rsplit('/').next().filter(|name| !name.is_empty());
        let name = own.or(record.artifact.name.as_deref()).unwrap_or("artifact");
        dest.push(name.replace(['/', '\\'], "-"));
    }
    let existing = if args.force { Existing::Overwrite } else { Existing::Keep };
    store.artifacts.export(&id, &dest, existing).map_err(|error| match error {
        weft::artifacts::Error::Exists { path } => Error::advised(
            format!("`{}` exists already", path.display()),
            "choose another destination, or replace it with `--force`",
        ),
        other => other.into(),
    })?;
    let size = store.artifacts.size(&id)?;
    if args.json {
        return output::print_json(&json!({ "path": dest, "uri": id.to_string(), "size": size }));
    }
    output::print(&format!("{} ({})", dest.display(), bytes::size(size)))
}

fn with_size(store: &Store, record: &ArtifactRecord) -> Value {
    let mut document = json!(record);
    document["size"] = json!(store.size(record));
    document
}

fn id(record: &ArtifactRecord) -> String {
    record.artifact.id.map(|id| id.to_string()).unwrap_or_default()
}

/// `penguins-20260102-030405-rk5j/train.model`: as such the artifact can be named, too.
fn made_by(record: &ArtifactRecord) -> String {
    let Some(producer) = &record.producer else { return String::new() };
    let step = format!("{}.{}", producer.task.as_deref().unwrap_or("?"), producer.output);
    match &producer.run {
        Some(run) => format!("{run}/{step}"),
        None => step,
    }
}
