//! Sets right what the compiler of the KFP SDK is known to write wrong.
//!
//! A text that a pipeline composes, `f"{prefix}-{item.name}"`, becomes a constant with placeholders, and each value in it an input of the
//! task, `pipelinechannel--NAME`, that every DAG between the value and the task passes on. For values in such texts alone the compiler
//! goes wrong in three ways:
//!
//! - The item of a loop, and what is taken from it (`..-loop-item-subvar-KEY`), it passes on from outside of the loop, where there is none.
//! - What a loop inside another DAG goes over, and the item of a loop around it, it does not pass on.
//! - A value whose type has brackets (`List[str]`) it does not see: the reference `{{channel:task=..;name=..;type=..;}}` stays in the text.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::message::Notes;
use crate::command::references;
use crate::diagnostic::Diagnostic;
use crate::ir::check::MAX_NESTING;
use crate::ir::template;
use crate::link::dags;
use crate::model::{Binding, Component, Dag, Implementation, Input, Items, Location, Pipeline, Task, Wire};
use crate::order;
use crate::signature::{Port, find};
use crate::types::PortType;

/// What the compiler puts before the name of a value that it passes on.
pub(crate) const CHANNEL: &str = "pipelinechannel--";
/// What is in the name of a loop's item, and of what is taken from one.
const ITEM: &str = "loop-item";
/// Between the name of a loop's item and the key of what is taken from it.
const PART: &str = "-subvar-";

/// A DAG by the name of its component; none is the root.
type DagName = Option<String>;

/// Wires every value of a composed text from where it is, and takes out the wires that come from nowhere.
pub(super) fn composed_texts(pipeline: &mut Pipeline, notes: &mut Notes) {
    let mut users: HashMap<String, Vec<(DagName, String)>> = HashMap::new();
    for (dag, tasks) in dags(pipeline) {
        for (name, task) in &tasks.tasks {
            users.entry(task.component.clone()).or_default().push((dag.map(str::to_owned), name.clone()));
        }
    }
    let mut repair =
        Repair { pipeline, users, given: HashMap::new(), outputs: HashMap::new(), nowhere: HashSet::new() };
    repair.references(notes);
    if repair.leaves() {
        for component in components(repair.pipeline) {
            if let Implementation::Dag(dag) = &mut component.implementation {
                order::sort(dag);
            }
        }
    }
    repair.sweep();
}

struct Repair<'p> {
    pipeline: &'p mut Pipeline,
    /// The tasks that each component has the work of.
    users: HashMap<String, Vec<(DagName, String)>>,
    /// Whether an input of a DAG is given wherever that is used.
    given: HashMap<(DagName, String), bool>,
    /// The output parameters of the tasks of a DAG by the names under which they are passed on.
    outputs: HashMap<DagName, HashMap<String, (Binding, Port)>>,
    /// What was looked for in vain.
    nowhere: HashSet<(DagName, String)>,
}

