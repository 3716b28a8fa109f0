//! The reader of KFP's format.
//!
//! A file is YAML or JSON with a `PipelineSpec`, to which a second document may add a `PlatformSpec`; or both are the
//! fields `pipeline_spec` and `platform_spec` of one document, as in KFP's REST API. As in the JSON form of every
//! protocol buffer, fields have two names: `pipelineInfo` and `pipeline_info`.

use std::collections::{BTreeMap, HashMap, HashSet};

use indexmap::IndexMap;
use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::ir::write::SCHEMA_VERSION;
use crate::model::{Format, Implementation, Pipeline, Span, Task};
use crate::suggest;
use crate::yaml::node::{self, Entry, Node};
use crate::yaml::schema::Schema;

mod components;
mod executors;
mod header;
mod json;
mod message;
mod platform;
mod repair;
mod resources;
mod runtime;
mod tasks;
#[cfg(test)]
mod tests;
mod tfx;
mod values;

use executors::Executor;
use message::{Message, Notes};
pub(crate) use repair::CHANNEL;

/// The maximum number of literal items of a loop: each is a task.
pub const MAX_ITEMS: usize = 100_000;

/// The result of reading a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// The pipeline. [`crate::check::check`] checks it as a whole.
    pub pipeline: Pipeline,
    /// Warnings about what is ignored or not supported.
    pub warnings: Vec<Diagnostic>,
}

const SPEC_FIELDS: [&str; 7] =
    ["pipelineInfo", "deploymentSpec", "sdkVersion", "schemaVersion", "components", "root", "defaultPipelineRoot"];
/// Fields of a `PipelineJob`, which Vertex AI accepts, and of the body of a REST call.
const WRAPPER_FIELDS: [&str; 8] =
    ["pipelineSpec", "platformSpec", "name", "displayName", "description", "labels", "runtimeConfig", "schemaVersion"];

/// Whether a text is likely to be in KFP's format rather than the native one: it has one of KFP's fields at the top
/// level.
pub fn looks_like_ir(text: &str) -> bool {
    const KFP_FIELDS: [&str; 10] = [
        "pipelineSpec",
        "pipeline_spec",
        "schemaVersion",
        "schema_version",
        "pipelineInfo",
        "pipeline_info",
        "deploymentSpec",
        "deployment_spec",
        "sdkVersion",
        "sdk_version",
    ];
    let text = text.trim_start_matches('\u{feff}');
    if text.trim_start().starts_with('{') {
        return KFP_FIELDS.iter().any(|mark| text.contains(&format!("\"{mark}\"")));
    }
    text.lines().any(|line| {
        let key = line.split(':').next().filter(|key| key.len() < line.len()).unwrap_or_default();
        KFP_FIELDS.contains(&key.trim_end().trim_matches(['"', '\'']))
    })
}

/// Reads a pipeline in KFP's format, schema 2.1.0 or 2.0.0.
///
/// # Errors
/// Every problem of the file, in its order, up to [`crate::diagnostic::MAX_DIAGNOSTICS`].
pub fn read_pipeline(text: &str) -> Result<Read, Vec<Diagnostic>> {
    let mut notes = Notes::default();
    let text = json::yaml_escapes(text);
    let text = header::passed_over(&text, &mut notes);
    let schema = if json::is_json(&text) { Schema::Core } else { Schema::PyYaml };
    let documents = node::load_documents(&text, schema, 3, &mut notes.errors).unwrap_or_default();
    let pipeline = read(&documents, &mut notes).filter(|_| !notes.errors.any_error());
    if let Some(pipeline) = pipeline {
        return Ok(Read { pipeline, warnings: notes.warnings.into_sorted() });
    }
    if !notes.errors.any_error() {
        let what = if text.trim().is_empty() { "the file is empty" } else { "there is no pipeline in the file" };
        notes.error(Diagnostic::error(what).hint("write it with the compiler of the KFP SDK"));
    }
    let mut problems = notes.errors.into_sorted();
    if text.trim_start().starts_with('{') {
        problems.iter_mut().for_each(json::speak_of_json);
    }
    Err(problems)
}

