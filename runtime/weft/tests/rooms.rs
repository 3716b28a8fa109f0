//! The map in ARCHITECTURE.md, held against what the crates really import.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Each room and the rooms that it may import.
const ALLOWED: &[(&str, &[&str])] = &[
    ("weft-cli", &["weft", "weft-author", "weft-server"]),
    ("weft-server", &["weft"]),
    (
        "weft",
        &[
            "weft-engine",
            "weft-provenance",
            "weft-registry",
            "weft-remote",
            "weft-science",
            "weft-sandbox",
            "weft-launcher",
            "weft-metadata",
            "weft-artifacts",
            "weft-pipeline",
        ],
    ),
    ("weft-engine", &["weft-metadata", "weft-artifacts", "weft-pipeline"]),
    ("weft-science", &["weft-sandbox", "weft-pipeline"]),
    ("weft-sandbox", &["weft-launcher", "weft-artifacts", "weft-signature", "weft-pipeline"]),
    ("weft-signature", &["weft-pipeline"]),
    ("weft-launcher", &["weft-artifacts", "weft-pipeline"]),
    ("weft-author", &["weft-pipeline"]),
    ("weft-provenance", &["weft-metadata", "weft-artifacts", "weft-pipeline"]),
    ("weft-registry", &["weft-signature"]),
    ("weft-remote", &["weft-artifacts"]),
    ("weft-metadata", &["weft-pipeline"]),
    ("weft-artifacts", &[]),
    ("weft-pipeline", &[]),
];

/// The imports between rooms that `cargo metadata` tells, tests' and benchmarks' own left out.
fn imports() -> BTreeMap<String, BTreeSet<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let name = |value: &Value| value["name"].as_str().unwrap().to_owned();
    let ours: BTreeSet<String> = packages.iter().map(name).collect();
    let imported = |package: &Value| {
        let normal = package["dependencies"].as_array().unwrap().iter().filter(|one| one["kind"].is_null());
        normal.map(name).filter(|name| ours.contains(name)).collect()
    };
    packages.iter().map(|package| (name(package), imported(package))).collect()
}

/// What is wrong with imports.
fn violations(imports: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (room, imported) in imports {
        let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| name == room) else {
            wrong.push(format!("{room} is on no map: add it to this test and to ARCHITECTURE.md"));
            continue;
        };
        for other in imported.iter().filter(|other| !allowed.contains(&other.as_str())) {
            wrong.push(format!("{room} imports {other}, which lies above or beside it"));
        }
    }
    wrong
}

#[test]
fn rooms_import_only_what_lies_below() {
    let imports = imports();
    assert_eq!(imports.len(), ALLOWED.len(), "{imports:?}");
    assert_eq!(violations(&imports), Vec::<String>::new());
}

#[test]
fn an_import_of_the_engine_by_the_command_line_is_found() {
    let mut imports = imports();
    imports.get_mut("weft-cli").unwrap().insert("weft-engine".to_owned());
    imports.insert("weft-new".to_owned(), BTreeSet::new());
    assert_eq!(
        violations(&imports),
        [
            "weft-cli imports weft-engine, which lies above or beside it",
            "weft-new is on no map: add it to this test and to ARCHITECTURE.md"
        ]
    );
}