impl Repair<'_> {
    /// Makes placeholders of the references that were left in constants.
    fn references(&mut self, notes: &mut Notes) {
        let places = std::mem::take(&mut self.pipeline.places);
        let named = self.pipeline.components.iter_mut().map(|(name, component)| (Some(name.as_str()), component));
        for (name, component) in named.chain([(None, &mut self.pipeline.root)]) {
            let prefix = name.map(|name| format!("components.{name}.")).unwrap_or_default();
            let Implementation::Dag(dag) = &mut component.implementation else { continue };
            for (name, task) in &mut dag.tasks {
                for (input, channels) in task_references(task) {
                    let what: Vec<String> = channels.iter().map(|channel| format!("`{channel}`")).collect();
                    let warning = format!(
                        "the compiler did not compose the text of the input `{input}` with {}: weft does, KFP passes on a reference",
                        what.join(" and ")
                    );
                    let span = places.get(&format!("{prefix}steps.{name}.with.{input}")).copied();
                    let hint = "pass the value as an argument of its own, and compose the text in the component";
                    notes.warn(Diagnostic::warning(warning).at(span).about("task", name).task(name).hint(hint));
                }
            }
        }
        self.pipeline.places = places;
    }

    /// Wires what tasks that are no DAGs read, and what the loops and conditions of those that are read. Whether anything changed.
    fn leaves(&mut self) -> bool {
        let mut needed: Vec<(DagName, String, String, String)> = Vec::new();
        for (name, dag) in dags(self.pipeline) {
            for (task_name, task) in &dag.tasks {
                let is_dag = self.pipeline.components.get(&task.component).is_some_and(is_dag);
                for (input, wire) in &task.inputs {
                    if let Binding::Input(source) = &wire.from
                        && source.starts_with(CHANNEL)
                        && (!is_dag || reads(task, input))
                    {
                        needed.push((name.map(str::to_owned), task_name.clone(), input.clone(), source.clone()));
                    }
                }
            }
        }
        let mut changed = false;
        for (dag, task, input, source) in needed {
            if self.is_given(&dag, &source, 0) {
                continue;
            }
            let Some((found, _)) = self.find(&dag, &source, Some(&task), 0) else { continue };
            let wires = self.dag_mut(dag.as_deref()).and_then(|dag| dag.tasks.get_mut(&task));
            if let Some(wire) = wires.and_then(|task| task.inputs.get_mut(&input))
                && (wire.select.is_none() || found.select.is_none())
            {
                let select = found.select.or(wire.select.take());
                *wire = Wire { from: found.from, select, at: wire.at };
                changed = true;
            }
        }
        changed
    }

    /// Whether an input of a DAG is there, and every task with the work of that DAG is given it from somewhere.
    fn is_given(&mut self, dag: &DagName, input: &str, depth: usize) -> bool {
        let Some(declared) = self.component(dag.as_deref()).and_then(|component| component.inputs.get(input)) else {
            return false;
        };
        let may_be_absent = declared.port.optional || declared.default.is_some();
        let Some(name) = dag else { return true };
        let key = (dag.clone(), input.to_owned());
        if let Some(known) = self.given.get(&key) {
            return *known;
        }
        self.given.insert(key.clone(), true);
        // Deeper ones are refused.
        let users = if depth > MAX_NESTING { None } else { self.users.get(name).cloned() };
        let is_given = users.into_iter().flatten().all(|(outer, task)| {
            let Some(user) = self.dag(outer.as_deref()).and_then(|dag| dag.tasks.get(&task)) else { return true };
            match user.inputs.get(input).map(|wire| wire.from.clone()) {
                Some(Binding::Input(source)) => self.is_given(&outer, &source, depth + 1),
                Some(Binding::Output { task, output }) => self.gives(outer.as_deref(), &task, &output),
                Some(_) => true,
                None => may_be_absent || user.each.as_ref().is_some_and(|each| each.item == input),
            }
        });
        self.given.insert(key, is_given);
        is_given
    }

    /// Whether a task has an output. Of a task that is not known, the checker tells.
    fn gives(&self, dag: Option<&str>, task: &str, output: &str) -> bool {
        let task = self.dag(dag).and_then(|dag| dag.tasks.get(task));
        let component = task.and_then(|task| self.pipeline.components.get(&task.component));
        component.is_none_or(|component| find(&component.outputs, output).is_some())
    }

    /// From where a task in a DAG can read a value by the name under which it is passed on; DAGs around it pass it on from here on.
    fn find(&mut self, dag: &DagName, channel: &str, reader: Option<&str>, depth: usize) -> Option<(Wire, PortType)> {
        if depth > MAX_NESTING {
            return None;
        }
        for name in [Some(channel), channel.strip_prefix(CHANNEL)].into_iter().flatten() {
            let declared = self.component(dag.as_deref())?.inputs.get(name).map(|input| input.port.ty.clone());
            if let Some(ty @ PortType::Parameter(_)) = declared
                && self.is_given(dag, name, depth)
            {
                return Some((Binding::Input(name.to_owned()).into(), ty));
            }
        }
        let key = (dag.clone(), channel.to_owned());
        if !self.nowhere.insert(key.clone()) {
            return None;
        }
        let found = self
            .part(dag, channel, reader, depth)
            .or_else(|| self.output(dag, channel, reader))
            .or_else(|| self.enclosing(dag, channel, depth))?;
        self.nowhere.remove(&key);
        Some(found)
    }

    /// What is taken from a loop's item.
    fn part(&mut self, dag: &DagName, channel: &str, reader: Option<&str>, depth: usize) -> Option<(Wire, PortType)> {
        let (item, key) = channel.split_once(PART)?;
        let (wire, ty) = self.find(dag, item, reader, depth + 1)?;
        let select = format!("parseJson(string_value)[{}]", Value::from(key));
        wire.select.is_none().then_some((Wire { select: Some(select), ..wire }, ty))
    }

    /// What a task beside the reader gives.
    fn output(&mut self, dag: &DagName, channel: &str, reader: Option<&str>) -> Option<(Wire, PortType)> {
        if !self.outputs.contains_key(dag) {
            let mut outputs = HashMap::new();
            for (name, task) in &self.dag(dag.as_deref())?.tasks {
                let Some(component) = self.pipeline.components.get(&task.component) else { continue };
                for (output, port) in
                    component.outputs.iter().filter(|(_, port)| matches!(port.ty, PortType::Parameter(_)))
                {
                    let binding = Binding::Output { task: name.clone(), output: output.clone() };
                    outputs.insert(format!("{CHANNEL}{name}-{output}"), (binding, port.clone()));
                }
            }
            self.outputs.insert(dag.clone(), outputs);
        }
        let (binding, port) = self.outputs.get(dag)?.get(channel)?;
        let own = matches!(binding, Binding::Output { task, .. } if Some(task.as_str()) == reader);
        (!own).then(|| (binding.clone().into(), port.ty.clone()))
    }

    /// What the DAGs around this one can pass on to it.
    fn enclosing(&mut self, dag: &DagName, channel: &str, depth: usize) -> Option<(Wire, PortType)> {
        let name = dag.as_deref().filter(|name| is_group(name))?;
        let users = self.users.get(name)?.clone();
        let mut found = Vec::with_capacity(users.len());
        for (outer, task) in &users {
            found.push(self.find(outer, channel, Some(task), depth + 1)?);
        }
        let (_, ty) = found.first()?.clone();
        for ((outer, task), (wire, _)) in users.iter().zip(found) {
            let task = self.dag_mut(outer.as_deref())?.tasks.get_mut(task)?;
            task.inputs.insert(channel.to_owned(), wire);
        }
        // It may be absent where it comes from, and is nothing in the text then.
        let input = Input::from(Port::optional(ty.clone()));
        self.pipeline.components.get_mut(name)?.inputs.insert(channel.to_owned(), input);
        self.given.insert((dag.clone(), channel.to_owned()), true);
        Some((Binding::Input(channel.to_owned()).into(), ty))
    }

    /// Takes out the wires by which a loop's item comes to a DAG from where there is none. The inputs at their other ends are declared as
    /// needed, and never read.
    fn sweep(&mut self) {
        let mut vain: Vec<(DagName, String, String)> = Vec::new();
        for (name, dag) in dags(self.pipeline) {
            let inputs = self.component(name).map(|component| &component.inputs);
            for (task_name, task) in &dag.tasks {
                if !self.pipeline.components.get(&task.component).is_some_and(is_dag) {
                    continue;
                }
                for (input, wire) in &task.inputs {
                    let from_nowhere = match &wire.from {
                        Binding::Input(source) => {
                            source.contains(ITEM) && inputs.is_some_and(|inputs| !inputs.contains_key(source))
                        }
                        Binding::Output { task, output } => output.contains(ITEM) && !self.gives(name, task, output),
                        _ => false,
                    };
                    if from_nowhere && !reads(task, input) {
                        vain.push((name.map(str::to_owned), task_name.clone(), input.clone()));
                    }
                }
            }
        }
        let mut unread: Vec<(String, String)> = Vec::new();
        for (dag, task, input) in vain {
            let Some(task) = self.dag_mut(dag.as_deref()).and_then(|dag| dag.tasks.get_mut(&task)) else { continue };
            task.inputs.shift_remove(&input);
            unread.push((task.component.clone(), input));
        }
        // From component to component, each input once.
        while let Some((name, input)) = unread.pop() {
            let Some(component) = self.pipeline.components.get_mut(&name) else { continue };
            let Implementation::Dag(dag) = &component.implementation else { continue };
            let Some(declared) = component.inputs.get_mut(&input).filter(|declared| !declared.port.optional) else {
                continue;
            };
            declared.port.optional = true;
            for task in dag.tasks.values() {
                let passed_on = task.inputs.iter().filter(|(_, wire)| wire.from == Binding::Input(input.clone()));
                unread.extend(passed_on.map(|(name, _)| (task.component.clone(), name.clone())));
            }
        }
    }

    fn component(&self, dag: Option<&str>) -> Option<&Component> {
        dag.map_or(Some(&self.pipeline.root), |name| self.pipeline.components.get(name))
    }

    fn dag(&self, dag: Option<&str>) -> Option<&Dag> {
        match &self.component(dag)?.implementation {
            Implementation::Dag(dag) => Some(dag),
            _ => None,
        }
    }

    fn dag_mut(&mut self, dag: Option<&str>) -> Option<&mut Dag> {
        let component = match dag {
            Some(name) => self.pipeline.components.get_mut(name)?,
            None => &mut self.pipeline.root,
        };
        match &mut component.implementation {
            Implementation::Dag(dag) => Some(dag),
            _ => None,
        }
    }
}

