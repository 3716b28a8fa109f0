//! One file a command: its arguments, and what it does with them.

pub mod artifact;
pub mod attest;
#[cfg(feature = "compiler")]
pub mod build;
pub mod bundle;
pub mod cache;
pub mod call;
pub mod check;
pub mod compile;
pub mod completions;
pub mod components;
pub mod deploy;
pub mod deployments;
pub mod diff;
#[cfg(feature = "compiler")]
pub mod executor;
pub mod fsck;
pub mod gc;
pub mod graph;
pub mod inspect;
pub mod lineage;
pub mod logs;
pub mod man;
pub mod monitor;
#[cfg(feature = "compiler")]
pub mod new;
pub mod predict;
pub mod pull;
pub mod push;
pub mod rerun;
pub mod resume;
pub mod run;
pub mod runs;
pub mod serve;
pub mod step;
pub mod submit;
pub mod sync;
pub mod update;
pub mod vendor;
pub mod verify;
pub mod why;
pub mod worker;

use crate::args::{Cli, Command};
use crate::error::{Exit, Result};

/// Does what the command line says.
pub fn execute(cli: &Cli) -> Result<Exit> {
    let root = cli.global.store.as_path();
    match &cli.command {
        #[cfg(feature = "compiler")]
        Command::New(args) => new::execute(args),
        #[cfg(feature = "compiler")]
        Command::Build(args) => build::execute(args),
        Command::Run(args) => run::execute(root, args),
        Command::Call(args) => call::execute(root, args),
        Command::Check(args) => check::execute(root, args),
        Command::Compile(args) => compile::execute(args),
        Command::Graph(args) => graph::execute(args),
        Command::Inspect(args) => inspect::execute(args),
        Command::Components(args) => components::execute(args),
        Command::Runs(args) => runs::execute(root, args),
        Command::Logs(args) => logs::execute(root, args),
        Command::Resume(args) => resume::execute(root, args),
        Command::Rerun(args) => rerun::execute(root, args),
        Command::Why(args) => why::execute(root, args),
        Command::Diff(args) => diff::execute(root, args),
        Command::Verify(args) => verify::execute(root, args),
        Command::Lineage(args) => lineage::execute(root, args),
        Command::Attest(args) => attest::execute(root, args),
        Command::Artifact(args) => artifact::execute(root, args),
        #[cfg(feature = "compiler")]
        Command::Executor(args) => executor::execute(args),
        Command::Cache(args) => cache::execute(args),
        Command::Gc(args) => gc::execute(root, args),
        Command::Fsck(args) => fsck::execute(root, args),
        Command::Serve(args) => serve::execute(root, args),
        Command::Monitor(args) => monitor::execute(root, args),
        Command::Step(args) => step::execute(root, args),
        Command::Worker(args) => worker::execute(root, args),
        Command::Sync(args) => sync::execute(root, args),
        Command::Submit(args) => submit::execute(root, args),
        Command::Deploy(args) => deploy::execute(root, args),
        Command::Deployments(args) => deployments::execute(root, args),
        Command::Predict(args) => predict::execute(args),
        Command::Push(args) => push::execute(root, args),
        Command::Pull(args) => pull::execute(args),
        Command::Update(args) => update::execute(args),
        Command::Bundle(args) => bundle::execute(root, args),
        Command::Vendor(args) => vendor::execute(root, args),
        Command::Completions(args) => completions::execute(args),
        Command::Man(args) => man::execute(args),
    }
}
