//! Hostile guests, one attempt a test: each is stopped, and the host, the store and other steps are as they were. `walls` shows of each
//! defence that the attempts succeed without it. What a step may do in vain or in excess is in `runtime/sandbox/tests/hostile.rs` besides.
//! All inputs are made here, and nothing but this project's own runtime is tried.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
#![allow(
    clippy::duplicate_mod,
    reason = "what tests of the sandbox and tests of the whole program share both find the built components"
)]

#[path = "../../runtime/sandbox/tests/common/mod.rs"]
mod sandbox;

#[path = "../common/mod.rs"]
mod common;

mod artifacts;
mod cache;
mod compiling;
mod exhaustion;
mod files;
mod floods;
mod grants;
mod handed_over;
mod handles;
mod intruder;
mod loading;
mod made;
mod promises;
mod surroundings;
#[cfg(debug_assertions)]
mod walls;
mod words;