fn components(pipeline: &mut Pipeline) -> impl Iterator<Item = &mut Component> {
    pipeline.components.values_mut().chain([&mut pipeline.root])
}

fn is_dag(component: &Component) -> bool {
    matches!(component.implementation, Implementation::Dag(_))
}

/// Whether a component is what the compiler makes of a loop, a condition or an exit handler: of a pipeline inside another, names of values
/// are its own.
fn is_group(name: &str) -> bool {
    ["comp-for-loop-", "comp-condition-", "comp-exit-handler-"].into_iter().any(|group| name.starts_with(group))
}

/// Whether a task itself reads one of its inputs, rather than its component.
fn reads(task: &Task, input: &str) -> bool {
    let looped = task.each.as_ref().is_some_and(|each| match &each.over {
        Items::Parameter(name) | Items::Artifacts(name) => name == input,
        Items::Literal(_) => false,
    });
    looped
        || task.when.as_ref().is_some_and(|when| when.expression.contains(input))
        || task.inputs.values().any(|wire| {
            matches!(&wire.from, Binding::Template(text) if text.contains(input) && references(text).parameters.contains(input))
        })
}

/// Makes placeholders of the references in a task's constants, and wires what they name. By input, what it was composed with.
fn task_references(task: &mut Task) -> Vec<(String, Vec<String>)> {
    let mut composed = Vec::new();
    let mut channels: Vec<(String, Location)> = Vec::new();
    for (name, wire) in &mut task.inputs {
        let constant = match &wire.from {
            Binding::Literal(value) => Some(value.clone()),
            Binding::Template(text) => template::constant(text, wire.select.as_deref()),
            _ => None,
        };
        let Some(mut constant) = constant else { continue };
        let mut found = Vec::new();
        replace_references(&mut constant, &mut found);
        if found.is_empty() {
            continue;
        }
        (wire.from, wire.select) = template::binding(constant);
        channels.extend(found.iter().map(|channel| (format!("{CHANNEL}{channel}"), wire.at)));
        composed.push((name.clone(), found));
    }
    for (channel, at) in channels {
        let wire = Wire { at, ..Binding::Input(channel.clone()).into() };
        task.inputs.entry(channel).or_insert(wire);
    }
    composed
}

