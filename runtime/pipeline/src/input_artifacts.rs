//! The artifacts that a run of a pipeline is given: files and directories, one importer for each.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::diagnostic::{Diagnostic, Problems};
use crate::model::{Binding, Component, Dag, Implementation, Importer, Pipeline, Task};
use crate::signature::{Port, find};
use crate::suggest;
use crate::types::{ArtifactType, PortType};

/// An artifact that a run is given.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GivenArtifact {
    /// Path of a file or directory, or a URI that leads to content of the store.
    pub uri: String,
    /// Its metadata properties.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub metadata: IndexMap<String, Value>,
}

/// What a run is given, by input: one artifact, or any number for an input that takes a list.
pub type InputArtifacts = BTreeMap<String, Vec<GivenArtifact>>;

/// Takes apart what was written for input artifacts, pairs of a name and a path or URI; with metadata as the JSON object
/// `{"uri": .., "metadata": {..}}`. Several for one input are a list.
///
/// # Errors
/// Inputs that are missing, unknown, no artifacts, or given too often, all of them.
pub fn resolve(pipeline: &Pipeline, given: &[(String, String)]) -> Result<InputArtifacts, Vec<Diagnostic>> {
    let mut problems = Problems::default();
    let mut artifacts = InputArtifacts::new();
    for (name, text) in given {
        let found = find(&pipeline.root.inputs, name);
        let Some((name, list)) = found.and_then(|(name, input)| Some((name, is_list(&input.port)?))) else {
            problems.push(not_an_artifact(pipeline, name, found.is_some()));
            continue;
        };
        let one = if text.trim_start().starts_with('{') {
            match serde_json::from_str(text) {
                Ok(one) => one,
                Err(error) => {
                    problems.push(
                        Diagnostic::error(format!("the input `{name}` is not given as JSON: {error}"))
                            .hint(format!("write `-w '{name}={{\"uri\": \"PATH\", \"metadata\": {{}}}}'`")),
                    );
                    continue;
                }
            }
        } else {
            GivenArtifact { uri: text.clone(), ..GivenArtifact::default() }
        };
        let all = artifacts.entry(name.to_owned()).or_default();
        all.push(one);
        if all.len() == 2 && !list {
            problems.push(
                Diagnostic::error(format!("the input `{name}` is given twice, but takes one artifact"))
                    .hint("give it once"),
            );
        }
    }
    for (name, input) in &pipeline.root.inputs {
        let wanted = matches!(input.port.ty, PortType::Artifact { .. }) && !input.port.optional;
        if wanted && !artifacts.contains_key(name) && input.default.is_none() {
            let about = input.description.as_deref().map(|text| format!(": {text}")).unwrap_or_default();
            problems.push(
                Diagnostic::error(format!("the input `{name}` is not given{about}")).hint(advice(name, &input.port)),
            );
        }
    }
    if problems.any_error() { Err(problems.into_sorted()) } else { Ok(artifacts) }
}

/// How an input artifact is given.
pub fn advice(name: &str, port: &Port) -> String {
    let several = if is_list(port) == Some(true) { ", once for each artifact of the list" } else { "" };
    format!("it is an artifact ({}): give it with `-w {name}=PATH`, a file or a directory{several}", port.ty)
}

fn not_an_artifact(pipeline: &Pipeline, name: &str, is_parameter: bool) -> Diagnostic {
    if is_parameter {
        return Diagnostic::error(format!("`{name}` is a parameter, not an artifact"))
            .hint(format!("give it with `-p {name}=...`"));
    }
    let known = pipeline.root.inputs.iter().filter(|(_, input)| is_list(&input.port).is_some());
    Diagnostic::error(format!("the pipeline has no input artifact `{name}`")).hint(suggest::hint(
        name,
        known.map(|(name, _)| name.as_str()),
        "input artifacts",
    ))
}

/// Whether a port takes a list of artifacts; none if it takes a parameter.
fn is_list(port: &Port) -> Option<bool> {
    match &port.ty {
        PortType::Artifact { list, .. } => Some(*list),
        PortType::Parameter(_) => None,
    }
}

