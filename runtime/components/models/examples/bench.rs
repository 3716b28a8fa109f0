//! Seconds that a model takes for rows of floats, the best of some runs: `bench MODEL ROWS SHAPE RUNS`, ROWS being a file of little-endian floats and SHAPE that
//! of a row: `20`, or `3,32,32` for images.
//! `tests/data/bench.py` runs it beside onnxruntime.

use std::time::Instant;

use models::{Model, Tensor, Value};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [model, rows, row, runs] = arguments.as_slice() else {
        return Err("bench MODEL ROWS SHAPE RUNS".into());
    };
    let model = Model::load(&std::fs::read(model)?)?;
    let row: Vec<usize> = row.split(',').map(str::parse).collect::<Result<_, _>>()?;
    let bytes = std::fs::read(rows)?;
    let (whole, _) = bytes.as_chunks::<4>();
    let values: Vec<f32> = whole.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    let shape = [vec![values.len() / row.iter().product::<usize>()], row].concat();
    let tensor = Tensor::new(shape, values).ok_or("the rows do not fill the shape")?;
    let input = model.inputs().first().ok_or("the model has no input")?.name.clone();
    let mut best = f64::INFINITY;
    for _ in 0..runs.parse::<usize>()? {
        let given = vec![(input.clone(), Value::Tensor(tensor.clone()))];
        let start = Instant::now();
        let outputs = model.run(given)?;
        best = best.min(start.elapsed().as_secs_f64());
        assert!(!outputs.is_empty());
    }
    println!("{best}");
    Ok(())
}
