//! `weft check`

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::ValueHint;
use serde_json::{Value, json};
use weft::pipeline::access::{Access, Work, access};
use weft::pipeline::model::Implementation;
use weft::pipeline::secrets::{Need, needed};
use weft::pipeline::step::SecretGrant;
use weft::pipeline::types::PortType;
use weft::{Finding, Host, Linker, PrepareOptions, Prepared};

use crate::commands::bundle;
use crate::error::{Error, Exit, Result};
use crate::execute::notify;
use crate::options::{ExecutorArgs, ParameterArgs, PolicyArgs, SecretArgs};
use crate::registry::LockArgs;
use crate::render::{GOOD, count, diagnostic, text};
use crate::{output, screen};

/// Arguments of `weft check`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Everything is checked that can be before a run: that components and their functions are there, that what is \
    wired together fits, conditions, and literal values. Parameters are checked if any is given."
)]
pub struct Args {
    /// The pipeline's file, or a bundle
    #[arg(value_name = "PIPELINE", value_hint = ValueHint::FilePath)]
    pub pipeline: PathBuf,
    #[command(flatten)]
    pub parameters: ParameterArgs,
    #[command(flatten)]
    pub secrets: SecretArgs,
    #[command(flatten)]
    pub policy: PolicyArgs,
    #[command(flatten)]
    pub executor: ExecutorArgs,
    #[command(flatten)]
    pub lock: LockArgs,
    /// Write what was found to standard output as one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Checks a pipeline.
pub fn execute(root: &Path, args: &Args) -> Result<Exit> {
    let host = args.policy.over(args.lock.host(args.secrets.host()?)?)?;
    let checked = check(root, host, args);
    if !args.json {
        let Prepared { pipeline, parameters, warnings, components, .. } = checked?;
        if !warnings.is_empty() {
            screen::say(diagnostic::render(&warnings));
        }
        let steps = match &pipeline.root.implementation {
            Implementation::Dag(dag) => dag.tasks.len(),
            _ => 0,
        };
        let inputs = &pipeline.root.inputs;
        let artifacts = inputs.values().filter(|input| matches!(input.port.ty, PortType::Artifact { .. })).count();
        let mut parts = vec![
            count(steps, "step", "steps"),
            count(components.len(), "component file", "component files"),
            count(inputs.len() - artifacts, "parameter", "parameters"),
        ];
        if artifacts > 0 {
            parts.push(count(artifacts, "input artifact", "input artifacts"));
        }
        let mut words = format!("{GOOD}ok{GOOD:#}: pipeline `{}` with {}", pipeline.name, parts.join(", "));
        for task in access(&pipeline, &parameters) {
            let name = text::one_line(&task.task);
            for line in task.lines() {
                _ = write!(words, "\n  step `{name}` {}", text::one_line(&line));
            }
        }
        for Need { task, to, grant, .. } in needed(&pipeline, &parameters) {
            let SecretGrant { kind, name, key, optional } = grant;
            let key = key.map(|key| format!("/{key}")).unwrap_or_default();
            let word = if optional { "can use" } else { "needs" };
            _ = write!(words, "\n  step `{task}` {word} the {kind} {name}{key} as {to}");
        }
        output::print(&words)?;
        return Ok(Exit::Success);
    }
    let (valid, findings, secrets, touches) = match checked {
        Ok(prepared) => {
            let secrets = needed(&prepared.pipeline, &prepared.parameters);
            let touches = access(&prepared.pipeline, &prepared.parameters);
            let touches: Vec<Value> = touches.iter().map(access_json).collect();
            (true, prepared.warnings, secrets.iter().map(secret_json).collect(), touches)
        }
        Err(Error::Weft(error)) => match *error {
            weft::Error::Pipeline(findings) => (false, findings, Vec::new(), Vec::new()),
            error => return Err(error.into()),
        },
        Err(error) => return Err(error),
    };
    if !findings.is_empty() {
        screen::say(diagnostic::render(&findings));
    }
    let diagnostics: Vec<_> = findings.iter().map(Finding::to_json).collect();
    output::print_json(&json!({ "valid": valid, "diagnostics": diagnostics, "secrets": secrets, "access": touches }))?;
    Ok(if valid { Exit::Success } else { Exit::Wrong })
}

/// What a step may touch, for programs.
fn access_json(task: &Access<'_>) -> Value {
    let imports = match &task.work {
        Work::Import(source) => source.as_deref(),
        _ => None,
    };
    json!({ "step": task.task, "grants": task.grants, "limits": task.limits, "imports": imports, "volumes": task.volumes, "touches": task.lines() })
}

/// What a step needs of a secret, for programs.
fn secret_json(Need { task, to, grant, .. }: &Need) -> Value {
    let SecretGrant { kind, name, key, optional } = grant;
    json!({ "step": task, "kind": kind, "name": name, "key": key, "to": to, "optional": optional })
}

fn check(root: &Path, host: Host, args: &Args) -> Result<Prepared> {
    let (file, host, parameters, _unpacked) =
        bundle::look(&args.pipeline, &args.lock, host, args.parameters.parameters())?;
    // A parameter without a default is given when the pipeline is run.
    let parameters = Some(parameters).filter(|parameters| !parameters.is_empty());
    // So are secrets.
    let check_secrets = host.secrets.is_some();
    let options = PrepareOptions { check_secrets, ..args.executor.options(parameters) };
    Ok(Linker::new(root, host)?.prepare(file, &options, &notify)?)
}
