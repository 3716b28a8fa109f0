//! `weft inspect`

use crate::common::{Folder, component};

#[test]
fn a_component_is_described() {
    let folder = Folder::default();
    insta::assert_snapshot!(without_wasi(&folder.seen(&format!("inspect {}", component("custom-types").display()))));
}

#[test]
fn exports_that_are_no_steps_say_why() {
    let folder = Folder::default();
    insta::assert_snapshot!(without_wasi(&folder.seen(&format!("inspect {}", component("odd").display()))));
}

#[test]
fn one_function_with_ports_of_every_form() {
    let folder = Folder::default();
    insta::assert_snapshot!(folder.seen(&format!("inspect {}#echo", component("trivial").display())));
}

#[test]
fn programs_get_ports_in_their_order() {
    let folder = Folder::default();
    let described = folder.json(&format!("inspect {}#optional --json", component("trivial").display()));
    let names = |ports: &serde_json::Value| -> Vec<String> {
        ports.as_array().unwrap().iter().map(|port| port["name"].as_str().unwrap().to_owned()).collect()
    };
    let step = &described["steps"][0];
    assert_eq!(names(&step["inputs"]), ["input", "make", "name"]);
    assert_eq!(names(&step["outputs"]), ["made", "greeting", "input-bytes"]);
    assert_eq!(step["inputs"][0]["type"], "system.Dataset");
    assert_eq!(step["inputs"][0]["optional"], true);
    assert_eq!(step["inputs"][1]["kfp_type"], "BOOLEAN");
    assert!(described["imports"].as_array().unwrap().iter().all(|import| import.as_str().unwrap().contains(':')));
}

#[test]
fn kfp_gets_one_function() {
    let folder = Folder::default();
    let trivial = component("trivial");
    let trivial = trivial.display();
    let written = folder.ok(&format!("inspect {trivial}#optional --format kfp -o optional.yaml"));
    assert_eq!(written.stdout, "");
    let yaml = std::fs::read_to_string(folder.path().join("optional.yaml")).unwrap();
    assert!(yaml.contains("schemaTitle: system.Dataset") && yaml.contains("trivial.wasm#optional"), "{yaml}");
    let several = folder.weft(&format!("inspect {} --format kfp", component("custom-types").display()));
    assert_eq!(several.code, Some(2));
    assert!(several.stderr.contains("custom-types.wasm#build"), "{}", several.stderr);
}

#[test]
fn what_cannot_be_inspected_is_told() {
    let folder = Folder::default();
    folder.file("text.wasm", "no wasm");
    std::fs::write(folder.path().join("core.wasm"), b"\0asm\x01\0\0\0").unwrap();
    let seen: Vec<String> = [
        "inspect nothing.wasm".to_owned(),
        "inspect text.wasm".to_owned(),
        "inspect core.wasm".to_owned(),
        format!("inspect {}#bild", component("custom-types").display()),
        format!("inspect {}#file-input", component("odd").display()),
    ]
    .iter()
    .map(|arguments| folder.seen(arguments))
    .collect();
    insta::assert_snapshot!(seen.join("\n\n"));
}

/// What is imported of WASI, and in which version, is up to the toolchain that built the component.
fn without_wasi(text: &str) -> String {
    assert!(text.contains("wasi:cli@0.2"));
    text.lines().filter(|line| !line.contains("wasi:")).collect::<Vec<_>>().join("\n")
}
