//! The page for people: HTML made here, one style sheet, one script, all of it in the binary.
//!
//! - A page works without the script, by links and forms; with it, what is at work is shown live, and parts are exchanged in place.
//! - What came from elsewhere (names, logs, artifacts) is text, made fit by [`words::plain`]. Markup of others is shown only in a frame
//!   that is sandboxed by its own content security policy.
//! - Nothing is inline: colours and sizes are classes, or attributes of SVG.
//!
//! Each module is one page or one kind of drawing; `shell` is what is around each of them.

mod artifact;
mod artifacts;
mod assets;
mod canvas;
mod chart;
mod compare;
mod components;
mod content;
mod evaluation;
mod filter;
mod form;
mod graph;
mod lineage;
mod live;
mod login;
mod models;
mod pipelines;
mod preview;
mod removal;
mod request;
mod run;
mod runs;
mod schedules;
mod shell;
mod state;
mod step;
mod storage;
mod timeline;
mod trigger_form;
mod triggers;
mod values;
mod words;

use axum::Router;
use axum::routing::{get, post};

use crate::server::Server;

pub(crate) use assets::ASSETS;
pub(crate) use login::login;

/// The routes of the page: everything that is not the API's.
pub(crate) fn router() -> Router<Server> {
    Router::new()
        .route("/", get(runs::page))
        .route("/runs/{id}", get(run::page))
        .route("/runs/{id}/live", get(live::states))
        .route("/runs/{id}/log", get(content::log))
        .route("/runs/{id}/again", get(form::again).post(form::submit_again))
        .route("/runs/{id}/stop", post(run::stop))
        .route("/runs/{id}/resume", post(run::resume))
        .route("/archive", post(removal::archive))
        .route("/delete", get(removal::ask).post(removal::delete))
        .route("/compare", get(compare::page))
        .route("/pipelines", get(pipelines::list))
        .route("/pipelines/{name}", get(pipelines::page))
        .route("/versions/{pipeline}/{version}/start", get(form::start).post(form::submit_start))
        .route("/artifacts", get(artifacts::page))
        .route("/artifacts/{id}", get(artifact::page))
        .route("/artifacts/{id}/lineage", get(lineage::page))
        .route("/artifacts/{id}/download", get(content::download))
        .route("/artifacts/{id}/image", get(content::image))
        .route("/artifacts/{id}/frame", get(content::frame))
        .route("/components", get(components::page))
        .route("/schedules", get(schedules::page))
        .route("/schedules/{id}/enabled", post(schedules::enable))
        .route("/triggers", post(trigger_form::make))
        .route("/triggers/new", get(trigger_form::new))
        .route("/triggers/{name}/enabled", post(triggers::enable))
        .route("/triggers/{name}/delete", get(trigger_form::ask).post(trigger_form::delete))
        .route("/models", get(models::page))
        .route("/models/{name}/version", post(models::choose))
        .route("/store", get(storage::page))
        .route("/page/{version}/{name}", get(assets::asset))
        .fallback(request::nowhere)
}
