//! Much of what is allowed once: messages, progress, lines, handles, properties, outputs.

use crate::intruder::Cage;
use crate::sandbox::{Observer, p};

/// More than is ever passed on of one step.
const MANY: usize = 20_000;

fn told(observer: &Observer) -> (usize, usize) {
    (observer.messages.lock().unwrap().len(), observer.progress.lock().unwrap().len())
}

#[test]
fn being_done_again_and_again() {
    let cage = Cage::default();
    let _ = cage.attempt("flood-done", &[("times", p(100_000_u32))]);
    let (_, progress) = told(&cage.fixture.observer);
    assert!(progress < MANY, "it was told {progress} times");
}

#[test]
fn messages_again_and_again() {
    let cage = Cage::default();
    let output = cage.run("log-times", &[("times", p(50_000_u32)), ("text", p("all work and no play"))]).unwrap();
    let (messages, _) = told(&cage.fixture.observer);
    assert!(messages < MANY, "it was told {messages} times");
    assert!(output.trace.log.len() < 2 << 20);
}

#[test]
fn one_giant_message() {
    let cage = Cage::default();
    let text = "x".repeat(8 << 20);
    let output = cage.run("log-times", &[("times", p(2_u32)), ("text", p(text))]).unwrap();
    assert!(output.trace.log.len() < 2 << 20);
    assert!(cage.fixture.observer.messages.lock().unwrap().iter().all(|(_, message)| message.len() < 20_000));
}

#[test]
fn lines_again_and_again() {
    let cage = Cage::default();
    let output = cage.run("print-times", &[("times", p(1_000_u32)), ("bytes", p(10_000_u32))]).unwrap();
    assert!(output.trace.log.len() < 2 << 20);
    assert!(String::from_utf8_lossy(&output.trace.log).contains("bytes left out"));
}

#[test]
fn more_handles_than_a_step_has() {
    let cage = Cage::default();
    assert_eq!(cage.attempt("keep-handles", &[("count", p(150_000_u32))]), None);
}

#[test]
fn more_properties_than_an_artifact_has() {
    let cage = Cage::default();
    assert!(cage.attempt("set-properties", &[("count", p(100_u32))]).is_some());
    assert_eq!(cage.attempt("set-properties", &[("count", p(20_000_u32))]), None);
}

#[test]
fn a_giant_error() {
    let cage = Cage::default();
    let failure = cage.run("say", &[("text", p("x".repeat(4 << 20)))]).unwrap_err();
    assert!(failure.message.len() < 20_000);
    assert!(failure.trace.log.len() < 2 << 20);
}

#[test]
fn a_giant_result() {
    let cage = Cage::default();
    let failure = cage.fixture.run("hostile", "long-result", &[("bytes", p(8 << 20))]).unwrap_err();
    assert!(failure.message.contains("parameter of more than"), "{failure:?}");
}
