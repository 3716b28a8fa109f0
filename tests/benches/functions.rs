//! What a pipeline of five Python functions costs, from the start of the program to its end: with weft, sandboxed and recorded, and with
//! KFP's own local runner, which starts a process for each and records nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark fails by panicking")]

use std::process::Command;
use std::time::{Duration, Instant};

#[path = "../common/mod.rs"]
mod common;

use common::{Ended, Folder, project};

const ROUNDS: usize = 20;

fn main() {
    let folder = Folder::default();
    python(&folder, &["compile", "pipeline.yaml"]);
    // The first run compiles the runner, if nothing did before.
    run(&folder, &["run", "pipeline.yaml", "--quiet"]);
    let mut warm = measure(|| run(&folder, &["run", "pipeline.yaml", "--quiet", "--no-cache"]));
    let mut cached = measure(|| run(&folder, &["run", "pipeline.yaml", "--quiet"]));
    let mut version = measure(|| run(&folder, &["--version"]));
    let local: f64 = python(&folder, &["run"]).lines().last().unwrap().trim().parse().unwrap();
    let local = Duration::from_secs_f64(local);
    let (warm, cached, version) = (median(&mut warm), median(&mut cached), median(&mut version));
    println!("five Python functions, median of {ROUNDS} runs:");
    println!("  weft, every function run    {warm:>10.1?}");
    println!("  weft, all from the cache    {cached:>10.1?}");
    println!("  weft --version              {version:>10.1?}");
    println!(
        "  kfp.local, no environments  {local:>10.1?}   {:.0} times as long",
        local.as_secs_f64() / warm.as_secs_f64()
    );
}

fn measure(mut work: impl FnMut()) -> Vec<Duration> {
    (0..ROUNDS)
        .map(|_| {
            let started = Instant::now();
            work();
            started.elapsed()
        })
        .collect()
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn run(folder: &Folder, arguments: &[&str]) {
    let ended = folder.weft(arguments);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

fn python(folder: &Folder, arguments: &[&str]) -> String {
    let bin = project().join("target/kfp-venv/bin");
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
    let script = project().join("tests/benches/functions.py");
    let output = Command::new(bin.join("python"))
        .arg(script)
        .args(arguments)
        .env("PATH", path)
        .current_dir(folder.path())
        .output();
    let ended = Ended::from(output.unwrap());
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
    ended.stdout
}
