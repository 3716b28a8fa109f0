//! Detection of damage, removal of garbage, and locks.

use std::collections::HashSet;

use proptest::prelude::*;

use super::{bytes_of, damage, put, put_tree, store, stored_file};
use crate::stage::TAIL;
use crate::{Content, ContentId, Damage, Digest, Error, GcReport, Repair, Store};

fn fsck(store: &Store) -> Vec<Damage> {
    store.fsck(Repair::None, &mut |_| {}).unwrap()
}

#[test]
fn a_whole_store_has_no_damage() {
    let (_dir, store) = store();
    put(&store, &[1; 1000]);
    put(&store, b"");
    put_tree(&store, &[("a", &[2; 500]), ("b/c", b"")]);
    let mut done = 0;
    assert_eq!(store.fsck(Repair::None, &mut |bytes| done = bytes).unwrap(), []);
    assert_eq!(done, 1500);
}

#[test]
fn every_kind_of_damage_is_told_and_moved_away() {
    let (_dir, store) = store();
    let flipped = put(&store, b"flipped");
    let good = put(&store, b"good");
    let lacking = put_tree(&store, &[("gone", b"gone"), ("good", b"good")]);
    let short = put_tree(&store, &[("dir/short", b"short")]);
    let shared = put_tree(&store, &[("x", b"flipped")]);
    let bad = put_tree(&store, &[("y", b"good")]);
    let whole = put_tree(&store, &[("z", b"good")]);
    let blob = |bytes: &[u8]| ContentId::Blob(Digest::of(bytes));

    damage(&store, &flipped, |bytes| bytes[0] ^= 1);
    std::fs::remove_file(stored_file(&store, &blob(b"gone"))).unwrap();
    damage(&store, &blob(b"short"), |bytes| bytes.truncate(2));
    damage(&store, &bad, |bytes| bytes.truncate(30));
    let strays = ["blobs/readme", "blobs/ab/deadbeef", "trees/zz/x"].map(|place| store.path().unwrap().join(place));
    for stray in &strays {
        std::fs::create_dir_all(stray.parent().unwrap()).unwrap();
        std::fs::write(stray, b"?").unwrap();
    }

    let found = store.fsck(Repair::Quarantine, &mut |_| {}).unwrap();
    let has = |wanted: &dyn Fn(&Damage) -> bool| found.iter().filter(|damage| wanted(damage)).count();
    assert_eq!(has(&|d| matches!(d, Damage::WrongDigest { id, .. } if *id == flipped || *id == blob(b"short"))), 2);
    assert_eq!(has(&|d| matches!(d, Damage::MissingEntry { id, path, .. } if *id == lacking && path == "gone")), 1);
    assert_eq!(has(&|d| matches!(d, Damage::WrongLength { id, found: 2, expected: 5, .. } if *id == short)), 1);
    assert_eq!(has(&|d| matches!(d, Damage::DamagedEntry { id, .. } if *id == shared)), 1);
    assert_eq!(has(&|d| matches!(d, Damage::BadManifest { id, .. } if *id == bad)), 1);
    assert_eq!(has(&|d| matches!(d, Damage::Stray { .. })), 3);
    assert_eq!(found.len(), 9, "{found:#?}");
    for damage in &found {
        assert!(damage.to_string().len() > 40, "{damage}");
    }

    assert_eq!(fsck(&store), []);
    for id in [flipped, lacking, short, shared, bad] {
        assert!(!store.contains(&id).unwrap());
    }
    assert!(store.contains(&good).unwrap() && store.contains(&whole).unwrap());
    assert_eq!(std::fs::read_dir(store.path().unwrap().join("damaged")).unwrap().count(), 9);
    // Stored again it is complete, and damaged again it is moved beside the first one.
    assert_eq!(put(&store, b"flipped"), flipped);
    damage(&store, &flipped, |bytes| bytes[0] ^= 1);
    assert_eq!(store.fsck(Repair::Quarantine, &mut |_| {}).unwrap().len(), 1);
    assert_eq!(std::fs::read_dir(store.path().unwrap().join("damaged")).unwrap().count(), 10);
}

