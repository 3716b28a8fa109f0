//! Files that are compressed as a whole, and pieces of files that are.

#[cfg(feature = "compression")]
mod decoders;

#[cfg(feature = "compression")]
pub use decoders::decompress;

/// What a file is compressed with, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    None,
    Gzip,
    Zstd,
}

impl Compression {
    pub fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, 8, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            _ => Self::None,
        }
    }
}

/// How a piece of a file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    Plain,
    Snappy,
    Gzip,
    Zstd,
    /// A block of LZ4.
    Lz4,
    /// Blocks of LZ4 as Hadoop frames them, or a single one: older writers of Parquet differ.
    Lz4Hadoop,
    /// LZ4's own frames.
    Lz4Frame,
}

/// What stands in for the decoders where they were left out: pieces that are not compressed are read.
#[cfg(not(feature = "compression"))]
pub fn decompress(codec: Codec, piece: &[u8], _: usize, out: &mut Vec<u8>) -> Result<(), String> {
    out.clear();
    match codec {
        Codec::Plain => out.extend_from_slice(piece),
        other => {
            return Err(format!(
                "its data is compressed as {other:?}, which this component does not read: use `weft:onnx`"
            ));
        }
    }
    Ok(())
}
