//! Linking: the signatures of its Wasm components are added to a pipeline.

use std::collections::HashMap;

use indexmap::IndexMap;

use crate::diagnostic::{Diagnostic, Problems};
use crate::model::{
    Binding, ConditionVariables, Dag, Format, Implementation, Input, Items, Pipeline, Span, Task, WasmStep,
};
use crate::signature::{Port, Signature, find};
use crate::types::PortType;

mod declared;

/// A Wasm component that a pipeline needs.
#[derive(Debug, Clone, PartialEq)]
pub struct WasmReference<'a> {
    /// Its name in [`Pipeline::components`].
    pub component: &'a str,
    /// Its file and function.
    pub step: &'a WasmStep,
    /// A task that uses it.
    pub task: Option<&'a str>,
    /// The place in the file that names the component.
    pub at: Option<Span>,
}

/// All Wasm components that a pipeline needs, for each task that names one in its file; once if the file names it apart from tasks.
pub fn wasm_references(pipeline: &Pipeline) -> Vec<WasmReference<'_>> {
    let mut users: HashMap<&str, Vec<&str>> = HashMap::new();
    for (task, component) in instances(pipeline) {
        users.entry(component).or_default().push(task);
    }
    let mut references = Vec::new();
    for (name, component) in &pipeline.components {
        let Implementation::Wasm(step) = &component.implementation else { continue };
        let users = users.get(name.as_str()).map_or(&[][..], Vec::as_slice);
        let reference = |task, at| WasmReference { component: name, step, task, at };
        let place = pipeline.places.get(&format!("components.{name}.image")).copied();
        if place.is_some() || users.is_empty() {
            references.push(reference(users.first().copied(), place));
        } else {
            let place = |task| pipeline.places.get(&format!("steps.{task}.component")).copied();
            references.extend(users.iter().map(|task| reference(Some(*task), place(task))));
        }
    }
    references
}

/// What a Wasm component is linked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkedStep {
    /// `blake3:<hex>` of the binary.
    pub digest: String,
    /// The exported function.
    pub function: String,
    /// Its inputs and outputs.
    pub signature: Signature,
}

/// Sets the inputs, outputs, function and digest of each Wasm component that `resolve` knows. Others stay unlinked, and
/// [`crate::check::check`] does not check them.
///
/// Names and values are then normalised: ports have the names of the signature (`learning_rate` becomes
/// `learning-rate`), the output of a component with exactly one is filled in where it is missing, literals get their
/// canonical form ([`crate::types::ParameterType::coerce`]), and a `null` for an optional input is removed.
///
/// Returns the differences between the interface that a pipeline in KFP's format declares for a component and its
/// signature.
pub fn link(pipeline: &mut Pipeline, resolve: &dyn Fn(&WasmStep) -> Option<LinkedStep>) -> Vec<Diagnostic> {
    let owned = |(component, task): (&str, &str)| (component.to_owned(), task.to_owned());
    let users: HashMap<String, String> = users(pipeline).into_iter().map(owned).collect();
    let mut problems = Problems::default();
    for (name, component) in &mut pipeline.components {
        if let Implementation::Wasm(step) = &mut component.implementation
            && let Some(linked) = resolve(step)
        {
            step.digest = Some(linked.digest);
            step.function = Some(linked.function);
            if pipeline.format == Format::Native {
                let inputs = linked.signature.inputs.into_iter();
                component.inputs = inputs.map(|(name, port)| (name, Input::from(port))).collect();
                component.outputs = linked.signature.outputs;
                continue;
            }
            for (path, problem) in declared::adopt(component, linked.signature) {
                let place = |path: &str| pipeline.places.get(&format!("components.{name}.{path}")).copied();
                let problem = problem.at(place(&path).or_else(|| place("image")));
                problems.push(match users.get(name) {
                    Some(task) => problem.task(task.clone()),
                    None => problem,
                });
            }
        }
    }
    // The interfaces of components are read while their tasks are changed.
    let components = pipeline.components.iter();
    let inputs_of: HashMap<String, IndexMap<String, Input>> =
        components.clone().map(|(name, component)| (name.clone(), component.inputs.clone())).collect();
    let outputs_of: HashMap<String, IndexMap<String, Port>> =
        components.map(|(name, component)| (name.clone(), component.outputs.clone())).collect();
    let components = pipeline.components.values_mut().chain([&mut pipeline.root]);
    for component in components {
        let Implementation::Dag(dag) = &mut component.implementation else { continue };
        let given: HashMap<String, &IndexMap<String, Port>> = dag
            .tasks
            .iter()
            .filter_map(|(name, task)| Some((name.clone(), outputs_of.get(&task.component)?)))
            .collect();
        for task in dag.tasks.values_mut() {
            let volumes = task.mounts.iter_mut().map(|mount| &mut mount.volume);
            for resource in volumes.chain(task.secrets.iter_mut().map(|secret| &mut secret.name)) {
                settle(resource, &given);
            }
            settle_inputs(task, inputs_of.get(&task.component), &given);
        }
        settle_conditions(dag);
        let inputs = &component.inputs;
        for (name, binding) in &mut dag.outputs {
            settle(binding, &given);
            let port = match binding {
                Binding::Output { task, output } => given.get(task).and_then(|outputs| outputs.get(output)),
                Binding::Input(input) => inputs.get(input).map(|input| &input.port),
                _ => None,
            };
            if let Some(port) = port {
                component.outputs.entry(name.clone()).or_insert_with(|| port.clone());
            }
        }
    }
    problems.into_sorted()
}

