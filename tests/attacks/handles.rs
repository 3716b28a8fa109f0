//! Handles: used after they were dropped, dropped twice, returned twice, forged, kept.

use weft_pipeline::step::FailureKind;

use crate::intruder::{Cage, assert_ended};
use crate::sandbox::{a, artifact, p};

/// A handle that is none ends the step.
#[track_caller]
fn traps(function: &str) {
    let cage = Cage::default();
    assert_ended(cage.run(function, &[]), FailureKind::Trapped, "handle");
    cage.assert_untouched();
}

#[test]
fn using_a_handle_that_was_dropped() {
    traps("use-after-drop");
}

#[test]
fn dropping_a_handle_twice() {
    traps("drop-twice");
}

#[test]
fn returning_a_handle_twice() {
    traps("return-twice");
}

#[test]
fn returning_a_handle_that_was_dropped() {
    traps("return-dropped");
}

#[test]
fn returning_a_handle_of_another_kind() {
    traps("return-other-kind");
}

#[test]
fn returning_a_handle_that_was_lent() {
    let cage = Cage::default();
    let data = cage.fixture.dataset(b"lent");
    assert_ended(cage.run("return-lent", &[("input", a(&data))]), FailureKind::Trapped, "handle");
    // What was given to it for good it may pass on.
    let passed = cage.fixture.run("hostile", "return-input", &[("input", a(&data))]).unwrap();
    assert_eq!(artifact(&passed.outputs, "data").uri, data.uri);
    cage.assert_untouched();
}

#[test]
fn returning_a_handle_that_nobody_gave() {
    let cage = Cage::default();
    for number in [0_u32, 1, 2, 7, 1000, u32::MAX / 2, u32::MAX] {
        assert_ended(cage.run("return-forged", &[("handle", p(number))]), FailureKind::Trapped, "handle");
    }
    cage.assert_untouched();
}

#[test]
fn reading_from_numbers_that_might_be_handles() {
    let cage = Cage::default();
    // Handles of other inputs of the host's table are numbers too, but none of this guest's.
    for most in [1_u32, 10, 100_000] {
        assert_eq!(cage.attempt_with_input("try-handles", &[("most", p(most))]), None);
    }
}

#[test]
fn keeping_a_handle_that_was_lent() {
    let cage = Cage::default();
    let data = cage.fixture.dataset(b"lent");
    assert_ended(cage.run("keep-lent", &[("input", a(&data))]), FailureKind::Trapped, "borrow");
    cage.assert_untouched();
}

#[test]
fn writing_to_a_file_whose_artifact_is_gone() {
    let cage = Cage::default();
    // It may write into the void; nothing is stored.
    let _ = cage.attempt("write-after-artifact", &[]);
    cage.assert_untouched();
    let late = format!("blake3:{}", blake3::hash(b"late").to_hex());
    assert!(!cage.fixture.store.contains(&late.parse().unwrap()).unwrap());
}

#[test]
fn reading_on_when_the_descriptor_is_gone() {
    let cage = Cage::default();
    // A stream stands for itself; what it gives is the input alone.
    assert!(matches!(cage.attempt_with_input("read-after-descriptor", &[]).as_deref(), None | Some("the input")));
    cage.assert_untouched();
}

#[test]
fn dropping_the_mounted_directories() {
    let cage = Cage::default();
    assert!(matches!(cage.attempt_with_input("drop-mounts", &[]).as_deref(), None | Some("the input")));
    // The next step has its own.
    assert_eq!(cage.file("read", ("own", "file"), ("own", "")).as_deref(), Some("own"));
    cage.assert_untouched();
}
