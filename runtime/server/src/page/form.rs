//! Starting a run from a form: a field for each parameter, made of its type.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde_json::Value;
use weft::metadata::control::Origin;
use weft::pipeline::model::{Format, Input, Pipeline};
use weft::pipeline::types::{ParameterType, PortType};

use super::request::{Fields, Sent, answer, problem};
use super::run::Run;
use super::shell::{Page, Section, heading};
use super::words::{encoded, plain, short};
use super::{pipelines, values};
use crate::error::{Error, Kind, Result};
use crate::operations::NewRun;
use crate::prepare::recorded_spec;
use crate::router::blocking;
use crate::server::Server;

/// The name of a parameter's field, which no other field of the form begins with.
const PREFIX: &str = "p.";

/// A form to be: what it starts, and what stands in its fields.
struct Form {
    /// The way to it, each page with its name.
    way: Vec<(String, String)>,
    title: String,
    action: String,
    pipeline: Pipeline,
    /// Texts in the fields, by parameter.
    texts: BTreeMap<String, String>,
    /// Why it could not be started, by parameter; under no name what is about none of them.
    problems: BTreeMap<String, String>,
    name: String,
    no_cache: bool,
}

/// `GET /runs/{id}/again`
pub(super) async fn again(State(server): State<Server>, Path(id): Path<String>) -> Response {
    answer(server, move |server| Ok(of_run(server, &id)?.page())).await
}

/// `POST /runs/{id}/again`
pub(super) async fn submit_again(
    State(server): State<Server>,
    Path(id): Path<String>,
    axum::Form(sent): Sent,
) -> Response {
    submit(server, sent, move |server| {
        let form = of_run(server, &id)?;
        let run = server.again(&id)?;
        Ok((form, run))
    })
    .await
}

/// `GET /versions/{pipeline}/{version}/start`
pub(super) async fn start(State(server): State<Server>, Path((pipeline, version)): Path<(String, String)>) -> Response {
    answer(server, move |server| Ok(of_version(server, &pipeline, &version)?.0.page())).await
}

/// `POST /versions/{pipeline}/{version}/start`
pub(super) async fn submit_start(
    State(server): State<Server>,
    Path((pipeline, version)): Path<(String, String)>,
    axum::Form(sent): Sent,
) -> Response {
    submit(server, sent, move |server| of_version(server, &pipeline, &version)).await
}

