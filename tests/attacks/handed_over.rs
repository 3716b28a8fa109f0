//! Lists and texts, both ways: with addresses that are not the guest's, lengths beyond all memory, and bytes that are no text.

use weft_pipeline::step::FailureKind;

use crate::intruder::{Cage, assert_ended};
use crate::made;
use crate::sandbox::{a, p};

const LAST: u32 = u32::MAX - 15;

/// The host refuses what does not lie in the guest's memory.
#[track_caller]
fn refused(function: &str, inputs: &[(&str, u32)]) {
    let cage = Cage::default();
    let inputs: Vec<_> = inputs.iter().map(|(name, number)| (*name, p(*number))).collect();
    let failure = cage.run(function, &inputs).expect_err("it went well");
    assert!(matches!(failure.kind, FailureKind::Trapped | FailureKind::LimitReached), "{failure:?}");
    cage.assert_untouched();
}

#[test]
fn a_text_that_lies_beyond_memory() {
    refused("log-at", &[("address", LAST), ("length", 100)]);
}

#[test]
fn a_text_that_ends_beyond_memory() {
    refused("log-at", &[("address", 16), ("length", u32::MAX)]);
}

#[test]
fn a_text_that_ends_where_numbers_begin_anew() {
    refused("log-at", &[("address", LAST), ("length", LAST)]);
}

#[test]
fn bytes_beyond_memory() {
    refused("append-at", &[("address", LAST), ("length", 1 << 30)]);
}

#[test]
fn more_points_than_memory_holds() {
    refused("curve-at", &[("address", 8), ("count", u32::MAX / 24 + 2)]);
}

#[test]
fn points_whose_bytes_are_more_than_numbers_count() {
    refused("curve-at", &[("address", 8), ("count", u32::MAX)]);
}

#[test]
fn points_at_an_odd_address() {
    refused("curve-at", &[("address", 17), ("count", 1)]);
}

#[test]
fn a_level_that_there_is_not() {
    refused("log-level", &[("level", 77)]);
}

#[test]
fn an_answer_that_is_to_lie_beyond_memory() {
    let cage = Cage::default();
    let data = cage.fixture.dataset(b"ten bytes.");
    for address in [LAST, u32::MAX] {
        let result = cage.run("read-into", &[("input", a(&data)), ("address", p(address))]);
        assert_ended(result, FailureKind::Trapped, "");
    }
    cage.assert_untouched();
}

#[test]
fn bytes_that_are_no_text() {
    let cage = Cage::default();
    for bytes in [vec![0xff, 0xfe], vec![0xed, 0xa0, 0x80], vec![0xc0, 0x80], vec![0xf4, 0x90, 0x80, 0x80]] {
        assert_ended(cage.run("log-bytes", &[("bytes", p(bytes))]), FailureKind::Trapped, "UTF-8");
    }
}

#[test]
fn a_giant_text_for_the_guest() {
    let mut cage = Cage::default();
    cage.fixture.limits.memory = Some(16 << 20);
    let failure = cage.run("take-text", &[("text", p("x".repeat(64 << 20)))]).unwrap_err();
    assert_eq!(failure.kind, FailureKind::LimitReached, "{failure:?}");
    assert!(failure.trace.peak_memory <= 16 << 20);
}

#[test]
fn a_giant_list_for_the_guest() {
    let mut cage = Cage::default();
    cage.fixture.limits.memory = Some(16 << 20);
    let failure = cage.run("take-list", &[("numbers", p(vec![1_u64; 4 << 20]))]).unwrap_err();
    assert_eq!(failure.kind, FailureKind::LimitReached, "{failure:?}");
}

/// A component that takes a text, and whose memory is given out by this function.
fn with_allocator(body: &str) -> Vec<u8> {
    made::component(
        r#"(memory (export "memory") 1)"#,
        &format!(r#"(func (export "realloc") (param i32 i32 i32 i32) (result i32) {body})"#),
        r#"(func (export "take") (param i32 i32))"#,
        r#"(func (export "take") (param "text" string) (canon lift (core func $main "take") (memory (core memory $main "memory")) (realloc (core func $main "realloc"))))"#,
    )
}

#[track_caller]
fn allocator_is_refused(body: &str) {
    let cage = Cage::default();
    let result = made::run(&cage.fixture, &with_allocator(body), "take", &[("text", p("four score and seven"))]);
    assert_ended(result, FailureKind::Trapped, "");
}

#[test]
fn memory_that_is_given_out_beyond_the_end() {
    allocator_is_refused("i32.const 65530");
    allocator_is_refused("i32.const -16");
}

#[test]
fn memory_that_is_given_out_by_a_trap() {
    allocator_is_refused("unreachable");
}

#[test]
fn memory_that_is_given_out_by_a_recursion() {
    allocator_is_refused("local.get 0 local.get 1 local.get 2 local.get 3 call 0");
}

#[test]
fn memory_that_is_never_given_out() {
    let mut cage = Cage::default();
    cage.fixture.limits.time = Some(std::time::Duration::from_millis(100));
    let endless = with_allocator("(loop (br 0)) unreachable");
    let result = made::run(&cage.fixture, &endless, "take", &[("text", p("x"))]);
    assert_ended(result, FailureKind::LimitReached, "time limit");
}
