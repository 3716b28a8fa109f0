//! The reads of each step, and whether it is wrapped in a DAG.
//!
//! In KFP, a task is skipped if any upstream task is. Natively, it runs where it only tests an output
//! (`has(step.output)`) or where its input is optional: such a step is *loose*. It gets the trigger that waits for all
//! tasks in any state, and its condition starts with tests for everything that is required.

use std::collections::{BTreeMap, HashSet};

use super::condition;
use super::names::Names;
use crate::diagnostic::{Diagnostic, Problems};
use crate::model::{Binding, Dag, Implementation, Importer, Pipeline, Task};
use crate::order;
use crate::signature::{Port, find};
use crate::types::PortType;

/// The source of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source<'p> {
    /// A parameter of the pipeline.
    Parameter(&'p str),
    /// An output of a step.
    Output(&'p str, &'p str),
}

/// A value that a step or its condition reads.
#[derive(Debug, Clone)]
pub(super) struct Read<'p> {
    pub source: Source<'p>,
    pub channel: String,
    pub port: &'p Port,
    /// It may be absent.
    pub optional: bool,
}

/// How a step is converted.
#[derive(Debug, Default)]
pub(super) struct Plan<'p> {
    /// All values that it reads, each once.
    pub reads: Vec<Read<'p>>,
    /// The converted condition.
    pub condition: Option<String>,
    /// Whether it runs although an upstream task was skipped.
    pub loose: bool,
}

impl Plan<'_> {
    /// Whether the step is wrapped in a DAG.
    pub(super) fn wrapped(&self) -> bool {
        self.condition.is_some()
    }
}

/// Plans every step.
pub(super) fn plans<'p>(
    pipeline: &'p Pipeline,
    dag: &'p Dag,
    names: &Names<'p>,
    problems: &mut Problems,
) -> BTreeMap<&'p str, Plan<'p>> {
    let skippable = skippable(pipeline, dag);
    let planner = Planner { pipeline, dag, names, skippable };
    dag.tasks.iter().map(|(name, task)| (name.as_str(), planner.plan(name, task, problems))).collect()
}

/// The steps that may be skipped.
fn skippable<'p>(pipeline: &'p Pipeline, dag: &'p Dag) -> HashSet<&'p str> {
    let mut skippable = HashSet::new();
    for name in order::topological(dag).unwrap_or_default() {
        let Some(task) = dag.tasks.get(name) else { continue };
        let component = pipeline.components.get(&task.component);
        let needed = |input: &str| {
            let declared = component.and_then(|component| find(&component.inputs, input));
            declared.is_none_or(|(_, input)| !input.port.optional)
        };
        let starves = task.inputs.iter().any(|(input, wire)| match &wire.from {
            Binding::Output { task, output } => {
                needed(input)
                    && (skippable.contains(task.as_str())
                        || port(pipeline, dag, task, output).is_some_and(|port| port.optional))
            }
            _ => false,
        });
        if task.when.is_some() || starves || task.after.iter().any(|on| skippable.contains(on.as_str())) {
            skippable.insert(name);
        }
    }
    skippable
}

fn port<'p>(pipeline: &'p Pipeline, dag: &'p Dag, task: &str, output: &str) -> Option<&'p Port> {
    let component = pipeline.components.get(&dag.tasks.get(task)?.component)?;
    find(&component.outputs, output).map(|(_, port)| port)
}

struct Planner<'p, 'n> {
    pipeline: &'p Pipeline,
    dag: &'p Dag,
    names: &'n Names<'p>,
    skippable: HashSet<&'p str>,
}