#[test]
fn what_a_power_cut_leaves_is_noticed_and_replaced() {
    let (_dir, store) = store();
    let tree = put_tree(&store, &[("a", b"content")]);
    let blob = ContentId::Blob(Digest::of(b"content"));
    damage(&store, &blob, Vec::clear);
    assert!(!store.contains(&blob).unwrap() && !store.contains(&tree).unwrap());
    assert!(matches!(store.open_content(&blob), Err(Error::Damaged { .. })));
    assert_eq!(put(&store, b"content"), blob);
    assert!(store.contains(&tree).unwrap());

    damage(&store, &blob, |bytes| bytes.truncate(3));
    assert!(!store.contains(&tree).unwrap());
    let Content::Tree(reader) = store.open_content(&tree).unwrap() else { panic!("no tree") };
    let error = reader.open("a").unwrap_err();
    assert!(error.to_string().contains("has 3 bytes, not 7"), "{error}");
    assert!(store.open_content(&blob).unwrap().expect_len(7).is_err());
    assert!(matches!(store.verify(&blob), Err(Error::Damaged { .. })));
    assert!(matches!(store.verify(&tree), Err(Error::Damaged { .. })));
    assert_eq!(put(&store, b"content"), blob);
    store.verify(&tree).unwrap();
}

#[test]
fn a_blob_cut_while_it_is_read_is_an_error() {
    let (_dir, store) = store();
    let id = put(&store, &[1; 1000]);
    let blob = store.open_blob(&id.digest()).unwrap();
    let path = stored_file(&store, &id);
    let mut permissions = std::fs::metadata(&path).unwrap().permissions();
    #[expect(clippy::permissions_set_readonly_false, reason = "the file lives as long as this test")]
    permissions.set_readonly(false);
    std::fs::set_permissions(&path, permissions).unwrap();
    std::fs::File::options().write(true).open(&path).unwrap().set_len(10).unwrap();
    assert!(matches!(blob.read_at(0, &mut [0; 100]), Err(Error::Damaged { .. })));
}

#[test]
fn leftovers_of_the_dead_are_removed_and_those_of_the_living_kept() {
    let (_dir, store) = store();
    let tmp = store.path().unwrap().join("tmp");
    // As a killed process leaves it: its lock file is there, and nobody holds it. No process has such a number.
    std::fs::create_dir_all(tmp.join("4000000999-0/17/deep")).unwrap();
    std::fs::write(tmp.join("4000000999-0/17/deep/file"), b"x").unwrap();
    std::fs::write(tmp.join("4000000999-0.lock"), b"").unwrap();
    std::fs::create_dir(tmp.join("4000000998-0")).unwrap();
    std::fs::write(tmp.join("4000000997-0.lock"), b"").unwrap();
    std::fs::write(tmp.join("stray"), b"").unwrap();
    let other = Store::open(store.path().unwrap()).unwrap();
    let mut writer = other.create(None).unwrap();
    let large = vec![1; TAIL * 2];
    writer.append(&large).unwrap();
    let scratch = store.scratch().unwrap();
    scratch.dir().write("mine", b"x").unwrap();

    let report = store.gc(&HashSet::new()).unwrap();
    assert_eq!(report, GcReport { leftovers: 5, ..GcReport::default() });
    assert_eq!(std::fs::read_dir(&tmp).unwrap().count(), 4, "two directories and their locks");
    assert_eq!(scratch.dir().read("mine").unwrap(), b"x");
    let id = writer.finish().unwrap();
    assert_eq!(bytes_of(&store, &id), large);
    assert_eq!(store.gc(&HashSet::new()).unwrap().leftovers, 0);
}

