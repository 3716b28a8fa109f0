//! Runs that are carried from one store to another: nothing is lost or there twice, and what runs there is not misled.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{Scratch, Step, artifact, create_run, finish_run, finished, on, one, parameter, scratch, values};
use serde_json::{Value, json};
use weft_metadata::{Direction, Error, ExecutionKind, LineageQuery, LineageStart, RunCopy, RunState, Store, Uncached};
use weft_pipeline::model::TaskState;
use weft_pipeline::step::{Command, PortValues};

/// Carries a run as it goes over a wire.
fn carry(from: &Store, to: &Store, run: &str) -> Result<(), Error> {
    let text = serde_json::to_string(&from.run_copy(run).unwrap()).unwrap();
    let copy: RunCopy = serde_json::from_str(&text).unwrap();
    assert_eq!(copy, from.run_copy(run).unwrap());
    to.transaction(|tx| tx.put_replica(&copy, "edge-1", true))
}

/// A run as it is recorded, without the numbers of rows.
fn seen(store: &Store, run: &str) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for name in ["id", "execution", "cached_from"] {
                    if fields.get(name).is_some_and(Value::is_number) {
                        fields.remove(name);
                    }
                }
                fields.values_mut().for_each(strip);
            }
            Value::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    let mut value = json!(store.run(run).unwrap());
    strip(&mut value);
    value
}

/// Rows of each table.
fn rows(scratch: &Scratch) -> Vec<(String, i64)> {
    let sqlite = rusqlite::Connection::open(scratch.store.path()).unwrap();
    let mut names = sqlite.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").unwrap();
    let names: Vec<String> = names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let count = |name: String| {
        let count = sqlite.query_row(&format!("SELECT count(*) FROM \"{name}\""), [], |row| row.get(0)).unwrap();
        (name, count)
    };
    names.into_iter().map(count).collect()
}

/// Two runs: the second takes a step from the cache of the first, fails in another and skips a third.
fn fill(store: &Store) {
    let run = create_run(store, "one");
    let mut data = values([("data", one(&artifact("system.Dataset", 1)))]);
    Step::new("import", PortValues::new()).kind(ExecutionKind::Importer).complete(store, &run, &mut data);
    let mut tagged = artifact("acme.Model", 2);
    tagged.name = Some("the model".to_owned());
    tagged.properties = [("f1", json!(0.1 + 0.2)), ("tags", json!(["a", null])), ("n", json!(3)), ("ok", json!(true))]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
    let mut trained = values([("model", one(&tagged)), ("loss", parameter(json!(1e-300)))]);
    let inputs = values([("data", data["data"].clone()), ("rate", parameter(json!(0.1)))]);
    let train = Step::new("train", inputs.clone()).identity(1);
    let execution = train.complete(store, &run, &mut trained);
    store.transaction(|tx| tx.put_uris([("gs://bucket/model", common::uri(2).as_str())])).unwrap();
    store.transaction(|tx| tx.finish_run(&run, RunState::Complete, None, &trained)).unwrap();

    let run = create_run(store, "two");
    let mut same = values([("data", data["data"].clone())]);
    Step::new("import", PortValues::new()).kind(ExecutionKind::Importer).complete(store, &run, &mut same);
    store
        .transaction(|tx| {
            let mut cached = tx.find_cached(&[1; 32])?.unwrap();
            assert_eq!(cached.execution, execution);
            tx.record_cached(&run, &train.new_execution(), &mut cached)?;
            let command = Command::default();
            let failing = Step::new("evaluate", values([("model", trained["model"].clone())])).identity(2);
            let new = weft_metadata::NewExecution {
                command: Some(&command),
                uncached: Some(Uncached::Task),
                ..failing.new_execution()
            };
            tx.record_execution(&run, &new, finished(TaskState::Failed, &mut PortValues::new()))?;
            tx.record_skipped(&run, &Step::new("deploy", PortValues::new()).new_execution(), "it is no better")?;
            tx.finish_run(&run, RunState::Failed, Some("evaluate failed"), &PortValues::new())
        })
        .unwrap();
}

#[test]
fn a_run_is_there_as_it_is_here_and_only_once() {
    let (here, there) = (scratch(), scratch());
    // Numbers of rows differ between the two.
    let own = create_run(&there.store, "own");
    let mut outputs = values([("data", one(&artifact("system.Dataset", 77)))]);
    Step::new("import", PortValues::new()).complete(&there.store, &own, &mut outputs);
    fill(&here.store);
    let stamps = here.store.run_stamps().unwrap();
    assert_eq!(there.store.wanted(&stamps, true).unwrap(), ["one", "two"]);
    for run in ["one", "two"] {
        carry(&here.store, &there.store, run).unwrap();
        assert_eq!(seen(&there.store, run), seen(&here.store, run));
        assert_eq!(there.store.replica_of(run).unwrap().as_deref(), Some("edge-1"));
    }
    assert_eq!(there.store.wanted(&stamps, true).unwrap(), [""; 0]);

    // The cached step refers to the one that it was taken from, its key is kept, and lineage goes through both runs.
    let two = there.store.run("two").unwrap();
    let step = |task: &str| two.steps.iter().find(|step| step.task == task).unwrap();
    let one = there.store.run("one").unwrap();
    let train = one.steps.iter().find(|step| step.task == "train").unwrap();
    assert_eq!(step("train").cached_from, Some(train.execution));
    let key = there.store.step_key(step("evaluate").execution).unwrap();
    assert_eq!((key.command, key.uncached), (Some(Command::default()), Some(Uncached::Task)));
    let model = on(&train.outputs, "model")[0].id.unwrap();
    assert_eq!(on(&step("train").outputs, "model")[0].id, Some(model), "one artifact, not one for each run");
    let query = LineageQuery { start: LineageStart::Artifact(model), direction: Direction::Both, max_depth: None };
    let tasks: Vec<_> =
        there.store.lineage(&query).unwrap().executions.into_iter().filter_map(|node| node.task).collect();
    for task in ["import", "train", "evaluate"] {
        assert!(tasks.iter().any(|found| found == task), "{tasks:?}");
    }
    assert_eq!(there.store.resolve_uri("gs://bucket/model").unwrap().unwrap().content, common::uri(2));

    // Once more, everything is as it was.
    let before = rows(&there);
    for run in ["two", "one"] {
        carry(&here.store, &there.store, run).unwrap();
    }
    assert_eq!(rows(&there), before);
    assert_eq!(seen(&there.store, "two"), seen(&here.store, "two"));

    // From there to a third store it goes in the same way, and back here nothing is wanted.
    let third = scratch();
    for run in ["one", "two"] {
        carry(&there.store, &third.store, run).unwrap();
        assert_eq!(seen(&third.store, run), seen(&here.store, run));
        carry(&here.store, &third.store, run).unwrap();
    }
    let artifacts = |scratch: &Scratch| common::live_artifacts(&scratch.store).unwrap();
    assert_eq!(artifacts(&third), artifacts(&here), "the same artifact, whichever way it came");
    assert_eq!(here.store.wanted(&there.store.run_stamps().unwrap(), true).unwrap(), [""; 0]);
}

