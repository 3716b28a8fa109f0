//! Reading executors: the implementation of components.

use indexmap::IndexMap;
use serde_json::Value;

use super::message::{Message, Notes, name, text};
use super::resources;
use super::unhonoured;
use super::values::{artifact_type, value, value_or_parameter};
use crate::diagnostic::Diagnostic;
use crate::executor::{component_path, is_registry_reference};
use crate::ir::query;
use crate::ir::write::resolver::parse;
use crate::model::{
    Binding, CommandStep, Implementation, Importer, Latest, Mount, Resolver, Secret, Span, Volume, VolumeAction,
    WasmStep,
};
use crate::step::{Grants, Limits};
use crate::suggest;
use crate::yaml::node::{Entry, Kind, Node};

/// An executor, and the settings that it has for its tasks.
#[derive(Debug, Clone, Default)]
pub(super) struct Executor {
    pub implementation: Implementation,
    /// Unsupported features that it requests.
    pub unhonoured: IndexMap<String, Value>,
    pub grants: Grants,
    pub limits: Limits,
    pub mounts: Vec<Mount>,
    pub secrets: Vec<Secret>,
    /// Where its image is named.
    pub image: Option<Span>,
    /// Whether caching is on, where the task does not have it.
    pub cache: Option<bool>,
}

/// The kinds of executors.
const EXECUTOR_KINDS: [&str; 4] = ["container", "importer", "resolver", "customJob"];

/// The arguments of a component that `weft inspect --format kfp` writes: one that has the whole executor input.
const WHOLE_INPUT: [[&str; 2]; 2] = [["--executor-input", "{{$}}"], ["--executor_input", "{{$}}"]];

pub(super) fn read(label: &str, entry: &Entry, notes: &mut Notes) -> Option<Executor> {
    let what = format!("the executor `{label}`");
    let message = Message::new(&entry.node, &what, &EXECUTOR_KINDS, notes);
    let message = notes.take(message)?;
    match message.one_of(&EXECUTOR_KINDS, &what, notes) {
        Some(("container", entry)) => container(entry, notes),
        Some(("importer", entry)) => importer(entry, notes),
        Some((sort, entry)) => {
            if let Some(implementation) = resolver(entry).map(Implementation::Latest).or_else(|| queries(entry)) {
                return Some(Executor { implementation, ..Executor::default() });
            }
            let hint = match sort {
                "resolver" => {
                    "queries for a type, properties and a name are answered; or take the artifact as an input, or import it"
                }
                _ => "it runs on Vertex AI only: use a container component",
            };
            notes.error(
                Diagnostic::error(format!("{what} is a `{sort}`, which nothing here can run")).at(entry.key).hint(hint),
            );
            None
        }
        None => {
            let hint = format!("it has one of the fields {}", suggest::list(&EXECUTOR_KINDS[..2]));
            notes.error(Diagnostic::error(format!("{what} does not say what it does")).at(entry.key).hint(hint));
            None
        }
    }
}

/// A resolver's query, if it has the form that [`crate::ir::write`] writes. Other queries are for metadata stores of
/// other systems.
fn resolver(entry: &Entry) -> Option<Latest> {
    match &output_queries(entry)?[..] {
        [("artifact", filter)] => parse(filter),
        _ => None,
    }
}

/// A resolver's queries as TFX writes them, one for each output.
fn queries(entry: &Entry) -> Option<Implementation> {
    let queries =
        output_queries(entry)?.into_iter().map(|(output, filter)| Some((output.to_owned(), query::read(filter)?)));
    let queries = queries.collect::<Option<IndexMap<_, _>>>().filter(|queries| !queries.is_empty())?;
    Some(Implementation::Resolve(Resolver { queries }))
}

/// The texts of a resolver's queries by output.
fn output_queries<'n>(entry: &'n Entry) -> Option<Vec<(&'n str, &'n str)>> {
    let Kind::Mapping(fields) = &entry.node.kind else { return None };
    let queries = fields.get("outputArtifactQueries").or_else(|| fields.get("output_artifact_queries"))?;
    let Kind::Mapping(queries) = &queries.node.kind else { return None };
    let filter = |entry: &'n Entry| match &entry.node.kind {
        Kind::Mapping(query) => query.get("filter")?.node.text(),
        _ => None,
    };
    queries.iter().map(|(output, entry)| Some((output.as_str(), filter(entry)?))).collect()
}

