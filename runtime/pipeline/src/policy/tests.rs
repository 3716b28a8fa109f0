use std::collections::BTreeMap;
use std::path::PathBuf;

use super::*;
use crate::access::access;
use crate::yaml::read_pipeline;

const PIPELINE: &str = "name: n
parameters:
  data: { type: string, default: ./data/table.csv }
steps:
  table: { import: '${params.data}', type: dataset }
  plain: { component: trainer.wasm, with: { data: '${table}' } }
  fetch:
    component: fetch.wasm
    limits: { memory: 2GiB, time: 20m }
    grants:
      clock: true
      env: [HOME, LANG?]
      net: [data.example.org:443, 127.0.0.1:80]
      secrets: { TOKEN: api/token, /etc/db: db }
      directories: { /ref: ./reference, /work: { host: ./work, write: true } }
  ready: { component: 'weft:statistics-gen', grants: { random: true } }
";

/// What a policy finds, one line each.
fn told(policy: &str) -> Vec<String> {
    let policy = Policy::read(policy).unwrap_or_else(|problems| panic!("{problems:?}"));
    let pipeline = read_pipeline(PIPELINE).unwrap();
    let tasks = access(&pipeline, &BTreeMap::new());
    let host = Host {
        policy_path: &|path| PathBuf::from("/policy").join(path.trim_start_matches("./")),
        pipeline_path: &|path| PathBuf::from("/policy").join(path.trim_start_matches("./")),
        is_signed: &|path, _| path == "trainer.wasm",
    };
    violations(&policy, &tasks, &host).iter().map(ToString::to_string).collect()
}

/// The step and the line of each.
fn lines(policy: &str) -> Vec<(String, u32)> {
    let policy_read = Policy::read(policy).unwrap();
    let pipeline = read_pipeline(PIPELINE).unwrap();
    let tasks = access(&pipeline, &BTreeMap::new());
    let host = Host {
        policy_path: &|path| PathBuf::from("/policy").join(path.trim_start_matches("./")),
        pipeline_path: &|path| PathBuf::from("/policy").join(path.trim_start_matches("./")),
        is_signed: &|path, _| path == "trainer.wasm",
    };
    let found = violations(&policy_read, &tasks, &host);
    found.into_iter().map(|problem| (problem.task.unwrap(), problem.at.unwrap().line)).collect()
}

#[test]
fn without_rules_no_grant_is_allowed_and_all_else_is() {
    let told = told("grants: {}\n");
    assert_eq!(told.len(), 10, "{told:#?}");
    assert!(told.iter().all(|line| line.contains("at 1:1")), "{told:#?}");
    for asked in [
        "clock",
        "randomness",
        "`HOME`",
        "`LANG`",
        "data.example.org:443",
        "127.0.0.1:80",
        "api/token",
        "`db`",
        "./reference",
        "./work",
    ] {
        assert!(told.iter().any(|line| line.contains(asked)), "{asked}: {told:#?}");
    }
    assert!(told[0].contains("line"), "{told:#?}");
}

#[test]
fn what_is_allowed_is_not_told() {
    let policy = "grants:
  clock: true
  random: true
  env: [HOME, LA*]
  net: ['*.example.org:443', 127.0.0.1:80]
  secrets: [api/token, db]
  directories: [./reference, { host: ., write: true }]
limits: { memory: 2GiB, time: 1h, output: 1GiB }
components: ['weft:*', blake3:0000000000000000000000000000000000000000000000000000000000000000]
imports: [./data]
";
    let told = told(policy);
    // The components are not linked here, so that they have no digests.
    assert_eq!(told.len(), 2, "{told:#?}");
    assert!(told.iter().all(|line| line.contains("at 9:1") && line.contains(".wasm`")), "{told:#?}");
}