#[test]
fn what_goes_on_is_brought_again_and_what_was_removed_is_not() {
    let (here, there) = (scratch(), scratch());
    fill(&here.store);
    for run in ["one", "two"] {
        carry(&here.store, &there.store, run).unwrap();
    }
    let run = here.store.resume_state("two").unwrap().key;
    here.store.transaction(|tx| tx.resume_run(&run)).unwrap();
    assert_eq!(here.store.run_stamps().unwrap().len(), 1, "a run at work stays");
    let mut outputs = values([("report", one(&artifact("system.HTML", 9)))]);
    Step::new("evaluate", PortValues::new()).complete(&here.store, &run, &mut outputs);
    finish_run(&here.store, &run);
    let stamps = here.store.run_stamps().unwrap();
    assert_eq!(there.store.wanted(&stamps, true).unwrap(), ["two"]);
    carry(&here.store, &there.store, "two").unwrap();
    assert_eq!(seen(&there.store, "two"), seen(&here.store, "two"));
    assert_eq!(common::live_artifacts(&there.store).unwrap(), common::live_artifacts(&here.store).unwrap());

    there.store.delete_run("one").unwrap();
    assert_eq!(there.store.wanted(&stamps, true).unwrap(), [""; 0]);
    // Whoever asks for it by name gets it whole.
    carry(&here.store, &there.store, "one").unwrap();
    assert_eq!(seen(&there.store, "one"), seen(&here.store, "one"));
    assert_eq!(common::live_artifacts(&there.store).unwrap(), common::live_artifacts(&here.store).unwrap());
}

#[test]
fn a_run_without_its_content_is_wanted_with_it() {
    let (here, there) = (scratch(), scratch());
    fill(&here.store);
    let copy = here.store.run_copy("one").unwrap();
    there.store.transaction(|tx| tx.put_replica(&copy, "edge-1", false)).unwrap();
    let stamps = [copy.stamp.clone()];
    assert_eq!(there.store.wanted(&stamps, false).unwrap(), [""; 0]);
    assert_eq!(there.store.wanted(&stamps, true).unwrap(), ["one"]);
    let content: Vec<String> = copy.content().unwrap().into_iter().collect();
    let expected = [1, 2, 99, 1000].map(common::uri);
    assert!(expected.iter().all(|uri| content.contains(uri)) && content.len() == 4, "{content:?}");
}

#[test]
fn runs_of_a_store_take_nothing_from_those_that_came_from_elsewhere() {
    let (here, there) = (scratch(), scratch());
    fill(&here.store);
    carry(&here.store, &there.store, "one").unwrap();
    let latest = |store: &Store| store.latest_artifact("penguins", "train", "model", None).unwrap().is_some();
    assert!(here.store.find_cached(&[1; 32]).unwrap().is_some() && latest(&here.store));
    assert!(there.store.find_cached(&[1; 32]).unwrap().is_none() && !latest(&there.store));
}

#[test]
fn a_run_of_the_store_itself_is_not_replaced() {
    let (here, there) = (scratch(), scratch());
    fill(&here.store);
    create_run(&there.store, "one");
    let before = rows(&there);
    assert_eq!(there.store.wanted(&here.store.run_stamps().unwrap(), true).unwrap(), ["two"]);
    assert!(matches!(carry(&here.store, &there.store, "one"), Err(Error::RunExists { run }) if run == "one"));
    assert_eq!(rows(&there), before, "nothing of it is written");
}

#[test]
fn a_damaged_copy_leaves_nothing() {
    let (here, there) = (scratch(), scratch());
    fill(&here.store);
    let before = rows(&there);
    let whole = here.store.run_copy("one").unwrap();
    let damages: [fn(&mut RunCopy); 3] =
        [|copy| copy.artifacts.clear(), |copy| copy.dag = -1, |copy| _ = copy.executions.pop()];
    for damage in damages {
        let mut copy = whole.clone();
        damage(&mut copy);
        assert!(matches!(
            there.store.transaction(|tx| tx.put_replica(&copy, "edge-1", true)),
            Err(Error::Damaged { .. })
        ));
        assert_eq!(rows(&there), before);
    }
}
