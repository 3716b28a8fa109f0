//! Import from and export to the host.

use std::ops::ControlFlow;
use std::path::Path;

use proptest::prelude::*;

use super::{bytes_of, files_below, leftovers, put, put_tree, store};
use crate::{ContentId, Digest, Error, Existing, Store};

fn import(store: &Store, path: &Path) -> crate::Result<ContentId> {
    store.import(path, &mut |_| ControlFlow::Continue(()))
}

#[test]
fn an_import_can_be_broken_off() {
    let (dir, store) = store();
    let source = dir.path().join("in.bin");
    std::fs::write(&source, vec![7; 5_000_000]).unwrap();
    let mut steps = 0;
    let mut once = |_| {
        steps += 1;
        if steps < 2 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    assert!(matches!(store.import(&source, &mut once), Err(Error::Interrupted { .. })));
    assert_eq!(steps, 2);
    assert_eq!(store.list().unwrap().count(), 0);
}

#[test]
fn a_file_comes_in_and_goes_out() {
    let (dir, store) = store();
    let bytes = vec![7; 700_001];
    let source = dir.path().join("in.bin");
    std::fs::write(&source, &bytes).unwrap();
    let mut seen = Vec::new();
    let mut note = |done| {
        seen.push(done);
        ControlFlow::Continue(())
    };
    let id = store.import(&source, &mut note).unwrap();
    assert_eq!(id, ContentId::Blob(Digest::of(&bytes)));
    assert_eq!(seen.last(), Some(&700_001));
    assert!(seen.is_sorted());

    let dest = dir.path().join("out.bin");
    store.export(&id, &dest, Existing::Keep).unwrap();
    assert_eq!(std::fs::read(&dest).unwrap(), bytes);
    // The copy belongs to the user.
    std::fs::write(&dest, b"changed").unwrap();
    assert_eq!(bytes_of(&store, &id), bytes);
    assert!(matches!(store.export(&id, &dest, Existing::Keep), Err(Error::Exists { .. })));
    assert_eq!(std::fs::read(&dest).unwrap(), b"changed");
    store.export(&id, &dest, Existing::Overwrite).unwrap();
    assert_eq!(std::fs::read(&dest).unwrap(), bytes);
    assert!(matches!(store.export(&id, dir.path(), Existing::Overwrite), Err(Error::OtherKind { .. })));
    let nowhere = store.export(&id, dir.path().join("no/such/place"), Existing::Keep).unwrap_err();
    assert!(nowhere.to_string().contains("no/such"), "{nowhere}");
}

#[test]
fn a_directory_is_written_whole_or_merged_when_told() {
    let (dir, store) = store();
    let id = put_tree(&store, &[("a", b"1"), ("b/c", b"2")]);
    let dest = dir.path().join("out");
    store.export(&id, &dest, Existing::Keep).unwrap();
    assert_eq!(files_below(&dest).len(), 2);
    assert!(matches!(store.export(&id, &dest, Existing::Keep), Err(Error::Exists { .. })));
    std::fs::write(dest.join("a"), b"edited").unwrap();
    std::fs::write(dest.join("mine"), b"kept").unwrap();
    store.export(&id, &dest, Existing::Overwrite).unwrap();
    let expected = [("a", "1"), ("b/c", "2"), ("mine", "kept")];
    assert_eq!(files_below(&dest), expected.map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec())));
    let file = dir.path().join("file");
    std::fs::write(&file, b"").unwrap();
    assert!(matches!(store.export(&id, &file, Existing::Overwrite), Err(Error::OtherKind { .. })));
    let empty = dir.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    store.export(&id, &empty, Existing::Keep).unwrap();
    assert_eq!(files_below(&empty).len(), 2);
}

#[test]
fn a_failed_export_leaves_nothing() {
    let (dir, store) = store();
    let id = put_tree(&store, &[("a", b"1"), ("b", b"2")]);
    std::fs::remove_file(super::stored_file(&store, &ContentId::Blob(Digest::of(b"2")))).unwrap();
    let dest = dir.path().join("out");
    assert!(matches!(store.export(&id, &dest, Existing::Keep), Err(Error::NotFound { .. })));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "only the store itself");
}

