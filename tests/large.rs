//! Large artifacts go through steps without going through the host's memory.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::process::Stdio;

use common::{Folder, peak_memory, task};

#[test]
fn two_gibibytes_pass_through_two_steps_in_less_than_300_megabytes() {
    let folder = Folder::default();
    folder.file(
        "pipeline.yaml",
        "name: large
steps:
  make: { component: \"@trivial#generate\", with: { bytes: 2147483648, seed: 1 } }
  pass: { component: \"@trivial#copy\", with: { input: \"${make}\" } }
  look: { component: \"@trivial#count\", with: { input: \"${pass}\" } }
",
    );
    let mut child = folder
        .command(&["run", "pipeline.yaml", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        peak = peak.max(peak_memory(child.id()).unwrap_or(0));
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let outcome: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(task(&outcome, "look")["outputs"]["bytes"]["parameter"], 2_147_483_648u64);
    println!("peak memory: {} MB", peak / 1_000_000);
    assert!(peak > 0 && peak < 300_000_000, "{peak} bytes");
}
