//! `weft components`: the pre-built components, which pipelines name as `weft:NAME`.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::json;
use weft::{Linker, Prebuilt, prebuilt};

use super::inspect;
use crate::error::{Error, Exit, Result};
use crate::render::{DIM, HEADING};
use crate::{host, output};

/// Arguments of `weft components`.
#[derive(Debug, clap::Args)]
#[command(after_help = "In a pipeline:
  steps:
    describe:
      component: weft:statistics-gen
      with: { examples: \"${data.artifact}\" }")]
pub struct Args {
    /// Show only these, by name with or without `weft:`
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    /// Write the list as one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Lists them with their signatures.
pub fn execute(args: &Args) -> Result<Exit> {
    let host = host::host()?;
    let all = prebuilt(&host);
    let shown: Vec<&Prebuilt> = if args.names.is_empty() {
        all.iter().collect()
    } else {
        args.names.iter().map(|name| named(&all, name)).collect::<Result<_>>()?
    };
    let linker = Linker::new(Path::new(""), host)?;
    let mut text = String::new();
    let mut documents = Vec::new();
    for Prebuilt { name, path } in shown {
        let component = linker.inspect(path)?;
        let steps = component.steps();
        // Folders of components hold others, too: programs, and what cannot be a step.
        if steps.is_empty() && args.names.is_empty() {
            continue;
        }
        let size = std::fs::metadata(path).map_err(|source| Error::io("read", path, source))?.len();
        documents.push(json!({
            "name": name,
            "file": path.display().to_string(),
            "digest": component.digest(),
            "size": size,
            "steps": steps.iter().map(|step| inspect::step_json(&step.name, &step.signature)).collect::<Vec<_>>(),
        }));
        for step in steps {
            let function = if steps.len() > 1 { format!("#{}", step.name) } else { String::new() };
            let _ = write!(text, "{HEADING}{name}{function}{HEADING:#}\n{}\n", inspect::ports(&step.signature));
        }
    }
    if args.json {
        output::print_json(&json!({ "components": documents }))?;
    } else if documents.is_empty() {
        output::print(&format!("{DIM}There are no pre-built components.{DIM:#}"))?;
    } else {
        output::print(text.trim_end())?;
    }
    Ok(Exit::Success)
}

fn named<'a>(all: &'a [Prebuilt], name: &str) -> Result<&'a Prebuilt> {
    let wanted = name.strip_prefix("weft:").unwrap_or(name);
    let is = |known: &&Prebuilt| known.name.strip_prefix("weft:") == Some(wanted);
    all.iter().find(is).ok_or_else(|| {
        let names = all.iter().map(|known| known.name.as_str());
        let hint = weft::pipeline::suggest::hint(&format!("weft:{wanted}"), names, "pre-built components");
        Error::hinted(format!("there is no pre-built component `weft:{wanted}`"), hint)
    })
}
