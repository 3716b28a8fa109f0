//! `weft run` and `weft resume`

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::common::{Ended, Folder, states};

const SUM: &str = "\
name: sum
parameters:
  n: { type: s64, default: 2 }
steps:
  one:
    component: @trivial#add
    with: { a: 1, b: \"${params.n}\" }
  text:
    component: @trivial#write-text
    with: { text: hello }
  never:
    component: @trivial#noop
    when: one.sum > 100
  two:
    component: @trivial#add
    with: { a: \"${one.sum}\", b: \"${one.sum}\" }
  measured:
    component: @trivial#measure
    with: { values: { accuracy: 0.9753, loss: 0.25 } }
outputs:
  total: ${two.sum}
  text: ${text.data}
";

#[test]
fn a_run_shows_its_steps_and_outputs() {
    let folder = Folder::default();
    folder.file("sum.yaml", SUM);
    // One at a time, so that the lines come in one order.
    insta::assert_snapshot!(folder.seen("run sum.yaml --jobs 1"));
    insta::assert_snapshot!(folder.seen("run sum.yaml --jobs 1"));
    assert_eq!(std::fs::read_to_string(folder.path().join(".weft/.gitignore")).unwrap(), "*\n");
}

#[test]
fn a_run_gives_one_json_document() {
    let folder = Folder::default();
    folder.file("sum.yaml", SUM);
    let outcome = folder.json("run sum.yaml -p n=40 --json");
    assert_eq!(outcome["outputs"]["total"]["parameter"], 82);
    assert_eq!(
        states(&outcome),
        [
            ("one", "COMPLETE"),
            ("text", "COMPLETE"),
            ("never", "SKIPPED"),
            ("two", "COMPLETE"),
            ("measured", "COMPLETE")
        ]
    );
    let again = folder.json("run sum.yaml -p n=41 --json");
    assert_eq!(
        states(&again),
        [("one", "COMPLETE"), ("text", "CACHED"), ("never", "SKIPPED"), ("two", "COMPLETE"), ("measured", "CACHED")]
    );
    let fresh = folder.json("run sum.yaml -p n=41 --json --no-cache --name fresh");
    assert_eq!(states(&fresh)[1], ("text", "COMPLETE"));
    assert_eq!(fresh["run"], "fresh");
    assert_eq!(folder.weft("run sum.yaml --name fresh").code, Some(2));
}

#[test]
fn quiet_shows_results_only() {
    let folder = Folder::default();
    folder.file("sum.yaml", SUM);
    let Ended { stdout, stderr, .. } = folder.ok("run sum.yaml -q");
    assert_eq!(stderr, "");
    assert!(stdout.starts_with("STEP"));
}

#[test]
fn colour_is_used_where_it_is_wanted() {
    let folder = Folder::default();
    folder.file("sum.yaml", SUM);
    assert!(folder.ok("run sum.yaml --color always").stdout.contains("\x1b["));
    assert!(!folder.ok("run sum.yaml").stdout.contains('\x1b'));
    assert!(!folder.ok("run sum.yaml --color never").stderr.contains('\x1b'));
}

const FAILING: &str = "\
name: failing
steps:
  fine:
    component: @trivial#add
    with: { a: 1, b: 2 }
  said:
    component: @trivial#fail
    with: { message: \"the table has no column `species`\" }
  talks:
    component: @trivial#report
    with: { message: \"steering \\e[2J the terminal\", steps: 3 }
  stuck:
    component: @hostile#spin
    limits: { time: 50ms }
  after:
    component: @trivial#noop
    after: [said]
  flaky:
    component: @trivial#fail
    with: { message: not today }
    retry: { max: 1, backoff: 1ms }
    # When it fails, nothing else is left that could come first.
    after: [talks]
outputs:
  sum: ${fine.sum}
";

#[test]
fn a_failed_run_tells_each_cause() {
    let folder = Folder::default();
    folder.file("failing.yaml", FAILING);
    insta::assert_snapshot!(folder.seen("run failing.yaml --jobs 1"));
    insta::assert_snapshot!(folder.seen("runs show latest"));
    let outcome = folder.json_of_failure("resume latest --json");
    assert_eq!(
        states(&outcome),
        [
            ("fine", "COMPLETE"),
            ("said", "FAILED"),
            ("talks", "COMPLETE"),
            ("stuck", "FAILED"),
            ("after", "NEW"),
            ("flaky", "FAILED")
        ]
    );
}

const SLOW: &str = "\
name: slow
steps:
  one:
    component: @trivial#add
    with: { a: 1, b: 2 }
  stuck:
    component: @hostile#spin
    after: [one]
";

#[cfg(unix)]
#[test]
fn an_interrupted_run_says_how_to_go_on() {
    let folder = Folder::default();
    folder.file("slow.yaml", SLOW);
    for (signal, run) in [("INT", "first"), ("TERM", "second")] {
        let child = folder.command(&format!("run slow.yaml --name {run}"));
        let child = start(child);
        await_step(&folder, run, "stuck");
        kill(signal, child.id());
        let ended: Ended = child.wait_with_output().unwrap().into();
        assert_eq!(ended.code, Some(130), "{}", ended.stderr);
        assert!(ended.stderr.contains(&format!("weft resume {run}")), "{}", ended.stderr);
        assert!(ended.stdout.contains("CANCELED"), "{}", ended.stdout);
    }
    assert_eq!(folder.json("runs show first --json")["state"], "CANCELED");
}

#[cfg(unix)]
#[test]
fn a_killed_run_is_shown_as_stopped_and_goes_on() {
    let folder = Folder::default();
    // Waits for a file.
    let waits =
        "@trivial#await-file\n    with: { path: /go/now }\n    grants: { clock: true, directories: { /go: go } }";
    folder.file("slow.yaml", &SLOW.replace("@hostile#spin", waits));
    std::fs::create_dir(folder.path().join("go")).unwrap();
    let mut child = start(folder.command("run slow.yaml --name killed"));
    await_step(&folder, "killed", "stuck");
    assert!(folder.ok("runs").stdout.contains("RUNNING"));
    let refused = folder.weft("resume killed");
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    assert_eq!(folder.weft("runs rm killed").code, Some(2));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(folder.ok("runs").stdout.contains("STOPPED"));
    folder.file("go/now", "");
    let outcome = folder.json("resume --json");
    assert_eq!(states(&outcome), [("one", "COMPLETE"), ("stuck", "COMPLETE")]);
    assert_eq!(folder.json("fsck --json")["sound"], true);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = Folder::default();
    folder.file("sum.yaml", SUM);
    folder.ok("run sum.yaml");
    let mut child = start(folder.command("completions bash"));
    // Closed before anything is read of the many kilobytes.
    drop(child.stdout.take());
    let ended: Ended = child.wait_with_output().unwrap().into();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
}

#[test]
fn granted_environment_reaches_the_step() {
    let folder = Folder::default();
    folder.file(
        "env.yaml",
        "name: env\nsteps:\n  look:\n    component: @hostile#env\n    grants: { env: [WEFT_TEST_GRANTED] }\n",
    );
    let missing = folder.weft("run env.yaml");
    assert_eq!(missing.code, Some(1));
    assert!(missing.stderr.contains("WEFT_TEST_GRANTED"), "{}", missing.stderr);
    let granted = folder.command("run env.yaml --json").env("WEFT_TEST_GRANTED", "yes").env("OTHER", "no").output();
    let outcome: Value = serde_json::from_slice(&granted.unwrap().stdout).unwrap();
    assert_eq!(
        outcome["tasks"][0]["outputs"]["variables"]["parameter"],
        serde_json::json!({ "WEFT_TEST_GRANTED": "yes" })
    );
}

fn start(mut command: std::process::Command) -> std::process::Child {
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap()
}

/// Waits until a step is recorded as being at work.
fn await_step(folder: &Folder, run: &str, task: &str) {
    let started = Instant::now();
    while started.elapsed() < Duration::from_mins(5) {
        let shown: Value = serde_json::from_str(&folder.weft(&format!("runs show {run} --json")).stdout).unwrap();
        let at_work = |step: &Value| step["task"] == task && step["state"] == "RUNNING";
        if shown["steps"].as_array().is_some_and(|steps| steps.iter().any(at_work)) {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("step {task} of run {run} never began");
}

#[cfg(unix)]
fn kill(signal: &str, process: u32) {
    let killed = std::process::Command::new("kill").args([format!("-{signal}"), process.to_string()]).status();
    assert!(killed.unwrap().success());
}