fn read(documents: &[Node], notes: &mut Notes) -> Option<Pipeline> {
    let (mut spec, mut platform, mut wrapper, mut runtime) = (None, None, None, None);
    for document in documents.iter().filter(|document| !document.is_null()) {
        let fields = match document.mapping("a mapping for the pipeline") {
            Ok(fields) => fields,
            Err(problem) => {
                notes.error(problem);
                return None;
            }
        };
        let slot = if fields.contains_key("platforms") {
            &mut platform
        } else if fields.contains_key("pipelineSpec") || fields.contains_key("pipeline_spec") {
            &mut wrapper
        } else {
            &mut spec
        };
        if slot.replace(document).is_some() {
            notes.error(Diagnostic::error("a second pipeline begins here: one file holds one").at(document.span));
            return None;
        }
    }
    if let Some(wrapper) = wrapper {
        let message = Message::new(wrapper, "the file", &WRAPPER_FIELDS, notes);
        let message = notes.take(message)?;
        runtime = message.get("runtimeConfig");
        spec = message.get("pipelineSpec").map(|entry| &entry.node).or(spec);
        platform = message.get("platformSpec").map(|entry| &entry.node).or(platform);
    }
    let Some(spec) = spec else {
        if let Some(platform) = platform {
            notes.error(Diagnostic::error("there is only a platform specification, no pipeline").at(platform.span));
        }
        return None;
    };
    let message = Message::new(spec, "the pipeline", &SPEC_FIELDS, notes);
    let message = notes.take(message)?;
    let mut reader = Reader { notes: std::mem::take(notes), ..Reader::default() };
    let mut pipeline = reader.pipeline(&message, platform);
    *notes = reader.notes;
    if let (Some(entry), Some(pipeline)) = (runtime, &mut pipeline) {
        runtime::apply(entry, pipeline, notes);
    }
    pipeline
}

/// Reads one pipeline.
#[derive(Default)]
struct Reader<'n> {
    notes: Notes,
    places: BTreeMap<String, Span>,
    executors: HashMap<&'n str, Executor>,
    /// The executors that have errors.
    broken: HashSet<&'n str>,
    /// The executor of each component that has one.
    labels: HashMap<&'n str, &'n str>,
    submitted: Submitted,
}

/// Whether the SDK wrote the file when it submitted it with `enable_caching=False`: it turns the cache off for the root's tasks, loops and
/// conditions among them, for which its compiler writes nothing, and leaves it on for all within.
#[derive(Default)]
struct Submitted {
    /// Where the first task of the root has its cache turned off in so many words.
    off: Option<Span>,
    /// Tasks of the root of which this is not written.
    others: usize,
    /// Tasks of other DAGs that may come from the cache.
    cached_within: usize,
}

impl Submitted {
    fn add(&mut self, in_root: bool, cache: bool, off: Option<Span>) {
        match (in_root, off) {
            (true, Some(span)) => _ = self.off.get_or_insert(span),
            (true, None) => self.others += 1,
            (false, _) => self.cached_within += usize::from(cache),
        }
    }

    fn warning(&self) -> Option<Diagnostic> {
        let span = self.off.filter(|_| self.others == 0 && self.cached_within > 0)?;
        let tasks = if self.cached_within == 1 { "task" } else { "tasks" };
        let warning = format!(
            "the cache is off for the pipeline's own tasks, as `enable_caching=False` writes it, and on for {} {tasks} in its loops, \
             conditions and nested pipelines",
            self.cached_within
        );
        Some(Diagnostic::warning(warning).at(span).hint("`weft run --no-cache` executes those too"))
    }
}

