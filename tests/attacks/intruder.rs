//! The guest `intruder` in a sandbox, beside what it is after.

use std::path::PathBuf;

use weft_pipeline::step::{FailureKind, PortValue, StepFailure, StepOutput};

use crate::sandbox::{Fixture, a, p, parameter};

/// What the host's file holds that no guest may see.
pub const CANARY: &str = "what no guest may see";

/// A sandbox with a file and a folder of the host's beside its store.
pub struct Cage {
    pub fixture: Fixture,
}

impl Default for Cage {
    fn default() -> Self {
        Self::around(Fixture::default())
    }
}

impl Cage {
    pub fn around(fixture: Fixture) -> Self {
        std::fs::write(fixture.folder.path().join("canary"), CANARY).unwrap();
        std::fs::create_dir(fixture.folder.path().join("aviary")).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("canary", fixture.folder.path().join("perch")).unwrap();
        Self { fixture }
    }

    /// The host's path of something beside the store.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.fixture.folder.path().join(name)
    }

    pub fn run(&self, function: &str, inputs: &[(&str, PortValue)]) -> Result<StepOutput, StepFailure> {
        self.fixture.run("intruder", function, inputs)
    }

    /// What an attempt tells: none if it was stopped, by an answer or by the end of the step.
    pub fn attempt(&self, function: &str, inputs: &[(&str, PortValue)]) -> Option<String> {
        match self.run(function, inputs) {
            Ok(output) => {
                let answer = parameter(&output.outputs, "answer").as_str().unwrap().to_owned();
                if answer.starts_with("refused") {
                    eprintln!("{function}: {answer}");
                }
                answer.strip_prefix("ok: ").map(str::to_owned)
            }
            Err(failure) => {
                // The host itself never breaks down over it.
                assert!(!failure.message.contains("defect of weft"), "{failure:?}");
                eprintln!("{function}: {}", failure.message);
                None
            }
        }
    }

    /// An attempt with the input that most functions take.
    pub fn attempt_with_input(&self, function: &str, inputs: &[(&str, PortValue)]) -> Option<String> {
        let data = self.fixture.dataset(b"the input");
        let mut all = vec![("input", a(&data))];
        all.extend(inputs.iter().cloned());
        self.attempt(function, &all)
    }

    /// A call of a file: from a directory and a path, for some calls into another and a path there.
    pub fn file(&self, call: &str, (at, path): (&str, &str), (into, to): (&str, &str)) -> Option<String> {
        let words = [("call", call), ("at", at), ("path", path), ("into", into), ("to", to)];
        self.attempt_with_input("file-call", &words.map(|(name, word)| (name, p(word))))
    }

    /// The host's files are as they were, and the store is whole.
    pub fn assert_untouched(&self) {
        let folder = self.fixture.folder.path();
        assert_eq!(std::fs::read_to_string(folder.join("canary")).unwrap(), CANARY);
        assert_eq!(std::fs::read_dir(folder.join("aviary")).unwrap().count(), 0);
        let mut names: Vec<String> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.retain(|name| name != "secrets.key");
        names.sort();
        assert_eq!(names, ["artifacts", "aviary", "canary", "perch", "secrets"]);
        let report = self.fixture.store.fsck(weft_artifacts::Repair::None, &mut |_| {}).unwrap();
        assert!(report.is_empty(), "{report:?}");
    }
}

/// A step that ended by a trap or a limit, with these words.
#[track_caller]
pub fn assert_ended(result: Result<StepOutput, StepFailure>, kind: FailureKind, words: &str) {
    let failure = result.expect_err("it went well");
    assert_eq!(failure.kind, kind, "{failure:?}");
    assert!(failure.message.contains(words), "{words:?} is not in {:?}", failure.message);
    assert!(failure.message.len() < 20_000);
}
