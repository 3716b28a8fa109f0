//! `weft deployments`: what is deployed.

use std::path::Path;

use serde_json::{Value, json};
use weft::Store;

use crate::error::{Exit, Result};
use crate::remote::ServerArgs;
use crate::render::table::{Cell, Table};
use crate::render::{DIM, text, time};
use crate::{host, output};

/// Arguments of `weft deployments`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  weft deployments
  weft deployments --server http://localhost:8888 --json")]
pub struct Args {
    #[command(flatten)]
    pub server: ServerArgs,
    /// Write the list as one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Lists what is deployed, with all versions.
pub fn execute(root: &Path, args: &Args) -> Result<Exit> {
    let document = match args.server.server(root)? {
        Some(server) => server.get("/apis/weft/v1/deployments")?,
        None => json!({ "deployments": Store::read(root)?.metadata.deployments()? }),
    };
    if args.json {
        output::print_json(&document)?;
        return Ok(Exit::Success);
    }
    let all = document["deployments"].as_array().map(Vec::as_slice).unwrap_or_default();
    if all.is_empty() {
        output::print(&format!("{DIM}Nothing is deployed; `weft deploy` does.{DIM:#}"))?;
        return Ok(Exit::Success);
    }
    let mut table = Table::new(&["NAME", ">VERSION", "ANSWERS", "DEPLOYED", "MODEL"]);
    let now = host::now_ms();
    for one in all {
        for version in one["versions"].as_array().into_iter().flatten().rev() {
            let number = version["version"].as_u64().unwrap_or(0);
            let mut answers = share(one, number);
            if let Some(problem) = one["problems"][number.to_string()].as_str() {
                answers = format!("not loaded: {}", text::one_line(problem));
            }
            table.row([
                Cell::new(text::one_line(one["name"].as_str().unwrap_or_default())),
                Cell::new(number.to_string()),
                Cell::new(answers),
                Cell::new(time::ago(version["created_ms"].as_i64().unwrap_or(now), now)),
                Cell::words(&text::one_line(version["source"].as_str().unwrap_or_default())),
            ]);
        }
    }
    output::print(&table.render(output::width()))?;
    Ok(Exit::Success)
}

/// Which share of the requests a version answers, in words; nothing for one that answers none.
fn share(deployment: &Value, version: u64) -> String {
    let canary = (deployment["canary"]["version"].as_u64(), deployment["canary"]["percent"].as_u64().unwrap_or(0));
    if canary.0 == Some(version) {
        return format!("{} %", canary.1);
    }
    match (deployment["current"].as_u64() == Some(version), canary.0) {
        (false, _) => String::new(),
        (true, None) => "all".to_owned(),
        (true, Some(_)) => format!("{} %", 100 - canary.1.min(100)),
    }
}

/// What a deployment is like after a change, in a line.
pub fn line(name: &str, version: u64, deployment: &Value) -> String {
    let others = match (deployment["canary"]["version"].as_u64(), deployment["current"].as_u64()) {
        (Some(canary), Some(current)) if canary == version => format!(", version {current} the others"),
        _ => String::new(),
    };
    match share(deployment, version).as_str() {
        "all" => format!("{name}: version {version} answers all requests"),
        share => format!("{name}: version {version} answers {share} of the requests{others}"),
    }
}
