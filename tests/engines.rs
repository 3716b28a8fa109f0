//! Runs whose steps are handed to an engine: processes of this machine, Slurm's programs as far as a few lines of shell can play them, and as
//! much of Ray's dashboard. `tests/slurm.sh` and `tests/ray.sh` do the same on a real Slurm and a real Ray.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use common::{Ended, Folder};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

/// Artifacts that are files and directories, a step that logs, one that is skipped, one that stays here.
const PIPELINE: &str = "name: mixed
steps:
  table: { import: table.csv, type: dataset }
  count: { component: \"@trivial#count\", with: { input: \"${table}\" } }
  make: { component: \"@trivial#generate\", with: { bytes: 3000000, seed: 1 } }
  copy: { component: \"@trivial#copy\", with: { input: \"${make}\" } }
  size: { component: \"@trivial#count\", with: { input: \"${copy}\" } }
  dir: { component: \"@trivial#make-dir\", with: { files: 10, bytes: 20000 } }
  sum: { component: \"@trivial#sum-dir\", with: { input: \"${dir}\" } }
  never: { component: \"@trivial#noop\", when: count.bytes > 1000000 }
  add: { component: \"@trivial#add\", with: { a: 1, b: 2 }, after: [size, sum] }
";

/// So many steps of so many milliseconds, by the real clock.
fn sleepers(count: usize, ms: u64) -> String {
    let mut text = "name: sleepers\nsteps:\n".to_owned();
    for step in 0..count {
        let grants = "grants: { clock: true }, cache: false";
        _ = writeln!(text, "  s{step}: {{ component: \"@trivial#sleep\", with: {{ ms: {ms} }}, {grants} }}");
    }
    text
}

/// State and outputs of every step, without what differs between two runs.
fn result(run: &Value) -> BTreeMap<String, (Value, Value)> {
    let mut steps = BTreeMap::new();
    for step in run["steps"].as_array().unwrap() {
        let mut outputs = step["outputs"].clone();
        for port in outputs.as_object_mut().unwrap().values_mut() {
            for artifact in port["artifacts"].as_array_mut().into_iter().flatten() {
                artifact.as_object_mut().unwrap().remove("id");
            }
        }
        let task = step["task"].as_str().unwrap().to_owned();
        assert!(steps.insert(task, (step["state"].clone(), outputs)).is_none(), "a task has two executions: {step}");
    }
    steps
}

/// A run of sleepers has so many steps, each of them complete and recorded once.
#[track_caller]
fn assert_slept(folder: &Folder, count: usize) {
    let steps = result(&folder.json("runs show latest --json"));
    assert_eq!(steps.len(), count);
    for (task, (state, outputs)) in steps {
        assert!(state == "COMPLETE" && outputs["seconds"]["parameter"].is_number(), "{task}: {state} {outputs}");
    }
    folder.assert_whole();
}

/// The workers of a store, by what their command lines say.
fn workers(store: &Path) -> Vec<i32> {
    let spool = store.join(".weft/engine").display().to_string();
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        if line.contains(" worker ") && line.contains(&spool) && !line.contains("sh -c") {
            found.push(id);
        }
    }
    found
}

fn signal(process: i32, signal: Signal) -> bool {
    kill_process(Pid::from_raw(process).unwrap(), signal).is_ok()
}

/// Waits until something holds.
#[track_caller]
fn until(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_mins(2), "{what} does not happen");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn no_worker_is_left(folder: &Folder) {
    until("the end of all workers", || workers(folder.path()).is_empty());
    let spools = folder.path().join(".weft/engine");
    assert!(std::fs::read_dir(spools).unwrap().next().is_none(), "a spool is left");
}

fn begin(folder: &Folder, arguments: &[&str]) -> Child {
    folder.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn end(child: Child) -> Ended {
    child.wait_with_output().unwrap().into()
}

#[test]
fn a_run_on_processes_ends_like_one_in_this_process() {
    let run = |on: &[&str]| {
        let folder = Folder::default();
        folder.file("table.csv", "a,b\n1,2\n");
        folder.file("pipeline.yaml", PIPELINE);
        folder.ok(&[&["run", "pipeline.yaml", "--quiet"], on].concat());
        folder.assert_whole();
        (result(&folder.json("runs show latest --json")), folder)
    };
    let (here, _) = run(&[]);
    let (there, folder) = run(&["--on", "process", "--workers", "2"]);
    assert_eq!(there, here);
    assert_eq!(there.len(), 9);
    no_worker_is_left(&folder);
    // Wherever a result comes from, the cache has it; then no worker is started.
    let again = folder.ok("run pipeline.yaml --on process -vv");
    assert!(!again.stderr.contains("a worker was asked for"), "{}", again.stderr);
    assert!(again.stdout.contains("cached"), "{}", again.stdout);
}

#[test]
fn failures_retries_and_logs_are_as_in_this_process() {
    let run = |on: &[&str]| {
        let folder = Folder::default();
        folder.file(
            "pipeline.yaml",
            "name: failing
steps:
  fails: { component: \"@trivial#fail\", with: { message: out of luck }, retry: 1 }
  traps: { component: \"@trivial#add\", with: { a: 9223372036854775807, b: 1 } }
  after: { component: \"@trivial#noop\", after: [fails] }
",
        );
        let ended = folder.weft(&[&["run", "pipeline.yaml", "--json", "--quiet"], on].concat());
        assert_eq!(ended.code, Some(1), "{}", ended.stderr);
        let outcome = ended.json();
        let task = |name: &str| {
            let task = common::task(&outcome, name);
            (task["state"].clone(), task["message"].clone(), task["attempts"].clone())
        };
        let logs = folder.weft("logs latest traps").stdout;
        (["fails", "traps", "after"].map(task), logs)
    };
    let here = run(&[]);
    assert!(here.0[0].1.as_str().unwrap().contains("out of luck"), "{here:?}");
    assert_eq!(run(&["--on", "process"]), here);
}

#[test]
fn killed_workers_lose_nothing() {
    let folder = Folder::default();
    folder.file("pipeline.yaml", &sleepers(120, 60));
    let run = begin(&folder, &["run", "pipeline.yaml", "--quiet", "--on", "process", "--workers", "3"]);
    let mut kills = 0;
    let mut seed = 7_u64;
    while kills < 12 {
        std::thread::sleep(Duration::from_millis(150));
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let there = workers(folder.path());
        let Some(victim) = there.get(usize::try_from(seed >> 33).unwrap() % there.len().max(1)) else { continue };
        kills += u32::from(signal(*victim, Signal::KILL));
    }
    let ended = end(run);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("is lost: signal: 9"), "{}", ended.stderr);
    assert_slept(&folder, 120);
    no_worker_is_left(&folder);
}

#[test]
fn an_interrupted_run_ends_its_workers_and_is_resumed_on_the_engine() {
    let folder = Folder::default();
    folder.file("pipeline.yaml", &sleepers(40, 200));
    let run = begin(&folder, &["run", "pipeline.yaml", "--quiet", "--on", "process", "--workers", "2"]);
    until("the start of a worker", || !workers(folder.path()).is_empty());
    std::thread::sleep(Duration::from_secs(1));
    signal(run.id().cast_signed(), Signal::INT);
    let ended = end(run);
    assert_eq!(ended.code, Some(130), "{}", ended.stderr);
    no_worker_is_left(&folder);
    folder.ok("resume latest --on process --workers 4 --quiet");
    assert_slept(&folder, 40);
}

#[test]
fn a_killed_scheduler_leaves_a_run_that_is_resumed_and_workers_that_end() {
    let folder = Folder::default();
    folder.file("pipeline.yaml", &sleepers(30, 200));
    let mut run = begin(&folder, &["run", "pipeline.yaml", "--quiet", "--on", "process", "--workers", "2"]);
    until("the start of both workers", || workers(folder.path()).len() == 2);
    std::thread::sleep(Duration::from_secs(1));
    run.kill().unwrap();
    run.wait().unwrap();
    let orphans = workers(folder.path());
    assert_eq!(orphans.len(), 2);
    folder.ok("resume latest --on process --workers 2 --quiet");
    assert_slept(&folder, 30);
    no_worker_is_left(&folder);
}

#[test]
fn what_needs_this_machine_runs_here_and_says_so() {
    let folder = Folder::default();
    folder.file(
        "pipeline.yaml",
        "name: here\nsteps:\n  env: { component: \"@trivial#noop\", grants: { env: [\"HOME?\"] } }\n",
    );
    let ended = folder.ok("run pipeline.yaml --on process -vv");
    assert!(ended.stderr.contains("`env` reads environment variables of this machine"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("a worker was asked for"), "{}", ended.stderr);
}

#[test]
fn an_engine_that_is_not_there_is_told_before_anything_runs() {
    let folder = Folder::default();
    folder.file("pipeline.yaml", "name: p\nsteps:\n  a: { component: \"@trivial#noop\" }\n");
    let unknown = folder.weft("run pipeline.yaml --on kubernetes");
    assert_eq!(unknown.code, Some(2));
    insta::assert_snapshot!(unknown.stderr, @r"
    error: there is no engine `kubernetes`
    hint: there are local, process, slurm, ray
    ");
    let missing: Ended =
        folder.command("run pipeline.yaml --on slurm").env("PATH", folder.path()).output().unwrap().into();
    assert_eq!(missing.code, Some(2));
    insta::assert_snapshot!(missing.stderr, @r"
    error: the engine `slurm` cannot be used here: there is no program `sbatch`
    hint: run weft on a machine from which jobs are submitted, with `sbatch` on its PATH; `--on process` needs no engine
    ");
    assert_eq!(folder.json("runs --json"), json!([]));
}

#[test]
fn a_step_file_is_executed_alone() {
    let folder = Folder::default();
    folder.file("pipeline.yaml", "name: p\nsteps:\n  a: { component: \"@trivial#noop\" }\n");
    // Brings the component into the store.
    folder.ok("run pipeline.yaml --quiet");
    let digest = weft_sandbox::digest_of_file(&common::component("trivial")).unwrap();
    let request = |a: i64| {
        json!({
            "task": "add", "component": { "digest": digest, "function": "add" },
            "inputs": { "a": { "parameter": a }, "b": { "parameter": 1 } },
            "grants": {}, "limits": {}, "identity": vec![0; 32],
        })
    };
    let file = |a: i64| json!({ "format": 1, "steps": [{ "id": 7, "request": request(a) }] }).to_string();
    folder.file("step.json", &file(2));
    folder.ok("step step.json");
    let result: Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("step.json.result")).unwrap()).unwrap();
    assert_eq!(result["events"][0][0], 7);
    assert_eq!(
        result["events"][0][1]["ended"]["outcome"]["succeeded"]["outputs"],
        json!({ "sum": { "parameter": 3 } })
    );
    folder.file("step.json", &file(i64::MAX));
    assert_eq!(folder.weft("step step.json").code, Some(1));
    folder.file("step.json", r#"{ "format": 2, "steps": [] }"#);
    let wrong = folder.weft("step step.json");
    assert!(wrong.stderr.contains("is no file of this version of weft"), "{}", wrong.stderr);
}

/// Slurm's programs, played by shell scripts that start processes of this machine.
fn slurm(folder: &Folder) -> String {
    let bin = folder.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    let alive = "alive() { [ -e /proc/$1/stat ] && ! grep -q ') Z ' /proc/$1/stat; }\n";
    let scripts = [
        ("sinfo", "echo 'main* 0/2/0/2'".to_owned()),
        (
            "sbatch",
            "for word; do case $word in --wrap=*) script=${word#--wrap=};; --output=*) log=${word#--output=};; \
             --job-name=*) name=${word#--job-name=};; esac; done\n\
             setsid sh -c \"$script\" </dev/null >>\"$log\" 2>&1 &\n\
             echo \"$! $name\" >>\"$here/jobs\"; echo \"$!;test\""
                .to_owned(),
        ),
        (
            "squeue",
            format!(
                "{alive}for word; do case $word in --name=*) wanted=${{word#--name=}};; esac; done\n\
                 while read -r id name; do if [ \"$name\" = \"$wanted\" ] && alive \"$id\"; then echo \"$id RUNNING None\"; fi; done <\"$here/jobs\""
            ),
        ),
        ("scontrol", "echo \"JobId=$4 JobState=FAILED Reason=RaisedSignal:9 ExitCode=0:9 NodeList=node1\"".to_owned()),
        (
            "scancel",
            "touch \"$here/jobs\"; while read -r id name; do case $2 in --name=\"$name\"|\"$id\") kill \"$id\" 2>/dev/null;; esac; done <\"$here/jobs\"; true"
                .to_owned(),
        ),
    ];
    for (name, script) in scripts {
        let path = bin.join(name);
        std::fs::write(&path, format!("#!/bin/sh\nhere=$(dirname \"$0\")\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    }
    format!("{}:{}", bin.display(), std::env::var("PATH").unwrap())
}

#[test]
fn a_run_on_slurm_asks_for_jobs_and_replaces_those_that_are_killed() {
    let folder = Folder::default();
    let path = slurm(&folder);
    folder.file("pipeline.yaml", &sleepers(60, 100));
    let mut run = folder.command(&["run", "pipeline.yaml", "--quiet", "--on", "slurm"]);
    let run = run.env("PATH", path).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    until("the start of both workers", || workers(folder.path()).len() == 2);
    std::thread::sleep(Duration::from_millis(500));
    assert!(signal(workers(folder.path())[0], Signal::KILL));
    let ended = end(run);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("is lost: FAILED, exit code 0:9, RaisedSignal:9, on node1"), "{}", ended.stderr);
    assert_slept(&folder, 60);
    let jobs = std::fs::read_to_string(folder.path().join("bin/jobs")).unwrap();
    assert_eq!(jobs.lines().count(), 3, "{jobs}");
    no_worker_is_left(&folder);
}

/// The part of Ray's dashboard that deals with jobs, which are processes of this machine here.
struct Ray {
    address: String,
    jobs: Arc<Mutex<Vec<RayJob>>>,
}

struct RayJob {
    id: String,
    name: Value,
    process: Child,
    stopped: bool,
}

impl Ray {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let jobs = Arc::<Mutex<Vec<RayJob>>>::default();
        let known = Arc::clone(&jobs);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, known) = (stream.unwrap(), Arc::clone(&known));
                std::thread::spawn(move || answer(&stream, &known));
            }
        });
        Self { address, jobs }
    }
}

/// Answers the requests of a connection.
fn answer(stream: &TcpStream, jobs: &Mutex<Vec<RayJob>>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap());
    loop {
        let (mut head, mut length, mut token) = (String::new(), 0, false);
        loop {
            let mut line = String::new();
            if lines.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            let lower = line.to_lowercase();
            if let Some(bytes) = lower.strip_prefix("content-length:") {
                length = bytes.trim().parse().unwrap();
            }
            token |= lower.trim() == "authorization: bearer sesame";
            if line.trim().is_empty() {
                break;
            }
            if head.is_empty() {
                head = line;
            }
        }
        let mut body = vec![0; length];
        lines.read_exact(&mut body).unwrap();
        let document = serde_json::from_slice(&body).unwrap_or_default();
        let mut words = head.split(' ');
        let (method, path) = (words.next().unwrap(), words.next().unwrap());
        let (status, answer) = if token {
            ray_answer(method, path, &document, &mut jobs.lock().unwrap())
        } else {
            (401, json!("Traceback (most recent call last):\nUnauthorized: no token"))
        };
        let answer = answer.as_str().map_or_else(|| answer.to_string(), str::to_owned);
        write!(&*stream, "HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n{answer}", answer.len()).unwrap();
    }
}

fn ray_answer(method: &str, path: &str, document: &Value, jobs: &mut Vec<RayJob>) -> (u16, Value) {
    match (method, path) {
        ("GET", "/nodes?view=summary") => {
            let node = |state: &str| json!({ "raylet": { "state": state, "resourcesTotal": { "CPU": 2.0 } } });
            (200, json!({ "result": true, "data": { "summary": [node("ALIVE"), node("DEAD")] } }))
        }
        ("POST", "/api/jobs/") => {
            assert_eq!(document["entrypoint_num_cpus"], 1);
            let id = format!("raysubmit_{}", jobs.len());
            let mut command = std::process::Command::new("sh");
            command.args(["-c", document["entrypoint"].as_str().unwrap()]).stdin(Stdio::null());
            let process = command.spawn().unwrap();
            let name = document["metadata"]["job_name"].clone();
            jobs.push(RayJob { id: id.clone(), name, process, stopped: false });
            (200, json!({ "job_id": id, "submission_id": id }))
        }
        ("GET", "/api/jobs/") => {
            let mut all =
                vec![json!({ "type": "DRIVER", "job_id": "01000000", "submission_id": null, "status": "RUNNING" })];
            for job in jobs {
                let (status, message) = match job.process.try_wait().unwrap() {
                    None => ("RUNNING", "Job is currently running.".to_owned()),
                    Some(_) if job.stopped => ("STOPPED", "Job was intentionally stopped.".to_owned()),
                    Some(end) if end.success() => ("SUCCEEDED", "Job finished successfully.".to_owned()),
                    Some(end) => ("FAILED", format!("Job entrypoint command failed: {end}\n")),
                };
                all.push(json!({
                    "type": "SUBMISSION", "job_id": null, "submission_id": job.id, "status": status,
                    "message": message, "metadata": { "job_name": job.name }, "driver_exit_code": null,
                }));
            }
            (200, Value::Array(all))
        }
        ("POST", path) if path.ends_with("/stop") => {
            let id = path.trim_end_matches("/stop").rsplit('/').next().unwrap();
            let job = jobs.iter_mut().find(|job| job.id == id).unwrap();
            job.stopped = true;
            signal(i32::try_from(job.process.id()).unwrap(), Signal::TERM);
            (200, json!({ "stopped": true }))
        }
        _ => (404, json!("there is no such thing")),
    }
}

#[test]
fn a_run_on_ray_submits_jobs_and_replaces_those_that_are_killed() {
    let folder = Folder::default();
    let ray = Ray::start();
    folder.file("pipeline.yaml", &sleepers(60, 100));
    let on_ray = |arguments: &str| {
        let mut command = folder.command(arguments);
        // That of a cluster's own port is no URL, and passed over.
        command.env("RAY_API_SERVER_ADDRESS", "head:6379").env("RAY_ADDRESS", format!("{}/", ray.address));
        command.env("RAY_AUTH_TOKEN", "sesame").stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    };
    let run = on_ray("run pipeline.yaml --quiet --on ray --name one").spawn().unwrap();
    until("the start of both workers", || workers(folder.path()).len() == 2);
    std::thread::sleep(Duration::from_millis(500));
    assert!(signal(workers(folder.path())[0], Signal::KILL));
    let ended = end(run);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("is lost: FAILED, Job entrypoint command failed: signal: 9"), "{}", ended.stderr);
    assert_slept(&folder, 60);
    assert_eq!(ray.jobs.lock().unwrap().len(), 3);
    no_worker_is_left(&folder);

    // An interrupted run leaves no jobs, and goes on.
    let run = on_ray("run pipeline.yaml --quiet --on ray --name two --no-cache").spawn().unwrap();
    until("the start of both workers", || workers(folder.path()).len() == 2);
    assert!(signal(i32::try_from(run.id()).unwrap(), Signal::INT));
    assert_eq!(end(run).code, Some(130));
    no_worker_is_left(&folder);
    assert_eq!(end(on_ray("resume two --quiet --on ray --workers 1").spawn().unwrap()).code, Some(0));
    no_worker_is_left(&folder);

    let refused = end(on_ray("run pipeline.yaml --on ray").env("RAY_AUTH_TOKEN", "wrong").spawn().unwrap());
    assert!(refused.stderr.contains("401") && refused.stderr.contains("Unauthorized: no token"), "{}", refused.stderr);
    let nowhere = end(on_ray("run pipeline.yaml --on ray").env_remove("RAY_ADDRESS").spawn().unwrap());
    assert_eq!(nowhere.code, Some(2));
    insta::assert_snapshot!(nowhere.stderr, @r"
    error: the engine `ray` cannot be used here: RAY_ADDRESS names no URL
    hint: say where its dashboard is, `RAY_ADDRESS=http://head:8265`; `--on process` needs no engine
    ");
}
