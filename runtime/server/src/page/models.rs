//! The models that are deployed: which versions answer, and the way back to earlier ones.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::response::Response;
use maud::{Markup, html};
use weft::metadata::control::{Deployment, ModelVersion};

use super::request::{Fields, Sent, act, answer};
use super::shell::{Page, Section, heading, nothing};
use super::values;
use super::words::{encoded, plain, short};
use crate::server::Server;

/// Deployments that are listed, and versions of each.
const MAX_LISTED: usize = 200;
const MAX_VERSIONS: usize = 50;

/// `/models`
pub(super) async fn page(State(server): State<Server>) -> Response {
    answer(server, move |server| {
        let all = server.deployments()?;
        let now_ms = server.settings().clock.now_ms();
        Ok(Page::new(Section::Models, "Models").around(&html! {
            (heading(&[], &html! { "Models" }, &html! {}))
            @if all.is_empty() {
                (nothing("No models", &html! { "Have one answer requests: " code { "weft deploy latest/model --name NAME" } "." }))
            } @else {
                p class="lead" { "They answer at " code { "/v2/models/NAME/infer" } "." }
                ul class="cards" { @for (one, problems) in all.iter().take(MAX_LISTED) { (card(one, problems, now_ms)) } }
            }
        }))
    })
    .await
}

fn card(one: &Deployment, problems: &BTreeMap<u64, String>, now_ms: i64) -> Markup {
    let of = |version: &ModelVersion| match one.canary {
        Some(canary) if canary.version == version.version => Some(format!("{} % of the requests", canary.percent)),
        Some(canary) if one.current == version.version => {
            Some(format!("{} % of the requests", 100 - canary.percent.min(100)))
        }
        None if one.current == version.version => Some("all requests".to_owned()),
        _ => None,
    };
    html! {
        li class="card" id={ "model-" (one.name) } {
            h2 { (short(&one.name, 63)) }
            ul class="versions" {
                @for version in one.versions.iter().rev().take(MAX_VERSIONS) {
                    li {
                        div class="card-head" {
                            div {
                                span class="strong" { "Version " (version.version) }
                                @if let Some(share) = of(version) { " " span class="badge is-complete" { (share) } }
                            }
                            @if one.current != version.version || one.canary.is_some() {
                                (go_to(one, version))
                            }
                        }
                        p class="dim" {
                            (values::ago(version.created_ms, now_ms)) ", "
                            @match version.spec.artifact {
                                Some(id) => a href={ "/artifacts/" (id) } { (short(&version.spec.source, 80)) },
                                None => (short(&version.spec.source, 80)),
                            }
                            @if version.spec.transform.is_some() { ", behind a transform graph" }
                        }
                        @if let Some(problem) = problems.get(&version.version) { p class="wrong" { (plain(problem)) } }
                    }
                }
            }
            @if one.versions.len() > MAX_VERSIONS { p class="dim" { "and " (one.versions.len() - MAX_VERSIONS) " older ones" } }
        }
    }
}

/// The button that has a version answer all requests.
fn go_to(one: &Deployment, version: &ModelVersion) -> Markup {
    let words = match one.canary {
        Some(canary) if canary.version == version.version => "Have it answer all",
        Some(_) if one.current == version.version => "End the canary",
        _ if version.version < one.current => "Roll back to it",
        _ => "Go to it",
    };
    html! {
        form method="post" action={ "/models/" (encoded(&one.name)) "/version" } {
            input type="hidden" name="version" value=(version.version);
            button class="button" type="submit" { (words) span class="unseen" { ": version " (version.version) " of " (short(&one.name, 63)) } }
        }
    }
}

/// `POST /models/{name}/version`
pub(super) async fn choose(State(server): State<Server>, Path(name): Path<String>, axum::Form(sent): Sent) -> Response {
    act(server, move |server| {
        let version = Fields(sent).get("version").and_then(|text| text.parse().ok());
        let version = version.ok_or_else(|| crate::error::Error::invalid("say which version"))?;
        server.roll_back_model(&name, Some(version))?;
        Ok(format!("/models#model-{}", encoded(&name)))
    })
    .await
}
