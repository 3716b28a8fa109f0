//! The metadata of runs, under KFP's names.

use std::collections::BTreeMap;

use rusqlite::Connection;
use rusqlite::types::Value as Column;
use serde_json::{Value, json};
use weft_pipeline::model::{Implementation, Importer};

use super::commands::command;
use crate::common::*;

/// Type, state and custom properties of all executions of a store, by id.
fn executions(place: &Place) -> BTreeMap<i64, (String, i64, BTreeMap<String, Value>)> {
    let connection = Connection::open(place.dir.join("metadata.db")).unwrap();
    let mut statement = connection
        .prepare("SELECT e.id, t.name, e.last_known_state FROM Execution e JOIN Type t ON t.id = e.type_id")
        .unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?, BTreeMap::new())))).unwrap();
    let mut all: BTreeMap<i64, (String, i64, BTreeMap<String, Value>)> = rows.map(Result::unwrap).collect();
    let mut statement = connection
        .prepare("SELECT execution_id, name, coalesce(int_value, string_value) FROM ExecutionProperty")
        .unwrap();
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let value = match row.get(2).unwrap() {
            Column::Integer(int) => json!(int),
            Column::Text(text) => json!(text),
            _ => Value::Null,
        };
        all.get_mut(&row.get(0).unwrap()).unwrap().2.insert(row.get(1).unwrap(), value);
    }
    all
}

#[test]
fn a_loop_is_recorded_as_kfp_does_it() {
    let place = Place::new();
    let fake = Fake::new(&place);
    write(place.dir.join("data.csv"), "a\n");
    let import = Importer { source: literal(json!("data.csv")).from, kind: dataset_type(), properties: [].into() };
    let mut work = command(&["sh"]).value(from_input("value"));
    work.task.display_name = Some("Work hard".to_owned());
    let mut demo = pipeline(named([
        ("loop", other(Implementation::default()).each(items([json!("a"), json!("b")]))),
        ("import", other(Implementation::Import(import))),
        ("each", step().each(items([json!(1)]))),
    ]));
    nest(&mut demo, "loop", named([("work", work), ("not", step().when("1 > 2"))]), &[("value", "work", "value")]);
    let session = place.session(&fake, 2);
    session.start("r", &demo, &json!({}));
    let steps = place.steps("r");
    let all = executions(&place);
    let of = |task: &str| &all[&steps[task].execution.0];
    let id = |task: &str| json!(steps[task].execution.0);
    let root =
        all.iter().find(|(_, (_, _, properties))| properties["task_name"] == "").map(|(id, _)| json!(id)).unwrap();
    let (dag, container) = ("system.DAGExecution", "system.ContainerExecution");

    let (kind, state, properties) = of("loop");
    assert_eq!((kind.as_str(), *state), (dag, 3));
    assert_eq!(properties["parent_dag_id"], root);
    assert_eq!((&properties["iteration_count"], &properties["total_dag_tasks"]), (&json!(2), &json!(2)));
    assert!(!properties.contains_key("iteration_index"));

    let (kind, _, properties) = of("loop[1]");
    assert_eq!((kind.as_str(), &properties["task_name"]), (dag, &json!("loop")));
    assert_eq!((&properties["parent_dag_id"], &properties["iteration_index"]), (&id("loop"), &json!(1)));
    assert!(!properties.contains_key("iteration_count"));
    assert_eq!(properties["input:value"], json!("b"));

    let (kind, _, properties) = of("loop[1]/work");
    assert_eq!((kind.as_str(), &properties["task_name"]), (container, &json!("work")));
    assert_eq!((&properties["display_name"], &properties["parent_dag_id"]), (&json!("Work hard"), &id("loop[1]")));
    assert_eq!(properties["image"], json!("python:3.11"));
    assert!(properties["program"].as_str().unwrap().ends_with("#wasi:cli/run"));
    assert_eq!(properties["cache_fingerprint"].as_str().unwrap().len(), 64);
    assert!(!properties.contains_key("total_dag_tasks"));

    let (kind, state, properties) = of("loop[0]/not");
    assert_eq!((kind.as_str(), *state, &properties["parent_dag_id"]), (container, 6, &id("loop[0]")));
    assert_eq!(of("import").0, "system.ImporterExecution");
    // A step with a loop: its iterations are container executions in a DAG execution.
    assert_eq!((of("each").0.as_str(), of("each[0]").0.as_str()), (dag, container));
    assert_eq!((&of("each[0]").2["parent_dag_id"], &of("each[0]").2["iteration_index"]), (&id("each"), &json!(0)));

    // Cached.
    let first = id("loop[1]/work");
    session.start("s", &demo, &json!({}));
    let all = executions(&place);
    let (_, state, properties) = &all[&place.steps("s")["loop[1]/work"].execution.0];
    assert_eq!((*state, &properties["cached_execution_id"]), (5, &json!(first.to_string())));
}

#[test]
fn what_goes_on_keeps_its_place_in_the_tree() {
    let place = Place::new();
    let broken = Behaviour { failures: 99, ..Behaviour::default() };
    let fake = Fake::new(&place).with("loop[1]/work", broken);
    let mut demo = pipeline(named([("loop", other(Implementation::default()).each(items([json!(1), json!(2)])))]));
    nest(&mut demo, "loop", named([("work", step().value(from_input("value")))]), &[]);
    place.session(&fake, 1).start("r", &demo, &json!({}));
    let before = executions(&place);
    let mended = Fake::new(&place);
    place.session(&mended, 1).resume("r");
    let after = executions(&place);
    assert_eq!(before.len(), after.len());
    for (id, (_, _, properties)) in &before {
        assert_eq!(after[id].2.get("parent_dag_id"), properties.get("parent_dag_id"));
        assert_eq!(after[id].2.get("iteration_index"), properties.get("iteration_index"));
    }
    assert!(after.values().all(|(_, state, _)| *state == 3));
}
