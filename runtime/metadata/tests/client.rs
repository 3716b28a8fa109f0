//! Interoperation with the `ml_metadata` Python client, in both directions.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{Step, artifact, create_run, finished, on, one, parameter, scratch, uri, values};
use serde_json::{Value, json};
use weft_metadata::{
    ArtifactState, Direction, Error, ExecutionKind, FailureRecord, Finished, LineageQuery, LineageStart, NewExecution,
    RunFilter, RunKey, RunState, Store,
};
use weft_pipeline::model::TaskState;
use weft_pipeline::step::{Artifact, FailureKind, Grants, PortValue, PortValues};

/// The interpreter of the tests' virtual environment.
fn python() -> PathBuf {
    if let Some(python) = std::env::var_os("WEFT_TEST_PYTHON") {
        return python.into();
    }
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let python = workspace.join("target/test-venv/bin/python");
    assert!(
        python.exists(),
        "{} is missing: `tests/run.sh` makes it, or `python3 -m venv target/test-venv && \
         target/test-venv/bin/pip install ml-metadata==1.17.1` with a Python that ml-metadata has packages for (3.11); \
         or set WEFT_TEST_PYTHON to an interpreter that has ml-metadata",
        python.display()
    );
    python
}

fn client(store: &Path, arguments: &[&str]) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/walk.py");
    let output = Command::new(python()).arg(script).arg(store).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The nodes of a list by id.
fn by_id(list: &Value) -> BTreeMap<i64, &Value> {
    list.as_array().unwrap().iter().map(|node| (node["id"].as_i64().unwrap(), node)).collect()
}

fn ids(list: &Value) -> Vec<i64> {
    let mut ids: Vec<_> = list.as_array().unwrap().iter().map(|id| id.as_i64().unwrap()).collect();
    ids.sort_unstable();
    ids
}

/// Two runs with executions and artifacts of all kinds, and their ids.
struct Recorded {
    s: common::Scratch,
    run: RunKey,
    second: RunKey,
    csv: i64,
    /// The outputs of `train`: two models and an index.
    models: [i64; 2],
    index: i64,
    import: i64,
    train: i64,
    pick: i64,
    push: i64,
    page: i64,
    /// `train` in the second run, cached.
    cached: i64,
    /// A DAG in the second run. Its only task follows.
    nested_in: i64,
}

