//! Tests of the whole store by its public functions.

mod backing;
mod host;
mod killed;
mod repair;
mod speed;
mod steps;
mod trees;
mod writing;

use std::path::Path;

use crate::{BlobReader, Content, ContentId, Store};

/// A new store in a temporary directory, which is removed with it.
fn store() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path().join("store")).unwrap();
    (dir, store)
}

/// Stores `bytes`.
fn put(store: &Store, bytes: &[u8]) -> ContentId {
    let mut writer = store.create(None).unwrap();
    writer.append(bytes).unwrap();
    writer.finish().unwrap()
}

/// Stores a tree of these files.
fn put_tree(store: &Store, files: &[(&str, &[u8])]) -> ContentId {
    let mut tree = store.create_tree(None).unwrap();
    for (path, bytes) in files {
        let mut writer = tree.entry(path).unwrap();
        writer.append(bytes).unwrap();
        tree.add(path, &writer.finish().unwrap()).unwrap();
    }
    tree.finish().unwrap()
}

/// All bytes of a blob, as stored.
fn bytes_of(store: &Store, id: &ContentId) -> Vec<u8> {
    let Content::File(blob) = store.open_content(id).unwrap() else { panic!("{id} is no blob") };
    all_bytes(&blob)
}

fn all_bytes(blob: &BlobReader) -> Vec<u8> {
    let mut bytes = vec![0; usize::try_from(blob.len()).unwrap()];
    assert_eq!(blob.read_at(0, &mut bytes).unwrap(), bytes.len());
    bytes
}

/// The file of `id`.
fn stored_file(store: &Store, id: &ContentId) -> std::path::PathBuf {
    store.shown_id(id)
}

/// Replaces the bytes of a stored file, as a failing disk would.
fn damage(store: &Store, id: &ContentId, change: impl FnOnce(&mut Vec<u8>)) {
    let path = stored_file(store, id);
    let mut bytes = std::fs::read(&path).unwrap();
    change(&mut bytes);
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, bytes).unwrap();
}

/// The number of temporary files and directories of this process.
fn leftovers(store: &Store) -> usize {
    store.tmp().unwrap().dir.entries().unwrap().count()
}

/// All plain files below `dir` with their bytes, sorted.
fn files_below(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut waiting = vec![dir.to_owned()];
    while let Some(at) = waiting.pop() {
        for entry in std::fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                let name = path.strip_prefix(dir).unwrap().to_str().unwrap().to_owned();
                found.push((name, std::fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}
