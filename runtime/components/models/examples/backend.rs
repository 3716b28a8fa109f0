//! Runs onnx's published backend tests, and prints which pass: `cargo run --release --example backend -- FOLDER [NAME-PREFIX]`, FOLDER being
//! `onnx/backend/test/data/node` of the package `onnx`. Exits non-zero if a test of `ai.onnx.ml` fails.

use std::path::Path;
use std::process::ExitCode;

use models::{Data, Model, Tensor, Value, read_tensor};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("name the folder of the tests")?;
    let prefix = arguments.next().unwrap_or_else(|| "test_".to_owned());
    let mut tests: Vec<_> = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Outcome<_>>()?;
    tests.sort();
    let (mut passed, mut failed, mut ml_failed) = (0, 0, 0);
    for test in tests {
        let name = test.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !name.starts_with(&prefix) || !test.join("model.onnx").exists() {
            continue;
        }
        match run(&test) {
            Ok(()) => passed += 1,
            Err(problem) => {
                failed += 1;
                ml_failed += usize::from(name.contains("ai_onnx_ml"));
                println!("{name}: {problem}");
            }
        }
    }
    println!("{passed} of {} tests pass", passed + failed);
    Ok(if ml_failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn tensors(set: &Path, kind: &str) -> Outcome<Vec<(String, Tensor)>> {
    let mut tensors = Vec::new();
    for at in 0.. {
        let path = set.join(format!("{kind}_{at}.pb"));
        if !path.exists() {
            break;
        }
        tensors.push(read_tensor(&std::fs::read(path)?)?);
    }
    Ok(tensors)
}

fn run(test: &Path) -> Outcome<()> {
    let model = Model::load(&std::fs::read(test.join("model.onnx"))?)?;
    let set = test.join("test_data_set_0");
    let given = tensors(&set, "input")?;
    // Inputs are given in order; their names in the files may be others.
    let named = model.inputs().iter().map(|port| port.name.clone());
    let inputs = named.zip(given.into_iter().map(|(_, tensor)| Value::Tensor(tensor))).collect();
    let outputs = model.run(inputs)?;
    let expected = tensors(&set, "output")?;
    if expected.len() != outputs.len() {
        return Err(format!("{} outputs instead of {}", outputs.len(), expected.len()).into());
    }
    for ((name, expected), (_, found)) in expected.iter().zip(&outputs) {
        let Value::Tensor(found) = found else { return Err("maps instead of a tensor".into()) };
        if found.shape() != expected.shape() || found.kind() != expected.kind() {
            let wanted = (expected.kind(), expected.shape());
            return Err(format!("`{name}`: {:?} instead of {wanted:?}", (found.kind(), found.shape())).into());
        }
        if let Some(at) = (0..expected.len()).find(|at| !alike(expected.data(), found.data(), *at)) {
            let (wanted, given) = (expected.data().text(at), found.data().text(at));
            return Err(format!("`{name}`, element {at}: `{given}` instead of `{wanted}`").into());
        }
    }
    Ok(())
}

/// The tolerances are those of onnx's own runner.
fn alike(expected: &Data, found: &Data, at: usize) -> bool {
    let near = |wanted: f64, given: f64| {
        wanted.total_cmp(&given).is_eq()
            || (wanted.is_nan() && given.is_nan())
            || (wanted - given).abs() <= 1e-7 + 1e-3 * wanted.abs()
    };
    match (expected, found) {
        (Data::F32(wanted), Data::F32(given)) => near(f64::from(wanted[at]), f64::from(given[at])),
        (Data::F64(wanted), Data::F64(given)) => near(wanted[at], given[at]),
        _ => expected.text(at) == found.text(at),
    }
}
