//! Making a trigger, and forgetting one that was made here. What stands in the form is written as the file of a trigger and read by the same
//! reader, so both are told what is wrong in the same words.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use serde_json::{Map, Value, json};
use weft::metadata::control::ListQuery;

use super::removal::confirm;
use super::request::{Fields, Sent, act, answer, problem};
use super::shell::{Page, Section, heading, nothing};
use super::words::{encoded, plain, short};
use crate::error::{Error, Kind, Result};
use crate::router::blocking;
use crate::server::Server;

/// Uploaded pipelines to choose from.
const MAX_PIPELINES: usize = 500;

/// What can start runs: its name in a trigger's file, and in words.
const KINDS: [(&str, &str); 3] = [
    ("files", "Files appear or change in a folder"),
    ("artifact", "A run gives a new artifact"),
    ("webhook", "Somebody sends a signed request"),
];

/// `GET /triggers/new`
pub(super) async fn new(State(server): State<Server>, fields: Fields) -> Response {
    answer(server, move |server| form(server, &fields, None)).await
}

/// `POST /triggers`
pub(super) async fn make(State(server): State<Server>, axum::Form(sent): Sent) -> Response {
    let work = move |server: &Server| {
        let fields = Fields(sent);
        let made = document(&fields).and_then(|document| server.make_trigger(document));
        match made {
            Ok((name, None)) => Ok(Redirect::to(&format!("/schedules#trigger-{}", encoded(&name))).into_response()),
            Ok((name, Some(secret))) => Ok(Html(made_webhook(&name, &secret).into_string()).into_response()),
            Err(error) if matches!(error.kind, Kind::InvalidArgument | Kind::AlreadyExists | Kind::NotFound) => {
                let page = form(server, &fields, Some(&error.message))?;
                Ok((StatusCode::BAD_REQUEST, Html(page.into_string())).into_response())
            }
            Err(error) => Err(error),
        }
    };
    blocking(&server, work).await.unwrap_or_else(|error| problem(&error))
}

/// `GET /triggers/{name}/delete`
pub(super) async fn ask(State(server): State<Server>, Path(name): Path<String>) -> Response {
    answer(server, move |_| {
        let content = html! { p { "What happens from now on starts nothing. The runs that it started stay." } };
        let action = format!("/triggers/{}/delete", encoded(&name));
        let title = format!("Delete the trigger {}?", short(&name, 63));
        Ok(confirm(Section::Schedules, ("/schedules", "Schedules"), &title, &content, &action, &[], "/schedules"))
    })
    .await
}

/// `POST /triggers/{name}/delete`
pub(super) async fn delete(State(server): State<Server>, Path(name): Path<String>) -> Response {
    act(server, move |server| {
        server.delete_trigger(&name)?;
        Ok("/schedules".to_owned())
    })
    .await
}

/// What stands in a form, as the file of a trigger has it.
fn document(fields: &Fields) -> Result<Value> {
    let text = |name: &str| fields.get(name).map(str::trim).filter(|text| !text.is_empty());
    let mut document = Map::new();
    for name in ["name", "description", "experiment"] {
        if let Some(text) = text(name) {
            document.insert(name.to_owned(), text.into());
        }
    }
    let pipeline = text("pipeline").ok_or_else(|| Error::invalid("choose a pipeline"))?;
    document.insert("pipeline".to_owned(), pipeline.into());
    for name in ["max-concurrency", "priority"] {
        if let Some(text) = text(name) {
            let number: i64 = text.parse().map_err(|_| Error::invalid(format!("`{name}` has to be a whole number")))?;
            document.insert(name.to_owned(), number.into());
        }
    }
    for name in ["with", "inputs"] {
        if let Some(fields) = text(name).map(|text| object(name, text)).transpose()? {
            document.insert(name.to_owned(), fields);
        }
    }
    document.insert("no-cache".to_owned(), text("no-cache").is_some().into());
    let kind = text("on").unwrap_or_default();
    let of = |names: &[(&str, &str)]| -> Map<String, Value> {
        let given = names.iter().filter_map(|(field, name)| Some(((*name).to_owned(), text(field)?.into())));
        given.collect()
    };
    let on: Value = match kind {
        "files" => {
            let folder = text("folder").ok_or_else(|| Error::invalid("choose a folder"))?;
            let folder = text("below").map_or_else(|| folder.to_owned(), |below| format!("{folder}/{below}"));
            let mut files = of(&[("match", "match"), ("settle", "settle")]);
            files.insert("folder".to_owned(), folder.into());
            files.into()
        }
        "artifact" => {
            let mut wanted =
                of(&[("of-pipeline", "pipeline"), ("output", "output"), ("type", "type"), ("artifact-name", "name")]);
            if let Some(properties) = text("properties").map(|text| object("properties", text)).transpose()? {
                wanted.insert("properties".to_owned(), properties);
            }
            wanted.into()
        }
        // The secret is made when the trigger is.
        "webhook" => {
            let mut webhook = of(&[("scheme", "scheme")]);
            webhook.insert("secret".to_owned(), "".into());
            webhook.into()
        }
        _ => return Err(Error::invalid("choose what starts a run")),
    };
    document.insert("on".to_owned(), json!({ kind: on }));
    Ok(document.into())
}

