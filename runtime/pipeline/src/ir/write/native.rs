//! Conversion of native pipelines to KFP's format, so that KFP and Vertex AI can run them.
//!
//! What is converted: names, to those that Python and Kubernetes allow; the condition of a step, to a DAG around the
//! step, as the SDK has conditions there; the dependencies of a step, which KFP's back end requires to be explicit.
//! What cannot be converted is reported.

use std::collections::{BTreeSet, HashSet};

use indexmap::IndexMap;
use serde_json::{Value, json};

use crate::diagnostic::{Diagnostic, Problems};
use crate::model::{
    Binding, CommandStep, Component, Condition, ConditionVariables, Dag, Format, Implementation, Importer, Input,
    Latest, Location, Pipeline, Task, Trigger, WasmStep, Wire,
};
use crate::signature::{Port, find};
use crate::types::{ArtifactType, KfpType, ParameterType, PortType, whole_numbers};

mod condition;
mod names;
mod plan;
#[cfg(test)]
mod tests;

use names::Names;
use plan::{Plan, Source};

/// What the pipeline itself does not have.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// The image in a registry that contains a component. If there is none, the file is named.
    pub image: &'a dyn Fn(&WasmStep) -> Option<String>,
    /// A path of the pipeline's file as it is written, which may be relative to another folder.
    pub path: &'a dyn Fn(&str) -> String,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self { image: &|_| None, path: &str::to_owned }
    }
}

/// The result of the conversion.
#[derive(Debug, Clone, PartialEq)]
pub struct Lowered {
    /// The pipeline: of [`Format::Kfp`].
    pub pipeline: Pipeline,
    /// Warnings about differences in meaning.
    pub warnings: Vec<Diagnostic>,
}

/// Converts a linked and checked native pipeline.
///
/// # Errors
/// Everything that KFP's format cannot express, by step.
pub fn to_kfp(pipeline: &Pipeline, options: &Options<'_>) -> Result<Lowered, Vec<Diagnostic>> {
    let Implementation::Dag(dag) = &pipeline.root.implementation else {
        return Err(vec![Diagnostic::error("the pipeline has no steps")]);
    };
    let mut lowering = Lowering {
        pipeline,
        dag,
        options,
        names: Names::of(pipeline, dag),
        problems: Problems::default(),
        lowered: Pipeline { description: pipeline.description.clone(), format: Format::Kfp, ..Pipeline::default() },
        tasks: IndexMap::new(),
    };
    lowering.run();
    let Lowering { problems, lowered, .. } = lowering;
    if problems.any_error() {
        Err(problems.into_sorted())
    } else {
        Ok(Lowered { pipeline: lowered, warnings: problems.into_sorted() })
    }
}

struct Lowering<'p> {
    pipeline: &'p Pipeline,
    dag: &'p Dag,
    options: &'p Options<'p>,
    names: Names<'p>,
    problems: Problems,
    lowered: Pipeline,
    /// The tasks of the root.
    tasks: IndexMap<String, Task>,
}

impl<'p> Lowering<'p> {
    fn run(&mut self) {
        self.lowered.name.clone_from(&self.names.pipeline);
        if self.lowered.name != self.pipeline.name {
            let warning = format!("KFP takes no such name: the pipeline becomes `{}`", self.lowered.name);
            self.problems.push(Diagnostic::warning(warning).at(self.pipeline.places.get("name").copied()));
        }
        let parameters = self.parameters();
        let plans = plan::plans(self.pipeline, self.dag, &self.names, &mut self.problems);
        self.names.wrap(self.dag.tasks.keys().filter(|name| plans[name.as_str()].wrapped()));
        // Outputs of wrapped steps that other steps read.
        let mut read: BTreeSet<(&str, &str)> = BTreeSet::new();
        for plan in plans.values() {
            read.extend(plan.reads.iter().filter_map(|read| match read.source {
                Source::Output(task, output) => Some((task, output)),
                Source::Parameter(_) => None,
            }));
        }
        read.extend(self.dag.outputs.values().filter_map(|binding| match binding {
            Binding::Output { task, output } => Some((task.as_str(), output.as_str())),
            _ => None,
        }));
        for (name, task) in &self.dag.tasks {
            self.step(name, task, &plans[name.as_str()], &read);
        }
        let outputs = self.outputs();
        self.lowered.root = Component {
            inputs: parameters,
            outputs: outputs.1,
            implementation: Implementation::Dag(Dag { tasks: std::mem::take(&mut self.tasks), outputs: outputs.0 }),
            ..Component::default()
        };
    }

