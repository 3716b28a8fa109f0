//! Steps with an artifact type of their own. Each function's contract stands in `wit/world.wit`.

wit_bindgen::generate!({
    path: ["../../../wit", "wit/types.wit", "wit/world.wit"],
    world: "test:custom-types/custom-types",
    generate_all,
});

use weft::component::types::{Error, Value};

struct Component;
export!(Component);

const DIMENSIONS: &str = "dimensions";

fn text(error: Error) -> String {
    error.to_string()
}

impl Guest for Component {
    fn build(vectors: Vec<Vec<f32>>) -> Result<Built, String> {
        let dimensions = vectors.first().ok_or("an index needs at least one vector")?.len();
        let index = EmbeddingIndex::new();
        for (row, vector) in vectors.iter().enumerate() {
            if vector.len() != dimensions {
                return Err(format!("vector {row} has {} dimensions, not {dimensions}", vector.len()));
            }
            let bytes: Vec<u8> = vector.iter().flat_map(|x| x.to_le_bytes()).collect();
            index.append(&bytes).map_err(text)?;
        }
        index.set_property(DIMENSIONS, &Value::Int(dimensions as i64)).map_err(text)?;
        Ok(Built { index })
    }

    fn query(index: &EmbeddingIndex, vector: Vec<f32>) -> Result<Neighbour, String> {
        let Some(Value::Int(dimensions)) = index.property(DIMENSIONS) else {
            return Err("the index does not tell its dimensions".to_owned());
        };
        if vector.len() as i64 != dimensions {
            return Err(format!("the query has {} dimensions, not {dimensions}", vector.len()));
        }
        let bytes = index.read(0, index.length()).map_err(text)?;
        let numbers: Vec<f32> = bytes.as_chunks::<4>().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
        let distances = numbers
            .chunks_exact(vector.len())
            .map(|row| row.iter().zip(&vector).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt());
        let nearest = distances.enumerate().min_by(|a, b| a.1.total_cmp(&b.1));
        nearest
            .map(|(position, distance)| Neighbour { position: position as u32, distance })
            .ok_or_else(|| "the index is empty".to_owned())
    }

    fn kind_of(input: &Artifact) -> Kind {
        Kind { type_name: input.type_name(), length: input.length() }
    }
}
