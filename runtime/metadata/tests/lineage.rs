//! Lineage queries, compared with a model of the same graph.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{Step, artifact, create_run, on, one, scratch, values};
use proptest::prelude::*;
use weft_metadata::{
    Direction, EventKind, ExecutionKind, LineageGraph, LineageQuery, LineageStart, MAX_LINEAGE_NODES, Store,
};
use weft_pipeline::model::TaskState;
use weft_pipeline::step::{Artifact, PortValue, PortValues};

fn walk(store: &Store, start: LineageStart, direction: Direction, max_depth: Option<usize>) -> LineageGraph {
    let graph = store.lineage(&LineageQuery { start, direction, max_depth }).unwrap();
    // The edges of any result connect its nodes.
    let artifacts: BTreeSet<_> = graph.artifacts.iter().map(|node| node.id).collect();
    let executions: BTreeSet<_> = graph.executions.iter().map(|node| node.id).collect();
    assert!(graph.edges.iter().all(|edge| artifacts.contains(&edge.artifact) && executions.contains(&edge.execution)));
    graph
}

fn tasks(graph: &LineageGraph) -> String {
    graph.executions.iter().map(|node| node.task.as_deref().unwrap_or("?")).collect::<Vec<_>>().join(" ")
}

/// `import -> split -> train -> push`, and `report` beside `train`.
fn record_penguins(store: &Store, run: &str) -> BTreeMap<&'static str, Artifact> {
    let run = create_run(store, run);
    let mut made = BTreeMap::new();
    let chain = [
        ("import", None, "csv"),
        ("split", Some("csv"), "part"),
        ("train", Some("part"), "model"),
        ("report", Some("part"), "page"),
        ("push", Some("model"), "pushed"),
    ];
    for (seed, (task, input, output)) in (0..).zip(chain) {
        let inputs = input.map_or_else(PortValues::new, |input| values([("in", one(&made[input]))]));
        let mut outputs = values([(output, one(&artifact("system.Artifact", seed)))]);
        Step::new(task, inputs).identity(u8::try_from(seed).unwrap()).complete(store, &run, &mut outputs);
        made.insert(output, on(&outputs, output)[0].clone());
    }
    made
}

#[test]
fn leads_up_to_sources_and_down_to_uses() {
    let s = scratch();
    let made = record_penguins(&s.store, "r");
    let at = |output: &str| LineageStart::Artifact(made[output].id.unwrap());
    let up = walk(&s.store, at("pushed"), Direction::Up, None);
    assert_eq!(tasks(&up), "import split train push");
    assert_eq!((up.artifacts.len(), up.edges.len(), up.truncated), (4, 7, false));
    assert_eq!(up.executions[0].run.as_deref(), Some("r"));
    assert!(up.executions[2].image.as_ref().unwrap().ends_with("#train"));
    assert_eq!((up.edges[0].kind, up.edges[0].port.as_str(), up.edges[0].index), (EventKind::Output, "csv", None));
    assert_eq!(tasks(&walk(&s.store, at("csv"), Direction::Down, None)), "split train report push");
    assert_eq!(tasks(&walk(&s.store, at("part"), Direction::Both, None)), "import split train report push");
    assert_eq!(tasks(&walk(&s.store, at("page"), Direction::Both, None)), "import split report");
    assert_eq!(tasks(&walk(&s.store, at("pushed"), Direction::Up, Some(1))), "push");
    assert_eq!(tasks(&walk(&s.store, at("part"), Direction::Both, Some(1))), "split train report");
    let nothing = walk(&s.store, at("part"), Direction::Both, Some(0));
    assert_eq!((nothing.artifacts.len(), nothing.executions.len()), (1, 0));
    let whole = walk(&s.store, LineageStart::Run("latest".into()), Direction::Both, None);
    assert_eq!((whole.executions.len(), whole.artifacts.len(), whole.edges.len()), (5, 5, 9));
    assert!(
        s.store
            .lineage(&LineageQuery { start: LineageStart::Artifact(99), direction: Direction::Up, max_depth: None })
            .is_err()
    );
}

