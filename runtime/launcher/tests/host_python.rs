//! Commands run by a Python interpreter of the host.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::io::Read as _;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;
use weft_artifacts::Store;
use weft_launcher::{HostPython, Limits, Secrets};
use weft_pipeline::signature::Port;
use weft_pipeline::step::{
    Artifact, COMMAND_FUNCTION, Command, ComponentRef, DirectoryGrant, FailureKind, Grants, LogLevel, PortValue,
    SecretGrant, SecretKind, StepFailure, StepObserver, StepOutput, StepRequest,
};
use weft_pipeline::types::{ArtifactType, PortType};

#[derive(Default)]
struct Observer(AtomicBool);

impl StepObserver for Observer {
    fn log(&self, _task: &str, _level: LogLevel, _message: &str) {}
    fn progress(&self, _task: &str, _done: u64, _total: u64) {}
    fn interrupted(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

struct Fixture {
    folder: tempfile::TempDir,
    store: Store,
    interpreter: PathBuf,
    observer: Observer,
    limits: weft_pipeline::step::Limits,
    grants: Grants,
    secrets: Arc<Secrets>,
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("store")).unwrap();
        // The first one on the PATH: these tests need only the standard library.
        let interpreter = std::env::split_paths(&std::env::var_os("PATH").unwrap())
            .map(|folder| folder.join("python3"))
            .find(|path| path.exists())
            .unwrap();
        let (observer, limits, grants) =
            (Observer::default(), weft_pipeline::step::Limits::default(), Grants::default());
        let secrets = Arc::default();
        Self { folder, store, interpreter, observer, limits, grants, secrets }
    }

    fn run(&self, command: Command, inputs: &[(&str, PortValue)]) -> Result<StepOutput, StepFailure> {
        let limits = Limits { time: Duration::from_mins(10), output: 1 << 30 };
        let environment = [("GRANTED".to_owned(), "value".to_owned())].into();
        let python =
            HostPython::new(self.store.clone(), self.interpreter.clone(), limits, environment, self.secrets.clone());
        let request = StepRequest {
            strict: false,
            task: "the-step".into(),
            component: ComponentRef { digest: "host-python:3".into(), function: COMMAND_FUNCTION.into() },
            command: Some(command),
            inputs: inputs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
            grants: self.grants.clone(),
            limits: self.limits,
            identity: [7; 32],
        };
        python.run(&request, &self.observer).map_err(|failure| *failure)
    }

    fn code(&self, code: &str) -> Result<StepOutput, StepFailure> {
        self.run(command(&["-c", code], &[]), &[])
    }

    fn put(&self, bytes: &[u8]) -> Artifact {
        let mut writer = self.store.create(None).unwrap();
        writer.append(bytes).unwrap();
        let uri = writer.finish().unwrap().to_string();
        Artifact { id: None, kind: ArtifactType("system.Dataset".into()), uri, name: None, properties: BTreeMap::new() }
    }

    fn text(&self, uri: &str) -> String {
        let to = self.folder.path().join("exported");
        self.store.export(&uri.parse().unwrap(), &to, weft_artifacts::Existing::Overwrite).unwrap();
        std::fs::read_to_string(to).unwrap()
    }
}

fn command(argv: &[&str], outputs: &[(&str, &str)]) -> Command {
    let port = |ty: &str| {
        let artifact = || PortType::Artifact { kind: ArtifactType(ty.to_owned()), list: false };
        Port::required(ty.parse().map_or_else(|_| artifact(), PortType::Parameter))
    };
    Command {
        argv: std::iter::once(&"python3").chain(argv).map(|text| (*text).to_owned()).collect(),
        outputs: outputs.iter().map(|(name, ty)| ((*name).to_owned(), port(ty))).collect(),
        ..Command::default()
    }
}

fn log(output: &StepOutput) -> String {
    String::from_utf8(output.trace.log.clone()).unwrap()
}

