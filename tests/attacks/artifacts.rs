//! What belongs to other steps, and a store that somebody changes underneath.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use weft_artifacts::Repair;
use weft_pipeline::step::FailureKind;

use crate::intruder::{Cage, assert_ended};
use crate::made;
use crate::sandbox::{Fixture, a, artifact, p};

/// The file of a blob or manifest in the store.
fn place(fixture: &Fixture, uri: &str) -> PathBuf {
    let (kind, hex) = uri.split_once(':').unwrap();
    let folder = if kind == "blake3" { "blobs" } else { "trees" };
    fixture.folder.path().join("artifacts").join(folder).join(&hex[..2]).join(hex)
}

/// Puts other bytes where content is, as somebody with access to the store's files could.
pub fn replace(fixture: &Fixture, uri: &str, bytes: &[u8]) {
    let place = place(fixture, uri);
    fs::remove_file(&place).unwrap();
    fs::write(&place, bytes).unwrap();
}

#[test]
fn leaving_something_for_the_next_step() {
    let cage = Cage::default();
    assert!(cage.attempt_with_input("leave-behind", &[]).is_some());
    let found = cage.attempt_with_input("look-around", &[]).unwrap();
    assert_eq!(found, "in/0/input");
    // A step that asks for no path leaves its directories to the next one, if they are empty.
    assert!(cage.attempt("mounted", &[]).is_some());
    assert_eq!(cage.attempt_with_input("look-around", &[]).unwrap(), "in/0/input");
}

#[test]
fn looking_for_other_steps_at_work() {
    let cage = Cage::default();
    let secret = cage.fixture.dataset(b"another step's");
    let found = std::thread::scope(|scope| {
        let other = scope.spawn(|| cage.run("ask-times", &[("input", a(&secret)), ("times", p(200_000_u32))]));
        let found = cage.attempt_with_input("look-around", &[]);
        let _ = other.join().unwrap();
        found
    });
    assert_eq!(found.unwrap(), "in/0/input");
}

#[test]
fn naming_another_step_s_content() {
    let cage = Cage::default();
    let secret = cage.fixture.dataset(b"another step's");
    let hex = secret.uri.split_once(':').unwrap().1;
    // Its digest leads a step function nowhere: there is no call that takes it, and no path.
    for path in [secret.uri.clone(), format!("/in/{hex}"), format!("../../../../../blobs/{}/{hex}", &hex[..2])] {
        assert_eq!(cage.file("read", ("own", &path), ("own", "")), None, "{path}");
        assert_eq!(cage.attempt_with_input("read-path", &[("path", p(path))]), None);
    }
    cage.assert_untouched();
}

#[test]
fn writing_to_an_output_after_it_was_stored() {
    let cage = Cage::default();
    let made = cage.fixture.trivial("write-by-path", &[("text", p("stored")), ("as-directory", p(false))]);
    let stored = artifact(&made, "data").clone();
    let _ = cage.file("write", ("out", "0/data"), ("own", ""));
    assert_eq!(cage.fixture.text(&stored), "stored");
    cage.assert_untouched();
}

#[test]
fn a_component_that_was_exchanged_in_the_store() {
    let fixture = Fixture::default();
    let (honest, other) = (made::function("", "nop"), made::function("", "unreachable"));
    let stored = fixture.dataset(&honest);
    replace(&fixture, &stored.uri, &other);
    // It was recorded and is to run again: only its digest is known.
    let request = made::request(&fixture, &stored.uri, "go", &[]);
    let failure = fixture.sandbox.run(&request, &*fixture.observer).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Host, "{failure:?}");
    assert!(failure.message.contains("other bytes"), "{failure:?}");
}

