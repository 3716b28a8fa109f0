//! The executors of KFP's containers: Python functions and shell commands, in the sandbox.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use common::{Fixture, a, artifact, p, parameter, processor_time};
use serde_json::json;
use weft_pipeline::signature::Port;
use weft_pipeline::step::{
    COMMAND_FUNCTION, Command, ComponentRef, FailureKind, PYTHON, PortValue, StepFailure, StepOutput, StepRequest,
};
use weft_pipeline::types::{ArtifactType, PortType};

const TRAIN: &str = r"
import kfp
from kfp import dsl
from kfp.dsl import *
from typing import *

def train(rows: int, names: list, data: Input[Dataset], model: Output[Model], metrics: Output[Metrics], note: OutputPath(str)) -> NamedTuple('outputs', [('count', int), ('share', float)]):
    text = open(data.path).read()
    print('training on', data.path, data.metadata)
    if rows < 0:
        raise ValueError(f'{rows} rows are too few')
    with open(model.path, 'w') as f:
        f.write(text.upper())
    model.metadata['framework'] = 'none'
    metrics.log_metric('accuracy', 0.75)
    with open(note, 'w') as f:
        f.write(','.join(names))
    return (rows + len(text), 0.5)
";

/// An executor built by `runtime/executors/build.sh`.
fn executor(name: &str) -> PathBuf {
    let path = common::project().join(format!("target/executors/{name}.wasm"));
    assert!(path.exists(), "{} is missing: build it with `runtime/executors/build.sh`", path.display());
    path
}

fn run(
    fixture: &Fixture,
    name: &str,
    command: Command,
    inputs: &[(&str, PortValue)],
) -> Result<StepOutput, StepFailure> {
    let loaded = fixture.sandbox.load_file(&executor(name)).unwrap();
    assert!(loaded.is_command());
    run_loaded(fixture, loaded.digest(), command, inputs)
}

fn run_loaded(
    fixture: &Fixture,
    digest: &str,
    command: Command,
    inputs: &[(&str, PortValue)],
) -> Result<StepOutput, StepFailure> {
    let request = StepRequest {
        strict: false,
        task: "the-step".into(),
        component: ComponentRef { digest: digest.to_owned(), function: COMMAND_FUNCTION.to_owned() },
        command: Some(command),
        inputs: inputs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        grants: fixture.grants.clone(),
        limits: fixture.limits,
        identity: fixture.identity,
    };
    fixture.sandbox.run(&request, &*fixture.observer).map_err(|failure| *failure)
}

fn command(argv: &[&str], outputs: &[(&str, &str)]) -> Command {
    let port = |ty: &str| {
        let artifact = || PortType::Artifact { kind: ArtifactType(ty.to_owned()), list: false };
        Port::required(ty.parse().map_or_else(|_| artifact(), PortType::Parameter))
    };
    Command {
        argv: argv.iter().map(|text| (*text).to_owned()).collect(),
        outputs: outputs.iter().map(|(name, ty)| ((*name).to_owned(), port(ty))).collect(),
        ..Command::default()
    }
}

fn python(argv: &[&str]) -> Command {
    command(&std::iter::once("python3").chain(argv.iter().copied()).collect::<Vec<_>>(), &[])
}

fn train() -> Command {
    let argv = ["python3", "--kfp-function", TRAIN, "--executor_input", "{{$}}", "--function_to_execute", "train"];
    let outputs = [
        ("model", "system.Model"),
        ("metrics", "system.Metrics"),
        ("note", "string"),
        ("count", "int"),
        ("share", "float"),
    ];
    command(&argv, &outputs)
}

