//! Readiness: which nodes of a growing DAG have all their dependencies settled.
//!
//! It counts unsettled dependencies, linear in nodes and edges. States of tasks are unknown here: see [`crate::trigger`].

use std::collections::VecDeque;

/// The nodes that wait, are ready, or are settled. Nodes are numbered from 0 in the order in which they are added.
#[derive(Debug, Default)]
pub struct Scheduler {
    nodes: Vec<Node>,
    ready: VecDeque<usize>,
}

#[derive(Debug, Default)]
struct Node {
    /// The number of dependencies that have not settled.
    waiting_for: usize,
    dependents: Vec<usize>,
    settled: bool,
}

impl Scheduler {
    /// Adds one node for each entry of `dependencies`, which are numbers of earlier nodes or of nodes added in this call.
    /// Returns the number of the first. A repeated dependency counts once.
    pub fn add(&mut self, dependencies: &[Vec<usize>]) -> usize {
        let first = self.nodes.len();
        self.nodes.resize_with(first + dependencies.len(), Node::default);
        for (offset, on) in dependencies.iter().enumerate() {
            let node = first + offset;
            let mut on = on.clone();
            on.sort_unstable();
            on.dedup();
            for dependency in on {
                if !self.nodes[dependency].settled {
                    self.nodes[dependency].dependents.push(node);
                    self.nodes[node].waiting_for += 1;
                }
            }
            if self.nodes[node].waiting_for == 0 {
                self.ready.push_back(node);
            }
        }
        first
    }

    /// Takes the next ready node: the one that has been ready longest.
    pub fn next(&mut self) -> Option<usize> {
        self.ready.pop_front()
    }

    /// Whether a node is ready.
    pub fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Marks a node as settled, which may make others ready. Settling it again has no effect.
    pub fn settle(&mut self, node: usize) {
        if std::mem::replace(&mut self.nodes[node].settled, true) {
            return;
        }
        for dependent in std::mem::take(&mut self.nodes[node].dependents) {
            let waiting = &mut self.nodes[dependent].waiting_for;
            *waiting -= 1;
            if *waiting == 0 {
                self.ready.push_back(dependent);
            }
        }
    }

    /// Whether every node has settled.
    #[cfg(test)]
    pub fn is_finished(&self) -> bool {
        self.nodes.iter().all(|node| node.settled)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::processor::processor_time;

    /// Edges only to earlier nodes, shuffled in number by the order of `add` calls: any DAG up to renaming.
    fn dag() -> impl Strategy<Value = Vec<Vec<usize>>> {
        (1usize..40).prop_flat_map(|nodes| {
            (0..nodes)
                .map(|node| {
                    proptest::collection::vec(0..node.max(1), 0..4).prop_map(
                        move |on| {
                            if node == 0 { Vec::new() } else { on }
                        },
                    )
                })
                .collect::<Vec<_>>()
        })
    }

    proptest! {
        #[test]
        fn every_node_is_ready_once_and_after_its_dependencies(
            dependencies in dag(),
            cut in 0usize..40,
            choices in proptest::collection::vec(any::<prop::sample::Index>(), 200),
        ) {
            let mut scheduler = Scheduler::default();
            let cut = cut.min(dependencies.len());
            scheduler.add(&dependencies[..cut]);
            let mut rest = Some(&dependencies[cut..]);
            let mut taken = vec![false; dependencies.len()];
            let mut settled = vec![false; dependencies.len()];
            let mut open = Vec::new();
            let mut choices = choices.into_iter();
            loop {
                while let Some(node) = scheduler.next() {
                    prop_assert!(!taken[node]);
                    taken[node] = true;
                    prop_assert!(dependencies[node].iter().all(|on| settled[*on]));
                    open.push(node);
                }
                if open.is_empty() {
                    match rest.take() {
                        Some(rest) => { scheduler.add(rest); }
                        None => break,
                    }
                    continue;
                }
                // Add the second half at some moment in between.
                if choices.next().is_some_and(|choice| choice.index(3) == 0) && let Some(rest) = rest.take() {
                    scheduler.add(rest);
                }
                let which = choices.next().map_or(0, |choice| choice.index(open.len()));
                let node = open.swap_remove(which);
                settled[node] = true;
                scheduler.settle(node);
            }
            prop_assert!(taken.iter().all(|taken| *taken));
            prop_assert!(scheduler.is_finished());
        }
    }

    #[test]
    fn a_cycle_is_never_ready_and_never_finished() {
        let mut scheduler = Scheduler::default();
        scheduler.add(&[vec![], vec![2], vec![1]]);
        assert_eq!(scheduler.next(), Some(0));
        scheduler.settle(0);
        assert_eq!(scheduler.next(), None);
        assert!(!scheduler.is_finished());
    }

    #[test]
    fn ten_thousand_dependents_of_one_node_are_linear() {
        let mut scheduler = Scheduler::default();
        let mut dependencies = vec![Vec::new()];
        dependencies.extend((1..100_000).map(|node| if node % 2 == 0 { vec![0] } else { vec![node - 1] }));
        let ((), took) = processor_time(|| {
            scheduler.add(&dependencies);
            while let Some(node) = scheduler.next() {
                scheduler.settle(node);
            }
        });
        assert!(scheduler.is_finished());
        // Quadratic work would take minutes.
        assert!(took < Duration::from_secs(5), "{took:?}");
    }
}
