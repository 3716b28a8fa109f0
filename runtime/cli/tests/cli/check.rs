//! `weft check`, and what keeps `weft run` from starting.

use crate::common::Folder;

const WRONG: &str = "\
name: wrong
parameters:
  n: u8
  spare: { type: string, default: x }
steps:
  one:
    component: @trivial#writetext
    with: { text: hello }
  two:
    component: @trivial#add
    with:
      a: ${params.n}
      b: ${one.data}
      c: 4
  three:
    component: @trivial#echoo
  four:
    component: @trivial
  five:
    component: missing/model.wasm#train
  six:
    component: missing/model.wasm#test
  seven:
    component: wrong.yaml
  eight:
    component: @trivial#use-memory
    with: { bytes: -1 }
  nine:
    component: @trivial#count
    with: { input: \"${eight.checksum}\" }
  ten:
    component: @odd#file-input
    when: nine.bytes > elven.x
outputs:
  sum: ${two.sun}
";

#[test]
fn everything_wrong_is_told_at_once() {
    let folder = Folder::default();
    folder.file("wrong.yaml", WRONG);
    insta::assert_snapshot!(folder.seen("check wrong.yaml"));
    let document = folder.json_of_failure("check wrong.yaml --json");
    assert_eq!(document["valid"], false);
    let diagnostics = document["diagnostics"].as_array().unwrap();
    assert!(diagnostics.len() > 8, "{diagnostics:#?}");
    assert!(diagnostics.iter().all(|diagnostic| diagnostic["at"]["line"].as_u64().unwrap() > 1));
    // Nothing ran, nothing was left behind.
    assert!(!folder.path().join(".weft").exists());
}

#[test]
fn a_file_that_is_no_pipeline_is_told() {
    let folder = Folder::default();
    folder.file("half.yaml", "name: half\nsteps:\n  one: { component: [\n");
    folder.file("other.yaml", "kind: Pod\nspec: 1\n");
    folder.file("cycle.yaml", "name: c\nsteps:\n  a:\n    component: @trivial#noop\n    after: [b]\n  b:\n    component: @trivial#noop\n    after: [a]\n");
    std::fs::create_dir(folder.path().join("folder")).unwrap();
    folder.file("folder/pipeline.yaml", "name: x\n");
    let seen: Vec<String> = ["half.yaml", "other.yaml", "cycle.yaml", "nothing.yaml", "folder"]
        .iter()
        .map(|file| folder.seen(&format!("check {file}")))
        .collect();
    insta::assert_snapshot!(seen.join("\n\n"));
}

const GREET: &str = "\
name: greet
parameters:
  n: { type: int, description: How many bytes }
  word: { type: string, default: hi }
steps:
  memory:
    component: @trivial#generate
    with: { bytes: \"${params.n}\", seed: 1 }
  text:
    component: @trivial#write-text
    with: { text: \"${params.word}\" }
";

#[test]
fn parameters_are_checked_wherever_they_come_from() {
    let folder = Folder::default();
    folder.file("greet.yaml", GREET);
    folder.file("params.yaml", "word: [1, 2]\nm: 3\n");
    folder.file("good.json", "{\"n\": 3, \"word\": \"from the file\"}");
    let seen: Vec<String> = [
        "check greet.yaml",
        "run greet.yaml",
        "run greet.yaml -p n=-4 -p wrod=x",
        "run greet.yaml -p n=many",
        "run greet.yaml -p n",
        "run greet.yaml -p n=3 --params params.yaml",
        "run greet.yaml --params nothing.yaml",
    ]
    .iter()
    .map(|arguments| folder.seen(*arguments))
    .collect();
    insta::assert_snapshot!(seen.join("\n\n"));
    let outcome = folder.json("run greet.yaml --params good.json -p word=over --json");
    assert_eq!(outcome["state"], "COMPLETE");
    assert_eq!(folder.ok("artifact cat latest/text.data").stdout, "over");
}

#[test]
fn errors_are_json_where_json_was_asked_for() {
    let folder = Folder::default();
    folder.file("greet.yaml", GREET);
    let refused = folder.json_of_failure("run greet.yaml --json");
    assert!(refused["error"]["diagnostics"][0]["message"].as_str().unwrap().contains("`n` is not given"));
    let none = folder.json_of_failure("runs show --json --store elsewhere");
    assert!(none["error"]["message"].as_str().unwrap().contains("no store"));
    assert!(none["error"]["hint"].is_string());
}
