//! The command line reference.

use crate::common::Folder;

/// Help is for people: it is kept whole, so that a change to it is seen.
#[test]
fn every_command_explains_itself() {
    let folder = Folder::default();
    let commands = [
        "",
        "run",
        "check",
        "compile",
        "graph",
        "call",
        "inspect",
        "runs",
        "runs ls",
        "runs show",
        "runs rm",
        "logs",
        "resume",
        "lineage",
        "artifact",
        "artifact ls",
        "artifact show",
        "artifact cat",
        "artifact export",
        "executor",
        "executor install",
        "cache",
        "gc",
        "fsck",
        "why",
        "diff",
        "rerun",
        "step",
        "verify",
        "attest",
        "push",
        "pull",
        "update",
        "bundle",
        "serve",
        "submit",
        "deploy",
        "deployments",
        "predict",
        "monitor",
        "completions",
    ];
    let mut reference = String::new();
    for command in commands {
        let help = folder.ok(&format!("{command} --help")).stdout;
        reference.push_str(&format!("$ weft {command}\n{help}\n\n").replace("weft \n", "weft\n"));
    }
    insta::assert_snapshot!(reference);
}

#[test]
fn version_is_told() {
    let version = Folder::default().ok("--version").stdout;
    assert_eq!(version.trim(), concat!("weft ", env!("CARGO_PKG_VERSION")));
}

#[test]
fn completions_know_the_commands() {
    let folder = Folder::default();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = folder.ok(&format!("completions {shell}")).stdout;
        assert!(script.contains("lineage") && script.contains("older-than"), "{shell}");
    }
}

#[test]
fn an_unknown_command_is_a_wrong_request() {
    let ended = Folder::default().weft("rnu pipeline.yaml");
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("similar subcommand"), "{}", ended.stderr);
}
