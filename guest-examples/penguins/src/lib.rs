//! The steps of a pipeline that learns to tell penguin species apart.
//!
//! `component` holds the steps that `wit/world.wit` declares; it reads and writes artifacts and leaves the thinking to the other
//! modules, which know nothing of WebAssembly.

#![cfg_attr(not(target_family = "wasm"), expect(dead_code, reason = "only the steps use it all"))]

mod card;
#[cfg(target_family = "wasm")]
mod component;
mod model;
mod scores;
mod split;
mod spread;
mod table;

/// The column to be told from the others.
const LABEL: &str = "species";
