//! A pipeline of one step, to call a component's function alone.

use std::collections::BTreeMap;
use std::path::Path;

use indexmap::IndexMap;
use weft_pipeline::diagnostic::Diagnostic;
use weft_pipeline::executor::is_registry_reference;
use weft_pipeline::link::link;
use weft_pipeline::model::{Binding, Component, Dag, Implementation, Importer, Pipeline, Task, WasmStep, Wire};
use weft_pipeline::signature::{Port, Signature};
use weft_pipeline::types::{ArtifactType, ParameterType, PortType};
use weft_pipeline::{check, suggest};
use weft_sandbox::StepFunction;

use crate::components;
use crate::error::{Error, Result};
use crate::prebuilt;
use crate::prepare::{Linker, Prepared};
use crate::registry;

impl Linker {
    /// Prepares a call of one step. `component` is the component's file, with `#` and the function's name if it has several. `inputs` are names and values:
    /// a parameter's literal, or the path of a file or folder for an artifact, which an importer brings in; repeated for a list of artifacts.
    ///
    /// # Errors
    /// There is no such component or function, or the inputs do not fit it.
    pub fn prepare_call(&self, component: &str, inputs: &[(String, String)]) -> Result<Prepared> {
        let (path, function) = match component.split_once('#') {
            Some((path, function)) => (path, Some(function)),
            None => (component, None),
        };
        let mut fetched = BTreeMap::new();
        let component = if is_registry_reference(path) {
            let found = registry::fetch_one(&self.host, path)?;
            let component = self.sandbox.load_file_as(&found.file, registry::shown(path))?;
            fetched.insert(path.to_owned(), found);
            component
        } else {
            components::load_one(&self.sandbox, &self.host, Path::new(path))?
        };
        let step =
            component.step(function).ok_or_else(|| refused(&components::no_function(path, function, &component)))?;
        // Not the file's name alone: what a pipeline of that name takes for its latest result must come from its own runs.
        let name = match path.parse::<weft_registry::Reference>() {
            Ok(reference) if is_registry_reference(path) => reference.short_name().to_owned(),
            _ => {
                let file = Path::new(prebuilt::name(path).unwrap_or(path));
                file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
            }
        };
        let name = format!("call-{name}");
        let mut pipeline = pipeline(&name, path, step, inputs)?;
        link(&mut pipeline, &|step| component.linked(step.function.as_deref()));
        if let Some(problem) = check::check(&pipeline).iter().find(|problem| problem.is_error()) {
            return Err(refused(problem));
        }
        let folder = std::path::absolute(".").map_err(|cause| Error::io("find", Path::new("."), cause))?;
        Ok(Prepared { fetched, folder, ..Prepared::of(pipeline) })
    }
}

/// A pipeline of the one step, and an importer for each file that it is given.
fn pipeline(name: &str, path: &str, step: &StepFunction, given: &[(String, String)]) -> Result<Pipeline> {
    let mut pipeline = Pipeline { name: name.to_owned(), ..Pipeline::default() };
    let mut dag = Dag::default();
    let mut inputs: IndexMap<String, Wire> = IndexMap::new();
    // The name may lead with its interface's, which is no task's name.
    let task = step.name.rsplit('#').next().unwrap_or(&step.name).to_owned();
    let mut bring = |input: &str, wanted: String, kind: &ArtifactType, path: &str| {
        if !Path::new(path).exists() {
            return Err(Error::request(format!("input `{input}`: there is no file or folder `{path}`")));
        }
        let task = free_name(wanted, &task, &dag);
        dag.tasks.insert(task.clone(), import(&mut pipeline, kind, path));
        Ok(Binding::Output { task, output: "artifact".into() })
    };
    for (input, (port, texts)) in by_input(step, given)? {
        let from = match (&port.ty, texts.as_slice()) {
            (PortType::Parameter(ty), [text]) => Binding::Literal(ty.parse(text).map_err(|misfit| Error::Request {
                message: format!("input `{input}` takes a value of type {ty}: {misfit}"),
                hint: json_form(input, ty).filter(|_| !text.trim_start().starts_with(['[', '{'])),
            })?),
            (PortType::Artifact { kind, list: false }, [path]) => bring(input, input.to_owned(), kind, path)?,
            (PortType::Artifact { kind, list: true }, paths) => {
                let each = (1..).zip(paths).map(|(nth, path)| bring(input, format!("{input}-{nth}"), kind, path));
                Binding::Gather(each.collect::<Result<_>>()?)
            }
            (ty, texts) => return Err(given_too_often(input, ty, texts)),
        };
        inputs.insert(input.to_owned(), Wire::from(from));
    }
    let missing: Vec<&str> = step
        .signature
        .inputs
        .iter()
        .filter(|(input, port)| !port.optional && !inputs.contains_key(*input))
        .map(|(input, _)| input.as_str())
        .collect();
    if !missing.is_empty() {
        let forms: Vec<String> = missing.iter().map(|input| example(input, &step.signature.inputs[*input])).collect();
        return Err(Error::Request {
            message: format!("`{}` needs {}", step.name, suggest::list(&missing)),
            hint: Some(format!("add {}", forms.join(" "))),
        });
    }
    let wasm = WasmStep { path: path.to_owned(), function: Some(step.name.clone()), digest: None };
    let component = format!("comp-{}", step.name);
    pipeline
        .components
        .insert(component.clone(), Component { implementation: Implementation::Wasm(wasm), ..Component::default() });
    for output in step.signature.outputs.keys() {
        dag.outputs.insert(output.clone(), Binding::Output { task: task.clone(), output: output.clone() });
    }
    dag.tasks.insert(task, Task { component, inputs, ..Task::default() });
    pipeline.root.implementation = Implementation::Dag(dag);
    Ok(pipeline)
}

