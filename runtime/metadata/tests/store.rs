//! Runs and steps, written and read back.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{Step, artifact, create_run, finish_run, finished, on, one, parameter, scratch, uri, values};
use serde_json::{Value, json};
use weft_metadata::{
    ArtifactFilter, ArtifactState, Direction, Error, ExecutionKind, FailureRecord, Finished, LineageQuery,
    LineageStart, NewRun, RunFilter, RunState, Store,
};
use weft_pipeline::model::TaskState;
use weft_pipeline::step::{DirectoryGrant, FailureKind, FetchedObject, Grants, PortValue, PortValues};

#[test]
fn a_run_is_read_back_as_it_was_recorded() {
    let s = scratch();
    let run = create_run(&s.store, "run-1");
    let mut data = artifact("system.Dataset", 1);
    data.name = Some("penguins.csv".into());
    data.properties = [("rows".to_owned(), json!(344)), ("share".to_owned(), json!(0.1))].into();
    let mut imported = values([("artifact", one(&data))]);
    let import = Step::new("import", PortValues::new()).kind(ExecutionKind::Importer);
    import.complete(&s.store, &run, &mut imported);
    let data = &on(&imported, "artifact")[0];
    assert!(data.id.is_some());

    let mut train = Step::new("train", values([("data", one(data)), ("rate", parameter(json!(0.1 + 0.2)))]));
    train.identity = Some([0xab; 32]);
    train.grants = Grants {
        clock: true,
        directories: [("/models".to_owned(), DirectoryGrant { host: "models".into(), write: true })].into(),
        ..Grants::default()
    };
    let id = train.start(&s.store, &run);
    let running = s.store.run("latest").unwrap();
    assert_eq!((running.summary.counts.running, running.summary.counts.complete), (1, 1));
    assert_eq!(running.steps[1].ended_ms, None);

    let error = FailureRecord { kind: FailureKind::Trapped, message: "no memory".into(), hint: Some("more".into()) };
    let mut none = PortValues::new();
    let failed = Finished { error: Some(&error), log: Some("blake3:10"), ..finished(TaskState::Failed, &mut none) };
    s.store.transaction(|tx| tx.finish_execution(&run, id, failed)).unwrap();
    let step = s.store.steps_of("run-1").unwrap().remove(1);
    assert_eq!(
        (step.state, step.error.as_ref(), step.log.as_deref()),
        (TaskState::Failed, Some(&error), Some("blake3:10"))
    );

    s.store.transaction(|tx| tx.restart_execution(id, 2)).unwrap();
    let step = s.store.steps_of("run-1").unwrap().remove(1);
    assert_eq!((step.state, step.attempts, step.error, step.log), (TaskState::Running, 2, None, None));

    let mut outputs =
        values([("model", one(&artifact("system.Model", 2))), ("accuracy", parameter(json!(0.979_710_144_927_536_3)))]);
    s.store.transaction(|tx| tx.finish_execution(&run, id, finished(TaskState::Complete, &mut outputs))).unwrap();
    s.store.transaction(|tx| tx.finish_run(&run, RunState::Complete, None, &outputs)).unwrap();

    let record = s.store.run("run-").unwrap();
    assert_eq!(record.summary.state, RunState::Complete);
    assert_eq!(record.summary.parameters["seed"], json!(7));
    assert!(record.summary.ended_ms.unwrap() >= record.summary.started_ms);
    assert_eq!(record.file.as_deref(), Some("penguins/pipeline.yaml"));
    assert_eq!(record.outputs, outputs);
    let step = &record.steps[1];
    assert_eq!(step.execution, id);
    assert_eq!((step.state, step.attempts, step.kind), (TaskState::Complete, 2, ExecutionKind::Container));
    assert_eq!((step.identity, step.component.as_ref()), (Some([0xab; 32]), Some(&train.component)));
    assert_eq!((&step.inputs, &step.outputs, &step.grants), (&train.inputs, &outputs, &train.grants));
    assert_eq!((step.duration_us, step.peak_memory), (12_000, 1 << 20));

    let text = serde_json::to_string(&record).unwrap();
    assert!(text.contains(&"ab".repeat(32)));
    assert_eq!(serde_json::from_str::<weft_metadata::RunRecord>(&text).unwrap(), record);
}

