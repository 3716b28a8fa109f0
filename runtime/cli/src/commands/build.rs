//! `weft build`

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::ValueHint;
use serde_json::{Value, json};
use weft_author::{Built, Event, Host, Language, Request, Watch};

use crate::commands::inspect;
use crate::error::{Error, Exit, Result};
use crate::render::diagnostic;
use crate::render::{self, DIM, GOOD, HEADING, bytes};
use crate::{host, output, screen};

/// How often `--watch` looks at the files.
const PAUSE: Duration = Duration::from_millis(500);

/// Arguments of `weft build`.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[command(after_help = "Examples:
  weft build                 build the component in this folder: build/NAME.wasm
  weft build row-filter -w   build it, and again whenever a file changes
  weft build --install       install the tools that are missing, then build

The language is told by Cargo.toml, pyproject.toml, package.json or Makefile. Mistakes in the WIT, and what the sources
make of it, are told with their places before anything runs.

Exit codes: 0 success, 1 a tool failed, 2 the component or the request is wrong.")]
pub struct Args {
    /// The component's folder
    #[arg(value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
    pub dir: PathBuf,
    /// The language, where the folder could be of several
    #[arg(short, long, value_name = "LANGUAGE")]
    pub lang: Option<Language>,
    /// Where to write the component, instead of build/NAME.wasm in its folder
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
    /// Do not optimise, and keep names and debug information
    #[arg(long)]
    pub debug: bool,
    /// Install the tools that are missing: into weft's cache, or as the language's own tools do
    #[arg(long)]
    pub install: bool,
    /// Build again whenever a file changes, until interrupted
    #[arg(short, long, conflicts_with = "json")]
    pub watch: bool,
    /// Write what was built to standard output as one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Builds a component.
pub fn execute(args: &Args) -> Result<Exit> {
    let host = host::author()?;
    let request = Request {
        dir: args.dir.clone(),
        language: args.lang,
        output: args.output.clone(),
        debug: args.debug,
        install: args.install,
    };
    if args.watch {
        return watch(&request, &host);
    }
    let started = Instant::now();
    let built = weft_author::build(&request, &host, &mut |event| match event {
        Event::Tool(tool) => screen::say(format!("{DIM}{tool}{DIM:#}")),
        Event::Line(line) => screen::say(line),
    })?;
    warn(&built);
    if args.json {
        output::print_json(&json(&built))?;
    } else {
        output::print(&text(&built, started.elapsed()))?;
    }
    Ok(Exit::Success)
}

/// Builds again and again: one line a build, and what went wrong.
fn watch(request: &Request, host: &Host) -> Result<Exit> {
    if !request.dir.is_dir() {
        return Err(Error::request(format!("there is no folder {}", request.dir.display())));
    }
    let mut watch = Watch::new(&request.dir);
    let mut why = String::new();
    loop {
        let started = Instant::now();
        let mut said = Vec::new();
        let built = weft_author::build(request, host, &mut |event| {
            if let Event::Line(line) = event {
                said.push(line.to_owned());
            }
        });
        let seconds = started.elapsed().as_secs_f64();
        match built {
            Ok(built) => {
                warn(&built);
                screen::say(format!("{GOOD}built{GOOD:#} {} in {seconds:.1} s{why}", short(&built)));
            }
            Err(error) => {
                said.iter().for_each(screen::say);
                screen::say(format!("{}{why}", render::error(&error.into())));
            }
        }
        let changes = loop {
            let changes = watch.changes();
            if !changes.is_empty() {
                break changes;
            }
            std::thread::sleep(PAUSE);
        };
        why = format!(" {DIM}({}){DIM:#}", changed(&request.dir, &changes));
    }
}

/// `src/lib.rs changed`, `src/lib.rs and 2 others changed`
fn changed(dir: &Path, changes: &[PathBuf]) -> String {
    let first =
        changes.first().map(|path| path.strip_prefix(dir).unwrap_or(path).display().to_string()).unwrap_or_default();
    match changes.len() {
        0 | 1 => format!("{first} changed"),
        many => format!("{first} and {} changed", render::count(many - 1, "other", "others")),
    }
}

fn warn(built: &Built) {
    let findings: Vec<_> = built.warnings.iter().map(diagnostic::finding).collect();
    if !findings.is_empty() {
        screen::say(diagnostic::render(&findings));
    }
}

/// `build/row-filter.wasm, 104 KiB,`
fn short(built: &Built) -> String {
    format!("{}, {}", shown(&built.file), bytes::size(built.size))
}

fn shown(file: &Path) -> String {
    file.strip_prefix(".").unwrap_or(file).display().to_string()
}

fn text(built: &Built, took: Duration) -> String {
    let mut out = format!("{GOOD}built{GOOD:#} {} in {:.1} s\n", short(built), took.as_secs_f64());
    for step in &built.steps {
        // Writing to a string does not fail.
        _ = write!(out, "\n{HEADING}{}{HEADING:#}\n{}", step.name, inspect::ports(&step.signature));
    }
    out
}

fn json(built: &Built) -> Value {
    let about = &built.metadata;
    json!({
        "file": shown(&built.file),
        "size": built.size,
        "language": built.language.name(),
        "metadata": {
            "name": about.name, "version": about.version, "description": about.description, "licence": about.licence,
            "source": about.source, "homepage": about.homepage, "authors": about.authors,
        },
        "steps": built.steps.iter().map(|step| inspect::step_json(&step.name, &step.signature)).collect::<Vec<_>>(),
        "warnings": built.warnings.iter().map(|problem| diagnostic::finding(problem).to_json()).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_told_briefly() {
        let dir = Path::new("x");
        let file = |name: &str| dir.join(name);
        assert_eq!(changed(dir, &[file("a.rs")]), "a.rs changed");
        assert_eq!(changed(dir, &[file("a.rs"), file("b"), file("c")]), "a.rs and 2 others changed");
    }
}
