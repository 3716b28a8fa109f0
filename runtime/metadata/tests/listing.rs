//! Lists by pages: runs by their metrics, pipelines, states of steps, artifacts.
#![allow(clippy::unwrap_used, reason = "a failed preparation is a failed test")]

mod common;

use std::collections::BTreeMap;

use common::{Step, artifact, one, parameter, scratch, values};
use serde_json::{Value, json};
use weft_metadata::control::{Origin, Spec, Submission};
use weft_metadata::{ArtifactQuery, Comparison, ExecutionKind, NewRun, Operator, RunKey, RunQuery, RunState, Store};
use weft_pipeline::step::PortValues;

fn create(store: &Store, id: &str, pipeline: &str, parameters: &Value) -> RunKey {
    let parameters: BTreeMap<String, Value> = serde_json::from_value(parameters.clone()).unwrap();
    let new = NewRun { id, pipeline, spec: "{}", parameters: &parameters, file: None };
    store.transaction(|tx| tx.create_run(&new)).unwrap()
}

/// A step that gives metrics.
fn evaluate(store: &Store, run: &RunKey, task: &str, seed: u64, metrics: &Value) {
    let mut given = artifact("system.Metrics", seed);
    given.properties = serde_json::from_value(metrics.clone()).unwrap();
    Step::new(task, PortValues::new()).complete(store, run, &mut values([("metrics", one(&given))]));
}

fn end(store: &Store, run: &RunKey, outputs: &PortValues) {
    store.transaction(|tx| tx.finish_run(run, RunState::Complete, None, outputs)).unwrap();
}

/// Five runs of two pipelines; the metrics of `b-2` are of two steps and of an output.
fn filled() -> common::Scratch {
    let s = scratch();
    for (at, (id, pipeline, rate)) in
        [("a-1", "a", 0.1), ("a-2", "a", 0.2), ("b-1", "b", 0.1), ("b-2", "b", 0.5)].into_iter().enumerate()
    {
        let run = create(&s.store, id, pipeline, &json!({"learning_rate": rate, "kind": "x y", "seed": at}));
        let seed = at as u64 * 10;
        evaluate(
            &s.store,
            &run,
            "first",
            seed,
            &json!({"loss": 0.5, "test-accuracy": 0.1 * f64::from(u32::try_from(at).unwrap()), "note": "text"}),
        );
        let mut outputs = PortValues::new();
        if id == "b-2" {
            evaluate(&s.store, &run, "second", seed + 1, &json!({"loss": 0.25}));
            outputs = values([("test-accuracy", parameter(json!(0.9))), ("name", parameter(json!("z")))]);
        }
        end(&s.store, &run, &outputs);
    }
    create(&s.store, "a-3", "a", &json!({}));
    s
}

fn ids(store: &Store, query: &RunQuery<'_>) -> String {
    let query = RunQuery { limit: if query.limit == 0 { 50 } else { query.limit }, ..query.clone() };
    let page = store.runs_page(&query).unwrap();
    page.runs.iter().map(|(run, _)| run.id.clone()).collect::<Vec<_>>().join(" ")
}

#[test]
fn runs_are_found_by_pipeline_state_and_text() {
    let s = filled();
    let all = RunQuery::default();
    assert_eq!(ids(&s.store, &all), "a-3 b-2 b-1 a-2 a-1");
    assert_eq!(ids(&s.store, &RunQuery { pipeline: Some("b"), ..all.clone() }), "b-2 b-1");
    assert_eq!(ids(&s.store, &RunQuery { state: Some(RunState::Running), ..all.clone() }), "a-3");
    assert_eq!(ids(&s.store, &RunQuery { texts: vec!["A-", "1"], ..all.clone() }), "a-1");
    assert_eq!(ids(&s.store, &RunQuery { texts: vec!["%"], ..all }), "");
}

#[test]
fn runs_that_were_put_away_are_left_out() {
    let s = filled();
    let submission = Submission {
        id: "a-1".to_owned(),
        name: "first".to_owned(),
        description: String::new(),
        experiment: "e".to_owned(),
        pipeline_name: "a".to_owned(),
        pipeline: None,
        version: None,
        spec: Spec::text(String::new()),
        parameters: BTreeMap::new(),
        no_cache: false,
        priority: 0,
        origin: Origin::CommandLine,
        service_account: String::new(),
    };
    s.store.transaction(|tx| tx.adopt(&submission, RunState::Complete, 0)).unwrap();
    assert_eq!(ids(&s.store, &RunQuery { pipeline: Some("a"), ..RunQuery::default() }), "a-3 a-2 a-1");
    s.store.transaction(|tx| tx.archive_run("a-1", true)).unwrap();
    assert_eq!(ids(&s.store, &RunQuery { pipeline: Some("a"), ..RunQuery::default() }), "a-3 a-2");
}

#[test]
fn pages_follow_one_another() {
    let s = filled();
    let page = |offset| s.store.runs_page(&RunQuery { offset, limit: 2, ..RunQuery::default() }).unwrap();
    let shown: Vec<_> = [0, 2, 4, 6]
        .map(page)
        .iter()
        .map(|page| (page.runs.iter().map(|(run, _)| run.id.clone()).collect::<Vec<_>>(), page.more, page.total))
        .collect();
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        shown,
        [
            (names(&["a-3", "b-2"]), true, Some(5)),
            (names(&["b-1", "a-2"]), true, Some(5)),
            (names(&["a-1"]), false, Some(5)),
            (names(&[]), false, Some(5)),
        ]
    );
}

