//! Random pipelines, and the states and attempts that their tasks must come to by a simple model.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;
use weft_metadata::RunState;
use weft_pipeline::model::TaskState::{self, Complete, Failed, New, Skipped};
use weft_pipeline::model::{Implementation, Pipeline};

use super::{Behaviour, Fake, Place, Step, dag, dataset, from_output, give, input, items, other, pipeline, step};

/// A task of a random DAG. It refers to earlier ones by index.
#[derive(Debug, Clone)]
pub struct Plan {
    pub reads: Vec<Read>,
    pub after: Option<usize>,
    /// The task whose `n` its condition reads, and whether the condition is true.
    pub when: Option<(usize, bool)>,
    /// Whether it has the trigger of exit handlers.
    pub in_any_case: bool,
    /// The number of items, if it is a loop.
    pub each: Option<usize>,
    /// Its DAG, if it is not a step.
    pub inside: Vec<Plan>,
    pub failures: u32,
    pub retries: u32,
    pub absent: bool,
    /// Whether it is granted something, so that its end is recorded before others start.
    pub granted: bool,
    pub micros: u64,
}

#[derive(Debug, Clone)]
pub struct Read {
    pub task: usize,
    pub optional: bool,
    /// Reads the optional output.
    pub maybe: bool,
}

fn plan(number: usize, depth: u32) -> BoxedStrategy<Plan> {
    let earlier = 0..number.max(1);
    let read = (earlier.clone(), any::<bool>(), prop::bool::weighted(0.3)).prop_map(|(task, optional, maybe)| Read {
        task,
        optional,
        maybe,
    });
    let some = |chance: f64| match number {
        0 => Just(None).boxed(),
        _ => prop::option::weighted(chance, earlier.clone()).boxed(),
    };
    let reads = prop::collection::vec(read, if number == 0 { 0..1 } else { 0..4 });
    let when = (some(0.25), prop::bool::weighted(0.7)).prop_map(|(on, holds)| on.map(|on| (on, holds)));
    let failures = prop_oneof![6 => Just((0, 0)), 1 => Just((1, 0)), 1 => Just((1, 2)), 1 => Just((3, 2))];
    let inside = match depth {
        0 => Just(Vec::new()).boxed(),
        _ => prop_oneof![4 => Just(Vec::new()), 1 => plans(depth - 1, 4)].boxed(),
    };
    let shape = (prop::bool::weighted(0.15), prop::option::weighted(0.25, 0usize..4), any::<bool>(), inside);
    (reads, some(0.2), when, failures, prop::bool::weighted(0.3), 0u64..300, shape)
        .prop_map(|(reads, after, when, (failures, retries), absent, micros, (in_any_case, each, granted, inside))| {
            Plan { reads, after, when, in_any_case, each, inside, failures, retries, absent, granted, micros }
        })
        .boxed()
}

pub fn plans(depth: u32, most: usize) -> BoxedStrategy<Vec<Plan>> {
    (1..=most).prop_flat_map(move |tasks| (0..tasks).map(|number| plan(number, depth)).collect::<Vec<_>>()).boxed()
}

impl Plan {
    /// How often it is tried again: as it says itself, or else as a DAG around it does.
    fn retries(&self, around: u32) -> u32 {
        if self.retries == 0 { around } else { self.retries }
    }
}

fn name(number: usize) -> String {
    format!("t{number}")
}

fn steps(plans: &[Plan]) -> Vec<(String, Step)> {
    // In reverse order: the order in the file has no meaning.
    let step = |(number, plan): (usize, &Plan)| {
        let mut step = if plan.inside.is_empty() { step() } else { other(Implementation::default()) };
        step = step.retry(plan.retries, Duration::from_micros(plan.micros));
        for (index, read) in plan.reads.iter().enumerate() {
            let wire = from_output(&name(read.task), if read.maybe { "maybe" } else { "out" });
            step = step.input(&format!("in{index}"), input(dataset(), read.optional), wire);
        }
        if let Some(after) = plan.after {
            step = step.after(&name(after));
        }
        if let Some((on, holds)) = plan.when {
            let n = format!("{}.n", name(on));
            let n = if gives_lists(&plans[on]) { format!("size({n})") } else { n };
            step = step.when(&format!("{n} {} 0", if holds { ">=" } else { "<" }));
        }
        if let Some(count) = plan.each {
            step = step.each(items((0..count).map(|item| json!(item))));
        }
        if plan.in_any_case {
            step = step.in_any_case();
        }
        if plan.granted && plan.inside.is_empty() {
            step = step.granted();
        }
        (name(number), step)
    };
    plans.iter().enumerate().rev().map(step).collect()
}

