//! `weft serve` as its clients meet it: the unmodified client of the KFP SDK, browsers, and whoever kills it.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use std::io::Read as _;
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::served::{Served, status};
use common::{Folder, project};

/// What a client printed last: before it, the SDK prints links.
fn last_line(printed: &str) -> String {
    printed.lines().last().unwrap().to_owned()
}

#[test]
fn the_client_runs_pipelines_to_every_end() {
    let folder = Folder::default();
    Served::start(&folder).client(&folder, "runs", &[]);
    folder.assert_whole();
}

#[test]
fn the_client_lists_filters_and_orders() {
    let folder = Folder::default();
    Served::start(&folder).client(&folder, "lists", &[]);
}

#[test]
fn the_client_uploads_pipelines_and_runs_their_versions() {
    let folder = Folder::default();
    Served::start(&folder).client(&folder, "pipelines", &[]);
}

#[test]
fn the_client_makes_recurring_runs() {
    let folder = Folder::default();
    Served::start(&folder).client(&folder, "recurring", &[]);
}

#[test]
fn each_operation_of_the_generated_client_works_or_says_why_not() {
    let folder = Folder::default();
    Served::start(&folder).client(&folder, "operations", &[]);
}

#[test]
fn a_client_sees_its_run_end_well_although_the_server_is_killed() {
    let folder = Folder::default();
    let served = Served::start(&folder);
    let port = served.address.rsplit_once(':').unwrap().1.to_owned();
    let run = last_line(&served.client(&folder, "submit", &["long"]));
    let (url, token) = (served.url(), served.token.clone());
    let mut waiting = Command::new(project().join("target/kfp-venv/bin/python"))
        .arg(project().join("tests/python/serve_client.py"))
        .args(["wait_for", &url, &token, &run])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // It is at work when it is killed, and others wait for their turn.
    let authorized = format!("\r\nauthorization: Bearer {token}");
    let path = format!("/apis/v2beta1/runs/{run}");
    let until = Instant::now() + Duration::from_mins(1);
    while !served.get(&path, &authorized).1.contains("\"task_details\"") {
        assert!(Instant::now() < until, "the run does not begin");
        std::thread::sleep(Duration::from_millis(20));
    }
    served.kill();
    let listen = format!("127.0.0.1:{port}");
    let again = Served::with(&folder, &["--listen", &listen]);
    let mut told = String::new();
    waiting.stdout.take().unwrap().read_to_string(&mut told).unwrap();
    assert!(waiting.wait().unwrap().success());
    assert_eq!(told.trim(), "SUCCEEDED");
    drop(again);
    folder.assert_whole();
}

/// Instants at which the server is killed under load; `WEFT_TEST_KILLS` sets another number, and `WEFT_TEST_SEED` other instants.
const KILLS: u32 = 12;

