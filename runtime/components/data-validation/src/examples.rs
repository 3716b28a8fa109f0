//! Rows as `tf.train.Example`, and the split that each falls into, as TFX's `ExampleGen` decides it.

use sha2::{Digest, Sha256};

use crate::csv::Row;
use crate::error::{Error, Result};
use crate::number::Number;
use crate::statistics::{ColumnType, Types};

/// A split and its share: so many of all buckets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// The split.
    pub name: String,
    /// Buckets that fall into it.
    pub buckets: u32,
}

/// Decides which split a row falls into: by the SHA-256 of its serialised example, or of one of its features, modulo all buckets.
#[derive(Debug)]
pub struct Splitter {
    columns: Vec<(String, ColumnType)>,
    /// Positions of the columns by name: the order of an example's features.
    order: Vec<usize>,
    shares: Vec<Share>,
    partition: Option<usize>,
}

impl Splitter {
    /// For rows with these columns. `partition` names the feature that decides, if it is not the whole row.
    ///
    /// # Errors
    /// No split or one without buckets, a name twice, or a partition feature that is not there or is no text or integer.
    pub fn new(types: &Types, shares: Vec<Share>, partition: Option<&str>) -> Result<Self> {
        let wrong = |text: String| Err(Error::Request(text));
        if shares.is_empty() || shares.iter().any(|share| share.buckets == 0) {
            return wrong("each split needs a share of at least 1 bucket".to_owned());
        }
        for (n, share) in shares.iter().enumerate() {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            if share.name.is_empty() || share.name.starts_with('.') || !share.name.bytes().all(plain) {
                return wrong(format!("`{}` is no name of a split: letters, digits, `-`, `_` and `.`", share.name));
            }
            if shares[..n].iter().any(|other| other.name == share.name) {
                return wrong(format!("two splits are called `{}`", share.name));
            }
        }
        let columns: Vec<(String, ColumnType)> =
            types.columns().map(|(name, kind)| (name.to_owned(), kind.unwrap_or_default())).collect();
        let partition = match partition {
            None => None,
            Some(name) => match columns.iter().position(|(column, _)| column == name) {
                Some(at) if matches!(columns[at].1, ColumnType::Text | ColumnType::Int) => Some(at),
                Some(_) => {
                    return wrong(format!("only texts and integers can decide the split, and `{name}` is neither"));
                }
                None => return wrong(format!("there is no column `{name}` to decide the split")),
            },
        };
        let mut order: Vec<usize> = (0..columns.len()).collect();
        order.sort_by(|a, b| columns[*a].0.cmp(&columns[*b].0));
        Ok(Self { columns, order, shares, partition })
    }

    /// The splits.
    #[must_use]
    pub fn shares(&self) -> &[Share] {
        &self.shares
    }

    /// The position of the split that a row falls into.
    ///
    /// # Errors
    /// A cell that is not of its column's type, or none of the feature that decides.
    pub fn split(&self, row: &Row) -> Result<usize, String> {
        let cells: Vec<&str> = row.cells().collect();
        let bytes = match self.partition {
            None => self.example(&cells)?,
            Some(at) if cells[at].is_empty() => {
                return Err(format!("`{}` is empty, and decides the split", self.columns[at].0));
            }
            Some(at) => feature(cells[at], self.columns[at].1)?,
        };
        let total: u64 = self.shares.iter().map(|share| u64::from(share.buckets)).sum();
        let digest = Sha256::digest(&bytes);
        // The digest as one number, remainder by remainder.
        let mut bucket = digest.iter().fold(0, |rest, byte| (rest * 256 + u64::from(*byte)) % total);
        for (at, share) in self.shares.iter().enumerate() {
            match bucket.checked_sub(share.buckets.into()) {
                Some(rest) => bucket = rest,
                None => return Ok(at),
            }
        }
        Ok(self.shares.len() - 1)
    }

    /// The row as a serialised `tf.train.Example`, its features by name. A column without any value is no feature; an empty cell of
    /// another one is a feature without values.
    ///
    /// # Errors
    /// A cell that is not of its column's type.
    fn example(&self, cells: &[&str]) -> Result<Vec<u8>, String> {
        let mut features = Vec::new();
        for at in &self.order {
            let (name, kind) = &self.columns[*at];
            if *kind == ColumnType::Unknown {
                continue;
            }
            let mut entry = Vec::new();
            field(&mut entry, 1, name.as_bytes());
            field(&mut entry, 2, &feature(cells[*at], *kind)?);
            field(&mut features, 1, &entry);
        }
        let mut example = Vec::new();
        field(&mut example, 1, &features);
        Ok(example)
    }
}

/// A `tf.train.Feature` of one value, or of none.
fn feature(cell: &str, kind: ColumnType) -> Result<Vec<u8>, String> {
    let wrong = || format!("`{}` is not of the column's type", cell.chars().take(40).collect::<String>());
    let mut list = Vec::new();
    let number = match (kind, cell) {
        (ColumnType::Unknown, _) => return Ok(list),
        (ColumnType::Text, "") => 1,
        (ColumnType::Text, cell) => {
            field(&mut list, 1, cell.as_bytes());
            1
        }
        (ColumnType::Float, "") => 2,
        (ColumnType::Float, cell) => {
            #[allow(clippy::cast_possible_truncation, reason = "single precision is meant")]
            let value = Number::parse(cell.as_bytes()).ok_or_else(wrong)?.as_f64() as f32;
            field(&mut list, 1, &value.to_le_bytes());
            2
        }
        (ColumnType::Int, "") => 3,
        (ColumnType::Int, cell) => {
            let Some(Number::Int(value)) = Number::parse(cell.as_bytes()) else { return Err(wrong()) };
            let mut packed = Vec::new();
            varint(&mut packed, value.cast_unsigned());
            field(&mut list, 1, &packed);
            3
        }
    };
    let mut feature = Vec::new();
    field(&mut feature, number, &list);
    Ok(feature)
}

/// A field of bytes.
fn field(out: &mut Vec<u8>, number: u64, bytes: &[u8]) {
    varint(out, number << 3 | 2);
    varint(out, bytes.len() as u64);
    out.extend(bytes);
}

#[allow(clippy::cast_possible_truncation, reason = "the lowest seven bits")]
fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
