//! The split that a row falls into, as TFX's `ExampleGen` decides it: by the SHA-256 of its serialised `tf.train.Example`, or of one of its
//! features, modulo all buckets.

use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::example;
use crate::record::{Record, Values};

/// A split and its share: so many of all buckets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// The split.
    pub name: String,
    /// Buckets that fall into it.
    pub buckets: u32,
}

/// Decides which split a row falls into.
#[derive(Debug)]
pub struct Splitter {
    shares: Vec<Share>,
    partition: Option<String>,
    /// Positions of the columns by name: the order of an example's features.
    order: Vec<usize>,
    example: Vec<u8>,
}

/// Whether text can name a split, and so a directory.
///
/// # Errors
/// It cannot.
pub fn check_name(name: &str) -> Result<()> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if name.is_empty() || name.starts_with('.') || !name.bytes().all(plain) {
        return Err(Error::Request(format!("`{name}` is no name of a split: letters, digits, `-`, `_` and `.`")));
    }
    Ok(())
}

impl Splitter {
    /// `partition` names the feature that decides, if it is not the whole row.
    ///
    /// # Errors
    /// No split, one without buckets, or a name twice or one that is none.
    pub fn new(shares: Vec<Share>, partition: Option<&str>) -> Result<Self> {
        let wrong = |text: String| Err(Error::Request(text));
        if shares.is_empty() || shares.iter().any(|share| share.buckets == 0) {
            return wrong("each split needs a share of at least 1 bucket".to_owned());
        }
        for (n, share) in shares.iter().enumerate() {
            check_name(&share.name)?;
            if shares[..n].iter().any(|other| other.name == share.name) {
                return wrong(format!("two splits are called `{}`", share.name));
            }
        }
        Ok(Self { shares, partition: partition.map(str::to_owned), order: Vec::new(), example: Vec::new() })
    }

    /// The splits.
    #[must_use]
    pub fn shares(&self) -> &[Share] {
        &self.shares
    }

    /// The position of the split that a row falls into, and the row as a serialised example.
    ///
    /// # Errors
    /// The feature that decides is missing, or is neither text nor integers.
    pub fn split(&mut self, row: &Record) -> Result<(usize, &[u8]), String> {
        if self.order.len() != row.names().len() {
            self.order = example::order(row.names());
        }
        example::encode(row, &self.order, &mut self.example);
        let bucket = match &self.partition {
            _ if self.shares.len() == 1 && self.partition.is_none() => return Ok((0, &self.example)),
            None => self.bucket(&self.example),
            Some(name) => {
                let mut feature = Vec::new();
                match row.of(name) {
                    Values::Missing => return Err(format!("there is no feature `{name}`, which decides the split")),
                    Values::Empty => return Err(format!("`{name}` decides the split, and has no value")),
                    Values::Floats(_) => {
                        return Err(format!("`{name}` decides the split, and only texts and integers can"));
                    }
                    values => example::encode_feature(values, &mut feature),
                }
                self.bucket(&feature)
            }
        };
        Ok((self.of_bucket(bucket), &self.example))
    }

    /// The digest as one number, modulo all buckets.
    fn bucket(&self, bytes: &[u8]) -> u64 {
        let total: u64 = self.shares.iter().map(|share| u64::from(share.buckets)).sum();
        let digest = Sha256::digest(bytes);
        // Four bytes at a time, where the rest leaves room for them.
        let (words, _) = digest.as_chunks::<4>();
        if total <= 1 << 32 {
            return words.iter().fold(0, |rest, word| (rest << 32 | u64::from(u32::from_be_bytes(*word))) % total);
        }
        digest.iter().fold(0, |rest, byte| (rest * 256 + u64::from(*byte)) % total)
    }

    fn of_bucket(&self, mut bucket: u64) -> usize {
        for (at, share) in self.shares.iter().enumerate() {
            match bucket.checked_sub(share.buckets.into()) {
                Some(rest) => bucket = rest,
                None => return at,
            }
        }
        self.shares.len() - 1
    }
}
