//! What the tests share: a sandbox over a store in a temporary folder, and components built by `tests/run.sh`.
#![allow(dead_code, unused_imports, reason = "each test program uses a part of it")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::missing_panics_doc, reason = "a test fails by panicking")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use weft_artifacts::{Content, Store};
use weft_launcher::Secrets;
use weft_pipeline::step::{
    Artifact, ComponentRef, Grants, Limits, LogLevel, PortValue, PortValues, StepFailure, StepObserver, StepOutput,
    StepRequest,
};
use weft_sandbox::{Options, Sandbox};

#[path = "../../../../tests/common/paths.rs"]
mod paths;
#[path = "../../../../tests/common/processor.rs"]
mod processor;

pub use paths::{compiled, component, project};
pub use processor::processor_time;

/// Records messages and progress.
#[derive(Default)]
pub struct Observer {
    pub messages: Mutex<Vec<(LogLevel, String)>>,
    pub progress: Mutex<Vec<(u64, u64)>>,
    pub interrupt: AtomicBool,
}

impl StepObserver for Observer {
    fn log(&self, _task: &str, level: LogLevel, message: &str) {
        self.messages.lock().unwrap().push((level, message.to_owned()));
    }

    fn progress(&self, _task: &str, done: u64, total: u64) {
        self.progress.lock().unwrap().push((done, total));
    }

    fn interrupted(&self) -> bool {
        self.interrupt.load(Ordering::Relaxed)
    }
}

pub struct Fixture {
    pub folder: tempfile::TempDir,
    pub store: Store,
    pub sandbox: Sandbox,
    pub observer: Arc<Observer>,
    pub limits: Limits,
    pub grants: Grants,
    pub strict: bool,
    pub identity: [u8; 32],
}

impl Default for Fixture {
    fn default() -> Self {
        Self::with(|_| {})
    }
}

impl Fixture {
    /// With other options of the sandbox.
    pub fn with(change: impl FnOnce(&mut Options)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("artifacts")).unwrap();
        let environment = [("GRANTED".to_owned(), "value".to_owned())].into();
        let given = folder.path().join("secrets");
        std::fs::create_dir_all(given.join("api")).unwrap();
        std::fs::write(given.join("api/token"), "s3cret-token").unwrap();
        let secrets = Arc::new(Secrets::new(Some(given), [].into(), folder.path().join("secrets.key")));
        let mut options = Options { compiled: Some(compiled()), environment, secrets, ..Options::default() };
        change(&mut options);
        let sandbox = Sandbox::new(store.clone(), options).unwrap();
        // No test waits for it, however busy its machine is.
        let limits = Limits { time: Some(Duration::from_mins(10)), ..Limits::default() };
        Self {
            folder,
            store,
            sandbox,
            observer: Arc::default(),
            limits,
            grants: Grants::default(),
            strict: false,
            identity: [7; 32],
        }
    }

    pub fn run(
        &self,
        component_name: &str,
        function: &str,
        inputs: &[(&str, PortValue)],
    ) -> Result<StepOutput, StepFailure> {
        let loaded = self.sandbox.load_file(&component(component_name)).unwrap();
        let request = StepRequest {
            strict: self.strict,
            command: None,
            task: "the-step".into(),
            component: ComponentRef { digest: loaded.digest().to_owned(), function: function.to_owned() },
            inputs: inputs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
            grants: self.grants.clone(),
            limits: self.limits,
            identity: self.identity,
        };
        self.sandbox.run(&request, &*self.observer).map_err(|failure| *failure)
    }

    /// Runs a function of the component `trivial`, which must succeed.
    pub fn trivial(&self, function: &str, inputs: &[(&str, PortValue)]) -> PortValues {
        self.run("trivial", function, inputs).unwrap_or_else(|failure| panic!("{function}: {failure:?}")).outputs
    }

    /// Runs a function of the component `hostile`, which must fail.
    pub fn hostile(&self, function: &str, inputs: &[(&str, PortValue)]) -> StepFailure {
        match self.run("hostile", function, inputs) {
            Err(failure) => failure,
            Ok(output) => panic!("{function} went well: {output:?}"),
        }
    }

    pub fn bytes(&self, artifact: &Artifact) -> Vec<u8> {
        match self.store.open_content(&artifact.uri.parse().unwrap()).unwrap() {
            Content::File(reader) => {
                let mut bytes = vec![0; usize::try_from(reader.len()).unwrap()];
                assert_eq!(reader.read_at(0, &mut bytes).unwrap(), bytes.len());
                bytes
            }
            Content::Tree(_) => panic!("{} is a directory", artifact.uri),
        }
    }

    pub fn text(&self, artifact: &Artifact) -> String {
        String::from_utf8(self.bytes(artifact)).unwrap()
    }

    /// An artifact with these bytes.
    pub fn dataset(&self, bytes: &[u8]) -> Artifact {
        let mut writer = self.store.create(None).unwrap();
        writer.append(bytes).unwrap();
        Artifact {
            id: None,
            kind: weft_pipeline::types::ArtifactType("system.Dataset".into()),
            uri: writer.finish().unwrap().to_string(),
            name: None,
            properties: std::collections::BTreeMap::default(),
        }
    }
}

pub fn p(value: impl Into<Value>) -> PortValue {
    PortValue::Parameter(value.into())
}

pub fn a(artifact: &Artifact) -> PortValue {
    PortValue::Artifacts(vec![artifact.clone()])
}

pub fn parameter<'a>(outputs: &'a PortValues, name: &str) -> &'a Value {
    match outputs.get(name) {
        Some(PortValue::Parameter(value)) => value,
        other => panic!("{name} is {other:?}"),
    }
}

pub fn artifact<'a>(outputs: &'a PortValues, name: &str) -> &'a Artifact {
    match outputs.get(name) {
        Some(PortValue::Artifacts(artifacts)) if artifacts.len() == 1 => &artifacts[0],
        other => panic!("{name} is {other:?}"),
    }
}
