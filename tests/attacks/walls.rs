//! Each defence left out, once: then what it is to stop goes well. So no attack is stopped by chance, or by a test that sees nothing.

use std::time::Duration;

use weft_pipeline::step::DirectoryGrant;
use weft_sandbox::Wall;

use crate::intruder::{CANARY, Cage};
use crate::made;
use crate::sandbox::{Fixture, a, p, parameter};

fn without(wall: Wall) -> Cage {
    Cage::around(Fixture::with(|options| options.without = Some(wall)))
}

#[test]
fn without_the_bounds_of_directories_the_host_is_read_and_written() {
    let mut cage = Cage::default();
    let host = cage.beside("").display().to_string();
    cage.fixture.grants.directories = [("/host".to_owned(), DirectoryGrant { host, write: true })].into();
    assert_eq!(cage.file("read", ("host", "canary"), ("own", "")).as_deref(), Some(CANARY));
    assert!(cage.file("write", ("host", "new"), ("own", "")).is_some());
    assert!(cage.file("symlink-and-read", ("host", "canary"), ("own", "link")).is_some());
    assert!(cage.file("link", ("host", "canary"), ("own", "stolen")).is_some());
}

#[test]
fn without_read_only_inputs_they_are_changed() {
    let cage = without(Wall::ReadOnlyInputs);
    assert!(cage.file("link-and-write", ("input", "input"), ("own", "second")).is_some());
    let damage = cage.fixture.store.fsck(weft_artifacts::Repair::None, &mut |_| {}).unwrap();
    assert!(!damage.is_empty(), "the store is whole");
}

#[test]
fn with_a_grant_the_environment_is_seen() {
    let mut cage = Cage::default();
    cage.fixture.grants.env = vec!["GRANTED".into()];
    let seen = cage.fixture.run("hostile", "env", &[]).unwrap().outputs;
    assert!(parameter(&seen, "variables")["GRANTED"] == "value");
}

#[test]
fn with_grants_clock_and_randomness_are_the_machine_s() {
    let mut cage = Cage::default();
    cage.fixture.grants.clock = true;
    cage.fixture.grants.random = true;
    let [first, second] = [(); 2].map(|()| cage.fixture.run("trivial", "entropy", &[]).unwrap().outputs);
    assert_ne!(first, second);
}

#[test]
fn without_a_limit_of_memory_it_is_had() {
    let large = made::function("(memory 1000)", "");
    let mut fixture = Fixture::default();
    fixture.limits.memory = Some(32 << 20);
    assert!(made::run(&fixture, &large, "go", &[]).is_err());
    fixture.limits.memory = Some(1 << 30);
    made::run(&fixture, &large, "go", &[]).unwrap();
}

#[test]
fn without_a_limit_of_time_it_is_taken() {
    let mut cage = Cage::default();
    // More than a hundred times what the limit allows on any machine.
    let far = [("number", p(400_000_000_u64))];
    cage.fixture.limits.time = Some(Duration::from_millis(1));
    assert_eq!(cage.attempt("count-to", &far), None);
    cage.fixture.limits.time = None;
    assert!(cage.attempt("count-to", &far).is_some());
}

#[test]
fn without_a_limit_of_outputs_they_are_written() {
    let mut cage = Cage::default();
    let far = [("offset", p(40_u64 << 20))];
    cage.fixture.limits.output = Some(20 << 20);
    assert!(cage.fixture.run("hostile", "flood-far", &far).is_err());
    assert!(cage.fixture.run("hostile", "flood-path-far", &far).is_err());
    cage.fixture.limits.output = Some(100 << 20);
    cage.fixture.run("hostile", "flood-far", &far).unwrap();
    cage.fixture.run("hostile", "flood-path-far", &far).unwrap();
}

#[test]
fn without_a_number_of_entries_tables_grow() {
    // Two tables in two instances, each within what one may have.
    let text = r#"(component (core module $m (table 190000 funcref)) (core instance (instantiate $m)) (core instance (instantiate $m))
        (core instance (instantiate $m)) (core instance (instantiate $m)) (core instance (instantiate $m)) (core instance (instantiate $m))
        (core module $n (func (export "go"))) (core instance $main (instantiate $n)) (func (export "go") (canon lift (core func $main "go"))))"#;
    let binary = wat::parse_str(text).unwrap();
    assert!(made::run(&Fixture::default(), &binary, "go", &[]).is_err());
    made::run(&without(Wall::Tables).fixture, &binary, "go", &[]).unwrap();
}

