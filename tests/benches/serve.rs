//! What `weft serve` costs its clients: lists over 10,000 runs of 10 steps, 200 clients that poll beside 100 running pipelines, the memory of
//! the server, and a pipeline of five Python functions from the client to its end; beside `mlflow server` and `kfp.local`, on the same machine
//! in the same run.
//!
//! `bash tests/benches/serve.sh` makes what it is measured beside and runs it, or with arguments only some of its parts: `lists`, `polling`,
//! `mlflow`, `functions`, `telemetry`. `WEFT_BENCH_STORE=DIR` keeps the store with many runs for the next time. Each figure that is promised is held, and a promise that is not
//! kept ends it with 1. What is not installed is left out, and said so.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark fails by panicking")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

#[path = "../common/mod.rs"]
mod common;
#[path = "filled.rs"]
mod filled;

use common::served::Served;
use common::{Ended, Folder, project};
use filled::{RUNS, STEPS, fill};

/// Each list is asked for so often; the median and the worst count.
const ROUNDS: usize = 41;
/// Runs of a page, of which as many are asked of mlflow.
const PAGE: usize = 100;
const CLIENTS: usize = 200;
const PIPELINES: usize = 100;
/// How long clients poll, and each one's pause; KFP's own client makes one of five seconds.
const POLLING: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_secs(1);
/// Runs of five functions that are measured.
const FUNCTIONS: usize = 10;

/// A figure, and what was promised of it.
struct Report(Vec<String>);

impl Report {
    fn hold(&mut self, what: &str, figure: f64, unit: &str, most: f64) {
        let kept = if figure <= most { "" } else { "   NOT KEPT" };
        println!("{what:<66} {figure:>9.1} {unit:<5} at most {most}{kept}");
        if figure > most {
            self.0.push(what.to_owned());
        }
    }

    fn faster(&mut self, what: &str, times: f64, least: f64) {
        let kept = if times >= least { "" } else { "   NOT KEPT" };
        println!("{what:<66} {times:>9.1} times at least {least}{kept}");
        if times < least {
            self.0.push(what.to_owned());
        }
    }
}

fn main() {
    let parts: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let is_wanted = |part: &str| parts.is_empty() || parts.iter().any(|wanted| wanted == part);
    let mut report = Report(Vec::new());
    if ["lists", "polling", "mlflow"].into_iter().any(is_wanted) {
        let folder = filled();
        let served = Served::with(&folder, &["--no-auth"]);
        let list = lists(&served, &mut report);
        if is_wanted("lists") {
            page_ready(&served, &mut report);
        }
        drop(served);
        if is_wanted("polling") {
            let served = Served::with(&folder, &["--no-auth", "--runs", "100"]);
            // It has shown its lists, too.
            lists(&served, &mut report);
            polling(&served, &mut report);
            let memory = common::peak_memory(served.process()).unwrap();
            report.hold("memory of the server at its peak", to_mib(memory), "MiB", 150.0);
        }
        if is_wanted("mlflow") {
            mlflow(list, &mut report);
        }
    }
    if is_wanted("functions") {
        functions(&mut report);
    }
    if is_wanted("telemetry") {
        telemetry(&mut report);
    }
    if !report.0.is_empty() {
        println!("\nnot kept: {}", report.0.join("; "));
        std::process::exit(1);
    }
}

/// A folder whose store has many runs: a copy of the one that `WEFT_BENCH_STORE` names, which is made if it is not there.
fn filled() -> Folder {
    let folder = Folder::default();
    let store = folder.path().join(".weft");
    std::fs::create_dir_all(&store).unwrap();
    let kept = std::env::var_os("WEFT_BENCH_STORE").map(|kept| PathBuf::from(kept).join("metadata.sqlite"));
    if let Some(kept) = kept.as_ref().filter(|kept| kept.exists()) {
        _ = std::fs::copy(kept, store.join("metadata.sqlite")).unwrap();
    } else {
        let begun = Instant::now();
        fill(&store);
        println!("filled with {RUNS} runs of {STEPS} steps in {:.1} s\n", begun.elapsed().as_secs_f64());
        if let Some(kept) = kept {
            std::fs::create_dir_all(kept.parent().unwrap()).unwrap();
            std::fs::copy(store.join("metadata.sqlite"), kept).unwrap();
        }
    }
    folder
}

