//! Blobs: for any order of writes, the bytes and the digest are those of the same writes to memory.

use std::io::{Read as _, Seek as _, SeekFrom};

use proptest::prelude::*;

use super::{bytes_of, leftovers, put, store, stored_file};
use crate::stage::TAIL;
use crate::{Budget, ContentId, Digest, Durability, Error, Limits, Options, Store};

#[derive(Clone)]
enum Write {
    Append(Vec<u8>),
    At(usize, Vec<u8>),
}

impl std::fmt::Debug for Write {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Append(data) => write!(f, "Append({} bytes)", data.len()),
            Self::At(offset, data) => write!(f, "At({offset}, {} bytes)", data.len()),
        }
    }
}

/// Writes around the size at which memory is flushed to the file.
fn writes() -> impl Strategy<Value = Vec<Write>> {
    let data = (0..3usize, any::<u8>()).prop_flat_map(|(class, fill)| {
        let length = match class {
            0 => 0..20usize,
            1 => TAIL / 3..TAIL / 2,
            _ => TAIL - 1..TAIL * 2,
        };
        length.prop_map(move |n| (0..n).map(|i| fill.wrapping_add(u8::try_from(i % 251).unwrap())).collect())
    });
    let offset = prop_oneof![0..200usize, 0..TAIL * 4, TAIL - 2..TAIL + 2];
    let write = prop_oneof![
        3 => data.clone().prop_map(Write::Append),
        2 => (offset, data).prop_map(|(at, data)| Write::At(at, data)),
    ];
    proptest::collection::vec(write, 0..12)
}