/// An object that was written in YAML or JSON.
fn object(name: &str, text: &str) -> Result<Value> {
    let wrong = || Error::invalid(format!("`{name}` has to be names with values, as in YAML: `seed: 7`"));
    let documents =
        weft::documents(text).map_err(|error| Error::invalid(format!("`{name}`: {}", Error::from(error).message)))?;
    match documents.as_slice() {
        [one @ Value::Object(_)] => Ok(one.clone()),
        _ => Err(wrong()),
    }
}

/// The page with the form; with what stood in its fields, and why that was not taken.
fn form(server: &Server, fields: &Fields, wrong: Option<&str>) -> Result<Markup> {
    let query = ListQuery { limit: MAX_PIPELINES, descending: true, ..ListQuery::default() };
    let pipelines = server.pipelines(&query)?.entries;
    let watched = server.0.triggers.watched();
    let page = Page::new(Section::Schedules, "New trigger");
    let head = heading(&[("/schedules", "Schedules")], &html! { "New trigger" }, &html! {});
    if pipelines.is_empty() {
        let about = html! { "A trigger that is made here starts a pipeline that was uploaded: upload one with KFP's client, or write a trigger as a file beside its pipeline." };
        return Ok(page.around(&html! { (head) (nothing("No pipeline was uploaded yet", &about)) }));
    }
    let value = |name: &str| fields.get(name).unwrap_or_default();
    let chosen = |name: &str, option: &str| fields.get(name) == Some(option);
    let kind = fields.get("on").unwrap_or(if watched.is_empty() { "artifact" } else { "files" });
    let text = |name: &str, label: &str, about: &Markup| line(name, label, value(name), about);
    Ok(page.around(&html! {
        (head)
        form class="start" method="post" action="/triggers" {
            @if let Some(wrong) = wrong { div class="problem" role="alert" { (plain(wrong)) } }
            div class="field" {
                label for="t-name" { "Name" span class="unseen" { ", required" } }
                input id="t-name" name="name" value=(value("name")) required maxlength="63" pattern="[A-Za-z0-9_\\-]+" autocomplete="off" aria-describedby="about-name";
                p class="about" id="about-name" { "Letters, digits, " code { "-" } " and " code { "_" } "." }
            }
            (text("description", "Description", &html! {}))
            div class="field" {
                label for="t-pipeline" { "Pipeline" }
                select id="t-pipeline" name="pipeline" aria-describedby="about-pipeline" {
                    @for one in &pipelines { option value=(one.id) selected[chosen("pipeline", &one.id)] { (short(&one.display_name, 80)) } }
                }
                p class="about" id="about-pipeline" { "Its newest version is started." }
            }
            fieldset class="more" {
                legend { "When" }
                @for (option, words) in KINDS {
                    label class="check" { input type="radio" name="on" value=(option) checked[kind == option]; span { (words) } }
                }
            }
            fieldset class="more for-files" {
                legend { "For files" }
                @if watched.is_empty() {
                    p class="dim" { "The server may look at no folder: " code { "weft serve --watch FOLDER" } " names one." }
                } @else {
                    div class="field" {
                        label for="t-folder" { "Folder" }
                        select id="t-folder" name="folder" { @for name in &watched { option value=(name) selected[chosen("folder", name)] { (short(name, 80)) } } }
                    }
                    (text("below", "Folder in it", &html! { "If empty, the whole of it." }))
                    (text("match", "Which files", &html! { "A pattern such as " code { "*.csv" } "; if empty, all." }))
                    (text("settle", "Unchanged for", &html! { "How long files must have stayed the same, such as " code { "5s" } "; 2 s if empty." }))
                }
            }
            fieldset class="more for-artifact" {
                legend { "For artifacts" }
                (text("of-pipeline", "Of the pipeline", &html! { "What is left empty fits all." }))
                (text("output", "Of the output", &html! { "As " code { "step.output" } "." }))
                (text("type", "Type", &html! { "Such as " code { "system.Model" } "." }))
                (text("artifact-name", "Name of the artifact", &html! {}))
                (lines("properties", "Metadata", value("properties"), &html! { "Properties that it must have, such as " code { "blessed: 1" } "." }))
            }
            fieldset class="more for-webhook" {
                legend { "For requests" }
                div class="field" {
                    label for="t-scheme" { "Signed by" }
                    select id="t-scheme" name="scheme" aria-describedby="about-scheme" {
                        option value="standard" selected[chosen("scheme", "standard")] { "Standard Webhooks" }
                        option value="github" selected[chosen("scheme", "github")] { "GitHub" }
                    }
                    p class="about" id="about-scheme" { "The secret is made with the trigger, and told once." }
                }
            }
            fieldset class="more" {
                legend { "The runs" }
                (lines("with", "Parameters", value("with"), &html! { "As " code { "name: value" } ", each on a line. " code { "[[File]]" } ", " code { "[[ArtifactUri]]" } ", " code { "[[Body.field]]" } ", " code { "[[Index]]" } " stand for what happened." }))
                (lines("inputs", "Input artifacts", value("inputs"), &html! { "As " code { "table: \"[[File]]\"" } ", each on a line." }))
                (text("experiment", "Experiment", &html! { "The default one if empty." }))
                div class="field" {
                    label for="t-max" { "At once" }
                    input id="t-max" name="max-concurrency" type="number" min="1" step="1" value=(fields.get("max-concurrency").unwrap_or("1"));
                }
                div class="field" {
                    label for="t-priority" { "Priority" }
                    input id="t-priority" name="priority" type="number" step="1" value=(fields.get("priority").unwrap_or("0"));
                }
                label class="check" {
                    input type="checkbox" name="no-cache" value="yes" checked[fields.get("no-cache").is_some()];
                    span { "Execute every step, whatever earlier runs gave" }
                }
            }
            div class="actions" {
                button class="button primary" type="submit" { "Make the trigger" }
                a class="button plain" href="/schedules" { "Cancel" }
            }
        }
    }))
}