#[test]
fn an_exchanged_component_that_would_poison_the_cache_for_others() {
    let cache = tempfile::tempdir().unwrap();
    let with_cache = || Fixture::with(|options| options.compiled = Some(cache.path().to_owned()));
    let honest = made::function("", "nop");
    let attacked = with_cache();
    let stored = attacked.dataset(&honest);
    replace(&attacked, &stored.uri, &made::function("", "unreachable"));
    let request = made::request(&attacked, &stored.uri, "go", &[]);
    let _ = attacked.sandbox.run(&request, &*attacked.observer);
    // Another store with the component as it is, and the same cache of compiled code.
    made::run(&with_cache(), &honest, "go", &[]).unwrap();
}

#[test]
fn an_input_that_was_cut() {
    let cage = Cage::default();
    let data = cage.fixture.dataset(b"ten bytes.");
    fs::remove_file(place(&cage.fixture, &data.uri)).unwrap();
    fs::write(place(&cage.fixture, &data.uri), b"").unwrap();
    assert!(cage.fixture.run("trivial", "count", &[("input", a(&data))]).is_err());
}

#[test]
fn an_input_that_was_changed() {
    let cage = Cage::default();
    let data = cage.fixture.dataset(b"ten bytes.");
    replace(&cage.fixture, &data.uri, b"TEN BYTES.");
    // Reading does not hash what it reads; fsck, and whoever asks for evidence, does.
    let found = cage.fixture.store.fsck(Repair::None, &mut |_| {}).unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(cage.fixture.store.verify(&data.uri.parse().unwrap()).is_err());
}

#[test]
fn a_directory_s_list_that_was_changed() {
    let cage = Cage::default();
    let made = cage.fixture.trivial("make-dir", &[("files", p(2)), ("bytes", p(10))]);
    let tree = artifact(&made, "data").clone();
    let place = place(&cage.fixture, &tree.uri);
    let mut bytes = fs::read(&place).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    replace(&cage.fixture, &tree.uri, &bytes);
    assert!(cage.fixture.run("trivial", "sum-dir", &[("input", a(&tree))]).is_err());
}

#[cfg(unix)]
#[test]
fn an_input_that_became_a_link_out_of_the_store() {
    let cage = Cage::default();
    let data = cage.fixture.dataset(b"ten bytes.");
    let place = place(&cage.fixture, &data.uri);
    for target in [cage.beside("canary"), PathBuf::from("../../../canary")] {
        fs::remove_file(&place).unwrap();
        std::os::unix::fs::symlink(target, &place).unwrap();
        let failure = cage.fixture.run("trivial", "count", &[("input", a(&data))]);
        assert!(failure.is_err(), "{failure:?}");
        let failure = cage.fixture.run("trivial", "read-by-path", &[("input", a(&data))]);
        assert!(failure.is_err(), "{failure:?}");
    }
}

#[cfg(unix)]
#[test]
fn an_input_that_became_a_pipe_on_which_nobody_writes() {
    let cage = Cage::default();
    let data = cage.fixture.dataset(b"ten bytes.");
    let place = place(&cage.fixture, &data.uri);
    fs::remove_file(&place).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&place).status().unwrap().success());
    let mut cage = cage;
    cage.fixture.limits.time = Some(Duration::from_secs(20));
    let (sender, done) = std::sync::mpsc::channel();
    // Were it to wait, it would wait for ever, and this thread with it.
    std::thread::spawn(move || sender.send(cage.fixture.run("trivial", "count", &[("input", a(&data))]).is_err()));
    assert!(done.recv_timeout(Duration::from_mins(1)).expect("it waits for the pipe"), "a pipe was read");
}

#[test]
fn an_output_that_is_no_plain_file() {
    let cage = Cage::default();
    let result = cage.fixture.run("hostile", "leave-symlink", &[("target", p("/etc"))]);
    assert!(result.is_err());
    let result = cage.fixture.run("hostile", "leave-symlink", &[("target", p("../../../../canary"))]);
    assert!(result.is_err());
    cage.assert_untouched();
    assert_ended(cage.run("return-dropped", &[]), FailureKind::Trapped, "");
}
