//! Where two contents of the store differ first.

use serde::Serialize;
use weft_artifacts::{BlobReader, Content, ContentId, Store};

use crate::error::Result;

/// Bytes that are compared at once: what two threads have at hand stays in the processor's own caches, which is four times as fast as a MiB each.
const CHUNK: usize = 64 << 10;
/// Contents from this length on are compared by two threads.
const PARALLEL: u64 = 64 << 20;
/// Files of directories that are named.
const MAX_NAMED: usize = 20;

/// Where two contents differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "where", rename_all = "kebab-case")]
pub enum FirstDifference {
    /// Two files: the first byte that differs, counted from 0; the length of the shorter if one is the beginning of the other.
    Byte {
        /// Its offset.
        offset: u64,
        /// The length before.
        before: u64,
        /// The length now.
        after: u64,
    },
    /// Two directories.
    Files {
        /// Files that only the former has.
        removed: Vec<String>,
        /// Files that only the latter has.
        added: Vec<String>,
        /// Files of other content.
        changed: Vec<String>,
    },
    /// One is a file and the other a directory.
    Kind,
    /// One of them is no longer in the store.
    Gone,
}

/// Where two contents differ first; none if they are the same.
///
/// # Errors
/// The store cannot be read.
pub(crate) fn first_difference(store: &Store, before: &str, after: &str) -> Result<Option<FirstDifference>> {
    if before == after {
        return Ok(None);
    }
    let (Ok(before), Ok(after)) = (before.parse::<ContentId>(), after.parse::<ContentId>()) else {
        return Ok(Some(FirstDifference::Gone));
    };
    if !store.contains(&before)? || !store.contains(&after)? {
        return Ok(Some(FirstDifference::Gone));
    }
    Ok(Some(match (store.open_content(&before)?, store.open_content(&after)?) {
        (Content::File(before), Content::File(after)) => {
            FirstDifference::Byte { offset: first_byte(&before, &after)?, before: before.len(), after: after.len() }
        }
        (Content::Tree(before), Content::Tree(after)) => {
            let path = |entry: &weft_artifacts::TreeEntry| entry.path.clone();
            let removed = before.entries().iter().filter(|entry| after.find(&entry.path).is_none()).map(path);
            let added = after.entries().iter().filter(|entry| before.find(&entry.path).is_none()).map(path);
            let is_changed = |entry: &&weft_artifacts::TreeEntry| {
                after.find(&entry.path).is_some_and(|other| other.digest != entry.digest)
            };
            let changed = before.entries().iter().filter(is_changed).map(path);
            FirstDifference::Files {
                removed: removed.take(MAX_NAMED).collect(),
                added: added.take(MAX_NAMED).collect(),
                changed: changed.take(MAX_NAMED).collect(),
            }
        }
        _ => FirstDifference::Kind,
    }))
}

/// The offset of the first byte that differs. Large files are compared from the start and from the middle at the same time.
fn first_byte(before: &BlobReader, after: &BlobReader) -> Result<u64> {
    let end = before.len().min(after.len());
    if end < PARALLEL {
        return Ok(first_byte_in(before, after, 0, end)?.unwrap_or(end));
    }
    let middle = end / 2;
    let (first, second) = std::thread::scope(|scope| {
        let second = scope.spawn(|| first_byte_in(before, after, middle, end));
        (first_byte_in(before, after, 0, middle), second.join())
    });
    if let Some(offset) = first? {
        return Ok(offset);
    }
    match second {
        Ok(second) => Ok(second?.unwrap_or(end)),
        // It panicked; the same is done again here, where that is seen.
        Err(_) => Ok(first_byte_in(before, after, middle, end)?.unwrap_or(end)),
    }
}

fn first_byte_in(before: &BlobReader, after: &BlobReader, start: u64, end: u64) -> Result<Option<u64>> {
    let mut buffers = (vec![0; CHUNK], vec![0; CHUNK]);
    let mut offset = start;
    while offset < end {
        let length = usize::try_from(end - offset).unwrap_or(CHUNK).min(CHUNK);
        let (one, other) = (&mut buffers.0[..length], &mut buffers.1[..length]);
        before.read_at(offset, one)?;
        after.read_at(offset, other)?;
        if one != other {
            let at = one.iter().zip(other.iter()).position(|(one, other)| one != other).unwrap_or(0);
            return Ok(Some(offset + at as u64));
        }
        offset += length as u64;
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(store: &Store, text: &[u8]) -> String {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        store.import(file.path(), &mut |_| std::ops::ControlFlow::Continue(())).unwrap().to_string()
    }

    #[test]
    fn the_first_byte_is_found_wherever_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("store")).unwrap();
        let mut bytes = vec![7; 3 * CHUNK + 11];
        let before = stored(&store, &bytes);
        assert_eq!(first_difference(&store, &before, &before).unwrap(), None);
        let length = bytes.len() as u64;
        for at in [0, CHUNK - 1, CHUNK, 2 * CHUNK + 5, 3 * CHUNK + 10] {
            bytes[at] = 8;
            let after = stored(&store, &bytes);
            bytes[at] = 7;
            let found = first_difference(&store, &before, &after).unwrap().unwrap();
            assert_eq!(found, FirstDifference::Byte { offset: at as u64, before: length, after: length });
        }
        let shorter = stored(&store, &bytes[..CHUNK]);
        let found = first_difference(&store, &before, &shorter).unwrap().unwrap();
        assert_eq!(found, FirstDifference::Byte { offset: CHUNK as u64, before: length, after: CHUNK as u64 });
        let gone = format!("blake3:{}", "0a".repeat(32));
        assert_eq!(first_difference(&store, &before, &gone).unwrap(), Some(FirstDifference::Gone));
    }
}