/// The pipeline with importers in place of the inputs that are given. So they are recorded, resumed, cached and told of as any other
/// importer is.
#[must_use]
pub fn with_importers(pipeline: &Pipeline, given: &InputArtifacts) -> Pipeline {
    let mut pipeline = pipeline.clone();
    let mut sources: BTreeMap<&str, Binding> = BTreeMap::new();
    let mut importers = IndexMap::new();
    for (name, artifacts) in given {
        let Some(PortType::Artifact { kind, list }) = pipeline.root.inputs.get(name).map(|input| input.port.ty.clone())
        else {
            continue;
        };
        let Implementation::Dag(dag) = &pipeline.root.implementation else { continue };
        let mut bindings = Vec::with_capacity(artifacts.len());
        for (at, artifact) in artifacts.iter().enumerate() {
            let wanted = if list { format!("{name}-{}", at + 1) } else { name.clone() };
            let task = free(wanted, |name| dag.tasks.contains_key(name) || importers.contains_key(name));
            let component = free(format!("import-{task}"), |name| pipeline.components.contains_key(name));
            importers.insert(task.clone(), (component, importer(&kind, artifact)));
            bindings.push(Binding::Output { task, output: "artifact".to_owned() });
        }
        let source = match (list, bindings.pop()) {
            (false, Some(one)) => one,
            (_, last) => Binding::Gather(bindings.into_iter().chain(last).collect()),
        };
        sources.insert(name, source);
    }
    if let Implementation::Dag(dag) = &mut pipeline.root.implementation {
        rewire(dag, &sources);
        for (at, (task, (component, _))) in importers.iter().enumerate() {
            let task_of = Task { component: component.clone(), ..Task::default() };
            dag.tasks.shift_insert(at, task.clone(), task_of);
        }
    }
    pipeline.root.inputs.retain(|name, _| !sources.contains_key(name.as_str()));
    pipeline.components.extend(importers.into_values());
    pipeline
}

/// The name, or one like it, that is not taken.
fn free(mut name: String, is_taken: impl Fn(&str) -> bool) -> String {
    while is_taken(&name) {
        name.push_str("-input");
    }
    name
}

fn importer(kind: &ArtifactType, given: &GivenArtifact) -> Component {
    let port = Port::required(PortType::Artifact { kind: kind.clone(), list: false });
    let importer = Importer {
        source: Binding::Literal(given.uri.clone().into()),
        kind: kind.clone(),
        properties: given.metadata.clone(),
    };
    Component {
        outputs: IndexMap::from([("artifact".to_owned(), port)]),
        implementation: Implementation::Import(importer),
        ..Component::default()
    }
}

fn rewire(dag: &mut Dag, sources: &BTreeMap<&str, Binding>) {
    for task in dag.tasks.values_mut() {
        task.inputs.values_mut().for_each(|wire| rebind(&mut wire.from, sources));
    }
    dag.outputs.values_mut().for_each(|binding| rebind(binding, sources));
}