#[test]
fn an_artifact_is_found_by_id_and_by_uri() {
    let s = scratch();
    let run = create_run(&s.store, "r");
    let mut a = artifact("acme.EmbeddingIndex", 0);
    a.uri = format!("blake3:{}", "ab12".repeat(16));
    a.properties = [("curve".to_owned(), json!([{"fpr": 0.5, "n": 3}])), ("ok".to_owned(), json!(true))].into();
    let mut b = artifact("system.Model", 0);
    b.uri = format!("blake3-tree:{}", "ab13".repeat(16));
    let mut outputs = values([("index", one(&a)), ("model", one(&b))]);
    Step::new("build", PortValues::new()).complete(&s.store, &run, &mut outputs);
    let id = on(&outputs, "index")[0].id.unwrap();

    let record = s.store.artifact(&id.to_string()).unwrap();
    assert_eq!((record.artifact.kind.0.as_str(), record.state), ("acme.EmbeddingIndex", ArtifactState::Live));
    assert_eq!(record.artifact.properties, a.properties);
    assert_eq!(record.artifact.name.as_deref(), Some("index"), "without a name it is the output's");
    let producer = record.producer.clone().unwrap();
    assert_eq!((producer.run.as_deref(), producer.task.as_deref()), (Some("r"), Some("build")));
    assert_eq!(producer.output, "index");

    for selector in [a.uri.as_str(), "blake3:ab12", "ab12", &a.uri[7..]] {
        assert_eq!(s.store.artifact(selector).unwrap(), record, "{selector}");
    }
    assert!(matches!(s.store.artifact("ab13").unwrap().artifact.id, Some(other) if other != id));
    let Err(Error::ArtifactAmbiguous { candidates, .. }) = s.store.artifact("blake3") else { panic!("ambiguous") };
    assert_eq!(candidates.len(), 2);
    for unknown in ["ab1", "abcd", "999", "blake3:ff", "", "'; --"] {
        assert!(matches!(s.store.artifact(unknown), Err(Error::ArtifactNotFound { .. })), "{unknown}");
    }

    let list = |filter: ArtifactFilter<'_>| s.store.artifacts(&filter).unwrap().len();
    assert_eq!(list(ArtifactFilter::default()), 2);
    assert_eq!(list(ArtifactFilter { kind: Some("system.Model"), ..ArtifactFilter::default() }), 1);
    assert_eq!(list(ArtifactFilter { run: Some("r"), pipeline: Some("penguins"), ..ArtifactFilter::default() }), 2);
    assert_eq!(list(ArtifactFilter { run: Some("other"), ..ArtifactFilter::default() }), 0);
    assert_eq!(list(ArtifactFilter { limit: Some(1), ..ArtifactFilter::default() }), 1);
}

#[test]
fn runs_are_listed_and_selected() {
    let s = scratch();
    assert!(matches!(s.store.run("latest"), Err(Error::RunNotFound { .. })));
    for id in ["a-1", "a-2", "b-1"] {
        let run = create_run(&s.store, id);
        if id != "a-2" {
            finish_run(&s.store, &run);
        }
    }
    let ids = |filter: &RunFilter<'_>| {
        s.store.runs(filter).unwrap().into_iter().map(|run| run.id).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(ids(&RunFilter::default()), "b-1 a-2 a-1");
    assert_eq!(ids(&RunFilter { limit: Some(1), ..RunFilter::default() }), "b-1");
    assert_eq!(ids(&RunFilter { state: Some(RunState::Running), ..RunFilter::default() }), "a-2");
    assert_eq!(ids(&RunFilter { pipeline: Some("other"), ..RunFilter::default() }), "");
    assert_eq!(s.store.run("latest").unwrap().summary.id, "b-1");
    assert_eq!(s.store.run("b").unwrap().summary.id, "b-1");
    // The name of a pipeline is its newest run.
    assert_eq!(s.store.run("penguins").unwrap().summary.id, "b-1");
    let Err(error @ Error::RunAmbiguous { .. }) = s.store.run("a-") else { panic!("ambiguous") };
    assert_eq!(error.to_string(), "`a-` fits more than one run: a-2, a-1; give more of the id");
    for unknown in ["", "c", "%"] {
        assert!(matches!(s.store.run(unknown), Err(Error::RunNotFound { .. })), "{unknown}");
    }
    let again = s.store.transaction(|tx| {
        tx.create_run(&NewRun { id: "a-1", pipeline: "p", spec: "{}", parameters: &[].into(), file: None })
    });
    assert!(matches!(again, Err(Error::RunExists { .. })));
}

