//! Checks of the placeholders in commands and importers.

use std::collections::BTreeSet;

use serde_json::Value;

use super::PortKind;
use crate::command::{References, references};
use crate::diagnostic::{Diagnostic, Problems};
use crate::link::users;
use crate::model::{Binding, Component, Implementation, Pipeline, Span};
use crate::suggest;

/// The hint about a pipeline without workspace.
pub(super) const WORKSPACE: &str =
    "give it one: `@dsl.pipeline(pipeline_config=dsl.PipelineConfig(workspace=dsl.WorkspaceConfig(...)))`";

pub(super) fn check(pipeline: &Pipeline, problems: &mut Problems) {
    let users = users(pipeline);
    for (name, component) in &pipeline.components {
        let place = pipeline.places.get(&format!("components.{name}.executor")).copied();
        let mut texts = Texts { pipeline, name, component, task: users.get(name.as_str()).copied(), place, problems };
        match &component.implementation {
            Implementation::Command(step) => {
                let all = step.command.iter().chain(&step.args).chain(step.env.values());
                all.for_each(|text| texts.check(&references(text)));
            }
            Implementation::Import(importer) => {
                if let Binding::Template(text) = &importer.source {
                    texts.check(&references(text));
                }
                for (name, value) in &importer.properties {
                    texts.check(&references(name));
                    texts.check_value(value);
                }
            }
            _ => {}
        }
    }
}

struct Texts<'a> {
    pipeline: &'a Pipeline,
    name: &'a str,
    component: &'a Component,
    /// The first task that uses it.
    task: Option<&'a str>,
    place: Option<Span>,
    problems: &'a mut Problems,
}

impl Texts<'_> {
    fn check_value(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.check(&references(text)),
            Value::Array(items) => items.iter().for_each(|item| self.check_value(item)),
            Value::Object(fields) => fields.values().for_each(|item| self.check_value(item)),
            _ => {}
        }
    }

    fn check(&mut self, found: &References) {
        let component = self.component;
        let inputs = |name: &str| component.inputs.get(name).map(|input| PortKind::of(&input.port));
        let outputs = |name: &str| component.outputs.get(name).map(PortKind::of);
        let input_names: Vec<&str> = component.inputs.keys().map(String::as_str).collect();
        let output_names: Vec<&str> = component.outputs.keys().map(String::as_str).collect();
        self.names(&found.parameters, Some(PortKind::Parameter), "input", &inputs, &input_names);
        self.names(&found.artifacts, Some(PortKind::Artifact), "input", &inputs, &input_names);
        self.names(&found.present, None, "input", &inputs, &input_names);
        self.names(&found.output_parameters, Some(PortKind::Parameter), "output", &outputs, &output_names);
        self.names(&found.output_artifacts, Some(PortKind::Artifact), "output", &outputs, &output_names);
        for problem in &found.problems {
            self.error(problem.clone(), None);
        }
        if found.context.contains("workspace_path") && !self.pipeline.workspace {
            let problem =
                format!("the component `{}` works in the workspace, which the pipeline does not have", self.name);
            self.error(problem, Some(WORKSPACE.to_owned()));
        }
    }

    fn names(
        &mut self,
        names: &BTreeSet<String>,
        wanted: Option<PortKind>,
        what: &str,
        sort: &dyn Fn(&str) -> Option<PortKind>,
        known: &[&str],
    ) {
        for name in names {
            match (sort(name), wanted) {
                (None, _) => {
                    let problem = format!(
                        "a placeholder names the {what} `{name}`, which the component `{}` does not have",
                        self.name
                    );
                    self.error(problem, suggest::hint(name, known.iter().copied(), &format!("{what}s")));
                }
                (Some(sort), Some(wanted)) if sort != wanted => {
                    let (sort, wanted) = (sort.text(), wanted.text());
                    let problem = format!("a placeholder takes the {what} `{name}` for {wanted}, but it is {sort}");
                    self.error(problem, None);
                }
                _ => {}
            }
        }
    }

    fn error(&mut self, problem: String, hint: Option<String>) {
        let problem = Diagnostic::error(problem).about("component", self.name).at(self.place).hint(hint);
        self.problems.push(match self.task {
            Some(task) => problem.task(task),
            None => problem,
        });
    }
}
