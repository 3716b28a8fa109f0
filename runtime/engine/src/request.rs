//! The jobs of tasks: requests of steps, imports, changes of volumes.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use indexmap::IndexMap;
use serde_json::Value;
use weft_metadata::Tx;
use weft_pipeline::command::{TaskContext, WORKSPACE, fill_task_context, fill_template};
use weft_pipeline::model::{Binding, CommandStep, Implementation, Importer, Input, Program, VolumeAction};
use weft_pipeline::step::{
    Artifact, Command, DirectoryGrant, Grants, Limits, PYTHON, PortValue, PortValues, SecretGrant, StepFailure,
    StepRequest,
};
use weft_pipeline::types::{ParameterType, PortType};
use weft_pipeline::yaml::parse_size;

use crate::cache::key::{self, Identity};
use crate::import::{is_uri, local_path};
use crate::inputs::{Unresolved, resolve};
use crate::links;
use crate::run::Run;
use crate::scope::Scope;
use crate::volumes::{self, VolumeChange};
use crate::worker::{ARTIFACT_OUTPUT, Import, Job, hinted_failure, host_failure};

/// A step's request, and its grants as they are recorded and part of its identity: with the names of volumes instead of
/// their directories on the host.
pub(crate) struct PreparedStep {
    pub request: StepRequest,
    pub grants: Grants,
    /// By which an earlier execution is found: the request's identity, and what the values of secrets change of it. These do not count
    /// for the request's own, which seeds randomness: it is the same in every store.
    pub identity: Identity,
}

