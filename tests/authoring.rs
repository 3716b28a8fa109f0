//! From an empty folder to a running step, in each language with its own tools, as the READMEs of new components say; and mistakes
//! that are told when a component is built, not when it runs.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::{Ended, project, task};
use serde_json::{Value, json};

/// Where `tests/run.sh` put the tools.
fn tools() -> PathBuf {
    project().join("target/guest-tools/author")
}

/// A new component.
struct Component {
    /// Below the tools' folder, so that npm's packages are found as in a workspace.
    _folder: tempfile::TempDir,
    path: PathBuf,
}

impl Component {
    /// Makes one in a folder that is empty but for it.
    fn new(language: &str) -> Self {
        std::fs::create_dir_all(tools()).unwrap();
        let folder = tempfile::Builder::new().prefix("test-").tempdir_in(tools()).unwrap();
        let ended = weft(folder.path(), &["new", "row-filter", "--lang", language, "--pipeline"]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let path = folder.path().join("row-filter");
        Self { _folder: folder, path }
    }

    fn weft(&self, arguments: &[&str]) -> Ended {
        weft(&self.path, arguments)
    }

    /// A command that must succeed, and the JSON that it prints.
    fn json(&self, arguments: &[&str]) -> Value {
        let ended = self.weft(arguments);
        let advice =
            if ended.stderr.contains("is missing") { "\nrun `bash tests/run.sh`, which installs it" } else { "" };
        assert_eq!(ended.code, Some(0), "weft {arguments:?}: {}{advice}", ended.stderr);
        serde_json::from_str(&ended.stdout).unwrap()
    }

    /// A file with one text put in place of another.
    fn replace(&self, file: &str, old: &str, new: &str) {
        let path = self.path.join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(old), "{file} has no {old:?}");
        std::fs::write(path, text.replace(old, new)).unwrap();
    }

    /// What `weft build` says of the component with one change, which is then taken back.
    fn mistake(&self, file: &str, old: &str, new: &str) -> Ended {
        let path = self.path.join(file);
        let right = std::fs::read(&path).unwrap();
        self.replace(file, old, new);
        let ended = self.weft(&["build"]);
        std::fs::write(path, right).unwrap();
        assert_ne!(ended.code, Some(0), "{old:?} became {new:?}: {}", ended.stdout);
        assert!(!ended.stderr.contains("is missing: "), "{}\nrun `bash tests/run.sh`, which installs it", ended.stderr);
        ended
    }

    /// Whether what is said of a change names the line of the WIT that it is about.
    #[track_caller]
    fn assert_told(&self, (file, old, new): (&str, &str, &str), wit: &str, words: &[&str]) {
        let said = self.mistake(file, old, new).stderr;
        for words in words.iter().chain([&wit]) {
            assert!(said.contains(words), "{words:?} is not in:\n{said}");
        }
    }
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = common::command(folder, arguments);
    command
        .env("WEFT_TOOLS", tools())
        // What components in Rust have in common is compiled once for all guests.
        .env("CARGO_TARGET_DIR", project().join("target/guests"))
        .env("ZIG_GLOBAL_CACHE_DIR", project().join("target/guest-tools/zig-cache"))
        .env_remove("WASI_SDK_PATH");
    command
}

fn weft(folder: &Path, arguments: &[&str]) -> Ended {
    command(folder, arguments).output().unwrap().into()
}

/// The whole way, as the README says: test the logic, build, call, run.
fn from_an_empty_folder(language: &str, test: &[&str]) {
    let component = Component::new(language);
    let readme = std::fs::read_to_string(component.path.join("README.md")).unwrap();

    let tested = Command::new(test[0])
        .args(&test[1..])
        .current_dir(&component.path)
        .env("CARGO_TARGET_DIR", tools().join("cargo"))
        .output()
        .unwrap();
    let tested = Ended::from(tested);
    assert_eq!(tested.code, Some(0), "{test:?}: {}{}", tested.stdout, tested.stderr);
    assert!(readme.contains(&test.join(" ")), "the README tells how to test");

    let built = component.json(&["build", "--json"]);
    assert_eq!(built["file"], "build/row-filter.wasm");
    assert_eq!(built["language"], language);
    assert_eq!(built["metadata"]["version"], "0.1.0");
    assert_eq!(built["warnings"], json!([]));
    // What is read from the WIT in the binary is what the runtime reads from its compiled form.
    let inspected = component.json(&["inspect", "build/row-filter.wasm", "--json"]);
    assert_eq!(built["steps"], inspected["steps"]);
    assert_eq!(built["size"], inspected["size"]);

    let call = "weft call build/row-filter.wasm -w table=data/plants.csv -w column=height -w minimum=40";
    assert!(readme.contains(call));
    let mut words: Vec<&str> = call.split(' ').skip(1).collect();
    words.push("--json");
    let called = component.json(&words);
    assert_eq!(called["outputs"]["rows"]["parameter"], 3, "{called}");

    let ran = component.json(&["run", "pipeline.yaml", "--json", "-p", "minimum=100"]);
    assert_eq!(ran["state"], "COMPLETE");
    assert_eq!(ran["outputs"]["rows"]["parameter"], 2);
    assert_eq!(task(&ran, "filter")["state"], "COMPLETE");
    let kept = component.weft(&["artifact", "cat", "latest/filter.kept"]);
    assert_eq!(kept.stdout, "species,height,leaves\nmaple,1200,40000\nsunflower,180,24\n");

    // A mistake in the data is the step's own error, not a trap.
    let failed = component.weft(&[
        "call",
        "build/row-filter.wasm",
        "-w",
        "table=data/plants.csv",
        "-w",
        "column=width",
        "-w",
        "minimum=1",
    ]);
    assert_eq!(failed.code, Some(1));
    assert!(failed.stderr.contains("there is no column `width` in: species,height,leaves"), "{}", failed.stderr);
}

