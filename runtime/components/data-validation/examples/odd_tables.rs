//! Writes the tables of `tests/reference/odd.rs` into a folder, each span as CSV and each table's schema with checks, for TFDV to answer:
//! `cargo run --example odd_tables FOLDER`.

use std::path::PathBuf;

use data_validation::schema::{InferOptions, infer};
use data_validation::statistics::{Options, Table, describe};
use data_validation::text::to_text;

#[path = "../tests/reference/odd.rs"]
mod odd;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("which folder?")?);
    std::fs::create_dir_all(&folder)?;
    for (number, table) in odd::tables().enumerate() {
        for (span, csv) in table.spans.iter().enumerate() {
            std::fs::write(folder.join(format!("{}.{span}.csv", table.name)), csv)?;
        }
        let before = describe(&[Table::of(&table.name, table.spans[0].as_bytes())], &Options::default())?.message();
        let schema = odd::with_checks(number, infer(&before, InferOptions::default())?);
        std::fs::write(folder.join(format!("{}.checks.pbtxt", table.name)), to_text(&schema))?;
    }
    Ok(())
}