/// A field of one line.
fn line(name: &str, label: &str, value: &str, about: &Markup) -> Markup {
    let (id, told) = (format!("t-{name}"), format!("about-{name}"));
    html! {
        div class="field" {
            label for=(id) { (label) }
            input id=(id) name=(name) value=(value) autocomplete="off" aria-describedby=[(!about.0.is_empty()).then_some(&told)];
            @if !about.0.is_empty() { p class="about" id=(told) { (about) } }
        }
    }
}

/// A field of several lines.
fn lines(name: &str, label: &str, value: &str, about: &Markup) -> Markup {
    let (id, told) = (format!("t-{name}"), format!("about-{name}"));
    html! {
        div class="field" {
            label for=(id) { (label) }
            textarea id=(id) name=(name) rows=(value.lines().count().clamp(2, 12)) spellcheck="false" aria-describedby=(told) { (value) }
            p class="about" id=(told) { (about) }
        }
    }
}

/// The page that tells the secret of a webhook, which no other does.
fn made_webhook(name: &str, secret: &str) -> Markup {
    Page::new(Section::Schedules, "New trigger").around(&html! {
        (heading(&[("/schedules", "Schedules")], &html! { (short(name, 63)) }, &html! {}))
        p { "Requests go to " code { "POST /hooks/" (name) } ", signed with this secret. It is told this once." }
        pre class="secret" tabindex="0" aria-label="The secret" { (secret) }
        div class="actions" { a class="button primary" href={ "/schedules#trigger-" (encoded(name)) } { "Done" } }
    })
}
