//! Ids of content: a BLAKE3 digest, and whether it is of a blob or of a tree.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::Error;

/// A BLAKE3 digest of 32 bytes. It is displayed and parsed as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of no bytes.
    pub const EMPTY: Digest = Digest([
        0xaf, 0x13, 0x49, 0xb9, 0xf5, 0xf9, 0xa1, 0xa6, 0xa0, 0x40, 0x4d, 0xea, 0x36, 0xdc, 0xc9, 0x49, 0x9b, 0xcb,
        0x25, 0xc9, 0xad, 0xc1, 0x12, 0xb7, 0xcc, 0x9a, 0x93, 0xca, 0xe4, 0x1f, 0x32, 0x62,
    ]);

    /// The digest of `bytes`, which is that of a blob with these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        blake3::hash(bytes).into()
    }

    /// The digest with these 32 bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<blake3::Hash> for Digest {
    fn from(hash: blake3::Hash) -> Self {
        Self(*hash.as_bytes())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let bad = || Error::InvalidId { text: shortened(text) };
        // blake3 accepts upper-case digits too, but content has only one id.
        if text.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(bad());
        }
        blake3::Hash::from_hex(text).map(Into::into).map_err(|_| bad())
    }
}

/// The id of content.
///
/// It is displayed, parsed and serialized as `blake3:<64 hex>` (a blob) or `blake3-tree:<64 hex>` (a directory).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ContentId {
    /// Plain bytes. The digest is their BLAKE3 hash.
    Blob(Digest),
    /// A directory. The digest is that of its manifest, with a hash context of its own (see [`TreeEntry`]), so that a
    /// blob with the bytes of a manifest has another digest.
    ///
    /// [`TreeEntry`]: crate::TreeEntry
    Tree(Digest),
}

impl ContentId {
    /// The digest.
    pub fn digest(&self) -> Digest {
        match self {
            Self::Blob(digest) | Self::Tree(digest) => *digest,
        }
    }

    /// Whether it is a directory.
    pub fn is_tree(&self) -> bool {
        matches!(self, Self::Tree(_))
    }
}

const BLOB: &str = "blake3:";
const TREE: &str = "blake3-tree:";

impl fmt::Display for ContentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blob(digest) => write!(f, "{BLOB}{digest}"),
            Self::Tree(digest) => write!(f, "{TREE}{digest}"),
        }
    }
}

impl fmt::Debug for ContentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ContentId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let parsed = if let Some(hex) = text.strip_prefix(BLOB) {
            hex.parse().map(Self::Blob)
        } else if let Some(hex) = text.strip_prefix(TREE) {
            hex.parse().map(Self::Tree)
        } else {
            return Err(Error::InvalidId { text: shortened(text) });
        };
        parsed.map_err(|_: Error| Error::InvalidId { text: shortened(text) })
    }
}

impl Serialize for ContentId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ContentId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The maximum length of foreign text in a message.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 100;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trips() {
        let digest = Digest::of(b"abc");
        assert_eq!(Digest::EMPTY, Digest::of(b""));
        for id in [ContentId::Blob(digest), ContentId::Tree(digest)] {
            assert_eq!(id.to_string().parse::<ContentId>().unwrap(), id);
            let json = serde_json::to_string(&id).unwrap();
            assert_eq!(json, format!("\"{id}\""));
            assert_eq!(serde_json::from_str::<ContentId>(&json).unwrap(), id);
        }
        assert_eq!(
            ContentId::Blob(digest).to_string(),
            "blake3:6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"
        );
    }

    #[test]
    fn other_text_is_refused() {
        let good = ContentId::Blob(Digest::of(b"abc")).to_string();
        let long = "é".repeat(4000);
        for text in ["", "blake3:", "sha256:00", &good[..70], &good.to_uppercase(), &format!("{good}0"), &long] {
            let error = text.parse::<ContentId>().unwrap_err();
            assert!(matches!(&error, Error::InvalidId { .. }), "{text}");
            assert!(error.to_string().len() < 400);
        }
        let upper = format!("blake3:{}", Digest::of(b"abc").to_string().to_uppercase());
        assert!(upper.parse::<ContentId>().is_err());
    }
}
