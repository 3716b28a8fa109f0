//! Volumes, and the workspace of a run.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;
use weft_engine::Event;
use weft_metadata::RunState;
use weft_pipeline::model::TaskState::{Cached, Complete, Failed};
use weft_pipeline::model::{Binding, Implementation, Mount, Volume, VolumeAction};
use weft_pipeline::signature::Port;
use weft_pipeline::types::ParameterType;

use super::commands::{command, step_of};
use crate::common::*;

fn volume(action: VolumeAction, name: Binding) -> Step {
    let mut step = other(Implementation::Volume(Volume { action }));
    step.component.outputs =
        [("name".to_owned(), Port::required(parameter(ParameterType::String)))].into_iter().collect();
    let port = if matches!(name, Binding::Literal(_)) { "pvc_name_suffix" } else { "pvc_name" };
    step.input(port, input(parameter(ParameterType::String), false), name.into())
}

fn mounted(mut step: Step, volume: Binding, sub_path: Option<&str>, read_only: bool) -> Step {
    let sub_path = sub_path.map(str::to_owned);
    step.task.mounts.push(Mount { path: "/data".to_owned(), volume, sub_path, read_only });
    step
}

#[test]
fn a_volume_is_made_mounted_and_removed() {
    let place = Place::new();
    let fake = Fake::new(&place);
    let made = || from_output("make", "name").from;
    let demo = pipeline(named([
        ("make", volume(VolumeAction::Create, Binding::Literal(json!("-data")))),
        ("write", mounted(command(&["sh"]), made(), None, false)),
        ("read", mounted(command(&["sh"]).after("write"), made(), Some("a/b"), true)),
        ("keep", mounted(step(), Binding::Literal(json!("kept")), None, false)),
    ]));
    let session = place.session(&fake, 2);
    let outcome = session.start("r", &demo, &json!({}));
    assert_eq!(outcome.state, RunState::Complete, "{:?}", outcome.tasks);
    assert_eq!(value(&report(&outcome, "make").outputs, "name"), &json!("r-data"));
    let directory = place.volumes().join("r-data");
    let grant = |task: &str| fake.request(task).grants.directories["/data"].clone();
    assert_eq!((grant("write").host.as_str(), grant("write").write), (directory.to_str().unwrap(), true));
    assert_eq!((grant("read").host.as_str(), grant("read").write), (directory.join("a/b").to_str().unwrap(), false));
    assert!(directory.join("a/b").is_dir() && place.volumes().join("kept").is_dir());
    // Recorded by its name, independently of its directory.
    assert_eq!(place.steps("r")["read"].grants.directories["/data"].host, "volume:r-data/a/b");

    // The contents of a volume are not part of an identity, so a task that mounts one is not cached.
    let outcome = session.start("s", &demo, &json!({}));
    assert_eq!(states(&outcome).into_values().filter(|state| *state == Complete).count(), 4);

    let remove = |name: &str| {
        let name = Binding::Template(name.to_owned());
        pipeline(named([("remove", volume(VolumeAction::Delete, name))]))
    };
    fs::write(directory.join("a/b/file"), "x").unwrap();
    let outcome = session.start("t", &remove("r-data"), &json!({}));
    assert_eq!((outcome.state, directory.exists()), (RunState::Complete, false));
    assert_eq!(session.start("u", &remove("r-data"), &json!({})).state, RunState::Complete);
    let outcome = session.start("v", &remove("../artifacts"), &json!({}));
    assert_eq!(report(&outcome, "remove").state, Failed);
    assert!(place.dir.join("artifacts").exists());
}

#[test]
fn a_mount_stays_inside_of_its_volume() {
    let place = Place::new();
    let fake = Fake::new(&place);
    let session = place.session(&fake, 2);
    let name = |name: &str| Binding::Literal(json!(name));
    for (run, step) in [
        ("a", mounted(step(), name("v"), Some("../w"), false)),
        ("b", mounted(step(), name(".."), None, false)),
        ("c", mounted(step(), Binding::Literal(json!(3)), None, false)),
        ("d", mounted(step(), Binding::Input("nothing".to_owned()), None, false)),
    ] {
        let outcome = session.start(run, &pipeline(named([("t", step)])), &json!({}));
        assert_eq!(report(&outcome, "t").state, Failed, "{run}");
    }
    assert_eq!(fake.total(), 0);
}

#[test]
fn a_volume_in_use_is_not_removed() {
    let place = Place::new();
    let tried = Arc::new(AtomicBool::new(false));
    let until = Some(Arc::clone(&tried));
    let fake = Fake::new(&place).with("use", Behaviour { until, ..Behaviour::default() });
    let demo = pipeline(named([
        ("use", mounted(step(), Binding::Literal(json!("v")), None, false)),
        ("remove", volume(VolumeAction::Delete, Binding::Template("v".to_owned()))),
    ]));
    let mut note = |event: &Event| {
        let is_over = matches!(event, Event::TaskFinished(report) if report.task == "remove");
        tried.fetch_or(is_over, Ordering::SeqCst);
    };
    let outcome = place.session(&fake, 2).start_observed("r", &demo, &json!({}), &mut note).unwrap();
    assert_eq!(states(&outcome), [("use", Complete), ("remove", Failed)].into());
    let message = "the volume `v` is still in use: `use` is at work on it";
    assert_eq!(report(&outcome, "remove").message.as_deref(), Some(message));
    assert!(place.volumes().join("v").exists());
}

#[test]
fn the_workspace_lives_as_long_as_the_run() {
    let place = Place::new();
    let fake = Fake::new(&place).with("broken", Behaviour { failures: 99, ..Behaviour::default() });
    let path = Binding::Template("{{$.workspace_path}}/x".to_owned());
    let mut broken = command(&["sh"]).after("writes");
    step_of(&mut broken).env = [("DIR".to_owned(), "{{$.workspace_path}}".to_owned())].into();
    let mut demo = pipeline(named([
        ("writes", command(&["sh", "{{$.workspace_path}}/x"])),
        ("told", command(&["sh"]).value(path)),
        ("broken", broken),
        ("other", command(&["sh"])),
    ]));
    demo.workspace = true;
    let session = place.session(&fake, 2);
    let outcome = session.start("r", &demo, &json!({}));
    assert_eq!(outcome.state, RunState::Failed);
    let directory = place.volumes().join(".workspace-r");
    assert!(directory.is_dir(), "the run can be resumed");
    for task in ["writes", "told", "broken"] {
        let grant = &fake.request(task).grants.directories["/kfp-workspace"];
        assert_eq!((grant.host.as_str(), grant.write), (directory.to_str().unwrap(), true), "{task}");
    }
    assert_eq!(fake.request("writes").command.unwrap().argv[1], "/kfp-workspace/x");
    assert!(fake.request("other").grants.directories.is_empty(), "it does not speak of it, so it stays cacheable");
    let mended = Fake::new(&place);
    assert_eq!(place.session(&mended, 2).resume("r").state, RunState::Complete);
    assert!(!directory.exists());
    assert_eq!(report(&place.session(&mended, 2).start("s", &demo, &json!({})), "other").state, Cached);
}