fn container(entry: &Entry, notes: &mut Notes) -> Option<Executor> {
    let known = ["image", "command", "args", "lifecycle", "resources", "env"];
    let read = Message::new(&entry.node, "a container", &known, notes);
    let message = notes.take(read)?;
    let Some(image_entry) = message.get("image") else {
        notes.error(Diagnostic::error("the container has no `image`").at(entry.key));
        return None;
    };
    let image = notes.take(name(&image_entry.node, "an image for `image`"))?;
    let command = words(&message, "command", notes);
    let args = words(&message, "args", notes);
    let mut env = IndexMap::new();
    for node in message.list("env", "a list of environment variables", notes) {
        let read = Message::new(node, "an environment variable", &["name", "value"], notes);
        let Some(variable) = notes.take(read) else { continue };
        let Some((name, _)) = super::values::required(&variable, "name", notes) else { continue };
        let value = variable.text("value", "a variable's value", notes).unwrap_or_default();
        env.insert(name.to_owned(), value.to_owned());
    }
    let mut executor = Executor { image: Some(image_entry.node.span), ..Executor::default() };
    let is_tfx = crate::tfx::class_in(&mut command.iter().chain(&args).map(String::as_str)).is_some();
    // What TFX runs before an example gen finds the files of a span, which the component does itself.
    if let Some(entry) = message.get("lifecycle").filter(|_| !is_tfx) {
        let written = notes.take(value(&entry.node)).unwrap_or_default();
        unhonoured("lifecycle", written, entry.key, &mut executor.unhonoured, notes);
    }
    let mut memory_limit = None;
    if let Some(entry) = message.get("resources") {
        (executor.limits, memory_limit) = resources::read(&entry.node, &mut executor.unhonoured, notes)?;
    }
    if image.starts_with("oci:") && !is_registry_reference(image) {
        let problem = format!("the image `{image}` names no registry");
        let hint = "write it as `oci://HOST/NAME:TAG#FUNCTION`, or name a component's file: `file:component.wasm`";
        notes.error(Diagnostic::error(problem).at(image_entry.node.span).hint(hint));
        return None;
    }
    let plain = image.split([':', '@']).next().unwrap_or(image);
    let whole_input = args.is_empty() || WHOLE_INPUT.iter().any(|whole| args == *whole);
    executor.implementation = match (plain, component_path(image)) {
        ("argostub/createpvc", _) => Implementation::Volume(Volume { action: VolumeAction::Create }),
        ("argostub/deletepvc", _) => Implementation::Volume(Volume { action: VolumeAction::Delete }),
        (_, Some(path)) if command.is_empty() && whole_input => {
            let function =
                image.split_once('#').map(|(_, function)| function.to_owned()).filter(|name| !name.is_empty());
            executor.grants.variables = env.into_iter().collect();
            Implementation::Wasm(WasmStep { path: path.to_owned(), function, digest: None })
        }
        _ => {
            let limits = std::mem::take(&mut executor.limits);
            Implementation::Command(CommandStep {
                image: image.to_owned(),
                command,
                args,
                env,
                limits,
                memory_limit,
                ..CommandStep::default()
            })
        }
    };
    Some(executor)
}

/// A list of texts. A structure (`{"Concat": [..]}`) that is not a text is converted to one.
fn words(message: &Message<'_>, field: &str, notes: &mut Notes) -> Vec<String> {
    let word = |node: &Node, notes: &mut Notes| match node.kind {
        Kind::Mapping(_) => notes.take(node.value()).map(|value| value.to_string()),
        _ => notes.take(text(node, &format!("text in `{field}`"))).map(str::to_owned),
    };
    let written = message.list(field, "a list of texts", notes);
    written.iter().filter_map(|node| word(node, notes)).collect()
}

fn importer(entry: &Entry, notes: &mut Notes) -> Option<Executor> {
    let known =
        ["artifactUri", "typeSchema", "properties", "customProperties", "metadata", "reimport", "downloadToWorkspace"];
    let read = Message::new(&entry.node, "an importer", &known, notes);
    let message = notes.take(read)?;
    let Some(uri) = message.get("artifactUri") else {
        notes.error(Diagnostic::error("the importer has no `artifactUri`").at(entry.key));
        return None;
    };
    let (source, select) = value_or_parameter(uri, "an importer's `artifactUri`", notes)?;
    let is_text = match &source {
        Binding::Literal(value) => value.is_string(),
        _ => select.is_none(),
    };
    if !is_text {
        notes.error(Diagnostic::error("an importer's `artifactUri` is text").at(uri.node.span));
        return None;
    }
    let mut properties = IndexMap::new();
    for field in ["properties", "customProperties"] {
        for (name, entry) in message.map(field, "a mapping from names to values", notes) {
            if let Some((Binding::Literal(value), _)) = property(entry, notes) {
                properties.insert(name.clone(), value);
            }
        }
    }
    for (name, entry) in message.map("metadata", "a mapping from names to values", notes) {
        if let Some(value) = notes.take(value(&entry.node)) {
            properties.insert(name.clone(), value);
        }
    }
    let kind = artifact_type(&message, "typeSchema", notes);
    // Importers always import: whether an artifact is a new one follows from the content.
    let cache = Some(!message.flag("reimport", notes));
    // Steps always access artifacts as files.
    message.flag("downloadToWorkspace", notes);
    let implementation = Implementation::Import(Importer { source, kind, properties });
    Some(Executor { implementation, cache, ..Executor::default() })
}

/// A property of schema 2.0.0: a constant or a runtime parameter.
fn property(entry: &Entry, notes: &mut Notes) -> Option<(Binding, Option<String>)> {
    let found = value_or_parameter(entry, "a property", notes)?;
    if let (Binding::Input(_) | Binding::Template(_), _) = &found {
        notes.warn(Diagnostic::warning("a property that comes from a parameter is not set").at(entry.key));
    }
    Some(found)
}
