//! The store: how large it is, and what `weft gc` would free.

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};
use weft::Retention;
use weft::words::bytes;

use super::request::{Fields, answer};
use super::shell::{Page, Section, heading};
use super::words::grouped;
use crate::error::Result;
use crate::server::Server;

/// `/store`. The content is counted by a look at each object: the page comes first, and this when it is asked for by `part`.
pub(super) async fn page(State(server): State<Server>, fields: Fields) -> Response {
    answer(server, move |server| {
        if fields.get("part") == Some("content") {
            return content(server);
        }
        let whole = fields.get("count").is_some();
        let pipelines = server.store().metadata.pipelines_with_runs(0)?;
        let runs: u64 = pipelines.iter().map(|pipeline| pipeline.runs).sum();
        let metadata = std::fs::metadata(server.store().metadata.path()).map_or(0, |file| file.len());
        Ok(Page::new(Section::Store, "Store").around(&html! {
            (heading(&[], &html! { "Store" }, &html! {}))
            dl class="tiles" {
                div { dt { "Pipelines" } dd class="number" { (grouped(pipelines.len() as u64)) } }
                div { dt { "Runs" } dd class="number" { (grouped(runs)) } }
                div { dt { "Metadata" } dd class="number" { (bytes::size(metadata)) } }
            }
            h2 { "Content" }
            @if whole { (content(server)?) } @else {
                div data-load="/store?part=content" {
                    p { a class="button" href="/store?count=yes" { "Count the content" } }
                }
            }
        }))
    })
    .await
}

fn content(server: &Server) -> Result<Markup> {
    let store = server.store();
    let (mut objects, mut size) = (0_u64, 0_u64);
    for object in store.artifacts.list().map_err(weft::Error::from)? {
        let (id, length) = object.map_err(weft::Error::from)?;
        objects += 1;
        // A tree's length is that of its files, which are counted themselves.
        size += if id.is_tree() { 0 } else { length };
    }
    let freed = store.gc_preview(&Retention::default())?;
    let kept = size.saturating_sub(freed.bytes);
    let share = |part: u64| part.saturating_mul(400) / size.max(1);
    Ok(html! {
        dl class="tiles" {
            div { dt { "Objects" } dd class="number" { (grouped(objects)) } }
            div { dt { "Size" } dd class="number" { (bytes::size(size)) } }
            div { dt { "Needed by runs" } dd class="number" { (bytes::size(kept)) } }
            div { dt { "gc would free" } dd class="number" { (bytes::size(freed.bytes)) } }
        }
        svg class="share" viewBox="0 0 400 8" preserveAspectRatio="none" role="img" aria-label={ (bytes::size(kept)) " are needed, " (bytes::size(freed.bytes)) " are not" } {
            rect class="rail" width="400" height="8" {}
            rect class="fill series-0" width=(share(kept)) height="8" {}
        }
        p class="dim" {
            @if freed.objects == 0 { "Nothing is to be freed: everything here is needed by a run." }
            @else { (grouped(freed.objects)) " objects are needed by no run any more. " code { "weft gc" } " removes them; " code { "weft gc --keep 100" } " forgets old runs first." }
        }
    })
}
