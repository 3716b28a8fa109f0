//! What importers fetch from elsewhere: of a server that speaks S3 (moto), and of Python's own web server; and stores that keep their artifacts
//! in a bucket. Where `tests/run.sh` has made no
//! environment with moto, it is passed over.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "objects/bucket.rs"]
mod bucket;
mod common;

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use common::{Folder, peak_until_end, project, task};
use serde_json::{Value, json};

/// A server of objects, which ends when it is dropped.
struct Objects {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    port: String,
}

impl Objects {
    /// None if there is none on this machine, which is said.
    fn start() -> Option<Self> {
        let python = python()?;
        let mut process = Command::new(python)
            .arg(project().join("tests/python/object_server.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = process.stdin.take().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let mut server = Self { process, input, output, port: String::new() };
        server.port = server.line();
        Some(server)
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }

    fn tell(&mut self, what: &Value) -> String {
        writeln!(self.input, "{what}").unwrap();
        self.line()
    }

    fn put(&mut self, key: &str, text: &str) {
        assert_eq!(self.tell(&json!(["put", "bucket", key, text])), "ok");
    }

    /// How often objects were asked for since this was asked last.
    fn gets(&mut self) -> u32 {
        self.tell(&json!(["gets"])).parse().unwrap()
    }

    /// `weft` with this server as S3, and no other credentials than these.
    fn command(&self, folder: &Folder, arguments: &str) -> Command {
        let mut command = clean(folder, arguments);
        command
            .env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{}", self.port))
            .env("AWS_ACCESS_KEY_ID", "me")
            .env("AWS_SECRET_ACCESS_KEY", "hidden");
        command
    }

    /// Imports a URI, as the step `i` of a run that must end like this.
    fn import(&self, folder: &Folder, uri: &str, state: &str) -> Value {
        folder.file("p.yaml", &import(uri));
        let mut command = self.command(folder, "run p.yaml --json");
        let ended = common::Ended::from(command.output().unwrap());
        let outcome = ended.json();
        assert_eq!(outcome["state"], state, "{}\n{}", ended.stdout, ended.stderr);
        assert!(!format!("{ended:?}").contains("hidden"), "{ended:?}");
        outcome
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

fn python() -> Option<PathBuf> {
    let python = project().join("target/objects-venv/bin/python");
    if !python.exists() {
        eprintln!("passed over: {} is missing: run `bash tests/run.sh`", python.display());
        return None;
    }
    Some(python)
}

/// `weft` without a cloud's credentials, whatever the machine has.
fn clean(folder: &Folder, arguments: &str) -> Command {
    let mut command = folder.command(arguments);
    for (name, _) in std::env::vars() {
        if ["AWS_", "GOOGLE_", "AZURE_", "STORAGE_"].iter().any(|begin| name.starts_with(begin)) {
            command.env_remove(name);
        }
    }
    command.env("HOME", folder.path()).env("AWS_EC2_METADATA_DISABLED", "true");
    command
}

fn import(uri: &str) -> String {
    format!("name: far\nsteps:\n  i: {{ import: \"{uri}\", type: dataset }}\noutputs: {{ made: \"${{i}}\" }}\n")
}

/// The files of the artifact that a run has made.
fn made(folder: &Folder, outcome: &Value) -> Vec<(String, String)> {
    let uri = task(outcome, "i")["outputs"]["artifact"]["artifacts"][0]["uri"].as_str().unwrap();
    let target = folder.path().join("got");
    _ = std::fs::remove_dir_all(&target);
    _ = std::fs::remove_file(&target);
    folder.ok(&["artifact", "export", uri, "got"]);
    if target.is_file() {
        return vec![(String::new(), std::fs::read_to_string(target).unwrap())];
    }
    let mut files = Vec::new();
    let mut waiting = vec![target.clone()];
    while let Some(place) = waiting.pop() {
        for entry in std::fs::read_dir(place).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                let name = path.strip_prefix(&target).unwrap().display().to_string();
                files.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

fn message(outcome: &Value) -> String {
    let task = task(outcome, "i");
    format!("{} / {}", task["message"].as_str().unwrap(), task["hint"].as_str().unwrap_or_default())
}

#[test]
fn objects_and_what_is_below_a_prefix_are_imported() {
    let Some(mut objects) = Objects::start() else { return };
    let folder = Folder::default();
    objects.put("data/a.csv", "one");
    objects.put("data/deep/b.csv", "two");
    let outcome = objects.import(&folder, "s3://bucket/data/a.csv", "COMPLETE");
    assert_eq!(made(&folder, &outcome), [(String::new(), "one".to_owned())]);
    let artifact = &task(&outcome, "i")["outputs"]["artifact"]["artifacts"][0];
    assert_eq!(artifact["properties"]["kfp_uri"], "s3://bucket/data/a.csv", "{artifact}");
    assert_eq!(objects.gets(), 1);

    // What has not changed is not read again, unless that is asked for.
    let again = objects.import(&folder, "s3://bucket/data/a.csv", "COMPLETE");
    assert_eq!((made(&folder, &again), objects.gets()), (made(&folder, &outcome), 0));
    let forced = objects.command(&folder, "run p.yaml --no-cache").output().unwrap();
    assert!(forced.status.success());
    assert_eq!(objects.gets(), 1);
    objects.put("data/a.csv", "another");
    let outcome = objects.import(&folder, "s3://bucket/data/a.csv", "COMPLETE");
    assert_eq!(made(&folder, &outcome), [(String::new(), "another".to_owned())]);

    // With a slash and without.
    let below = [("a.csv", "another"), ("deep/b.csv", "two")].map(|(name, text)| (name.to_owned(), text.to_owned()));
    for uri in ["s3://bucket/data/", "s3://bucket/data"] {
        let outcome = objects.import(&folder, uri, "COMPLETE");
        assert_eq!(made(&folder, &outcome), below, "{uri}");
    }
    folder.assert_whole();
}

#[test]
fn what_cannot_be_read_is_told_with_its_step_and_its_uri() {
    let Some(mut objects) = Objects::start() else { return };
    let folder = Folder::default();
    objects.put("x", "x");
    let none = message(&objects.import(&folder, "s3://bucket/none", "FAILED"));
    assert!(none.contains("there is nothing at `s3://bucket/none`") && none.contains("check bucket and key"), "{none}");
    let none = message(&objects.import(&folder, "s3://nowhere/x", "FAILED"));
    assert!(none.contains("NoSuchBucket"), "{none}");

    folder.file("p.yaml", &import("s3://bucket/x"));
    let run = |command: &mut Command| common::Ended::from(command.output().unwrap());
    let nobody = run(&mut clean(&folder, "run p.yaml"));
    assert_eq!(nobody.code, Some(1), "{}", nobody.stderr);
    for words in ["no credentials", "`s3://bucket/x`", "AWS_ACCESS_KEY_ID", "AWS_SKIP_SIGNATURE=true"] {
        assert!(nobody.stderr.contains(words), "{words}: {}", nobody.stderr);
    }
    let offline = run(&mut objects.command(&folder, "run p.yaml --offline"));
    assert!(offline.stderr.contains("`s3://bucket/x` is not fetched: the run is offline"), "{}", offline.stderr);

    // A policy must name it.
    folder.file("strict.yaml", "imports: ['*']\n");
    let refused = run(&mut objects.command(&folder, "run p.yaml --policy strict.yaml"));
    assert!(refused.stderr.contains("to import `s3://bucket/x` from the network"), "{}", refused.stderr);
    folder.file("strict.yaml", "imports: ['s3://bucket/']\n");
    let allowed = run(&mut objects.command(&folder, "run p.yaml --policy strict.yaml"));
    assert_eq!(allowed.code, Some(0), "{}", allowed.stderr);
    // Also if it is known only when the step runs.
    folder.file("strict.yaml", "grants: {}\n");
    folder.file(
        "late.yaml",
        "name: late\nparameters: { where: { type: string } }\nsteps:\n  i: { import: '${params.where}', type: dataset }\n",
    );
    let refused = run(&mut objects.command(&folder, "run late.yaml -p where=s3://bucket/x --policy strict.yaml"));
    assert!(refused.stderr.contains("does not allow"), "{}", refused.stderr);
    let told = run(&mut objects.command(&folder, "check p.yaml"));
    assert!(told.stdout.contains("reads s3://bucket/x from the network"), "{}\n{}", told.stdout, told.stderr);
    objects.gets();
}

#[test]
fn credentials_of_a_profile_are_used() {
    let Some(mut objects) = Objects::start() else { return };
    let folder = Folder::default();
    objects.put("x", "x");
    folder.file("p.yaml", &import("s3://bucket/x"));
    std::fs::create_dir(folder.path().join(".aws")).unwrap();
    std::fs::write(
        folder.path().join(".aws/credentials"),
        "[work]\naws_access_key_id = me\naws_secret_access_key = hidden\n",
    )
    .unwrap();
    let config = format!("[profile work]\nregion = eu-west-1\nendpoint_url = http://127.0.0.1:{}\n", objects.port);
    std::fs::write(folder.path().join(".aws/config"), config).unwrap();
    let ended = clean(&folder, "run p.yaml").env("AWS_PROFILE", "work").output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
}

#[test]
fn a_large_object_does_not_go_through_memory() {
    let Some(mut objects) = Objects::start() else { return };
    let folder = Folder::default();
    assert_eq!(objects.tell(&json!(["fill", "bucket", "large", 128])), "ok");
    folder.file("p.yaml", &import("s3://bucket/large"));
    let mut child = objects.command(&folder, "run p.yaml").stderr(Stdio::null()).spawn().unwrap();
    let peak = peak_until_end(&mut child);
    assert!(child.wait().unwrap().success());
    println!("peak memory: {} MB", peak / 1_000_000);
    // Less than the object has, of which five parts of 8 MiB are on their way at most.
    assert!(peak < 128 << 20, "{peak} bytes");
    assert!(objects.gets() >= 16);
    folder.assert_whole();
}

#[test]
fn a_web_server_without_parts_is_read() {
    let Some(python) = python() else { return };
    let folder = Folder::default();
    std::fs::create_dir(folder.path().join("site")).unwrap();
    folder.file("site/table.csv", "a,b\n1,2\n");
    let mut server = Command::new(python)
        .args(["-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "-d", "site"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let port = line.split("port ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    folder.file("p.yaml", &import(&format!("http://127.0.0.1:{port}/table.csv")));
    let outcome = common::Ended::from(clean(&folder, "run p.yaml --json").output().unwrap()).json();
    folder.file("p.yaml", &import(&format!("http://127.0.0.1:{port}/none.csv")));
    let none = common::Ended::from(clean(&folder, "run p.yaml --json").output().unwrap()).json();
    server.kill().unwrap();
    server.wait().unwrap();
    assert_eq!(outcome["state"], "COMPLETE", "{outcome}");
    assert_eq!(made(&folder, &outcome), [(String::new(), "a,b\n1,2\n".to_owned())]);
    // Its own path is what commands read it at.
    assert_eq!(task(&outcome, "i")["outputs"]["artifact"]["artifacts"][0]["properties"].get("kfp_uri"), None);
    assert!(message(&none).contains("the server answers 404"), "{none}");
}