impl<'n> Reader<'n> {
    fn pipeline(&mut self, message: &Message<'n>, platform: Option<&'n Node>) -> Option<Pipeline> {
        let mut pipeline = Pipeline { format: Format::Kfp, ..Pipeline::default() };
        self.info(message, &mut pipeline);
        let components: Vec<(&'n String, &'n Entry)> =
            message.map("components", "a mapping from names to components", &mut self.notes).collect();
        for (name, entry) in &components {
            if let Some(label) = components::label(&entry.node) {
                self.labels.insert(name, label);
            }
        }
        let root = message.get("root");
        let users = self.users(components.iter().map(|(_, entry)| *entry).chain(root));
        let mut asked = IndexMap::new();
        let platforms = self.platforms(platform, &components);
        for platform in &platforms {
            if let Some(entry) = platform.pipeline {
                self.pipeline_config(entry, &mut pipeline, &mut asked);
            }
        }
        if let Some(entry) = message.get("defaultPipelineRoot") {
            let written = self.notes.take(values::value(&entry.node)).unwrap_or_default();
            unhonoured("defaultPipelineRoot", written, entry.key, &mut asked, &mut self.notes);
        }
        let deployment = message.message("deploymentSpec", "`deploymentSpec`", &["executors"], &mut self.notes);
        for (label, entry) in deployment.map("executors", "a mapping from names to executors", &mut self.notes) {
            self.notes.task = users.executors.get(label.as_str()).map(|task| (*task).to_owned());
            self.notes.subject = Some(("executor", label.clone()));
            match executors::read(label, entry, &mut self.notes) {
                Some(mut executor) => {
                    let configured = platforms.iter().flat_map(|platform| &platform.executors);
                    for (_, entry) in configured.filter(|(name, _)| *name == label) {
                        platform::apply(&entry.node, &mut executor, &mut self.notes);
                    }
                    self.executors.insert(label, executor);
                }
                None => _ = self.broken.insert(label),
            }
        }
        (self.notes.task, self.notes.subject) = (None, None);
        for (label, entry) in platforms.iter().flat_map(|platform| &platform.executors) {
            if !self.executors.contains_key(label.as_str()) && !self.broken.contains(label.as_str()) {
                let warning = Diagnostic::warning(format!("there is no executor `{label}` that this is for"));
                self.notes.warn(warning.at(entry.key));
            }
        }
        for (name, entry) in components {
            self.places.insert(format!("components.{name}"), entry.key);
            self.notes.task = users.components.get(name.as_str()).map(|task| (*task).to_owned());
            self.notes.subject = Some(("component", name.clone()));
            if let Some(component) = self.component(Some(name), &entry.node) {
                pipeline.components.insert(name.clone(), component);
            }
            (self.notes.task, self.notes.subject) = (None, None);
        }
        let Some(root) = root else {
            self.notes.error(Diagnostic::error("the pipeline has no `root`").at(message.span));
            return None;
        };
        pipeline.root = self.component(None, &root.node)?;
        if !matches!(pipeline.root.implementation, Implementation::Dag(_)) {
            let problem = Diagnostic::error("the pipeline's `root` is no `dag`").at(root.key);
            self.notes.error(problem);
        }
        pipeline.root.unhonoured.extend(asked);
        if let Some(warning) = self.submitted.warning() {
            self.notes.warn(warning);
        }
        pipeline.places = std::mem::take(&mut self.places);
        repair::composed_texts(&mut pipeline, &mut self.notes);
        tfx::settle(&mut pipeline, &mut self.notes);
        Some(pipeline)
    }

    /// Reads the name, and checks the version of the format.
    fn info(&mut self, message: &Message<'n>, pipeline: &mut Pipeline) {
        let info =
            message.message("pipelineInfo", "`pipelineInfo`", &["name", "displayName", "description"], &mut self.notes);
        if let Some(entry) = info.get("name") {
            self.places.insert("name".to_owned(), entry.node.span);
            match message::name(&entry.node, "the pipeline's name") {
                Ok(name) if name.chars().any(char::is_control) => {
                    self.notes.error(Diagnostic::error("a pipeline's name is one line of text").at(entry.node.span));
                }
                Ok(name) => name.clone_into(&mut pipeline.name),
                Err(problem) => self.notes.error(problem),
            }
        } else {
            let problem = Diagnostic::error("the pipeline has no name").at(message.span);
            self.notes.error(problem.hint("it is `name` in `pipelineInfo`"));
        }
        info.text("displayName", "a name", &mut self.notes);
        let description = info.text("description", "a description", &mut self.notes);
        pipeline.description = description.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        message.text("sdkVersion", "a version", &mut self.notes);
        let Some(entry) = message.get("schemaVersion") else {
            let problem = Diagnostic::error("the pipeline has no `schemaVersion`").at(message.span);
            self.notes.error(problem.hint(format!("compile it with the KFP SDK 2, which writes {SCHEMA_VERSION}")));
            return;
        };
        if let Some(version) = message.text("schemaVersion", "a version", &mut self.notes)
            && !matches!(version, "2.1.0" | "2.0.0")
        {
            if version.starts_with("2.") {
                let warning = format!("the schema's version is {version}; what is newer than 2.1.0 is passed over");
                self.notes.warn(Diagnostic::warning(warning).at(entry.node.span));
            } else {
                let problem = format!("the schema's version is {version}; 2.0.0 and 2.1.0 can be read");
                self.notes.error(Diagnostic::error(problem).at(entry.node.span).hint("compile it with the KFP SDK 2"));
            }
        }
    }

