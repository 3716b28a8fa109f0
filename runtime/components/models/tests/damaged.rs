//! Files that are damaged are refused, or give other answers; none makes the library panic, whatever byte is another one.

use std::path::{Path, PathBuf};

use models::{Model, Tensor, Value, read_tensor};

/// Numbers that are the same in each run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % limit as u64).unwrap()
    }
}

fn model_file(case: &Path) -> PathBuf {
    let path = ["onnx", "json", "ubj", "txt"].map(|suffix| case.join(format!("model.{suffix}")));
    path.into_iter().find(|path| path.exists()).unwrap()
}

fn inputs(case: &Path) -> Vec<Tensor> {
    let path = |at: usize| case.join(format!("input_{at}.pb"));
    let files = (0..100).map(path).take_while(|path| path.exists());
    files.map(|path| read_tensor(&std::fs::read(path).unwrap()).unwrap().1).collect()
}

#[test]
fn damaged_models_are_refused_or_answer() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/cases");
    let mut cases: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    let mut numbers = Numbers(1);
    let (mut refused, mut loaded) = (0, 0);
    for case in &cases {
        let whole = std::fs::read(model_file(case)).unwrap();
        let inputs = inputs(case);
        for round in 0..30 {
            let mut bytes = whole.clone();
            if round < 5 {
                bytes.truncate(numbers.below(whole.len()));
            } else {
                for _ in 0..=numbers.below(3) {
                    let at = numbers.below(bytes.len());
                    bytes[at] = [0, 1, 0x7f, 0x80, 0xff, b'9', b'-'][numbers.below(7)];
                }
            }
            let Ok(model) = Model::load(&bytes) else {
                refused += 1;
                continue;
            };
            loaded += 1;
            let names = model.inputs().iter().map(|port| port.name.clone());
            _ = model.predict(names.zip(inputs.iter().cloned().map(Value::Tensor)).collect());
        }
    }
    assert!(refused > 500 && loaded > 500, "{refused} {loaded}");
}

#[test]
fn operators_that_are_not_here_are_named_all_at_once() {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/cases/columns_one_hot");
    let mut bytes = std::fs::read(model_file(&case)).unwrap();
    for (known, unknown) in [("OneHotEncoder", "OneHotDecoder"), ("Normalizer", "Normalised")] {
        while let Some(at) = bytes.windows(known.len()).position(|part| part == known.as_bytes()) {
            bytes[at..at + known.len()].copy_from_slice(unknown.as_bytes());
        }
    }
    let error = Model::load(&bytes).err().unwrap().to_string();
    assert!(error.contains("`ai.onnx.ml.Normalised` (1 times), `ai.onnx.ml.OneHotDecoder` ("), "{error}");
    assert!(error.contains("Convert it with options that avoid them"), "{error}");
}

#[test]
fn wrong_inputs_are_told_with_the_node_and_the_input() {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/cases/forest_binary");
    let model = Model::load(&std::fs::read(model_file(&case)).unwrap()).unwrap();
    let error = |name: &str, tensor: Tensor| model.run(vec![(name.to_owned(), tensor.into())]).unwrap_err().to_string();
    let narrow = error("X", Tensor::new(vec![1, 2], vec![0.0_f32; 2]).unwrap());
    assert_eq!(narrow, "input `X` of the model: it has the shape [?, 5], and float[1, 2] is given");
    let text = error("X", Tensor::new(vec![1, 5], vec![String::new(); 5]).unwrap());
    assert_eq!(text, "input `X` of the model: it takes float, and string[1, 5] is given");
    let missing = error("x", Tensor::new(vec![1, 5], vec![0.0_f32; 5]).unwrap());
    assert_eq!(missing, "input `X` of the model: it is not given");
}
