//! What TFDV answered for the tables in `tests/data`, and what must hold for any table.

mod anomalies;
mod common;
mod generated;
mod measures;
mod records;
mod schema;
mod statistics;
