//! Features of KFP's pipelines that native ones do not have, with a runner of plain functions.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../common/mod.rs"]
mod common;

mod bindings;
mod commands;
mod given;
mod loops;
mod recorded;
mod secrets;
mod triggers;
mod uris;
mod volumes;