/// The first task that uses each component.
pub(crate) fn users(pipeline: &Pipeline) -> HashMap<&str, &str> {
    let mut users = HashMap::new();
    for (task, component) in instances(pipeline) {
        users.entry(component).or_insert(task);
    }
    users
}

/// All tasks, with their components.
fn instances(pipeline: &Pipeline) -> impl Iterator<Item = (&str, &str)> {
    let tasks = dags(pipeline).flat_map(|(_, dag)| &dag.tasks);
    tasks.map(|(task, instance)| (task.as_str(), instance.component.as_str()))
}

/// Normalises the names of a task's inputs, and their literals.
fn settle_inputs(
    task: &mut Task,
    inputs: Option<&IndexMap<String, Input>>,
    given: &HashMap<String, &IndexMap<String, Port>>,
) {
    let mut renamed = Vec::new();
    // One that grows has room for three.
    let wires = IndexMap::with_capacity(task.inputs.len());
    for (name, mut wire) in std::mem::replace(&mut task.inputs, wires) {
        settle(&mut wire.from, given);
        let Some((declared, input)) = inputs.and_then(|inputs| find(inputs, &name)) else {
            task.inputs.insert(name, wire);
            continue;
        };
        if let (Binding::Literal(value), None) = (&mut wire.from, &wire.select) {
            if value.is_null() && input.port.optional {
                continue;
            }
            if let PortType::Parameter(ty) = &input.port.ty
                && let Ok(canonical) = ty.coerce(value.clone())
            {
                *value = canonical;
            }
        }
        // An input that is given in both spellings: the second one stays, for the checker to report.
        if declared != name && !task.inputs.contains_key(declared) {
            renamed.push((name, declared.to_owned()));
            task.inputs.insert(declared.to_owned(), wire);
        } else {
            task.inputs.insert(name, wire);
        }
    }
    if let Some(each) = &mut task.each {
        if let Some((declared, _)) = inputs.and_then(|inputs| find(inputs, &each.item)) {
            declared.clone_into(&mut each.item);
        }
        if let Items::Parameter(name) | Items::Artifacts(name) = &mut each.over
            && let Some((_, declared)) = renamed.iter().find(|(old, _)| old == name)
        {
            name.clone_from(declared);
        }
    }
    // The texts that refer to the inputs by their names in KFP's format.
    let say = |text: &mut String| {
        for (old, declared) in &renamed {
            *text = text.replace(&format!("['{old}']"), &format!("['{declared}']"));
        }
    };
    if let Some(when) = task.when.as_mut().filter(|when| when.variables == ConditionVariables::Inputs) {
        say(&mut when.expression);
    }
    for wire in task.inputs.values_mut() {
        if let Binding::Template(text) = &mut wire.from {
            say(text);
        }
    }
}

/// Normalises the name of an output.
fn settle(binding: &mut Binding, given: &HashMap<String, &IndexMap<String, Port>>) {
    if let Binding::FirstOf(all) | Binding::Gather(all) = binding {
        for one in all {
            settle(one, given);
        }
    }
    if let Binding::Output { task, output } = binding
        && let Some(outputs) = given.get(task)
    {
        if output.is_empty() {
            if let Some((only, _)) = outputs.first().filter(|_| outputs.len() == 1) {
                output.clone_from(only);
            }
        } else if let Some((declared, _)) = find(outputs, output) {
            declared.clone_into(output);
        }
    }
}

/// The name of a task in a condition: `my_step` may mean `my-step`, since `-` is a minus there.
fn settle_conditions(dag: &mut Dag) {
    let names: Vec<String> = dag.tasks.keys().cloned().collect();
    for when in dag.tasks.values_mut().filter_map(|task| task.when.as_mut()) {
        when.tasks = std::mem::take(&mut when.tasks).into_iter().map(|name| real_name(&names, name)).collect();
    }
}

fn real_name(names: &[String], name: String) -> String {
    if names.contains(&name) {
        return name;
    }
    names.iter().find(|known| known.replace('-', "_") == name).cloned().unwrap_or(name)
}

/// Every DAG of a pipeline: the root's, without a name, then those of its components.
pub(crate) fn dags(pipeline: &Pipeline) -> impl Iterator<Item = (Option<&str>, &Dag)> {
    let root = std::iter::once((None, &pipeline.root));
    let inner = pipeline.components.iter().map(|(name, component)| (Some(name.as_str()), component));
    root.chain(inner).filter_map(|(name, component)| match &component.implementation {
        Implementation::Dag(dag) => Some((name, dag)),
        _ => None,
    })
}
