//! What TFDV answered for the tables in `tests/data`, and what must hold for any table.

mod anomalies;
mod answered;
mod common;
mod generated;
mod measures;
mod odd;
mod records;
mod schema;
mod statistics;