fn rebind(binding: &mut Binding, sources: &BTreeMap<&str, Binding>) {
    match binding {
        Binding::Input(name) => {
            if let Some(source) = sources.get(name.as_str()) {
                *binding = source.clone();
            }
        }
        Binding::FirstOf(all) | Binding::Gather(all) => all.iter_mut().for_each(|one| rebind(one, sources)),
        Binding::Literal(_) | Binding::Template(_) | Binding::Output { .. } | Binding::FinalStatus { .. } => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{Input, Wire};
    use crate::types::ParameterType;

    fn pipeline() -> Pipeline {
        let artifact = |list| PortType::Artifact { kind: ArtifactType("system.Dataset".into()), list };
        let mut pipeline = Pipeline::default();
        let mut input = |name: &str, ty, optional| {
            let port = Port { ty, optional };
            pipeline.root.inputs.insert(name.to_owned(), Input::from(port));
        };
        input("data", artifact(false), false);
        input("more", artifact(true), true);
        input("n", PortType::Parameter(ParameterType::S64), false);
        let wires = ["data", "more", "n"].map(|name| (name.to_owned(), Wire::from(Binding::Input(name.to_owned()))));
        let read = Task { component: "read".to_owned(), inputs: wires.into(), ..Task::default() };
        let dag = Dag {
            tasks: [("data".to_owned(), read)].into(),
            outputs: [("same".to_owned(), Binding::Input("data".to_owned()))].into(),
        };
        pipeline.root.implementation = Implementation::Dag(dag);
        pipeline
    }

    fn given(pairs: &[(&str, &str)]) -> Result<InputArtifacts, Vec<String>> {
        let pairs: Vec<_> = pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        resolve(&pipeline(), &pairs).map_err(|problems| {
            problems
                .iter()
                .map(|problem| format!("{} | {}", problem.message, problem.hint.as_deref().unwrap_or("")))
                .collect()
        })
    }

    #[test]
    fn paths_and_metadata_are_read() {
        let all =
            given(&[("data", r#"{"uri": "a.csv", "metadata": {"rows": 3}}"#), ("more", "b"), ("more", "c")]).unwrap();
        assert_eq!(all["data"], [GivenArtifact { uri: "a.csv".into(), metadata: [("rows".into(), json!(3))].into() }]);
        assert_eq!(all["more"].iter().map(|one| one.uri.as_str()).collect::<Vec<_>>(), ["b", "c"]);
        assert!(!given(&[("data", "a")]).unwrap().contains_key("more"));
    }

    #[test]
    fn what_is_wrong_is_told_with_the_flag() {
        let wrong = given(&[("n", "3"), ("mor", "x"), ("other", "x"), ("more", "{\"path\": 1}")]).unwrap_err();
        for (problem, words) in [
            "`n` is a parameter, not an artifact | give it with `-p n=...`",
            "no input artifact `mor` | did you mean `more`?",
            "no input artifact `other` | the input artifacts are `data` and `more`",
            "the input `more` is not given as JSON: unknown field `path`",
            "the input `data` is not given | it is an artifact",
        ]
        .into_iter()
        .map(|words| (wrong.iter().find(|problem| problem.contains(words)), words))
        {
            assert!(problem.is_some(), "{words} is not in {wrong:?}");
        }
        assert_eq!(wrong.len(), 5);
        assert!(wrong.iter().any(|problem| problem.contains("give it with `-w data=PATH`")), "{wrong:?}");
        let twice = given(&[("data", "a"), ("data", "b"), ("data", "c")]).unwrap_err();
        assert_eq!(twice, ["the input `data` is given twice, but takes one artifact | give it once"]);
    }

    #[test]
    fn importers_take_the_place_of_inputs() {
        let all = given(&[("data", "a.csv"), ("more", "b"), ("more", "c")]).unwrap();
        let pipeline = with_importers(&pipeline(), &all);
        assert_eq!(pipeline.root.inputs.keys().collect::<Vec<_>>(), ["n"]);
        let Implementation::Dag(dag) = &pipeline.root.implementation else { panic!("no DAG") };
        assert_eq!(dag.tasks.keys().collect::<Vec<_>>(), ["data-input", "more-1", "more-2", "data"]);
        let output = |task: &str| Binding::Output { task: task.to_owned(), output: "artifact".to_owned() };
        let wires: Vec<_> = dag.tasks["data"].inputs.values().map(|wire| wire.from.clone()).collect();
        let list = Binding::Gather(vec![output("more-1"), output("more-2")]);
        assert_eq!(wires, [output("data-input"), list, Binding::Input("n".to_owned())]);
        assert_eq!(dag.outputs["same"], output("data-input"));
        let Implementation::Import(importer) = &pipeline.components["import-data-input"].implementation else {
            panic!("no importer")
        };
        assert_eq!((&importer.source, importer.kind.0.as_str()), (&Binding::Literal(json!("a.csv")), "system.Dataset"));
    }
}
