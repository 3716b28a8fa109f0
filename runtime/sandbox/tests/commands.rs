//! Commands of WASI: their files, outputs and failures.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::time::{Duration, Instant};

use common::{Fixture, a, artifact, component, p, parameter, processor_time};
use serde_json::json;
use weft_pipeline::signature::Port;
use weft_pipeline::step::{
    COMMAND_FUNCTION, Command, ComponentRef, DirectoryGrant, FailureKind, PortValue, SecretGrant, SecretKind,
    StepFailure, StepOutput, StepRequest,
};
use weft_pipeline::types::{ArtifactType, PortType};

fn command(argv: &[&str]) -> Command {
    let artifact = |kind: &str| Port::required(PortType::Artifact { kind: ArtifactType(kind.to_owned()), list: false });
    Command {
        argv: std::iter::once(&"command").chain(argv).map(|text| (*text).to_owned()).collect(),
        outputs: [("model".to_owned(), artifact("system.Model"))].into(),
        ..Command::default()
    }
}

fn parameters(command: Command, outputs: &[(&str, &str)]) -> Command {
    let port = |ty: &str| Port::required(PortType::Parameter(ty.parse().unwrap()));
    let outputs = outputs.iter().map(|(name, ty)| ((*name).to_owned(), port(ty))).collect();
    Command { outputs, ..command }
}

trait Commands {
    fn command(&self, command: Command, inputs: &[(&str, PortValue)]) -> Result<StepOutput, StepFailure>;

    fn log(&self, argv: &[&str]) -> String {
        String::from_utf8(self.command(command(argv), &[]).unwrap().trace.log).unwrap()
    }
}

impl Commands for Fixture {
    fn command(&self, command: Command, inputs: &[(&str, PortValue)]) -> Result<StepOutput, StepFailure> {
        let loaded = self.sandbox.load_file(&component("command")).unwrap();
        assert!(loaded.is_command() && loaded.steps().is_empty());
        let request = StepRequest {
            strict: false,
            task: "the-step".into(),
            component: ComponentRef { digest: loaded.digest().to_owned(), function: COMMAND_FUNCTION.to_owned() },
            command: Some(command),
            inputs: inputs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
            grants: self.grants.clone(),
            limits: self.limits,
            identity: self.identity,
        };
        self.sandbox.run(&request, &*self.observer).map_err(|failure| *failure)
    }
}

fn quick() -> Fixture {
    let fixture = Fixture::default();
    // Compiling is not what is timed.
    fixture.log(&["time"]);
    fixture
}

