//! Names and texts that would spoil a terminal or a page: escape sequences, marks that turn the direction of writing, markup.

use serde_json::json;

use crate::common::{Ended, Folder};

/// Clears the screen, renames the window, colours by one character, and turns what follows round.
const TERMINAL: &str = "\u{1b}[2Jgone\u{1b}]0;owned\u{7}\u{9b}31m red\u{202e}dlrow\u{2066}";
const MARKUP: &str = "<script>globalThis.owned=1</script><img src=x onerror='globalThis.owned=1'>\" onload=\"x";

/// A pipeline of one step of the intruder.
fn pipeline(function: &str, name: &str, value: &str) -> String {
    json!({ "name": "words", "steps": { "one": { "component": format!("@intruder#{function}"), "with": { name: value } } } })
        .to_string()
        .chars()
        .map(|c| if c.is_ascii() { c.to_string() } else { format!("\\u{:04x}", u32::from(c)) })
        .collect()
}

#[track_caller]
fn assert_plain(ended: &Ended) {
    for (what, text) in [("stdout", &ended.stdout), ("stderr", &ended.stderr)] {
        let bad = text.chars().find(|c| {
            (c.is_control() && !matches!(c, '\n' | '\t'))
                || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        });
        assert_eq!(bad, None, "in {what}: {text:?}");
    }
}

#[test]
fn what_a_step_says_of_its_failure() {
    let folder = Folder::default();
    folder.file("pipeline.yaml", &pipeline("say", "text", TERMINAL));
    let ended = folder.weft("run pipeline.yaml");
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("gone"), "{ended:?}");
    assert_plain(&ended);
    for command in ["runs show latest", "why one", "runs"] {
        assert_plain(&folder.weft(command));
    }
}

#[test]
fn what_an_output_is_called() {
    let folder = Folder::default();
    folder.file("pipeline.yaml", &pipeline("name-output", "name", TERMINAL));
    assert_plain(&folder.ok("run pipeline.yaml"));
    for command in [
        "artifact list",
        "artifact show latest/one.data",
        "artifact show latest/data",
        "lineage latest/data",
        "runs show latest",
        "diff latest latest",
        "verify latest",
    ] {
        assert_plain(&folder.weft(command));
    }
}

#[test]
fn what_a_pipeline_its_steps_and_its_files_are_called() {
    let folder = Folder::default();
    for text in [
        json!({ "name": TERMINAL, "steps": { "one": { "component": "@trivial#noop" } } }),
        json!({ "name": "words", "steps": { TERMINAL: { "component": "@trivial#noop" } } }),
        json!({ "name": "words", "steps": { "one": { "component": format!("{TERMINAL}.wasm") } } }),
        json!({ "name": "words", "steps": { "one": { "component": "@trivial#noop", "with": { TERMINAL: 1 } } } }),
        json!({ "name": "words", "parameters": { TERMINAL: "string" }, "steps": {} }),
        json!({ "name": "words", TERMINAL: 1, "steps": {} }),
    ] {
        folder.file("pipeline.yaml", &text.to_string());
        assert_plain(&folder.weft("check pipeline.yaml"));
        assert_plain(&folder.weft("run pipeline.yaml"));
    }
}

#[test]
fn what_a_component_s_exports_are_called() {
    let folder = Folder::default();
    // Names of a component are made of letters, digits and hyphens; what else is there is shown as what it is.
    let mut binary = std::fs::read(crate::sandbox::component("trivial")).unwrap();
    let name = b"nothing";
    while let Some(at) = binary.windows(name.len()).position(|window| window == name) {
        binary[at..at + name.len()].copy_from_slice(b"\x1b[2Jbad");
    }
    std::fs::write(folder.path().join("odd.wasm"), binary).unwrap();
    assert_plain(&folder.weft("inspect odd.wasm"));
}

#[cfg(unix)]
#[test]
fn markup_on_a_page() {
    let folder = Folder::default();
    folder.file("pipeline.yaml", &pipeline("name-output", "name", MARKUP));
    folder.ok("run pipeline.yaml");
    folder.file("failing.yaml", &pipeline("say", "text", MARKUP));
    let failed = folder.weft("run failing.yaml --json").json()["run"].as_str().unwrap().to_owned();
    let run = folder.json("runs --json")[1]["id"].as_str().unwrap_or_default().to_owned();
    let served = crate::common::served::Served::with(&folder, &["--no-auth"]);
    let mut looked_at = 0;
    for path in [
        "/",
        "/runs",
        "/artifacts",
        &format!("/runs/{failed}"),
        &format!("/runs/{run}"),
        &format!("/runs/{failed}/steps/one"),
        &format!("/runs/{run}/steps/one"),
        "/artifacts/1",
        "/artifacts/2",
    ] {
        let (head, body) = served.get(path, "");
        assert!(!body.contains("<script>globalThis") && !body.contains("<img src=x"), "{path}: {body}");
        assert!(!body.contains("\" onload=\"x"), "{path}: {body}");
        looked_at += usize::from(body.contains("globalThis.owned"));
        if head.contains("text/html") {
            assert!(head.contains("content-security-policy"), "{path}: {head}");
        }
    }
    assert!(looked_at > 0, "no page shows it");
}

#[cfg(unix)]
#[test]
fn turned_text_on_a_page() {
    let folder = Folder::default();
    folder.file("failing.yaml", &pipeline("say", "text", TERMINAL));
    let failed = folder.weft("run failing.yaml --json").json()["run"].as_str().unwrap().to_owned();
    let served = crate::common::served::Served::with(&folder, &["--no-auth"]);
    let (_, body) = served.get(&format!("/runs/{failed}"), "");
    assert!(body.contains("gone"), "{body}");
    assert!(!body.contains(['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}', '\u{2066}']), "{body:?}");
}
