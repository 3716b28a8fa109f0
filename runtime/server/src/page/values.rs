//! Values of ports and parameters, digests, times: what stands in many tables.

use std::time::Duration;

use maud::{Markup, html};
use serde_json::Value;
use weft::pipeline::step::{Artifact, PortValue, PortValues};
use weft::words::{bytes, time, value};

use super::words::{plain, short};
use crate::server::Server;

/// Characters of a value that a table shows; beyond, it can be opened.
const SHOWN: usize = 120;
/// Characters of a value that are shown when it is opened.
const MAX_SHOWN: usize = 20_000;
/// Artifacts of one list that are shown.
const MAX_LIST: usize = 50;

/// A value as people write it: texts without quotes.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_f64() => value::parameter(value),
        other => other.to_string(),
    }
}

/// A parameter's value; a long one can be opened.
pub(super) fn parameter(value: &Value) -> Markup {
    let whole = text(value);
    if whole.chars().count() <= SHOWN && !whole.contains('\n') {
        return html! { span class="value" { (plain(&whole)) } };
    }
    let pretty = if matches!(value, Value::String(_)) { whole.clone() } else { format!("{value:#}") };
    html! {
        details class="value" {
            summary { (short(&whole, SHOWN)) }
            pre class="code" tabindex="0" { (plain(&pretty.chars().take(MAX_SHOWN).collect::<String>())) }
        }
    }
}

/// An artifact: its kind, and a link to it.
pub(super) fn artifact(server: &Server, artifact: &Artifact) -> Markup {
    let size = artifact.uri.parse().ok().and_then(|id| server.store().artifacts.size(&id).ok());
    let numbers = artifact.properties.iter().filter(|(_, value)| value.is_number());
    let numbers: Vec<String> =
        numbers.take(3).map(|(name, number)| format!("{} {}", short(name, 30), value::parameter(number))).collect();
    let name = match &artifact.name {
        Some(name) => short(name, 60),
        // All of it stands in its properties; the digest of nothing tells nothing.
        None if size == Some(0) => artifact.kind.short().to_owned(),
        None => value::short_uri(&artifact.uri),
    };
    html! {
        span class="artifact" {
            (kind(artifact.kind.short()))
            @if let Some(id) = artifact.id {
                a href={ "/artifacts/" (id) } { (name) }
            } @else {
                span { (name) }
            }
            @if !numbers.is_empty() { span class="dim" { (numbers.join(" · ")) } }
            @else if let Some(size) = size.filter(|size| *size > 0) { span class="dim" { (bytes::size(size)) } }
        }
    }
}

/// The kind of an artifact, as a mark.
pub(super) fn kind(name: &str) -> Markup {
    html! { span class="kind" { (short(name, 40)) } }
}

/// What a port had.
pub(super) fn port(server: &Server, value: &PortValue) -> Markup {
    match value {
        PortValue::Parameter(value) => parameter(value),
        PortValue::Artifacts(artifacts) => html! {
            @for one in artifacts.iter().take(MAX_LIST) { (artifact(server, one)) }
            @if artifacts.len() > MAX_LIST { span class="dim" { "and " (artifacts.len() - MAX_LIST) " more" } }
            @if artifacts.is_empty() { span class="dim" { "an empty list" } }
        },
    }
}

/// Ports and what they had, as a table of two columns.
pub(super) fn ports(server: &Server, values: &PortValues, none: &str) -> Markup {
    html! {
        @if values.is_empty() {
            p class="dim" { (none) }
        } @else {
            dl class="pairs" {
                @for (name, value) in values {
                    div { dt { (plain(name)) } dd { (port(server, value)) } }
                }
            }
        }
    }
}

/// A digest, shortened; the whole one on a pointer, and for who copies it.
pub(super) fn digest(uri: &str) -> Markup {
    html! { code class="digest" title=(plain(uri)) { (value::short_uri(uri)) } }
}

/// How long ago, with the time itself on a pointer.
pub(super) fn ago(ms: i64, now_ms: i64) -> Markup {
    let stamp = time::stamp(ms);
    html! { time datetime=(iso(&stamp)) title=(stamp) { (time::ago(ms, now_ms)) } }
}

/// A time as it is.
pub(super) fn stamp(ms: i64) -> Markup {
    let stamp = time::stamp(ms);
    html! { time datetime=(iso(&stamp)) { (stamp) } }
}

fn iso(stamp: &str) -> String {
    stamp.trim_end_matches(" UTC").replace(' ', "T") + "Z"
}

/// The time between two points, in words.
pub(super) fn between(start_ms: i64, end_ms: i64) -> String {
    time::duration(Duration::from_millis(u64::try_from(end_ms - start_ms).unwrap_or(0)))
}

/// A duration in microseconds, in words.
pub(super) fn took(us: u64) -> String {
    time::duration(Duration::from_micros(us))
}
