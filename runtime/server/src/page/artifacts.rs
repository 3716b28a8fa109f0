//! The list of artifacts.

use axum::extract::State;
use axum::response::Response;
use maud::html;
use weft::metadata::ArtifactQuery;
use weft::words::bytes;

use super::request::{Fields, answer};
use super::shell::{Page, Section, heading, nothing, pager};
use super::values;
use super::words::{encoded, grouped, short};
use crate::server::Server;

/// Artifacts on a page.
const PAGE: usize = 50;

/// `/artifacts`
pub(super) async fn page(State(server): State<Server>, fields: Fields) -> Response {
    answer(server, move |server| {
        let metadata = &server.store().metadata;
        let page = fields.number("page");
        let query = ArtifactQuery {
            kind: fields.get("type"),
            text: fields.get("q"),
            offset: (page - 1).saturating_mul(PAGE),
            limit: PAGE,
        };
        let (found, more) = metadata.artifacts_page(&query)?;
        let types = metadata.artifact_types()?;
        let now_ms = server.settings().clock.now_ms();
        let first = (page - 1) * PAGE + 1;
        let about = if found.is_empty() {
            String::new()
        } else {
            format!("{}–{}", grouped(first as u64), grouped((first + found.len() - 1) as u64))
        };
        Ok(Page::new(Section::Artifacts, "Artifacts").around(&html! {
            (heading(&[], &html! { "Artifacts" }, &html! {}))
            form class="tools" method="get" action="/artifacts" role="search" data-auto {
                div class="search" {
                    svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" { path d="M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10M10.6 10.6L14 14" {} }
                    label class="unseen" for="q" { "Part of a name, or the beginning of a digest" }
                    input id="q" name="q" type="search" value=[fields.get("q")] placeholder="A name, or the beginning of a digest"
                        autocomplete="off" spellcheck="false" data-focus-key="/";
                }
                label class="unseen" for="type" { "Type" }
                select id="type" name="type" {
                    option value="" { "All types" }
                    @for name in &types { option value=(name) selected[fields.get("type") == Some(name)] { (short(name, 60)) } }
                }
                button class="button" type="submit" { "Filter" }
                @if fields.get("q").is_some() || fields.get("type").is_some() { a class="button plain" href="/artifacts" { "Clear" } }
            }
            @if found.is_empty() {
                (nothing("No artifact", &html! { "None fits, or no run gave one yet." }))
            } @else {
                div class="scroll" tabindex="0" role="region" aria-label="Artifacts" {
                    table {
                        thead {
                            tr {
                                th scope="col" { "Name" } th scope="col" { "Type" } th class="right" scope="col" { "Size" }
                                th scope="col" { "From" } th scope="col" { "Made" } th scope="col" { "Content" }
                            }
                        }
                        tbody {
                            @for record in &found {
                                @let id = record.artifact.id.unwrap_or_default();
                                tr {
                                    td class="name" { a href={ "/artifacts/" (id) } { (short(record.artifact.name.as_deref().unwrap_or("artifact"), 60)) } }
                                    td { (values::kind(record.artifact.kind.short())) }
                                    td class="right number nowrap" { (server.store().size(record).map(bytes::size).unwrap_or_default()) }
                                    td {
                                        @if let Some((run, task)) = record.producer.as_ref().and_then(|by| by.run.as_ref().zip(by.task.as_ref())) {
                                            a class="quiet" href={ "/runs/" (encoded(run)) "?step=" (encoded(task)) } { (short(task, 40)) }
                                            " " span class="dim" { (short(run, 44)) }
                                        }
                                    }
                                    td class="nowrap" { (values::ago(record.created_ms, now_ms)) }
                                    td { (values::digest(&record.artifact.uri)) }
                                }
                            }
                        }
                    }
                }
                div class="below" { (pager(&fields, page, more, &about)) }
            }
        }))
    })
    .await
}
