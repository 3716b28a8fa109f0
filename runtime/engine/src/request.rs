//! The jobs of tasks: requests of steps, imports, changes of volumes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use weft_metadata::Tx;
use weft_pipeline::command::{TaskContext, WORKSPACE, fill_task_context, fill_template};
use weft_pipeline::model::{Binding, CommandStep, Implementation, Importer, Program, VolumeAction};
use weft_pipeline::step::{
    Artifact, Command, DirectoryGrant, Grants, Limits, PortValue, PortValues, StepFailure, StepRequest,
};

use crate::cache::key;
use crate::import::{is_uri, local_path};
use crate::inputs::{Unresolved, resolve};
use crate::links;
use crate::run::Run;
use crate::scope::Scope;
use crate::volumes::{self, VolumeChange};
use crate::worker::{Import, Job, hinted_failure, host_failure};

/// A step's request, and its grants as they are recorded and part of its identity: with the names of volumes instead of
/// their directories on the host.
pub(crate) struct PreparedStep {
    pub request: StepRequest,
    pub grants: Grants,
}

impl Run<'_> {
    /// The request for a step.
    pub fn prepare(&self, tx: &Tx<'_>, index: usize, mut inputs: PortValues) -> Result<PreparedStep, Box<StepFailure>> {
        let node = &self.nodes[index];
        let component = node.step.ok_or_else(|| host_failure("its component is not linked".to_owned(), None))?.clone();
        let command = match &node.component.implementation {
            Implementation::Command(step) => {
                let linked = links::link(tx, self.engine.artifacts, &mut inputs)?;
                Some(Command { linked, ..self.command(index, step) })
            }
            _ => None,
        };
        let mut limits = node.task.limits;
        if let Implementation::Command(step) = &node.component.implementation {
            let Limits { memory, time, output } = step.limits;
            limits.memory = limits.memory.or(memory);
            limits.time = limits.time.or(time);
            limits.output = limits.output.or(output);
        }
        let mut recorded = node.task.grants.clone();
        let mut grants = node.task.grants.clone();
        for directory in grants.directories.values_mut() {
            directory.host = self.base_dir.join(&directory.host).to_string_lossy().into_owned();
        }
        for mount in self.mounts(index, command.as_ref(), &inputs)? {
            let host = volumes::directory(self.engine.volumes, &mount.volume, mount.sub_path)?;
            let host = host.to_string_lossy().into_owned();
            grants.directories.insert(mount.path.to_owned(), DirectoryGrant { host, write: mount.write });
            recorded
                .directories
                .insert(mount.path.to_owned(), DirectoryGrant { host: mount.name(), write: mount.write });
        }
        let identity = key::step(&component, command.as_ref(), &inputs, &recorded);
        let task = node.path.clone();
        let request = StepRequest { task, component, command, inputs, grants, limits, identity };
        Ok(PreparedStep { request, grants: recorded })
    }

    fn command(&self, index: usize, step: &CommandStep) -> Command {
        let context = self.task_context(Some(index));
        let filled = |text: &String| fill_task_context(text, &context);
        let none = Program { path: String::new(), digest: String::new(), argv: Vec::new(), packages: [].into() };
        let Program { argv, packages, .. } = step.program.as_ref().unwrap_or(&none);
        let file = |path: &String| {
            Path::new(path).file_name().map_or_else(|| path.clone(), |name| name.to_string_lossy().into_owned())
        };
        Command {
            argv: argv.iter().map(filled).collect(),
            env: step.env.iter().map(|(name, value)| (name.clone(), filled(value))).collect(),
            directories: step.directories.clone(),
            outputs: self.nodes[index].component.outputs.clone(),
            packages: packages.iter().map(|(path, digest)| (file(path), digest.clone())).collect(),
            linked: BTreeMap::new(),
        }
    }

    /// The volumes of a step: those of its task, and the run's workspace for a command that refers to it.
    fn mounts<'a>(
        &'a self,
        index: usize,
        command: Option<&Command>,
        inputs: &PortValues,
    ) -> Result<Vec<VolumeMount<'a>>, Box<StepFailure>> {
        let mut mounts = Vec::new();
        for mount in &self.nodes[index].task.mounts {
            let scope = Scope { run: self, frame: self.enclosing_dag(index), node: Some(index) };
            let volume = match resolve(&mount.volume, inputs, &scope) {
                Ok(value) => value,
                Err(Unresolved::Invalid(failure)) => return Err(failure),
                Err(Unresolved::Absent(why)) => {
                    return Err(host_failure(format!("the volume at {} {why}", mount.path), None).into());
                }
            };
            let PortValue::Parameter(Value::String(volume)) = volume.as_ref() else {
                return Err(hinted_failure(
                    format!("the name of the volume at {} is not a string", mount.path),
                    "give it the volume's name",
                )
                .into());
            };
            volumes::check_name(volume)?;
            mounts.push(VolumeMount {
                path: &mount.path,
                volume: volume.clone(),
                sub_path: mount.sub_path.as_deref(),
                write: !mount.read_only,
            });
        }
        let uses_workspace = |command: &Command| {
            command.argv.iter().chain(command.env.values()).any(|text| text.contains(WORKSPACE))
                || inputs
                    .values()
                    .any(|value| matches!(value, PortValue::Parameter(value) if mentions_workspace(value)))
        };
        if self.plan.pipeline.workspace && command.is_some_and(uses_workspace) {
            let volume = volumes::workspace(&self.key.run);
            mounts.push(VolumeMount { path: WORKSPACE, volume, sub_path: None, write: true });
        }
        Ok(mounts)
    }

    /// The job of an importer.
    pub fn import(&self, index: usize, importer: &Importer, inputs: &PortValues) -> Result<Job, Box<StepFailure>> {
        let scope = Scope { run: self, frame: self.enclosing_dag(index), node: Some(index) };
        // The path may be an input of the importer, as in KFP, or of the enclosing DAG, as in native pipelines.
        let own = match &importer.source {
            Binding::Input(name) => inputs.get(name),
            _ => None,
        };
        let source = match own {
            Some(own) => Cow::Borrowed(own),
            None => resolve(&importer.source, inputs, &scope).map_err(|missing| match missing {
                Unresolved::Absent(why) => Box::new(host_failure(format!("its path {why}"), None)),
                Unresolved::Invalid(failure) => failure,
            })?,
        };
        let PortValue::Parameter(Value::String(written)) = source.as_ref() else {
            return Err(hinted_failure("its path is not a string", "give the path of a file or directory").into());
        };
        let context = scope.task_context();
        let mut properties = BTreeMap::new();
        for (name, value) in &importer.properties {
            let name = fill_text(name, inputs, &context)?;
            let value = fill_value(value, inputs, &context)?;
            properties.insert(name, value);
        }
        let artifact = Artifact { id: None, kind: importer.kind.clone(), uri: String::new(), name: None, properties };
        let path = (!is_uri(written)).then(|| self.base_dir.join(local_path(written).as_ref()));
        Ok(Job::Import(Import { path, written: written.clone(), artifact }))
    }

    /// The job of creating or deleting a volume.
    pub fn volume(&self, action: VolumeAction, inputs: PortValues) -> Result<Job, Box<StepFailure>> {
        let name = volumes::name(action, &inputs, &self.key.run)?;
        let directory = self.engine.volumes.join(&name);
        if action == VolumeAction::Delete {
            let uses = |job: &Job| match job {
                Job::Step(request) => {
                    request.grants.directories.values().any(|grant| Path::new(&grant.host).starts_with(&directory))
                }
                _ => false,
            };
            let at_work = self.nodes.iter().find(|node| node.job.as_deref().is_some_and(uses));
            if let Some(node) = at_work {
                return Err(hinted_failure(
                    format!("the volume `{name}` is still in use: `{}` is at work on it", node.path),
                    "let it be removed after the tasks that mount it: `.after(...)`",
                )
                .into());
            }
        }
        Ok(Job::Volume(VolumeChange { action, name, directory, inputs }))
    }
}

