//! Triggers: runs that something starts. What a trigger is stands in a small YAML file on the server's host, beside its pipeline, or was made
//! on the page (`definition`); how far it has been served is in the store. Files of a folder are looked at (`files`), so are artifacts that other runs
//! gave (`artifacts`); webhooks are told by whoever shows that they know their secret (`webhook`).
//!
//! What is promised: a run is put into the queue in the transaction that records what it was started for, so nothing is served twice, and
//! what happened while no server was there is served by the next.

mod artifacts;
mod definition;
mod files;
mod serve;
mod webhook;

pub(crate) use definition::{Definition, Home, On};
pub(crate) use serve::Triggers;
pub(crate) use webhook::Delivery;