/// What was given, by the inputs' own names.
fn by_input<'s, 'g>(
    step: &'s StepFunction,
    given: &'g [(String, String)],
) -> Result<IndexMap<&'s str, (&'s Port, Vec<&'g str>)>> {
    let mut inputs: IndexMap<&str, (&Port, Vec<&str>)> = IndexMap::new();
    for (input, text) in given {
        let (input, port) = known_input(&step.signature, &step.name, input)?;
        inputs.entry(input).or_insert_with(|| (port, Vec::new())).1.push(text);
    }
    Ok(inputs)
}

/// A name for the task that imports an input: this one, unless the step or another input has it.
fn free_name(wanted: String, step: &str, dag: &Dag) -> String {
    let mut name = wanted;
    while name == step || dag.tasks.contains_key(&name) {
        name.push_str("-input");
    }
    name
}

fn given_too_often(input: &str, ty: &PortType, texts: &[&str]) -> Error {
    let form = match ty {
        PortType::Parameter(ty) => json_form(input, ty),
        PortType::Artifact { .. } => None,
    };
    Error::Request {
        message: format!("input `{input}` is given {} times", texts.len()),
        hint: Some(form.unwrap_or_else(|| "give it once".to_owned())),
    }
}

/// How a value with parts is written.
fn json_form(input: &str, ty: &ParameterType) -> Option<String> {
    match ty {
        ParameterType::Option(inner) => json_form(input, inner),
        ParameterType::List(_) | ParameterType::Tuple(_) | ParameterType::Flags(_) => {
            Some(format!("write all of it as one JSON list: --with {input}='[...]'"))
        }
        ParameterType::Record(_) | ParameterType::Map(_) => {
            Some(format!("write all of it as one JSON object: --with {input}='{{...}}'"))
        }
        _ => None,
    }
}

fn known_input<'s>(signature: &'s Signature, function: &str, name: &str) -> Result<(&'s str, &'s Port)> {
    signature.input(name).ok_or_else(|| Error::Request {
        message: format!("`{function}` has no input `{name}`"),
        hint: suggest::hint(name, signature.inputs.keys().map(String::as_str), "inputs"),
    })
}

fn import(pipeline: &mut Pipeline, kind: &ArtifactType, path: &str) -> Task {
    let name = format!("comp-import-{}", pipeline.components.len());
    let port = Port { ty: PortType::Artifact { kind: kind.clone(), list: false }, optional: false };
    let importer = Importer { source: Binding::Literal(path.into()), kind: kind.clone(), properties: IndexMap::new() };
    pipeline.components.insert(
        name.clone(),
        Component {
            outputs: IndexMap::from_iter([("artifact".to_owned(), port)]),
            implementation: Implementation::Import(importer),
            ..Component::default()
        },
    );
    Task { component: name, ..Task::default() }
}

/// How an input would be given.
fn example(input: &str, port: &Port) -> String {
    match &port.ty {
        PortType::Parameter(ty) => format!("--with {input}={}", ty.to_string().to_uppercase()),
        PortType::Artifact { .. } => format!("--with {input}=PATH"),
    }
}

fn refused(problem: &Diagnostic) -> Error {
    Error::Request { message: problem.message.clone(), hint: problem.hint.clone() }
}