#[test]
fn rust_goes_from_an_empty_folder_to_a_running_step() {
    from_an_empty_folder("rust", &["cargo", "test"]);
}

#[test]
fn python_goes_from_an_empty_folder_to_a_running_step() {
    from_an_empty_folder("python", &["python3", "-m", "unittest"]);
}

#[test]
fn javascript_goes_from_an_empty_folder_to_a_running_step() {
    from_an_empty_folder("js", &["npm", "test"]);
}

#[test]
fn c_goes_from_an_empty_folder_to_a_running_step() {
    from_an_empty_folder("c", &["make", "test"]);
}

/// Where the WIT of new components declares the record, its field `rows` and the function.
const RECORD: &str = "wit/world.wit:9:12";
const FIELD: &str = "wit/world.wit:13:9";
const FUNCTION: &str = "wit/world.wit:17:12";

#[test]
fn mistakes_in_rust_lead_to_the_wit() {
    let component = Component::new("rust");
    let source = "src/lib.rs";
    component.assert_told((source, ", rows })", " })"), FIELD, &["missing field `rows`", RECORD]);
    component.assert_told((source, "fn filter(table", "fn filtre(table"), FUNCTION, &["missing: `filter`"]);
    component.assert_told((source, ", minimum: f64)", ")"), FUNCTION, &["has 2 parameters"]);
}

#[test]
fn mistakes_in_python_are_found_without_running_it() {
    let component = Component::new("python");
    let source = "component.py";
    let whole = "wit_world.Filtered(kept=output, rows=rows)";
    component.assert_told(
        (source, whole, "wit_world.Filtered(output)"),
        FIELD,
        &["lacks its field `rows`", "component.py:"],
    );
    component.assert_told((source, "rows=rows)", "row=rows)"), RECORD, &["has no field `row`"]);
    component.assert_told((source, whole, "{\"kept\": output}"), RECORD, &["returns a dictionary"]);
    component.assert_told((source, "def filter(", "def filtre("), FUNCTION, &["no method `filter`"]);
    component.assert_told((source, ", minimum: float)", ")"), FUNCTION, &["takes 2 parameters"]);
    component.assert_told(
        (source, "column: str, minimum: float", "minimum: float, column: str"),
        FUNCTION,
        &["another order"],
    );
    component.assert_told((source, "class WitWorld", "class Witworld"), FUNCTION, &["no class `WitWorld`"]);
    let unread = component.mistake(source, "class WitWorld(", "class WitWorld((");
    assert!(unread.stderr.contains("cannot be read as Python"), "{}", unread.stderr);
}

#[test]
fn mistakes_in_javascript_are_found_without_running_it() {
    let component = Component::new("js");
    let source = "src/component.js";
    component.assert_told(
        (source, ", rows };\n}", " };\n}"),
        FIELD,
        &["Property 'rows' is missing", "src/component.js:", RECORD],
    );
    component.assert_told(
        (source, "export function filter", "function filter"),
        FUNCTION,
        &["does not export `filter`"],
    );
    component.assert_told(
        (
            source,
            "/** @type {typeof import(\"example:row-filter/row-filter\").filter} */",
            "/** @param {number} table */",
        ),
        FUNCTION,
        &["does not export `filter` as it is declared"],
    );
}

#[test]
fn mistakes_in_c_lead_to_the_wit() {
    let component = Component::new("c");
    let source = "src/component.c";
    component.assert_told(
        (source, "    ret->rows = found.rows;\n", ""),
        "wit/world.wit:13:9",
        &["no source sets the output `rows`"],
    );
    component.assert_told(
        (source, "exports_row_filter_filter(", "exports_row_filter_filtre("),
        FUNCTION,
        &["undefined symbol"],
    );
    component.assert_told(
        (source, "ret->kept = output;", "ret->kept = output; ret->more = 1;"),
        RECORD,
        &["no member named 'more'"],
    );
}