#[test]
fn a_failed_transaction_leaves_nothing() {
    let s = scratch();
    let run = create_run(&s.store, "r");
    let mut outputs = values([("out", one(&artifact("acme.New", 1)))]);
    let step = Step::new("a", PortValues::new());
    let failed: Result<(), Error> = s.store.transaction(|tx| {
        tx.record_execution(&run, &step.new_execution(), finished(TaskState::Complete, &mut outputs))?;
        Err(Error::RunNotFound { selector: "made up".into() })
    });
    assert!(failed.is_err());
    assert!(s.store.steps_of("r").unwrap().is_empty());
    assert_eq!(common::live_artifacts(&s.store).unwrap(), 0);
    // The type that was created in the failed transaction is created again.
    let mut outputs = values([("out", one(&artifact("acme.New", 1)))]);
    step.complete(&s.store, &run, &mut outputs);
    assert_eq!(s.store.artifact(&uri(1)).unwrap().artifact.kind.0, "acme.New");
}

#[test]
fn wrong_orders_are_refused() {
    let s = scratch();
    let run = create_run(&s.store, "r");
    let step = Step::new("a", PortValues::new());
    let id = step.start(&s.store, &run);
    let finish = || {
        let mut outputs = PortValues::new();
        s.store.transaction(|tx| tx.finish_execution(&run, id, finished(TaskState::Complete, &mut outputs)))
    };
    finish().unwrap();
    assert!(matches!(finish(), Err(Error::NotRunning { .. })), "finished twice");
    let restarted = s.store.transaction(|tx| tx.restart_execution(id, 2));
    assert!(matches!(restarted, Err(Error::NotRunning { .. })), "complete steps are not repeated");
    let unrecorded = Step::new("b", values([("data", one(&artifact("system.Dataset", 1)))]));
    let error = s.store.transaction(|tx| tx.start_execution(&run, &unrecorded.new_execution())).unwrap_err();
    assert!(error.to_string().contains("task `b`") && error.to_string().contains("input `data`"), "{error}");
}

#[test]
fn a_resumed_run_keeps_the_rows_of_its_tasks() {
    let s = scratch();
    let run = create_run(&s.store, "r");
    let mut outputs = values([("out", one(&artifact("system.Dataset", 1)))]);
    Step::new("first", PortValues::new()).complete(&s.store, &run, &mut outputs);
    let failed = Step::new("second", values([("data", outputs["out"].clone())]));
    let second = failed.start(&s.store, &run);
    let skipped = Step::new("third", PortValues::new());
    let third = s.store.transaction(|tx| tx.record_skipped(&run, &skipped.new_execution(), "second failed")).unwrap();
    s.store.transaction(|tx| tx.finish_run(&run, RunState::Canceled, Some("interrupted"), &PortValues::new())).unwrap();

    let resumed = s.store.resume_state("latest").unwrap();
    assert_eq!(resumed.key, run);
    assert_eq!(resumed.run.summary.error.as_deref(), Some("interrupted"));
    assert_eq!(resumed.run.steps[2].skipped.as_deref(), Some("second failed"));
    s.store.transaction(|tx| tx.resume_run(&run)).unwrap();
    assert_eq!(failed.start(&s.store, &run), second);
    let mut outputs = values([("out", one(&artifact("system.Model", 2)))]);
    s.store.transaction(|tx| tx.finish_execution(&run, second, finished(TaskState::Complete, &mut outputs))).unwrap();
    let ready = Step::new("third", values([("model", outputs["out"].clone())]));
    assert_eq!(ready.complete(&s.store, &run, &mut PortValues::new()), third);
    finish_run(&s.store, &run);

    let record = s.store.run("r").unwrap();
    assert_eq!((record.summary.state, record.summary.error), (RunState::Complete, None));
    assert_eq!(record.summary.counts.complete, 3);
    assert_eq!((&record.steps[2].skipped, &record.steps[2].inputs), (&None, &ready.inputs));
}