#[expect(clippy::cast_precision_loss, reason = "megabytes of a process")]
fn to_mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// A connection that is kept.
struct Client {
    address: SocketAddr,
    stream: BufReader<TcpStream>,
}

impl Client {
    fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        Self { address, stream: BufReader::new(stream) }
    }

    /// The status and the body of an answer.
    fn ask(&mut self, method: &str, path: &str, body: &str) -> (u16, Vec<u8>) {
        let head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\n", self.address);
        write!(self.stream.get_mut(), "{head}content-length: {}\r\n\r\n{body}", body.len()).unwrap();
        let (mut status, mut length, mut chunked) = (0, 0, false);
        loop {
            let mut line = String::new();
            assert!(self.stream.read_line(&mut line).unwrap() > 0, "the connection was closed");
            let line = line.trim_end().to_lowercase();
            if line.is_empty() {
                break;
            } else if let Some(rest) = line.strip_prefix("http/1.1 ") {
                status = rest[..3].parse().unwrap();
            } else if let Some(rest) = line.strip_prefix("content-length: ") {
                length = rest.parse().unwrap();
            } else if line == "transfer-encoding: chunked" {
                chunked = true;
            }
        }
        let mut body = Vec::new();
        if !chunked {
            body.resize(length, 0);
            self.stream.read_exact(&mut body).unwrap();
            return (status, body);
        }
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).unwrap();
            let size = usize::from_str_radix(line.trim_end(), 16).unwrap();
            let from = body.len();
            body.resize(from + size + 2, 0);
            self.stream.read_exact(&mut body[from..]).unwrap();
            body.truncate(from + size);
            if size == 0 {
                return (status, body);
            }
        }
    }

    fn get(&mut self, path: &str) -> Vec<u8> {
        let (status, body) = self.ask("GET", path, "");
        assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
        body
    }
}

/// The median and the worst of as many rounds.
fn measure(rounds: usize, mut work: impl FnMut()) -> (Duration, Duration) {
    let mut times: Vec<Duration> = (0..rounds)
        .map(|_| {
            let begun = Instant::now();
            work();
            begun.elapsed()
        })
        .collect();
    times.sort_unstable();
    (times[times.len() / 2], times[times.len() - 1])
}

/// Lists as programs and browsers ask for them. Gives the median of the list that mlflow is asked for too.
fn lists(served: &Served, report: &mut Report) -> Duration {
    let mut client = Client::connect(served.address.parse().unwrap());
    let path = format!("/apis/v2beta1/runs?page_size={PAGE}&sort_by=created_at%20desc");
    client.get(&path);
    let (list, worst) = measure(ROUNDS, || drop(client.get(&path)));
    report.hold(&format!("list of {PAGE} runs by the API, median"), ms(list), "ms", 50.0);
    println!("list of {PAGE} runs by the API, worst of {ROUNDS}: {:.1} ms", ms(worst));
    let (page, worst) = measure(ROUNDS, || drop(client.get("/")));
    report.hold("list of runs as a page, from request to last byte, median", ms(page), "ms", 50.0);
    println!("list of runs as a page, worst of {ROUNDS}: {:.1} ms", ms(worst));
    list
}

/// The list of runs in a browser, until all of it is loaded and shown.
fn page_ready(served: &Served, report: &mut Report) {
    let modules = project().join("target/page-tests");
    let script = project().join("tests/benches/ready.mjs");
    let output = Command::new("node").arg(script).arg(&modules).arg(served.url()).stdin(Stdio::null()).output();
    match output.map(Ended::from) {
        Ok(ended) if ended.code == Some(0) => {
            let ready: f64 = ended.stdout.trim().parse().unwrap();
            report.hold("list of runs in Chromium, from navigation to loaded, median", ready, "ms", 300.0);
        }
        Ok(ended) => println!("left out: the page in Chromium: {}", ended.stderr.lines().last().unwrap_or_default()),
        Err(error) => println!("left out: the page in Chromium: {error}"),
    }
}

