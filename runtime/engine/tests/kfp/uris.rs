//! URIs that leave their steps: in texts, for importers, and in later runs.

use serde_json::json;
use weft_metadata::RunState;
use weft_pipeline::command::{REMOTE_URI, uri};
use weft_pipeline::model::TaskState::{Cached, Complete, Failed};
use weft_pipeline::types::ParameterType;

use super::commands::{command, importer};
use crate::common::*;

/// The URI of an output of some step.
fn shown(name: &str) -> String {
    format!("{}/{name}", uri::of_outputs(&[0xab; 32]))
}

fn put(place: &Place, text: &str) -> String {
    let mut blob = place.artifacts.create(None).unwrap();
    blob.append(text.as_bytes()).unwrap();
    blob.finish().unwrap().to_string()
}

/// A runner whose commands `own` and `remote` give outputs with a URI of their step's and of another system.
fn makers(place: &Place) -> Fake {
    Fake::new(place)
        .with("own", Behaviour { uri: Some(shown("own")), ..Behaviour::default() })
        .with("remote", Behaviour { uri: Some("gs://bucket/model".into()), ..Behaviour::default() })
}

/// Runs both; the content that each gave.
fn make(session: &Session<'_>) -> (String, String) {
    let makers = pipeline(named([("own", command(&["own"])), ("remote", command(&["remote"]))]));
    let made = session.start("makers", &makers, &json!({}));
    let content = |task: &str| artifacts(&report(&made, task).outputs, "out")[0].uri.clone();
    (content("own"), content("remote"))
}

/// A command whose input `value` is a text.
fn reader(text: &str) -> Step {
    command(&["read", text]).value(literal(json!(text)))
}

#[test]
fn an_importer_finds_what_uris_lead_to() {
    let place = Place::new();
    let mut tree = place.artifacts.create_tree(None).unwrap();
    tree.add("deep/part", &put(&place, "part").parse().unwrap()).unwrap();
    let tree = tree.finish().unwrap().to_string();
    let fake = makers(&place);
    let session = place.session(&fake, 1);
    let (own, remote) = make(&session);
    // In a later run, too, and from whatever it is called.
    let cases = [
        (shown("own"), own.clone()),
        (format!("file://{}", shown("own")), own.clone()),
        (uri::of_content(&own), own.clone()),
        (own.clone(), own.clone()),
        ("gs://bucket/model".to_owned(), remote),
        (format!("{}/deep/part", uri::of_content(&tree)), put(&place, "part")),
    ];
    let steps =
        cases.iter().enumerate().map(|(at, (uri, _))| (format!("i{at}"), importer(json!(uri), &json!({"n": at}))));
    let outcome = session.start("importers", &pipeline(steps), &json!({}));
    for (at, (uri, content)) in cases.iter().enumerate() {
        let report = report(&outcome, &format!("i{at}"));
        assert_eq!(report.state, Complete, "{uri}: {:?}", report.message);
        let imported = &artifacts(&report.outputs, "artifact")[0];
        assert_eq!((&imported.uri, &imported.properties["n"]), (content, &json!(at)), "{uri}");
        let kept = imported.properties.get(REMOTE_URI);
        assert_eq!(kept.is_some(), uri.starts_with("gs:"), "the name in the other system is kept: {uri}");
    }
    let folder = importer(json!(format!("{}/deep", uri::of_content(&tree))), &json!({}));
    let outcome = session.start("folder", &pipeline(named([("i", folder)])), &json!({}));
    assert!(artifacts(&report(&outcome, "i").outputs, "artifact")[0].uri.starts_with("blake3-tree:"));
    assert!(place.fsck_clean());

    let unknown = uri::of_content(&format!("blake3:{}", "0".repeat(64)));
    for (uri, words) in [
        (shown("other"), "nothing is known to be there"),
        (unknown, "not in the store any more"),
        (format!("{}/none", uri::of_content(&tree)), "there is no `none`"),
        ("gs://bucket/other".to_owned(), "nothing is fetched over the network"),
    ] {
        let outcome = session.start(
            &format!("no-{}", words.len()),
            &pipeline(named([("i", importer(json!(uri), &json!({})))])),
            &json!({}),
        );
        let failed = report(&outcome, "i");
        assert_eq!(failed.state, Failed, "{uri}");
        assert!(failed.message.as_ref().unwrap().contains(words) && failed.hint.is_some(), "{failed:?}");
    }
}

