//! Stores over a backing: here a directory of another store.

use std::fs;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use proptest::prelude::{ProptestConfig, proptest};

use super::{bytes_of, put, put_tree, store, stored_file};
use crate::{Backing, Check, ContentId, Error, Existing, Progress, Result, Store};

/// What keeps content in the directory of another store.
#[derive(Debug)]
struct Shelf {
    far: Store,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    offline: AtomicBool,
    /// Refuses to take anything.
    full: AtomicBool,
    brought: AtomicUsize,
    taken: AtomicUsize,
}

impl Backing for Shelf {
    fn is_reachable(&self) -> bool {
        !self.state.offline.load(Ordering::Relaxed)
    }

    fn lengths(&self, ids: &[ContentId]) -> Result<Vec<Option<u64>>> {
        let length = |id| fs::metadata(stored_file(&self.far, id)).ok().map(|meta| meta.len());
        Ok(ids.iter().map(length).collect())
    }

    fn bring(&self, ids: &[ContentId], store: &Store, progress: &mut Progress<'_>) -> Result<()> {
        for id in ids {
            if progress(0, 0).is_break() {
                return Err(Error::Interrupted { path: "shelf".into() });
            }
            if !self.is_reachable() {
                return Err(Error::Backing { message: "offline".to_owned(), hint: None });
            }
            let bytes = fs::read(stored_file(&self.far, id)).map_err(|_| Error::NotFound { id: *id })?;
            let mut file = store.receive(*id);
            bytes.chunks(7).try_for_each(|piece| file.append(piece))?;
            file.finish()?;
            self.state.brought.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    fn put(&self, ids: &[ContentId], store: &Store, _: &mut Progress<'_>) -> Result<()> {
        if self.state.full.load(Ordering::Relaxed) {
            return Err(Error::Backing { message: "full".to_owned(), hint: Some("make room".to_owned()) });
        }
        for id in ids {
            let bytes = fs::read(stored_file(store, id)).map_err(|_| Error::NotFound { id: *id })?;
            let mut check = Check::new(*id);
            check.update(&bytes);
            check.finish()?;
            let path = stored_file(&self.far, id);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            // Content is read-only.
            _ = fs::remove_file(&path);
            fs::write(path, bytes).unwrap();
            self.state.taken.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// A store over a shelf, and what is on that.
struct Over {
    _dirs: [tempfile::TempDir; 2],
    near: Store,
    far: Store,
    state: Arc<State>,
}

fn over() -> Over {
    let ((near_dir, near), (far_dir, far)) = (store(), store());
    let state = Arc::<State>::default();
    near.set_backing(Box::new(Shelf { far: far.clone(), state: Arc::clone(&state) }));
    Over { _dirs: [near_dir, far_dir], near, far, state }
}

fn go_on(_: u64, _: u64) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn forget(store: &Store, id: &ContentId) {
    fs::remove_file(stored_file(store, id)).unwrap();
}

#[test]
fn what_the_directory_lacks_comes_from_the_backing() {
    let over = over();
    let Over { near, far, state, .. } = &over;
    let blob = put(near, b"alone");
    let tree = put_tree(near, &[("a", b"one"), ("b/c", b"two"), ("empty", b"")]);
    near.keep(&[blob, tree, blob], &mut go_on).unwrap();
    assert_eq!(state.taken.swap(0, Ordering::Relaxed), 5);
    // What is there is not sent again.
    near.keep(&[tree], &mut go_on).unwrap();
    assert_eq!((state.taken.load(Ordering::Relaxed), near.is_behind()), (0, false));
    assert_eq!(far.list().unwrap().count(), 5);

    let report = near.evict(0, false).unwrap();
    assert_eq!((report.removed, report.kept), (3, 0));
    assert!(near.contains(&tree).unwrap() && near.contains(&blob).unwrap());
    assert_eq!((near.size(&tree).unwrap(), near.size(&blob).unwrap()), (6, 5));
    assert_eq!(state.brought.load(Ordering::Relaxed), 0, "nothing is brought to look");
    near.verify(&tree).unwrap();
    assert_eq!(near.fsck(crate::Repair::None, &mut |_| {}).unwrap(), []);

    assert_eq!(bytes_of(near, &blob), b"alone");
    // A part of a directory needs its files alone; the whole comes in one go.
    let part = near.inside(&tree, "b").unwrap().unwrap();
    assert_eq!(near.size(&part).unwrap(), 3);
    let dest = tempfile::tempdir().unwrap();
    near.export(&tree, dest.path().join("x"), Existing::Keep).unwrap();
    assert_eq!(fs::read(dest.path().join("x/b/c")).unwrap(), b"two");
    forget(near, &tree);
    near.evict(0, false).unwrap();
    let before = state.brought.load(Ordering::Relaxed);
    near.bring(&[tree, blob, tree], &mut go_on).unwrap();
    assert_eq!(state.brought.load(Ordering::Relaxed) - before, 4);
    near.bring(&[tree, blob], &mut go_on).unwrap();
    assert_eq!(state.brought.load(Ordering::Relaxed) - before, 4);
}

#[test]
fn wrong_bytes_are_not_published() {
    let over = over();
    let Over { near, far, .. } = &over;
    let blob = put(near, b"right");
    near.keep(&[blob], &mut go_on).unwrap();
    forget(near, &blob);
    let path = stored_file(far, &blob);
    fs::remove_file(&path).unwrap();
    fs::write(&path, "wrong").unwrap();
    let error = near.open_content(&blob).unwrap_err();
    assert!(matches!(error, Error::Damaged { id, .. } if id == blob), "{error}");
    assert!(matches!(near.open_file(&blob), Err(Error::NotFound { .. })));
    // Nor is it sent if it is damaged here.
    let over = self::over();
    let Over { near, far, .. } = &over;
    let blob = put(near, b"right");
    super::damage(near, &blob, |bytes| bytes[0] ^= 1);
    assert!(matches!(near.keep(&[blob], &mut go_on), Err(Error::Damaged { .. })));
    assert_eq!(far.list().unwrap().count(), 0);
    // It keeps nothing else from being sent.
    let other = put(near, b"other");
    near.catch_up(&mut go_on).unwrap();
    assert!(!near.is_behind() && far.contains(&other).unwrap() && !far.contains(&blob).unwrap());
}

#[test]
fn a_store_that_could_not_put_it_there_catches_up() {
    let over = over();
    let Over { near, far, state, .. } = &over;
    let first = put(near, b"first");
    state.full.store(true, Ordering::Relaxed);
    let error = near.keep(&[first], &mut go_on).unwrap_err();
    assert_eq!((error.to_string().as_str(), error.hint(), near.is_behind()), ("full", Some("make room"), true));
    assert!(near.catch_up(&mut go_on).is_err() && near.is_behind());
    // What cannot be asked for now is neither waited for nor forgotten.
    state.offline.store(true, Ordering::Relaxed);
    let second = put_tree(near, &[("x", b"second")]);
    near.keep(&[second], &mut go_on).unwrap();
    near.catch_up(&mut go_on).unwrap();
    assert!(near.is_behind() && near.contains(&second).unwrap());
    assert_eq!(near.evict(0, false).unwrap().removed, 0);

    state.offline.store(false, Ordering::Relaxed);
    assert_eq!(near.evict(0, false).unwrap().removed, 0, "nothing goes that is nowhere else");
    state.full.store(false, Ordering::Relaxed);
    near.catch_up(&mut go_on).unwrap();
    assert!(!near.is_behind() && far.contains(&first).unwrap() && far.contains(&second).unwrap());
    let taken = state.taken.load(Ordering::Relaxed);
    near.catch_up(&mut go_on).unwrap();
    assert_eq!(state.taken.load(Ordering::Relaxed), taken);
}

#[test]
fn what_was_used_last_stays_here() {
    let over = over();
    let Over { near, .. } = &over;
    let blobs: Vec<_> = (0..4).map(|number: u8| put(near, &[number; 10])).collect();
    near.keep(&blobs[..3], &mut go_on).unwrap();
    for (blob, age) in blobs.iter().zip([300, 100, 200, 400]) {
        let then = std::time::SystemTime::now() - std::time::Duration::from_secs(age);
        let times = fs::FileTimes::new().set_accessed(then).set_modified(then);
        fs::File::open(stored_file(near, blob)).unwrap().set_times(times).unwrap();
    }
    let here = |near: &Store| blobs.iter().map(|blob| near.open_file(blob).is_ok()).collect::<Vec<_>>();
    let preview = near.evict(25, true).unwrap();
    assert_eq!((preview.removed, preview.bytes_freed, here(near)), (2, 20, vec![true; 4]));
    near.evict(25, false).unwrap();
    // The oldest is nowhere else.
    assert_eq!(here(near), [false, true, false, true]);
}

#[test]
fn bringing_can_be_broken_off() {
    let over = over();
    let Over { near, .. } = &over;
    let tree = put_tree(near, &[("a", b"one"), ("b", b"two")]);
    near.keep(&[tree], &mut go_on).unwrap();
    near.evict(0, false).unwrap();
    let error = near.bring(&[tree], &mut |_, _| ControlFlow::Break(())).unwrap_err();
    assert!(matches!(error, Error::Interrupted { .. }), "{error}");
}

/// What is lost of a file before a look-up: here, there, and to what length it is cut there.
type Loss = (bool, bool, Option<u8>);

proptest! {
    // 5 stores with 100 directories each, five look-ups for each. (With 20 stores, which take a minute, there was none wrong either.)
    #![proptest_config(ProptestConfig::with_cases(5))]

    /// Content counts as there if, and only if, each of its files is here or there in its length.
    #[test]
    fn a_look_up_never_says_yes_to_what_is_not_whole(
        losses in proptest::collection::vec(
            proptest::collection::vec((proptest::bool::ANY, proptest::bool::weighted(0.1), proptest::option::weighted(0.05, 0..3u8)), 4),
            100,
        )
    ) {
        let over = over();
        let Over { near, far, .. } = &over;
        let sets: Vec<[ContentId; 4]> = (0..losses.len()).map(|number| {
            let files = [0, 1, 2].map(|file| format!("{number} {file}").into_bytes());
            let tree = put_tree(near, &[("a", &files[0]), ("b/c", &files[1]), ("b/d", &files[2])]);
            let [a, b, c] = files.map(|bytes| put(near, &bytes));
            [a, b, c, tree]
        }).collect();
        near.keep(&sets.concat(), &mut go_on).unwrap();
        let lose = |id: &ContentId, (here, there, cut): Loss| {
            if here { forget(near, id); }
            let path = stored_file(far, id);
            if there {
                fs::remove_file(path).unwrap();
                return !here;
            }
            if let Some(cut) = cut {
                let bytes = fs::read(&path).unwrap();
                fs::remove_file(&path).unwrap();
                fs::write(path, &bytes[..usize::from(cut)]).unwrap();
                return !here;
            }
            true
        };
        for (set, losses) in sets.iter().zip(losses) {
            assert!(near.contains(&set[3]).unwrap());
            let mut whole = true;
            for (id, loss) in set.iter().zip(losses) {
                whole &= lose(id, loss);
                // A manifest with other bytes than its name says is an error, which is no hit either.
                assert_eq!(near.contains(&set[3]).unwrap_or(false), whole, "{id}");
            }
        }
    }
}
