//! A run at work, for the script: the parts of its page that change, and the states of its steps.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Serialize;

use super::request::{Fields, answer_if_changed};
use super::run::{Run, View};
use super::{graph, run};
use crate::error::{Error, Kind};
use crate::server::Server;

#[derive(Serialize)]
struct Live<'r> {
    /// Whether nothing changes by itself any more.
    done: bool,
    /// Whether it has begun: then there is a graph to show.
    begun: bool,
    /// HTML by the name of the part that it replaces.
    parts: BTreeMap<&'static str, String>,
    /// Class, text and word of each task of the graph.
    nodes: BTreeMap<&'r str, (&'static str, String, &'static str)>,
}

/// `/runs/{id}/live`, with the fields of the run's page.
pub(super) async fn states(
    State(server): State<Server>,
    Path(id): Path<String>,
    fields: Fields,
    headers: HeaderMap,
) -> Response {
    answer_if_changed(server, headers, "application/json", move |server| {
        let run = Run::load(server, &id)?;
        let mut parts = BTreeMap::from([
            ("head", run::head(&run).into_string()),
            ("panel", run::panel(server, &run, &fields)?.into_string()),
        ]);
        if View::of(&fields) == View::Timeline {
            parts.insert("timeline", run::time(&run, &fields).into_string());
        }
        let fates = graph::fates(&run.steps, &run.live, run.alive);
        let nodes = if View::of(&fields) == View::Graph { graph::states(&fates) } else { BTreeMap::new() };
        let live = Live { done: !run.look.is_moving(), begun: run.record.is_some(), parts, nodes };
        serde_json::to_string(&live).map_err(|error| Error::new(Kind::Internal, error.to_string()))
    })
    .await
}
