//! Parquet: rows of flat columns and lists, read page by page, and written with one page a column and group of rows.
//!
//! Read are all encodings of values that are in use and the codecs Snappy, gzip, zstd and LZ4. Structures, maps and lists of lists are told by
//! name.

mod column;
mod encoding;
mod metadata;
mod read;
mod thrift;
mod write;

pub use column::half;
pub use read::File;
pub use write::Writer;
