//! Objects, part by part, into the store.

use std::ops::Range;

use bytes::Bytes;
use futures_util::stream::{Stream, StreamExt as _};
use weft_artifacts::{BlobWriter, ContentId, Store};

use crate::Meter;
use crate::error::{Error, Result};
use crate::location::Location;

/// The bytes of one part: enough that asking for it costs little, few enough that all in flight are small.
pub(crate) const PART: u64 = 8 << 20;
/// Parts that are asked for at the same time, or wait for those before them. Together they are what is in memory.
pub(crate) const IN_FLIGHT: usize = 5;
/// The most objects of one directory: their names are in memory.
pub(crate) const MAX_OBJECTS: usize = 100_000;

/// The parts of an object of this size.
pub(crate) fn parts(size: u64) -> impl Iterator<Item = Range<u64>> {
    (0..size.div_ceil(PART)).map(move |index| index * PART..size.min((index + 1) * PART))
}

/// One file of a directory that is fetched, its path in it, and its size.
pub(crate) struct Entry {
    pub path: String,
    pub size: u64,
}

/// Writes an object whose pieces come in their order. `size` is checked if it is known.
pub(crate) async fn object(
    store: &Store,
    location: &Location,
    size: Option<u64>,
    mut pieces: impl Stream<Item = Result<Bytes>> + Unpin,
    meter: &Meter,
) -> Result<ContentId> {
    let mut writer = create(store, location)?;
    // No more is asked for when all is there.
    while size.is_none_or(|size| writer.len() < size) {
        let Some(piece) = pieces.next().await else { break };
        append(&mut writer, location, &piece?, meter)?;
    }
    finish(writer, location, size).map(|(id, _)| id)
}

/// Writes a directory of entries, whose pieces come one entry after the other.
pub(crate) async fn directory(
    store: &Store,
    location: &Location,
    entries: &[Entry],
    mut pieces: impl Stream<Item = Result<Bytes>> + Unpin,
    meter: &Meter,
) -> Result<ContentId> {
    let kept = |source| Error::Store { uri: location.to_string(), source };
    let mut tree = store.create_tree(None).map_err(kept)?;
    for Entry { path, size } in entries {
        let mut writer = create(store, location)?;
        while writer.len() < *size {
            let Some(piece) = pieces.next().await else { break };
            append(&mut writer, location, &piece?, meter)?;
        }
        let (id, _) = finish(writer, location, Some(*size))?;
        tree.add(path, &id).map_err(kept)?;
    }
    tree.finish().map_err(kept)
}

pub(crate) fn too_many(location: &Location) -> Error {
    let why = format!(
        "there are more than {MAX_OBJECTS} objects below it, which is the most that are fetched as one directory"
    );
    Error::Refused { uri: location.to_string(), done: "read", why }
}

fn create(store: &Store, location: &Location) -> Result<BlobWriter> {
    store.create(None).map_err(|source| Error::Store { uri: location.to_string(), source })
}

fn append(writer: &mut BlobWriter, location: &Location, piece: &[u8], meter: &Meter) -> Result<()> {
    writer.append(piece).map_err(|source| Error::Store { uri: location.to_string(), source })?;
    meter.done.set(meter.done.get() + piece.len() as u64);
    Ok(())
}

fn finish(writer: BlobWriter, location: &Location, size: Option<u64>) -> Result<(ContentId, u64)> {
    let got = writer.len();
    if size.is_some_and(|size| size != got) {
        let why = format!("{got} bytes came of {} that were announced", size.unwrap_or_default());
        return Err(Error::Refused { uri: location.to_string(), done: "read", why });
    }
    let id = writer.finish().map_err(|source| Error::Store { uri: location.to_string(), source })?;
    Ok((id, got))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::single_range_in_vec_init, reason = "one part is one range")]
    #[test]
    fn parts_cover_an_object_once() {
        assert_eq!(parts(0).count(), 0);
        assert_eq!(parts(1).collect::<Vec<_>>(), [0..1]);
        assert_eq!(parts(PART).collect::<Vec<_>>(), [0..PART]);
        assert_eq!(parts(2 * PART + 3).collect::<Vec<_>>(), [0..PART, PART..2 * PART, 2 * PART..2 * PART + 3]);
    }
}
