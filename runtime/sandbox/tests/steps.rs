//! Correct steps: all parameter types, all forms of artifacts, metadata, messages.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{Fixture, a, artifact, p, parameter};
use serde_json::{Value, json};
use weft_pipeline::step::{FailureKind, LogLevel, PortValue};

#[test]
fn every_parameter_type_comes_back_as_it_went() {
    let values = json!({
        "a-bool": true, "an-s8": -128, "a-u8": 255, "an-s16": -32768, "a-u16": 65535, "an-s32": i32::MIN,
        "a-u32": u32::MAX, "an-s64": i64::MIN, "a-u64": u64::MAX, "an-f32": 0.1, "an-f64": "NaN", "a-char": "ß",
        "a-string": "line\nline \u{1F427}", "an-enum": "dark-blue", "some-flags": ["read", "run-it"], "an-option": 3,
        "a-list": [1, -2, 3], "nested": [["a"], [], ["b", "c"]], "a-tuple": [1, "x", false],
        "a-record": {"x": 1.5, "y": -0.5, "label": null},
        "a-variant": {"polygon": [{"x": 0.0, "y": 1.0, "label": "corner"}]}, "a-map": {"a": 1.0, "b": 2.5},
    });
    let fixture = Fixture::default();
    let inputs: Vec<_> =
        values.as_object().unwrap().iter().map(|(name, value)| (name.as_str(), p(value.clone()))).collect();
    let outputs = fixture.trivial("echo", &inputs);
    let back: serde_json::Map<String, Value> =
        outputs.keys().map(|name| (name.clone(), parameter(&outputs, name).clone())).collect();
    assert_eq!(Value::Object(back), values);
}

#[test]
fn returned_errors_are_the_message() {
    let fixture = Fixture::default();
    let message = |function, inputs: &[(&str, PortValue)]| {
        let failure = fixture.run("trivial", function, inputs).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Returned);
        failure.message
    };
    assert_eq!(message("fail", &[("message", p("no such column"))]), "no such column");
    assert!(!message("check", &[("ok", p(false))]).is_empty());
    assert_eq!(message("fail-with", &[("failure", p("unknown"))]), "unknown");
    assert_eq!(message("fail-with", &[("failure", p(json!({"invalid": "row 3"})))]), "invalid: row 3");
    let at = json!({"at": {"row": 3, "column": "sex"}});
    assert_eq!(message("fail-with", &[("failure", p(at))]), r#"at: {"column":"sex","row":3}"#);
    assert!(fixture.trivial("check", &[("ok", p(true))]).is_empty());
    assert!(fixture.trivial("nothing", &[]).is_empty());
}

#[test]
fn bytes_go_through_handles() {
    let fixture = Fixture::default();
    let made = fixture.trivial("generate", &[("bytes", p(3_500_000)), ("seed", p(1))]);
    let data = artifact(&made, "data");
    assert_eq!(data.kind.0, "system.Dataset");
    let copied = fixture.trivial("copy", &[("input", a(data))]);
    assert_eq!(artifact(&copied, "data").uri, data.uri, "equal bytes have equal digests");
    let counted = fixture.trivial("count", &[("input", a(data))]);
    assert_eq!(parameter(&counted, "bytes"), 3_500_000);

    let text = fixture.trivial("write-text", &[("text", p("hello, weft"))]);
    let text = artifact(&text, "data");
    assert_eq!(fixture.text(text), "hello, weft");
    let slice = fixture.trivial("slice", &[("input", a(text)), ("offset", p(7)), ("length", p(100))]);
    assert_eq!(fixture.text(artifact(&slice, "data")), "weft");

    let sparse = fixture.trivial("sparse", &[("length", p(300_000))]);
    let bytes = fixture.bytes(artifact(&sparse, "data"));
    assert_eq!((bytes.len(), bytes[0], bytes[1], bytes[299_999]), (300_000, 1, 0, 255));
}

#[test]
fn lists_and_options_of_artifacts() {
    let fixture = Fixture::default();
    let data = fixture.dataset(b"abcdefgh");
    let cut = fixture.trivial("scatter", &[("input", a(&data)), ("parts", p(3))]);
    let PortValue::Artifacts(parts) = &cut["parts"] else { panic!("{cut:?}") };
    assert_eq!(parts.len(), 3);
    let joined = fixture.trivial("concat", &[("parts", PortValue::Artifacts(parts.clone()))]);
    assert_eq!(artifact(&joined, "data").uri, data.uri);
    let nothing = fixture.trivial("concat", &[("parts", PortValue::Artifacts(Vec::new()))]);
    assert!(fixture.bytes(artifact(&nothing, "data")).is_empty());

    assert!(fixture.trivial("optional", &[("make", p(false))]).keys().all(|name| name != "made"));
    let given = fixture.trivial("optional", &[("make", p(true)), ("name", p("Ada")), ("input", a(&data))]);
    assert_eq!(given.len(), 3);
    assert_eq!(parameter(&given, "input-bytes"), 8);
    assert_eq!(parameter(&fixture.trivial("take", &[("input", a(&data))]), "bytes"), 8);
}