#[test]
fn python_is_told_who_and_where_it_is_always_the_same() {
    let code = r"
import getpass, grp, os, platform, pwd, shutil, socket, tempfile, fcntl, ctypes, ssl
from pathlib import Path
print(os.getuid(), os.geteuid(), os.getgid(), os.getgroups(), os.getlogin(), getpass.getuser(), os.getppid())
print(*os.uname(), socket.gethostname(), platform.node(), platform.system(), platform.machine())
print(pwd.getpwuid(os.getuid()).pw_dir, grp.getgrgid(0).gr_name, Path('/tmp').owner(), Path('/tmp').group(), Path.home())
print(socket.gethostbyname(socket.gethostname()), shutil.get_terminal_size(), os.umask(0o77), os.sched_getaffinity(0))
print(ctypes.sizeof(ctypes.c_long), ctypes.c_uint8(300).value, ssl.create_default_context().check_hostname)
with open(os.devnull, 'w') as file:
    print(file.write('x'), open(os.devnull).read() == '')
try:
    pwd.getpwnam('penguin')
except KeyError as error:
    print(error)
";
    let fixture = Fixture::default();
    let output = run(&fixture, "python", python(&["-c", code]), &[]).unwrap();
    let said = String::from_utf8(output.trace.log).unwrap();
    assert_eq!(
        said.lines().collect::<Vec<_>>(),
        [
            "0 0 0 [0] root root 1",
            "WASI sandbox 0.2 weft wasm32 sandbox sandbox WASI wasm32",
            "/tmp root root root /tmp",
            "127.0.0.1 os.terminal_size(columns=80, lines=24) 18 {0}",
            "4 44 True",
            "1 True",
            "\"getpwnam(): name not found: 'penguin'\"",
        ]
    );
}

#[test]
fn python_that_waits_for_time_has_waited_in_a_moment() {
    let fixture = Fixture::default();
    // Compiling is not what is timed.
    run(&fixture, "python", python(&["-c", ""]), &[]).unwrap();
    for seconds in [60, 3600] {
        let code = format!(
            "import time\nend = time.time() + {seconds}\nwhile time.time() < end: print('waiting')\nend += {seconds}\n\
             while time.time() < end: time.sleep(0.01)\nprint('done')"
        );
        let started = Instant::now();
        let output = run(&fixture, "python", python(&["-c", &code]), &[]).unwrap();
        assert!(started.elapsed() < Duration::from_secs(5), "{seconds} s took {:?}", started.elapsed());
        assert!(output.trace.log.ends_with(b"done\n"));
    }
}

#[test]
fn a_function_of_kfp_runs() {
    let fixture = Fixture::default();
    let mut data = fixture.dataset(b"penguins");
    data.properties.insert("rows".to_owned(), json!(344));
    let inputs = |rows: i32| [("rows", p(rows)), ("names", p(json!(["a", "b"]))), ("data", a(&data))];
    let output = run(&fixture, "python", train(), &inputs(3)).unwrap();
    let log = String::from_utf8(output.trace.log).unwrap();
    let seen = weft_pipeline::command::uri::of_content(&data.uri);
    assert!(log.contains(&format!("training on {seen} {{'rows': 344}}")), "{log}");
    let model = artifact(&output.outputs, "model");
    assert_eq!(fixture.text(model), "PENGUINS");
    assert_eq!(json!(model.properties), json!({"framework": "none"}));
    assert_eq!(json!(artifact(&output.outputs, "metrics").properties), json!({"accuracy": 0.75}));
    assert_eq!(parameter(&output.outputs, "note"), "a,b");
    assert_eq!(parameter(&output.outputs, "count"), 11);
    assert_eq!(parameter(&output.outputs, "share"), 0.5);

    let failure = run(&fixture, "python", train(), &inputs(-1)).unwrap_err();
    assert_eq!(
        (failure.kind, failure.message.as_str()),
        (FailureKind::Returned, "ValueError: -1 rows are too few"),
        "{}",
        String::from_utf8_lossy(&failure.trace.log)
    );
}

#[test]
fn a_shell_command_runs() {
    let fixture = Fixture::default();
    let script = "mkdir -p \"$(dirname \"$0\")\" && echo \"hello $1\" | cat > \"$0\" && printf %s \"$1\" > \"$2\"";
    let argv = [
        "sh",
        "-ec",
        script,
        "{{$.outputs.artifacts['text'].path}}",
        "{{$.inputs.parameters['name']}}",
        "{{$.outputs.parameters['name'].output_file}}",
    ];
    let command = command(&argv, &[("text", "system.Dataset"), ("name", "string")]);
    let output = run(&fixture, "shell", command, &[("name", p("Ada"))]).unwrap();
    assert_eq!(fixture.text(artifact(&output.outputs, "text")), "hello Ada\n");
    assert_eq!(parameter(&output.outputs, "name"), "Ada");
    let failing = run(&fixture, "shell", self::command(&["sh", "-c", "echo no >&2; exit 3"], &[]), &[]).unwrap_err();
    assert_eq!(failing.kind, FailureKind::Returned);
    assert!(failing.message.ends_with(": no"), "{}", failing.message);
}