#[test]
fn results_are_found_again_until_their_run_is_deleted() {
    let s = scratch();
    let first = create_run(&s.store, "first");
    let step = Step::new("train", PortValues::new()).identity(1);
    let failed = Step::new("other", PortValues::new()).identity(2);
    let mut outputs = values([("model", one(&artifact("system.Model", 1))), ("accuracy", parameter(json!(0.9)))]);
    let origin = step.complete(&s.store, &first, &mut outputs);
    failed.start(&s.store, &first);
    assert_eq!(s.store.find_cached(&[2; 32]).unwrap(), None, "it is still at work");
    assert_eq!(s.store.find_cached(&[3; 32]).unwrap(), None);
    let mut found = s.store.find_cached(&[1; 32]).unwrap().unwrap();
    assert_eq!((found.execution, found.run.as_str(), &found.outputs), (origin, "first", &outputs));

    let second = create_run(&s.store, "second");
    let latest = |output: &str, current: Option<&str>| {
        s.store.latest_artifact("penguins", "train", output, current).unwrap().map(|artifact| artifact.uri)
    };
    assert_eq!(latest("model", Some("second")), Some(uri(1)), "of a run that has not ended");
    assert_eq!(latest("model", Some("first")), None, "not of the run that asks");
    assert_eq!((latest("accuracy", None), latest("nothing", None)), (None, None));
    let cached = s.store.transaction(|tx| tx.record_cached(&second, &step.new_execution(), &mut found)).unwrap();
    assert_eq!(common::live_artifacts(&s.store).unwrap(), 1, "the same artifact");
    assert_eq!(s.store.find_cached(&[1; 32]).unwrap().unwrap().execution, origin);
    assert_eq!(s.store.steps_of("second").unwrap()[0].cached_from, Some(origin));
    assert_eq!(latest("model", Some("first")), Some(uri(1)));

    s.store.delete_run("first").unwrap();
    assert!(matches!(s.store.delete_run("first"), Err(Error::RunNotFound { .. })));
    assert_eq!(s.store.find_cached(&[1; 32]).unwrap().unwrap().execution, cached, "the run that took them stands in");
    assert!(s.store.referenced_uris().unwrap().contains(&uri(1)));
    s.store.delete_run("second").unwrap();
    assert_eq!(s.store.find_cached(&[1; 32]).unwrap(), None);
    assert_eq!(latest("model", None), None);
    assert_eq!(common::live_artifacts(&s.store).unwrap(), 0);
    assert!(s.store.referenced_uris().unwrap().is_empty());
    let deleted = s.store.artifact(&uri(1)).unwrap();
    assert_eq!(deleted.state, ArtifactState::Deleted);
    assert_eq!(deleted.producer.unwrap().run.as_deref(), Some("first"), "still known");
}

#[test]
fn kept_runs_keep_what_they_refer_to() {
    let s = scratch();
    let old = create_run(&s.store, "old");
    let mut shared = values([("data", one(&artifact("system.Dataset", 1))), ("own", one(&artifact("system.HTML", 2)))]);
    Step::new("import", PortValues::new()).complete(&s.store, &old, &mut shared);
    let new = create_run(&s.store, "new");
    let user = Step::new("use", values([("data", shared["data"].clone())]));
    let mut none = PortValues::new();
    let ended = Finished { log: Some("blake3:77"), ..finished(TaskState::Complete, &mut none) };
    s.store.transaction(|tx| tx.record_execution(&new, &user.new_execution(), ended)).unwrap();
    s.store.delete_run("old").unwrap();
    let kept: Vec<_> = s.store.referenced_uris().unwrap().into_iter().collect();
    // The inputs of the run, its component, the component of its pipeline, and its log.
    assert_eq!(kept, [uri(1), uri(99), uri(1000), "blake3:77".into()]);
}