#[test]
fn mistakes_in_the_wit_are_told_before_any_compiler_runs() {
    let component = Component::new("rust");
    let wit = "wit/world.wit";
    for (old, new, words) in [
        ("borrow<dataset>", "borrow<datset>", "did you mean `dataset`?"),
        ("export filter: func(", "export filter: async func(", "it is `async`"),
        ("kept: dataset,", "kept: dataset", "expected '}'"),
        ("result<filtered, string>", "tuple<dataset, u32>", "name the outputs"),
        (
            "include weft:component/imports@0.1.0",
            "include weft:components/imports@0.1.0",
            "did you mean `weft:component@0.1.0`?",
        ),
        ("world row-filter {", "world other { }\nworld row-filter {", "`[package.metadata.weft]`"),
    ] {
        let ended = component.mistake(wit, old, new);
        assert_eq!(ended.code, Some(2), "{}", ended.stderr);
        assert!(ended.stderr.contains(words), "{words:?} is not in:\n{}", ended.stderr);
        assert!(ended.stderr.contains("wit/world.wit:"), "{}", ended.stderr);
        assert!(!ended.stderr.contains("cargo build"), "{}", ended.stderr);
    }
    let json = component.path.join("wit/world.wit");
    std::fs::write(json, "package example:row-filter;\nworld row-filter {\n}\n").unwrap();
    let ended = component.weft(&["build", "--json"]);
    let told: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(told["error"]["diagnostics"][0]["at"]["line"], 2, "{told}");
}

#[test]
fn what_is_missing_is_named_with_the_command_that_installs_it() {
    let component = Component::new("c");
    let empty = tempfile::tempdir().unwrap();
    let output =
        command(&component.path, &["build"]).env("WEFT_TOOLS", empty.path()).env("PATH", "/nowhere").output().unwrap();
    let ended = Ended::from(output);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("a C compiler for WebAssembly is missing"), "{}", ended.stderr);
    assert!(ended.stderr.contains("`weft build --install`"), "{}", ended.stderr);
    assert_eq!(std::fs::read_dir(empty.path()).unwrap().count(), 0, "nothing is installed unasked");
}

/// The tools are installed once, for the examples and for what `weft new` makes; so they must be the same.
#[test]
fn new_components_in_javascript_need_what_the_examples_do() {
    let needs = |file: &str| -> Value {
        let text = std::fs::read_to_string(project().join(file)).unwrap();
        serde_json::from_str::<Value>(&text).unwrap()["devDependencies"].take()
    };
    assert_eq!(needs("runtime/author/templates/js/package.json"), needs("guest-examples/js/package.json"));
}

#[test]
fn the_runtimes_interface_is_put_back_where_it_is_missing() {
    let component = Component::new("c");
    std::fs::remove_dir_all(component.path.join("wit/deps")).unwrap();
    component.json(&["build", "--json"]);
    assert!(component.path.join("wit/deps/weft-component/artifacts.wit").is_file());
}

#[test]
fn a_watched_component_is_built_again_after_each_change() {
    let component = Component::new("c");
    let mut weft = command(&component.path, &["build", "--watch"]).stderr(Stdio::piped()).spawn().unwrap();
    let stderr = BufReader::new(weft.stderr.take().unwrap());
    let (sender, lines) = std::sync::mpsc::channel();
    std::thread::spawn(move || stderr.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    let wait_for = |words: &str| {
        let until = Instant::now() + Duration::from_mins(10);
        let mut seen = String::new();
        loop {
            let Ok(line) = lines.recv_timeout(until.saturating_duration_since(Instant::now())) else {
                panic!("{words:?} did not come after:\n{seen}")
            };
            if line.contains(words) {
                return;
            }
            seen = seen + &line + "\n";
        }
    };
    wait_for("built build/row-filter.wasm");
    component.replace("src/table.c", "is no number", "is not a number");
    wait_for("src/table.c changed");
    // Of another length: the times of files may be too coarse to tell them apart.
    component.replace("wit/world.wit", "minimum: f64", "minimum: f640");
    wait_for("`f640` does not exist");
    component.replace("wit/world.wit", "minimum: f640", "minimum: f64");
    wait_for("built build/row-filter.wasm");
    weft.kill().unwrap();
    weft.wait().unwrap();
    let wasm = std::fs::read(component.path.join("build/row-filter.wasm")).unwrap();
    assert!(wasm.windows(15).any(|bytes| bytes == b"is not a number"));
}
