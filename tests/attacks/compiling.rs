//! Components that are small to look at and large to compile.

use weft_pipeline::step::FailureKind;

use crate::intruder::assert_ended;
use crate::made;
use crate::sandbox::Fixture;

/// What would take too long or too much memory is refused before the compiler begins.
#[track_caller]
fn refused(body: &str, words: &str) {
    let fixture = Fixture::default();
    let result = made::run(&fixture, &made::function("(memory 1)", body), "go", &[]);
    assert_ended(result, FailureKind::LimitReached, words);
}

#[test]
fn one_function_of_megabytes() {
    refused(&"(i32.store (i32.const 0) (i32.const 1))".repeat(200_000), "bytes of code");
}

#[test]
fn one_function_of_many_blocks() {
    refused(&"(block (br_if 0 (i32.const 0)))".repeat(60_000), "blocks");
}

#[test]
fn one_function_of_many_loops() {
    refused(&"(loop (br_if 0 (i32.const 0)))".repeat(5_000), "loops");
}

#[test]
fn loops_in_loops() {
    let depth = 5_000;
    refused(&format!("{}{}", "(loop ".repeat(depth), ")".repeat(depth)), "loops");
}

#[test]
fn one_function_of_many_variables() {
    let blocks = "(block (br_if 0 (i32.const 0)))".repeat(2_000);
    refused(&format!("(local {}) {blocks}", "i64 ".repeat(40_000)), "variables");
}

#[test]
fn one_jump_to_many_places() {
    let targets = "0 ".repeat(80_000);
    refused(&format!("(block (br_table {targets} (i32.const 0)))"), "blocks");
}

#[test]
fn many_modules() {
    let module = "(core module (func))".repeat(1_001);
    let binary = wat::parse_str(format!("(component {module})")).unwrap();
    let error = Fixture::default().sandbox.load("made", &binary).map(drop).unwrap_err();
    assert!(error.to_string().contains("modules"), "{error}");
}

#[test]
fn more_functions_than_memory_is_allowed() {
    let fixture = Fixture::with(|options| options.compile.memory = 64 << 20);
    let functions = "(func (drop (i32.const 1)))".repeat(20_000);
    let result = made::run(&fixture, &made::function(&functions, ""), "go", &[]);
    assert_ended(result, FailureKind::LimitReached, "MiB of memory");
}

#[test]
fn more_time_than_is_allowed() {
    let cache = tempfile::tempdir().unwrap();
    let fixture = Fixture::with(|options| {
        options.compile.time = std::time::Duration::ZERO;
        options.compiled = Some(cache.path().to_owned());
    });
    let functions = "(func (loop (br_if 0 (i32.const 0))))".repeat(60_000);
    let result = made::run(&fixture, &made::function(&functions, ""), "go", &[]);
    assert_ended(result, FailureKind::LimitReached, "takes longer");
}