#[test]
fn a_reused_result_leads_to_its_maker() {
    let s = scratch();
    let made = record_penguins(&s.store, "first");
    let second = create_run(&s.store, "second");
    let cached = |task: &str, identity: u8, inputs: PortValues| {
        let step = Step::new(task, inputs).identity(identity);
        s.store
            .transaction(|tx| {
                let mut found = tx.find_cached(&[identity; 32])?.unwrap();
                tx.record_cached(&second, &step.new_execution(), &mut found)
            })
            .unwrap();
    };
    cached("import", 0, PortValues::new());
    cached("split", 1, values([("in", one(&made["csv"]))]));
    let resolver = Step::new("deployed", PortValues::new()).kind(ExecutionKind::Resolver);
    resolver.complete(&s.store, &second, &mut values([("artifact", one(&made["pushed"]))]));
    let inputs = values([("part", one(&made["part"])), ("old", one(&made["pushed"]))]);
    let mut outputs = values([("model", one(&artifact("system.Model", 50)))]);
    Step::new("retrain", inputs).complete(&s.store, &second, &mut outputs);
    let model = LineageStart::Artifact(on(&outputs, "model")[0].id.unwrap());

    let up = walk(&s.store, model.clone(), Direction::Up, None);
    assert_eq!(tasks(&up), "import split train push retrain", "makers only");
    assert!(up.executions.iter().all(|node| node.state == TaskState::Complete));
    let down = walk(&s.store, LineageStart::Artifact(made["csv"].id.unwrap()), Direction::Down, None);
    assert_eq!(tasks(&down), "split train report push split retrain", "all users");
    let run = walk(&s.store, LineageStart::Run("second".into()), Direction::Up, None);
    assert_eq!(tasks(&run), "train push import split deployed retrain", "its own steps count for what they took over");

    // The lineage through a deleted run can still be queried.
    s.store.delete_run("first").unwrap();
    let up = walk(&s.store, model, Direction::Up, None);
    assert_eq!(tasks(&up), "import split train push retrain");
    assert_eq!(up.executions[0].run.as_deref(), Some("first"));
}

#[test]
fn cycles_and_repeated_ports_do_no_harm() {
    let s = scratch();
    let run = create_run(&s.store, "r");
    let mut first = values([("out", one(&artifact("system.Dataset", 1)))]);
    Step::new("make", PortValues::new()).complete(&s.store, &run, &mut first);
    let data = on(&first, "out")[0].clone();
    // It returns its input on two outputs, and reads it at three positions of two inputs.
    let inputs = values([("many", PortValue::Artifacts(vec![data.clone(), data.clone()])), ("one", one(&data))]);
    let mut outputs = values([("a", one(&data)), ("b", one(&data))]);
    Step::new("pass", inputs).complete(&s.store, &run, &mut outputs);
    assert_eq!(common::live_artifacts(&s.store).unwrap(), 1);
    for direction in [Direction::Up, Direction::Down, Direction::Both] {
        let graph = walk(&s.store, LineageStart::Artifact(data.id.unwrap()), direction, None);
        assert_eq!(graph.artifacts.len(), 1);
        let places: Vec<_> = graph
            .edges
            .iter()
            .filter(|edge| edge.execution == graph.executions.last().unwrap().id)
            .map(|edge| (edge.kind, edge.port.as_str(), edge.index))
            .collect();
        assert_eq!(
            places,
            [
                (EventKind::Input, "many", Some(0)),
                (EventKind::Input, "many", Some(1)),
                (EventKind::Input, "one", None),
                (EventKind::Output, "a", None),
                (EventKind::Output, "b", None),
            ]
        );
    }
}

#[test]
fn a_huge_graph_is_cut_off() {
    let s = scratch();
    let run = create_run(&s.store, "r");
    let parts = (0..MAX_LINEAGE_NODES as u64).map(|seed| artifact("system.Dataset", seed)).collect();
    let mut outputs = values([("parts", PortValue::Artifacts(parts))]);
    Step::new("split", PortValues::new()).complete(&s.store, &run, &mut outputs);
    let merge = Step::new("merge", outputs);
    let mut merged = values([("whole", one(&artifact("system.Dataset", 1 << 40)))]);
    merge.complete(&s.store, &run, &mut merged);
    let whole = on(&merged, "whole")[0].id.unwrap();
    let near = walk(&s.store, LineageStart::Artifact(whole), Direction::Up, Some(1));
    assert_eq!((near.artifacts.len(), near.truncated), (MAX_LINEAGE_NODES + 1, false));
    let far = walk(&s.store, LineageStart::Artifact(whole), Direction::Up, None);
    assert!(far.truncated && far.artifacts.len() <= MAX_LINEAGE_NODES + 1);
}

/// A random DAG: each step reads some earlier artifacts and produces some. Inputs are selected by a fraction.
fn dag() -> impl Strategy<Value = Vec<(Vec<prop::sample::Index>, usize)>> {
    prop::collection::vec((prop::collection::vec(any::<prop::sample::Index>(), 0..4), 0..3_usize), 1..25)
}

