//! Trees: names, order, bounds.

use proptest::prelude::*;

use super::{all_bytes, put, put_tree, store};
use crate::{Budget, Content, ContentId, Error, Limits, MAX_ENTRIES};

#[test]
fn a_tree_gives_back_its_files() {
    let (_dir, store) = store();
    let id = put_tree(&store, &[("b/c.txt", b"two"), ("a", b"one"), ("b/d/e", b"two"), ("empty", b"")]);
    assert!(id.is_tree());
    assert!(store.contains(&id).unwrap());
    assert_eq!(store.size(&id).unwrap(), 9);
    let Content::Tree(tree) = store.open_content(&id).unwrap().expect_len(9).unwrap() else { panic!("no tree") };
    let paths: Vec<_> = tree.entries().iter().map(|entry| (entry.path.as_str(), entry.size)).collect();
    assert_eq!(paths, [("a", 3), ("b/c.txt", 3), ("b/d/e", 3), ("empty", 0)]);
    assert_eq!(all_bytes(&tree.open("b/c.txt").unwrap()), b"two");
    for path in ["b", "b/c", "", "../a", "b/c.txt/"] {
        assert!(matches!(tree.open(path), Err(Error::NoSuchEntry { .. })), "{path}");
    }
    assert!(matches!(Content::Tree(tree).expect_len(10), Err(Error::Damaged { .. })));
    // `two` is stored once.
    assert_eq!(store.list().unwrap().count(), 4);
}

#[test]
fn a_part_of_a_tree_is_content_of_its_own() {
    let (_dir, store) = store();
    let id = put_tree(&store, &[("b/c.txt", b"two"), ("b.txt", b"no"), ("a", b"one"), ("b/d/e", b"two")]);
    let two = put(&store, b"two");
    assert_eq!(store.inside(&id, "").unwrap(), Some(id));
    assert_eq!(store.inside(&id, "b/c.txt").unwrap(), Some(two));
    assert_eq!(store.inside(&id, "b").unwrap(), Some(put_tree(&store, &[("c.txt", b"two"), ("d/e", b"two")])));
    for path in ["none", "b/", "b/c", "a/x", "../a", "."] {
        assert_eq!(store.inside(&id, path).unwrap(), None, "{path}");
    }
    assert_eq!(store.inside(&two, "x").unwrap(), None);
    assert_eq!(store.inside(&two, "").unwrap(), Some(two));
}

#[test]
fn an_empty_tree_is_a_tree() {
    let (_dir, store) = store();
    let id = put_tree(&store, &[]);
    assert!(store.contains(&id).unwrap());
    assert_eq!(store.size(&id).unwrap(), 0);
    assert_ne!(id.digest(), put(&store, b"").digest());
}

#[test]
fn a_blob_of_a_manifests_bytes_is_another_thing() {
    let (_dir, store) = store();
    let tree = put_tree(&store, &[("a", b"one")]);
    let manifest = std::fs::read(super::stored_file(&store, &tree)).unwrap();
    let blob = put(&store, &manifest);
    assert_ne!(blob.digest(), tree.digest());
    assert!(!store.contains(&ContentId::Tree(blob.digest())).unwrap());
}

#[test]
fn names_in_conflict_are_refused() {
    let (_dir, store) = store();
    let blob = put(&store, b"x");
    let mut tree = store.create_tree(None).unwrap();
    for path in ["a/b", "a.b", "d", "e/f/g"] {
        tree.add(path, &blob).unwrap();
    }
    for (path, with) in
        [("a", "a/b"), ("a/b", "a/b"), ("a/b/c/d", "a/b"), ("d/x", "d"), ("e", "e/f/g"), ("e/f", "e/f/g")]
    {
        let error = tree.add(path, &blob).unwrap_err();
        assert!(matches!(&error, Error::Conflict { other, .. } if other == with), "{path}: {error}");
        assert!(matches!(tree.entry(path), Err(Error::Conflict { .. })));
    }
    for path in ["", "/etc/passwd", "../x", "a/../../x", "x/", "nul\0", &"n".repeat(256)] {
        assert!(matches!(tree.add(path, &blob), Err(Error::InvalidPath { .. })), "{path:?}");
        assert!(matches!(tree.entry(path), Err(Error::InvalidPath { .. })), "{path:?}");
    }
    assert_eq!(tree.len(), 4);
    tree.add("a-b", &blob).unwrap();
    tree.add("a/c", &blob).unwrap();
    tree.add("e/f/h", &blob).unwrap();
    tree.finish().unwrap();
}