#[test]
fn files_and_outputs_are_as_in_the_sandbox() {
    let mut fixture = Fixture::new();
    fixture.grants.env = vec!["GRANTED".to_owned()];
    let code = r"
import json, os, sys
given = json.loads(sys.argv[1])
data = given['inputs']['artifacts']['data']['artifacts'][0]['uri']
text = open(data).read()
open(data, 'w').write('changed')
with open(given['outputs']['artifacts']['model']['artifacts'][0]['uri'], 'w') as f:
    f.write(text.upper())
with open(given['outputs']['parameters']['n']['outputFile'], 'w') as f:
    f.write(str(len(text)))
with open(given['outputs']['outputFile'], 'w') as f:
    json.dump({'artifacts': {'model': {'artifacts': [{'metadata': {'a': float('nan')}}]}}}, f)
print([name for name in ('CARGO_MANIFEST_DIR', 'HOME', 'PATH') if name in os.environ], os.environ['GRANTED'], os.environ['OWN'])
print(os.getcwd() == os.path.dirname(os.environ['TMPDIR']), sys.stdin.read() == '')
";
    let data = fixture.put(b"penguins");
    let mut command = command(&["-c", code, "{{$}}"], &[("model", "system.Model"), ("n", "int")]);
    command.env.insert("OWN".to_owned(), "$(GRANTED)/own".to_owned());
    let output = fixture.run(command, &[("data", PortValue::Artifacts(vec![data.clone()]))]).unwrap();
    let PortValue::Artifacts(models) = &output.outputs["model"] else { panic!("{output:?}") };
    assert_eq!(fixture.text(&models[0].uri), "PENGUINS");
    assert_eq!(json!(models[0].properties), json!({"a": "NaN"}));
    assert_eq!(output.outputs["n"], PortValue::Parameter(json!(8)));
    assert_eq!(fixture.text(&data.uri), "penguins", "it got a copy");
    let log = log(&output);
    assert!(log.contains("['PATH'] value value/own"), "{log}");
    assert!(log.contains("True True"), "{log}");
}

#[test]
fn uris_lead_to_the_same_on_the_host() {
    let fixture = Fixture::new();
    let data = fixture.put(b"penguins");
    let seen = weft_pipeline::command::uri::of_content(&data.uri);
    let code = r"
import json, os, sys
given = json.loads(sys.argv[1])
text = given['inputs']['parameterValues']['text']
assert open(text[4:-1]).read() == 'penguins', text
model = given['outputs']['artifacts']['model']['artifacts'][0]['uri']
open(model, 'w').write('model')
assert os.path.dirname(given['outputs']['outputFile']) == os.path.dirname(model)
data = given['inputs']['artifacts']['data']['artifacts'][0]['uri']
told = {'parameterValues': {'uris': [data, text, model]}, 'artifacts': {'copy': {'artifacts': [{'uri': data}]}}}
json.dump(told, open(given['outputs']['outputFile'], 'w'))
";
    let outputs = [("model", "system.Model"), ("copy", "system.Dataset"), ("uris", "list")];
    let linked = [(seen.clone(), data.uri.clone())].into();
    let command = Command { linked, ..command(&["-c", code, "{{$}}"], &outputs) };
    let text = PortValue::Parameter(json!(format!("see {seen}.")));
    let inputs = [("data", PortValue::Artifacts(vec![data.clone()])), ("text", text.clone())];
    let output = fixture.run(command, &inputs).unwrap();
    let artifact = |name: &str| match &output.outputs[name] {
        PortValue::Artifacts(all) => all[0].uri.clone(),
        PortValue::Parameter(value) => panic!("{value}"),
    };
    assert_eq!(artifact("copy"), data.uri);
    let model = weft_pipeline::command::uri::of_content(&artifact("model"));
    assert_eq!(output.outputs["uris"], PortValue::Parameter(json!([seen, format!("see {seen}."), model])));
    let shown = format!("{}/model", weft_pipeline::command::uri::of_outputs(&[7; 32]));
    assert_eq!(output.uris[&shown], artifact("model"));
}

