//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::commands;

/// Runs machine-learning pipelines made of sandboxed WebAssembly components
#[derive(Debug, Parser)]
#[command(
    name = "weft",
    version,
    propagate_version = false,
    max_term_width = 100,
    after_help = "Examples:
  weft run pipeline.yaml                     run a pipeline; unchanged steps come from the cache
  weft run pipeline.yaml -p seed=8           the same with another parameter
  weft inspect train.wasm                    show the steps in a component
  weft lineage latest/model                  where the model of the latest run comes from
  weft artifact export latest/model m.json   copy it out of the store"
)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
pub struct Global {
    /// Where artifacts and metadata are kept
    #[arg(
        long,
        global = true,
        env = "WEFT_STORE",
        hide_env_values = true,
        value_name = "DIR",
        default_value = ".weft",
        help_heading = "Global options"
    )]
    pub store: PathBuf,
    /// When to colour what is printed
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t, help_heading = "Global options")]
    pub color: Color,
    /// Tell what the runtime does, on standard error; -vv and -vvv tell more
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "Global options")]
    pub verbose: u8,
}

/// When to colour.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub enum Color {
    // On a terminal, unless `NO_COLOR` is set. Not as help texts: these would blow up the help of every command.
    #[default]
    Auto,
    Always,
    Never,
}

impl Color {
    /// Makes this the choice of the whole process.
    pub fn apply(self) {
        match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::AlwaysAnsi,
            Self::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make the folder of a new component
    #[cfg(feature = "compiler")]
    New(commands::new::Args),
    /// Build a component with its language's own tools
    #[cfg(feature = "compiler")]
    Build(commands::build::Args),
    /// Run a pipeline
    Run(commands::run::Args),
    /// Check a pipeline without running it
    Check(commands::check::Args),
    /// Write a pipeline in the format of Kubeflow Pipelines
    Compile(commands::compile::Args),
    /// Draw a pipeline
    Graph(commands::graph::Args),
    /// Run one step of a component alone
    #[command(visible_alias = "test")]
    Call(commands::call::Args),
    /// Show the steps that a component holds
    Inspect(commands::inspect::Args),
    /// List the pre-built components with their signatures
    Components(commands::components::Args),
    /// List runs, show one, or forget some
    Runs(commands::runs::Args),
    /// Show what the steps of a run printed and logged
    Logs(commands::logs::Args),
    /// Go on with a run that failed, was interrupted or was killed
    Resume(commands::resume::Args),
    /// Run a recorded run again with something changed
    Rerun(commands::rerun::Args),
    /// Tell why a step ran, came from the cache, was skipped or not run
    Why(commands::why::Args),
    /// Show what differs between two runs
    Diff(commands::diff::Args),
    /// Execute a run's steps again and compare what they give, byte by byte
    Verify(commands::verify::Args),
    /// Serve the API of Kubeflow Pipelines and a page, with a queue and recurring runs
    Serve(commands::serve::Args),
    /// Submit a run to a server
    Submit(commands::submit::Args),
    /// Send runs to another store, or to the one of a server
    Sync(commands::sync::Args),
    /// Have a model answer requests, go back to an earlier version, or end it
    Deploy(commands::deploy::Args),
    /// List the models that are deployed, with their versions
    Deployments(commands::deployments::Args),
    /// Predict for the rows of a table, without a server
    Predict(commands::predict::Args),
    /// Compare new rows with what a model was trained on
    Monitor(commands::monitor::Args),
    /// Show where an artifact comes from and what came of it
    Lineage(commands::lineage::Args),
    /// Write an artifact with the evidence of where it comes from, signed, for other tools; or check it
    Attest(commands::attest::Args),
    /// List, show and copy out artifacts
    Artifact(commands::artifact::Args),
    /// Put a component, a pipeline, a bundle or an artifact into a registry
    Push(commands::push::Args),
    /// Fetch what lies in a registry
    Pull(commands::pull::Args),
    /// Move what a pipeline's references to registries are pinned to
    Update(commands::update::Args),
    /// Put a pipeline with all that it needs into one file
    Bundle(commands::bundle::Args),
    /// Fetch the Python packages of a KFP pipeline ahead
    Vendor(commands::vendor::Args),
    /// Install what runs the containers of some KFP pipelines
    #[command(visible_alias = "executors")]
    #[cfg(feature = "compiler")]
    Executor(commands::executor::Args),
    /// Look after the compiled components
    Cache(commands::cache::Args),
    /// Remove old runs and the content that nothing refers to any more
    Gc(commands::gc::Args),
    /// Check that everything in the store is as it was written
    Fsck(commands::fsck::Args),
    /// Execute a step file, as an engine's worker does
    Step(commands::step::Args),
    /// Execute the steps of a run on an engine's machine; `weft run --on` has the engine start it
    #[command(hide = true)]
    Worker(commands::worker::Args),
    /// Write the completions of a shell
    Completions(commands::completions::Args),
    /// Write the manual pages
    Man(commands::man::Args),
}

impl Command {
    /// Whether standard output is to be one JSON document.
    pub fn wants_json(&self) -> bool {
        match self {
            #[cfg(feature = "compiler")]
            Self::Build(args) => args.json,
            Self::Run(args) => args.how.json,
            Self::Resume(args) => args.how.json,
            Self::Rerun(args) => args.how.json,
            Self::Why(args) => args.json,
            Self::Diff(args) => args.json,
            Self::Verify(args) => args.json,
            Self::Call(args) => args.how.json,
            Self::Check(args) => args.json,
            Self::Inspect(args) => args.format() == commands::inspect::Format::Json,
            Self::Components(args) => args.json,
            Self::Runs(args) => args.wants_json(),
            Self::Monitor(args) => args.how.json,
            Self::Lineage(args) => args.json,
            Self::Attest(args) => args.json,
            Self::Artifact(args) => args.wants_json(),
            Self::Step(args) => args.json,
            Self::Submit(args) => args.json,
            Self::Sync(args) => args.json,
            Self::Deploy(args) => args.json,
            Self::Deployments(args) => args.json,
            Self::Predict(args) => args.json,
            Self::Push(args) => args.json,
            Self::Pull(args) => args.json,
            Self::Update(args) => args.json,
            Self::Bundle(args) => args.json,
            Self::Vendor(args) => args.json,
            #[cfg(feature = "compiler")]
            Self::Executor(args) => args.json,
            Self::Cache(args) => args.json,
            Self::Gc(args) => args.json,
            Self::Fsck(args) => args.json,
            #[cfg(feature = "compiler")]
            Self::New(_) => false,
            Self::Logs(_)
            | Self::Compile(_)
            | Self::Graph(_)
            | Self::Serve(_)
            | Self::Worker(_)
            | Self::Completions(_)
            | Self::Man(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