/// A pipeline for each trigger: one that only ends, one that makes an artifact of its own, one for each such artifact.
const TRIGGERED: [(&str, &str); 3] = [
    (
        "arrivals",
        "name: arrivals
parameters: { files: { type: list<string> } }
steps:
  add: { component: \"@trivial#add\", with: { a: 1, b: 2 } }
",
    ),
    (
        "asked",
        "name: asked
parameters: { n: { type: u64 } }
steps:
  make: { component: \"@trivial#generate\", with: { bytes: 10, seed: \"${params.n}\" } }
",
    ),
    (
        "chain",
        "name: chain
parameters: { note: { type: string } }
inputs: { table: dataset }
steps:
  look: { component: \"@trivial#count\", with: { input: \"${inputs.table}\" } }
",
    ),
];

#[test]
fn killed_again_and_again_it_loses_no_run_and_serves_everything_once() {
    let folder = Folder::default();
    for (name, pipeline) in TRIGGERED {
        folder.file(&format!("{name}.yaml"), pipeline);
    }
    for (name, trigger) in [
        ("arrivals", "on: { files: { folder: in, settle: 0s } }\nwith: { files: \"[[Files]]\" }"),
        ("asked", "on: { webhook: { secret: hook/key } }\nwith: { n: \"[[Body.n]]\" }"),
        (
            "chain",
            "on: { artifact: { pipeline: asked } }\ninputs: { table: \"[[ArtifactUri]]\" }\nwith: { note: \"[[ArtifactRun]]\" }",
        ),
    ] {
        let text = format!("pipeline: {name}.yaml\nmax-concurrency: 100000\n{trigger}\n");
        folder.file(&format!("{name}.trigger.yaml"), &text);
    }
    std::fs::create_dir_all(folder.path().join("secrets/hook")).unwrap();
    std::fs::create_dir_all(folder.path().join("in")).unwrap();
    folder.file("secrets/hook/key", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n");
    let start = |listen: &str| Served::with(&folder, &["--listen", listen, "--triggers", ".", "--secrets", "secrets"]);
    let mut served = start("127.0.0.1:0");
    let (listen, url, token) = (served.address.clone(), served.url(), served.token.clone());
    let recurring = last_line(&served.client(&folder, "every_second", &[]));
    served.client(&folder, "first_look", &[]);
    let from_environment = |name: &str| std::env::var(name).ok().and_then(|number| number.parse().ok());
    let kills = from_environment("WEFT_TEST_KILLS").unwrap_or(KILLS);
    let seconds = (f64::from(kills) * 0.8).to_string();
    let load = |arguments: &[&str]| {
        Command::new(project().join("target/kfp-venv/bin/python"))
            .arg(project().join("tests/python/serve_client.py"))
            .args(arguments)
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let submitting = load(&["load", &url, &token, &seconds]);
    let happening = load(&["load_triggers", &url, "in", &seconds]);
    let mut random = Random(u64::from(from_environment("WEFT_TEST_SEED").unwrap_or(1)));
    for _ in 0..kills {
        // While it starts, while it is busy and while it waits.
        std::thread::sleep(Duration::from_millis(20 + random.below(900)));
        served.kill();
        served = start(&listen);
    }
    let told = |load: std::process::Child| {
        let ended = load.wait_with_output().unwrap();
        assert!(ended.status.success());
        String::from_utf8(ended.stdout).unwrap()
    };
    let (accepted, happened) = (told(submitting), told(happening));
    let mut arguments = vec![recurring.as_str()];
    arguments.extend(happened.split_whitespace());
    arguments.extend(accepted.lines());
    eprintln!("{kills} kills: {}", served.client(&folder, "settled", &arguments));
    drop(served);
    folder.assert_whole();
}

/// Numbers that are the same for each seed (splitmix64).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

#[test]
fn who_has_no_token_gets_nowhere() {
    let folder = Folder::default();
    let served = Served::start(&folder);
    let runs = "/apis/v2beta1/runs";
    let (head, body) = served.get(runs, "");
    assert_eq!(status(&head), "401", "{head}");
    assert!(body.contains("\"code\":16"), "{body}");
    assert_eq!(status(&served.get(runs, "\r\nauthorization: Bearer wrong").0), "401");
    let authorized = format!("\r\nauthorization: Bearer {}", served.token);
    assert_eq!(status(&served.get(runs, &authorized).0), "200");
    assert_eq!(status(&served.get("/metrics", "").0), "401");
    let (head, body) = served.get("/metrics", &authorized);
    assert_eq!(status(&head), "200");
    assert!(body.contains("weft_runs{state=\"queued\"} 0\n"), "{body}");
    assert_eq!(status(&served.get("/healthz", "").0), "200");
    // Another site's name that leads here, and another site's page.
    let head = served.request(&format!("GET {runs} HTTP/1.1\r\nhost: evil.example{authorized}"), "").0;
    assert_eq!(status(&head), "403", "{head}");
    let post = format!("POST {runs} HTTP/1.1\r\nhost: {}{authorized}", served.address);
    let head = served.request(&format!("{post}\r\norigin: https://evil.example"), "{}").0;
    assert_eq!(status(&head), "403", "{head}");
    assert_eq!(status(&served.request(&post, "{}").0), "400");
    assert_eq!(status(&served.get("/apis/v2beta1/filters", &authorized).0), "501");
    assert_eq!(status(&served.get("/apis/v2beta1/nothing", &authorized).0), "404");
}

#[test]
fn every_refusal_is_a_status_in_json() {
    let folder = Folder::default();
    let served = Served::with(&folder, &["--no-auth"]);
    let api = "/apis/v2beta1";
    for (request, wanted) in [
        (format!("PUT {api}/runs"), "405"),
        (format!("POST {api}/runs/x"), "405"),
        (format!("POST {api}/runs/x:shout"), "404"),
        (format!("POST {api}/runs/x:archive"), "404"),
        (format!("GET {api}/runs?page_size=%ff%fe"), "400"),
        (format!("GET {api}/runs/%ff"), "400"),
        (format!("GET {api}/runs?page_size=-1"), "400"),
        (format!("GET {api}/nothing"), "404"),
        ("GET /apis/v1beta1/runs".to_owned(), "404"),
        (format!("POST {api}/pipelines/upload"), "400"),
        (format!("POST {api}/artifacts"), "501"),
        (format!("PATCH {api}/tasks/1"), "501"),
    ] {
        let head = format!("{request} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json", served.address);
        let (head, body) = served.request(&head, "{}");
        assert_eq!(status(&head), wanted, "{request}: {head}\n{body}");
        assert!(head.contains("content-type: application/json"), "{request}: {head}");
        let told: serde_json::Value =
            serde_json::from_str(&body).unwrap_or_else(|error| panic!("{request}: {error}: {body}"));
        assert!(told["code"].is_i64() && told["message"].as_str().is_some_and(|message| message.len() > 5), "{told}");
        assert_eq!(head.contains("\nallow: "), wanted == "405", "{request}: {head}");
    }
}

#[test]
fn a_browser_gets_a_cookie_for_the_token() {
    let folder = Folder::default();
    let served = Served::start(&folder);
    let (head, _) = served.get("/", "");
    assert_eq!(status(&head), "303", "{head}");
    assert!(head.contains("location: /login?next=%2f"), "{head}");
    let (head, _) = served.get("/login", "");
    assert_eq!(status(&head), "200");
    assert!(head.contains("content-security-policy: default-src 'none'; script-src 'self'"), "{head}");
    assert!(!head.contains("unsafe-inline"), "{head}");
    let login = |token: &str, more: &str| {
        let head = format!(
            "POST /login HTTP/1.1\r\nhost: {}\r\ncontent-type: application/x-www-form-urlencoded{more}",
            served.address
        );
        served.request(&head, &format!("token={token}&next=%2Fpipelines")).0
    };
    assert_eq!(status(&login("wrong", "")), "401");
    assert_eq!(status(&login(&served.token, "\r\nsec-fetch-site: cross-site")), "403");
    let head = login(&served.token, "\r\nsec-fetch-site: same-origin");
    assert_eq!(status(&head), "303", "{head}");
    assert!(head.contains("location: /pipelines") && head.contains("httponly; samesite=strict"), "{head}");
    let cookie = format!("\r\ncookie: weft-token={}", served.token);
    assert_eq!(status(&served.get("/", &cookie).0), "200");
    let head = served.get(&format!("/?token={}", served.token), "").0;
    assert!(head.contains("set-cookie: weft-token=") && head.contains("location: /\r\n"), "{head}");
}

#[test]
fn runs_of_the_command_line_show_up() {
    let folder = Folder::default();
    folder.file("p.yaml", "name: sum\nsteps:\n  add: { component: \"@trivial#add\", with: { a: 1, b: 2 } }\n");
    let served = Served::start(&folder);
    let run = folder.json("run p.yaml --json")["run"].as_str().unwrap().to_owned();
    let authorized = format!("\r\nauthorization: Bearer {}", served.token);
    let (head, body) = served.get(&format!("/apis/v2beta1/runs/{run}"), &authorized);
    assert_eq!(status(&head), "200");
    let shown: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!((&shown["state"], &shown["run_id"]), (&"SUCCEEDED".into(), &run.as_str().into()));
    assert_eq!(shown["run_details"]["task_details"][0]["display_name"], "add");
    let (_, body) = served.get("/apis/v2beta1/runs?page_size=1", &authorized);
    assert!(body.contains(&run), "{body}");
    let root = folder.path().display().to_string();
    assert!(!body.contains(&root) && !shown.to_string().contains(&root), "{body}");
    // A store has one server.
    let second = folder.weft("serve --listen 127.0.0.1:0");
    assert_eq!(second.code, Some(2), "{}", second.stderr);
    assert!(second.stderr.contains("another server has this store"), "{}", second.stderr);
}

#[test]
fn a_server_that_is_asked_to_end_leaves_runs_to_the_next() {
    let folder = Folder::default();
    let served = Served::with(&folder, &["--grace", "1s"]);
    let run = last_line(&served.client(&folder, "submit", &["slow"]));
    let authorized = format!("\r\nauthorization: Bearer {}", served.token);
    let path = format!("/apis/v2beta1/runs/{run}");
    let state = |served: &Served| {
        let shown: serde_json::Value = serde_json::from_str(&served.get(&path, &authorized).1).unwrap();
        shown["state"].as_str().unwrap().to_owned()
    };
    let until = Instant::now() + Duration::from_mins(1);
    while state(&served) != "RUNNING" {
        assert!(Instant::now() < until, "the run does not begin");
        std::thread::sleep(Duration::from_millis(20));
    }
    // What hangs does not keep it.
    let _idle = TcpStream::connect(&served.address).unwrap();
    let took = served.end();
    assert!(took < Duration::from_secs(20), "{took:?}");
    let served = Served::start(&folder);
    let until = Instant::now() + Duration::from_mins(1);
    while state(&served) != "RUNNING" {
        assert!(Instant::now() < until, "the run does not go on: {}", state(&served));
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_run_that_is_resumed_waits_for_its_turn_on_its_page() {
    let folder = Folder::default();
    let served = Served::with(&folder, &["--runs", "1"]);
    let authorized = format!("\r\nauthorization: Bearer {}", served.token);
    let wait_for = |run: &str, wanted: &str| {
        let until = Instant::now() + Duration::from_mins(1);
        loop {
            let (_, body) = served.get(&format!("/apis/v2beta1/runs/{run}"), &authorized);
            let shown: serde_json::Value = serde_json::from_str(&body).unwrap();
            if shown["state"] == wanted {
                return;
            }
            assert!(Instant::now() < until, "{run} is not {wanted} but {}", shown["state"]);
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    let act = |run: &str, action: &str| {
        let path = format!("POST /apis/v2beta1/runs/{run}:{action} HTTP/1.1");
        let (head, body) = served.request(&format!("{path}\r\nhost: {}{authorized}", served.address), "");
        assert_eq!(status(&head), "200", "{body}");
    };
    let first = last_line(&served.client(&folder, "submit", &["slow"]));
    wait_for(&first, "RUNNING");
    act(&first, "terminate");
    wait_for(&first, "CANCELED");
    let second = last_line(&served.client(&folder, "submit", &["slow"]));
    wait_for(&second, "RUNNING");
    // There is no room for it as long as the second goes on.
    act(&first, "retry");
    let (head, page) = served.get(&format!("/runs/{first}"), &authorized);
    assert_eq!(status(&head), "200");
    let heading = &page[page.find("<h1").unwrap()..page.find("</h1>").unwrap()];
    assert!(heading.contains("is-queued"), "{heading}");
    assert!(page.contains("data-live-run="), "the page does not follow the run");
    act(&second, "terminate");
    wait_for(&first, "RUNNING");
}

#[test]
fn people_submit_and_list_runs_from_the_command_line() {
    let folder = Folder::default();
    let served = Served::start(&folder);
    common::kfp::compile(
        &folder,
        "from kfp import compiler, dsl

@dsl.container_component
def say(text: str, times: int):
    return dsl.ContainerSpec(image='alpine', command=['sh', '-c', 'test \"$1\" = 2 && echo \"$0\"'], args=[text, times])

@dsl.pipeline(name='say')
def pipeline(text: str, times: int = 1):
    say(text=text, times=times)
",
    );
    let url = served.url();
    let submit = |more: &[&str]| {
        let mut arguments = vec!["submit", "pipeline.yaml", "--server", &url];
        arguments.extend(more);
        folder.weft(&arguments)
    };
    let ended = submit(&["-p", "text=hello: world", "-p", "times=2", "--experiment", "mine", "--wait", "--json"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(ended.json()["runtime_config"]["parameters"], serde_json::json!({"text": "hello: world", "times": 2}));
    assert_eq!(submit(&["-p", "text=x", "--wait"]).code, Some(1));
    let refused = submit(&["-p", "txt=x"]);
    assert_eq!(refused.code, Some(2), "{}", refused.stdout);
    assert!(refused.stderr.contains("txt"), "{}", refused.stderr);
    // A native one that needs nothing of this machine, and one that does.
    let native = |step: &str| {
        folder.file("native.yaml", &format!("name: trials\nparameters: {{ count: 2 }}\nsteps:\n  a: {step}\n"))
    };
    native(
        "{ component: 'weft:tuner#trials', with: { space: [{ name: x, low: 0, high: 1 }], count: '${params.count}' } }",
    );
    let ran = folder.weft(&["submit", "native.yaml", "--server", &url, "-p", "count=3", "--wait", "--json"]);
    assert_eq!((ran.code, ran.json()["state"].as_str()), (Some(0), Some("SUCCEEDED")), "{}", ran.stderr);
    assert_eq!(ran.json()["runtime_config"]["parameters"], serde_json::json!({"count": 3}));
    for (step, name) in [
        ("{ component: trials.wasm }", "`trials.wasm`"),
        ("{ import: data.csv, type: dataset }", "`data.csv`"),
        ("{ component: 'weft:tuner#trials', grants: { directories: { /data: ./d } } }", "`./d`"),
    ] {
        native(step);
        let refused = folder.weft(&["submit", "native.yaml", "--server", &url]);
        assert_eq!(refused.code, Some(2), "{}", refused.stdout);
        assert!(refused.stderr.contains(name) && refused.stderr.contains("`weft push`"), "{}", refused.stderr);
    }
    let listed = folder.json(&["runs", "--server", &url, "--json"]);
    let states: Vec<&str> = listed.as_array().unwrap().iter().map(|run| run["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["SUCCEEDED", "FAILED", "SUCCEEDED"]);
    assert!(folder.ok(&["runs", "--server", &url]).stdout.contains("SUCCEEDED"));
    // Their ids tell nothing, so the list of the store has their pipeline too.
    let table = folder.ok("runs").stdout;
    assert!(table.lines().next().unwrap().contains("PIPELINE") && table.matches(" say ").count() == 2, "{table}");
    let other = folder.file("other", "0123456789abcdef0");
    let refused = folder.weft(&["runs", "--server", &url, "--token-file", other.to_str().unwrap()]);
    assert!(refused.stderr.contains("--token-file"), "{}", refused.stderr);
    let away = folder.weft(&["runs", "--server", "http://127.0.0.1:1"]);
    assert!(away.stderr.contains("cannot be asked"), "{}", away.stderr);
}

#[test]
fn nobody_is_let_in_without_a_token_from_elsewhere() {
    let folder = Folder::default();
    let refused = folder.weft("serve --no-auth --listen 0.0.0.0:0");
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    assert!(refused.stderr.contains("127.0.0.1"), "{}", refused.stderr);
    let served = Served::with(&folder, &["--no-auth"]);
    assert_eq!(status(&served.get("/apis/v2beta1/runs", "").0), "200");
    let refused = folder.weft("serve --listen 127.0.0.1:0 --time-zone Mars/Olympus");
    assert!(refused.stderr.contains("no time zone `Mars/Olympus`"), "{}", refused.stderr);
}