#[test]
fn equal_pipelines_are_kept_once_until_their_last_run_is_deleted() {
    let s = scratch();
    for id in ["a", "b"] {
        create_run(&s.store, id);
    }
    let read = |id: &str| s.store.run(id).unwrap().spec.read::<Value>().unwrap();
    let spec = read("a");
    assert_eq!(spec["name"], "penguins");
    let file = s.folder.path().join("metadata.sqlite");
    let kept = || -> i64 {
        let conn = rusqlite::Connection::open(&file).unwrap();
        conn.query_row("SELECT count(*) FROM weft_spec", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(kept(), 1);
    s.store.delete_run("a").unwrap();
    assert_eq!((kept(), read("b")), (1, spec.clone()));

    // Versions before had it in the run's row.
    let conn = rusqlite::Connection::open(&file).unwrap();
    conn.execute("UPDATE weft_run SET spec = ?1", [spec.to_string()]).unwrap();
    conn.execute("DELETE FROM weft_spec", []).unwrap();
    assert_eq!(read("b"), spec);
    assert_eq!(s.store.referenced_uris().unwrap().into_iter().collect::<Vec<_>>(), [uri(99)]);
    create_run(&s.store, "c");
    s.store.delete_run("c").unwrap();
    s.store.delete_run("b").unwrap();
    assert_eq!(kept(), 0);
}

#[test]
fn what_an_importer_brings_again_is_the_same_artifact() {
    let s = scratch();
    let run = create_run(&s.store, "r");
    let mut source = artifact("system.Dataset", 1);
    source.properties = [("weights".to_owned(), json!([1.0, 2.5])), ("license".to_owned(), json!("CC0"))].into();
    let import = |task: &str, artifact: &weft_pipeline::step::Artifact| {
        let mut outputs = values([("artifact", one(artifact))]);
        Step::new(task, PortValues::new()).kind(ExecutionKind::Importer).complete(&s.store, &run, &mut outputs);
        on(&outputs, "artifact")[0].id.unwrap()
    };
    let first = import("a", &source);
    assert_eq!(import("b", &source), first);
    let mut other = source.clone();
    other.properties.insert("license".into(), json!("MIT"));
    assert_ne!(import("c", &other), first);
    assert_ne!(import("d", &artifact("system.Dataset", 2)), first);
    let run2 = create_run(&s.store, "r2");
    let mut outputs = values([("artifact", one(&source))]);
    Step::new("a", PortValues::new()).complete(&s.store, &run2, &mut outputs);
    assert_ne!(on(&outputs, "artifact")[0].id, Some(first), "what a step makes is new");
}

#[test]
fn odd_values_are_kept() {
    let s = scratch();
    let run = create_run(&s.store, "r");
    let mut odd = artifact("", 1);
    odd.name = Some("mlmd-struct::!".into());
    odd.properties = [("", json!("")), ("display_name", json!("lost")), ("none", json!(null)), ("nul", json!("a\0b"))]
        .map(|(key, value)| (key.to_owned(), value))
        .into();
    let inputs = values([("big", parameter(json!(u64::MAX))), ("no", PortValue::Artifacts(vec![]))]);
    let mut outputs = values([("out", PortValue::Artifacts(vec![odd.clone(), odd.clone()]))]);
    let step = Step::new("täsk \"1\"", inputs);
    step.complete(&s.store, &run, &mut outputs);
    let record = s.store.run("r").unwrap().steps.remove(0);
    assert_eq!((&record.task, &record.inputs, &record.outputs), (&step.task.to_owned(), &step.inputs, &outputs));
    let found = s.store.artifact(&uri(1)).unwrap().artifact;
    assert_eq!(found.name.as_deref(), Some("mlmd-struct::!"));
    assert_eq!(found.properties.keys().collect::<Vec<_>>(), ["", "nul"]);
}

#[test]
fn other_files_are_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let refusal = |path: &std::path::Path| Store::open(path).unwrap_err();
    assert!(matches!(Store::open_read_only(&path), Err(Error::Open { .. })), "no file");
    assert!(!path.exists());

    std::fs::write(&path, "a text, and longer than the hundred bytes of a database header ".repeat(9)).unwrap();
    assert!(matches!(refusal(&path), Error::Open { .. }));

    let foreign = folder.path().join("foreign");
    let sqlite = rusqlite::Connection::open(&foreign).unwrap();
    sqlite.execute_batch("CREATE TABLE notes (text TEXT)").unwrap();
    assert!(matches!(refusal(&foreign), Error::NotAStore { .. }));
    sqlite
        .execute_batch("CREATE TABLE MLMDEnv (schema_version INTEGER PRIMARY KEY); INSERT INTO MLMDEnv VALUES (8)")
        .unwrap();
    assert!(matches!(refusal(&foreign), Error::SchemaVersion { found: 8, expected: 10, .. }));
    assert!(matches!(Store::open_read_only(&foreign), Err(Error::SchemaVersion { .. })));
    let mode: String = sqlite.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
    assert_eq!(mode, "delete", "left as it was");

    assert!(matches!(refusal(&folder.path().join("none/metadata.sqlite")), Error::Open { .. }));
}

#[test]
fn readers_see_what_writers_commit() {
    let s = scratch();
    let reader = Store::open_read_only(s.store.path()).unwrap();
    assert!(reader.runs(&RunFilter::default()).unwrap().is_empty());
    create_run(&s.store, "r");
    assert_eq!(reader.runs(&RunFilter::default()).unwrap().len(), 1);
    assert!(matches!(reader.transaction(|tx| tx.delete_run("r")), Err(Error::Database { .. })));
}

#[cfg(unix)]
#[test]
fn a_store_on_a_read_only_file_system_is_read_as_it_is() {
    let s = scratch();
    create_run(&s.store, "r");
    let folder = s.folder.path().join("a#b?c=%41");
    std::fs::create_dir(&folder).unwrap();
    let path = folder.join("metadata.sqlite");
    let sqlite = rusqlite::Connection::open(s.store.path()).unwrap();
    sqlite.execute("VACUUM INTO ?1", [path.to_str().unwrap()]).unwrap();
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "journal_mode", "WAL").unwrap();
    // As where no file can be made: SQLite cannot have its own.
    std::os::unix::fs::symlink("nowhere", folder.join("metadata.sqlite-shm")).unwrap();
    std::fs::write(folder.join("metadata.sqlite-wal"), "").unwrap();
    assert!(Store::open(&path).is_err());
    assert_eq!(Store::open_read_only(&path).unwrap().runs(&RunFilter::default()).unwrap().len(), 1);
    std::fs::write(folder.join("metadata.sqlite-wal"), "transactions").unwrap();
    assert!(matches!(Store::open_read_only(&path), Err(Error::UnreadableLog { .. })));
}

