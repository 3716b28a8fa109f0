//! What TFDV answered for the tables in `tests/data`, and what must hold for any table.

mod anomalies;
mod common;
mod examples;
mod generated;
mod measures;
mod schema;
mod statistics;
