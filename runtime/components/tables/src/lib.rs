//! Rows of tables, whatever the format of their files: CSV, JSON lines, TFRecord of `tf.train.Example`, Parquet and Arrow IPC.
//!
//! A table is read row by row. Memory is that of a row, of a page of each column (Parquet) or of a batch (Arrow), each of which is bounded; no
//! size that a file claims is allocated before bytes are there to fill it.

mod arrow;
mod compression;
pub mod crc;
pub mod csv;
mod error;
pub mod example;
pub mod instant;
mod json;
pub mod number;
mod open;
pub mod parquet;
pub mod pattern;
mod record;
pub mod split;
pub mod tfrecord;
mod types;
pub mod write;

pub use error::{Error, Result};
pub use open::{Format, Input, Reader, Rows, Table};
pub use record::{Cell, Kind, Record, Texts, Values};
pub use types::{Column, ColumnType, Types, types};