fn apply(model: &mut Vec<u8>, write: &Write) {
    match write {
        Write::Append(data) => model.extend_from_slice(data),
        Write::At(_, data) if data.is_empty() => {}
        Write::At(at, data) => {
            model.resize(model.len().max(at + data.len()), 0);
            model[*at..at + data.len()].copy_from_slice(data);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn any_writes_give_what_memory_gives(writes in writes(), probe in 0..TAIL * 3) {
        let (_dir, store) = store();
        let budget = Budget::new(1 << 30);
        let mut writer = store.create(Some(&budget)).unwrap();
        let mut model = Vec::new();
        for write in &writes {
            match write {
                Write::Append(data) => writer.append(data).unwrap(),
                Write::At(at, data) => writer.write_at(*at as u64, data).unwrap(),
            }
            apply(&mut model, write);
            prop_assert_eq!(writer.len(), model.len() as u64);
        }
        prop_assert_eq!(budget.remaining(), (1 << 30) - model.len() as u64);
        let mut read = vec![1; TAIL];
        let n = writer.read_at(probe as u64, &mut read).unwrap();
        let from = probe.min(model.len());
        prop_assert!(read[..n] == model[from..model.len().min(from + TAIL)]);

        let id = writer.finish().unwrap();
        prop_assert_eq!(id, ContentId::Blob(Digest::of(&model)));
        prop_assert!(bytes_of(&store, &id) == model);
        prop_assert_eq!(leftovers(&store), 0);
    }
}

#[test]
fn what_is_stored_can_be_read_in_every_way() {
    let (_dir, store) = store();
    let bytes: Vec<u8> = (0..200_000u32).map(|i| u8::try_from(i % 253).unwrap()).collect();
    let id = put(&store, &bytes);
    assert!(store.contains(&id).unwrap());
    assert_eq!(store.size(&id).unwrap(), 200_000);
    let blob = store.open_blob(&id.digest()).unwrap();
    assert_eq!(blob.id(), id);
    let mut part = [0; 10];
    assert_eq!(blob.read_at(199_995, &mut part).unwrap(), 5);
    assert_eq!(part[..5], bytes[199_995..]);
    assert_eq!(blob.read_at(200_000, &mut part).unwrap(), 0);
    assert_eq!(blob.read_at(u64::MAX, &mut part).unwrap(), 0);
    let mut cursor = blob.cursor();
    let mut all = Vec::new();
    cursor.read_to_end(&mut all).unwrap();
    assert_eq!(all, bytes);
    assert_eq!(cursor.seek(SeekFrom::End(-3)).unwrap(), 199_997);
    assert!(cursor.seek(SeekFrom::Current(-300_000)).is_err());
    assert_eq!(std::io::BufReader::new(cursor).bytes().count(), 3);
    // Several threads with one handle.
    std::thread::scope(|scope| {
        for thread in 0..4u64 {
            let (blob, bytes) = (&blob, &bytes);
            scope.spawn(move || {
                let mut part = [0; 1000];
                for step in 0..50 {
                    let at = (thread * 7919 + step * 104_729) % 199_000;
                    blob.read_at(at, &mut part).unwrap();
                    let at = usize::try_from(at).unwrap();
                    assert_eq!(part, bytes[at..at + 1000]);
                }
            });
        }
    });
}

#[test]
fn an_unknown_id_is_not_found() {
    let (_dir, store) = store();
    for id in [ContentId::Blob(Digest::of(b"x")), ContentId::Tree(Digest::of(b"x"))] {
        assert!(!store.contains(&id).unwrap());
        assert!(matches!(store.size(&id), Err(Error::NotFound { id: named }) if named == id));
        assert!(matches!(store.open_content(&id), Err(Error::NotFound { .. })));
        assert!(matches!(store.verify(&id), Err(Error::NotFound { .. })));
    }
}

#[test]
fn a_dropped_writer_leaves_nothing() {
    let (_dir, store) = store();
    let mut writer = store.create(None).unwrap();
    writer.append(&vec![1; TAIL * 3]).unwrap();
    assert_eq!(leftovers(&store), 1);
    drop(writer);
    assert_eq!(leftovers(&store), 0);
    assert_eq!(store.list().unwrap().count(), 0);
}

#[test]
fn the_temporary_directory_goes_with_the_store() {
    let (_dir, store) = store();
    let path = store.path().unwrap().join("tmp");
    let mut writer = store.create(None).unwrap();
    writer.append(&vec![1; TAIL * 3]).unwrap();
    drop(store);
    assert_eq!(std::fs::read_dir(&path).unwrap().count(), 2);
    drop(writer);
    assert_eq!(std::fs::read_dir(&path).unwrap().count(), 0);
}

#[test]
fn two_threads_publishing_the_same_leave_one_blob() {
    let (_dir, store) = store();
    for round in 0..100u8 {
        let large = vec![round; TAIL + 100];
        let start = std::sync::Barrier::new(4);
        let ids: Vec<_> = std::thread::scope(|scope| {
            let publish = || {
                start.wait();
                (put(&store, &[round; 100]), put(&store, &large))
            };
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(publish)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(ids.iter().all(|id| *id == ids[0]));
        assert_eq!(bytes_of(&store, &ids[0].1), large);
    }
    assert_eq!(store.list().unwrap().count(), 200);
    assert_eq!(leftovers(&store), 0);
}

#[cfg(unix)]
#[test]
fn published_files_are_read_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_dir, store) = store();
    for bytes in [vec![1; 10], vec![1; TAIL * 2]] {
        let path = stored_file(&store, &put(&store, &bytes));
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o222, 0);
    }
}

#[test]
fn all_writers_of_a_budget_share_it() {
    let (_dir, store) = store();
    let budget = Budget::new(1000);
    let mut one = store.create(Some(&budget)).unwrap();
    let mut two = store.create(Some(&budget)).unwrap();
    one.append(&[1; 600]).unwrap();
    assert!(matches!(two.append(&[1; 401]), Err(Error::OutputLimit { limit: 1000 })));
    assert!(two.is_empty());
    two.append(&[1; 300]).unwrap();
    // Overwriting is not growth. A far offset is, and so is one beyond the limit of files.
    one.write_at(0, &[2; 600]).unwrap();
    for offset in [900, 1 << 40, u64::MAX - 1] {
        assert!(matches!(one.write_at(offset, &[1; 10]), Err(Error::OutputLimit { limit: 1000 })));
    }
    one.write_at(u64::MAX, &[]).unwrap();
    one.write_at(690, &[1; 10]).unwrap();
    assert_eq!((one.len(), budget.remaining()), (700, 0));
    assert!(one.append(&[1]).is_err());
    let expected = [&[2; 600][..], &[0; 90], &[1; 10]].concat();
    assert_eq!(bytes_of(&store, &one.finish().unwrap()), expected);
    assert_eq!(two.finish().unwrap(), ContentId::Blob(Digest::of(&[1; 300])));
}

#[test]
fn files_and_open_writers_are_bounded() {
    let (_dir, store) = store();
    let budget = Budget::with_limits(Limits { files: 2, open_writers: 2, ..Limits::default() });
    let one = store.create(Some(&budget)).unwrap();
    let two = store.create(Some(&budget)).unwrap();
    assert!(matches!(store.create(Some(&budget)), Err(Error::WriterLimit { limit: 2 })));
    one.finish().unwrap();
    let three = store.create(Some(&budget)).unwrap();
    two.finish().unwrap();
    assert!(matches!(three.finish(), Err(Error::FileLimit { limit: 2 })));
}

#[test]
fn without_a_budget_the_longest_file_is_still_the_systems() {
    let (_dir, store) = store();
    let mut writer = store.create(None).unwrap();
    assert!(matches!(writer.write_at(u64::MAX - 1, b"abc"), Err(Error::OutputLimit { .. })));
    assert!(writer.is_empty());
}

#[test]
fn a_store_that_flushes_gives_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open_with(dir.path().join("a/b"), Options { durability: Durability::Full }).unwrap();
    let large = vec![1; 100_000];
    let id = put(&store, &large);
    assert_eq!(put(&store, &large), id);
    put(&store, b"small");
    store.sync().unwrap();
    assert_eq!(store.list().unwrap().count(), 2);
    // As another process would open it, with the other option.
    assert!(Store::open(dir.path().join("a/b")).unwrap().contains(&id).unwrap());
}

#[test]
fn stores_are_opened_where_stores_are() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("thesis.txt"), "mine").unwrap();
    assert!(matches!(Store::open(dir.path()), Err(Error::NotAStore { .. })));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);

    let path = dir.path().join("store");
    let id = put(&Store::open(&path).unwrap(), b"x");
    // An interrupted creation: everything except the version.
    std::fs::remove_file(path.join("version")).unwrap();
    assert!(Store::open(&path).unwrap().contains(&id).unwrap());

    std::fs::write(path.join("version"), "weft-artifacts 2\n").unwrap();
    let error = Store::open(&path).unwrap_err();
    assert!(matches!(&error, Error::Version { found, .. } if found == "weft-artifacts 2"), "{error}");

    let handle = tempfile::tempdir().unwrap();
    let handle = cap_std::fs::Dir::open_ambient_dir(handle.path(), cap_std::ambient_authority()).unwrap();
    let store = Store::open_in(handle, Options::default()).unwrap();
    assert_eq!(bytes_of(&store, &put(&store, b"y")), b"y");
    assert_eq!(store.path(), None);
}

#[test]
fn many_processes_may_create_the_same_store_at_once() {
    let dir = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            // Each opening is independent, as in another process.
            scope.spawn(|| put(&Store::open(dir.path().join("s")).unwrap(), b"z"));
        }
    });
    assert_eq!(Store::open(dir.path().join("s")).unwrap().list().unwrap().count(), 1);
}