pub fn build(plans: &[Plan]) -> Pipeline {
    let mut pipeline = pipeline(steps(plans));
    fill(&mut pipeline, plans, "");
    pipeline
}

/// Adds the nested DAGs, whose outputs are those of their first task.
fn fill(pipeline: &mut Pipeline, plans: &[Plan], prefix: &str) {
    for (number, plan) in plans.iter().enumerate().filter(|(_, plan)| !plan.inside.is_empty()) {
        let component = format!("{prefix}t{number}");
        let outputs = [("out", "t0", "out"), ("maybe", "t0", "maybe"), ("n", "t0", "n")];
        let dag = dag(pipeline, &format!("{component}-"), steps(&plan.inside));
        pipeline.components[&format!("comp-{component}")].implementation = Implementation::Dag(dag);
        // Inner ones first, as their outputs are looked up.
        fill(pipeline, &plan.inside, &format!("{component}-"));
        give(pipeline, &component, &outputs);
    }
}

/// The paths of a task: its own, or those of its iterations.
fn instances(path: &str, plan: &Plan) -> Vec<String> {
    match plan.each {
        None => vec![path.to_owned()],
        Some(count) => (0..count).map(|index| format!("{path}[{index}]")).collect(),
    }
}

pub fn runner(place: &Place, plans: &[Plan]) -> Fake {
    let mut fake = runner_without_store(plans);
    fake.artifacts = Some(place.artifacts.clone());
    fake
}

pub fn runner_without_store(plans: &[Plan]) -> Fake {
    fn add(mut fake: Fake, plans: &[Plan], prefix: &str) -> Fake {
        for (number, plan) in plans.iter().enumerate() {
            for path in instances(&format!("{prefix}t{number}"), plan) {
                let takes = Duration::from_micros(plan.micros);
                let behaviour =
                    Behaviour { failures: plan.failures, absent: plan.absent, takes, ..Behaviour::default() };
                fake = add(fake.with(&path, behaviour), &plan.inside, &format!("{path}/"));
            }
        }
        fake
    }
    add(Fake::default(), plans, "")
}

/// The expected state and attempts of each task, computed by plain recursion in index order.
pub type Results = BTreeMap<String, (TaskState, u32)>;

pub fn expected(plans: &[Plan]) -> Results {
    let mut results = Results::new();
    settle(plans, "", 0, &mut results);
    results
}