#[test]
fn an_importer_fetches_what_no_step_gave() {
    let place = Place::new();
    let fake = makers(&place);
    let (first, second) = (put(&place, "first"), put(&place, "second"));
    let lies = |uri: &str, content: &str, tag: &str| {
        fake.elsewhere.lock().unwrap().insert(uri.to_owned(), (content.to_owned(), tag.to_owned()));
    };
    let session = place.session(&fake, 1);
    let import = |run: &str, uri: &str, cache: bool| {
        let mut step = importer(json!(uri), &json!({}));
        step.task.cache = cache;
        let outcome = session.start(run, &pipeline(named([("i", step)])), &json!({}));
        let report = report(&outcome, "i");
        assert!(matches!(report.state, Complete | Cached), "{:?}", report.message);
        artifacts(&report.outputs, "artifact")[0].clone()
    };
    let known = || std::mem::take(&mut *fake.known.lock().unwrap());
    for uri in ["s3://bucket/x", "https://example.org/x"] {
        lies(uri, &first, "a");
        let run = |number: u32| format!("{}-{number}", &uri[..2]);
        let imported = import(&run(1), uri, true);
        assert_eq!(imported.uri, first);
        // Where the SDK has a path for it, it is called so; else by its content.
        assert_eq!(imported.properties.contains_key(REMOTE_URI), uri.starts_with("s3:"));
        // It is asked for in each run, and taken as it is if nothing has changed.
        assert_eq!(import(&run(2), uri, true), imported);
        lies(uri, &second, "b");
        assert_eq!(import(&run(3), uri, true).uri, second);
        assert_eq!(import(&run(4), uri, false).uri, second);
        assert_eq!(known(), [None, Some("a".to_owned()), Some("a".to_owned()), None], "{uri}");
    }
    // What a step gives a name is that, whatever is elsewhere.
    lies("gs://bucket/model", &first, "a");
    let (_, remote) = make(&session);
    assert_eq!(import("given", "gs://bucket/model", true).uri, remote);
    assert_eq!(known(), []);
}

#[test]
fn a_command_is_shown_what_its_texts_name() {
    let place = Place::new();
    let content = put(&place, "content");
    let fake = makers(&place);
    let session = place.session(&fake, 1);
    let (own, remote) = make(&session);

    let text = json!({"all": [format!("see {}.", uri::of_content(&content)), shown("own")], "remote": "gs://bucket/model",
        "none": [shown("none"), uri::of_content(&format!("blake3:{}", "0".repeat(64))), "gs://bucket/none", "/in/x", "a://b"]});
    let work = || pipeline(named([("work", command(&["work"]).value(literal(text.clone())))]));
    session.start("r", &work(), &json!({}));
    let request = fake.request("work");
    let linked = [
        (uri::of_content(&content), content.clone()),
        (uri::of_content(&own), own.clone()),
        ("gs://bucket/model".to_owned(), remote),
    ];
    assert_eq!(request.command.unwrap().linked, linked.into());
    // An output's URI says nothing of its content; that of the content does.
    assert_eq!(value(&request.inputs, "value")["all"][1], json!(uri::of_content(&own)));
    assert_eq!(value(&request.inputs, "value")["none"], text["none"]);

    // The same again comes from the cache; when a name leads to something else it does not.
    assert_eq!(report(&session.start("s", &work(), &json!({})), "work").state, Cached);
    let another =
        Fake::new(&place).with("other", Behaviour { uri: Some("gs://bucket/model".into()), ..Behaviour::default() });
    let changed = place.session(&another, 1);
    changed.start("other", &pipeline(named([("other", command(&["other"]).literal("more", json!(1)))])), &json!({}));
    assert_eq!(report(&changed.start("t", &work(), &json!({})), "work").state, Complete);
}

#[test]
fn a_cached_step_gives_its_names_again() {
    let place = Place::new();
    let name = || Behaviour { uri: Some("s3://bucket/x".into()), ..Behaviour::default() };
    let fake = Fake::new(&place).with("one", name()).with("two", name());
    let session = place.session(&fake, 1);
    let one = || pipeline(named([("one", command(&["one"]))]));
    let first = session.start("a", &one(), &json!({}));
    session.start("b", &pipeline(named([("two", command(&["two"]).literal("more", json!(1)))])), &json!({}));
    let leads_to = || place.metadata.resolve_uri("s3://bucket/x").unwrap().unwrap().content;
    let content = artifacts(&report(&first, "one").outputs, "out")[0].uri.clone();
    assert_ne!(leads_to(), content, "the last one counts");
    assert_eq!(report(&session.start("c", &one(), &json!({})), "one").state, Cached);
    assert_eq!(leads_to(), content);
}

#[test]
fn warnings_are_told_logged_and_reported() {
    let place = Place::new();
    let fake =
        Fake::new(&place).with("work", Behaviour { warning: Some("a file is lost".into()), ..Behaviour::default() });
    let mut told = Vec::new();
    let outcome = place
        .session(&fake, 1)
        .start_observed("r", &pipeline(named([("work", reader("x"))])), &json!({}), &mut |event| {
            if let weft_engine::Event::TaskLog { task, message, .. } = event {
                told.push(format!("{task}: {message}"));
            }
        })
        .unwrap();
    assert_eq!(outcome.state, RunState::Complete);
    let report = report(&outcome, "work");
    assert_eq!(
        (told, report.warnings.as_slice()),
        (vec!["work: a file is lost".to_owned()], &["a file is lost".to_owned()][..])
    );
    let log = report.log.as_ref().unwrap().parse::<weft_artifacts::ContentId>().unwrap();
    let blob = place.artifacts.open_blob(&log.digest()).unwrap();
    assert_eq!(std::io::read_to_string(blob.cursor()).unwrap(), "warning: a file is lost\n");
}

#[test]
fn too_many_uris_are_refused() {
    let place = Place::new();
    let fake = Fake::new(&place);
    let many: Vec<String> = (0..20_000).map(|n| shown(&n.to_string())).collect();
    let work = command(&["work"]).input("value", input(parameter(ParameterType::Json), false), literal(json!(many)));
    let outcome = place.session(&fake, 1).start("r", &pipeline(named([("work", work)])), &json!({}));
    let failed = report(&outcome, "work");
    assert!(failed.message.as_ref().unwrap().contains("more than 10000 artifacts"), "{failed:?}");
}
