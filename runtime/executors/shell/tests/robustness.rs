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
        "awk 'function f() { return f() } BEGIN { f() }'",
        "awk 'function f(n) { return 1 + f(n + 1) } BEGIN { print f(1) }'",
        "echo 'awk \"BEGIN { exit system(\\\"sh ./s\\\") }\"' > s; sh ./s",
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
        ("awk 'BEGIN { while (1) print \"y\" }' | head -n 2", "y\ny\n"),
        ("jq -n 'repeat(1)' | head -n 2", "1\n1\n"),
    ] {
        let (out, errors, _) = run(&["-c", script], "");
        assert_eq!(out.replace([' '], ""), expected, "{script}: {errors}");
    }
}

#[test]
fn deep_data_and_programs_are_errors() {
    let deep = |open: &str, close: &str| open.repeat(200_000) + "1" + &close.repeat(200_000);
    for (program, input) in [
        ("jq -c .", deep("[", "]")),
        ("jq -c .", deep("{\"a\":", "}")),
        ("jq -s length", deep("[", "]")),
        ("jq -R fromjson", deep("[", "]")),
        ("jq -n -f /dev/stdin", deep("[", "]")),
        ("jq -n -f /dev/stdin", deep("(", ")")),
        ("jq -n -f /dev/stdin", deep("-", "")),
        ("jq -n -f /dev/stdin", deep("1 as $x | ", "")),
        ("jq -n -f /dev/stdin", deep("if 1 then ", " else 2 end")),
        ("awk -f /dev/stdin", "BEGIN { print ".to_owned() + &deep("(", ")") + " }"),
        ("awk -f /dev/stdin", "BEGIN { print ".to_owned() + &deep("-", "") + " }"),
        ("awk -f /dev/stdin", "BEGIN ".to_owned() + &deep("{", "}")),
    ] {
        let (_, errors, status) = run(&["-c", program], &input);
        assert!(!errors.contains("panicked") && status != 0, "{program} {input:.40}: {status} {errors:.300}");
    }
}

#[test]
fn unknown_commands_are_named() {
    let (_, errors, status) = run(&["-c", "echo a\npython3 x.py"], "");
    assert_eq!(status, 127);
    assert!(errors.starts_with("sh: line 2: python3: not found\n"), "{errors}");
    assert!(errors.lines().nth(1).unwrap().contains("WebAssembly component"), "{errors}");
    let (out, _, status) = run(&["--list-commands", "-c", "f() { yq .; }; f | sort; ls $(aws s3)"], "");
    assert_eq!((out.as_str(), status), ("aws\nyq\n", 0));
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// The same for programs of `awk`, which end because they have no loops, and of `jq`.
    #[test]
    fn any_program_is_answered(
        awk in prop::collection::vec(prop::sample::select(AWK), 0..20),
        jq in prop::collection::vec(prop::sample::select(JQ), 0..15),
    ) {
        for (name, program) in [("awk", awk.join(" ")), ("jq", jq.join(" "))] {
            let (_, errors, _) = run(&["-c", &format!("{name} \"$0\""), &program], "{\"a\": [1, \"x y\"]}\n2\n");
            prop_assert!(!errors.contains("panicked"), "{name} {program:?}: {errors}");
        }
    }
}

const AWK: &[&str] = &[
    "BEGIN",
    "END",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "print",
    "printf",
    "getline",
    "x",
    "y",
    "x[",
    "$",
    "$1",
    "NF",
    "NR",
    "FS",
    "RS",
    "=",
    "+=",
    "++",
    "-",
    "+",
    "*",
    "/",
    "%",
    "^",
    "/a/",
    "/[/",
    "~",
    "!~",
    "!",
    "&&",
    "||",
    "?",
    ":",
    ",",
    ";",
    "\n",
    "in",
    "if (",
    "else",
    "1",
    "-1",
    "1e9",
    "\"%d %s %c\"",
    "\"%*.*f\"",
    "\"a\"",
    "\"\"",
    "substr(",
    "split(",
    "sub(",
    "gsub(",
    "match(",
    "length",
    "sprintf(",
    "index(",
    "toupper(",
    "strftime(",
    "mktime(",
    "delete",
    "next",
    "exit",
    "function f(a)",
    "return",
    "f(x)",
    "< \"x\"",
    "> \"x\"",
    "close(",
    "|",
];

const JQ: &[&str] = &[
    ".",
    "..",
    ".a",
    ".[",
    "]",
    "[",
    "(",
    ")",
    "{",
    "}",
    "|",
    ",",
    ":",
    "\"a\"",
    "\"\\(",
    "\"",
    "1",
    "-1",
    "1e400",
    "null",
    "map(",
    "select(",
    "keys",
    "length",
    "sort",
    "add",
    "tostring",
    "tojson",
    "fromjson",
    "tonumber",
    "test(",
    "sub(",
    "split(",
    "ltrimstr(",
    "reduce",
    "as",
    "$x",
    "if",
    "then",
    "else",
    "end",
    "try",
    "catch",
    "error",
    "//",
    "+",
    "-",
    "*",
    "/",
    "%",
    "==",
    "<",
    "and",
    "not",
    "=",
    "|=",
    "+=",
    "@csv",
    "@base64d",
    "@uri",
    "todate",
    "strftime(",
    "mktime",
    "fromdate",
    "limit(3;",
    ";",
    "range(3)",
    "first",
    "input",
    "inputs",
    "debug",
    "halt_error",
    "getpath(",
    "paths",
    "del(",
    "to_entries",
    "from_entries",
    "with_entries(",
    "group_by(",
    "min_by(",
    "ascii",
    "implode",
    "explode",
    "env",
    "?",
];

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
    "awk ",
    "jq ",
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
