//! The steps of a native pipeline: instances of components, importers and resolvers.

use indexmap::IndexMap;

use super::cursor::Fields;
use super::node::Node;
use super::reference;
use super::settings;
use crate::condition;
use crate::diagnostic::{Diagnostic, Problems};
use crate::model::{
    Binding, Component, Condition, ConditionVariables, Implementation, Importer, Latest, Pipeline, Span, Task,
    WasmStep, Wire,
};
use crate::signature::Port;
use crate::types::{ArtifactType, PortType};

const COMPONENT_KEYS: [&str; 8] = ["component", "with", "after", "when", "retry", "cache", "limits", "grants"];
const IMPORT_KEYS: [&str; 5] = ["import", "type", "metadata", "after", "when"];
const LATEST_KEYS: [&str; 5] = ["latest", "pipeline", "type", "after", "when"];

/// Reads a step: its task and its component. Importers and resolvers have their inputs and outputs at once, a Wasm
/// component when it is linked.
pub(crate) fn read(
    name: &str,
    key: Span,
    node: &Node,
    pipeline: &mut Pipeline,
    problems: &mut Problems,
) -> Result<(Task, Component), Diagnostic> {
    let entries = node.mapping(&format!("a mapping for the step `{name}`"))?;
    let kinds: Vec<&str> =
        ["component", "import", "latest"].into_iter().filter(|kind| entries.contains_key(*kind)).collect();
    let known: &[&str] = match kinds[..] {
        ["component"] => &COMPONENT_KEYS,
        ["import"] => &IMPORT_KEYS,
        ["latest"] => &LATEST_KEYS,
        [] => {
            // A misspelt `component` is reported as such rather than as missing.
            let near =
                entries.iter().find(|(k, _)| crate::suggest::nearest(k, ["component", "import", "latest"]).is_some());
            let problem = Diagnostic::error(format!("the step `{name}` does not say what it does"));
            return Err(match near {
                Some((word, entry)) => problem.at(entry.key).hint(
                    crate::suggest::nearest(word, ["component", "import", "latest"])
                        .map(|near| format!("did you mean `{near}`?")),
                ),
                None => problem.at(key).hint("give it `component:`, `import:` or `latest:`"),
            });
        }
        _ => {
            let kinds = crate::suggest::list(&kinds);
            return Err(Diagnostic::error(format!("the step `{name}` has {kinds}; a step has one of them")).at(key));
        }
    };
    let what = format!("the step `{name}`");
    let fields = Fields::new(node, &what, known, problems)?;
    let mut reader = Reader { name, key, fields, pipeline, problems };
    let mut task = Task { component: component_name(name), at: key.at, ..Task::default() };
    reader.ordering(&mut task);
    let component = match kinds[0] {
        "component" => reader.wasm(&mut task)?,
        "import" => reader.import()?,
        _ => reader.latest()?,
    };
    Ok((task, component))
}

/// The name of a step's component.
fn component_name(step: &str) -> String {
    format!("comp-{step}")
}

struct Reader<'a, 'n> {
    name: &'a str,
    key: Span,
    fields: Fields<'n>,
    pipeline: &'a mut Pipeline,
    problems: &'a mut Problems,
}

impl Reader<'_, '_> {
    fn place(&mut self, path: &str, span: Span) {
        self.pipeline.places.insert(format!("steps.{}.{path}", self.name), span);
    }

    /// `after` and `when`
    fn ordering(&mut self, task: &mut Task) {
        if let Some(entry) = self.fields.get("after") {
            // A single name is accepted instead of a list.
            let items = match entry.node.sequence("a list of steps") {
                Ok(items) => items,
                Err(problem) if entry.node.text().is_none() => {
                    self.problems.push(problem);
                    &[]
                }
                Err(_) => std::slice::from_ref(&entry.node),
            };
            for item in items {
                match item.string("the name of a step") {
                    Ok(step) => {
                        self.place(&format!("after.{step}"), item.span);
                        task.after.insert(step.to_owned());
                    }
                    Err(problem) => self.problems.push(problem),
                }
            }
        }
        if let Some(entry) = self.fields.get("when") {
            self.place("when", entry.node.span);
            match when(&entry.node) {
                Ok(condition) => task.when = Some(Box::new(condition)),
                Err(problem) => self.problems.push(problem.task(self.name)),
            }
        }
    }

    fn wasm(&mut self, task: &mut Task) -> Result<Component, Diagnostic> {
        let Some(entry) = self.fields.get("component") else {
            return Err(self.missing("component", "the path of a component file"));
        };
        self.place("component", entry.node.span);
        let step = component_reference(entry.node.string("the path of a component file")?, &entry.node)?;
        if let Some(entry) = self.fields.get("with") {
            match entry.node.mapping("a mapping from inputs to values") {
                Ok(entries) => {
                    for (input, entry) in entries {
                        self.place(&format!("with.{input}"), entry.node.span);
                        match reference::wire(&entry.node) {
                            Ok(from) => {
                                task.inputs.insert(input.clone(), Wire { from, select: None, at: entry.node.span.at });
                            }
                            Err(problem) => self.problems.push(problem.task(self.name)),
                        }
                    }
                }
                Err(problem) => self.problems.push(problem),
            }
        }
        let problems = &mut *self.problems;
        if let Some(retry) = self.fields.read("retry", problems, settings::retry) {
            task.retry = retry;
        }
        if let Some(cache) = self.fields.read("cache", problems, |node, _| node.boolean("`cache`")) {
            task.cache = cache;
        }
        if let Some(limits) = self.fields.read("limits", problems, settings::limits) {
            task.limits = limits;
        }
        if let Some(granted) = self.fields.read("grants", problems, settings::grants) {
            (task.grants, task.secrets) = granted;
        }
        Ok(Component { implementation: Implementation::Wasm(step), ..Component::default() })
    }