impl Run<'_> {
    /// The request for a step. `others` are the values that are wired to its task and that its component has no input for.
    pub fn prepare(
        &self,
        tx: &Tx<'_>,
        index: usize,
        mut inputs: PortValues,
        others: &PortValues,
    ) -> Result<PreparedStep, Box<StepFailure>> {
        let node = &self.nodes[index];
        let component = node.step.ok_or_else(|| host_failure("its component is not linked".to_owned(), None))?.clone();
        let command = match &node.component.implementation {
            Implementation::Command(step) => {
                let linked = links::link(tx, self.engine.artifacts, &mut inputs)?;
                Some(Command { linked, ..self.command(index, step, &inputs) })
            }
            _ => None,
        };
        let mut limits = node.task.limits;
        if let Implementation::Command(step) = &node.component.implementation {
            let Limits { memory, time, output } = step.limits;
            limits.memory = match (limits.memory.or(memory), &step.memory_limit) {
                (None, Some(text)) => memory_limit(text, &inputs, others, &self.task_context(Some(index)))?,
                (known, _) => known,
            };
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
        let secrets = self.secrets(index, &inputs)?;
        recorded.secrets.clone_from(&secrets);
        grants.secrets = secrets;
        let strict = self.plan.pipeline.strict;
        let seed = key::step(&component, command.as_ref(), &inputs, &recorded, strict);
        let identity = if recorded.secrets.is_empty() {
            seed
        } else {
            key::with_secrets(&seed, &self.engine.runner.secrets_digest(&recorded.secrets)?)
        };
        let task = node.path.clone();
        let request = StepRequest { task, component, command, inputs, grants, limits, strict, identity: seed };
        Ok(PreparedStep { request, grants: recorded, identity })
    }

    /// The secrets and config maps that a task reads, by where it finds them.
    fn secrets(&self, index: usize, inputs: &PortValues) -> Result<BTreeMap<String, SecretGrant>, Box<StepFailure>> {
        let mut secrets = BTreeMap::new();
        for secret in &self.nodes[index].task.secrets {
            let what = format!("{} at {}", secret.kind, secret.to);
            match self.name_of(&secret.name, &what, index, inputs)? {
                Named::Name(name) => _ = secrets.insert(secret.to.clone(), secret.grant(name)),
                Named::Absent(_) if secret.optional => {}
                Named::Absent(failure) => return Err(failure),
            }
        }
        Ok(secrets)
    }

    /// What a volume or a secret is called.
    fn name_of(
        &self,
        name: &Binding,
        what: &str,
        index: usize,
        inputs: &PortValues,
    ) -> Result<Named, Box<StepFailure>> {
        let scope = Scope { run: self, frame: self.enclosing_dag(index), node: Some(index) };
        let absent = |why: &str| Named::Absent(host_failure(format!("the {what} {why}"), None).into());
        let value = match resolve(name, inputs, &scope) {
            Ok(value) => value,
            Err(Unresolved::Invalid(failure)) => return Err(failure),
            Err(Unresolved::Absent(why)) => return Ok(absent(&why)),
        };
        match value.as_ref() {
            PortValue::Parameter(Value::String(name)) => Ok(Named::Name(name.clone())),
            PortValue::Parameter(Value::Null) => Ok(absent("has no name: what gives it is null")),
            _ => {
                Err(hinted_failure(format!("the name of the {what} is not a string"), "give it its name as text")
                    .into())
            }
        }
    }

    fn command(&self, index: usize, step: &CommandStep, inputs: &PortValues) -> Command {
        let context = self.task_context(Some(index));
        let filled = |text: &String| fill_task_context(text, &context);
        let none =
            Program { path: String::new(), digest: String::new(), argv: Vec::new(), packages: [].into(), python: None };
        let Program { argv, packages, python, .. } = step.program.as_ref().unwrap_or(&none);
        let file = |path: &String| {
            Path::new(path).file_name().map_or_else(|| path.clone(), |name| name.to_string_lossy().into_owned())
        };
        Command {
            argv: argv.iter().map(filled).collect(),
            env: step.env.iter().map(|(name, value)| (name.clone(), filled(value))).collect(),
            directories: step.directories.clone(),
            outputs: self.nodes[index].component.outputs.clone(),
            packages: packages.iter().map(|(path, digest)| (file(path), digest.clone())).collect(),
            programs: python.iter().map(|python| (PYTHON.to_owned(), python.digest.clone())).collect(),
            non_finite: non_finite(&self.nodes[index].component.inputs, inputs),
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
            let volume = match self.name_of(&mount.volume, &format!("volume at {}", mount.path), index, inputs)? {
                Named::Name(volume) => volume,
                Named::Absent(failure) => return Err(failure),
            };
            volumes::check_name(&volume)?;
            mounts.push(VolumeMount {
                path: &mount.path,
                volume,
                sub_path: mount.sub_path.as_deref(),
                write: !mount.read_only,
            });
        }
        let uses_workspace = |command: &Command| {
            command.argv.iter().chain(command.env.values()).any(|text| text.contains(WORKSPACE))
                || inputs
                    .values()
                    .any(|value| matches!(value, PortValue::Parameter(value) if mentions(value, WORKSPACE)))
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
        let output = self.nodes[index].component.outputs.keys().next();
        let output = output.map_or(ARTIFACT_OUTPUT, String::as_str).to_owned();
        let reuse = self.nodes[index].task.cache && self.engine.options.cache;
        Ok(Job::Import(Import { path, written: written.clone(), artifact, output, reuse }))
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

/// The bytes of memory that a parameter gives a step; none if it has no value.
fn memory_limit(
    text: &str,
    inputs: &PortValues,
    others: &PortValues,
    context: &TaskContext,
) -> Result<Option<u64>, Box<StepFailure>> {
    let all: PortValues = others.iter().chain(inputs).map(|(name, value)| (name.clone(), value.clone())).collect();
    let value =
        fill_template(text, &all, context).map_err(|why| host_failure(format!("its memory limit: {why}"), None))?;
    let bytes = match &value {
        Value::Null => return Ok(None),
        Value::String(text) if text.is_empty() => return Ok(None),
        Value::String(text) => parse_size(text),
        other => parse_size(&other.to_string()),
    };
    match bytes {
        Ok(bytes) if bytes > 0 => Ok(Some(bytes)),
        _ => Err(hinted_failure(
            format!("its memory limit is {value}"),
            "give an amount of memory, such as `512Mi` or `2G`",
        )
        .into()),
    }
}

/// The floats among a step's inputs that are not finite: JSON has strings for them.
fn non_finite(declared: &IndexMap<String, Input>, inputs: &PortValues) -> BTreeSet<String> {
    let is_float = |name: &String| {
        let ty = declared.get(name).map(|input| &input.port.ty);
        matches!(ty, Some(PortType::Parameter(ParameterType::F32 | ParameterType::F64)))
    };
    let odd =
        inputs.iter().filter(|(name, value)| matches!(value, PortValue::Parameter(Value::String(_))) && is_float(name));
    odd.map(|(name, _)| name.clone()).collect()
}

/// The name of a volume or a secret.
enum Named {
    Name(String),
    /// What would give it has no value; the failure of a step that needs it.
    Absent(Box<StepFailure>),
}

/// A volume at a place among a step's files.
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

/// Whether a text among a value holds this one.
pub(crate) fn mentions(value: &Value, text: &str) -> bool {
    match value {
        Value::String(one) => one.contains(text),
        Value::Array(items) => items.iter().any(|item| mentions(item, text)),
        Value::Object(fields) => fields.values().any(|field| mentions(field, text)),
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
