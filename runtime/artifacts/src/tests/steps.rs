//! Functions for sandboxed steps: scratch directories, materialized content, adopted outputs.

use std::path::PathBuf;

use super::{bytes_of, files_below, leftovers, put, put_tree, store, stored_file};
use crate::{Budget, ContentId, Digest, Error, Usage, disk_usage};

#[test]
fn a_scratch_directory_is_private_and_goes_when_dropped() {
    let (_dir, store) = store();
    let (one, two) = (store.scratch().unwrap(), store.scratch().unwrap());
    let path = one.path().unwrap().to_owned();
    assert!(path.is_absolute() && path.is_dir());
    assert_ne!(two.path().unwrap(), path);
    one.subdir("out").unwrap().write("file", b"x").unwrap();
    assert_eq!(std::fs::read(path.join("out/file")).unwrap(), b"x");
    drop(one);
    assert!(!path.exists());
    drop(two);
    assert_eq!(leftovers(&store), 0);
}

#[test]
fn however_deep_a_step_nests_it_is_removed() {
    let (_dir, store) = store();
    let scratch = store.scratch().unwrap();
    let mut dir = scratch.dir().try_clone().unwrap();
    for depth in 0..3000 {
        dir.create_dir("d").unwrap();
        if depth % 500 == 0 {
            dir.write("file", b"x").unwrap();
        }
        dir = dir.open_dir("d").unwrap();
    }
    // Names like those under which directories wait for removal.
    for name in ["0", "1", "2"] {
        dir.create_dir(name).unwrap();
    }
    let most = Usage { bytes: u64::MAX, entries: 1000 };
    assert!(disk_usage(scratch.dir(), &most).unwrap().exceeds(&most));
    assert!(matches!(
        store.adopt(&store.tmp().unwrap().dir, "0", None),
        Err(Error::InvalidPath { .. } | Error::Io { .. })
    ));
    drop(scratch);
    assert_eq!(leftovers(&store), 0);
}

#[cfg(unix)]
#[test]
fn content_is_mounted_without_copying() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let (_dir, store) = store();
    let blob = put(&store, b"blob");
    let tree = put_tree(&store, &[("a", b"1"), ("b/c", b"2")]);
    let scratch = store.scratch().unwrap();
    store.materialize(&blob, scratch.dir(), "blob").unwrap();
    store.materialize(&tree, scratch.dir(), "tree").unwrap();
    let path = scratch.path().unwrap();
    let meta = std::fs::metadata(path.join("blob")).unwrap();
    assert_eq!(meta.ino(), std::fs::metadata(stored_file(&store, &blob)).unwrap().ino());
    assert_eq!(meta.permissions().mode() & 0o222, 0);
    let expected = [("a", "1"), ("b/c", "2")];
    assert_eq!(files_below(&path.join("tree")), expected.map(|(p, b)| (p.to_owned(), b.as_bytes().to_vec())));
    assert!(matches!(store.materialize(&blob, scratch.dir(), "blob"), Err(Error::Exists { .. })));
    assert!(matches!(store.materialize(&blob, scratch.dir(), "../x"), Err(Error::InvalidPath { .. })));
    drop(scratch);
    assert_eq!(bytes_of(&store, &blob), b"blob");
}

#[cfg(unix)]
#[test]
fn outputs_are_moved_into_the_store() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let (_dir, store) = store();
    let scratch = store.scratch().unwrap();
    let path = scratch.path().unwrap();
    std::fs::write(path.join("out"), vec![5; 300_000]).unwrap();
    let inode = std::fs::metadata(path.join("out")).unwrap().ino();
    let id = store.adopt(scratch.dir(), "out", None).unwrap();
    assert_eq!(id, ContentId::Blob(Digest::of(&vec![5; 300_000])));
    let meta = std::fs::metadata(stored_file(&store, &id)).unwrap();
    assert_eq!((meta.ino(), meta.permissions().mode() & 0o222), (inode, 0));
    assert!(!path.join("out").exists());

    std::fs::create_dir_all(path.join("dir/sub")).unwrap();
    std::fs::write(path.join("dir/a"), b"1").unwrap();
    std::fs::write(path.join("dir/sub/b"), b"2").unwrap();
    std::os::unix::fs::symlink("sub/b", path.join("dir/link")).unwrap();
    let id = store.adopt(scratch.dir(), "dir", None).unwrap();
    assert_eq!(id, put_tree(&store, &[("a", b"1"), ("sub/b", b"2"), ("link", b"2")]));
    assert_eq!(store.fsck(crate::Repair::None, &mut |_| {}).unwrap(), []);
}

