use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{NewRun, RunState, Store};

fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("metadata.sqlite")).unwrap();
    (folder, store)
}

fn submission(id: &str, priority: i64) -> Submission {
    Submission {
        id: id.to_owned(),
        name: format!("run {id}"),
        description: String::new(),
        experiment: "e".to_owned(),
        pipeline_name: "p".to_owned(),
        pipeline: None,
        version: None,
        spec: Spec::text("name: p".to_owned()),
        parameters: BTreeMap::from([("x".to_owned(), json!(1.5))]),
        no_cache: true,
        priority,
        origin: Origin::Api,
        service_account: String::new(),
    }
}

fn begin(store: &Store, id: &str) {
    let parameters = BTreeMap::new();
    let new = NewRun { id, pipeline: "p", spec: "{}", parameters: &parameters, file: None };
    store.transaction(|tx| tx.create_run(&new)).unwrap();
}

fn change(store: &Store, id: &str, from: &[Status], to: Status) -> bool {
    store.transaction(|tx| tx.change_state(id, from, to, None, 7)).unwrap()
}

fn status(store: &Store, id: &str) -> Status {
    store.run_entry(id).unwrap().unwrap().status
}

#[test]
fn runs_are_claimed_once_by_priority_and_age() {
    let (_folder, store) = store();
    for (id, priority, at) in [("a", 0, 1), ("b", 5, 3), ("c", 0, 2), ("d", 5, 2)] {
        store.transaction(|tx| tx.enqueue(&submission(id, priority), at, at)).unwrap();
    }
    let queued = store.queued(&[Status::Queued], 3).unwrap();
    assert_eq!(queued.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["d", "b", "a"]);
    assert!(change(&store, "d", &[Status::Queued], Status::Running));
    assert!(!change(&store, "d", &[Status::Queued], Status::Running));
    assert_eq!(store.queue_length().unwrap(), (3, 1, 0));
    let (read, history) = store.submission("a").unwrap().unwrap();
    assert_eq!(read, submission("a", 0));
    assert_eq!(history, [Change { at_ms: 1, status: Status::Queued, error: None }]);
}

#[test]
fn a_run_is_in_the_state_of_the_queue_until_it_has_ended() {
    let (_folder, store) = store();
    store.transaction(|tx| tx.enqueue(&submission("a", 0), 1, 1)).unwrap();
    change(&store, "a", &[Status::Queued], Status::Running);
    begin(&store, "a");
    store.transaction(|tx| tx.cancel_run("a")).unwrap();
    // Recorded as canceled, but whoever executes it has not said so.
    assert_eq!(status(&store, "a"), Status::Running);
    change(&store, "a", &[Status::Running], Status::Failed);
    assert_eq!(status(&store, "a"), Status::Canceled);
    // Back in the queue, its record is again that of a run at work; nobody sees it end in between.
    assert!(store.transaction(|tx| tx.requeue("a", &[Status::Failed], 9)).unwrap());
    assert_eq!(status(&store, "a"), Status::Queued);
    assert_eq!(store.run("a").unwrap().summary.state, RunState::Running);
    assert!(!store.transaction(|tx| tx.requeue("a", &[Status::Failed], 9)).unwrap());
    let (_, history) = store.submission("a").unwrap().unwrap();
    let states: Vec<&str> = history.iter().map(|change| change.status.name()).collect();
    assert_eq!(states, ["QUEUED", "RUNNING", "FAILED", "QUEUED"]);
}

#[test]
fn runs_that_were_not_submitted_are_listed_with_the_others() {
    let (_folder, store) = store();
    begin(&store, "alone");
    store.transaction(|tx| tx.enqueue(&submission("sent", 0), 1, 1)).unwrap();
    let listed = store.run_entries(&ListQuery { limit: 9, ..ListQuery::default() }).unwrap();
    let found: Vec<_> = listed.entries.iter().map(|entry| (entry.id.as_str(), entry.status)).collect();
    assert_eq!(found, [("sent", Status::Queued), ("alone", Status::Running)]);
    assert_eq!(listed.entries[1].origin, Origin::CommandLine);
    store.transaction(|tx| tx.adopt(&submission("alone", 0), RunState::Running, 5)).unwrap();
    assert!(store.transaction(|tx| tx.archive_run("alone", true)).unwrap());
    assert!(store.run_entry("alone").unwrap().unwrap().archived);
}

#[test]
fn each_time_is_served_once() {
    let (_folder, store) = store();
    let recurring = RecurringRun {
        id: "r".to_owned(),
        name: "r".to_owned(),
        description: String::new(),
        experiment: "e".to_owned(),
        pipeline: None,
        version: None,
        spec: Some(Spec::text("name: p".to_owned())),
        parameters: BTreeMap::new(),
        no_cache: false,
        schedule: Schedule::Periodic { seconds: 60, start_ms: None, end_ms: None },
        max_concurrency: 1,
        no_catchup: false,
        enabled: true,
        created_ms: 0,
        updated_ms: 0,
        service_account: String::new(),
        last_ms: None,
        fired: 0,
    };
    store.transaction(|tx| tx.create_recurring_run(&recurring)).unwrap();
    let origin = Origin::Recurring { id: "r".to_owned(), index: 1 };
    let first = Submission { origin: origin.clone(), ..submission("first", 0) };
    assert!(store.transaction(|tx| tx.fire(&recurring, &first, 60_000, 60_001)).unwrap());
    // Whoever has read it before that comes too late, and adds nothing.
    let second = Submission { origin, ..submission("second", 0) };
    assert!(!store.transaction(|tx| tx.fire(&recurring, &second, 60_000, 60_002)).unwrap());
    assert!(store.run_entry("second").unwrap().is_none());
    let (read, unfinished) = store.enabled_recurring_runs().unwrap().remove(0);
    assert_eq!((read.last_ms, read.fired, unfinished), (Some(60_000), 1, 1));
    store.transaction(|tx| tx.enable_recurring_run("r", false, 9)).unwrap();
    assert!(!store.transaction(|tx| tx.fire(&read, &second, 120_000, 120_000)).unwrap());
}

