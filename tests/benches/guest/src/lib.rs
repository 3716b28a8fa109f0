//! What the benchmarks run: kernels, and a job on a table. Each function's contract stands in `wit/world.wit`.

#[path = "../../kernels/src/kernels.rs"]
mod kernels;

wit_bindgen::generate!({ path: ["../../../wit", "wit"], world: "test:bench/bench", generate_all });

use kernels::job;
use weft::component::types::Error;

struct Component;
export!(Component);

const CHUNK: u64 = 4 << 20;

fn failed(error: Error) -> String {
    error.to_string()
}

fn text(length: u64, read: impl Fn(u64, u64) -> Result<Vec<u8>, Error>) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(length as usize);
    while (bytes.len() as u64) < length {
        bytes.extend(read(bytes.len() as u64, CHUNK).map_err(failed)?);
    }
    String::from_utf8(bytes).map_err(|error| error.to_string())
}

fn dataset(text: &str) -> Result<Dataset, String> {
    let dataset = Dataset::new();
    for chunk in text.as_bytes().chunks(CHUNK as usize) {
        dataset.append(chunk).map_err(failed)?;
    }
    Ok(dataset)
}

impl Guest for Component {
    fn kernel(name: String, size: u32, seed: u64) -> Result<Sum, String> {
        kernels::run(&name, size as usize, seed)
            .map(|sum| Sum { sum })
            .ok_or_else(|| format!("there is no kernel `{name}`"))
    }

    fn split(table: &Dataset) -> Result<Parts, String> {
        let (train, test) = job::split(&text(table.length(), |at, length| table.read(at, length))?);
        Ok(Parts { train: dataset(&train)?, test: dataset(&test)? })
    }

    fn fit(train: &Dataset) -> Result<Fitted, String> {
        let weights = job::fit(&text(train.length(), |at, length| train.read(at, length))?);
        let model = Model::new();
        for weight in weights {
            model.append(&weight.to_le_bytes()).map_err(failed)?;
        }
        Ok(Fitted { model })
    }

    fn evaluate(test: &Dataset, model: &Model) -> Result<Evaluation, String> {
        let bytes = model.read(0, model.length()).map_err(failed)?;
        let weights: Vec<f64> = bytes.as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect();
        let text = text(test.length(), |at, length| test.read(at, length))?;
        Ok(Evaluation { accuracy: job::accuracy(&text, &weights) })
    }
}