#[cfg(unix)]
#[test]
fn hard_links_are_never_moved() {
    let (_dir, store) = store();
    let blob = put(&store, b"input");
    let scratch = store.scratch().unwrap();
    store.materialize(&blob, scratch.dir(), "same").unwrap();
    assert_eq!(store.adopt(scratch.dir(), "same", None).unwrap(), blob);
    assert_eq!(bytes_of(&store, &blob), b"input");
    // A second hard link stays writable, so the store must not share its bytes.
    scratch.dir().write("one", b"output").unwrap();
    scratch.dir().hard_link("one", scratch.dir(), "two").unwrap();
    let id = store.adopt(scratch.dir(), "one", None).unwrap();
    scratch.dir().write("two", b"changed").unwrap();
    assert_eq!(bytes_of(&store, &id), b"output");
}

#[cfg(unix)]
#[test]
fn links_that_lead_out_are_refused() {
    let (dir, store) = store();
    std::fs::write(dir.path().join("secret"), b"secret").unwrap();
    let scratch = store.scratch().unwrap();
    let path = scratch.path().unwrap();
    let secret = dir.path().join("secret");
    std::os::unix::fs::symlink(&secret, path.join("out")).unwrap();
    assert!(matches!(store.adopt(scratch.dir(), "out", None), Err(Error::SpecialFile { kind: "a symbolic link", .. })));
    scratch.dir().create_dir("dir").unwrap();
    scratch.dir().write("beside", b"x").unwrap();
    for target in
        [secret.clone(), PathBuf::from("../beside"), PathBuf::from("../../../../../secret"), PathBuf::from("/dev/zero")]
    {
        std::os::unix::fs::symlink(&target, path.join("dir/link")).unwrap();
        let error = store.adopt(scratch.dir(), "dir", None).unwrap_err();
        assert!(matches!(&error, Error::UnusableLink { .. }), "{}: {error}", target.display());
        scratch.dir().remove_file("dir/link").unwrap();
    }
    let _listener = std::os::unix::net::UnixListener::bind(path.join("dir/s")).unwrap();
    assert!(matches!(store.adopt(scratch.dir(), "dir", None), Err(Error::SpecialFile { kind: "a socket", .. })));
    assert!(matches!(store.adopt(scratch.dir(), "..", None), Err(Error::InvalidPath { .. })));
    assert_eq!(store.list().unwrap().count(), 0);
}

#[test]
fn a_hole_of_terabytes_is_refused_at_once() {
    let (_dir, store) = store();
    let scratch = store.scratch().unwrap();
    scratch.dir().create("hole").unwrap().set_len(8 << 40).unwrap();
    let budget = Budget::new(1 << 20);
    assert!(matches!(store.adopt(scratch.dir(), "hole", Some(&budget)), Err(Error::OutputLimit { .. })));
    let most = Usage { bytes: 1 << 20, entries: 10 };
    assert!(disk_usage(scratch.dir(), &most).unwrap().exceeds(&most));
}

#[test]
fn usage_is_added_up_until_it_is_enough() {
    let (_dir, store) = store();
    let scratch = store.scratch().unwrap();
    for n in 0..20 {
        scratch.subdir(&format!("d{n}")).unwrap().write("file", vec![0; 100]).unwrap();
    }
    let most = Usage { bytes: u64::MAX, entries: u64::MAX };
    assert_eq!(disk_usage(scratch.dir(), &most).unwrap(), Usage { bytes: 2000, entries: 40 });
    let most = Usage { bytes: 2000, entries: 10 };
    assert_eq!(disk_usage(scratch.dir(), &most).unwrap().entries, 11);
}