#[test]
fn a_function_of_kfp_is_run_by_its_executor() {
    let fixture = Fixture::new();
    let function = ["--kfp-function", "def f(): pass", "--executor_input", "{{$}}", "--function_to_execute", "f"];
    // Without kfp, the hint says how to install it. The arguments are then in a package of the same name.
    let failure = fixture.run(command(&function, &[]), &[]).unwrap_err();
    assert!(failure.hint.as_ref().unwrap().contains("-m pip install kfp"), "{failure:?}");
    let package = fixture.folder.path().join("packages/kfp/dsl");
    std::fs::create_dir_all(&package).unwrap();
    let main = "import sys, json\nprint(open(sys.argv[2]).read(), json.loads(sys.argv[4])['outputs']['parameters'], sys.argv[5:])\n";
    std::fs::write(package.join("executor_main.py"), main).unwrap();
    let mut with_kfp = command(&function, &[]);
    with_kfp.env.insert("PYTHONPATH".to_owned(), fixture.folder.path().join("packages").to_str().unwrap().to_owned());
    let output = fixture.run(with_kfp, &[]).unwrap();
    assert_eq!(log(&output), "def f(): pass {} ['--function_to_execute', 'f']\n");
}

#[test]
fn failures_tell_what_went_wrong() {
    let fixture = Fixture::new();
    let failure = fixture.code("raise ValueError('no penguins')").unwrap_err();
    assert_eq!((failure.kind, failure.message.as_str()), (FailureKind::Returned, "ValueError: no penguins"));
    assert!(String::from_utf8(failure.trace.log).unwrap().contains("Traceback"));
    let failure = fixture.code("import sys; print('no penguins', file=sys.stderr); sys.exit(3)").unwrap_err();
    assert_eq!(failure.message, "it ended with exit status: 3: no penguins");
    let failure = fixture.code("import numbr").unwrap_err();
    assert!(failure.hint.unwrap().ends_with("-m pip install numbr`"));
    let none = Fixture { interpreter: PathBuf::from("/none/python"), ..Fixture::new() };
    let failure = none.code("1").unwrap_err();
    assert_eq!(failure.kind, FailureKind::Host);
    assert!(failure.message.contains("/none/python"), "{}", failure.message);
}

#[test]
fn what_goes_on_too_long_is_ended_with_its_children() {
    let mut fixture = Fixture::new();
    // Its child holds a connection for as long as it lives.
    let socket = fixture.folder.path().join("socket");
    let listener = UnixListener::bind(&socket).unwrap();
    listener.set_nonblocking(true).unwrap();
    let child =
        format!("import socket, time; s = socket.socket(socket.AF_UNIX); s.connect({socket:?}); time.sleep(3600)");
    let code =
        format!("import subprocess, sys, time\nsubprocess.Popen([sys.executable, '-c', {child:?}])\ntime.sleep(3600)");
    // As long as it takes to start two Pythons here.
    let mut limit = Duration::from_millis(500);
    let mut connection = loop {
        fixture.limits.time = Some(limit);
        let failure = fixture.code(&code).unwrap_err();
        assert_eq!(failure.kind, FailureKind::LimitReached);
        assert!(failure.message.contains(&format!("{limit:?}")), "{}", failure.message);
        if let Ok((connection, _)) = listener.accept() {
            break connection;
        }
        limit *= 2;
        assert!(limit < Duration::from_mins(5), "the child never began");
    };
    connection.set_nonblocking(false).unwrap();
    connection.set_read_timeout(Some(Duration::from_mins(5))).unwrap();
    assert_eq!(connection.read(&mut [0]).unwrap(), 0, "its child went with it");

    fixture.limits.time = None;
    fixture.observer.0.store(true, Ordering::Relaxed);
    let failure = fixture.code("import time; time.sleep(3600)").unwrap_err();
    assert_eq!(failure.kind, FailureKind::Interrupted);
}