#[test]
fn a_trigger_that_is_made_again_begins_anew() {
    let (_folder, store) = store();
    let make = || store.transaction(|tx| tx.make_trigger("t", "{}", 1));
    make().unwrap();
    assert!(make().unwrap_err().to_string().contains("already a trigger called `t`"));
    store.transaction(|tx| tx.keep_trigger("t", "mark")).unwrap();
    let state = store.trigger("t").unwrap().unwrap();
    assert!(store.transaction(|tx| tx.fire_trigger(&state, "mark", "event", &submission("a", 0), 5)).unwrap());
    assert_eq!(store.open_runs().unwrap(), [("p".to_owned(), Status::Queued, 1)]);
    assert!(store.transaction(|tx| tx.delete_trigger("t")).unwrap());
    assert!(!store.transaction(|tx| tx.delete_trigger("t")).unwrap());
    assert_eq!((store.trigger("t").unwrap(), store.run_of_event("t", "event").unwrap()), (None, None));
    // Whoever looked at it before it was deleted starts nothing any more.
    assert!(!store.transaction(|tx| tx.fire_trigger(&state, "mark", "later", &submission("b", 0), 6)).unwrap());
    make().unwrap();
    assert_eq!(store.made_triggers().unwrap(), [("t".to_owned(), "{}".to_owned())]);
}

#[test]
fn names_are_taken_once() {
    let (_folder, store) = store();
    let one = |id: &str| Experiment {
        id: id.to_owned(),
        name: "e".to_owned(),
        description: String::new(),
        created_ms: 1,
        last_run_ms: None,
        archived: false,
    };
    store.transaction(|tx| tx.create_experiment(&one("1"))).unwrap();
    let taken = store.transaction(|tx| tx.create_experiment(&one("2"))).unwrap_err();
    assert!(taken.to_string().contains("already an experiment called `e`"), "{taken}");
}

fn value_of(entry: &RunEntry, field: Field) -> Value {
    match field {
        Field::Name => entry.name.to_lowercase().into(),
        Field::CreatedAt => entry.created_ms.into(),
        _ => Value::Null,
    }
}

fn holds(entry: &RunEntry, predicate: &Predicate) -> bool {
    let value = value_of(entry, predicate.field);
    let other = match &predicate.values[0] {
        Value::String(text) => Value::from(text.to_lowercase()),
        other => other.clone(),
    };
    let order = match (&value, &other) {
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (a, b) => a.as_i64().cmp(&b.as_i64()),
    };
    match predicate.comparison {
        Comparison::Equals | Comparison::In => order.is_eq(),
        Comparison::NotEquals => order.is_ne(),
        Comparison::Greater => order.is_gt(),
        Comparison::GreaterOrEqual => order.is_ge(),
        Comparison::Less => order.is_lt(),
        Comparison::LessOrEqual => order.is_le(),
        Comparison::Substring => value.as_str().unwrap().contains(other.as_str().unwrap()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The pages of a list, one after another, are all entries for which the filter holds, in order.
    #[test]
    fn pages_are_the_whole_list(
        rows in prop::collection::vec(("[abAB%_]{0,3}", 0_i64..5), 0..12),
        by_name in any::<bool>(), descending in any::<bool>(), limit in 1_usize..4,
        comparison in 0_usize..8, text in "[abAB%_]{0,2}", number in 0_i64..5, on_text in any::<bool>(),
    ) {
        let (_folder, store) = store();
        for (index, (name, created)) in rows.iter().enumerate() {
            let run = Submission { name: name.clone(), ..submission(&format!("{index:02}"), 0) };
            store.transaction(|tx| tx.enqueue(&run, *created, *created)).unwrap();
        }
        let comparison = [
            Comparison::Equals, Comparison::NotEquals, Comparison::Greater, Comparison::GreaterOrEqual,
            Comparison::Less, Comparison::LessOrEqual, Comparison::In, Comparison::Substring,
        ][comparison];
        let on_text = on_text || comparison == Comparison::Substring;
        let (field, value) = if on_text { (Field::Name, json!(text)) } else { (Field::CreatedAt, json!(number)) };
        let predicate = Predicate { field, comparison, values: vec![value] };
        let sort = if by_name { Field::Name } else { Field::CreatedAt };
        let everything = store.run_entries(&ListQuery { limit: 1000, ..ListQuery::default() }).unwrap().entries;
        let mut expected: Vec<(String, String)> = everything
            .iter()
            .filter(|entry| holds(entry, &predicate))
            .map(|entry| (if by_name { entry.name.clone() } else { entry.created_ms.to_string() }, entry.id.clone()))
            .collect();
        expected.sort();
        if descending {
            expected.reverse();
        }
        let mut query = ListQuery { filter: vec![predicate], sort: Some(sort), descending, after: None, limit };
        let mut found = Vec::new();
        loop {
            let page = store.run_entries(&query).unwrap();
            prop_assert_eq!(page.total, expected.len() as u64);
            prop_assert!(page.entries.len() <= limit);
            found.extend(page.entries.into_iter().map(|entry| entry.id));
            query.after = page.next;
            if query.after.is_none() {
                break;
            }
        }
        prop_assert_eq!(found, expected.into_iter().map(|(_, id)| id).collect::<Vec<_>>());
    }
}
