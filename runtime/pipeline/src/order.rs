//! Topological order of the tasks of a DAG, and its cycles.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::model::Dag;

/// The tasks in an order in which each comes after its upstream tasks, and otherwise in the order of the file. Unknown
/// upstream tasks are ignored.
///
/// # Errors
/// The cycles, at least one, each as the names along it: every task waits for the next, and the last for the first.
pub fn topological(dag: &Dag) -> Result<Vec<&str>, Vec<Vec<&str>>> {
    let mut waits: HashMap<&str, HashSet<&str>> = HashMap::with_capacity(dag.tasks.len());
    let mut wake: HashMap<&str, Vec<&str>> = HashMap::new();
    for (name, task) in &dag.tasks {
        let needed: HashSet<&str> = task
            .dependencies()
            .iter()
            .filter_map(|on| dag.tasks.get_key_value(on))
            .map(|(on, _)| on.as_str())
            .collect();
        for &on in &needed {
            wake.entry(on).or_default().push(name);
        }
        waits.insert(name, needed);
    }
    let mut ready: VecDeque<&str> =
        dag.tasks.keys().map(String::as_str).filter(|name| waits.get(name).is_none_or(HashSet::is_empty)).collect();
    let mut order = Vec::with_capacity(dag.tasks.len());
    while let Some(name) = ready.pop_front() {
        waits.remove(name);
        order.push(name);
        for &next in wake.get(name).into_iter().flatten() {
            if let Some(needed) = waits.get_mut(next)
                && needed.remove(name)
                && needed.is_empty()
            {
                ready.push_back(next);
            }
        }
    }
    if waits.is_empty() { Ok(order) } else { Err(cycles(dag, &waits)) }
}

/// Sorts the tasks of a DAG topologically, unless it has cycles.
pub(crate) fn sort(dag: &mut Dag) {
    let Ok(order) = topological(dag) else { return };
    let place: HashMap<String, usize> = order.into_iter().enumerate().map(|(i, name)| (name.to_owned(), i)).collect();
    dag.tasks.sort_by_cached_key(|name, _| place.get(name).copied());
}

/// Cycles among tasks that never become ready, found by following dependencies until a task repeats.
fn cycles<'d>(dag: &'d Dag, waits: &HashMap<&'d str, HashSet<&'d str>>) -> Vec<Vec<&'d str>> {
    let mut cycles = Vec::new();
    let mut seen: HashSet<&str> = HashSet::new();
    for start in dag.tasks.keys().map(String::as_str).filter(|name| waits.contains_key(name)) {
        let mut path: Vec<&str> = Vec::new();
        let mut at = start;
        while seen.insert(at) {
            path.push(at);
            // Prefers a dependency on the current path, which closes a cycle, then one that was not visited. Among
            // several it takes the first in the order of the file, so that messages are deterministic.
            let rank =
                |on: &&str| (!(seen.contains(on) && path.contains(on)), seen.contains(on), dag.tasks.get_index_of(*on));
            let next = waits
                .get(at)
                .and_then(|needed| needed.iter().copied().filter(|on| waits.contains_key(on)).min_by_key(rank));
            match next {
                Some(next) => at = next,
                None => break,
            }
        }
        if let Some(first) = path.iter().position(|name| *name == at) {
            cycles.push(path.split_off(first));
        }
    }
    cycles
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Task;

    fn dag(edges: &[(&str, &[&str])]) -> Dag {
        let task = |after: &[&str]| Task { after: after.iter().map(|&s| s.to_owned()).collect(), ..Task::default() };
        Dag { tasks: edges.iter().map(|(name, after)| ((*name).to_owned(), task(after))).collect(), ..Dag::default() }
    }

    #[test]
    fn tasks_follow_what_they_wait_for() {
        let dag = dag(&[("d", &["b", "c"]), ("b", &["a"]), ("c", &["a"]), ("a", &[]), ("e", &["nothing"])]);
        assert_eq!(topological(&dag), Ok(vec!["a", "e", "b", "c", "d"]));
    }

    #[test]
    fn tasks_are_brought_into_their_order_if_they_have_one() {
        let sorted = |mut dag: Dag| {
            sort(&mut dag);
            dag.tasks.into_keys().collect::<Vec<_>>()
        };
        assert_eq!(sorted(dag(&[("c", &["b"]), ("x", &[]), ("b", &["a"]), ("a", &[])])), ["x", "a", "b", "c"]);
        assert_eq!(sorted(dag(&[("c", &["b"]), ("b", &["c"]), ("a", &[])])), ["c", "b", "a"]);
    }

    #[test]
    fn every_cycle_is_named() {
        let dag = dag(&[("a", &["c"]), ("b", &["a"]), ("c", &["b"]), ("x", &["x", "a"]), ("end", &["c"])]);
        assert_eq!(topological(&dag), Err(vec![vec!["a", "c", "b"], vec!["x"]]));
    }

    #[test]
    fn a_chain_of_many_tasks_needs_no_deep_stack() {
        let names: Vec<String> = (0..20_000).map(|i| format!("t{i}")).collect();
        let mut long = dag(&[]);
        for (i, name) in names.iter().enumerate() {
            let before = names.get(i + 1).cloned();
            long.tasks.insert(name.clone(), Task { after: before.into_iter().collect(), ..Task::default() });
        }
        assert_eq!(topological(&long).unwrap().first(), Some(&"t19999"));
        long.tasks.get_mut("t19999").unwrap().after.insert("t0".into());
        assert_eq!(topological(&long).unwrap_err()[0].len(), 20_000);
    }
}
