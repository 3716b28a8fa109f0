//! One component in four languages, and one pipeline that mixes them.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{Folder, component, project, task};
use serde_json::Value;

const TRAINERS: [(&str, &str); 4] =
    [("rust", "trainer-rust"), ("python", "trainer-python"), ("javascript", "trainer-js"), ("c", "trainer-c")];

#[test]
fn the_trainers_agree_and_the_lineage_tells_them_apart() {
    let folder = Folder::default();
    let pipeline = project().join("guest-examples/polyglot/pipeline.yaml").display().to_string();
    let outcome = folder.json(&["run", &pipeline, "--json"]);
    assert_eq!(outcome["state"], "COMPLETE");

    let weights = |name: &str| -> Vec<f64> {
        let weights = &task(&outcome, name)["outputs"]["weights"]["parameter"];
        weights.as_array().unwrap().iter().map(|weight| weight.as_f64().unwrap()).collect()
    };
    let expected = weights("rust");
    assert!(expected.len() > 5 && expected.iter().any(|weight| weight.abs() > 0.1), "{expected:?}");
    for (name, _) in TRAINERS {
        let weights = weights(name);
        assert_eq!(weights.len(), expected.len());
        for (one, other) in weights.iter().zip(&expected) {
            assert!((one - other).abs() < 1e-9, "{name}: {one} is not {other}");
        }
    }

    // Each model was made by the component of its language.
    for (name, file) in TRAINERS {
        let graph = folder.json(&["lineage", &format!("latest/{name}.model"), "--up", "--depth", "1", "--json"]);
        let made: Vec<&str> = graph["executions"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|execution| execution["image"].as_str())
            .collect();
        let inspected = folder.json(&["inspect", &component(file).display().to_string(), "--json"]);
        assert_eq!(made, [format!("weft:{}#train", inspected["digest"].as_str().unwrap())], "{name}");
        let shown = folder.weft(&["lineage", &format!("latest/{name}.model")]).stdout;
        let short = &inspected["digest"].as_str().unwrap()[.."blake3:".len() + 8];
        assert!(shown.contains(short), "{short} is not in {shown}");
    }

    // The same signature in every language.
    let signature = |file: &str| -> Value {
        let mut inspected = folder.json(&["inspect", &component(file).display().to_string(), "--json"]);
        inspected["steps"].take()
    };
    for (_, file) in TRAINERS {
        assert_eq!(signature(file), signature("trainer-rust"), "{file}");
    }
    folder.assert_whole();
}
