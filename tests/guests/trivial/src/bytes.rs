//! Artifacts as bytes, never more than one chunk at a time.

use crate::{Artifact, Content, Dataset, Maybe, OneDataset, Several, text};

/// Bytes in one read or write.
pub const CHUNK: u64 = 1 << 20;

/// The `splitmix64` sequence.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// The next `length` bytes; the rest of the last number is thrown away.
    pub fn bytes(&mut self, length: u64) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(length as usize + 8);
        while (bytes.len() as u64) < length {
            bytes.extend_from_slice(&self.next().to_le_bytes());
        }
        bytes.truncate(length as usize);
        bytes
    }
}

/// A checksum over bytes that come in chunks of a multiple of eight bytes, but for the last one.
#[derive(Default)]
pub struct Checksum {
    pub bytes: u64,
    pub value: u64,
}

impl Checksum {
    pub fn update(&mut self, chunk: &[u8]) {
        self.bytes += chunk.len() as u64;
        for piece in chunk.chunks(8) {
            let mut word = [0; 8];
            word[..piece.len()].copy_from_slice(piece);
            self.value = (self.value ^ u64::from_le_bytes(word)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
        }
    }

    pub fn content(&self) -> Content {
        Content { bytes: self.bytes, checksum: self.value ^ self.bytes }
    }
}

/// Offsets and lengths of the chunks of `length` bytes.
pub fn chunks(length: u64) -> impl Iterator<Item = (u64, u64)> {
    (0..length).step_by(CHUNK as usize).map(move |offset| (offset, CHUNK.min(length - offset)))
}

pub fn generate(bytes: u64, seed: u64) -> Result<OneDataset, String> {
    let data = Dataset::new();
    let mut random = Random(seed);
    for (_, length) in chunks(bytes) {
        data.append(&random.bytes(length)).map_err(text)?;
    }
    Ok(OneDataset { data })
}

pub fn copy(input: &Artifact) -> Result<OneDataset, String> {
    let data = Dataset::new();
    for (offset, length) in chunks(input.length()) {
        data.append(&input.read(offset, length).map_err(text)?).map_err(text)?;
    }
    Ok(OneDataset { data })
}

pub fn count(input: &Dataset) -> Result<Content, String> {
    let mut checksum = Checksum::default();
    for (offset, length) in chunks(input.length()) {
        checksum.update(&input.read(offset, length).map_err(text)?);
    }
    Ok(checksum.content())
}

pub fn write_text(content: &str) -> Result<OneDataset, String> {
    let data = Dataset::new();
    data.append(content.as_bytes()).map_err(text)?;
    Ok(OneDataset { data })
}

pub fn slice(input: &Dataset, offset: u64, length: u64) -> Result<OneDataset, String> {
    let data = Dataset::new();
    data.append(&input.read(offset, length).map_err(text)?).map_err(text)?;
    Ok(OneDataset { data })
}

pub fn sparse(length: u64) -> Result<OneDataset, String> {
    let data = Dataset::new();
    if let Some(last) = length.checked_sub(1) {
        data.write(last, &[0xff]).map_err(text)?;
        data.write(0, &[0x01]).map_err(text)?;
    }
    Ok(OneDataset { data })
}

pub fn concat(parts: &[Dataset]) -> Result<OneDataset, String> {
    let data = Dataset::new();
    for part in parts {
        for (offset, length) in chunks(part.length()) {
            data.append(&part.read(offset, length).map_err(text)?).map_err(text)?;
        }
    }
    Ok(OneDataset { data })
}

pub fn scatter(input: &Dataset, parts: u32) -> Result<Several, String> {
    let each = input.length().div_ceil(u64::from(parts.max(1)));
    let parts = (0..u64::from(parts)).map(|index| {
        let offset = input.length().min(index * each);
        Ok(slice(input, offset, each.min(input.length() - offset))?.data)
    });
    Ok(Several { parts: parts.collect::<Result<_, String>>()? })
}

pub fn optional(input: Option<&Dataset>, make: bool, name: Option<String>) -> Result<Maybe, String> {
    Ok(Maybe {
        made: make.then(|| write_text("made").map(|made| made.data)).transpose()?,
        greeting: name.map(|name| format!("hello, {name}")),
        input_bytes: input.map(Dataset::length),
    })
}