/// A pipeline of KFP whose steps keep a processor busy, each by counting this far in a shell.
fn busy(count: u32) -> Value {
    let script = format!("i=0; while [ $i -lt {count} ]; do i=$((i+1)); done");
    let tasks: serde_json::Map<String, Value> = (0..STEPS)
        .map(|at| {
            let name = format!("step-{at}");
            let after: Vec<String> = (at > 0).then(|| format!("step-{}", at - 1)).into_iter().collect();
            let task = json!({"taskInfo": {"name": name}, "componentRef": {"name": "busy"}, "cachingOptions": {}, "dependentTasks": after});
            (name, task)
        })
        .collect();
    json!({
        "pipelineInfo": {"name": "busy"},
        "schemaVersion": "2.1.0",
        "root": {"dag": {"tasks": tasks}},
        "components": {"busy": {"executorLabel": "busy"}},
        "deploymentSpec": {"executors": {"busy": {"container": {
            "image": "alpine", "command": ["sh", "-c", script],
        }}}},
    })
}

/// 200 clients that poll runs, of which 100 are at work.
fn polling(served: &Served, report: &mut Report) {
    let address: SocketAddr = served.address.parse().unwrap();
    let mut client = Client::connect(address);
    let body = json!({"display_name": "busy", "pipeline_spec": busy(2000)}).to_string();
    let begun = Instant::now();
    let runs: Vec<String> = (0..PIPELINES)
        .map(|_| {
            let (status, answer) = client.ask("POST", "/apis/v2beta1/runs", &body);
            assert_eq!(status, 200, "{}", String::from_utf8_lossy(&answer));
            serde_json::from_slice::<Value>(&answer).unwrap()["run_id"].as_str().unwrap().to_owned()
        })
        .collect();
    println!("{PIPELINES} pipelines submitted in {:.2} s", begun.elapsed().as_secs_f64());
    let (times, over) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|at| {
            let path = format!("/apis/v2beta1/runs/{}", runs[at % runs.len()]);
            let (times, over) = (Arc::clone(&times), Arc::clone(&over));
            std::thread::Builder::new().stack_size(128 << 10).spawn(move || {
                let mut client = Client::connect(address);
                // Not all at the same moment.
                std::thread::sleep(PAUSE * u32::try_from(at).unwrap() / u32::try_from(CLIENTS).unwrap());
                let (mut mine, mut errors) = (Vec::new(), 0);
                while !over.load(Ordering::Relaxed) {
                    let begun = Instant::now();
                    errors += usize::from(client.ask("GET", &path, "").0 != 200);
                    mine.push(begun.elapsed());
                    std::thread::sleep(PAUSE);
                }
                times.lock().unwrap().extend(mine);
                errors
            })
        })
        .collect();
    std::thread::sleep(POLLING);
    over.store(true, Ordering::Relaxed);
    let errors: usize = clients.into_iter().map(|client| client.unwrap().join().unwrap()).sum();
    let mut times = std::mem::take(&mut *times.lock().unwrap());
    times.sort_unstable();
    let metrics = String::from_utf8(client.get("/metrics")).unwrap();
    let at_work =
        metrics.lines().find_map(|line| line.strip_prefix("weft_runs{state=\"running\"} ")).unwrap().to_owned();
    println!("{CLIENTS} clients, {} answers, {at_work} pipelines at work at the end", times.len());
    let at = |share: usize| ms(times[times.len() * share / 1000]);
    println!("get_run beside them: median {:.1} ms, p99.9 {:.1} ms", at(500), at(999));
    report.hold("get_run beside them, p99", at(990), "ms", 100.0);
    #[expect(clippy::cast_precision_loss, reason = "a few")]
    report.hold("errors", errors as f64, "", 0.0);
}

/// As many runs in mlflow's store, listed by its server.
fn mlflow(ours: Duration, report: &mut Report) {
    let Some(python) = std::env::var_os("WEFT_BENCH_MLFLOW").map(PathBuf::from) else {
        println!("left out: mlflow; WEFT_BENCH_MLFLOW names a Python that has it");
        return;
    };
    let folder = Folder::default();
    let script = project().join("tests/benches/mlflow_runs.py");
    let rounds = ROUNDS.to_string();
    let arguments = [RUNS.to_string(), PAGE.to_string(), rounds];
    let output = Command::new(python).arg(script).args(&arguments).current_dir(folder.path()).output().unwrap();
    let ended = Ended::from(output);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    let theirs: f64 = ended.stdout.lines().last().unwrap().trim().parse().unwrap();
    println!("mlflow server, list of {PAGE} of {RUNS} runs, median: {:.1} ms", theirs * 1e3);
    report.faster("the list of the API beside mlflow's", theirs / ours.as_secs_f64(), 10.0);
}

