//! The decoders, which are large, and may be left out.

use std::io::{self, BufRead, Read};

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::StreamingDecoder;

use super::{Codec, Compression};

impl Compression {
    /// The content of what is compressed. Several members or frames one behind the other are one.
    pub fn read<'a>(self, input: Box<dyn BufRead + 'a>) -> Box<dyn BufRead + 'a> {
        match self {
            Self::None => input,
            Self::Gzip => Box::new(io::BufReader::with_capacity(PIECE, MultiGzDecoder::new(input))),
            Self::Zstd => Box::new(io::BufReader::with_capacity(PIECE, Frames::Between(Some(input)))),
        }
    }
}

const PIECE: usize = 64 << 10;

/// Frames of zstd, one behind the other.
enum Frames<'a> {
    Between(Option<Box<dyn BufRead + 'a>>),
    Within(Box<StreamingDecoder<Box<dyn BufRead + 'a>, ruzstd::decoding::FrameDecoder>>),
}

impl Read for Frames<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            match self {
                Self::Between(input) => {
                    let Some(mut input) = input.take() else { return Ok(0) };
                    if into.is_empty() || input.fill_buf()?.is_empty() {
                        *self = Self::Between(Some(input));
                        return Ok(0);
                    }
                    let decoder = StreamingDecoder::new(input).map_err(invalid)?;
                    *self = Self::Within(Box::new(decoder));
                }
                Self::Within(decoder) => {
                    let read = decoder.read(into)?;
                    if read > 0 {
                        return Ok(read);
                    }
                    let Self::Within(decoder) = std::mem::replace(self, Self::Between(None)) else { return Ok(0) };
                    *self = Self::Between(Some(decoder.into_inner()));
                }
            }
        }
    }
}

fn invalid(error: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error.to_string())
}

/// Decompresses a piece that is to have `length` bytes then. Memory grows with the bytes that are there, not with what is claimed.
pub fn decompress(codec: Codec, piece: &[u8], length: usize, out: &mut Vec<u8>) -> Result<(), String> {
    out.clear();
    let told = |error: &dyn std::fmt::Display| format!("its {codec:?} data is damaged: {error}");
    match codec {
        Codec::Plain => out.extend_from_slice(piece),
        Codec::Snappy => {
            let claimed = snap::raw::decompress_len(piece).map_err(|error| told(&error))?;
            // A copy of three bytes gives at most 64.
            if claimed != length || claimed > piece.len().saturating_mul(64) {
                return Err(format!("its Snappy data claims {claimed} bytes, and the page {length}"));
            }
            out.resize(claimed, 0);
            let written = snap::raw::Decoder::new().decompress(piece, out).map_err(|error| told(&error))?;
            out.truncate(written);
        }
        Codec::Gzip => {
            let most = length as u64 + 1;
            MultiGzDecoder::new(piece).take(most).read_to_end(out).map_err(|error| told(&error))?;
        }
        Codec::Zstd => {
            let most = length as u64 + 1;
            let frames = Frames::Between(Some(Box::new(piece)));
            frames.take(most).read_to_end(out).map_err(|error| told(&error))?;
        }
        Codec::Lz4 => lz4_block(piece, length, out).map_err(|error| told(&error))?,
        Codec::Lz4Hadoop => {
            if hadoop(piece, length, out).is_err() {
                out.clear();
                lz4_block(piece, length, out).map_err(|error| told(&error))?;
            }
        }
        Codec::Lz4Frame => {
            let most = length as u64 + 1;
            let mut frame = lz4_flex::frame::FrameDecoder::new(piece).take(most);
            frame.read_to_end(out).map_err(|error| told(&error))?;
        }
    }
    if out.len() == length { Ok(()) } else { Err(format!("it has {} bytes, and claims {length}", out.len())) }
}

/// A byte of LZ4 gives at most 255.
fn lz4_block(block: &[u8], length: usize, out: &mut Vec<u8>) -> Result<(), String> {
    if length > block.len().saturating_mul(255).saturating_add(64) {
        return Err(format!("{} bytes cannot be {length}", block.len()));
    }
    let start = out.len();
    out.resize(start + length, 0);
    let written = lz4_flex::block::decompress_into(block, &mut out[start..]).map_err(|error| error.to_string())?;
    out.truncate(start + written);
    Ok(())
}

fn hadoop(mut piece: &[u8], length: usize, out: &mut Vec<u8>) -> Result<(), String> {
    while !piece.is_empty() {
        let (head, rest) = piece.split_at_checked(8).ok_or("cut off")?;
        let number = |at: usize| head[at..at + 4].iter().fold(0, |all, byte| all << 8 | usize::from(*byte));
        let (whole, packed) = (number(0), number(4));
        let (block, rest) = rest.split_at_checked(packed).ok_or("cut off")?;
        if out.len() + whole > length {
            return Err("too long".to_owned());
        }
        lz4_block(block, whole, out)?;
        piece = rest;
    }
    Ok(())
}