#[test]
fn without_a_bound_the_log_holds_everything() {
    let cage = without(Wall::Log);
    let output = cage.run("print-times", &[("times", p(1_000_u32)), ("bytes", p(10_000_u32))]).unwrap();
    assert!(output.trace.log.len() > 9 << 20);
}

#[test]
fn without_a_bound_every_message_is_passed_on() {
    let cage = without(Wall::Messages);
    cage.run("log-times", &[("times", p(50_000_u32)), ("text", p("x"))]).unwrap();
    cage.run("flood-done", &[("times", p(100_000_u32))]).unwrap();
    assert_eq!(cage.fixture.observer.messages.lock().unwrap().len(), 50_000);
    assert_eq!(cage.fixture.observer.progress.lock().unwrap().len(), 100_000);
}

#[test]
fn without_a_bound_parameters_are_giant() {
    let cage = without(Wall::Parameters);
    cage.fixture.run("hostile", "long-result", &[("bytes", p(8 << 20))]).unwrap();
}

#[test]
fn without_a_bound_errors_are_giant() {
    let cage = without(Wall::FailureText);
    let failure = cage.run("say", &[("text", p("x".repeat(1 << 20)))]).unwrap_err();
    assert!(failure.message.len() >= 1 << 20);
}

#[test]
fn without_bounds_everything_is_compiled() {
    let cache = tempfile::tempdir().unwrap();
    let binary = made::function(&"(func (drop (i32.const 1)))".repeat(1_000), "");
    let run = |wall| {
        let fixture = Fixture::with(|options| {
            options.without = wall;
            options.compile.memory = 1 << 20;
            options.compiled = Some(cache.path().to_owned());
        });
        made::run(&fixture, &binary, "go", &[])
    };
    assert!(run(None).is_err());
    run(Some(Wall::CompileBounds)).unwrap();
}

#[cfg(unix)]
#[test]
fn without_a_look_at_its_directory_a_cache_of_others_is_taken() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let store = weft_artifacts::Store::open(folder.path().join("store")).unwrap();
    let compiled = folder.path().join("compiled");
    std::fs::create_dir(&compiled).unwrap();
    std::fs::set_permissions(&compiled, std::fs::Permissions::from_mode(0o777)).unwrap();
    let open = |without| {
        let options =
            weft_sandbox::Options { compiled: Some(compiled.clone()), without, ..weft_sandbox::Options::default() };
        weft_sandbox::Sandbox::new(store.clone(), options).map(drop)
    };
    assert!(open(None).is_err());
    open(Some(Wall::PrivateCache)).unwrap();
}

#[test]
fn without_a_look_at_its_digest_an_exchanged_component_runs() {
    let cache = tempfile::tempdir().unwrap();
    let fixture = Fixture::with(|options| {
        options.without = Some(Wall::StoredDigest);
        options.compiled = Some(cache.path().to_owned());
    });
    let stored = fixture.dataset(&made::function("", "unreachable"));
    crate::artifacts::replace(&fixture, &stored.uri, &made::function("", "nop"));
    let request = made::request(&fixture, &stored.uri, "go", &[]);
    fixture.sandbox.run(&request, &*fixture.observer).unwrap();
}

#[test]
fn what_is_harmless_goes_well() {
    // The attempts at handles and at what is handed over have no switch: the engine itself refuses them. The same functions do what they
    // are asked to where nothing is wrong with it.
    let cage = Cage::default();
    assert!(cage.attempt("log-bytes", &[("bytes", p(b"text".to_vec()))]).is_some());
    assert!(cage.attempt("log-level", &[("level", p(1_u32))]).is_some());
    assert!(cage.attempt("take-text", &[("text", p("text"))]).is_some());
    assert!(cage.attempt("descend", &[("depth", p(10_u32))]).is_some());
    assert!(cage.attempt("random-bytes", &[("length", p(1000_u64))]).is_some());
    assert!(cage.attempt_with_input("try-handles", &[("most", p(0_u32))]).is_some());
    let data = cage.fixture.dataset(b"x");
    assert!(cage.run("ask-times", &[("input", a(&data)), ("times", p(10_u32))]).is_ok());
}