fn replace_references(value: &mut Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.contains("{{channel:task=") => *text = replaced(text, found),
        Value::Array(items) => items.iter_mut().for_each(|item| replace_references(item, found)),
        Value::Object(fields) => fields.values_mut().for_each(|field| replace_references(field, found)),
        _ => {}
    }
}

/// `{{channel:task=produce;name=Output;type=typing.List[str];}}` as a placeholder.
fn replaced(text: &str, found: &mut Vec<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("{{channel:task=") {
        let (before, reference) = rest.split_at(at);
        out.push_str(before);
        if let Some((channel, after)) = channel(reference) {
            out.push_str("{{$.inputs.parameters['");
            out.push_str(CHANNEL);
            out.push_str(&channel);
            out.push_str("']}}");
            if !found.contains(&channel) {
                found.push(channel);
            }
            rest = after;
        } else {
            out.push_str("{{");
            rest = &reference[2..];
        }
    }
    out.push_str(rest);
    out
}

/// The name of the value that a reference is to, and what follows it.
fn channel(text: &str) -> Option<(String, &str)> {
    let (task, rest) = text.strip_prefix("{{channel:task=")?.split_once(";name=")?;
    let (name, rest) = rest.split_once(";type=")?;
    let (_, after) = rest.split_once(";}}")?;
    let plain = |name: &str| name.chars().all(|c| c.is_alphanumeric() || "-_ ".contains(c));
    let channel = if task.is_empty() { name.to_owned() } else { format!("{task}-{name}") };
    (plain(&channel) && !name.is_empty()).then_some((channel, after))
}