    fn import(&mut self) -> Result<Component, Diagnostic> {
        let Some(entry) = self.fields.get("import") else {
            return Err(self.missing("import", "the path of what is imported"));
        };
        self.place("import", entry.node.span);
        entry.node.string("the path of a file or directory, or a parameter")?;
        let source = reference::binding(&entry.node)?;
        if matches!(source, Binding::Output { .. }) {
            return Err(Diagnostic::error("an import's source is a path or a parameter, not a step's output")
                .at(entry.node.span)
                .hint("a step's output is an artifact already: refer to it directly"));
        }
        // A path that looks like a number is still text.
        let source = match (source, entry.node.text()) {
            (Binding::Literal(value), Some(text)) if !value.is_string() => Binding::Literal(text.into()),
            (source, _) => source,
        };
        let kind = self.kind()?;
        let mut properties = IndexMap::new();
        if let Some(entry) = self.fields.get("metadata") {
            for (key, entry) in entry.node.mapping("a mapping from property to value")? {
                properties.insert(key.clone(), entry.node.value()?);
            }
        }
        Ok(Component {
            inputs: IndexMap::new(),
            outputs: artifact_output(&kind, false),
            implementation: Implementation::Import(Importer { source, kind, properties }),
            ..Component::default()
        })
    }

    fn latest(&mut self) -> Result<Component, Diagnostic> {
        let Some(entry) = self.fields.get("latest") else {
            return Err(self.missing("latest", "an output of a step, such as `push.model`"));
        };
        self.place("latest", entry.node.span);
        let text = entry.node.string("an output of a step, such as `push.model`")?;
        let inner = text.trim().strip_prefix("${").and_then(|text| text.strip_suffix('}')).unwrap_or(text);
        let (task, output) = match reference::reference(inner.trim(), &entry.node) {
            Ok(Binding::Output { task, output }) if !output.is_empty() => (task, output),
            _ => {
                return Err(Diagnostic::error(format!("`{text}` does not name an output of a step"))
                    .at(entry.node.span)
                    .hint("write `step.output`, such as `push.model`"));
            }
        };
        let pipeline = self
            .fields
            .read("pipeline", self.problems, |node, _| node.string("the name of a pipeline"))
            .map(str::to_owned);
        let kind = self.kind()?;
        Ok(Component {
            inputs: IndexMap::new(),
            outputs: artifact_output(&kind, true),
            implementation: Implementation::Latest(Latest { pipeline, task, output, kind }),
            ..Component::default()
        })
    }

    fn kind(&mut self) -> Result<ArtifactType, Diagnostic> {
        let Some(entry) = self.fields.get("type") else {
            return Err(self.missing("type", "the artifact's kind, such as `dataset`"));
        };
        self.place("type", entry.node.span);
        let text = entry.node.string("an artifact's kind, such as `dataset`")?;
        ArtifactType::parse(text)
            .map_err(|hint| Diagnostic::error(format!("unknown kind `{text}`")).at(entry.node.span).hint(hint))
    }

    fn missing(&self, key: &str, what: &str) -> Diagnostic {
        Diagnostic::error(format!("the step `{}` needs `{key}:`, {what}", self.name)).at(self.key)
    }
}

/// The only output of an importer or resolver, `artifact`.
fn artifact_output(kind: &ArtifactType, optional: bool) -> IndexMap<String, Port> {
    let ty = PortType::Artifact { kind: kind.clone(), list: false };
    IndexMap::from_iter([("artifact".to_owned(), Port { ty, optional })])
}

/// `components/penguins.wasm#train`
fn component_reference(text: &str, node: &Node) -> Result<WasmStep, Diagnostic> {
    let (path, function) = match text.split_once('#') {
        Some((path, function)) => (path, Some(function)),
        None => (text, None),
    };
    if path.is_empty() {
        return Err(Diagnostic::error("the path of a component file is missing before `#`").at(node.span));
    }
    if function == Some("") {
        return Err(Diagnostic::error("the name of a function is missing after `#`")
            .at(node.span)
            .hint("a component with one function needs neither"));
    }
    if path.contains("${") {
        return Err(Diagnostic::error("a component's path cannot hold references")
            .at(node.span)
            .hint("which components run is known before the parameters are"));
    }
    Ok(WasmStep { path: path.to_owned(), function: function.map(str::to_owned), digest: None })
}

fn when(node: &Node) -> Result<Condition, Diagnostic> {
    let text = node.string("a condition such as `evaluate.accuracy > 0.9`")?.trim();
    // Some users write a condition as a reference.
    let expression = match text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) {
        Some(inner) if !inner.contains('}') => inner.trim(),
        _ => text,
    };
    let parsed = condition::parse(expression).map_err(|wrong| {
        let hint = wrong.hint();
        let problem = Diagnostic::error(format!("this condition is not right: {wrong}")).at(node.span);
        problem.hint(hint)
    })?;
    Ok(Condition {
        expression: expression.to_owned(),
        tasks: parsed.tasks,
        variables: ConditionVariables::Tasks,
        at: node.span.at,
    })
}
