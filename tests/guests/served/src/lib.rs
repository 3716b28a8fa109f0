//! A model that does what it is asked to. Its contract stands in `wit/world.wit`.

wit_bindgen::generate!({
    path: ["../../../wit", "../../../runtime/components/wit/serving", "wit"],
    world: "test:served/served",
    generate_all,
});

use exports::weft::serving::server::{Description, Guest, Port, Tensor};
use weft::component::artifacts::Artifact;

struct Served;
export!(Served);

fn trap() {
    unreachable!("it was asked to trap")
}

fn endless() {
    loop {
        std::hint::black_box(1);
    }
}

fn greedy() {
    let mut all = Vec::new();
    loop {
        all.push(vec![1_u8; 16 << 20]);
        std::hint::black_box(&all);
    }
}

fn port(name: &str) -> Port {
    Port { name: name.to_owned(), datatype: "INT64".to_owned(), shape: vec![-1], classes: Vec::new() }
}

impl Guest for Served {
    fn load(model: &Artifact, _: Option<&Artifact>, _: Option<Vec<String>>) -> Result<Description, String> {
        let text = model.read(0, 100).map_err(|error| error.to_string())?;
        match text.trim_ascii() {
            b"trap" => trap(),
            b"loop" => endless(),
            b"memory" => greedy(),
            b"refuse" => return Err("it was asked to refuse".to_owned()),
            _ => {}
        }
        let (inputs, outputs) = (vec![port("x")], vec![port("y"), port("rows")]);
        Ok(Description { platform: "test".to_owned(), inputs, outputs, rows: true })
    }

    fn infer(inputs: Vec<Tensor>) -> Result<Vec<Tensor>, String> {
        let [x] = inputs.as_slice() else { return Err("one input is needed".to_owned()) };
        let values: Vec<i64> =
            x.data.chunks_exact(8).map(|bytes| i64::from_le_bytes(bytes.try_into().unwrap())).collect();
        for value in &values {
            match value {
                -1 => trap(),
                -2 => endless(),
                -3 => greedy(),
                -4 => return Err("it was asked to refuse".to_owned()),
                _ => {}
            }
        }
        let rows = values.len() as i64;
        let output = |name: &str, of: &dyn Fn(i64) -> i64| Tensor {
            name: name.to_owned(),
            datatype: "INT64".to_owned(),
            shape: x.shape.clone(),
            data: values.iter().flat_map(|value| of(*value).to_le_bytes()).collect(),
        };
        Ok(vec![output("y", &|value| 2 * value), output("rows", &|_| rows)])
    }
}
