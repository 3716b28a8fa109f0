//! Lineage as a tree, and as a graph for Graphviz.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use weft::metadata::{
    ArtifactNode, ArtifactState, Direction, EventKind, ExecutionId, ExecutionNode, LineageEdge, LineageGraph,
    LineageStart,
};

use super::{CACHED, DIM, HEADING, task_state, text, value};

/// The graph as trees of box characters. Above an artifact stand its makers and what they read; below it, its readers
/// and what they gave. What stands in more than one place is drawn out in the first.
pub fn text(graph: &LineageGraph, start: &LineageStart, direction: Direction) -> String {
    let index = Index::new(graph);
    let mut out = String::new();
    match start {
        LineageStart::Artifact(id) => {
            _ = writeln!(out, "{}", index.artifact(*id));
            if direction != Direction::Down {
                index.section(
                    &mut out,
                    "Comes from",
                    Node::Artifact(*id),
                    EventKind::Output,
                    "nothing that is recorded",
                );
            }
            if direction != Direction::Up {
                index.section(&mut out, "Went into", Node::Artifact(*id), EventKind::Input, "nothing so far");
            }
        }
        LineageStart::Run(run) => {
            // Up from the results, or down from the sources: either way the whole of it.
            let toward = if direction == Direction::Up { EventKind::Output } else { EventKind::Input };
            let mut tree = Tree { index: &index, toward, drawn: BTreeSet::new(), out: &mut out };
            let words = if toward == EventKind::Output {
                "from its results to its sources"
            } else {
                "from its sources to its results"
            };
            _ = writeln!(tree.out, "{HEADING}{run}{HEADING:#}  {DIM}{words}{DIM:#}");
            let roots = index.roots(toward);
            tree.branches(&roots, "");
        }
    }
    out
}

/// The graph in Graphviz's language: executions are boxes, artifacts are ellipses.
pub fn dot(graph: &LineageGraph) -> String {
    let quote = |text: &str| {
        format!("\"{}\"", text::printable(text).replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
    };
    let mut out = "digraph lineage {\n  rankdir=LR;\n  node [fontname=\"sans-serif\"];\n".to_owned();
    for artifact in &graph.artifacts {
        let label = format!(
            "{}\n{}\n{}",
            artifact.name.as_deref().unwrap_or(""),
            artifact.kind.short(),
            value::short_uri(&artifact.uri)
        );
        _ = writeln!(out, "  a{} [shape=ellipse, label={}];", artifact.id, quote(label.trim_start()));
    }
    for execution in &graph.executions {
        let label = format!("{}\n{}", execution.task.as_deref().unwrap_or("?"), execution.run.as_deref().unwrap_or(""));
        _ = writeln!(out, "  e{} [shape=box, style=rounded, label={}];", execution.id, quote(label.trim_end()));
    }
    for LineageEdge { execution, kind, port, artifact, .. } in &graph.edges {
        let (from, to) = match kind {
            EventKind::Input => (format!("a{artifact}"), format!("e{execution}")),
            EventKind::Output => (format!("e{execution}"), format!("a{artifact}")),
        };
        _ = writeln!(out, "  {from} -> {to} [label={}];", quote(port));
    }
    out.push_str("}\n");
    out
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    Artifact(i64),
    Execution(ExecutionId),
}

/// The graph by its nodes.
struct Index<'g> {
    artifacts: BTreeMap<i64, &'g ArtifactNode>,
    executions: BTreeMap<ExecutionId, &'g ExecutionNode>,
    edges: &'g [LineageEdge],
    by_artifact: BTreeMap<i64, Vec<&'g LineageEdge>>,
    by_execution: BTreeMap<ExecutionId, Vec<&'g LineageEdge>>,
}

impl<'g> Index<'g> {
    fn new(graph: &'g LineageGraph) -> Self {
        let (mut by_artifact, mut by_execution): (BTreeMap<_, Vec<_>>, BTreeMap<_, Vec<_>>) = Default::default();
        for edge in &graph.edges {
            by_artifact.entry(edge.artifact).or_default().push(edge);
            by_execution.entry(edge.execution).or_default().push(edge);
        }
        Self {
            artifacts: graph.artifacts.iter().map(|artifact| (artifact.id, artifact)).collect(),
            executions: graph.executions.iter().map(|execution| (execution.id, execution)).collect(),
            edges: &graph.edges,
            by_artifact,
            by_execution,
        }
    }

