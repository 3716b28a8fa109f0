//! `weft deploy`: models that answer requests, here or at a server.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueHint;
use serde_json::{Value, json};
use weft::Weft;
use weft::metadata::control::{Rollout, ServingSettings};
use weft::pipeline::yaml::{parse_duration, parse_size};
use weft::serving::{DeployFrom, ServedSource};

use super::deployments;
use crate::error::{Error, Exit, Result};
use crate::remote::{Server, ServerArgs, escaped};
use crate::{host, output};

/// Arguments of `weft deploy`.
#[expect(clippy::option_option, reason = "clap reads an option with an optional value so")]
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  weft deploy latest/model --name penguins                 `weft serve` on this store answers with it
  weft deploy model.onnx --name penguins --canary 10       try it on a tenth of the requests
  weft deploy --name penguins --promote                    have the canary answer all
  weft deploy --name penguins --rollback                   go back to the version before
  weft deploy model.onnx --name penguins --transform latest/transform.transform-graph
  weft deploy model.onnx --name penguins --server http://localhost:8888

What is deployed answers at /v2/models/NAME/infer; docs/serving.md tells the rest.")]
pub struct Args {
    /// The model: a file, a folder that `weft:pusher` made, or an artifact such as `latest/model`
    #[arg(value_name = "ARTIFACT|FILE", value_hint = ValueHint::AnyPath, required_unless_present_any = ["rollback", "promote", "remove"])]
    pub model: Option<String>,
    /// The name by which clients ask for it
    #[arg(long, value_name = "NAME")]
    pub name: String,
    #[command(flatten)]
    pub server: ServerArgs,
    /// Have it answer only so many of a hundred requests, beside the version that answers now
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub canary: Option<u8>,
    /// Run this graph of `weft:transform` in front of it, so that clients send rows as they are: a file, a folder or an artifact
    #[arg(long, value_name = "ARTIFACT|FILE", value_hint = ValueHint::AnyPath)]
    pub transform: Option<String>,
    #[command(flatten)]
    pub how: How,
    /// Go back to this version; without a number, end the canary, or go to the version before
    #[arg(long, value_name = "VERSION", num_args = 0..=1, conflicts_with_all = ["model", "promote", "remove"])]
    pub rollback: Option<Option<u64>>,
    /// Have the canary answer all requests
    #[arg(long, conflicts_with_all = ["model", "remove"])]
    pub promote: bool,
    /// Forget the deployment; with a number, that version of it
    #[arg(long, value_name = "VERSION", num_args = 0..=1, conflicts_with = "model")]
    pub remove: Option<Option<u64>>,
    /// Write what is deployed then as one JSON document
    #[arg(long)]
    pub json: bool,
}

/// How a version is served.
#[derive(Debug, clap::Args)]
pub struct How {
    /// The columns that are the model's features, in its order, where it does not name them itself
    #[arg(long, value_name = "COLUMN,..", value_delimiter = ',')]
    pub features: Option<Vec<String>>,
    /// Memory of an instance, such as `512MiB` [default: 1GiB]
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub memory: Option<u64>,
    /// How long an answer may take [default: 10s]
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub time: Option<Duration>,
    /// Instances that answer at the same time, at most [default: one for each processor]
    #[arg(long, value_name = "N")]
    pub instances: Option<u32>,
    /// Rows of several requests that are answered at once; 1 keeps requests apart [default: 256]
    #[arg(long, value_name = "ROWS")]
    pub batch: Option<u32>,
    /// Write so many of a hundred requests with their answers to the prediction log [default: 0]
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub log: Option<u8>,
    /// A component that answers requests, in place of `weft:onnx`
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "server")]
    pub component: Option<PathBuf>,
}

impl How {
    fn settings(&self) -> ServingSettings {
        ServingSettings {
            features: self.features.clone(),
            memory: self.memory,
            time_ms: self.time.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
            instances: self.instances,
            batch: self.batch,
            log_percent: self.log,
        }
    }
}

/// Deploys a model, or changes what is deployed.
pub fn execute(root: &Path, args: &Args) -> Result<Exit> {
    let (version, deployment) = match args.server.server(root)? {
        Some(server) => at_server(&server, args)?,
        None => here(root, args)?,
    };
    if args.json {
        output::print_json(&json!({ "version": version, "deployment": deployment }))?;
        return Ok(Exit::Success);
    }
    let name = &args.name;
    output::print(&match (version, args.remove) {
        (_, Some(None)) => format!("{name}: removed"),
        (_, Some(Some(removed))) => format!("{name}: version {removed} removed"),
        (version, _) => deployments::line(name, version.unwrap_or(0), &deployment),
    })?;
    Ok(Exit::Success)
}

/// Changes the store; a server on it follows.
fn here(root: &Path, args: &Args) -> Result<(Option<u64>, Value)> {
    let name = &args.name;
    let now = host::now_ms();
    let (store, version) = if let Some(model) = &args.model {
        let weft = Weft::open(root, host::host()?)?;
        let from = DeployFrom {
            model: ServedSource::named(model),
            transform: args.transform.as_deref().map(ServedSource::named),
            component: args.how.component.as_ref().map(|path| path.display().to_string()),
            source: None,
            settings: args.how.settings(),
        };
        let new = weft.prepare_deployment(name, &from)?;
        let (version, _) = weft.deploy(name, &new, args.canary.map_or(Rollout::All, Rollout::Percent))?;
        (host::read(root)?, Some(version))
    } else {
        let store = host::change(root)?;
        let version = store.metadata.transaction(|tx| match (args.rollback, args.remove) {
            (Some(version), _) => tx.roll_back(name, version, now).map(Some),
            (_, Some(version)) => tx.remove_deployment(name, version).map(|()| None),
            _ => tx.promote(name, now).map(Some),
        })?;
        (store, version)
    };
    Ok((version, json!(store.metadata.deployment(name)?)))
}

/// Has a server change its store.
fn at_server(server: &Server, args: &Args) -> Result<(Option<u64>, Value)> {
    const ALL: &str = "/apis/weft/v1/deployments";
    let one = |what: &str| format!("{ALL}/{}/{what}", escaped(&args.name));
    let answer = if let Some(model) = &args.model {
        let request = json!({
            "name": args.name,
            "model": sent(server, model)?,
            "transform": args.transform.as_deref().map(|graph| sent(server, graph)).transpose()?,
            "source": model,
            "canary": args.canary,
            "settings": args.how.settings(),
        });
        server.post(ALL, &request)?
    } else if let Some(version) = args.rollback {
        server.post(&one("rollback"), &json!({ "version": version }))?
    } else if let Some(version) = args.remove {
        server.post(&one("remove"), &json!({ "version": version }))?
    } else {
        server.post(&one("promote"), &json!({}))?
    };
    Ok((answer["version"].as_u64(), answer["deployment"].clone()))
}

/// How a server is told of something: a file is sent to it, an artifact is one of its own.
fn sent(server: &Server, named: &str) -> Result<Value> {
    let path = Path::new(named);
    if path.is_dir() {
        return Err(Error::advised(
            format!("`{named}` is a folder, and a server is sent files"),
            "give the file in it, or an artifact of the server's store",
        ));
    }
    if !path.exists() {
        return Ok(named.into());
    }
    Ok(server.send_file("/apis/weft/v1/content", path)?["uri"].clone())
}