#[cfg(unix)]
#[test]
fn an_export_follows_no_link_out_of_its_directory() {
    let (dir, store) = store();
    let id = put_tree(&store, &[("sub/a", b"1")]);
    let (dest, outside) = (dir.path().join("out"), dir.path().join("outside"));
    std::fs::create_dir(&dest).unwrap();
    std::fs::create_dir(&outside).unwrap();
    std::os::unix::fs::symlink(&outside, dest.join("sub")).unwrap();
    store.export(&id, &dest, Existing::Overwrite).unwrap_err();
    assert_eq!(files_below(&outside), []);
}

#[cfg(unix)]
#[test]
fn links_are_followed_inside_only() {
    use std::os::unix::fs::symlink;
    let (dir, store) = store();
    let root = dir.path().join("data");
    std::fs::create_dir_all(root.join("deep/er")).unwrap();
    std::fs::write(root.join("file"), b"content").unwrap();
    symlink("../../file", root.join("deep/er/link")).unwrap();
    let id = import(&store, &root).unwrap();
    assert_eq!(id, put_tree(&store, &[("file", b"content"), ("deep/er/link", b"content")]));
    // The directory itself may be given as a link.
    symlink(&root, dir.path().join("alias")).unwrap();
    assert_eq!(import(&store, &dir.path().join("alias")).unwrap(), id);

    std::fs::write(dir.path().join("secret"), b"secret").unwrap();
    let bad = root.join("deep/bad");
    let inside = root.join("file");
    for target in ["../../secret", "/etc/hostname", "er", "nowhere", "bad", inside.to_str().unwrap()] {
        symlink(target, &bad).unwrap();
        let error = import(&store, &root).unwrap_err();
        assert!(matches!(&error, Error::UnusableLink { path, .. } if *path == bad), "{target}: {error}");
        std::fs::remove_file(&bad).unwrap();
    }
    assert_eq!(leftovers(&store), 0);
}

#[cfg(unix)]
#[test]
fn what_is_no_plain_file_is_refused_by_name() {
    use std::os::unix::ffi::OsStrExt as _;
    let (dir, store) = store();
    let root = dir.path().join("data");
    std::fs::create_dir(&root).unwrap();
    let socket = root.join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    for path in [&root, &socket] {
        let error = import(&store, path).unwrap_err();
        assert!(matches!(&error, Error::SpecialFile { path, kind: "a socket" } if *path == socket), "{error}");
    }
    assert!(matches!(import(&store, Path::new("/dev/zero")), Err(Error::SpecialFile { kind: "a device", .. })));
    std::fs::remove_file(&socket).unwrap();
    std::fs::write(root.join(std::ffi::OsStr::from_bytes(b"\xff")), b"").unwrap();
    assert!(matches!(import(&store, &root), Err(Error::InvalidPath { .. })));
    let missing = import(&store, &root.join("missing")).unwrap_err();
    assert!(missing.to_string().contains("missing"), "{missing}");
}

#[test]
fn an_import_of_what_is_stored_adds_nothing() {
    let (dir, store) = store();
    let source = dir.path().join("in");
    std::fs::write(&source, vec![1; 300_000]).unwrap();
    assert_eq!(import(&store, &source).unwrap(), put(&store, &vec![1; 300_000]));
    assert_eq!(store.list().unwrap().count(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn directories_round_trip(
        files in proptest::collection::btree_map("[a-cé ]{1,3}x(/[a-c]{1,2}y){0,3}z", proptest::collection::vec(any::<u8>(), 0..3000), 0..10),
    ) {
        let (dir, store) = store();
        let source = dir.path().join("source");
        std::fs::create_dir(&source).unwrap();
        std::fs::create_dir(source.join("an empty one is not kept")).unwrap();
        for (path, bytes) in &files {
            let path = source.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        let id = import(&store, &source).unwrap();
        let files: Vec<_> = files.into_iter().collect();
        let pairs: Vec<_> = files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
        prop_assert_eq!(id, put_tree(&store, &pairs));
        let dest = dir.path().join("dest");
        store.export(&id, &dest, Existing::Keep).unwrap();
        prop_assert_eq!(files_below(&dest), files);
    }
}
