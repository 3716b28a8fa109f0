//! Each script of `tests/scripts` is run by the machine's own shell and by this one: what they write, to standard output and to
//! files, and their exit statuses have to be the same. `*.sh` is for `sh`, `*.bash` for `bash`.
//!
//! It is the native build that is tested, or the component if `WEFT_SHELL_RUNNER` is a command that runs it with the host's root as
//! its own and what follows as its arguments. What the machine may not have is asked of a record: a script's `.out` holds what the
//! software wrote elsewhere, made by `RECORD=1` where it is installed. `SCRIPT` picks scripts by a part of their names.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the report")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What a run left behind.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    status: Option<i32>,
    stdout: String,
    files: BTreeMap<String, String>,
}

/// Runs a shell on a script's text in a folder with a few files in it.
fn run(shell: &Path, script: &str) -> (Outcome, String) {
    run_by(&[&shell.to_string_lossy()], script)
}

fn run_by(command: &[&str], script: &str) -> (Outcome, String) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("fruit.txt"), "pear 3\napple 10\nfig 2\napple 10\nBanana 7\n").unwrap();
    fs::write(folder.path().join("data.csv"), "id,name,score\n1,Ann,9.5\n2,Bob,7\n3,Cid,8.25\n").unwrap();
    fs::create_dir_all(folder.path().join("tree/inner")).unwrap();
    for (name, text) in
        [("tree/a.txt", "alpha\n"), ("tree/b.log", "beta\n"), ("tree/inner/c.txt", "gamma\n"), ("tree/empty", "")]
    {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let home = folder.path().display();
    let script = if command.len() > 1 {
        // A component starts in the root, and its runner may not pass the environment on.
        format!(
            "cd {home}; unset OLDPWD; export HOME={home} PATH=/usr/local/bin:/usr/bin:/bin GIVEN='from outside'; {script}"
        )
    } else {
        script.to_owned()
    };
    let output = Command::new(command[0])
        .args(&command[1..])
        .args(["-c", &script, "zero", "one", "two words", "", "*"])
        .current_dir(folder.path())
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("LC_ALL", "C.UTF-8")
        .env("TZ", "UTC")
        .env("HOME", folder.path())
        .env("GIVEN", "from outside")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let mut files = BTreeMap::new();
    let mut stack = vec![folder.path().to_owned()];
    while let Some(path) = stack.pop() {
        for entry in fs::read_dir(path).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(folder.path()).unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                files.insert(name, "a folder".to_owned());
                stack.push(path);
            } else {
                files.insert(name, String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned());
            }
        }
    }
    // The folder's own name differs between the runs.
    let stdout = String::from_utf8_lossy(&output.stdout).replace(&*folder.path().to_string_lossy(), "FOLDER");
    (Outcome { status: output.status.code(), stdout, files }, String::from_utf8_lossy(&output.stderr).into_owned())
}

/// This program under the name that makes it that shell.
fn ours(name: &str, folder: &Path) -> PathBuf {
    let path = folder.join(name);
    if !path.exists() {
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_shell"), &path).unwrap();
    }
    path
}

#[test]
fn scripts_do_what_they_do_elsewhere() {
    let links = tempfile::tempdir().unwrap();
    let only = std::env::var("SCRIPT").unwrap_or_default();
    let mut paths: Vec<PathBuf> = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scripts"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.retain(|path| path.extension().is_none_or(|extension| extension != "out"));
    paths.sort();
    let mut wrong = Vec::new();
    let mut count = 0;
    for path in paths.iter().filter(|path| path.to_string_lossy().contains(&only)) {
        let shell = if path.extension().is_some_and(|extension| extension == "bash") { "bash" } else { "sh" };
        let script = fs::read_to_string(path).unwrap();
        let record = path.with_extension("out");
        let (mut expected, their_errors) = if record.exists() && std::env::var_os("RECORD").is_none() {
            let stdout = fs::read_to_string(&record).unwrap();
            (Outcome { status: Some(0), stdout, files: BTreeMap::new() }, String::new())
        } else {
            run(Path::new(shell), &script)
        };
        let runner = std::env::var("WEFT_SHELL_RUNNER").ok();
        let (actual, our_errors) = match &runner {
            Some(runner) => run_by(&runner.split_whitespace().chain([shell]).collect::<Vec<_>>(), &script),
            None => run(&ours(shell, links.path()), &script),
        };
        count += 1;
        if record.exists() {
            if std::env::var_os("RECORD").is_some() {
                fs::write(&record, &expected.stdout).unwrap();
            }
            // Only what was written is on record.
            expected.files.clone_from(&actual.files);
        }
        if expected != actual {
            wrong.push(format!(
                "---- {}\nexpected: {expected:#?}\nactual: {actual:#?}\ntheir errors: {their_errors}\nour errors: {our_errors}",
                path.display()
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {count} scripts differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(!only.is_empty() || count >= 60, "only {count} scripts were found");
}
