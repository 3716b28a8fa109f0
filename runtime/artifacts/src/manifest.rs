//! The manifest of a tree: the canonical bytes that its digest is computed of.

use crate::error::{Error, Result};
use crate::id::Digest;
use crate::path;

/// The maximum number of entries of a tree.
pub const MAX_ENTRIES: usize = 1_000_000;
/// The maximum length of a manifest, in bytes. It is held in memory.
pub const MAX_MANIFEST_BYTES: usize = 128 << 20;

/// A file of a tree. Directories exist only as parts of paths, so empty ones are not kept, nor are permissions and
/// times.
///
/// # The manifest
///
/// A tree is stored as a manifest of these entries. Numbers are little-endian:
///
/// | bytes | what |
/// | --- | --- |
/// | 12 | `weft-tree 1\n` |
/// | 4 | the number of entries |
/// | 8 | the sum of all sizes |
///
/// then each entry, ordered by path, component by component (`a/b` before `a.b`), each component by its bytes:
///
/// | bytes | what |
/// | --- | --- |
/// | 32 | the blob's digest |
/// | 8 | the blob's size |
/// | 2 | the length of the path |
/// | that many | the path, UTF-8 |
///
/// The tree's digest is BLAKE3 in its key derivation mode over the manifest, with the context `weftwork 2026-01-01
/// artifact tree manifest v1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeEntry {
    /// The relative path of the file, with single `/`.
    pub path: String,
    /// Its length in bytes.
    pub size: u64,
    /// The blob of its content.
    pub digest: Digest,
}

const MAGIC: &[u8; 12] = b"weft-tree 1\n";
const CONTEXT: &str = "weftwork 2026-01-01 artifact tree manifest v1";
pub(crate) const HEADER: usize = 12 + 4 + 8;
const FIXED: usize = 32 + 8 + 2;

/// The hasher of tree digests.
pub(crate) fn hasher() -> blake3::Hasher {
    blake3::Hasher::new_derive_key(CONTEXT)
}

/// The digest of the manifest `bytes`.
pub(crate) fn digest(bytes: &[u8]) -> Digest {
    hasher().update(bytes).finalize().into()
}

/// The size of the entry of this path, in bytes.
pub(crate) fn entry_bytes(path: &str) -> usize {
    FIXED + path.len()
}

/// Checks the bounds of a manifest.
pub(crate) fn check_bounds(entries: usize, bytes: usize) -> Result<()> {
    if entries > MAX_ENTRIES || bytes > MAX_MANIFEST_BYTES {
        return Err(Error::TooManyEntries { max_entries: MAX_ENTRIES, max_bytes: MAX_MANIFEST_BYTES });
    }
    Ok(())
}

/// The header of a manifest.
pub(crate) fn header(count: usize, total: u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
    bytes.extend_from_slice(&total.to_le_bytes());
    bytes
}

/// Appends an entry. Its path must be valid.
pub(crate) fn encode_entry(bytes: &mut Vec<u8>, path: &str, size: u64, digest: &Digest) {
    bytes.extend_from_slice(digest.as_bytes());
    bytes.extend_from_slice(&size.to_le_bytes());
    bytes.extend_from_slice(&u16::try_from(path.len()).unwrap_or(u16::MAX).to_le_bytes());
    bytes.extend_from_slice(path.as_bytes());
}

/// Decodes the number of entries and the sum of sizes from the header of a manifest.
pub(crate) fn decode_header(bytes: &[u8]) -> Result<(usize, u64), &'static str> {
    let mut rest = bytes;
    if take::<12>(&mut rest)? != *MAGIC {
        return Err("it is not a manifest of a known version");
    }
    let count = u32::from_le_bytes(take(&mut rest)?) as usize;
    if count > MAX_ENTRIES {
        return Err("it has too many entries");
    }
    Ok((count, u64::from_le_bytes(take(&mut rest)?)))
}

/// Decodes a manifest. Anything but the canonical form of valid entries is refused.
pub(crate) fn decode(bytes: &[u8]) -> Result<Vec<TreeEntry>, &'static str> {
    let (count, total) = decode_header(bytes)?;
    let mut rest = &bytes[HEADER..];
    if rest.len() / FIXED < count {
        return Err("it is truncated");
    }
    let mut entries: Vec<TreeEntry> = Vec::with_capacity(count);
    let mut sum: u64 = 0;
    for _ in 0..count {
        let digest = Digest::from_bytes(take(&mut rest)?);
        let size = u64::from_le_bytes(take(&mut rest)?);
        let length = usize::from(u16::from_le_bytes(take(&mut rest)?));
        let (path, after) = rest.split_at_checked(length).ok_or("it is truncated")?;
        rest = after;
        let path = std::str::from_utf8(path).map_err(|_| "a path is not UTF-8")?.to_owned();
        path::check(&path).map_err(|_| "a path is not allowed")?;
        if let Some(last) = entries.last()
            && (path::order(&last.path, &path).is_ge() || path::is_below(&path, &last.path))
        {
            return Err("its entries are out of order or in conflict");
        }
        sum = sum.checked_add(size).ok_or("its sizes are too large")?;
        entries.push(TreeEntry { path, size, digest });
    }
    if !rest.is_empty() || sum != total {
        return Err("its head does not fit its entries");
    }
    Ok(entries)
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], &'static str> {
    let (head, rest) = bytes.split_first_chunk().ok_or("it is truncated")?;
    *bytes = rest;
    Ok(*head)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(paths: &[&str]) -> Vec<u8> {
        let mut bytes = header(paths.len(), 7 * paths.len() as u64);
        for path in paths {
            encode_entry(&mut bytes, path, 7, &Digest::of(path.as_bytes()));
        }
        bytes
    }

    #[test]
    fn the_format_stays() {
        assert_eq!(decode(&encode(&["a", "a-b", "b/c"])).unwrap().len(), 3);
        // A change of the format would invalidate all stored trees. It needs a new version and context.
        assert_eq!(
            digest(&encode(&["a", "b/c"])).to_string(),
            "396b94ca423ac7e2cb9ca145b08fc40335b7b64c78b4a3ea2f508aec5b92babb"
        );
        assert_ne!(digest(b""), Digest::EMPTY);
    }

    #[test]
    fn only_the_canonical_form_is_read() {
        for paths in [&["b", "a"][..], &["a", "a"], &["a", "a/b"], &["../a"], &["/a"], &["a", ""]] {
            assert!(decode(&encode(paths)).is_err(), "{paths:?}");
        }
        let good = encode(&["a", "b/c"]);
        for end in 0..good.len() {
            assert!(decode(&good[..end]).is_err(), "truncated at {end}");
        }
        let longer = [&good[..], b"x"].concat();
        assert!(decode(&longer).is_err());
    }

    #[test]
    fn a_forged_count_costs_no_memory() {
        assert!(decode(&header(MAX_ENTRIES, 0)).is_err());
        assert!(decode_header(&header(MAX_ENTRIES + 1, 0)).is_err());
    }
}