#[test]
fn directories() {
    let fixture = Fixture::default();
    let made = fixture.trivial("make-dir", &[("files", p(20)), ("bytes", p(1000))]);
    let directory = artifact(&made, "data");
    assert!(directory.uri.starts_with("blake3-tree:"), "{}", directory.uri);
    let sum = fixture.trivial("sum-dir", &[("input", a(directory))]);
    assert_eq!(parameter(&sum, "files"), 21);
    assert_eq!(parameter(&sum, "names")[0], "nested/deep/note.txt");
    let told = fixture.trivial("describe", &[("input", a(directory))]);
    assert_eq!(parameter(&told, "is-directory"), true);
    assert_eq!(parameter(&told, "entries").as_object().map(serde_json::Map::len), Some(21));
}

#[test]
fn files_by_path() {
    let fixture = Fixture::default();
    let file = fixture.trivial("write-by-path", &[("text", p("by path")), ("as-directory", p(false))]);
    let file = artifact(&file, "data").clone();
    assert_eq!(fixture.text(&file), "by path");
    let read = fixture.trivial("read-by-path", &[("input", a(&file))]);
    assert_eq!(parameter(&read, "text"), "by path");
    let copied = fixture.trivial("copy-by-path", &[("input", a(&file))]);
    assert_eq!(artifact(&copied, "data").uri, file.uri);
    assert_eq!(fixture.text(&file), "by path", "the store's own copy is untouched");

    let directory = fixture.trivial("write-by-path", &[("text", p("x")), ("as-directory", p(true))]);
    let directory = artifact(&directory, "data");
    assert!(directory.uri.starts_with("blake3-tree:"));
    let read = fixture.trivial("read-by-path", &[("input", a(directory))]);
    assert_eq!(parameter(&read, "names"), &json!(["a.txt", "sub/b.txt"]));

    for handle_first in [true, false] {
        let inputs = [("first", p("1")), ("second", p("2")), ("handle-first", p(handle_first))];
        let failure = fixture.run("trivial", "write-both-ways", &inputs).unwrap_err();
        assert!(failure.message.contains("choose one of the two"), "{}", failure.message);
    }
}

#[test]
fn metadata_stays_typed() {
    let fixture = Fixture::default();
    let made = fixture.trivial(
        "annotate",
        &[
            ("name", p("My data")),
            ("int", p(3)),
            ("double", p(3.0)),
            ("text", p("t")),
            ("truth", p(true)),
            ("items", p("[1,\"a\"]")),
            ("fields", p("{\"k\":[]}")),
        ],
    );
    let data = artifact(&made, "data");
    assert_eq!(data.name.as_deref(), Some("My data"));
    let kinds: Vec<&str> = data
        .properties
        .values()
        .map(|value| match value {
            Value::Number(number) if number.is_i64() => "int",
            Value::Number(_) => "double",
            Value::String(_) => "string",
            Value::Bool(_) => "bool",
            Value::Array(_) => "list",
            Value::Object(_) => "struct",
            Value::Null => "null",
        })
        .collect();
    let mut sorted = kinds.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, ["bool", "double", "int", "list", "string", "struct"]);
    let told = fixture.trivial("describe", &[("input", a(data))]);
    assert_eq!(parameter(&told, "type-name"), "system.Dataset");
    assert_eq!(parameter(&told, "display-name"), "My data");
    assert_eq!(parameter(&told, "uri"), &json!(data.uri));
}