#[test]
fn an_output_of_the_pipeline_counts_before_the_latest_artifact() {
    let s = filled();
    let metrics = |run: &str| s.store.metrics_of(run).unwrap().into_iter().collect::<Vec<_>>();
    assert_eq!(metrics("b-2"), [("loss".to_owned(), 0.25), ("test-accuracy".to_owned(), 0.9)]);
    assert_eq!(metrics("a-2"), [("loss".to_owned(), 0.5), ("test-accuracy".to_owned(), 0.1)]);
    assert_eq!(metrics("a-3"), []);
    let page = s.store.runs_page(&RunQuery { limit: 2, ..RunQuery::default() }).unwrap();
    assert_eq!(page.runs[1].1["loss"].to_bits(), 0.25f64.to_bits());
}

#[test]
fn metrics_and_parameters_are_compared() {
    use Operator::{Equal, Greater, GreaterOrEqual, Less, Unequal};

    let s = filled();
    let found = |comparisons: &[(&str, Operator, &str)]| {
        let comparisons =
            comparisons.iter().map(|(name, operator, value)| Comparison { name, operator: *operator, value }).collect();
        ids(&s.store, &RunQuery { comparisons, ..RunQuery::default() })
    };
    // The output of `b-2` counts, not its artifact with 0.3; `_` is `-`.
    assert_eq!(found(&[("test_accuracy", Greater, "0.25")]), "b-2");
    assert_eq!(found(&[("test-accuracy", Less, "0.15")]), "a-2 a-1");
    assert_eq!(found(&[("loss", Equal, "0.5")]), "b-1 a-2 a-1");
    assert_eq!(found(&[("learning-rate", GreaterOrEqual, "0.2")]), "b-2 a-2");
    assert_eq!(found(&[("learning_rate", Equal, "1e-1"), ("seed", Greater, "0")]), "b-1");
    assert_eq!(found(&[("kind", Equal, "x y")]), "b-2 b-1 a-2 a-1");
    assert_eq!(found(&[("kind", Unequal, "other")]), "b-2 b-1 a-2 a-1");
    // A number is not compared with a text, and what is not there with nothing.
    assert_eq!(found(&[("kind", Greater, "0")]), "");
    assert_eq!(found(&[("note", Equal, "text")]), "");
    assert_eq!(found(&[("x' OR 1 --", Equal, "1")]), "");
}

#[test]
fn pipelines_have_their_newest_runs() {
    let s = filled();
    let pipelines = s.store.pipelines_with_runs(2).unwrap();
    let shown: Vec<_> = pipelines
        .iter()
        .map(|pipeline| {
            (
                pipeline.name.as_str(),
                pipeline.runs,
                pipeline.latest.iter().map(|run| run.0.as_str()).collect::<Vec<_>>(),
            )
        })
        .collect();
    assert_eq!(shown, [("a", 3, vec!["a-3", "a-2"]), ("b", 2, vec!["b-2", "b-1"])]);
    assert_eq!(pipelines[0].latest[0].1, RunState::Running);
    assert!(s.store.pipelines_with_runs(0).unwrap()[0].latest.is_empty());
}

#[test]
fn states_of_steps_come_without_what_they_read() {
    let s = scratch();
    let run = create(&s.store, "r", "p", &json!({}));
    let first =
        Step::new("first", values([("x", parameter(json!(1)))])).complete(&s.store, &run, &mut PortValues::new());
    Step::new("outer", PortValues::new()).kind(ExecutionKind::Dag).start(&s.store, &run);
    let states = s.store.step_states("r").unwrap();
    assert_eq!(states.iter().map(|state| state.task.as_str()).collect::<Vec<_>>(), ["first", "outer"]);
    assert_eq!((states[0].duration_us, states[0].peak_memory, states[1].ended_ms), (12_000, 1 << 20, None));
    assert_eq!(s.store.task_of(first).unwrap(), Some(("r".to_owned(), "first".to_owned())));
    assert_eq!(s.store.step("r", "first").unwrap().unwrap(), s.store.run("r").unwrap().steps[0]);
    assert_eq!(s.store.step("r", "second").unwrap(), None);
    let whole = s.store.run("r").unwrap();
    let without = s.store.run_without_steps("r").unwrap();
    assert_eq!((without.summary, without.steps), (whole.summary, Vec::new()));
}

#[test]
fn artifacts_are_found_by_name_and_digest() {
    let s = filled();
    let found = |query: ArtifactQuery<'_>| {
        let (records, more) = s.store.artifacts_page(&ArtifactQuery { limit: 3, ..query }).unwrap();
        (records.len(), more)
    };
    assert_eq!(found(ArtifactQuery::default()), (3, true));
    assert_eq!(found(ArtifactQuery { offset: 3, ..ArtifactQuery::default() }), (2, false));
    assert_eq!(found(ArtifactQuery { text: Some("METR"), ..ArtifactQuery::default() }), (3, true));
    assert_eq!(found(ArtifactQuery { text: Some("none"), ..ArtifactQuery::default() }), (0, false));
    assert_eq!(found(ArtifactQuery { text: Some(&format!("{:064x}", 31)), ..ArtifactQuery::default() }), (1, false));
    assert_eq!(found(ArtifactQuery { kind: Some("system.Model"), ..ArtifactQuery::default() }), (0, false));
    assert_eq!(s.store.artifact_types().unwrap(), ["system.Metrics"]);
}