/// An artifact with properties of all kinds.
fn source() -> Artifact {
    let mut source = artifact("system.Dataset", 1);
    let mut deep = json!(1);
    // As deep as a step can give it.
    for _ in 0..63 {
        deep = json!({ "in": [deep] });
    }
    source.name = Some("penguins.csv".into());
    source.properties = [
        ("rows", json!(344)),
        ("share", json!(0.25)),
        ("clean", json!(true)),
        ("note", json!("naïve 🐧")),
        ("mark", json!("mlmd-struct::nonsense")),
        ("list", json!([1, "two", null])),
        ("struct", json!({"a": {"b": [0.5]}})),
        ("nothing", json!(null)),
        ("deep", deep),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    source
}

fn record() -> Recorded {
    let s = scratch();
    let run = create_run(&s.store, "run-1");

    let source = source();
    let mut imported = values([("artifact", one(&source))]);
    let import = Step::new("import", PortValues::new()).kind(ExecutionKind::Importer);
    let import = import.complete(&s.store, &run, &mut imported).0;
    let csv = on(&imported, "artifact")[0].clone();

    let inputs = values([
        ("data", one(&csv)),
        ("rate", parameter(json!(0.5))),
        ("seed", parameter(json!(i64::MAX))),
        ("layers", parameter(json!([8, 4]))),
    ]);
    let mut train = Step::new("train", inputs).identity(0xab);
    train.grants = Grants { clock: true, env: vec!["HOME".into()], ..Grants::default() };
    let train_id = train.start(&s.store, &run);
    let mut outputs = values([
        ("models", PortValue::Artifacts(vec![artifact("system.Model", 2), artifact("system.Model", 3)])),
        ("index", one(&artifact("acme.EmbeddingIndex", 4))),
        ("accuracy", parameter(json!(0.98))),
    ]);
    let ended = Finished { log: Some("blake3:77"), ..finished(TaskState::Complete, &mut outputs) };
    s.store.transaction(|tx| tx.finish_execution(&run, train_id, ended)).unwrap();
    let models: Vec<_> = on(&outputs, "models").to_vec();

    let pick = Step::new("pick", values([("models", PortValue::Artifacts(models.clone())), ("best", one(&models[1]))]));
    let mut picked = values([("best", one(&models[1]))]);
    let pick = pick.complete(&s.store, &run, &mut picked).0;
    let push = Step::new("push", values([("model", one(&models[1]))]));
    let push = s.store.transaction(|tx| tx.record_skipped(&run, &push.new_execution(), "not better")).unwrap().0;
    let error = FailureRecord { kind: FailureKind::Trapped, message: "out of memory".into(), hint: None };
    let mut none = PortValues::new();
    let failed = Finished { error: Some(&error), ..finished(TaskState::Failed, &mut none) };
    let page = Step::new("page", PortValues::new());
    let page = s.store.transaction(|tx| tx.record_execution(&run, &page.new_execution(), failed)).unwrap().0;
    s.store.transaction(|tx| tx.finish_run(&run, RunState::Failed, Some("page failed"), &PortValues::new())).unwrap();
    let (second, cached, nested_in) = record_second(&s.store, &train);
    let id = |artifact: &Artifact| artifact.id.unwrap();
    Recorded {
        run,
        second,
        csv: id(&csv),
        models: [id(&models[0]), id(&models[1])],
        index: id(&on(&outputs, "index")[0]),
        import,
        train: train_id.0,
        pick,
        push,
        page,
        cached,
        nested_in,
        s,
    }
}

fn record_second(store: &Store, train: &Step<'_>) -> (RunKey, i64, i64) {
    let second = create_run(store, "run-2");
    let (cached, nested_in) = store
        .transaction(|tx| {
            let mut found = tx.find_cached(&[0xab; 32])?.unwrap();
            let cached = tx.record_cached(&second, &train.new_execution(), &mut found)?;
            let outer = Step::new("loop", PortValues::new()).kind(ExecutionKind::Dag);
            let dag = tx.start_execution(&second, &outer.new_execution())?;
            let inner = Step::new("loop/0", PortValues::new());
            tx.start_execution(&second, &NewExecution { parent: Some(dag), ..inner.new_execution() })?;
            Ok((cached.0, dag.0))
        })
        .unwrap();
    (second, cached, nested_in)
}

#[test]
fn the_client_reads_types() {
    let seen = client(record().s.store.path(), &[]);
    let names = |key: &str| -> Vec<&str> {
        let mut names: Vec<_> = seen[key].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        names.sort_unstable();
        names
    };
    assert_eq!(names("artifact_types"), ["acme.EmbeddingIndex", "system.Dataset", "system.Model"]);
    assert_eq!(
        names("execution_types"),
        ["system.ContainerExecution", "system.DAGExecution", "system.ImporterExecution"]
    );
    assert_eq!(names("context_types"), ["system.Pipeline", "system.PipelineRun"]);
    assert_eq!(names("simple_types").len(), 9);
}

#[test]
fn the_client_reads_contexts() {
    let r = record();
    let seen = client(r.s.store.path(), &[]);
    let contexts = seen["contexts"].as_array().unwrap();
    let context = |name: &str| contexts.iter().find(|context| context["name"] == name).unwrap();
    assert_eq!(
        (&context("penguins")["type"], &context("run-1")["type"]),
        (&json!("system.Pipeline"), &json!("system.PipelineRun"))
    );
    assert_eq!(context("penguins")["children"], json!(["run-1", "run-2"]));
    assert_eq!(context("run-1")["parents"], json!(["penguins"]));
    assert_eq!(ids(&context("run-1")["executions"]), [r.run.dag.0, r.import, r.train, r.pick, r.push, r.page]);
    assert_eq!(ids(&context("run-2")["executions"]), [r.second.dag.0, r.cached, r.nested_in, r.nested_in + 1]);
    assert_eq!(contexts.len(), 3);
    let mut all = vec![r.csv, r.models[0], r.models[1], r.index];
    all.sort_unstable();
    assert_eq!(ids(&context("run-1")["artifacts"]), all);
    assert_eq!(ids(&context("penguins")["artifacts"]), all);
    assert_eq!(ids(&context("run-2")["artifacts"]), all[1..]);
}

#[test]
fn the_client_reads_executions() {
    let r = record();
    let seen = client(r.s.store.path(), &[]);
    let executions = by_id(&seen["executions"]);
    assert_eq!(executions.len(), 10);
    let property = |execution: i64, name: &str| executions[&execution]["custom_properties"][name].clone();
    let states: Vec<_> =
        [r.run.dag.0, r.second.dag.0, r.import, r.train, r.pick, r.push, r.page, r.cached, r.nested_in]
            .map(|id| executions[&id]["state"].as_str().unwrap())
            .into();
    assert_eq!(
        states,
        ["FAILED", "RUNNING", "COMPLETE", "COMPLETE", "COMPLETE", "CANCELED", "FAILED", "CACHED", "RUNNING"]
    );
    assert_eq!(executions[&r.run.dag.0]["type"], "system.DAGExecution");
    assert_eq!(executions[&r.run.dag.0]["name"], "run/run-1");
    assert_eq!(property(r.run.dag.0, "inputs"), json!({"struct_value": {"seed": 7.0}}));
    assert_eq!(property(r.run.dag.0, "error"), json!({"string_value": "page failed"}));
    assert_eq!(executions[&r.import]["type"], "system.ImporterExecution");
    assert_eq!(executions[&r.train]["type"], "system.ContainerExecution");
    assert_eq!(executions[&r.train]["properties"], json!({}));
    assert_eq!(
        executions[&r.train]["custom_properties"],
        json!({
            "display_name": {"string_value": "train"},
            "task_name": {"string_value": "train"},
            "parent_dag_id": {"int_value": r.run.dag.0},
            "image": {"string_value": format!("weft:{}#train", uri(1000))},
            "cache_fingerprint": {"string_value": "ab".repeat(32)},
            "grants": {"struct_value": {"clock": true, "env": ["HOME"]}},
            "inputs": {"struct_value": {"rate": 0.5, "seed": 9_223_372_036_854_775_807.0, "layers": [8.0, 4.0]}},
            "input:rate": {"double_value": 0.5},
            "input:seed": {"int_value": i64::MAX},
            "outputs": {"struct_value": {"accuracy": 0.98}},
            "output:accuracy": {"double_value": 0.98},
            "log_uri": {"string_value": "blake3:77"},
        })
    );
    assert_eq!(ids(&seen["filtered"]), [r.train, r.cached], "the client finds executions by a parameter");
    assert_eq!(property(r.push, "skipped"), json!({"string_value": "not better"}));
    assert_eq!(property(r.page, "error"), json!({"string_value": "out of memory"}));
    assert_eq!(property(r.cached, "cached_execution_id"), json!({"string_value": r.train.to_string()}));
    assert_eq!(property(r.cached, "outputs"), json!({"struct_value": {"accuracy": 0.98}}));
    assert_eq!(property(r.nested_in + 1, "parent_dag_id"), json!({"int_value": r.nested_in}));
}

#[test]
fn the_client_reads_artifacts() {
    let r = record();
    let seen = client(r.s.store.path(), &[]);
    let artifacts = by_id(&seen["artifacts"]);
    assert_eq!(artifacts.len(), 4);
    let csv_seen = artifacts[&r.csv];
    assert_eq!(
        (&csv_seen["type"], &csv_seen["uri"], &csv_seen["state"]),
        (&json!("system.Dataset"), &json!(uri(1)), &json!("LIVE"))
    );
    let mut held = csv_seen["custom_properties"].clone();
    let deep = held.as_object_mut().unwrap().remove("deep").unwrap();
    assert!(deep["struct_value"]["struct"]["in"][0]["in"].is_array());
    assert_eq!(
        held,
        json!({
            "display_name": {"string_value": "penguins.csv"},
            "rows": {"int_value": 344},
            "share": {"double_value": 0.25},
            "clean": {"bool_value": true},
            "note": {"string_value": "naïve 🐧"},
            "mark": {"struct_value": {"string": "mlmd-struct::nonsense"}},
            "list": {"struct_value": {"list": [1.0, "two", null]}},
            "struct": {"struct_value": {"struct": {"a": {"b": [0.5]}}}},
        })
    );
    assert_eq!(artifacts[&r.index]["type"], "acme.EmbeddingIndex");
    assert_eq!(artifacts[&r.index]["custom_properties"]["display_name"], json!({"string_value": "index"}));
}

#[test]
fn the_client_reads_events() {
    let r = record();
    let seen = client(r.s.store.path(), &[]);
    let events = seen["events"].as_array().unwrap();
    let paths = |execution: i64, kind: &str| -> BTreeMap<i64, Value> {
        let of = events.iter().filter(|event| event["execution"] == execution && event["type"] == kind);
        of.map(|event| (event["artifact"].as_i64().unwrap(), event["path"].clone())).collect()
    };
    let [first, best] = r.models;
    assert_eq!(paths(r.import, "OUTPUT"), [(r.csv, json!(["artifact"]))].into());
    assert_eq!(paths(r.train, "INPUT"), [(r.csv, json!(["data"]))].into());
    let gave = [(first, json!(["models", 0])), (best, json!(["models", 1])), (r.index, json!(["index"]))].into();
    assert_eq!(paths(r.train, "OUTPUT"), gave);
    assert_eq!(paths(r.cached, "OUTPUT"), gave);
    assert_eq!(paths(r.pick, "INPUT"), [(first, json!(["models", 0])), (best, json!(["best", "models", 1]))].into());
    assert_eq!(paths(r.pick, "OUTPUT"), [(best, json!(["best"]))].into());
    assert!(paths(r.push, "INPUT").is_empty());
    assert_eq!(events.len(), 1 + 1 + 3 + 1 + 3 + 2 + 1);
    assert!(events.iter().all(|event| event["time"].as_i64().unwrap() > 1_600_000_000_000));
}

#[test]
fn the_client_walks_the_same_lineage() {
    let r = record();
    let [_, best] = r.models;
    let up = client(r.s.store.path(), &["up", &best.to_string()]);
    let query = |start| LineageQuery { start, direction: Direction::Up, max_depth: None };
    let graph = r.s.store.lineage(&query(LineageStart::Artifact(best))).unwrap();
    assert_eq!(ids(&up["artifacts"]), graph.artifacts.iter().map(|node| node.id).collect::<Vec<_>>());
    let mut ours: Vec<_> = graph.executions.iter().map(|node| node.id.0).collect();
    ours.push(r.cached);
    assert_eq!(ids(&up["executions"]), ours, "the client also follows the execution that took it from the cache");
}

#[test]
fn a_store_that_the_client_made_becomes_ours() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("metadata.sqlite");
    let theirs = client(&path, &["create"]);
    assert!(matches!(Store::open_read_only(&path), Err(Error::NoRuns { .. })));
    let store = Store::open(&path).unwrap();
    let record = store.artifact("cdcd").unwrap();
    assert_eq!(record.artifact.id, theirs["artifact"].as_i64());
    assert_eq!((record.artifact.name.as_deref(), record.state), (Some("theirs"), ArtifactState::Live));
    let expected = json!({"rows": 344, "share": 0.5, "clean": true, "columns": ["bill", null, {"n": 2.5}]});
    assert_eq!(serde_json::to_value(&record.artifact.properties).unwrap(), expected);
    assert_eq!(record.producer.unwrap().task.as_deref(), Some("their-task"));

    // A run of ours uses their artifact, and the client follows the lineage back.
    let run = create_run(&store, "ours");
    let inputs = values([("data", one(&record.artifact))]);
    let mut outputs = values([("model", one(&artifact("system.Model", 5)))]);
    Step::new("train", inputs).complete(&store, &run, &mut outputs);
    let model = on(&outputs, "model")[0].id.unwrap();
    let up = client(&path, &["up", &model.to_string()]);
    assert_eq!(up["executions"].as_array().unwrap().last(), Some(&theirs["execution"]));
    let types = client(&path, &[])["artifact_types"].as_array().unwrap().clone();
    assert_eq!(types.iter().filter(|name| **name == "system.Dataset").count(), 1, "their types are used");
    let query = LineageQuery { start: LineageStart::Artifact(model), direction: Direction::Up, max_depth: None };
    assert_eq!(store.lineage(&query).unwrap().executions.len(), 2);
}