    /// What stands one step on, with the port between. Going up from an artifact are its makers, whose events are
    /// outputs; from an execution what it read.
    fn next(&self, node: Node, toward: EventKind) -> Vec<(&'g str, Node)> {
        let nothing = Vec::new();
        let (edges, wanted) = match node {
            Node::Artifact(id) => (self.by_artifact.get(&id).unwrap_or(&nothing), toward),
            Node::Execution(id) => (self.by_execution.get(&id).unwrap_or(&nothing), opposite(toward)),
        };
        let other = |edge: &LineageEdge| match node {
            Node::Artifact(_) => Node::Execution(edge.execution),
            Node::Execution(_) => Node::Artifact(edge.artifact),
        };
        edges.iter().filter(|edge| edge.kind == wanted).map(|edge| (edge.port.as_str(), other(edge))).collect()
    }

    /// Nodes that nothing in the graph leads to.
    fn roots(&self, toward: EventKind) -> Vec<(&'g str, Node)> {
        let led_to: BTreeSet<Node> = self
            .edges
            .iter()
            .map(
                |edge| {
                    if edge.kind == toward { Node::Execution(edge.execution) } else { Node::Artifact(edge.artifact) }
                },
            )
            .collect();
        let artifacts = self.artifacts.keys().map(|id| Node::Artifact(*id));
        let executions = self.executions.keys().map(|id| Node::Execution(*id));
        executions.chain(artifacts).filter(|node| !led_to.contains(node)).map(|node| ("", node)).collect()
    }

    fn section(&self, out: &mut String, title: &str, start: Node, toward: EventKind, none: &str) {
        _ = writeln!(out, "\n{HEADING}{title}{HEADING:#}");
        let branches = self.next(start, toward);
        if branches.is_empty() {
            _ = writeln!(out, "{DIM}{none}{DIM:#}");
        }
        Tree { index: self, toward, drawn: BTreeSet::new(), out }.branches(&branches, "");
    }

    /// `model blake3:1a2b3c4d…  model`
    fn artifact(&self, id: i64) -> String {
        let Some(artifact) = self.artifacts.get(&id) else { return format!("artifact {id}") };
        let name = text::one_line(artifact.name.as_deref().unwrap_or("artifact"));
        let gone = if artifact.state == ArtifactState::Deleted { ", its run was deleted" } else { "" };
        let kind = artifact.kind.short();
        let kind = if kind == name { String::new() } else { format!("{kind}, ") };
        format!("{name} {CACHED}{}{CACHED:#}  {DIM}{kind}id {id}{gone}{DIM:#}", value::short_uri(&artifact.uri))
    }

    /// `train  COMPLETE  penguins-20260102-030405-rk5j, blake3:1a2b3c4d…#train`
    fn execution(&self, id: ExecutionId) -> String {
        let Some(execution) = self.executions.get(&id) else { return format!("execution {id}") };
        let task = text::one_line(execution.task.as_deref().unwrap_or("execution"));
        let (state, style) = task_state(execution.state);
        let run = execution.run.as_deref().unwrap_or("no run of weft");
        // `weft:DIGEST#FUNCTION` is the component that ran.
        let component = execution.image.as_deref().and_then(|image| image.strip_prefix("weft:")?.split_once('#'));
        let by = component.map_or_else(String::new, |(digest, function)| {
            format!(", {}#{}", value::short_uri(digest), text::one_line(function))
        });
        format!("{HEADING}{task}{HEADING:#}  {style}{}{style:#}  {DIM}{run}{by}{DIM:#}", state.to_lowercase())
    }
}

const fn opposite(kind: EventKind) -> EventKind {
    match kind {
        EventKind::Input => EventKind::Output,
        EventKind::Output => EventKind::Input,
    }
}

struct Tree<'t, 'g> {
    index: &'t Index<'g>,
    toward: EventKind,
    drawn: BTreeSet<Node>,
    out: &'t mut String,
}