/// Five Python functions: as a client of the server sees them, and by KFP's own runner.
fn functions(report: &mut Report) {
    let folder = Folder::default();
    let served = Served::with(&folder, &[]);
    let python = |arguments: &[&str]| -> Vec<f64> {
        let bin = project().join("target/kfp-venv/bin");
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
        let mut command = Command::new(bin.join("python"));
        command.arg(project().join("tests/benches/functions.py")).args(arguments);
        let ended = Ended::from(command.env("PATH", path).current_dir(folder.path()).output().unwrap());
        assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
        ended.stdout.lines().filter_map(|line| line.trim().parse().ok()).collect()
    };
    // The first run compiles the runner, if nothing did before.
    python(&["submit", &served.url(), &served.token, "1"]);
    let mut ours = python(&["submit", &served.url(), &served.token, &FUNCTIONS.to_string()]);
    // Starting processes takes longer at one time than at another.
    let mut theirs: Vec<f64> = (0..3).flat_map(|_| python(&["run"])).collect();
    ours.sort_unstable_by(f64::total_cmp);
    theirs.sort_unstable_by(f64::total_cmp);
    let (ours, theirs) = (ours[ours.len() / 2], theirs[theirs.len() / 2]);
    println!(
        "five Python functions, from the client to SUCCEEDED, median of {FUNCTIONS}: {:.0} ms; kfp.local, median of 3: {theirs:.1} s",
        ours * 1e3
    );
    report.faster("five Python functions beside kfp.local's SubprocessRunner", theirs / ours, 20.0);
}

/// What telling a collector costs: processor time of a server over the same runs with one and without.
fn telemetry(report: &mut Report) {
    let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let collector = format!("http://{}", socket.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in socket.incoming().flatten() {
            std::thread::spawn(move || {
                let mut reader = BufReader::new(stream);
                loop {
                    let (mut length, mut line) = (0, String::new());
                    while line != "\r\n" {
                        line.clear();
                        if reader.read_line(&mut line).unwrap_or(0) == 0 {
                            return;
                        }
                        if let Some(rest) = line.to_lowercase().strip_prefix("content-length: ") {
                            length = rest.trim().parse().unwrap();
                        }
                    }
                    if std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink()).is_err() {
                        return;
                    }
                    _ = reader.get_mut().write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
                }
            });
        }
    });
    let runs = 10;
    let cost = |options: &[&str]| {
        let folder = Folder::default();
        let mut all = vec!["--no-auth"];
        all.extend(options);
        let served = Served::with(&folder, &all);
        let mut client = Client::connect(served.address.parse().unwrap());
        let body = json!({"display_name": "busy", "pipeline_spec": busy(1000)}).to_string();
        for _ in 0..runs {
            client.ask("POST", "/apis/v2beta1/runs", &body);
        }
        let done = format!("weft_runs_ended_total{{state=\"complete\"}} {runs}\n");
        while !String::from_utf8(client.get("/metrics")).unwrap().contains(&done) {
            std::thread::sleep(Duration::from_millis(50));
        }
        std::thread::sleep(Duration::from_secs(3));
        common::processor_time(served.process()).unwrap().as_secs_f64()
    };
    // In turns, so that what else the machine does is shared by both.
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        without.push(cost(&[]));
        with.push(cost(&["--otlp", &collector]));
    }
    let least = |times: &[f64]| times.iter().copied().fold(f64::INFINITY, f64::min);
    let more = (least(&with) / least(&without) - 1.0) * 100.0;
    println!(
        "processor time of {runs} runs of {STEPS} steps: {:.2} s, with a collector {:.2} s",
        least(&without),
        least(&with)
    );
    report.hold("cost of telling a collector", more.max(0.0), "%", 2.0);
}
