use std::fs;
use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::process::Command;

use super::*;

/// What somebody tries who got out of WebAssembly: each with whether it went well.
fn tried(outside: &std::path::Path, port: u16) -> Vec<(&'static str, bool)> {
    vec![
        ("read", fs::read(outside.join("canary")).is_ok()),
        ("write", fs::write(outside.join("new"), b"mine").is_ok()),
        ("list", fs::read_dir(outside).is_ok()),
        ("remove", fs::remove_file(outside.join("gone")).is_ok()),
        ("passwords", fs::read("/etc/passwd").is_ok()),
        ("start a program", Command::new("/bin/true").status().is_ok()),
        ("connect", TcpStream::connect(("127.0.0.1", port)).is_ok()),
        ("listen", TcpListener::bind("127.0.0.1:0").is_ok()),
        ("send", UdpSocket::bind("127.0.0.1:0").is_ok()),
    ]
}

/// A store, and a folder of somebody else.
#[expect(clippy::unwrap_used, reason = "a failed preparation is a failed test")]
fn folders() -> (tempfile::TempDir, tempfile::TempDir) {
    let (store, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::write(outside.path().join("canary"), b"not yours").unwrap();
    fs::write(outside.path().join("gone"), b"not yours").unwrap();
    (store, outside)
}

/// Whether this machine has both parts; where it has not, tests say so and pass over it.
fn stands() -> bool {
    let wall = second_wall();
    if !(wall.files && wall.calls) {
        eprintln!("PASSED OVER: {}", wall.told);
    }
    wall.files && wall.calls
}

#[test]
fn a_step_that_breaks_out_finds_the_store_and_nothing_else() {
    if !stands() {
        return;
    }
    let (store, outside) = folders();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    // Without the wall all of it goes well, so that it is the wall that stops it.
    let unconfined = Confined::new(Some(store.path().to_owned()), false);
    let found = unconfined.run(Confinement::default(), || tried(outside.path(), port)).unwrap();
    assert_eq!(found.iter().filter(|(_, went_well)| !went_well).count(), 0, "{found:?}");
    fs::write(outside.path().join("gone"), b"not yours").unwrap();

    let confined = Confined::new(Some(store.path().to_owned()), true);
    for _ in 0..2 {
        let found = confined.run(Confinement::default(), || tried(outside.path(), port)).unwrap();
        assert_eq!(found.iter().filter(|(_, went_well)| *went_well).count(), 0, "{found:?}");
    }
    // In the store everything that a step does there goes well: files are made, moved between folders, linked and removed.
    let inside = store.path();
    confined
        .run(Confinement::default(), || {
            fs::create_dir(inside.join("a"))?;
            fs::create_dir(inside.join("b"))?;
            fs::write(inside.join("a/file"), b"mine")?;
            fs::hard_link(inside.join("a/file"), inside.join("b/link"))?;
            fs::rename(inside.join("a/file"), inside.join("b/file"))?;
            fs::File::options().write(true).open(inside.join("b/file"))?.set_len(1)?;
            fs::remove_dir_all(inside.join("b"))
        })
        .unwrap()
        .unwrap();
    // The process itself is as free as before, and so is what it starts.
    assert!(Command::new("/bin/true").status().unwrap().success());
    assert!(fs::read(outside.path().join("canary")).is_ok());
}

#[test]
fn what_is_granted_is_left() {
    if !stands() {
        return;
    }
    let (store, outside) = folders();
    let confined = Confined::new(Some(store.path().to_owned()), true);
    let path = outside.path();
    let reading = Confinement { read: vec![path.to_owned()], ..Confinement::default() };
    confined
        .run(reading, || {
            assert!(fs::read(path.join("canary")).is_ok() && fs::read_dir(path).is_ok());
            assert_eq!(fs::write(path.join("new"), b"mine").unwrap_err().kind(), ErrorKind::PermissionDenied);
        })
        .unwrap();
    let writing = Confinement { write: vec![path.to_owned()], ..Confinement::default() };
    confined.run(writing, || assert!(fs::write(path.join("new"), b"mine").is_ok())).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let connecting = Confinement { ports: vec![port], ..Confinement::default() };
    confined.run(connecting, || assert!(TcpStream::connect(("127.0.0.1", port)).is_ok())).unwrap();
    // The next step has none of that.
    confined.run(Confinement::default(), || assert!(fs::read(path.join("canary")).is_err())).unwrap();
}

#[test]
fn threads_that_a_step_starts_are_confined_too() {
    if !stands() {
        return;
    }
    let (store, outside) = folders();
    let confined = Confined::new(Some(store.path().to_owned()), true);
    let path = outside.path();
    let read = || std::thread::scope(|scope| scope.spawn(|| fs::read(path.join("canary")).is_ok()).join().unwrap());
    assert!(!confined.run(Confinement::default(), read).unwrap());
    assert!(read());
}

#[test]
fn a_panic_goes_through_and_the_thread_serves_on() {
    let (store, _) = folders();
    let confined = Confined::new(Some(store.path().to_owned()), true);
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        confined.run(Confinement::default(), || std::panic::resume_unwind(Box::new("on purpose")))
    }));
    assert!(panicked.is_err());
    assert_eq!(confined.run(Confinement::default(), || 7), Ok(7));
}