#[test]
fn stores_in_several_threads_share_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("metadata.sqlite");
    std::thread::scope(|scope| {
        for writer in 0..4_u64 {
            let path = &path;
            scope.spawn(move || {
                let store = Store::open(path).unwrap();
                let run = create_run(&store, &format!("run-{writer}"));
                for task in 0..25 {
                    let mut outputs = values([("out", one(&artifact("system.Dataset", writer * 100 + task)))]);
                    Step::new(&format!("t{task}"), PortValues::new()).complete(&store, &run, &mut outputs);
                }
                finish_run(&store, &run);
            });
        }
    });
    let store = Store::open_read_only(&path).unwrap();
    let runs = store.runs(&RunFilter::default()).unwrap();
    assert_eq!(runs.len(), 4);
    assert!(runs.iter().all(|run| run.state == RunState::Complete && run.counts.complete == 25));
    assert_eq!(common::live_artifacts(&store).unwrap(), 100);
}

#[test]
fn uris_lead_to_the_content_that_they_were_given_last() {
    let s = scratch();
    let run = create_run(&s.store, "run-1");
    let mut outputs = values([("model", one(&artifact("system.Model", 1)))]);
    Step::new("train", PortValues::new()).complete(&s.store, &run, &mut outputs);
    finish_run(&s.store, &run);
    let (model, other) = (uri(1), uri(2));
    let own = format!("/out/{}/model", "ab".repeat(32));
    let pairs = [
        (own.as_str(), other.as_str()),
        ("gs://b/x", other.as_str()),
        ("gs://b/x", model.as_str()),
        (own.as_str(), model.as_str()),
    ];
    s.store.transaction(|tx| tx.put_uris(pairs)).unwrap();
    let resolved = |uri: &str| s.store.resolve_uri(uri).unwrap().map(|found| (found.content, found.inside));
    let content = model.replacen(':', "-", 1);
    for (name, inside) in [
        (own.clone(), ""),
        (format!("file://{own}"), ""),
        (format!("{own}/part"), "part"),
        ("gs://b/x".to_owned(), ""),
        ("gs://b/x/deep/part".to_owned(), "deep/part"),
        (model.clone(), ""),
        (format!("/in/{content}"), ""),
        (format!("/in/{content}/a/b"), "a/b"),
    ] {
        assert_eq!(resolved(&name), Some((model.clone(), inside.to_owned())), "{name}");
    }
    for name in [format!("{own}2"), "gs://b/xy".to_owned(), "gs://b".to_owned(), "/data/x".to_owned(), "7".to_owned()] {
        assert_eq!(resolved(&name), None, "{name}");
    }
    // What only reads finds them, and they go with the last run that had a part in their content.
    let reader = Store::open_read_only(s.store.path()).unwrap();
    assert!(reader.resolve_uri("gs://b/x").unwrap().is_some());
    s.store.delete_run("run-1").unwrap();
    assert_eq!(resolved(&own), None);
}