#[test]
fn a_store_that_the_client_wrote_to_stays_ours() {
    let s = scratch();
    create_run(&s.store, "r");
    client(s.store.path(), &["create"]);
    let run = s.store.resume_state("r").unwrap().key;
    let mut outputs = values([("data", one(&artifact("system.Dataset", 1)))]);
    Step::new("import", PortValues::new()).complete(&s.store, &run, &mut outputs);
    assert_eq!(common::live_artifacts(&s.store).unwrap(), 2);
    let again = Store::open(s.store.path()).unwrap();
    assert_eq!(again.runs(&RunFilter::default()).unwrap().len(), 1);
}

#[test]
fn the_schema_is_the_one_that_the_client_makes() {
    let s = scratch();
    let path = s.folder.path().join("theirs.sqlite");
    client(&path, &[]);
    let schema = |path: &Path| -> BTreeMap<String, String> {
        let sqlite = rusqlite::Connection::open(path).unwrap();
        let mut statement = sqlite
            .prepare("SELECT type || ' ' || name, coalesce(sql, '') FROM sqlite_master WHERE tbl_name NOT LIKE 'weft%'")
            .unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?))).unwrap();
        // Except for white space.
        rows.map(|row| row.map(|(name, sql)| (name, sql.split_whitespace().collect::<String>())).unwrap()).collect()
    };
    assert_eq!(schema(s.store.path()), schema(&path));
    let types = |path: &Path| -> Vec<(i64, String, i64)> {
        let sqlite = rusqlite::Connection::open(path).unwrap();
        let mut statement = sqlite.prepare("SELECT id, name, type_kind FROM Type ORDER BY id").unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
        rows.map(Result::unwrap).collect()
    };
    assert_eq!(types(s.store.path()), types(&path));
}