#[test]
fn only_stored_content_can_be_added() {
    let (_dir, store) = store();
    let mut tree = store.create_tree(None).unwrap();
    let missing = ContentId::Blob(crate::Digest::of(b"never"));
    assert!(matches!(tree.add("a", &missing), Err(Error::NotFound { .. })));
    assert!(tree.is_empty());
}

#[test]
fn a_tree_is_added_with_all_its_files_or_none() {
    let (_dir, store) = store();
    let inner = put_tree(&store, &[("x", b"1"), ("y/z", b"2")]);
    let mut tree = store.create_tree(None).unwrap();
    tree.add("sub/y", &put(&store, b"3")).unwrap();
    assert!(matches!(tree.add("sub", &inner), Err(Error::Conflict { .. })));
    assert_eq!(tree.len(), 1);
    tree.add("other", &inner).unwrap();
    let same = put_tree(&store, &[("sub/y", b"3"), ("other/x", b"1"), ("other/y/z", b"2")]);
    assert_eq!(tree.finish().unwrap(), same);
}

#[test]
fn a_tree_takes_from_the_same_budget() {
    let (_dir, store) = store();
    let budget = Budget::with_limits(Limits { bytes: 10, files: 2, open_writers: 2 });
    let mut tree = store.create_tree(Some(&budget)).unwrap();
    let mut writer = tree.entry("a").unwrap();
    assert!(matches!(tree.entry("b"), Err(Error::WriterLimit { .. })));
    assert!(matches!(writer.append(&[0; 11]), Err(Error::OutputLimit { .. })));
    writer.append(&[0; 10]).unwrap();
    tree.add("a", &writer.finish().unwrap()).unwrap();
    assert!(matches!(tree.entry("b").unwrap().append(&[0]), Err(Error::OutputLimit { .. })));
    tree.finish().unwrap();
}

#[test]
fn names_of_one_budget_are_bounded_in_memory() {
    let (_dir, store) = store();
    let budget = Budget::new(100);
    let blob = put(&store, b"x");
    let mut tree = store.create_tree(Some(&budget)).unwrap();
    let long = vec!["n".repeat(200); 5].join("/");
    let most = crate::MAX_MANIFEST_BYTES / long.len();
    let refused = (0..=most).find_map(|n| tree.add(&format!("{n:08}/{long}"), &blob).err().map(|error| (n, error)));
    let (at, error) = refused.unwrap();
    assert!(matches!(error, Error::TooManyEntries { .. }));
    assert!(at > most / 2, "{at}");
}

#[test]
fn a_million_files_are_the_most() {
    let (_dir, store) = store();
    let digest = put(&store, b"").digest();
    let mut tree = store.create_tree(None).unwrap();
    for n in 0..MAX_ENTRIES {
        tree.add_sized(&format!("{:03}/{n:07}", n % 1000), 0, digest).unwrap();
    }
    assert!(matches!(tree.add_sized("one more", 0, digest), Err(Error::TooManyEntries { .. })));
    let id = tree.finish().unwrap();
    assert_eq!(store.open_tree(&id.digest()).unwrap().entries().len(), MAX_ENTRIES);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(50))]
    #[test]
    fn the_order_of_adding_does_not_matter(
        files in proptest::collection::btree_map("[a-c.-]{1,3}x(/[a-c]{1,2}y){0,2}z", proptest::collection::vec(any::<u8>(), 0..50), 0..12),
        seed in any::<u64>(),
    ) {
        let (_dir, store) = store();
        let mut files: Vec<_> = files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
        let first = put_tree(&store, &files);
        files.sort_by_key(|(path, _)| blake3::keyed_hash(&[u8::try_from(seed % 256).unwrap(); 32], path.as_bytes()).to_hex());
        prop_assert_eq!(put_tree(&store, &files), first);
        files.reverse();
        prop_assert_eq!(put_tree(&store, &files), first);
        let tree = store.open_tree(&first.digest()).unwrap();
        for (path, bytes) in files {
            prop_assert_eq!(all_bytes(&tree.open(path).unwrap()), bytes);
        }
    }
}