impl<'p> Planner<'p, '_> {
    fn plan(&self, name: &'p str, task: &'p Task, problems: &mut Problems) -> Plan<'p> {
        let mut plan = Plan::default();
        // The outputs that are required for the step to run.
        let mut needed: Vec<(&'p str, &'p str)> = Vec::new();
        let component = self.pipeline.components.get(&task.component);
        for (input, wire) in &task.inputs {
            let source = match &wire.from {
                Binding::Input(parameter) => Source::Parameter(parameter),
                Binding::Output { task, output } => Source::Output(task, output),
                _ => continue,
            };
            self.read(source, &mut plan.reads);
            let declared = component.and_then(|component| find(&component.inputs, input));
            let optional = declared.is_some_and(|(_, input)| input.port.optional);
            if let Source::Output(from, output) = source {
                if !optional {
                    needed.push((from, output));
                }
                let absent = port(self.pipeline, self.dag, from, output).is_some_and(|port| port.optional);
                if absent && optional && !self.is_latest(from) {
                    let warning = format!(
                        "the input `{input}` of the step `{name}` may find nothing: not every version of KFP goes on without an input"
                    );
                    let at = self.pipeline.places.get(&format!("steps.{name}.with.{input}")).copied();
                    problems.push(Diagnostic::warning(warning).task(name).at(at));
                }
            }
        }
        if let Some(component) = component
            && let Implementation::Import(Importer { source: Binding::Input(parameter), .. }) =
                &component.implementation
        {
            self.read(Source::Parameter(parameter), &mut plan.reads);
        }
        let mut asked: Vec<&'p str> = Vec::new();
        if let Some(when) = &task.when {
            let at = self.pipeline.places.get(&format!("steps.{name}.when")).copied();
            let mut reads = Vec::new();
            let translated = condition::translate(&when.expression, &mut |root, output| {
                let source = self.named(root, output)?;
                let read = self.read(source, &mut reads).ok_or("it reads what is not there")?;
                Ok((read.channel.clone(), read.port.ty.clone()))
            });
            match translated {
                Ok(translated) => {
                    if translated.compares_uris {
                        let warning = format!(
                            "the condition of the step `{name}` reads where an artifact lies: on KFP equal content may lie at two places"
                        );
                        problems.push(Diagnostic::warning(warning).task(name).at(at));
                    }
                    plan.condition = Some(translated.expression);
                }
                Err(why) => {
                    problems.push(
                        Diagnostic::error(format!("KFP cannot be told the condition of the step `{name}`: {why}"))
                            .task(name)
                            .at(at),
                    );
                    // The rest is checked even if the condition cannot be converted.
                    plan.condition = Some("true".to_owned());
                }
            }
            for read in reads {
                if let Source::Output(task, _) = read.source {
                    asked.push(task);
                }
                if plan.reads.iter().all(|known| known.source != read.source) {
                    plan.reads.push(read);
                }
            }
        }
        self.loosen(name, task, &needed, &asked, &mut plan, problems);
        plan
    }

    /// Whether the step is loose, and the tests that it then needs.
    fn loosen(
        &self,
        name: &str,
        task: &'p Task,
        needed: &[(&'p str, &'p str)],
        asked: &[&'p str],
        plan: &mut Plan<'p>,
        problems: &mut Problems,
    ) {
        let tolerated = |on: &str| {
            self.skippable.contains(on) && !task.after.contains(on) && !needed.iter().any(|(task, _)| *task == on)
        };
        let dependencies = task.dependencies();
        let Some(on) = dependencies.iter().find(|on| tolerated(on)) else { return };
        plan.loose = true;
        let warning = format!(
            "the step `{name}` goes on where `{on}` is skipped, which not every version of KFP's back end lets it"
        );
        problems.push(
            Diagnostic::warning(warning).task(name).at(self.pipeline.places.get(&format!("steps.{name}")).copied()),
        );
        let mut guards: Vec<String> = Vec::new();
        for (task, output) in needed {
            if let Some(read) = self.read(Source::Output(task, output), &mut plan.reads) {
                guards.push(presence(&read));
            }
        }
        // Steps in `after` and those that the condition requires must have succeeded, which an output that is always
        // present shows.
        let granted = asked.iter().copied().filter(|on| !self.skippable.contains(on));
        let others: Vec<&str> = task.after.iter().map(String::as_str).chain(granted).collect();
        for on in others {
            if needed.iter().any(|(task, _)| *task == on) {
                continue;
            }
            match self.witness(on, &plan.reads).and_then(|source| self.read(source, &mut plan.reads)) {
                Some(read) => guards.push(presence(&read)),
                None if self.is_latest(on) => {}
                None => {
                    let warning = format!(
                        "on KFP the step `{name}` does not wait for the success of `{on}`, which gives nothing to tell it by"
                    );
                    problems.push(Diagnostic::warning(warning).task(name));
                }
            }
        }
        guards.dedup();
        let mut unique: Vec<String> = Vec::new();
        for guard in guards {
            if !unique.contains(&guard) {
                unique.push(guard);
            }
        }
        let own =
            plan.condition.take().map(|condition| if unique.is_empty() { condition } else { format!("({condition})") });
        let all: Vec<String> = unique.into_iter().chain(own).collect();
        plan.condition = (!all.is_empty()).then(|| all.join(" && "));
    }

    fn is_latest(&self, task: &str) -> bool {
        let component = self.dag.tasks.get(task).and_then(|task| self.pipeline.components.get(&task.component));
        component.is_some_and(|component| matches!(component.implementation, Implementation::Latest(_)))
    }

    /// An output that a step always has, preferably one that is read anyway.
    fn witness(&self, task: &str, reads: &[Read<'p>]) -> Option<Source<'p>> {
        let known =
            reads.iter().find(|read| !read.port.optional && matches!(read.source, Source::Output(of, _) if of == task));
        if let Some(read) = known {
            return Some(read.source);
        }
        let (name, task) = self.dag.tasks.get_key_value(task)?;
        let component = self.pipeline.components.get(&task.component)?;
        let (output, _) = component.outputs.iter().find(|(_, port)| !port.optional)?;
        Some(Source::Output(name, output))
    }

    /// The values that a condition names.
    fn named(&self, root: condition::Named<'_>, output: &str) -> Result<Source<'p>, String> {
        match root {
            condition::Named::Params => {
                let found = find(&self.pipeline.root.inputs, output);
                found
                    .map(|(name, _)| Source::Parameter(name))
                    .ok_or_else(|| format!("there is no parameter `{output}`"))
            }
            condition::Named::Task(task) => {
                let known = self.dag.tasks.get_key_value(task);
                let known = known.or_else(|| self.dag.tasks.iter().find(|(name, _)| name.replace('-', "_") == task));
                let (name, task) = known.ok_or_else(|| format!("there is no step `{task}`"))?;
                let component = self.pipeline.components.get(&task.component);
                let found = component.and_then(|component| find(&component.outputs, output));
                let (output, _) = found.ok_or_else(|| format!("the step `{name}` has no output `{output}`"))?;
                Ok(Source::Output(name, output))
            }
        }
    }

    /// Adds a value to the reads, unless it is there.
    fn read(&self, source: Source<'p>, reads: &mut Vec<Read<'p>>) -> Option<Read<'p>> {
        if let Some(known) = reads.iter().find(|known| known.source == source) {
            return Some(known.clone());
        }
        let (port, optional) = match source {
            Source::Parameter(name) => {
                let (_, input) = find(&self.pipeline.root.inputs, name)?;
                (&input.port, input.port.optional && input.default.as_ref().is_none_or(serde_json::Value::is_null))
            }
            Source::Output(task, output) => {
                let port = port(self.pipeline, self.dag, task, output)?;
                (port, port.optional || self.skippable.contains(task))
            }
        };
        let read = Read { source, channel: self.names.channel(&source), port, optional };
        reads.push(read.clone());
        Some(read)
    }
}

/// The test that a value is present.
fn presence(read: &Read<'_>) -> String {
    condition::presence(&read.channel, matches!(read.port.ty, PortType::Artifact { .. }))
}