#[test]
fn each_rule_is_told_at_its_line() {
    let policy = "limits:
  memory: 1GiB
  time: 5m
grants:
  clock: false
  env: [HOME]
  net:
    - '*:443'
  random: true
  secrets: [db]
  directories:
    - ./reference
    - ./work
signers: [key.pub]
imports: [/elsewhere]
";
    let told = |task: &str, line| (task.to_owned(), line);
    // What is not linked has no digest that could be signed.
    let of_fetch = [2, 3, 5, 6, 7, 10, 11].map(|line| told("fetch", line));
    let others = [told("plain", 14), told("fetch", 14), told("table", 15)];
    assert_eq!(lines(policy), [of_fetch.as_slice(), &others].concat());
}

#[test]
fn what_is_elsewhere_is_imported_only_if_it_is_named() {
    let pipeline =
        read_pipeline("name: n\nsteps:\n  far: { import: 's3://bucket/data/x.csv', type: dataset }\n").unwrap();
    let tasks = access(&pipeline, &BTreeMap::new());
    assert_eq!(tasks[0].lines(), ["reads s3://bucket/data/x.csv from the network"]);
    let host = Host {
        policy_path: &|path| PathBuf::from(path),
        pipeline_path: &|path| PathBuf::from(path),
        is_signed: &|_, _| false,
    };
    for (policy, refused) in [
        ("grants: {}\n", Some("at 1:1")),
        ("grants: {}\nimports: ['*', ./s3]\n", Some("at 2:1")),
        ("imports: ['s3://bucket/data/']\n", None),
        ("imports: ['s3://*']\n", None),
    ] {
        let policy = Policy::read(policy).unwrap();
        let told: Vec<_> = violations(&policy, &tasks, &host).iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), usize::from(refused.is_some()), "{told:?}");
        assert_eq!(policy.allows_fetch("s3://bucket/data/x.csv"), refused.is_none());
        for told in &told {
            assert!(told.contains("`s3://bucket/data/x.csv` from the network"), "{told}");
            assert!(told.contains(refused.unwrap_or_default()), "{told}");
        }
    }
}

#[test]
fn policies_that_are_wrong_are_explained() {
    for (text, words) in [
        ("", "empty"),
        ("[]", "mapping"),
        ("grant: {}", "no `grant`"),
        ("grants: { network: [] }", "no `network`"),
        ("grants: { net: ['http://x'] }", "no place to connect to"),
        ("grants: { clock: maybe }", "true"),
        ("limits: { memory: lots }", "no size"),
        ("components: [trainer.wasm]", "names no component"),
        ("grants: { directories: [{ write: true }] }", "missing"),
        ("host-python: 1", "true"),
    ] {
        let problems = Policy::read(text).map(drop).unwrap_err();
        assert!(problems.iter().any(|problem| problem.to_string().contains(words)), "{text}: {problems:?}");
    }
}

#[test]
fn what_steps_may_touch_is_told() {
    let pipeline = read_pipeline(PIPELINE).unwrap();
    let told: Vec<(String, Vec<String>)> =
        access(&pipeline, &BTreeMap::new()).iter().map(|task| (task.task.clone(), task.lines())).collect();
    assert_eq!(told[0], ("table".to_owned(), vec!["reads ./data/table.csv".to_owned()]));
    assert_eq!(told[1], ("plain".to_owned(), vec![]));
    assert_eq!(told[2].1.len(), 7, "{told:#?}");
    let other = BTreeMap::from([("data".to_owned(), serde_json::json!("other.csv"))]);
    assert_eq!(access(&pipeline, &other)[0].lines(), ["reads other.csv"]);
}

#[test]
fn limits_of_steps_that_name_none_are_the_policy_s_where_those_are_lower() {
    let policy = Policy::read("limits: { memory: 1GiB, time: 5m }").unwrap();
    let own = Limits { memory: Some(4 << 30), time: Some(Duration::from_secs(1)), output: Some(7) };
    let bounded = policy.bounded(&own);
    assert_eq!(bounded, Limits { memory: Some(1 << 30), time: Some(Duration::from_secs(1)), output: Some(7) });
}
