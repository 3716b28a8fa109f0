//! Recurring runs: when they are due, and what they start; above them the triggers.

use axum::extract::{Path, State};
use axum::response::Response;
use maud::{Markup, html};
use weft::metadata::control::{ListQuery, RecurringRun, Schedule};

use super::request::{Fields, Sent, act, answer};
use super::shell::{Page, Section, heading, nothing};
use super::words::{count, encoded, grouped, plain, short};
use super::{triggers, values};
use crate::server::Server;

/// Recurring runs that are listed, and times that are told of each.
const MAX_LISTED: usize = 200;
const TIMES: usize = 3;

/// `/schedules`
pub(super) async fn page(State(server): State<Server>) -> Response {
    answer(server, move |server| {
        let query = ListQuery { descending: true, limit: MAX_LISTED, ..ListQuery::default() };
        let found = server.recurring_runs(&query)?;
        let now_ms = server.settings().clock.now_ms();
        let triggers = triggers::cards(server, now_ms)?;
        Ok(Page::new(Section::Schedules, "Schedules").around(&html! {
            (heading(&[], &html! { "Schedules" }, &html! { a class="button" href="/triggers/new" { "New trigger…" } }))
            (triggers)
            @if !triggers.0.is_empty() { h2 class="part" { "Recurring runs" } }
            @if found.entries.is_empty() {
                (nothing("No recurring runs", &html! { "Make one with KFP's client: " code { "client.create_recurring_run(...)" } "." }))
            } @else {
                ul class="cards" { @for one in &found.entries { (card(server, one, now_ms)) } }
            }
        }))
    })
    .await
}

fn card(server: &Server, one: &RecurringRun, now_ms: i64) -> Markup {
    let next = if one.enabled { server.next_times(one, TIMES) } else { Vec::new() };
    html! {
        li class="card" id=(one.id) {
            div class="card-head" {
                h2 { (short(&one.name, 90)) span class={ "badge " (if one.enabled { "is-complete" } else { "is-skipped" }) } { (if one.enabled { "On" } else { "Off" }) } }
                form method="post" action={ "/schedules/" (encoded(&one.id)) "/enabled" } {
                    input type="hidden" name="enabled" value=(if one.enabled { "no" } else { "yes" });
                    button class="button" type="submit" { (if one.enabled { "Switch off" } else { "Switch on" }) span class="unseen" { " " (short(&one.name, 90)) } }
                }
            }
            @if !one.description.is_empty() { p { (plain(&one.description)) } }
            dl class="facts" {
                div { dt { "When" } dd { (when(&one.schedule)) } }
                div { dt { "Next" } dd {
                    @if next.is_empty() { span class="dim" { "never" } }
                    @for (at, time) in next.iter().enumerate() { @if at > 0 { br; } (values::stamp(*time)) }
                } }
                @if let Some(last) = one.last_ms { div { dt { "Last" } dd { (values::ago(last, now_ms)) } } }
                div { dt { "Runs so far" } dd class="number" { (grouped(u64::try_from(one.fired).unwrap_or(0))) } }
                div { dt { "At once" } dd class="number" { (one.max_concurrency) } }
                @if one.no_catchup { div { dt { "Missed" } dd { "passed over" } } }
            }
            @if !one.parameters.is_empty() {
                dl class="pairs" { @for (name, value) in &one.parameters { div { dt { (plain(name)) } dd { (values::parameter(value)) } } } }
            }
        }
    }
}

fn when(schedule: &Schedule) -> Markup {
    match schedule {
        Schedule::Cron { cron, .. } => html! { code { (short(cron, 80)) } },
        Schedule::Periodic { seconds, .. } => html! { "every " (every(*seconds)) },
    }
}

fn every(seconds: i64) -> String {
    let n = usize::try_from(seconds).unwrap_or(0);
    match n {
        _ if n > 0 && n % 86_400 == 0 => count(n / 86_400, "day", "days"),
        _ if n > 0 && n % 3_600 == 0 => count(n / 3_600, "hour", "hours"),
        _ if n > 0 && n % 60 == 0 => count(n / 60, "minute", "minutes"),
        _ => count(n, "second", "seconds"),
    }
}

/// `POST /schedules/{id}/enabled`
pub(super) async fn enable(State(server): State<Server>, Path(id): Path<String>, axum::Form(sent): Sent) -> Response {
    act(server, move |server| {
        server.enable_recurring(&id, Fields(sent).get("enabled") == Some("yes"))?;
        Ok(format!("/schedules#{}", encoded(&id)))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_told_in_the_largest_whole_unit() {
        assert_eq!(
            [1, 90, 120, 3_600, 172_800].map(every),
            ["1 second", "90 seconds", "2 minutes", "1 hour", "2 days"]
        );
    }
}