/// Starts a run with what stands in the fields, or shows the form again with what is wrong.
async fn submit(
    server: Server,
    sent: Vec<(String, String)>,
    form: impl FnOnce(&Server) -> Result<(Form, NewRun)> + Send + 'static,
) -> Response {
    let work = move |server: &Server| {
        let (mut form, mut run) = form(server)?;
        form.take(&Fields(sent));
        match form.parameters() {
            Ok(parameters) => run.parameters = parameters,
            Err(problems) => form.problems = problems,
        }
        run.name.clone_from(&form.name);
        run.no_cache = form.no_cache;
        if form.problems.is_empty() {
            match server.submit(run, Origin::Page) {
                Ok(detail) => return Ok(Ok(format!("/runs/{}", encoded(&detail.entry.id)))),
                Err(error) if matches!(error.kind, Kind::InvalidArgument | Kind::FailedPrecondition) => {
                    form.problems.insert(String::new(), error.message);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Err(form.page().into_string()))
    };
    match blocking(&server, work).await {
        Ok(Ok(next)) => Redirect::to(&next).into_response(),
        Ok(Err(page)) => (axum::http::StatusCode::BAD_REQUEST, Html(page)).into_response(),
        Err(error) => problem(&error),
    }
}

fn of_run(server: &Server, id: &str) -> Result<Form> {
    let run = Run::load(server, id)?;
    let pipeline = match run.pipeline.clone() {
        Some(pipeline) => pipeline,
        None => read(server, &server.again(id)?)?,
    };
    let values = run.parameters();
    Ok(Form {
        way: vec![("/".to_owned(), "Runs".to_owned()), (format!("/runs/{}", encoded(&run.id)), short(run.name(), 60))],
        title: "Run again".to_owned(),
        action: format!("/runs/{}/again", encoded(&run.id)),
        texts: texts(&pipeline, &values),
        pipeline,
        problems: BTreeMap::new(),
        name: String::new(),
        no_cache: false,
    })
}

fn of_version(server: &Server, pipeline: &str, version: &str) -> Result<(Form, NewRun)> {
    let (entry, version) = pipelines::version_of(server, pipeline, version)?;
    let run = NewRun {
        pipeline: Some(entry.id.clone()),
        version: Some(version.id.clone()),
        spec: Some(version.spec.clone()),
        ..NewRun::default()
    };
    let read = read(server, &run)?;
    let form = Form {
        way: vec![
            ("/pipelines".to_owned(), "Pipelines".to_owned()),
            (format!("/pipelines/{}", encoded(&entry.name)), short(&entry.name, 60)),
        ],
        title: format!("Start {}", short(&version.name, 60)),
        action: format!("/versions/{}/{}/start", encoded(&entry.id), encoded(&version.id)),
        texts: texts(&read, &BTreeMap::new()),
        pipeline: read,
        problems: BTreeMap::new(),
        name: String::new(),
        no_cache: false,
    };
    Ok((form, NewRun { spec: None, ..run }))
}

/// The pipeline of a run to be, with the types of its parameters.
fn read(server: &Server, run: &NewRun) -> Result<Pipeline> {
    match &run.spec {
        Some(spec) => Ok(server.read_spec(spec)?.pipeline),
        None => Err(Error::new(Kind::FailedPrecondition, "the pipeline of this run cannot be read")),
    }
}

/// The parameters of a pipeline with their types.
fn parameters(pipeline: &Pipeline) -> impl Iterator<Item = (&String, &Input, &ParameterType)> {
    pipeline.root.inputs.iter().filter_map(|(name, input)| match &input.port.ty {
        PortType::Parameter(ty) => Some((name, input, ty)),
        PortType::Artifact { .. } => None,
    })
}

/// What stands in the fields at first: these values, or the defaults.
fn texts(pipeline: &Pipeline, given: &BTreeMap<String, Value>) -> BTreeMap<String, String> {
    let text = |(name, input, ty): (&String, &Input, &ParameterType)| {
        let value = given.get(name).or(input.default.as_ref())?;
        Some((name.clone(), text(ty, value)))
    };
    parameters(pipeline).filter_map(text).collect()
}

/// A value as its field has it.
fn text(ty: &ParameterType, value: &Value) -> String {
    match (ty, value) {
        (_, Value::Null) => String::new(),
        (ParameterType::Option(inner), value) => text(inner, value),
        (_, Value::String(text)) => text.clone(),
        (_, value) => value.to_string(),
    }
}

impl Form {
    /// Takes what was sent into the fields.
    fn take(&mut self, sent: &Fields) {
        for (name, value) in &sent.0 {
            if let Some(parameter) = name.strip_prefix(PREFIX) {
                // Browsers send line breaks in their own way.
                self.texts.insert(parameter.to_owned(), value.replace("\r\n", "\n"));
            }
        }
        self.name = sent.get("name").unwrap_or_default().chars().take(200).collect();
        self.no_cache = sent.get("no-cache").is_some();
    }

    /// The values, or what is wrong with some of the texts.
    fn parameters(&self) -> Result<BTreeMap<String, Value>, BTreeMap<String, String>> {
        let (mut values, mut problems) = (BTreeMap::new(), BTreeMap::new());
        for (name, input, ty) in parameters(&self.pipeline) {
            let Some(text) = self.texts.get(name) else { continue };
            // Nothing is the default; a text may be empty on purpose if there is none.
            if text.is_empty() && (!matches!(ty, ParameterType::String) || input.port.optional) {
                continue;
            }
            match ty.parse(text) {
                Ok(value) => _ = values.insert(name.clone(), value),
                Err(mismatch) => _ = problems.insert(name.clone(), mismatch.to_string()),
            }
        }
        if problems.is_empty() { Ok(values) } else { Err(problems) }
    }

    fn page(&self) -> Markup {
        let way: Vec<(&str, &str)> = self.way.iter().map(|(href, name)| (href.as_str(), name.as_str())).collect();
        let artifacts: Vec<&String> = self
            .pipeline
            .root
            .inputs
            .iter()
            .filter(|(_, input)| matches!(input.port.ty, PortType::Artifact { .. }) && !input.port.optional)
            .map(|(name, _)| name)
            .collect();
        let back = self.way.last().map_or("/", |(href, _)| href);
        Page::new(Section::Runs, &self.title).around(&html! {
            (heading(&way, &html! { (self.title) }, &html! {}))
            form class="start" method="post" action=(self.action) {
                @if let Some(problem) = self.problems.get("") { div class="problem" role="alert" { (plain(problem)) } }
                @if !artifacts.is_empty() {
                    p class="note" { "It takes artifacts, which a form cannot give: " (artifacts.iter().map(|name| short(name, 40)).collect::<Vec<_>>().join(", ")) ". Start it with " code { "weft run" } "." }
                }
                @for (name, input, ty) in parameters(&self.pipeline) { (self.field(name, input, ty)) }
                @if parameters(&self.pipeline).next().is_none() { p class="dim" { "It takes no parameters." } }
                fieldset class="more" {
                    legend { "This run" }
                    div class="field" {
                        label for="run-name" { "Name" }
                        input id="run-name" name="name" value=(self.name) maxlength="200" autocomplete="off" aria-describedby="run-name-about";
                        p class="about" id="run-name-about" { "If empty, it is made of the pipeline's name and the time." }
                    }
                    label class="check" {
                        input type="checkbox" name="no-cache" value="yes" checked[self.no_cache];
                        span { "Execute every step, whatever earlier runs gave" }
                    }
                }
                div class="actions" {
                    button class="button primary" type="submit" { "Start" }
                    a class="button plain" href=(back) { "Cancel" }
                }
            }
        })
    }

    fn field(&self, name: &str, input: &Input, ty: &ParameterType) -> Markup {
        let text = self.texts.get(name).map_or("", String::as_str);
        let problem = self.problems.get(name);
        let (id, field) = (format!("p-{name}"), format!("{PREFIX}{name}"));
        let about = format!("about-{name}");
        let shown = input.port.ty.text(if self.pipeline.format == Format::Kfp { Format::Kfp } else { Format::Native });
        let default = input.default.as_ref().map(values::text);
        let required = input.default.is_none() && !input.port.optional;
        let (inner, optional) = match ty {
            ParameterType::Option(inner) => (inner.as_ref(), true),
            ty => (ty, input.port.optional),
        };
        let empty = optional || input.default.is_some();
        let choices: Option<Vec<String>> = match inner {
            _ if !input.literals.is_empty() => Some(input.literals.iter().map(values::text).collect()),
            ParameterType::Bool => Some(vec!["true".to_owned(), "false".to_owned()]),
            ParameterType::Enum(names) => Some(names.clone()),
            _ => None,
        };
        let invalid = problem.map(|_| "true");
        html! {
            div class="field" {
                label for=(id) { (short(name, 80)) " " code class="type" { (short(&shown, 60)) } @if required { span class="unseen" { ", required" } } }
                @if let Some(choices) = choices {
                    select id=(id) name=(field) aria-describedby=(about) aria-invalid=[invalid] {
                        @if empty && !choices.iter().any(|choice| choice == text) { option value="" selected { "–" } }
                        @else if optional { option value="" { "–" } }
                        @for choice in &choices { option value=(choice) selected[choice == text] { (short(choice, 80)) } }
                    }
                } @else if let Some((low, high)) = inner.integer_range() {
                    input id=(id) name=(field) type="number" step="1" min=(low) max=(high) value=(text) required[required] aria-describedby=(about) aria-invalid=[invalid];
                } @else if matches!(inner, ParameterType::F32 | ParameterType::F64) {
                    // NaN and the infinities are numbers too, which a field for numbers refuses.
                    input id=(id) name=(field) type="text" inputmode="decimal" value=(text) required[required] autocomplete="off" aria-describedby=(about) aria-invalid=[invalid];
                } @else if matches!(inner, ParameterType::String | ParameterType::Char) && !text.contains('\n') && text.len() < 120 {
                    input id=(id) name=(field) type="text" value=(text) autocomplete="off" aria-describedby=(about) aria-invalid=[invalid];
                } @else {
                    textarea id=(id) name=(field) rows=(text.lines().count().clamp(2, 12)) spellcheck="false" aria-describedby=(about) aria-invalid=[invalid] { (text) }
                }
                p class="about" id=(about) {
                    @if let Some(problem) = problem { strong class="wrong" { (plain(problem)) } " " }
                    @if let Some(description) = &input.description { (plain(description.trim_end_matches('.'))) ". " }
                    @if let Some(default) = &default { "Default: " code { (short(default, 80)) } }
                    @else if optional { "May be left empty." }
                    @if matches!(inner, ParameterType::List(_) | ParameterType::Tuple(_) | ParameterType::Record(_) | ParameterType::Map(_) | ParameterType::Json | ParameterType::Flags(_) | ParameterType::Variant(_)) { " As JSON or YAML." }
                }
            }
        }
    }
}

/// What a run is made of that is like another one.
impl Server {
    fn again(&self, id: &str) -> Result<NewRun> {
        let detail = self.run(id)?;
        // One that was only put away or resumed here has no text of its own.
        if let Some(submission) = detail.submission.filter(|submission| !submission.spec.text.is_empty()) {
            return Ok(NewRun {
                experiment: Some(submission.experiment),
                spec: Some(submission.spec),
                priority: submission.priority,
                service_account: submission.service_account,
                ..NewRun::default()
            });
        }
        let record = self.store().metadata.run_without_steps(id)?;
        Ok(NewRun { spec: Some(recorded_spec(&record.summary.id)), ..NewRun::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use weft::pipeline::signature::Port;

    fn form(inputs: &[(&str, ParameterType, Option<Value>)]) -> Form {
        let mut pipeline = Pipeline::default();
        for (name, ty, default) in inputs {
            let input =
                Input { default: default.clone(), ..Input::from(Port::required(PortType::Parameter(ty.clone()))) };
            pipeline.root.inputs.insert((*name).to_owned(), input);
        }
        Form {
            way: Vec::new(),
            title: "Start".to_owned(),
            action: "/x".to_owned(),
            texts: texts(&pipeline, &BTreeMap::new()),
            pipeline,
            problems: BTreeMap::new(),
            name: String::new(),
            no_cache: false,
        }
    }

    fn sent(pairs: &[(&str, &str)]) -> Fields {
        Fields(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn texts_become_values_of_their_types() {
        let mut form = form(&[
            ("seed", ParameterType::U8, Some(json!(7))),
            ("rate", ParameterType::F64, None),
            ("names", ParameterType::List(Box::new(ParameterType::String)), None),
            ("title", ParameterType::String, None),
            ("on", ParameterType::Bool, Some(json!(true))),
        ]);
        form.take(&sent(&[
            ("p.seed", ""),
            ("p.rate", "1e-3"),
            ("p.names", "[a, \"b\"]"),
            ("p.title", "x\r\ny"),
            ("p.on", "false"),
        ]));
        let values = form.parameters().unwrap();
        assert_eq!(
            serde_json::to_value(values).unwrap(),
            json!({"rate": 0.001, "names": ["a", "b"], "title": "x\ny", "on": false})
        );
        form.take(&sent(&[("p.seed", "300"), ("p.rate", "fast")]));
        let problems = form.parameters().unwrap_err();
        assert_eq!(problems.keys().collect::<Vec<_>>(), ["rate", "seed"]);
    }

    #[test]
    fn each_type_has_its_field() {
        let form = form(&[
            ("seed", ParameterType::U8, Some(json!(7))),
            ("on", ParameterType::Bool, None),
            ("kind", ParameterType::Enum(vec!["a\"b".to_owned(), "c".to_owned()]), None),
            ("json", ParameterType::Json, Some(json!({"<x>": 1}))),
        ]);
        let page = form.page().into_string();
        for part in [
            r#"type="number" step="1" min="0" max="255" value="7""#,
            r#"<option value="true">"#,
            r#"<option value="a&quot;b">"#,
            r"{&quot;&lt;x&gt;&quot;:1}</textarea>",
        ] {
            assert!(page.contains(part), "{part} is not in {page}");
        }
    }
}