/// `around` is how often tasks are tried again that do not say it themselves.
fn settle(plans: &[Plan], prefix: &str, around: u32, results: &mut Results) -> bool {
    for (number, plan) in plans.iter().enumerate() {
        let retries = plan.retries(around);
        let path = format!("{prefix}t{number}");
        let state = |on: usize| results[&format!("{prefix}t{on}")].0;
        let lost = |on: usize| matches!(state(on), Failed | New);
        let mut on = plan.reads.iter().map(|read| read.task).chain(plan.after).chain(plan.when.map(|(on, _)| on));
        let comes_to_nothing = |read: &Read| {
            let absent = read.maybe && gives_no_maybe(&plans[read.task]);
            !read.optional && (lost(read.task) || state(read.task) == Skipped || absent)
        };
        let without = plan.reads.iter().any(comes_to_nothing);
        let decided = if !plan.in_any_case && on.any(lost) {
            Some(New)
        } else if !plan.in_any_case && plan.after.is_some_and(|on| state(on) == Skipped) {
            Some(Skipped)
        } else if plan.when.is_some_and(|(on, _)| state(on) != Complete) {
            Some(Failed)
        } else if plan.when.is_some_and(|(_, holds)| !holds) {
            Some(Skipped)
        } else if without {
            Some(if plan.in_any_case { Failed } else { Skipped })
        } else {
            None
        };
        if let Some(state) = decided {
            results.insert(path, (state, 0));
            continue;
        }
        let mut failed = false;
        for instance in instances(&path, plan) {
            let result = if !plan.inside.is_empty() {
                (if settle(&plan.inside, &format!("{instance}/"), retries, results) { Complete } else { Failed }, 0)
            } else if plan.failures > retries {
                (Failed, retries + 1)
            } else {
                (Complete, plan.failures + 1)
            };
            failed |= result.0 == Failed;
            results.insert(instance, result);
        }
        if plan.each.is_some() {
            results.insert(path, (if failed { Failed } else { Complete }, 0));
        }
    }
    (0..plans.len()).all(|number| results[&format!("{prefix}t{number}")].0 != Failed)
}

/// Whether the outputs of a task are lists: it is a loop, or its DAG returns those of one.
fn gives_lists(plan: &Plan) -> bool {
    plan.each.is_some() || plan.inside.first().is_some_and(gives_lists)
}

/// Whether the output `maybe` of a task is absent. A loop always has a list.
fn gives_no_maybe(plan: &Plan) -> bool {
    plan.each.is_none() && plan.inside.first().map_or(plan.absent, gives_no_maybe)
}

/// The steps that must have succeeded before each of them is called: those of its upstream tasks, unless its trigger
/// waits for any state.
pub fn dependencies(plans: &[Plan], results: &Results) -> BTreeMap<String, BTreeSet<String>> {
    let leaves = |path: &str| -> BTreeSet<String> {
        let inside = |(other, (state, attempts)): (&String, &(TaskState, u32))| {
            let below = other.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '[']));
            (below && *state == Complete && *attempts > 0).then(|| other.clone())
        };
        results.iter().filter_map(inside).collect()
    };
    let mut all = BTreeMap::new();
    add_dependencies(plans, "", &leaves, &mut all);
    all
}

fn add_dependencies(
    plans: &[Plan],
    prefix: &str,
    leaves: &dyn Fn(&str) -> BTreeSet<String>,
    all: &mut BTreeMap<String, BTreeSet<String>>,
) {
    for (number, plan) in plans.iter().enumerate() {
        let on = plan.reads.iter().map(|read| read.task).chain(plan.after).chain(plan.when.map(|(on, _)| on));
        let on: BTreeSet<_> = on.flat_map(|on| leaves(&format!("{prefix}t{on}"))).collect();
        for path in instances(&format!("{prefix}t{number}"), plan) {
            add_dependencies(&plan.inside, &format!("{path}/"), leaves, all);
            all.insert(path, on.clone());
        }
    }
}

pub fn run_state(results: &Results) -> RunState {
    let failed = results.values().any(|(state, _)| *state == Failed);
    if failed { RunState::Failed } else { RunState::Complete }
}

/// Whether a task with the trigger of exit handlers may have run after a failure. It then runs again when that is
/// retried.
pub fn looks_at_failures(plans: &[Plan]) -> bool {
    plans.iter().any(|plan| plan.in_any_case || looks_at_failures(&plan.inside))
}

/// The same without pauses.
pub fn at_once(plans: Vec<Plan>) -> Vec<Plan> {
    plans.into_iter().map(|plan| Plan { micros: 0, inside: at_once(plan.inside), ..plan }).collect()
}

/// The same with permanent failures.
pub fn lasting(plans: Vec<Plan>, around: u32) -> Vec<Plan> {
    let lasting = |plan: Plan| {
        let retries = plan.retries(around);
        Plan {
            failures: if plan.failures > retries { 99 } else { 0 },
            retries: 0,
            inside: lasting(plan.inside, retries),
            ..plan
        }
    };
    plans.into_iter().map(lasting).collect()
}
