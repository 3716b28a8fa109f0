//! Joins flights with what is known before they leave.
//!
//! `component` holds the steps that `wit/world.wit` declares; `join` does the work and knows nothing of WebAssembly.

#![cfg_attr(not(any(target_family = "wasm", test)), expect(dead_code, reason = "only the steps use it"))]

#[cfg(target_family = "wasm")]
mod component;
mod join;