#[test]
fn metrics_have_the_form_that_kubeflow_gives_them() {
    let fixture = Fixture::default();
    let made = fixture.trivial("measure", &[("values", p(json!({"accuracy": 0.97, "loss": 0.1})))]);
    assert_eq!(
        serde_json::to_value(&artifact(&made, "metrics").properties).unwrap(),
        json!({"accuracy": 0.97, "loss": 0.1})
    );
    let made = fixture.trivial("classify", &[]);
    let whole = &artifact(&made, "classification").properties;
    assert_eq!(whole["confidenceMetrics"].as_array().unwrap().len(), 3);
    for key in ["confidenceThreshold", "recall", "falsePositiveRate"] {
        assert!(whole["confidenceMetrics"][0][key].is_f64(), "{key}");
    }
    assert!(whole["confusionMatrix"]["annotationSpecs"][0]["displayName"].is_string());
    assert_eq!(whole["confusionMatrix"]["rows"][1]["row"].as_array().unwrap().len(), 2);
    let slices = artifact(&made, "sliced").properties["evaluationSlices"].as_array().unwrap().clone();
    assert_eq!(
        slices.iter().map(|slice| slice["slice"].as_str().unwrap()).collect::<Vec<_>>(),
        ["island=a", "island=b"]
    );
    assert_eq!(slices[0]["sliceClassificationMetrics"]["confidenceMetrics"].as_array().unwrap().len(), 3);
}

#[test]
fn documents_hold_their_text() {
    let fixture = Fixture::default();
    let made = fixture.trivial("render", &[("title", p("Penguins"))]);
    assert_eq!(artifact(&made, "page").kind.0, "system.HTML");
    assert!(fixture.text(artifact(&made, "note")).contains("Penguins"));
    let read = fixture
        .trivial("read-documents", &[("page", a(artifact(&made, "page"))), ("note", a(artifact(&made, "note")))]);
    assert!(parameter(&read, "page").as_str().unwrap().contains("Penguins"));
}

#[test]
fn messages_and_progress_reach_the_observer() {
    let fixture = Fixture::default();
    let output = fixture.run("trivial", "report", &[("message", p("hello")), ("steps", p(100))]).unwrap();
    let messages = fixture.observer.messages.lock().unwrap();
    assert_eq!(
        messages.iter().map(|(level, _)| *level).collect::<Vec<_>>(),
        [LogLevel::Debug, LogLevel::Info, LogLevel::Warn, LogLevel::Error]
    );
    assert_eq!(fixture.observer.progress.lock().unwrap().last(), Some(&(100, 100)));
    assert!(String::from_utf8(output.trace.log).unwrap().contains("[warn] hello"));
    let output = fixture.run("trivial", "print", &[("text", p("line")), ("lines", p(3))]).unwrap();
    assert_eq!(String::from_utf8(output.trace.log).unwrap().matches("line").count(), 6);
}

#[test]
fn a_step_sees_the_same_time_and_randomness_each_time() {
    let mut fixture = Fixture::default();
    let first = fixture.trivial("entropy", &[]);
    assert_eq!(fixture.trivial("entropy", &[]), first);
    fixture.identity = [8; 32];
    let other = fixture.trivial("entropy", &[]);
    assert_ne!(parameter(&other, "random"), parameter(&first, "random"));
    assert_ne!(parameter(&other, "insecure"), parameter(&first, "insecure"));
    assert_eq!(parameter(&other, "wall"), parameter(&first, "wall"));

    fixture.grants.clock = true;
    fixture.grants.random = true;
    let real = fixture.trivial("entropy", &[]);
    assert_ne!(parameter(&fixture.trivial("entropy", &[]), "random"), parameter(&real, "random"));
    assert!(parameter(&real, "wall").as_u64() > Some(1_700_000_000_000_000_000));
}

#[test]
fn sleeping_takes_no_time_unless_the_clock_is_real() {
    let mut fixture = Fixture::default();
    fixture.trivial("noop", &[]);
    let started = std::time::Instant::now();
    let slept = fixture.trivial("sleep", &[("ms", p(3_600_000))]);
    assert!(parameter(&slept, "seconds").as_f64() >= Some(3600.0));
    assert!(started.elapsed().as_secs() < 60);
    fixture.grants.clock = true;
    let started = std::time::Instant::now();
    fixture.trivial("sleep", &[("ms", p(50))]);
    assert!(started.elapsed().as_millis() >= 50);
}

#[test]
fn artifact_types_of_ones_own_need_nothing_from_the_host() {
    let fixture = Fixture::default();
    let built =
        fixture.run("custom-types", "build", &[("vectors", p(json!([[0.0, 1.0], [1.0, 0.0]])))]).unwrap().outputs;
    let index = artifact(&built, "index");
    assert_eq!(index.kind.0, "acme.EmbeddingIndex");
    let nearest =
        fixture.run("custom-types", "query", &[("index", a(index)), ("vector", p(json!([0.9, 0.1])))]).unwrap();
    assert_eq!(parameter(&nearest.outputs, "position"), 1);
    let kind = fixture.run("custom-types", "kind-of", &[("input", a(index))]).unwrap();
    assert_eq!(parameter(&kind.outputs, "type-name"), "acme.EmbeddingIndex");
}