impl Tree<'_, '_> {
    /// Draws nodes beside each other with what follows them. Not by recursion: a chain may be thousands of steps long.
    fn branches(&mut self, nodes: &[(&str, Node)], indent: &str) {
        struct Level<'g> {
            nodes: Vec<(&'g str, Node)>,
            at: usize,
            indent: String,
        }
        let mut levels = vec![Level { nodes: nodes.to_vec(), at: 0, indent: indent.to_owned() }];
        while let Some(level) = levels.last_mut() {
            let Some(&(port, node)) = level.nodes.get(level.at) else {
                levels.pop();
                continue;
            };
            level.at += 1;
            let last = level.at == level.nodes.len();
            let (branch, below) = if last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            let below = format!("{}{below}", level.indent);
            let next = self.index.next(node, self.toward);
            let again = !self.drawn.insert(node) && !next.is_empty();
            let text = match node {
                // An artifact is mostly named after the port that gave it.
                Node::Artifact(id) if port.is_empty() || self.index.artifact(id).starts_with(&format!("{port} ")) => {
                    self.index.artifact(id)
                }
                Node::Artifact(id) => format!("{port}: {}", self.index.artifact(id)),
                Node::Execution(id) => self.index.execution(id),
            };
            let more = if again { format!("  {DIM}(see above){DIM:#}") } else { String::new() };
            _ = writeln!(self.out, "{DIM}{}{branch}{DIM:#}{text}{more}", level.indent);
            if !again {
                levels.push(Level { nodes: next, at: 0, indent: below });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use EventKind::{Input, Output};
    use weft::metadata::ExecutionKind;
    use weft::pipeline::model::TaskState;
    use weft::pipeline::types::ArtifactType;

    /// raw -> split -> (train, test) -> train -> model; evaluate reads model and test.
    fn graph() -> LineageGraph {
        let artifact = |id: i64, kind: &str, name: &str| ArtifactNode {
            id,
            kind: ArtifactType(kind.to_owned()),
            uri: format!("blake3:{}", format!("{id:02}").repeat(32)),
            name: Some(name.to_owned()),
            state: ArtifactState::Live,
        };
        let execution = |id: i64, task: &str| ExecutionNode {
            id: ExecutionId(id),
            kind: ExecutionKind::Container,
            task: Some(task.to_owned()),
            state: TaskState::Complete,
            run: Some("r-1".to_owned()),
            image: None,
        };
        let edge = |execution: i64, kind: EventKind, port: &str, artifact: i64| LineageEdge {
            execution: ExecutionId(execution),
            kind,
            port: port.to_owned(),
            index: None,
            artifact,
        };
        LineageGraph {
            artifacts: vec![
                artifact(1, "system.Dataset", "artifact"),
                artifact(2, "system.Dataset", "train"),
                artifact(3, "system.Dataset", "test"),
                artifact(4, "system.Model", "model"),
                artifact(5, "system.Metrics", "scores \"quoted\""),
            ],
            executions: vec![
                execution(1, "raw"),
                execution(2, "split"),
                execution(3, "train"),
                execution(4, "evaluate"),
            ],
            edges: vec![
                edge(1, Output, "artifact", 1),
                edge(2, Input, "data", 1),
                edge(2, Output, "test", 3),
                edge(2, Output, "train", 2),
                edge(3, Input, "data", 2),
                edge(3, Output, "model", 4),
                edge(4, Input, "data", 3),
                edge(4, Input, "model", 4),
                edge(4, Output, "metrics", 5),
            ],
            truncated: false,
        }
    }

    fn plain(start: &LineageStart, direction: Direction) -> String {
        anstream::adapter::strip_str(&text(&graph(), start, direction)).to_string()
    }

    #[test]
    fn an_artifact_has_sources_and_uses() {
        insta::assert_snapshot!(plain(&LineageStart::Artifact(4), Direction::Both));
    }

    #[test]
    fn what_is_met_again_is_drawn_once() {
        insta::assert_snapshot!(plain(&LineageStart::Artifact(5), Direction::Up));
    }

    #[test]
    fn a_run_is_drawn_from_its_sources() {
        insta::assert_snapshot!(plain(&LineageStart::Run("r-1".to_owned()), Direction::Both));
    }

    #[test]
    fn a_run_is_drawn_from_its_results() {
        insta::assert_snapshot!(plain(&LineageStart::Run("r-1".to_owned()), Direction::Up));
    }

    #[test]
    fn graphviz_gets_every_node_and_edge() {
        insta::assert_snapshot!(dot(&graph()));
    }
}
