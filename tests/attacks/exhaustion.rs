//! Memory, tables, stacks and time, taken without end: in the guest's code, in calls of the host, and where the host calls the guest.

use std::time::Duration;

use weft_pipeline::step::FailureKind;

use crate::intruder::{Cage, assert_ended};
use crate::made;
use crate::sandbox::{Fixture, a, p};

const LIMIT: u64 = 32 << 20;

/// Runs a function that is made of text, with little memory and time, and asserts how it ends.
#[track_caller]
fn ends(module: &str, body: &str, kind: FailureKind, words: &str) {
    let mut fixture = Fixture::default();
    fixture.limits.memory = Some(LIMIT);
    fixture.limits.time = Some(Duration::from_millis(200));
    let result = made::run(&fixture, &made::function(module, body), "go", &[]);
    if let Err(failure) = &result {
        assert!(failure.trace.peak_memory <= LIMIT, "{failure:?}");
    }
    assert_ended(result, kind, words);
}

#[test]
fn a_memory_that_is_large_from_the_beginning() {
    ends("(memory 60000)", "", FailureKind::LimitReached, "memory");
}

#[test]
fn a_memory_that_grows_page_by_page() {
    ends("(memory 1)", "(loop (drop (memory.grow (i32.const 1))) (br 0))", FailureKind::LimitReached, "time");
}

#[test]
fn a_memory_that_grows_at_once() {
    let grow = "(memory.grow (i32.const 65535)) i32.const -1 i32.ne (if (then unreachable)) (drop (memory.grow (i32.const 1000))) (loop (br 0))";
    ends("(memory 1)", grow, FailureKind::LimitReached, "");
}

