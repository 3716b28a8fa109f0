//! `weft submit`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ValueHint;
use serde_json::{Map, Value, json};
use weft::pipeline::access::{Work, access};
use weft::pipeline::model::{Format, Pipeline};
use weft::pipeline::types::PortType;

use crate::error::{Error, Exit, Result};
use crate::options::name_and_value;
use crate::remote::{Server, ServerArgs, escaped};
use crate::{interrupt, output, screen};

/// How often it looks whether a run has ended.
const LOOK_EVERY: Duration = Duration::from_millis(300);

/// Arguments of `weft submit`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  weft submit pipeline.yaml --server http://localhost:8888 -p seed=8
  weft submit pipeline.yaml --server http://localhost:8888 --wait

Exit codes with --wait: 0 success, 1 the run failed, 130 it was canceled; else 0 if it was accepted.")]
pub struct Args {
    /// The pipeline's file: of Kubeflow Pipelines, or one that names nothing of this machine
    #[arg(value_name = "PIPELINE", value_hint = ValueHint::FilePath)]
    pub pipeline: PathBuf,
    #[command(flatten)]
    pub server: ServerArgs,
    /// Give a parameter of the pipeline its value; may be repeated
    #[arg(short = 'p', long = "param", value_name = "NAME=VALUE", value_parser = name_and_value)]
    pub param: Vec<(String, String)>,
    /// What the run is called [default: the pipeline's name and the time]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// The experiment that it belongs to, which is made if there is none
    #[arg(long, value_name = "NAME")]
    pub experiment: Option<String>,
    /// Runs of higher priority start first
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true)]
    pub priority: i64,
    /// Wait until the run has ended
    #[arg(long)]
    pub wait: bool,
    /// Write the server's answer as one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Submits a run to a server.
pub fn execute(store: &Path, args: &Args) -> Result<Exit> {
    let server = args.server.server(store)?.ok_or_else(|| {
        Error::advised("no server is named", "say `--server http://localhost:8888`; `weft run` runs a pipeline here")
    })?;
    let file = weft::read(&args.pipeline)?;
    if let Some(name) = named_here(&file.pipeline) {
        return Err(Error::advised(
            format!("the pipeline names `{name}`, which is of this machine: the server does not have it"),
            "give components from a registry (`weft push`) or pre-built ones, and data by a URI; or run it on the server's machine with \
             `weft run --store`, and the server shows it",
        ));
    }
    let mut documents = weft::documents(&file.source.text)?.into_iter();
    let spec = match (documents.next(), documents.next()) {
        (Some(pipeline), Some(platform)) => json!({ "pipeline_spec": pipeline, "platform_spec": platform }),
        (spec, _) => spec.unwrap_or_default(),
    };
    let mut parameters = Map::new();
    for (name, text) in &args.param {
        parameters.insert(name.clone(), typed(&file.pipeline, name, text)?);
    }
    let experiment = args.experiment.as_ref().map(|name| experiment(&server, name)).transpose()?;
    let run = server.post(
        "/apis/v2beta1/runs",
        &json!({
            "display_name": args.name,
            "experiment_id": experiment,
            "pipeline_spec": spec,
            "runtime_config": { "parameters": parameters },
            "priority": args.priority,
        }),
    )?;
    let id = run["run_id"].as_str().unwrap_or_default().to_owned();
    if !args.wait {
        tell(&run, &id, args.json)?;
        return Ok(Exit::Success);
    }
    screen::say(format!("Submitted: run {id}"));
    let cancel = interrupt::listen()?;
    loop {
        let run = server.get(&format!("/apis/v2beta1/runs/{}", escaped(&id)))?;
        let exit = match run["state"].as_str() {
            Some("SUCCEEDED" | "SKIPPED") => Exit::Success,
            Some("FAILED") => {
                screen::say(format!(
                    "It failed: {}",
                    run["error"]["message"].as_str().unwrap_or("no reason was recorded")
                ));
                Exit::Failed
            }
            Some("CANCELED") => Exit::Interrupted,
            _ if cancel.is_canceled() => {
                screen::say("No longer waiting; the run goes on");
                Exit::Interrupted
            }
            _ => {
                std::thread::sleep(LOOK_EVERY);
                continue;
            }
        };
        tell(&run, &id, args.json)?;
        return Ok(exit);
    }
}

fn tell(run: &Value, id: &str, json: bool) -> Result<()> {
    if json { output::print_json(run) } else { output::print(id) }
}

/// What a native pipeline names of this machine, if anything: a component's file, one that it imports, a folder that a step is granted.
fn named_here(pipeline: &Pipeline) -> Option<String> {
    if pipeline.format != Format::Native {
        return None;
    }
    let elsewhere = |name: &str| name.starts_with("weft:") || name.contains("://");
    access(pipeline, &BTreeMap::new()).into_iter().find_map(|task| {
        let name = match task.work {
            Work::Component { path, .. } => Some(path.to_owned()),
            Work::Import(source) => source,
            Work::Container { .. } | Work::Store => None,
        };
        let folder = || task.grants.directories.values().next().map(|granted| granted.host.clone());
        name.filter(|name| !elsewhere(name)).or_else(folder)
    })
}

/// A parameter's value from its text, by the type that it has. One that the pipeline does not have is the server's to refuse.
fn typed(pipeline: &Pipeline, name: &str, text: &str) -> Result<Value> {
    // Names may be written with `-` for `_`.
    let fold = |name: &str| name.replace('_', "-");
    let input = pipeline.root.inputs.iter().find(|(known, _)| fold(known) == fold(name));
    match input.map(|(_, input)| &input.port.ty) {
        Some(PortType::Parameter(ty)) => {
            ty.parse(text).map_err(|why| Error::request(format!("the parameter `{name}`: {why}")))
        }
        _ => Ok(text.into()),
    }
}

/// The id of the experiment of this name.
fn experiment(server: &Server, name: &str) -> Result<Value> {
    let filter = json!({ "predicates": [{ "operation": "EQUALS", "key": "display_name", "string_value": name }] });
    let found = server.get(&format!("/apis/v2beta1/experiments?filter={}", escaped(&filter.to_string())))?;
    if let Some(id) = found["experiments"][0].get("experiment_id") {
        return Ok(id.clone());
    }
    Ok(server.post("/apis/v2beta1/experiments", &json!({ "display_name": name }))?["experiment_id"].clone())
}
