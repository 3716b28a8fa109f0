//! The whole binary, as a user meets it. What it prints is kept as snapshots: `INSTA_UPDATE=always cargo test -p weft-cli`
//! writes them anew.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod call;
mod check;
#[path = "../../../../tests/common/mod.rs"]
mod common;
mod given;
mod help;
mod inspect;
mod packaging;
mod run;
mod secrets;
mod store;
