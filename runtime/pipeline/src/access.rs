//! What the tasks of a pipeline may touch besides the inputs that they are given: for who looks before a run, and for policies.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value;

use crate::command::uri;
use crate::model::{Binding, Component, Dag, Implementation, Location, Pipeline, Task};
use crate::step::{Grants, Limits, SecretKind};

/// What one task may touch.
#[derive(Debug, Clone, PartialEq)]
pub struct Access<'p> {
    /// The task; inside a nested pipeline `outer/inner`. Of a DAG that several tasks run, the first is named.
    pub task: String,
    /// Where the task is written.
    pub at: Location,
    /// What does its work.
    pub work: Work<'p>,
    /// What it is granted, but for secrets.
    pub grants: &'p Grants,
    /// The secrets and config maps that it reads.
    pub secrets: Vec<SecretAccess<'p>>,
    /// The volumes of the store that it mounts, by their places inside.
    pub volumes: Vec<&'p str>,
    /// Its limits, none where the runtime's apply.
    pub limits: Limits,
}

/// A secret or config map that a task reads.
#[derive(Debug, Clone, PartialEq)]
pub struct SecretAccess<'p> {
    /// Which of both.
    pub kind: SecretKind,
    /// Its name, if that is known before the run.
    pub name: Option<String>,
    /// Its key; none for all of them.
    pub key: Option<&'p str>,
    /// Where the step finds it.
    pub to: &'p str,
}

/// What does the work of a task.
#[derive(Debug, Clone, PartialEq)]
pub enum Work<'p> {
    /// A component: its path as written and, once it is linked, its digest.
    Component {
        /// The path.
        path: &'p str,
        /// The digest.
        digest: Option<&'p str>,
    },
    /// A container: its image, and the digests of the programs that run it.
    Container {
        /// The image.
        image: &'p str,
        /// The digests.
        programs: Vec<&'p str>,
    },
    /// The runtime itself, which imports a file, folder or URI; its name, if that is known before the run.
    Import(Option<String>),
    /// The runtime itself, in the store alone.
    Store,
}

/// What each task may touch, in the order of the file: each DAG once, however many tasks run it. `parameters` are the values of the pipeline's
/// parameters.
pub fn access<'p>(pipeline: &'p Pipeline, parameters: &BTreeMap<String, Value>) -> Vec<Access<'p>> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    let mut waiting = vec![(&pipeline.root, String::new())];
    while let Some((component, path)) = waiting.pop() {
        let Implementation::Dag(dag) = &component.implementation else { continue };
        let is_root = std::ptr::eq(component, &raw const pipeline.root);
        let known = |binding: &Binding| match binding {
            Binding::Literal(Value::String(text)) => Some(text.clone()),
            Binding::Input(name) if is_root => {
                let default = || component.inputs.get(name)?.default.as_ref();
                parameters.get(name).or_else(default).and_then(Value::as_str).map(str::to_owned)
            }
            _ => None,
        };
        let mut below = Vec::new();
        for (name, task) in &dag.tasks {
            let path = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
            let Some(inner) = pipeline.components.get(&task.component) else { continue };
            if let Implementation::Dag(Dag { .. }) = inner.implementation {
                if seen.insert(task.component.as_str()) {
                    below.push((inner, path));
                }
            } else {
                found.push(of(task, inner, path, &known));
            }
        }
        // The first of them comes next.
        waiting.extend(below.into_iter().rev());
    }
    found
}

fn of<'p>(
    task: &'p Task,
    component: &'p Component,
    path: String,
    known: &dyn Fn(&Binding) -> Option<String>,
) -> Access<'p> {
    let mut limits = task.limits;
    let work = match &component.implementation {
        Implementation::Wasm(step) => Work::Component { path: &step.path, digest: step.digest.as_deref() },
        Implementation::Command(step) => {
            limits.memory = limits.memory.or(step.limits.memory);
            limits.time = limits.time.or(step.limits.time);
            limits.output = limits.output.or(step.limits.output);
            let programs = step.program.iter().flat_map(|program| {
                std::iter::once(program.digest.as_str())
                    .chain(program.python.as_ref().map(|called| called.digest.as_str()))
            });
            Work::Container { image: &step.image, programs: programs.collect() }
        }
        Implementation::Import(importer) => Work::Import(match &importer.source {
            // An input of the importer, which its task is wired with.
            Binding::Input(name) => match task.inputs.get(name) {
                Some(wire) if wire.select.is_none() => known(&wire.from),
                Some(_) => None,
                None => known(&importer.source),
            },
            source => known(source),
        }),
        _ => Work::Store,
    };
    let secrets = task.secrets.iter().map(|secret| SecretAccess {
        kind: secret.kind,
        name: known(&secret.name),
        key: secret.key.as_deref(),
        to: &secret.to,
    });
    Access {
        task: path,
        at: task.at,
        work,
        grants: &task.grants,
        secrets: secrets.collect(),
        volumes: task.mounts.iter().map(|mount| mount.path.as_str()).collect(),
        limits,
    }
}

impl Access<'_> {
    /// What it may touch besides its inputs and outputs, one line each; none if nothing. Secrets are told by [`crate::secrets::needed`].
    pub fn lines(&self) -> Vec<String> {
        let grants = self.grants;
        let mut lines = Vec::new();
        if let Work::Import(source) = &self.work {
            lines.push(match source {
                Some(source) if uri::is_fetchable(source) => format!("reads {} from the network", uri::shown(source)),
                Some(source) => format!("reads {source}"),
                None => "reads a file, a folder or what is elsewhere, which is named when it runs".to_owned(),
            });
        }
        lines.extend(grants.net.iter().map(|to| format!("connects to {to}")));
        for (inside, directory) in &grants.directories {
            let verb = if directory.write { "reads and writes" } else { "reads" };
            lines.push(format!("{verb} the directory {} of this machine, at {inside}", directory.host));
        }
        lines.extend(self.volumes.iter().map(|inside| format!("reads and writes a volume of the store, at {inside}")));
        lines.extend(grants.env.iter().map(|name| match name.strip_suffix('?') {
            Some(name) => format!("reads the environment variable {name}, if it is set"),
            None => format!("reads the environment variable {name}"),
        }));
        if grants.clock {
            lines.push("reads this machine's clock".to_owned());
        }
        if grants.random {
            lines.push("draws this machine's randomness".to_owned());
        }
        if let Work::Container { programs, .. } = &self.work
            && programs.iter().any(|digest| digest.starts_with(crate::step::HOST_PYTHON))
        {
            lines.push("runs unsandboxed on this machine's Python: it can touch all that you can".to_owned());
        }
        lines
    }
}
