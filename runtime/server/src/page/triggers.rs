//! Triggers: what they wait for, and what they started.

use axum::extract::{Path, State};
use axum::response::Response;
use maud::{Markup, html};
use weft::metadata::control::TriggerState;

use super::request::{Fields, Sent, act};
use super::values;
use super::words::{encoded, grouped, plain, short};
use crate::error::Result;
use crate::server::Server;
use crate::trigger::{Definition, Home, On};

/// A part of a page with all triggers; nothing if there are none.
pub(super) fn cards(server: &Server, now_ms: i64) -> Result<Markup> {
    let all = server.triggers()?;
    let mut problems = server.0.triggers.problems();
    if all.is_empty() && problems.is_empty() {
        return Ok(html! {});
    }
    let cards: Vec<Markup> = all
        .iter()
        .map(|(one, state)| {
            let problem = problems.remove(&one.name).map(|problem| server.text_without_paths(&problem));
            let pipeline = match &one.home {
                Home::Page { pipeline } => server.pipeline(pipeline).ok().map(|entry| entry.name),
                Home::File { .. } => None,
            };
            card(one, state.as_ref(), pipeline.as_deref(), problem.as_deref(), now_ms)
        })
        .collect();
    Ok(html! {
        h2 class="part" { "Triggers" }
        @for (whose, problem) in &problems { p class="wrong" { (plain(whose)) ": " (plain(&server.text_without_paths(problem))) } }
        ul class="cards" { @for card in cards { (card) } }
    })
}

fn card(
    one: &Definition,
    state: Option<&TriggerState>,
    pipeline: Option<&str>,
    problem: Option<&str>,
    now_ms: i64,
) -> Markup {
    let enabled = state.is_none_or(|state| state.enabled);
    html! {
        li class="card" id={ "trigger-" (one.name) } {
            div class="card-head" {
                h3 { (short(&one.name, 90)) span class={ "badge " (if enabled { "is-complete" } else { "is-skipped" }) } { (if enabled { "On" } else { "Off" }) } }
                form method="post" action={ "/triggers/" (encoded(&one.name)) "/enabled" } {
                    input type="hidden" name="enabled" value=(if enabled { "no" } else { "yes" });
                    button class="button" type="submit" disabled[state.is_none()] { (if enabled { "Switch off" } else { "Switch on" }) span class="unseen" { " " (short(&one.name, 90)) } }
                }
                @if let Home::Page { .. } = one.home {
                    a class="button plain" href={ "/triggers/" (encoded(&one.name)) "/delete" } { "Delete…" span class="unseen" { " " (short(&one.name, 90)) } }
                }
            }
            @if !one.description.is_empty() { p { (plain(&one.description)) } }
            @if let Some(problem) = problem { p class="wrong" { (plain(problem)) } }
            dl class="facts" {
                div { dt { "When" } dd { (when(&one.on, &one.name)) } }
                @if let Some(pipeline) = pipeline { div { dt { "Starts" } dd { a href={ "/pipelines/" (encoded(pipeline)) } { (short(pipeline, 60)) } } } }
                div { dt { "Last" } dd {
                    @match state.and_then(|state| state.last_ms) { Some(last) => { (values::ago(last, now_ms)) } None => { span class="dim" { "never" } } }
                } }
                div { dt { "Runs so far" } dd class="number" { (grouped(state.map_or(0, |state| u64::try_from(state.fired).unwrap_or(0)))) } }
                div { dt { "At once" } dd class="number" { (one.max_concurrency) } }
            }
            @if !one.parameters.is_empty() {
                dl class="pairs" { @for (name, value) in &one.parameters { div { dt { (plain(name)) } dd { (values::parameter(value)) } } } }
            }
        }
    }
}

fn when(on: &On, name: &str) -> Markup {
    match on {
        // Where the folder lies is of no concern to who looks at the page.
        On::Files { folder, matching, .. } => html! {
            "files " @if let Some(pattern) = matching { code { (short(pattern.as_str(), 60)) } " " }
            "appear or change in " code { (short(&folder.file_name().unwrap_or_default().to_string_lossy(), 60)) }
        },
        On::Artifact(wanted) => html! {
            @if let Some(pipeline) = &wanted.pipeline { code { (short(pipeline, 60)) } " " } @else { "a run " }
            "gives " (short(wanted.output.as_deref().or(wanted.name.as_deref()).or(wanted.kind.as_deref()).unwrap_or("an artifact"), 80))
            @for (name, value) in &wanted.properties { ", " (short(name, 40)) " " (values::parameter(value)) }
        },
        On::Webhook { .. } => html! { "a signed " code { "POST /hooks/" (name) } },
    }
}

/// `POST /triggers/{name}/enabled`
pub(super) async fn enable(State(server): State<Server>, Path(name): Path<String>, axum::Form(sent): Sent) -> Response {
    act(server, move |server| {
        server.enable_trigger(&name, Fields(sent).get("enabled") == Some("yes"))?;
        Ok(format!("/schedules#trigger-{}", encoded(&name)))
    })
    .await
}