    /// The pipeline's parameters.
    fn parameters(&mut self) -> IndexMap<String, Input> {
        let sources = self.paths();
        let mut all = IndexMap::new();
        for (name, input) in &self.pipeline.root.inputs {
            let mut input = input.clone();
            if let (PortType::Parameter(ParameterType::Json), Some(Value::Array(_))) = (&input.port.ty, &input.default)
            {
                input.port.ty = PortType::Parameter(ParameterType::List(Box::new(ParameterType::Json)));
            }
            input.default = input.default.filter(|default| !default.is_null());
            if let Some(Value::String(path)) = &mut input.default
                && sources.contains(name.as_str())
            {
                *path = (self.options.path)(path);
            }
            // As in the SDK, an input with a default is optional.
            input.port.optional |= input.default.is_some();
            if let (PortType::Parameter(ty), Some(default)) = (&input.port.ty, &input.default) {
                let span = self.pipeline.places.get(&format!("parameters.{name}")).copied();
                if let Some(why) = misfit(ty, default) {
                    let warning = format!("KFP may refuse the default of the parameter `{name}`: {why}");
                    self.problems.push(Diagnostic::warning(warning).at(span));
                }
            }
            all.insert(self.names.parameter(name), input);
        }
        all
    }

    /// Parameters whose only use is as a path.
    fn paths(&self) -> HashSet<&'p str> {
        let mut paths = HashSet::new();
        for task in self.dag.tasks.values() {
            if let Some(component) = self.pipeline.components.get(&task.component)
                && let Implementation::Import(Importer { source: Binding::Input(name), .. }) = &component.implementation
            {
                paths.insert(name.as_str());
            }
        }
        for wire in self.dag.tasks.values().flat_map(|task| task.inputs.values()) {
            if let Binding::Input(name) = &wire.from {
                paths.remove(name.as_str());
            }
        }
        paths
    }

    /// The outputs of the pipeline.
    fn outputs(&mut self) -> (IndexMap<String, Binding>, IndexMap<String, Port>) {
        let (mut bindings, mut ports) = (IndexMap::new(), IndexMap::new());
        for (name, binding) in &self.dag.outputs {
            let span = self.pipeline.places.get(&format!("outputs.{name}")).copied();
            let (Binding::Output { task, output }, Some(port)) = (binding, self.pipeline.root.outputs.get(name)) else {
                let warning = format!("the output `{name}` is left out: KFP's pipelines give outputs of steps only");
                self.problems.push(Diagnostic::warning(warning).at(span));
                continue;
            };
            let mut port = port.clone();
            if let PortType::Artifact { kind, .. } = &mut port.ty
                && !(kind.0.starts_with("system.") || kind.0.starts_with("google."))
            {
                // The SDK accepts titles of these two namespaces only for outputs of a pipeline.
                let warning =
                    format!("the output `{name}` becomes an artifact of no special kind: KFP knows no {kind}");
                self.problems.push(Diagnostic::warning(warning).at(span));
                *kind = ArtifactType("system.Artifact".to_owned());
            }
            let name = name.replace('-', "_");
            bindings.insert(name.clone(), self.names.output(task, output));
            ports.insert(name, port);
        }
        (bindings, ports)
    }

    fn step(&mut self, name: &'p str, task: &'p Task, plan: &Plan<'p>, read: &BTreeSet<(&str, &str)>) {
        let Some(component) = self.pipeline.components.get(&task.component) else { return };
        self.settings(name, task, component);
        let shown = self.names.task(name).to_owned();
        let mut inner = Task {
            component: self.names.component(name).to_owned(),
            cache: task.cache,
            retry: task.retry,
            limits: task.limits,
            grants: crate::step::Grants { env: task.grants.env.clone(), ..crate::step::Grants::default() },
            secrets: task.secrets.clone(),
            display_name: (shown != name).then(|| name.to_owned()),
            ..Task::default()
        };
        inner.limits.output = None;
        let lowered = self.component(name, component, &mut inner);
        self.literals(name, task, component);
        if plan.wrapped() {
            self.wrapped(name, task, plan, inner, read);
        } else {
            for (input, wire) in &task.inputs {
                let from = match &wire.from {
                    Binding::Input(parameter) => Binding::Input(self.names.parameter(parameter)),
                    Binding::Output { task, output } => self.names.output(task, output),
                    other => constant(other),
                };
                inner.inputs.insert(input.replace('-', "_"), Wire::from(from));
            }
            if let Implementation::Import(Importer { source: Binding::Input(parameter), .. }) =
                &component.implementation
            {
                inner.inputs.insert("uri".to_owned(), Wire::from(Binding::Input(self.names.parameter(parameter))));
            }
            inner.after = self.before(task);
            if plan.loose {
                inner.trigger = Trigger::AllCompleted;
            }
            self.tasks.insert(shown, inner);
        }
        self.lowered.components.insert(self.names.component(name).to_owned(), lowered);
    }

    /// All upstream tasks of a task, which KFP's back end requires.
    fn before(&self, task: &Task) -> BTreeSet<String> {
        task.dependencies().iter().map(|on| self.names.outer(on).to_owned()).collect()
    }

    /// The component of a step. The path of an importer becomes an input of its task.
    fn component(&mut self, name: &str, component: &Component, task: &mut Task) -> Component {
        let rename = |name: &String| name.replace('-', "_");
        let mut lowered = Component {
            inputs: component.inputs.iter().map(|(name, input)| (rename(name), input.clone())).collect(),
            outputs: component.outputs.iter().map(|(name, port)| (rename(name), port.clone())).collect(),
            implementation: component.implementation.clone(),
            ..Component::default()
        };
        match &mut lowered.implementation {
            Implementation::Wasm(step) => {
                if let Some(image) = (self.options.image)(step) {
                    let function = step.function.iter().flat_map(|function| ["--function", function.as_str()]);
                    let args = function.chain(super::executor::ARGUMENTS).map(str::to_owned).collect();
                    lowered.implementation =
                        Implementation::Command(CommandStep { image, args, ..CommandStep::default() });
                } else {
                    step.digest = None;
                    step.path = (self.options.path)(&step.path);
                }
            }
            Implementation::Import(importer) => {
                let text = Port::required(PortType::Parameter(ParameterType::String));
                lowered.inputs.insert("uri".to_owned(), Input::from(text));
                match &mut importer.source {
                    Binding::Literal(Value::String(path)) => {
                        if !path.contains("://") {
                            let warning =
                                format!("the step `{name}` imports `{path}`, which KFP looks for where it runs itself");
                            let hint = "give the place as a parameter, such as a `gs://` or `s3://` address";
                            self.problems.push(
                                Diagnostic::warning(warning)
                                    .task(name)
                                    .hint(hint)
                                    .at(self.place(&format!("steps.{name}.import"))),
                            );
                            *path = (self.options.path)(path);
                        }
                        task.inputs.insert("uri".to_owned(), Wire::from(Binding::Literal(json!(path))));
                    }
                    source => *source = Binding::Input("uri".to_owned()),
                }
            }
            Implementation::Latest(latest) => {
                let warning = format!(
                    "the step `{name}` asks for what an earlier run gave, and KFP's back end runs no such resolvers"
                );
                let hint = "where this matters, take the artifact as an input from a step or an import";
                let at = self.place(&format!("steps.{name}.latest"));
                self.problems.push(Diagnostic::warning(warning).task(name).hint(hint).at(at));
                self.resolver(latest);
            }
            _ => {}
        }
        lowered
    }

    /// A query of this pipeline has to use the names of the converted steps.
    fn resolver(&self, latest: &mut Latest) {
        let own = latest.pipeline.as_ref().is_none_or(|other| *other == self.pipeline.name);
        if own && self.dag.tasks.contains_key(&latest.task) {
            latest.pipeline = None;
            latest.output = latest.output.replace('-', "_");
            latest.task = match self.names.wrapper(&latest.task) {
                Some(wrapper) => format!("{wrapper}/{}", self.names.task(&latest.task)),
                None => self.names.task(&latest.task).to_owned(),
            };
        }
    }

    fn place(&self, path: &str) -> Option<crate::model::Span> {
        self.pipeline.places.get(path).copied()
    }

    /// The settings of a step that have no or another form.
    fn settings(&mut self, name: &str, task: &Task, component: &Component) {
        let Implementation::Wasm(_) = component.implementation else { return };
        let at = self.place(&format!("steps.{name}"));
        let mut tell = |problem: Diagnostic, hint: &str| self.problems.push(problem.task(name).hint(hint).at(at));
        if let Some(path) = task.grants.directories.keys().next() {
            tell(
                Diagnostic::error(format!(
                    "the step `{name}` is granted the host's directory `{path}`, and KFP's containers see none"
                )),
                "import the directory in a step of its own, and pass it on as an artifact",
            );
        }
        if task.grants.clock || task.grants.random {
            let what = if task.grants.clock { "clock" } else { "randomness" };
            tell(
                Diagnostic::warning(format!(
                    "the real {what} that the step `{name}` is granted is left out: KFP has no such setting"
                )),
                "a container has it anyway; run from the written file by weft, the step has not",
            );
        }
        if !task.grants.net.is_empty() {
            tell(
                Diagnostic::warning(format!(
                    "the network that the step `{name}` is granted is left out: KFP has no such setting"
                )),
                "a container reaches what its cluster lets it reach; run from the written file by weft, the step reaches nothing",
            );
        }
        if !task.grants.env.is_empty() {
            let names = task.grants.env.join("`, `");
            tell(
                Diagnostic::warning(format!(
                    "the step `{name}` gets `{names}` from a secret on KFP, not from the environment"
                )),
                &format!("make a secret `{}` there with these keys", super::platform::SECRET),
            );
        }
        if task.limits.output.is_some() {
            tell(
                Diagnostic::warning(format!("the limit of what the step `{name}` writes is left out: KFP has none")),
                "artifacts are as large there as the storage behind it allows",
            );
        }
    }

    /// Literals that KFP would interpret in another way, and lists that it cannot make.
    fn literals(&mut self, name: &str, task: &Task, component: &Component) {
        for (input, wire) in &task.inputs {
            let at = self.place(&format!("steps.{name}.with.{input}"));
            if matches!(wire.from, Binding::Gather(_)) {
                let problem =
                    format!("KFP makes no list of what several steps give: the input `{input}` of the step `{name}`");
                let hint = "have a step take each as an input of its own";
                self.problems.push(Diagnostic::error(problem).task(name).at(at).hint(hint));
            }
            let Binding::Literal(value) = &wire.from else { continue };
            if value.to_string().contains("{{$") {
                let problem =
                    format!("KFP would take the `{{{{$` in the input `{input}` of the step `{name}` for a placeholder");
                let hint = "give the text as a parameter of the pipeline";
                self.problems.push(Diagnostic::error(problem).task(name).at(at).hint(hint));
            }
            if let Some((_, Input { port: Port { ty: PortType::Parameter(ty), .. }, .. })) =
                find(&component.inputs, input)
                && let Some(why) = misfit(ty, value)
            {
                let warning = format!("KFP may refuse the value of the input `{input}` of the step `{name}`: {why}");
                self.problems.push(Diagnostic::warning(warning).task(name).at(at));
            }
        }
    }

    /// Wraps a step in a DAG with the condition of the step.
    fn wrapped(
        &mut self,
        name: &'p str,
        task: &'p Task,
        plan: &Plan<'p>,
        mut inner: Task,
        read: &BTreeSet<(&str, &str)>,
    ) {
        let Some(wrapper) = self.names.wrapper(name).map(str::to_owned) else { return };
        let shown = self.names.task(name).to_owned();
        let mut outer = Task { component: format!("comp-{wrapper}"), cache: false, ..Task::default() };
        let mut enclosing = Component::default();
        for read in &plan.reads {
            let from = match read.source {
                Source::Parameter(parameter) => Binding::Input(self.names.parameter(parameter)),
                Source::Output(task, output) => self.names.output(task, output),
            };
            outer.inputs.insert(read.channel.clone(), Wire::from(from));
            let port = Port { ty: read.port.ty.clone(), optional: read.optional || plan.loose };
            enclosing.inputs.insert(read.channel.clone(), Input::from(port));
        }
        for (input, wire) in &task.inputs {
            let from = match &wire.from {
                Binding::Input(parameter) => Binding::Input(self.names.channel(&Source::Parameter(parameter))),
                Binding::Output { task, output } => Binding::Input(self.names.channel(&Source::Output(task, output))),
                other => constant(other),
            };
            inner.inputs.insert(input.replace('-', "_"), Wire::from(from));
        }
        if let Some(native) = self.pipeline.components.get(&task.component)
            && let Implementation::Import(Importer { source: Binding::Input(parameter), .. }) = &native.implementation
        {
            let channel = self.names.channel(&Source::Parameter(parameter));
            inner.inputs.insert("uri".to_owned(), Wire::from(Binding::Input(channel)));
        }
        let mut body = Dag::default();
        for (output, port) in &self.pipeline.components[&task.component].outputs {
            if read.contains(&(name, output.as_str())) {
                let channel = self.names.channel(&Source::Output(name, output));
                let from = Binding::Output { task: shown.clone(), output: output.replace('-', "_") };
                body.outputs.insert(channel.clone(), from);
                enclosing.outputs.insert(channel, port.clone());
            }
        }
        body.tasks.insert(shown, inner);
        enclosing.implementation = Implementation::Dag(body);
        outer.after = self.before(task);
        if plan.loose {
            outer.trigger = Trigger::AllCompleted;
        }
        outer.when = plan.condition.as_ref().map(|expression| {
            Box::new(Condition {
                expression: expression.clone(),
                tasks: BTreeSet::new(),
                variables: ConditionVariables::Inputs,
                at: Location::default(),
            })
        });
        self.lowered.components.insert(outer.component.clone(), enclosing);
        self.tasks.insert(wrapper, outer);
    }
}

/// A literal with integral numbers as integers: KFP's constants have no types.
fn constant(binding: &Binding) -> Binding {
    match binding {
        Binding::Literal(value) => Binding::Literal(whole_numbers(value.clone())),
        other => other.clone(),
    }
}

/// Why a native value is not of the corresponding type of KFP.
fn misfit(ty: &ParameterType, value: &Value) -> Option<String> {
    let kfp = ty.kfp();
    let fits = match kfp {
        KfpType::NumberInteger | KfpType::NumberDouble => value.is_number(),
        KfpType::String => value.is_string(),
        KfpType::Boolean => value.is_boolean(),
        KfpType::List => value.is_array(),
        _ => value.is_object(),
    };
    (!fits).then(|| format!("it is written as {value}, and its type there is {}", kfp.as_str()))
}
