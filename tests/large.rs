//! Large artifacts go through steps without going through the host's memory.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::process::Stdio;

use common::{Folder, peak_until_end, task};

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
    let peak = peak_until_end(&mut child);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let outcome: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(task(&outcome, "look")["outputs"]["bytes"]["parameter"], 2_147_483_648u64);
    println!("peak memory: {} MB", peak / 1_000_000);
    assert!(peak < 300_000_000, "{peak} bytes");
}