/// The artifacts and executions that can be reached from an artifact, with their maximum distance in executions.
fn reachable(
    start: i64,
    depth: usize,
    next: impl Fn(i64) -> Vec<i64>,
    beyond: impl Fn(i64) -> Vec<i64>,
) -> (BTreeSet<i64>, BTreeSet<i64>) {
    let (mut artifacts, mut executions) = (BTreeSet::from([start]), BTreeSet::new());
    let mut frontier = BTreeSet::from([start]);
    for _ in 0..depth {
        let through: BTreeSet<i64> =
            frontier.iter().flat_map(|id| next(*id)).filter(|id| executions.insert(*id)).collect();
        frontier = through.iter().flat_map(|id| beyond(*id)).filter(|id| artifacts.insert(*id)).collect();
    }
    (artifacts, executions)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn equals_reachability(steps in dag(), start in any::<prop::sample::Index>(), depth in 0..8_usize) {
        let s = scratch();
        let run = create_run(&s.store, "r");
        let mut made: Vec<Artifact> = Vec::new();
        let (mut reads, mut gives) = (BTreeSet::new(), BTreeSet::new());
        for (number, (picks, count)) in steps.iter().enumerate() {
            let picked: Vec<Artifact> =
                picks.iter().filter(|_| !made.is_empty()).map(|pick| pick.get(&made).clone()).collect();
            let outputs = (0..*count).map(|i| artifact("system.Dataset", (number * 10 + i) as u64)).collect();
            let mut outputs = values([("out", PortValue::Artifacts(outputs))]);
            let inputs = values([("in", PortValue::Artifacts(picked.clone()))]);
            let id = Step::new(&format!("t{number}"), inputs).complete(&s.store, &run, &mut outputs).0;
            reads.extend(picked.iter().map(|artifact| (id, artifact.id.unwrap())));
            gives.extend(on(&outputs, "out").iter().map(|artifact| (id, artifact.id.unwrap())));
            made.extend(on(&outputs, "out").iter().cloned());
        }
        prop_assume!(!made.is_empty());
        let from = start.get(&made).id.unwrap();
        let executions = |edges: &BTreeSet<(i64, i64)>, id| edges.iter().filter(|e| e.1 == id).map(|e| e.0).collect();
        let artifacts = |edges: &BTreeSet<(i64, i64)>, id| edges.iter().filter(|e| e.0 == id).map(|e| e.1).collect();
        let up = reachable(from, depth, |id| executions(&gives, id), |id| artifacts(&reads, id));
        let down = reachable(from, depth, |id| executions(&reads, id), |id| artifacts(&gives, id));
        let both = (&up.0 | &down.0, &up.1 | &down.1);
        for (direction, expected) in [(Direction::Up, up), (Direction::Down, down), (Direction::Both, both)] {
            let graph = walk(&s.store, LineageStart::Artifact(from), direction, Some(depth));
            prop_assert_eq!(graph.artifacts.iter().map(|node| node.id).collect::<BTreeSet<_>>(), expected.0);
            prop_assert_eq!(graph.executions.iter().map(|node| node.id.0).collect::<BTreeSet<_>>(), expected.1);
            prop_assert!(!graph.truncated);
        }
        let whole = walk(&s.store, LineageStart::Run("r".into()), Direction::Both, None);
        let found = |kind| whole.edges.iter().filter(|edge| edge.kind == kind)
            .map(|edge| (edge.execution.0, edge.artifact)).collect::<BTreeSet<_>>();
        prop_assert_eq!(found(EventKind::Input), reads);
        prop_assert_eq!(found(EventKind::Output), gives);
        prop_assert_eq!((whole.executions.len(), whole.artifacts.len()), (steps.len(), made.len()));

        // The tables match the counts, and every row that they refer to exists.
        let sqlite = rusqlite::Connection::open(s.store.path()).unwrap();
        let count = |sql: &str| sqlite.query_row(sql, [], |row| row.get::<_, i64>(0)).map(|count| usize::try_from(count).unwrap()).unwrap();
        prop_assert_eq!(count("SELECT count(*) FROM Event"), found(EventKind::Input).len() + made.len());
        prop_assert_eq!(count("SELECT count(*) FROM Execution"), steps.len() + 1);
        prop_assert_eq!(count("SELECT count(*) FROM Association"), 2 * (steps.len() + 1));
        prop_assert_eq!(count("SELECT count(*) FROM Attribution"), 2 * made.len());
        prop_assert_eq!(count("SELECT count(*) FROM Event WHERE artifact_id NOT IN (SELECT id FROM Artifact) \
            OR execution_id NOT IN (SELECT id FROM Execution) OR id NOT IN (SELECT event_id FROM EventPath)"), 0);
        prop_assert_eq!(count("SELECT count(*) FROM EventPath WHERE event_id NOT IN (SELECT id FROM Event)"), 0);
    }
}
