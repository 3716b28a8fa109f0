//! Artifacts that a run is given.

use std::sync::atomic::Ordering;

use serde_json::json;
use weft_engine::{Error, NewRun, RunOutcome};
use weft_metadata::{Direction, LineageQuery, LineageStart, RunState};
use weft_pipeline::input_artifacts::{GivenArtifact, InputArtifacts};
use weft_pipeline::model::Pipeline;
use weft_pipeline::model::TaskState::{Cached, Complete, Failed};
use weft_pipeline::types::PortType;

use super::commands::command;
use crate::common::*;

/// Reads the root's `data`, and `more` if it is given.
fn demo() -> Pipeline {
    let list = PortType::Artifact { kind: dataset_type(), list: true };
    let work = command(&["work"]).input("data", input(dataset(), false), from_input("data")).input(
        "more",
        input(list.clone(), true),
        from_input("more"),
    );
    let mut pipeline = pipeline(named([("work", work)]));
    pipeline.root.inputs =
        [("data".to_owned(), input(dataset(), false)), ("more".to_owned(), input(list, true))].into();
    pipeline
}

fn given(pairs: &[(&str, &[&str])]) -> InputArtifacts {
    let one = |uri: &&str| GivenArtifact { uri: (*uri).to_owned(), metadata: [("rows".to_owned(), json!(3))].into() };
    pairs.iter().map(|(name, uris)| ((*name).to_owned(), uris.iter().map(one).collect())).collect()
}

fn start(place: &Place, session: &Session<'_>, id: &str, artifacts: InputArtifacts) -> weft_engine::Result<RunOutcome> {
    let pipeline = demo();
    let (parameters, base_dir) = (std::collections::BTreeMap::new(), place.dir.clone());
    let new = NewRun { id: id.to_owned(), pipeline: &pipeline, parameters, artifacts, base_dir, file: None };
    session.engine().start(new, &mut |_| (), &session.interrupt)
}

#[test]
fn files_and_directories_are_imported() {
    let place = Place::new();
    let fake = Fake::new(&place);
    let session = place.session(&fake, 1);
    write(place.dir.join("a.csv"), "a");
    std::fs::create_dir(place.dir.join("folder")).unwrap();
    write(place.dir.join("folder/b"), "b");
    let outcome = start(&place, &session, "r", given(&[("data", &["a.csv"]), ("more", &["folder", "a.csv"])])).unwrap();
    assert_eq!(outcome.state, RunState::Complete);
    // What is given twice is brought in once.
    assert_eq!(
        states(&outcome),
        [("data", Complete), ("more-1", Complete), ("more-2", Cached), ("work", Complete)].into()
    );
    let inputs = fake.request("work").inputs;
    let data = &artifacts(&inputs, "data")[0];
    assert_eq!((data.kind.clone(), &data.properties["rows"]), (dataset_type(), &json!(3)));
    let more: Vec<bool> = artifacts(&inputs, "more").iter().map(|one| one.uri.starts_with("blake3-tree:")).collect();
    assert_eq!(more, [true, false]);
    // Recorded as an import, from which the lineage begins.
    let imported = &place.steps("r")["data"];
    assert_eq!(
        (imported.kind, value(&imported.inputs, "source")),
        (weft_metadata::ExecutionKind::Importer, &json!("a.csv"))
    );
    let out = artifacts(&report(&outcome, "work").outputs, "out")[0].id.unwrap();
    let query = LineageQuery { start: LineageStart::Artifact(out), direction: Direction::Up, max_depth: None };
    let sources: Vec<_> =
        place.metadata.lineage(&query).unwrap().executions.into_iter().filter_map(|node| node.task).collect();
    // `more-2` found what `data` had brought in.
    assert!(["data", "more-1"].iter().all(|task| sources.contains(&(*task).to_owned())), "{sources:?}");

    let again = start(&place, &session, "s", given(&[("data", &["a.csv"]), ("more", &["folder", "a.csv"])])).unwrap();
    assert!(states(&again).values().all(|state| *state == Cached), "{:?}", states(&again));
    // What may be left out is.
    let alone = start(&place, &session, "t", given(&[("data", &[data.uri.as_str()])])).unwrap();
    assert_eq!(states(&alone).len(), 2);
    assert_eq!(value(&report(&alone, "work").outputs, "n"), 1);
}

#[test]
fn what_is_not_given_is_told() {
    let place = Place::new();
    let fake = Fake::new(&place);
    let session = place.session(&fake, 1);
    let missing = start(&place, &session, "r", given(&[])).unwrap_err();
    assert!(matches!(&missing, Error::MissingArtifact { input, .. } if input == "data"), "{missing}");
    let outcome = start(&place, &session, "s", given(&[("data", &["none.csv"])])).unwrap();
    assert_eq!(report(&outcome, "data").state, Failed);
    assert!(report(&outcome, "data").message.as_ref().unwrap().contains("none.csv"));
}

#[test]
fn a_run_that_was_given_artifacts_is_resumed() {
    let place = Place::new();
    write(place.dir.join("a.csv"), "a");
    let fake = Fake::new(&place).with("work", Behaviour { failures: 1, ..Behaviour::default() });
    let session = place.session(&fake, 1);
    let failed = start(&place, &session, "r", given(&[("data", &["a.csv"])])).unwrap();
    assert_eq!(states(&failed), [("data", Complete), ("work", Failed)].into());
    // What it was given is what it got then, whatever became of the file.
    std::fs::remove_file(place.dir.join("a.csv")).unwrap();
    let resumed = session.resume("r");
    assert_eq!(resumed.state, RunState::Complete);
    assert_eq!(artifacts(&fake.request("work").inputs, "data").len(), 1);

    // Interrupted before it was brought in, it is brought in then.
    write(place.dir.join("b.csv"), "b");
    session.interrupt.store(true, Ordering::Relaxed);
    let stopped = start(&place, &session, "s", given(&[("data", &["b.csv"])])).unwrap();
    assert_eq!(stopped.state, RunState::Canceled);
    session.interrupt.store(false, Ordering::Relaxed);
    assert_eq!(session.resume("s").state, RunState::Complete);
}