/// A volume that is mounted in a step.
struct VolumeMount<'a> {
    path: &'a str,
    volume: String,
    sub_path: Option<&'a str>,
    write: bool,
}

impl VolumeMount<'_> {
    /// Its name for the record and the identity, independent of its directory on the host.
    fn name(&self) -> String {
        match self.sub_path {
            Some(sub_path) => format!("volume:{}/{sub_path}", self.volume),
            None => format!("volume:{}", self.volume),
        }
    }
}

fn mentions_workspace(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(WORKSPACE),
        Value::Array(items) => items.iter().any(mentions_workspace),
        Value::Object(fields) => fields.values().any(mentions_workspace),
        _ => false,
    }
}

/// Fills in the placeholders in a value, including those in names of fields.
fn fill_value(value: &Value, inputs: &PortValues, context: &TaskContext) -> Result<Value, Box<StepFailure>> {
    Ok(match value {
        Value::String(text) if text.contains("{{$") => {
            fill_template(text, inputs, context).map_err(|why| host_failure(format!("its metadata: {why}"), None))?
        }
        Value::Array(items) => {
            items.iter().map(|item| fill_value(item, inputs, context)).collect::<Result<Vec<_>, _>>()?.into()
        }
        Value::Object(fields) => {
            let filled = fields
                .iter()
                .map(|(name, value)| Ok((fill_text(name, inputs, context)?, fill_value(value, inputs, context)?)));
            Value::Object(filled.collect::<Result<_, Box<StepFailure>>>()?)
        }
        other => other.clone(),
    })
}

fn fill_text(text: &str, inputs: &PortValues, context: &TaskContext) -> Result<String, Box<StepFailure>> {
    match fill_value(&Value::from(text), inputs, context)? {
        Value::String(text) => Ok(text),
        other => Ok(other.to_string()),
    }
}
