//! The steps that `wit/world.wit` declares: artifacts in, artifacts out. What they compute is in `table`.

mod table;

// Makes the trait `Guest`, the record `Filtered` and the handle `Dataset` of the world.
wit_bindgen::generate!({ path: "wit", world: "{{name}}", generate_all });

use weft::component::run::{log, Level};
use weft::component::types::Error;

struct Component;
export!(Component);

impl Guest for Component {
    fn filter(table: &Dataset, column: String, minimum: f64) -> Result<Filtered, String> {
        let text = read(table)?;
        let (kept, rows) = table::filter(&text, &column, minimum)?;
        log(Level::Info, &format!("kept {rows} rows"));

        let output = Dataset::new();
        output.append(kept.as_bytes()).map_err(failed)?;
        Ok(Filtered { kept: output, rows })
    }
}

/// The whole of an input, asked for in pieces that the runtime is glad to give.
fn read(data: &Dataset) -> Result<String, String> {
    const PIECE: u64 = 1 << 20;
    let length = data.length();
    let mut bytes = Vec::new();
    for offset in (0..length).step_by(PIECE as usize) {
        bytes.extend(data.read(offset, PIECE.min(length - offset)).map_err(failed)?);
    }
    String::from_utf8(bytes).map_err(|_| "the table is not UTF-8 text".to_owned())
}

fn failed(error: Error) -> String {
    format!("the runtime refused: {error:?}")
}