/// What the client finds in a store, in lines that name executions and artifacts by what they are instead of by their ids.
fn lines(store: &Path) -> BTreeSet<String> {
    let all = client(store, &[]);
    let list = |name: &str| all[name].as_array().unwrap().clone();
    let mut runs = BTreeMap::new();
    for context in list("contexts").iter().filter(|context| context["type"] == "system.PipelineRun") {
        for id in context["executions"].as_array().unwrap() {
            runs.insert(id.as_i64().unwrap(), context["name"].as_str().unwrap().to_owned());
        }
    }
    let property = |node: &Value, name: &str| node["custom_properties"][name]["string_value"].clone();
    let executions: BTreeMap<i64, String> = list("executions")
        .iter()
        .map(|node| (node["id"].as_i64().unwrap(), node))
        .map(|(id, node)| (id, format!("{} {}", runs[&id], property(node, "task_name"))))
        .collect();
    let artifacts: BTreeMap<i64, String> = list("artifacts")
        .iter()
        .map(|node| (node["id"].as_i64().unwrap(), format!("{} {}", node["uri"], property(node, "display_name"))))
        .collect();
    let mut lines = BTreeSet::new();
    for mut node in list("executions") {
        node["id"] = json!(executions[&node["id"].as_i64().unwrap()]);
        if let Some(parent) = node["custom_properties"]["parent_dag_id"]["int_value"].as_i64() {
            node["custom_properties"]["parent_dag_id"] = json!(executions[&parent]);
        }
        if let Some(from) = property(&node, "cached_execution_id").as_str() {
            node["custom_properties"]["cached_execution_id"] = json!(executions[&from.parse::<i64>().unwrap()]);
        }
        lines.insert(node.to_string());
    }
    for mut node in list("artifacts") {
        node["id"] = json!(artifacts[&node["id"].as_i64().unwrap()]);
        lines.insert(node.to_string());
    }
    for mut event in list("events") {
        event["execution"] = json!(executions[&event["execution"].as_i64().unwrap()]);
        event["artifact"] = json!(artifacts[&event["artifact"].as_i64().unwrap()]);
        lines.insert(event.to_string());
    }
    for mut context in list("contexts") {
        context["id"] = Value::Null;
        let named = |ids: &Value, names: &BTreeMap<i64, String>| {
            json!(ids.as_array().unwrap().iter().map(|id| &names[&id.as_i64().unwrap()]).collect::<BTreeSet<_>>())
        };
        context["executions"] = named(&context["executions"], &executions);
        context["artifacts"] = named(&context["artifacts"], &artifacts);
        lines.insert(context.to_string());
    }
    lines
}

#[test]
fn the_client_sees_runs_of_another_store_as_those_of_its_own() {
    let there = scratch();
    // So that no row has the number that it had.
    let first = create_run(&there.store, "first");
    let mut outputs = values([("data", one(&artifact("system.Dataset", 50)))]);
    Step::new("import", PortValues::new()).complete(&there.store, &first, &mut outputs);
    let own = lines(there.store.path());
    let recorded = record();
    for run in [&recorded.run, &recorded.second] {
        let copy = recorded.s.store.run_copy(&run.run).unwrap();
        there.store.transaction(|tx| tx.put_replica(&copy, "edge-1", true)).unwrap();
    }
    let mut here = lines(recorded.s.store.path());
    let mut seen = lines(there.store.path());
    // The context of the pipeline is one for the runs of both.
    let is_shared = |line: &String| line.contains("\"type\":\"system.Pipeline\"");
    assert_eq!(seen.iter().filter(|line| is_shared(line)).count(), 1);
    for lines in [&mut here, &mut seen] {
        lines.retain(|line| !is_shared(line));
    }
    seen.retain(|line| !own.contains(line));
    assert_eq!(seen, here);
}
