//! Pipelines for KFP's SDK, and whether the executor with the scientific stack is there to run them.

use std::process::Command;

use super::{Ended, Folder, project};

/// Writes a pipeline in Python into the folder and has KFP's SDK compile it to `pipeline.yaml`.
pub fn compile(folder: &Folder, source: &str) {
    folder.file("pipeline.py", &format!("{source}\n\ncompiler.Compiler().compile(pipeline, 'pipeline.yaml')\n"));
    let python = project().join("target/kfp-venv/bin/python");
    let ended = Ended::from(Command::new(python).arg("pipeline.py").current_dir(folder.path()).output().unwrap());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

/// Whether the executor `science` is installed; says so if it is not, or fails if `WEFT_TEST_SCIENCE=1` wants it.
pub fn science_is_installed(test: &str) -> bool {
    is_installed("science", test)
}

/// The same of one of the executors that are built where they are wanted.
pub fn is_installed(executor: &str, test: &str) -> bool {
    let file = format!("{executor}.wasm");
    let executors = project().join("target/executors").read_dir().into_iter().flatten().flatten();
    let found = executors.map(|entry| entry.path()).any(|path| path.join(&file).is_file() || path.ends_with(&file));
    let must = std::env::var_os("WEFT_TEST_SCIENCE").is_some_and(|value| value == "1");
    assert!(found || !must, "the executor `{executor}` is not installed: `weft executor install {executor}`");
    if !found {
        eprintln!(
            "PASSED OVER: {test}: there is no {executor} executor: `runtime/executors/build.sh {executor}` builds it"
        );
    }
    found
}
