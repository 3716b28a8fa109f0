//! `weft lineage`

use std::path::Path;

use serde_json::json;
use weft::metadata::{Direction, LineageQuery, LineageStart};

use crate::error::{Exit, Result};
use crate::render::lineage;
use crate::{host, output, screen};

/// Arguments of `weft lineage`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  weft lineage latest/model                what the output `model` of the latest run was made of
  weft lineage latest/split.train --down   what came of an output of a step
  weft lineage latest --dot | dot -Tsvg > run.svg")]
pub struct Args {
    /// An artifact or a run. An artifact is named by its id, its digest or the beginning of it, or as the output of a run:
    /// RUN/STEP.OUTPUT, or RUN/OUTPUT for an output of the pipeline. RUN may be the beginning of an id, or `latest`
    #[arg(value_name = "ARTIFACT|RUN")]
    pub start: String,
    #[command(flatten)]
    pub direction: DirectionArgs,
    /// At most so many steps away
    #[arg(long, value_name = "N")]
    pub depth: Option<usize>,
    /// Write artifacts, executions and the events between them as one JSON document
    #[arg(long)]
    pub json: bool,
    /// Write a graph in the language of Graphviz
    #[arg(long, conflicts_with = "json")]
    pub dot: bool,
}

/// In which direction to walk.
#[derive(Debug, clap::Args)]
#[group(multiple = false)]
pub struct DirectionArgs {
    /// Where it comes from (the default for a run)
    #[arg(long)]
    pub up: bool,
    /// What came of it
    #[arg(long)]
    pub down: bool,
    /// Both (the default for an artifact)
    #[arg(long)]
    pub both: bool,
}

/// Walks the lineage.
pub fn execute(root: &Path, args: &Args) -> Result<Exit> {
    let store = host::read(root)?;
    let start = store.lineage_start(&args.start)?;
    let direction = match &args.direction {
        DirectionArgs { up: true, .. } => Direction::Up,
        DirectionArgs { down: true, .. } => Direction::Down,
        DirectionArgs { both: true, .. } => Direction::Both,
        // What came of a run's inputs elsewhere is mostly other runs of the same pipeline.
        _ if matches!(start, LineageStart::Run(_)) => Direction::Up,
        _ => Direction::Both,
    };
    let query = LineageQuery { start: start.clone(), direction, max_depth: args.depth };
    let graph = store.metadata.lineage(&query)?;
    if args.json {
        output::print_json(&json!(graph))?;
    } else if args.dot {
        output::print(&lineage::dot(&graph))?;
    } else {
        output::print(&lineage::text(&graph, &start, direction))?;
    }
    if graph.truncated {
        screen::say("the graph is too large and was cut off; look at a part of it with `--depth`");
    }
    Ok(Exit::Success)
}