#[test]
fn many_memories() {
    // One module may have but one; many modules have many.
    let mut text = String::from("(component (core module $m (memory 500))");
    for _ in 0..90 {
        text.push_str("(core instance (instantiate $m))");
    }
    text.push_str(r#"(core module $n (func (export "go"))) (core instance $main (instantiate $n)) (func (export "go") (canon lift (core func $main "go"))))"#);
    let mut fixture = Fixture::default();
    fixture.limits.memory = Some(LIMIT);
    let result = made::run(&fixture, &wat::parse_str(text).unwrap(), "go", &[]);
    assert_ended(result, FailureKind::LimitReached, "memory");
}

#[test]
fn many_instances() {
    let mut text = String::from("(component (core module $m)");
    for _ in 0..20_000 {
        text.push_str("(core instance (instantiate $m))");
    }
    text.push_str(r#"(core module $n (func (export "go"))) (core instance $main (instantiate $n)) (func (export "go") (canon lift (core func $main "go"))))"#);
    let fixture = Fixture::default();
    let binary = wat::parse_str(text).unwrap();
    // It is refused where it is looked at, or does not start.
    if fixture.sandbox.load("made", &binary).is_ok() {
        assert!(made::run(&fixture, &binary, "go", &[]).is_err());
    }
}

#[test]
fn a_table_that_is_large_from_the_beginning() {
    let mut fixture = Fixture::default();
    fixture.limits.memory = Some(LIMIT);
    let result = made::run(&fixture, &made::function("(table 50000000 funcref)", ""), "go", &[]);
    assert!(result.is_err(), "{result:?}");
}

#[test]
fn a_table_that_grows_without_end() {
    let grow = "(loop (table.grow (ref.null func) (i32.const 100000)) i32.const -1 i32.ne (br_if 0))
        (if (i32.gt_u (table.size) (i32.const 1000000)) (then (loop (br 0)))) unreachable";
    ends("(table 1 funcref)", grow, FailureKind::Trapped, "");
}

#[test]
fn many_tables() {
    let tables = "(table 9000 funcref)".repeat(90);
    let mut text = format!("(component (core module $m {tables})");
    for _ in 0..3 {
        text.push_str("(core instance (instantiate $m))");
    }
    text.push_str(r#"(core module $n (func (export "go"))) (core instance $main (instantiate $n)) (func (export "go") (canon lift (core func $main "go"))))"#);
    let result = made::run(&Fixture::default(), &wat::parse_str(text).unwrap(), "go", &[]);
    assert!(result.is_err(), "{result:?}");
}

#[test]
fn a_loop_without_end() {
    ends("", "(loop (br 0))", FailureKind::LimitReached, "time limit");
}

#[test]
fn a_loop_that_fills_memory_again_and_again() {
    let fill = "(loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 20000000)) (br 0))";
    ends("(memory 400)", fill, FailureKind::LimitReached, "time limit");
}

#[test]
fn a_start_function_without_end() {
    ends("(func $s (loop (br 0))) (start $s)", "", FailureKind::LimitReached, "time limit");
}

#[test]
fn a_start_function_that_traps() {
    ends("(func $s unreachable) (start $s)", "", FailureKind::Trapped, "does not start");
}

#[test]
fn a_recursion_without_end() {
    ends("", "(call 0)", FailureKind::Trapped, "too deeply");
}

#[test]
fn two_functions_that_call_each_other() {
    ends(
        "(table funcref (elem 0 1)) (func (call_indirect (i32.const 1)))",
        "(call_indirect (i32.const 0))",
        FailureKind::Trapped,
        "too deeply",
    );
}

#[test]
fn a_recursion_with_large_frames() {
    let locals = "(local i64) ".repeat(2000);
    let each = |text: &dyn Fn(usize) -> String| (0..2000).map(text).collect::<Vec<_>>().concat();
    let uses = each(&|n| format!("(local.set {n} (i64.load (i32.const {}))) ", 8 * n));
    let sums = each(&|n| format!("(i64.store (i32.const {}) (local.get {n})) ", 8 * n));
    ends("(memory 1)", &format!("{locals} {uses} (call 0) {sums}"), FailureKind::Trapped, "too deeply");
}

#[test]
fn a_recursion_in_a_compiled_language() {
    let cage = Cage::default();
    assert_eq!(cage.attempt("descend", &[("depth", p(10_000_000_u32))]), None);
}

#[test]
fn what_is_done_after_the_return_without_end() {
    let module = made::component(
        r#"(memory (export "memory") 1)"#,
        r#"(func (export "go") (result i32) i32.const 8)"#,
        r#"(func (export "post") (param i32) (loop (br 0)))"#,
        r#"(func (export "go") (result string) (canon lift (core func $main "go") (memory (core memory $main "memory")) (post-return (core func $main "post"))))"#,
    );
    let mut fixture = Fixture::default();
    fixture.limits.time = Some(Duration::from_millis(200));
    assert_ended(made::run(&fixture, &module, "go", &[]), FailureKind::LimitReached, "time limit");
}

#[test]
fn calls_of_the_host_without_end() {
    let mut cage = Cage::default();
    cage.fixture.limits.time = Some(Duration::from_millis(100));
    let data = cage.fixture.dataset(b"x");
    let result = cage.run("ask-times", &[("input", a(&data)), ("times", p(u32::MAX))]);
    assert_ended(result, FailureKind::LimitReached, "time limit");
}

#[test]
fn a_call_of_the_host_that_waits_for_many_things() {
    let mut cage = Cage::default();
    cage.fixture.limits.time = Some(Duration::from_secs(1));
    let _ = cage.attempt("wait-for-many", &[("count", p(90_000_u32))]);
    assert_eq!(cage.attempt("wait-for-many", &[("count", p(200_000_u32))]), None, "a step has so many handles");
}

#[test]
fn more_randomness_than_memory() {
    let cage = Cage::default();
    for length in [1_u64 << 32, 1 << 40, u64::MAX] {
        assert_eq!(cage.attempt("random-bytes", &[("length", p(length))]), None);
    }
}

#[test]
fn more_open_files_than_the_host_has() {
    let cage = Cage::default();
    // They are of the host: it runs out of them, or of handles, and the next step runs as ever.
    let _ = cage.attempt("open-many", &[("count", p(200_000_u32))]);
    assert_eq!(cage.file("read", ("own", "file"), ("own", "")).as_deref(), Some("own"));
}

#[test]
fn directories_in_directories() {
    let cage = Cage::default();
    // Empty directories are not kept; what was nested is removed again. Measuring what it wrote must not become what the host is busy with:
    // each look goes all the way down.
    drop(cage.run("nest", &[("depth", p(1_000_u32))]));
    cage.assert_untouched();
}

#[test]
fn an_interrupt_ends_it_at_once() {
    let cage = Cage::default();
    cage.fixture.observer.interrupt.store(true, std::sync::atomic::Ordering::Relaxed);
    assert_ended(cage.run("count-to", &[("number", p(u64::MAX))]), FailureKind::Interrupted, "");
}