#[test]
fn five_functions_take_no_time() {
    let fixture = Fixture::default();
    let data = fixture.dataset(b"penguins");
    let inputs = [("rows", p(3)), ("names", p(json!(["a", "b"]))), ("data", a(&data))];
    let digest = fixture.sandbox.load_file(&executor("python")).unwrap().digest().to_owned();
    let function = || run_loaded(&fixture, &digest, train(), &inputs).unwrap();
    function();
    let ((), took) = processor_time(|| (0..5).for_each(|_| _ = function()));
    println!("five functions take {took:?}");
    assert!(took < Duration::from_millis(500), "{took:?}");
}

/// A script of the shell that can call Python.
fn script(fixture: &Fixture, text: &str) -> Result<StepOutput, StepFailure> {
    let python = fixture.sandbox.load_file(&executor("python")).unwrap().digest().to_owned();
    let programs = [(PYTHON.to_owned(), python)].into();
    run(fixture, "shell", Command { programs, ..command(&["sh", "-c", text], &[]) }, &[])
}

#[test]
fn a_script_calls_python() {
    let fixture = Fixture::default();
    let text = "echo \"$(python -c 'import sys; print(sys.stdin.read().upper())' <<<abc)\" && cd /tmp && X=1 python3 -c '
import os, random
print(os.getcwd(), os.environ[\"X\"], random.random())' && python3 -c 'import random; print(random.random())'; nopython; pip --version";
    let said = |output: StepOutput| String::from_utf8(output.trace.log).unwrap();
    // The last command fails.
    let failure = script(&fixture, text).unwrap_err();
    let first = String::from_utf8(failure.trace.log).unwrap();
    let lines: Vec<&str> = first.lines().collect();
    assert_eq!(lines[0], "ABC", "{first}");
    assert!(lines[1].starts_with("/tmp 1 0."), "{first}");
    assert!(!lines[1].ends_with(lines[2]), "each call has randomness of its own: {first}");
    assert!(first.contains("nopython: not found"), "{first}");
    assert!(first.contains("packages_to_install"), "{first}");
    assert_eq!(String::from_utf8(script(&fixture, text).unwrap_err().trace.log).unwrap(), first);
    // Without the program there is none.
    let none = run(&fixture, "shell", command(&["sh", "-c", "command -v python3; python3 || echo none"], &[]), &[]);
    let none = said(none.unwrap());
    assert!(!none.contains("/usr/bin") && none.ends_with("none\n"), "{none}");
}

#[test]
fn what_a_script_calls_is_within_the_limits_of_its_step() {
    let mut fixture = Fixture::default();
    // Compiling is not what is timed.
    script(&fixture, "python3 -c ''").unwrap();
    let large =
        script(&fixture, "python3 -c \"import sys; [sys.stdout.write('x' * 2**20) for _ in range(40)]\" | wc -c")
            .unwrap();
    let said = String::from_utf8(large.trace.log).unwrap();
    assert!(said.contains("it wrote more than 32 MiB at once"), "{said}");

    fixture.limits.memory = Some(256 << 20);
    let failure = script(&fixture, "python3 -c 'x = bytearray(2**28)' || exit 7").unwrap_err();
    let said = String::from_utf8(failure.trace.log).unwrap();
    assert!(said.contains("MemoryError"), "{said}");
    fixture.limits.memory = None;

    fixture.limits.output = Some(1 << 20);
    let code = "f = open(\"/tmp/x\", \"wb\")\nwhile True: f.write(bytes(2**20))";
    let failure = script(&fixture, &format!("python3 -c '{code}'; echo on")).unwrap_err();
    assert_eq!(failure.kind, FailureKind::LimitReached, "{}", failure.message);
    fixture.limits.output = None;

    fixture.limits.time = Some(Duration::from_millis(500));
    let failure = script(&fixture, "python3 -c 'while True: pass'; echo on").unwrap_err();
    assert_eq!(failure.kind, FailureKind::LimitReached, "{}", failure.message);
    assert!(failure.message.contains("time"), "{}", failure.message);
}