#[test]
fn output_and_log_are_bounded() {
    let mut fixture = Fixture::new();
    let output = fixture.code("for i in range(400_000): print('line', i)").unwrap();
    let text = log(&output);
    assert!(text.len() < 2 << 20 && text.starts_with("line 0\n") && text.ends_with("line 399999\n"));
    assert!(text.contains("bytes left out"));
    fixture.limits.output = Some(1 << 20);
    for code in ["f = open('x', 'wb')\nwhile True: f.write(b'x' * 65536)", "while True: print('x' * 65536)"] {
        let failure = fixture.code(code).unwrap_err();
        assert_eq!(failure.kind, FailureKind::LimitReached, "{failure:?}");
        assert!(failure.message.contains("1 MiB"), "{}", failure.message);
    }
}

#[test]
fn the_workspace_is_where_it_is_on_the_host() {
    let mut fixture = Fixture::new();
    let shared = fixture.folder.path().join("shared");
    std::fs::create_dir(&shared).unwrap();
    let grant = DirectoryGrant { host: shared.to_str().unwrap().to_owned(), write: true };
    fixture.grants.directories.insert("/kfp-workspace".to_owned(), grant.clone());
    fixture.code("open('/kfp-workspace/x', 'w').write('x')").unwrap();
    assert_eq!(std::fs::read(shared.join("x")).unwrap(), b"x");
    fixture.grants.directories = [("/data".to_owned(), grant)].into();
    let failure = fixture.code("1").unwrap_err();
    assert!(failure.message.contains("/data") && failure.hint.is_some(), "{failure:?}");
    assert!(!Path::new("/kfp-workspace").exists());
}

#[test]
fn secrets_are_there_and_in_no_log() {
    let mut fixture = Fixture::new();
    let given = fixture.folder.path().join("given/api");
    std::fs::create_dir_all(&given).unwrap();
    std::fs::write(given.join("token"), "s3cret-token").unwrap();
    std::fs::write(given.join("config.json"), "{\n  \"password\": \"hunter-two\"\n}\n").unwrap();
    let secrets =
        Secrets::new(Some(fixture.folder.path().join("given")), BTreeMap::new(), fixture.folder.path().join("key"));
    fixture.secrets = Arc::new(secrets);
    let grant = |key: Option<&str>| SecretGrant {
        kind: SecretKind::Secret,
        name: "api".to_owned(),
        key: key.map(str::to_owned),
        optional: false,
    };
    fixture.grants.secrets = [("TOKEN".to_owned(), grant(Some("token"))), ("/etc/api".to_owned(), grant(None))].into();
    let code = r"
import json, os
token = os.environ['TOKEN']
assert token == open('/etc/api/token').read() == 's3cret-' + 'token'
print('token', token, sorted(os.listdir('/etc/api')))
print(open('/etc/api/config.json').read())
raise ValueError('bad ' + json.load(open('/etc/api/config.json'))['password'])
";
    let failure = fixture.code(code).unwrap_err();
    let log = String::from_utf8(failure.trace.log).unwrap();
    assert!(log.contains("token *** ['config.json', 'token']"), "{log}");
    assert!(!log.contains("s3cret-token") && !log.contains("\"password\": \"hunter-two\""), "{log}");
    // The whole line is a value, a part of it alone is not known to be one.
    assert!(failure.message.starts_with("ValueError: bad hunter-two"), "{}", failure.message);
    assert!(!failure.message.contains("s3cret"), "{}", failure.message);
    let failure = fixture.code("import os; raise ValueError(os.environ['TOKEN'])").unwrap_err();
    assert!(failure.message.starts_with("ValueError: ***"), "{}", failure.message);
    // Nothing of it is left.
    let left = std::process::Command::new("grep")
        .args(["-rl", "s3cret-token"])
        .arg(fixture.folder.path().join("store"))
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&left.stdout), "");

    fixture.grants.secrets = [("TOKEN".to_owned(), grant(Some("other")))].into();
    let failure = fixture.code("pass").unwrap_err();
    assert_eq!(
        failure.message,
        "it needs the key `other` of the secret `api`, which has no such key, as the variable TOKEN"
    );
}
