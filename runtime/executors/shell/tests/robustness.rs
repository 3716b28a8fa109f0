//! Whatever a script is, the shell answers: no panic, no overflow of its stack, no time without end.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the report")]

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use proptest::prelude::*;

/// Runs the shell on arguments and standard input; what it wrote, and its status.
fn run(arguments: &[&str], input: &str) -> (String, String, i32) {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_shell"))
        .arg0("sh")
        .args(arguments)
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    let _ = writer.join();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let status =
        output.status.code().unwrap_or_else(|| panic!("it was killed: {:?}, {}", output.status, text(&output.stderr)));
    (text(&output.stdout), text(&output.stderr), status)
}

fn parse_only(script: &str) -> (String, i32) {
    let start = Instant::now();
    let (_, errors, status) = run(&["-n", "-s"], script);
    assert!(start.elapsed() < Duration::from_secs(20), "{script:.100}");
    assert!(!errors.contains("panicked"), "{script:?}: {errors}");
    (errors, status)
}

#[test]
fn deep_nesting_is_an_error() {
    for (open, middle, close) in [
        ("(", "echo x", ")"),
        ("{ ", "echo x; ", "} ; "),
        ("if true; then ", "echo x; ", "fi; "),
        ("while ", "false; ", "do :; done; "),
        ("case x in x) ", "echo x ", ";; esac "),
        ("echo $(", "echo x", ")"),
        ("echo $((", "1", "))"),
        ("echo \"$(", "echo x", ")\""),
        ("echo ${x:-", "y", "}"),
        ("echo \"${x:-", "y", "}\""),
        ("f() { ", "echo x; ", "} ; "),
        ("! ", "true", ""),
        ("[[ ( ", "a", " ) ]]"),
        ("for i in ", "x", "; do echo; done"),
        ("echo `", "x", "`"),
        ("cat <<E\n$(", "x", ")\nE\n"),
        ("a[", "1", "]=2"),
        ("$((a[", "1", "]))"),
        ("((", "1", "))"),
        ("$( (", "x", ") )"),
    ] {
        for depth in [3_000, 30_000] {
            let script = open.repeat(depth) + middle + &close.repeat(depth);
            parse_only(&script);
            parse_only(&open.repeat(depth));
        }
    }
    let (errors, status) = parse_only(&("(".to_owned() + &"( ".repeat(1000) + "echo" + &" )".repeat(1001)));
    assert!(status == 2 && errors.contains("inside of each other"), "{errors}");
}

#[test]
fn recursion_without_end_is_an_error() {
    for script in [
        "f() { f; }; f",
        "f() { (f); }; f",
        "f() { echo $(f); }; f",
        "f() { f | f; }; f",
        "f() { eval f; }; f",
        "f() { if f; then :; fi; }; f",
        "x='eval \"$x\"'; eval \"$x\"",
        "echo '. ./s' > s; . ./s",
        "echo 'sh ./s' > s; sh ./s",
        "echo './s' > s; ./s",
        "trap 'exit' EXIT; f() { [ -n \"$(f)\" ]; }; f",
        "a='b+1'; b='a+1'; echo $((a))",
        "f() { env sh -c 'f'; find . -maxdepth 0 -exec sh -c '$0' {} \\; ; f; }; f",
    ] {
        let start = Instant::now();
        let (_, errors, status) = run(&["-c", script], "");
        assert!(!errors.contains("panicked") && status != 0, "{script}: {status} {errors}");
        assert!(start.elapsed() < Duration::from_secs(20), "{script}");
    }
}

#[test]
fn writers_without_end_stop_with_their_reader() {
    for (script, expected) in [
        ("yes | head -n 1", "y\n"),
        ("while :; do echo a; done | head -2", "a\na\n"),
        ("cat /dev/zero | head -c 3 | wc -c", "3\n"),
        ("tr -dc a </dev/urandom | head -c 2", "aa"),
        ("yes a | sed 3q | wc -l; echo ok", "3\nok\n"),
        ("seq 10000000 | grep -m 1 77", "77\n"),
    ] {
        let (out, errors, _) = run(&["-c", script], "");
        assert_eq!(out.replace([' '], ""), expected, "{script}: {errors}");
    }
}

#[test]
fn unknown_commands_are_named() {
    let (_, errors, status) = run(&["-c", "echo a\npython3 x.py"], "");
    assert_eq!(status, 127);
    assert!(errors.starts_with("sh: line 2: python3: not found\n"), "{errors}");
    assert!(errors.lines().nth(1).unwrap().contains("WebAssembly component"), "{errors}");
    let (out, _, status) = run(&["--list-commands", "-c", "f() { jq .; }; f | sort; ls $(aws s3)"], "");
    assert_eq!((out.as_str(), status), ("aws\njq\n", 0));
}

#[test]
fn syntax_errors_have_a_line_and_status_2() {
    for (script, line) in [
        ("echo a\nif x; then\nfi", 3),
        ("\n\necho \"a", 3),
        ("a\n)", 2),
        ("for 1 in a; do b; done", 1),
        ("echo ${a!}", 1),
    ] {
        let (_, errors, status) = run(&["-n", "-c", script], "");
        assert_eq!(status, 2, "{script}");
        assert!(errors.contains(&format!("line {line}: syntax error")), "{script}: {errors}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Pieces of scripts in any order: reading them does not fail but by an error, nor does running them.
    #[test]
    fn any_text_is_answered(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..30)) {
        let script = pieces.concat();
        parse_only(&script);
        let (_, errors, _) = run(&["-c", &script, "sh", "a", "b c"], "one\ntwo\n");
        prop_assert!(!errors.contains("panicked"), "{script:?}: {errors}");
    }
}

/// No loops without a condition that ends them, and nothing that sleeps.
const PIECES: &[&str] = &[
    "echo ",
    "a",
    "x=",
    "$x",
    "${x",
    "}",
    "${#",
    "${x:-",
    "${x##",
    "${x/",
    "/",
    "${x:",
    ":",
    "1",
    "-1",
    "$((",
    "))",
    "((",
    "$(",
    ")",
    "(",
    "`",
    "\"",
    "'",
    "\\",
    "\n",
    ";",
    "&&",
    "||",
    "|",
    "&",
    "<",
    ">",
    "<<E\n",
    "E\n",
    "<<<",
    "2>&1",
    ">&-",
    "if ",
    "then ",
    "else ",
    "fi",
    "for i in ",
    "do ",
    "done",
    "case ",
    "in ",
    "esac",
    ";;",
    "{ ",
    "f() ",
    "f",
    "!",
    "[[ ",
    " ]]",
    "[ ",
    " ]",
    "-eq",
    "=~",
    "*",
    "?",
    "[a",
    "]",
    "~",
    "{a,b}",
    "{1..3}",
    "${a[",
    "@]",
    "a=(",
    "+=",
    "é",
    "\t",
    " ",
    "#",
    "$@",
    "$*",
    "$#",
    "$1",
    "${!x}",
    "set -eu",
    "local y",
    "export ",
    "read r",
    "printf %s",
    "printf '%5.3d|%b' ",
    "test ",
    "sed s/a/b/ ",
    "sed ",
    "grep ",
    "tr ",
    "cut -f",
    "sort -k",
    "expr ",
    "date +",
    "find ",
    "eval ",
    "shift",
    "unset x",
    "trap 'echo' EXIT",
    "return ",
    "exit ",
    "break",
    "$'\\x",
    "%",
    "^",
    ",",
    "1-",
    "[[:alpha:]]",
    "\\(",
    "\\1",
    "getopts a:b o -a ",
    "head -n ",
    "tail -c ",
    "seq 3 ",
];
