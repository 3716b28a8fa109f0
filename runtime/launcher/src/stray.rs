//! What a command left that nobody will find.

use weft_pipeline::command::EXECUTOR_OUTPUT;
use weft_pipeline::step::Command;
use weft_pipeline::types::PortType;

use crate::executor_output::ExecutorOutput;
use crate::guest_path::shorten;
use crate::located::{Content, Found};
use crate::work_dir::WorkDir;

/// Files that are warned of by name.
const MAX_NAMED: usize = 10;
/// Files that are looked at.
const MAX_FILES: usize = 1_000;

impl WorkDir {
    /// Warns of files beside the output artifacts: they are no part of any.
    pub(crate) fn beside(&self, command: &Command, found: &[Found<'_>]) -> Vec<String> {
        let dir = self.layout.outputs();
        let Ok(location) = self.guest_path("outputs", &dir) else { return Vec::new() };
        let below = format!("{}/", location.shown);
        let name_in = |path: &str| Some(path.strip_prefix(&below)?.split('/').next()?.to_owned());
        let mut known: Vec<String> = vec![EXECUTOR_OUTPUT.to_owned()];
        known.extend(found.iter().filter_map(|found| match &found.content {
            Content::At(location) => name_in(&location.shown),
            Content::Stored(_) => None,
        }));
        let own = |port: &str| self.layout.output(port).strip_prefix(&format!("{dir}/")).map(str::to_owned);
        let artifacts: Vec<(&str, String)> = command
            .outputs
            .iter()
            .filter(|(_, port)| matches!(port.ty, PortType::Artifact { .. }))
            .filter_map(|(name, _)| Some((name.as_str(), own(name)?)))
            .collect();
        let Ok(entries) = location.dir.read_dir(&location.path) else { return Vec::new() };
        let mut names: Vec<String> = entries
            .take(MAX_FILES)
            .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
            .filter(|name| !known.contains(name) && !artifacts.iter().any(|(_, own)| own == name))
            .collect();
        names.sort();
        let more = names.len().saturating_sub(MAX_NAMED);
        let mut warnings: Vec<String> = names.iter().take(MAX_NAMED).map(|name| beside_of(name, &artifacts)).collect();
        if more > 0 {
            warnings.push(format!("{more} more files beside its outputs are not kept"));
        }
        warnings
    }
}

/// The warning of a file, by the output whose name it begins with.
fn beside_of(name: &str, artifacts: &[(&str, String)]) -> String {
    let shown = shorten(name);
    let closest = artifacts.iter().filter(|(_, own)| name.starts_with(own.as_str())).max_by_key(|(_, own)| own.len());
    match closest.or_else(|| artifacts.first().filter(|_| artifacts.len() == 1)) {
        Some((port, _)) => format!(
            "`{shown}` was written beside the output `{port}` and is not kept: an artifact is what is at its own path. \
             Make that path a directory and write into it, `os.makedirs({port}.path)` and \
             `os.path.join({port}.path, \"{shown}\")`; whoever reads it finds it there"
        ),
        None => format!(
            "`{shown}` was written beside the outputs and is not kept: an artifact is what is at its own path. \
             Declare an output for it"
        ),
    }
}

/// Warns of outputs that the command told of and does not declare.
pub(crate) fn undeclared(command: &Command, reported: &ExecutorOutput) -> Vec<String> {
    let is_parameter =
        |name: &str| matches!(command.outputs.get(name).map(|port| &port.ty), Some(PortType::Parameter(_)));
    let is_artifact =
        |name: &str| matches!(command.outputs.get(name).map(|port| &port.ty), Some(PortType::Artifact { .. }));
    let parameters = reported.parameters.keys().filter(|name| !is_parameter(name)).map(|name| ("parameter", name));
    let artifacts = reported.artifacts.keys().filter(|name| !is_artifact(name)).map(|name| ("artifact", name));
    let all: Vec<_> = parameters.chain(artifacts).collect();
    let one = |(kind, name): &(&str, &String)| {
        format!(
            "its executor output holds an output {kind} `{}` that it does not declare, and which is not kept: declare it among the \
             component's outputs",
            shorten(name)
        )
    };
    all.iter().take(MAX_NAMED).map(one).collect()
}

/// The warning of an artifact that is said to be where nothing is.
pub(crate) fn nothing_there(port: &str, path: &str) -> String {
    format!(
        "its output `{port}` is said to be at `{}`, where there is nothing: it is an empty file. Write it there, or leave \
         its URI as it was",
        shorten(path)
    )
}