#[test]
fn what_was_fetched_is_known_from_what_steps_gave() {
    let s = scratch();
    let run = create_run(&s.store, "run-1");
    let mut outputs = values([("data", one(&artifact("system.Dataset", 1)))]);
    Step::new("import", PortValues::new()).complete(&s.store, &run, &mut outputs);
    finish_run(&s.store, &run);
    let (content, other) = (uri(1), uri(2));
    let fetched = FetchedObject { uri: "s3://b/x".into(), content: content.clone(), tag: Some("\"a\"".into()) };
    let is_fetched = |uri: &str| s.store.resolve_uri(uri).unwrap().map(|found| found.fetched);
    s.store
        .transaction(|tx| {
            tx.put_uris([("s3://b/x", content.as_str()), ("s3://b/y", content.as_str())])?;
            tx.put_fetched(&fetched)
        })
        .unwrap();
    assert_eq!(s.store.fetched("s3://b/x").unwrap(), Some(fetched));
    assert_eq!(s.store.fetched("s3://b/y").unwrap(), None);
    assert_eq!(
        (is_fetched("s3://b/x"), is_fetched("s3://b/x/part"), is_fetched("s3://b/y")),
        (Some(true), Some(true), Some(false))
    );
    // A step gives it the same name later.
    s.store.transaction(|tx| tx.put_uris([("s3://b/x", other.as_str())])).unwrap();
    assert_eq!(is_fetched("s3://b/x"), Some(false));
    s.store.delete_run("run-1").unwrap();
    assert_eq!(s.store.fetched("s3://b/x").unwrap(), None);
}

#[test]
fn what_was_given_by_a_uri_is_an_input() {
    let s = scratch();
    let run = create_run(&s.store, "run-1");
    let mut made = values([("data", one(&artifact("system.Dataset", 1)))]);
    Step::new("make", PortValues::new()).complete(&s.store, &run, &mut made);
    let import = Step { linked: vec![uri(1)], ..Step::new("import", PortValues::new()).kind(ExecutionKind::Importer) };
    for again in [false, true] {
        let mut imported = values([("artifact", one(&artifact("system.Dataset", 1)))]);
        import.complete(&s.store, &run, &mut imported);
        let (source, brought) = (on(&made, "data")[0].id.unwrap(), on(&imported, "artifact")[0].id.unwrap());
        assert_ne!(source, brought);
        let query = LineageQuery { start: LineageStart::Artifact(brought), direction: Direction::Up, max_depth: None };
        let graph = s.store.lineage(&query).unwrap();
        let tasks: Vec<_> = graph.executions.iter().filter_map(|node| node.task.as_deref()).collect();
        assert_eq!(tasks, ["make", "import"], "{again}");
    }
}

#[test]
fn a_file_that_was_half_written_is_opened_for_reading() {
    let s = scratch();
    create_run(&s.store, "one");
    let killed = tempfile::tempdir().unwrap();
    let path = killed.path().join("metadata.sqlite");
    let [new, old] = [s.folder.path().join("new"), s.folder.path().join("old")];
    rusqlite::Connection::open(s.store.path()).unwrap().execute("VACUUM INTO ?1", [old.to_str().unwrap()]).unwrap();
    for (file, is_new) in [(&new, true), (&old, false)] {
        // As on a disk on which a transaction was under way when the process was killed, and of which a part is in the file.
        let conn = rusqlite::Connection::open(file).unwrap();
        conn.execute_batch(
            "PRAGMA journal_mode = DELETE; PRAGMA cache_size = 1; BEGIN IMMEDIATE; CREATE TABLE spilled (x)",
        )
        .unwrap();
        for _ in 0..200 {
            conn.execute("INSERT INTO spilled VALUES (randomblob(3000))", []).unwrap();
        }
        std::fs::copy(file, &path).unwrap();
        std::fs::copy(
            file.with_extension("").display().to_string() + "-journal",
            killed.path().join("metadata.sqlite-journal"),
        )
        .unwrap();
        match Store::open_read_only(&path) {
            Ok(store) => assert!(!is_new && store.runs(&RunFilter::default()).unwrap().len() == 1),
            Err(error) => assert!(is_new && matches!(error, Error::NoRuns { .. }), "{error}"),
        }
    }
}
