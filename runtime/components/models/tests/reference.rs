//! The models of `tests/data/cases` give the answers that are stored with them: numbers to 1e-5, labels exactly.

use std::path::{Path, PathBuf};

use models::{Data, Model, Tensor, Value, read_tensor};

const TOLERANCE: f64 = 1e-5;

/// Networks, whose operators may be left out.
const NETWORKS: [&str; 2] = ["cnn", "convolutions"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/cases")
}

fn cases() -> Vec<PathBuf> {
    let mut cases: Vec<PathBuf> = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    if cfg!(not(feature = "networks")) {
        cases.retain(|case| NETWORKS.iter().all(|name| !case.ends_with(name)));
    }
    cases.sort();
    cases
}

fn tensors(case: &Path, kind: &str) -> Vec<(String, Tensor)> {
    (0..100)
        .map(|at| case.join(format!("{kind}_{at}.pb")))
        .take_while(|path| path.exists())
        .map(|path| read_tensor(&std::fs::read(path).unwrap()).unwrap())
        .collect()
}

fn model(case: &Path) -> Model {
    let path = ["onnx", "json", "ubj", "txt"].map(|suffix| case.join(format!("model.{suffix}")));
    let path = path.iter().find(|path| path.exists()).unwrap();
    Model::load(&std::fs::read(path).unwrap()).unwrap_or_else(|error| panic!("{}: {error}", case.display()))
}

/// The first elements that differ.
fn differences(expected: &Data, found: &Data) -> Vec<String> {
    if expected.len() != found.len() {
        return vec![format!("{} elements instead of {}", found.len(), expected.len())];
    }
    let floats = matches!(expected, Data::F32(_) | Data::F64(_));
    let (wanted, given) = (expected.numbers(), found.numbers());
    let alike = |at: usize| match (&wanted, &given) {
        (Some(wanted), Some(given)) if floats => {
            let (wanted, given) = (wanted[at], given[at]);
            wanted.total_cmp(&given).is_eq()
                || (wanted.is_nan() && given.is_nan())
                || (wanted - given).abs() <= TOLERANCE * wanted.abs().max(1.0)
        }
        _ => expected.text(at) == found.text(at),
    };
    (0..expected.len())
        .filter(|at| !alike(*at))
        .map(|at| format!("element {at}: `{}` instead of `{}`", found.text(at), expected.text(at)))
        .take(3)
        .collect()
}

#[test]
fn models_answer_as_onnxruntime_and_as_the_libraries_do() {
    let mut wrong = Vec::new();
    let cases = cases();
    for case in &cases {
        let model = model(case);
        let inputs = tensors(case, "input").into_iter().map(|(name, tensor)| (name, Value::Tensor(tensor))).collect();
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let outputs = match model.run(inputs) {
            Ok(outputs) => outputs,
            Err(error) => {
                wrong.push(format!("{name}: {error}"));
                continue;
            }
        };
        let expected = tensors(case, "output");
        assert_eq!(expected.len(), outputs.len(), "{name}");
        for ((output, expected), (found_name, found)) in expected.iter().zip(&outputs) {
            assert_eq!(output, found_name, "{name}");
            let found = match found {
                Value::Tensor(tensor) => tensor,
                Value::Maps(maps) => &maps.values,
            };
            if expected.shape() != found.shape() || expected.kind() != found.kind() {
                let (wanted, given) = ((expected.kind(), expected.shape()), (found.kind(), found.shape()));
                wrong.push(format!("{name}, output `{output}`: {given:?} instead of {wanted:?}"));
            }
            for difference in differences(expected.data(), found.data()) {
                wrong.push(format!("{name}, output `{output}`: {difference}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cases.len() >= 40, "{}", cases.len());
}

#[cfg(not(feature = "networks"))]
#[test]
fn a_network_is_sent_where_its_operators_are() {
    for name in NETWORKS {
        let bytes = std::fs::read(folder().join(name).join("model.onnx")).unwrap();
        let error = Model::load(&bytes).err().unwrap().to_string();
        assert!(error.contains("without ") && error.contains("`Conv` ("), "{error}");
        assert!(error.ends_with(": use `weft:onnx`"), "{error}");
    }
}
