//! Runs that are put away, taken back, and forgotten; what is to be forgotten is asked for once more.

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};

use super::request::{Fields, Sent, act, answer};
use super::run::Run;
use super::shell::{Page, Section, heading};
use super::words::{encoded, plain, short};
use crate::error::{Error, Result};
use crate::server::Server;

/// Runs that are changed together: those of a page of the list, and what waits.
const MAX_RUNS: usize = 200;

/// `POST /archive`: puts runs away, or with `archived=no` takes them back.
pub(super) async fn archive(State(server): State<Server>, axum::Form(sent): Sent) -> Response {
    act(server, move |server| {
        let fields = Fields(sent);
        let archived = fields.get("archived") != Some("no");
        let runs = chosen(&fields)?;
        for run in &runs {
            server.archive(run, archived)?;
        }
        Ok(next(&fields, &runs))
    })
    .await
}

/// `GET /delete`: asks whether these runs are to be forgotten.
pub(super) async fn ask(State(server): State<Server>, fields: Fields) -> Response {
    answer(server, move |server| {
        let runs = chosen(&fields)?;
        let runs = runs.iter().map(|id| Run::load(server, id)).collect::<Result<Vec<_>>>()?;
        let title = match runs.as_slice() {
            [run] => format!("Delete {}?", short(run.name(), 60)),
            runs => format!("Delete {} runs?", runs.len()),
        };
        let content = html! {
            p { "They are forgotten with what is recorded of their steps. Content that nothing else needs stays in the store until " code { "weft gc" } "." }
            ul class="plain-list" { @for run in &runs { li { (run.look.dot()) " " a href={ "/runs/" (encoded(&run.id)) } { (short(run.name(), 100)) } } } }
            @if runs.iter().any(|run| run.look.is_moving()) { p class="note" { "Those at work are stopped first." } }
        };
        let hidden: Vec<(&str, &str)> = runs.iter().map(|run| ("run", run.id.as_str())).collect();
        let back = match runs.as_slice() {
            [run] => format!("/runs/{}", encoded(&run.id)),
            _ => "/".to_owned(),
        };
        Ok(confirm(Section::Runs, ("/", "Runs"), &title, &content, "/delete", &hidden, &back))
    })
    .await
}

/// `POST /delete`: forgets runs.
pub(super) async fn delete(State(server): State<Server>, axum::Form(sent): Sent) -> Response {
    act(server, move |server| {
        for run in chosen(&Fields(sent))? {
            server.delete(&run)?;
        }
        Ok("/".to_owned())
    })
    .await
}

/// The runs that a request is about.
fn chosen(fields: &Fields) -> Result<Vec<String>> {
    let runs: Vec<String> = fields.all("run").take(MAX_RUNS + 1).map(str::to_owned).collect();
    match runs.len() {
        0 => Err(Error::invalid("no run is selected")),
        n if n > MAX_RUNS => Err(Error::invalid(format!("at most {MAX_RUNS} runs can be changed together"))),
        _ => Ok(runs),
    }
}

/// Where to go on: to the run's own page if the request came from there.
fn next(fields: &Fields, runs: &[String]) -> String {
    match (fields.get("from"), runs) {
        (Some("run"), [run]) => format!("/runs/{}", encoded(run)),
        (Some("archived"), _) => "/?state=archived".to_owned(),
        _ => "/".to_owned(),
    }
}

/// A page that asks whether something is to be done that cannot be undone.
pub(super) fn confirm(
    section: Section,
    way: (&str, &str),
    title: &str,
    content: &Markup,
    action: &str,
    hidden: &[(&str, &str)],
    back: &str,
) -> Markup {
    Page::new(section, title).around(&html! {
        (heading(&[way], &html! { (plain(title)) }, &html! {}))
        form class="start" method="post" action=(action) {
            (content)
            @for (name, value) in hidden { input type="hidden" name=(name) value=(value); }
            div class="actions" {
                button class="button danger" type="submit" { "Delete" }
                a class="button plain" href=(back) { "Cancel" }
            }
        }
    })
}