#[test]
fn a_kept_tree_that_cannot_be_read_stops_the_collection() {
    let (_dir, store) = store();
    let tree = put_tree(&store, &[("a", b"1")]);
    put(&store, b"garbage");
    damage(&store, &tree, |bytes| bytes[20] ^= 1);
    assert!(matches!(store.gc(&HashSet::from([tree])), Err(Error::Damaged { .. })));
    assert_eq!(fsck(&store).len(), 1, "nothing was removed");
    assert_eq!(store.objects(false).unwrap().count(), 2);
}

#[test]
fn runs_share_the_lock_and_collection_takes_it_alone() {
    let (_dir, store) = store();
    let other = Store::open(store.path().unwrap()).unwrap();
    let one = store.lock_shared().unwrap();
    let two = other.try_lock_shared().unwrap().unwrap();
    assert!(store.try_lock_exclusive().unwrap().is_none());
    drop((one, two));
    let alone = store.lock_exclusive().unwrap();
    assert!(other.try_lock_shared().unwrap().is_none());
    assert!(store.try_lock_exclusive().unwrap().is_none());
    drop(alone);
    assert!(other.try_lock_exclusive().unwrap().is_some());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn collection_keeps_just_what_is_reachable(
        blobs in proptest::collection::vec(any::<bool>(), 1..10),
        trees in proptest::collection::vec((proptest::collection::vec(0..10usize, 0..6), any::<bool>()), 0..6),
    ) {
        let (_dir, store) = store();
        let bytes = |n: usize| vec![u8::try_from(n).unwrap(); n * 10 + 1];
        let mut keep = HashSet::from([ContentId::Blob(Digest::of(b"never stored"))]);
        let mut reachable = HashSet::new();
        let mut all = HashSet::new();
        for (n, kept) in blobs.iter().enumerate() {
            let id = put(&store, &bytes(n));
            all.insert(id);
            if *kept {
                keep.insert(id);
                reachable.insert(id);
            }
        }
        for (files, kept) in &trees {
            let files: std::collections::BTreeMap<_, _> = files.iter().map(|n| (format!("f{n}"), bytes(*n))).collect();
            let files: Vec<_> = files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
            let id = put_tree(&store, &files);
            let below = files.iter().map(|(_, bytes)| ContentId::Blob(Digest::of(bytes)));
            all.extend(below.clone().chain([id]));
            if *kept {
                keep.insert(id);
                reachable.extend(below.chain([id]));
            }
        }
        let listed = |store: &Store| store.list().unwrap().map(|item| item.unwrap().0).collect::<HashSet<_>>();
        prop_assert_eq!(&listed(&store), &all);
        let report = store.gc(&keep).unwrap();
        prop_assert_eq!(&listed(&store), &reachable);
        prop_assert_eq!(report.kept, reachable.len() as u64);
        prop_assert_eq!(report.removed, (all.len() - reachable.len()) as u64);
        prop_assert_eq!(report.bytes_freed == 0, report.removed == 0);
        prop_assert_eq!(fsck(&store), []);
        for id in &reachable {
            prop_assert!(store.contains(id).unwrap());
        }
    }

    #[test]
    fn any_flipped_bit_is_found(
        bytes in proptest::collection::vec(any::<u8>(), 1..5000),
        place in any::<proptest::sample::Index>(),
        bit in 0..8u8,
        in_manifest in any::<bool>(),
    ) {
        let (_dir, store) = store();
        let tree = put_tree(&store, &[("a", &bytes), ("b", b"other")]);
        let victim = if in_manifest { tree } else { ContentId::Blob(Digest::of(&bytes)) };
        damage(&store, &victim, |bytes| {
            let at = place.index(bytes.len());
            bytes[at] ^= 1 << bit;
        });
        let found = fsck(&store);
        prop_assert!(found.iter().any(|damage| damage.to_string().contains(&victim.to_string())), "{found:?}");
        prop_assert!(store.verify(&tree).is_err());
    }
}