#[test]
fn it_sees_its_arguments_variables_and_files() {
    let mut fixture = Fixture::default();
    fixture.grants.env = vec!["GRANTED".to_owned()];
    fixture.grants.variables.insert("NAME".to_owned(), "granted".to_owned());
    let data = fixture.dataset(b"abc");
    let mut command =
        command(&["show", "{{$.inputs.parameters['n']}}", "{{$.inputs.artifacts['data'].path}}", "$(OWN)"]);
    command.env.insert("OWN".to_owned(), "$(NAME)/own".to_owned());
    let output = fixture.command(command, &[("n", p(3)), ("data", a(&data))]).unwrap();
    let log = String::from_utf8(output.trace.log).unwrap();
    let seen = weft_pipeline::command::uri::of_content(&data.uri);
    let args = format!(r#"args ["command", "show", "3", "{seen}", "granted/own"]"#);
    assert!(log.contains(&args), "{log}");
    assert!(log.contains(r#"env [("GRANTED", "value"), ("NAME", "granted"), ("OWN", "granted/own")]"#), "{log}");
    assert!(log.contains(&format!("/in [\"{}\"]", &seen[4..])), "{log}");
    for line in [r#"/ ["out", "tmp"]"#, r#"/tmp ["kfp", "kfp_outputs"]"#, r#". ["out", "tmp"]"#] {
        assert!(log.contains(line), "{line} is not in {log}");
    }
    assert!(log.contains("stdin Ok(0)"), "{log}");
    assert!(output.trace.peak_memory > 0);
}

#[test]
fn waits_for_time_end_in_a_moment_and_always_after_as_many_looks() {
    let mut fixture = quick();
    fixture.limits.time = Some(Duration::from_secs(20));
    for how in ["looking", "printing", "sleeping"] {
        for seconds in ["60", "3600"] {
            let waited = |fixture: &Fixture| {
                let log = fixture.log(&["wait", seconds, how]);
                log.lines().last().unwrap().to_owned()
            };
            let started = Instant::now();
            let first = waited(&fixture);
            assert!(started.elapsed() < Duration::from_secs(5), "{how} {seconds}: {:?}", started.elapsed());
            assert!(first.starts_with("waited after "), "{first}");
            assert_eq!(waited(&fixture), first, "{how} {seconds}");
        }
    }
}

#[test]
fn its_outputs_are_taken() {
    let fixture = Fixture::default();
    let data = fixture.dataset(b"penguins");
    let copy = command(&["copy", "{{$.inputs.artifacts['data'].uri}}", "{{$.outputs.artifacts['model'].uri}}"]);
    let output = fixture.command(copy, &[("data", a(&data))]).unwrap();
    let model = artifact(&output.outputs, "model");
    assert_eq!((fixture.text(model).as_str(), model.kind.0.as_str()), ("PENGUINS", "system.Model"));
    assert_eq!(fixture.text(&data), "penguins");

    let tree = fixture.command(command(&["tree", "{{$.outputs.artifacts['model'].path}}"]), &[]).unwrap();
    assert!(artifact(&tree.outputs, "model").uri.starts_with("blake3-tree:"));

    let written = parameters(command(&["write", "{{$.outputs.parameters['n'].output_file}}", "42\n"]), &[("n", "int")]);
    assert_eq!(parameter(&fixture.command(written, &[]).unwrap().outputs, "n"), 42);

    let told = r#"{"parameterValues": {"n": 3.0, "list": [1, "{{$.inputs.parameters['x'].json_escape[1]}}"]}}"#;
    let told = parameters(command(&["write", "{{$.outputs.output_file}}", told]), &[("n", "int"), ("list", "list")]);
    let output = fixture.command(told, &[("x", p("\"quoted\""))]).unwrap();
    assert_eq!(parameter(&output.outputs, "n"), 3);
    assert_eq!(parameter(&output.outputs, "list"), &json!([1, "\"quoted\""]));
}

#[track_caller]
fn expect(result: Result<StepOutput, StepFailure>, kind: FailureKind, words: &[&str]) {
    let failure = result.unwrap_err();
    assert_eq!(failure.kind, kind, "{failure:?}");
    for word in words {
        assert!(failure.message.contains(word), "{word:?} is not in {:?}", failure.message);
    }
    assert!(!failure.message.contains("wasm backtrace"), "{}", failure.message);
}

#[test]
fn failures_tell_what_went_wrong() {
    let fixture = quick();
    let run = |argv: &[&str]| fixture.command(command(argv), &[]);
    // wasi-libc before `exit-with-code` reports only that it failed.
    expect(run(&["exit", "3"]), FailureKind::Returned, &["exit status", "no penguins here"]);
    assert!(run(&["exit", "0"]).is_ok());
    expect(run(&["traceback"]), FailureKind::Returned, &["ValueError: no penguins"]);
    assert_eq!(run(&["traceback"]).unwrap_err().message, "ValueError: no penguins");
    expect(run(&["panic"]), FailureKind::Trapped, &["no penguins here"]);
    expect(run(&["trap"]), FailureKind::Trapped, &[]);
    let missing = parameters(command(&["time"]), &[("n", "int"), ("s", "string")]);
    expect(fixture.command(missing, &[]), FailureKind::Returned, &["`n`, `s`"]);
    let wrong = parameters(command(&["write", "/tmp/kfp/outputs/n", "three"]), &[("n", "int")]);
    expect(fixture.command(wrong, &[]), FailureKind::Returned, &["`n`", "not of its type"]);
    expect(run(&["show", "{{$.outputs.artifacts['none'].uri}}"]), FailureKind::Host, &["`none`"]);
}

#[test]
fn limits_hold() {
    let mut fixture = quick();
    fixture.limits.time = Some(Duration::from_millis(300));
    expect(fixture.command(command(&["loop"]), &[]), FailureKind::LimitReached, &["time limit of 300ms"]);
    fixture.limits.time = None;
    fixture.limits.output = Some(10 << 20);
    let model = "{{$.outputs.artifacts['model'].path}}";
    for argv in [["fill", "/tmp/x"], ["fill", model], ["fill", "x"], ["far", model]] {
        expect(fixture.command(command(&argv), &[]), FailureKind::LimitReached, &["10 MiB"]);
    }
    fixture.limits.memory = Some(32 << 20);
    let failure = fixture.command(command(&["hog"]), &[]).unwrap_err();
    assert_eq!(failure.kind, FailureKind::LimitReached, "{failure:?}");
    assert!(fixture.store.fsck(weft_artifacts::Repair::None, &mut |_| {}).unwrap().is_empty());
}

#[test]
fn an_interrupted_command_ends_at_once() {
    let fixture = quick();
    fixture.observer.interrupt.store(true, std::sync::atomic::Ordering::Relaxed);
    expect(fixture.command(command(&["loop"]), &[]), FailureKind::Interrupted, &[]);
}

#[test]
fn nothing_else_is_in_reach() {
    let mut fixture = quick();
    let data = fixture.dataset(b"data");
    std::fs::write(fixture.folder.path().join("secret"), "secret").unwrap();
    let trespass = command(&["trespass", "{{$.inputs.artifacts['data'].path}}"]);
    let output = fixture.command(trespass, &[("data", a(&data))]).unwrap();
    assert_eq!(String::from_utf8(output.trace.log).unwrap(), "tried\n");
    assert_eq!(fixture.text(&data), "data");
    assert!(fixture.log(&["network"]).contains("Err("));
    for target in ["/etc/passwd", "../../../../../secret", "../../../in"] {
        let linked = fixture.command(command(&["link", target, "{{$.outputs.artifacts['model'].path}}"]), &[]);
        // The link itself may be refused; what lies behind it is never taken.
        if let Ok(output) = linked {
            assert_eq!(fixture.text(artifact(&output.outputs, "model")), "", "{target}");
        }
    }
    // A granted directory is read-only unless writing was granted.
    let shared = fixture.folder.path().join("shared");
    std::fs::create_dir(&shared).unwrap();
    let grant = |write| DirectoryGrant { host: shared.to_str().unwrap().to_owned(), write };
    fixture.grants.directories.insert("/data".to_owned(), grant(false));
    assert!(fixture.command(command(&["write", "/data/x", "x"]), &[]).is_err());
    fixture.grants.directories.insert("/data".to_owned(), grant(true));
    fixture.command(command(&["write", "/data/x", "x"]), &[]).unwrap();
    assert_eq!(std::fs::read(shared.join("x")).unwrap(), b"x");
}

#[test]
fn secrets_are_read_only_and_hidden() {
    let mut fixture = Fixture::default();
    let grant = |key: Option<&str>| SecretGrant {
        kind: SecretKind::Secret,
        name: "api".to_owned(),
        key: key.map(str::to_owned),
        optional: false,
    };
    fixture.grants.secrets = [("TOKEN".to_owned(), grant(Some("token"))), ("/etc/api/".to_owned(), grant(None))].into();
    // An own variable can speak of it, and an argument.
    let mut shown = command(&["show", "an argument $(TOKEN)"]);
    shown.env.insert("OWN".to_owned(), "Bearer $(TOKEN)".to_owned());
    let output = fixture.command(shown, &[]).unwrap();
    let log = String::from_utf8(output.trace.log).unwrap();
    assert!(log.contains(r#"env [("OWN", "Bearer ***"), ("TOKEN", "***")]"#), "{log}");
    assert!(log.contains(r#""an argument ***""#) && !log.contains("s3cret"), "{log}");
    let copy = command(&["copy", "/etc/api/token", "{{$.outputs.artifacts['model'].path}}"]);
    let output = fixture.command(copy, &[]).unwrap();
    assert_eq!(fixture.text(artifact(&output.outputs, "model")), "S3CRET-TOKEN");
    assert!(fixture.command(command(&["write", "/etc/api/token", "x"]), &[]).is_err());
    assert!(fixture.command(command(&["write", "/etc/api/new", "x"]), &[]).is_err());

    fixture.grants.secrets = [("/in".to_owned(), grant(None))].into();
    expect(fixture.command(command(&["show"]), &[]), FailureKind::Host, &["/in", "elsewhere"]);
    fixture.grants.secrets = [("X".to_owned(), grant(Some("other")))].into();
    let words = ["it needs the key `other` of the secret `api`", "the variable X"];
    expect(fixture.command(command(&["show"]), &[]), FailureKind::Host, &words);
}

#[test]
fn time_and_chance_are_the_same_every_time() {
    let fixture = Fixture::default();
    for what in ["time", "random"] {
        assert_eq!(fixture.log(&[what]), fixture.log(&[what]));
    }
    let other = Fixture { identity: [8; 32], ..Fixture::default() };
    assert_ne!(fixture.log(&["random"]), other.log(&["random"]));
}

#[test]
fn a_step_function_is_no_program() {
    let fixture = Fixture::default();
    let loaded = fixture.sandbox.load_file(&component("trivial")).unwrap();
    assert!(!loaded.is_command());
    let request = StepRequest {
        strict: false,
        task: "the-step".into(),
        component: ComponentRef { digest: loaded.digest().to_owned(), function: COMMAND_FUNCTION.to_owned() },
        command: Some(command(&[])),
        inputs: weft_pipeline::step::PortValues::new(),
        grants: fixture.grants.clone(),
        limits: fixture.limits,
        identity: fixture.identity,
    };
    let failure = fixture.sandbox.run(&request, &*fixture.observer).unwrap_err();
    assert!(failure.message.contains("no program"), "{}", failure.message);
}

#[test]
fn a_call_costs_little() {
    let fixture = quick();
    let write = || command(&["write", "{{$.outputs.artifacts['model'].path}}", "x"]);
    fixture.command(write(), &[]).unwrap();
    let ((), took) = processor_time(|| (0..20).for_each(|_| _ = fixture.command(write(), &[]).unwrap()));
    println!("twenty commands take {took:?}");
    assert!(took < Duration::from_millis(400), "{took:?}");
}
