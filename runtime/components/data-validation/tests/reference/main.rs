//! What TFDV answered for the tables in `tests/data`, and what must hold for any table.

mod common;
mod statistics;