    /// The tasks with which problems of components and executors are reported.
    fn users(&self, components: impl Iterator<Item = &'n Entry>) -> Users<'n> {
        let mut users = Users::default();
        let mut unseen = Notes::default();
        for entry in components {
            let component = Message::new(&entry.node, "", &components::FIELDS, &mut unseen);
            let Ok(component) = component else { continue };
            let dag = component.message("dag", "", &["tasks", "outputs"], &mut unseen);
            for (name, entry) in dag.map("tasks", "", &mut unseen) {
                let Ok(task) = Message::new(&entry.node, "", &tasks::FIELDS, &mut unseen) else { continue };
                let reference = task.message("componentRef", "", &["name"], &mut unseen);
                let Some(component) = reference.get("name").and_then(|entry| entry.node.text()) else { continue };
                users.components.entry(component).or_insert(name.as_str());
                if let Some(label) = self.labels.get(component) {
                    users.executors.entry(label).or_insert(name.as_str());
                }
            }
        }
        users
    }

    /// Applies the configuration for Kubernetes: that of the platform specification, and that of components from other
    /// files.
    fn platforms(
        &mut self,
        node: Option<&'n Node>,
        components: &[(&'n String, &'n Entry)],
    ) -> Vec<platform::Platform<'n>> {
        let mut all: Vec<_> = node.and_then(|node| platform::platforms(node, &mut self.notes)).into_iter().collect();
        for (_, entry) in components {
            let message = Message::new(&entry.node, "", &components::FIELDS, &mut Notes::default());
            let Ok(message) = message else { continue };
            for node in message.list("singlePlatformSpecs", "a list of platforms", &mut self.notes) {
                all.extend(platform::single(node, &mut self.notes));
            }
        }
        all
    }

    fn pipeline_config(&mut self, entry: &'n Entry, pipeline: &mut Pipeline, asked: &mut IndexMap<String, Value>) {
        let known = [
            "workspace",
            "activeDeadlineSeconds",
            "resourceTtlOnCompletion",
            "resourceTtlOnSuccess",
            "resourceTtlOnFailure",
        ];
        let notes = &mut self.notes;
        let read = Message::new(&entry.node, "`pipelineConfig`", &known, notes);
        let Some(message) = notes.take(read) else { return };
        // Its size and its storage class are ignored: it is a directory of the host.
        pipeline.workspace |= message.get("workspace").is_some();
        pipeline.deadline = message
            .count("activeDeadlineSeconds", notes)
            .filter(|seconds| *seconds > 0)
            .map(std::time::Duration::from_secs);
        for field in &known[2..] {
            if let Some(entry) = message.get(field) {
                let written = notes.take(values::value(&entry.node)).unwrap_or_default();
                unhonoured(&format!("pipelineConfig.{field}"), written, entry.key, asked, notes);
            }
        }
    }

    /// Applies the settings of a component's executor to a task.
    fn apply_executor(&self, task: &mut Task) {
        let label = self.labels.get(task.component.as_str());
        let Some(executor) = label.and_then(|label| self.executors.get(label)) else { return };
        task.grants = executor.grants.clone();
        task.limits = executor.limits;
        task.mounts.clone_from(&executor.mounts);
        task.secrets.clone_from(&executor.secrets);
        if let Some(cache) = executor.cache {
            task.cache = cache;
        }
    }
}

/// The first task that uses each component, and each executor.
#[derive(Default)]
struct Users<'n> {
    components: HashMap<&'n str, &'n str>,
    executors: HashMap<&'n str, &'n str>,
}

/// The names of the secrets and config maps in a field.
fn names_in(value: &Value) -> Vec<&str> {
    let sources = value.as_array().into_iter().flatten();
    let names = sources.filter_map(|source| {
        ["secretName", "configMapName"].iter().find_map(|field| {
            let by_parameter = &source[format!("{field}Parameter")]["runtimeValue"]["constant"];
            by_parameter.as_str().or_else(|| source[*field].as_str())
        })
    });
    names.collect()
}

/// Keeps the name of an unsupported feature, and warns of it.
fn unhonoured(name: &str, value: Value, at: Span, asked: &mut IndexMap<String, Value>, notes: &mut Notes) {
    let last = name.rsplit('.').next().unwrap_or(name);
    let why = match last {
        "accelerator" => "a step has none",
        "nodeSelector" | "nodeAffinity" | "podAffinity" | "tolerations" => "there is only this machine",
        "podMetadata" => "there is no pod",
        "imagePullSecret" | "imagePullPolicy" => "no image is pulled",
        "resourceCpuLimit" | "cpuLimit" => "a step uses one thread when it runs",
        "resourceCpuRequest" | "cpuRequest" => "a step uses one thread",
        "resourceMemoryRequest" | "memoryRequest" => "a step has at most 4 GiB of memory",
        "resourceTtlOnCompletion" | "resourceTtlOnSuccess" | "resourceTtlOnFailure" => {
            "a run leaves nothing behind to remove"
        }
        "defaultPipelineRoot" => "artifacts lie in the store",
        "securityContext" | "initContainers" => "a step runs in a sandbox, not in a container",
        "taskConfigPassthroughs" => "a step is started by no cluster",
        "lifecycle" => "nothing runs before a step",
        _ => "nothing here does it",
    };
    let names = names_in(&value);
    let of = if names.is_empty() { String::new() } else { format!(" of {}", suggest::list(&names)) };
    notes.warn(Diagnostic::warning(format!("`{name}`{of} is not honoured: {why}")).at(at));
    asked.insert(name.to_owned(), value);
}
