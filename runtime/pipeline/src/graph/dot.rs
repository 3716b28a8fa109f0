//! The graph in DOT, the language of Graphviz.

use std::fmt::Write as _;

use super::{Edge, Flow, Graph, Kind, Node, text};
use crate::model::Pipeline;

/// The pipeline's DAG in DOT. Nested DAGs are clusters, the shape of a task shows its kind, and edges are labelled with
/// the names of outputs.
pub fn dot(pipeline: &Pipeline) -> String {
    let graph = Graph::of(pipeline);
    let mut out = format!("digraph {} {{\n", quoted(&pipeline.name));
    out.push_str("  graph [compound=true, rankdir=TB, fontname=\"sans-serif\", style=\"rounded\"];\n");
    out.push_str("  node [shape=box, fontname=\"sans-serif\", fontsize=12];\n");
    out.push_str("  edge [fontname=\"sans-serif\", fontsize=10];\n");
    let _ = writeln!(out, "  label={};\n  labelloc=t;", quoted(&pipeline.name));
    let anchors = anchors(&graph);
    // A stack of what is still to be written instead of recursion, since DAGs can be nested deeply.
    let mut pending = vec![Pending::Scope(0)];
    let mut depth = 1;
    while let Some(next) = pending.pop() {
        let indent = "  ".repeat(depth.min(40));
        match next {
            Pending::Scope(scope) => {
                let Some(of) = graph.scopes.get(scope) else { continue };
                if of.nodes.is_empty() && scope > 0 {
                    let _ = writeln!(out, "{indent}{} [shape=point, style=invis];", quoted(&anchors[scope]));
                }
                pending.push(Pending::Edges(scope));
                pending.extend((0..of.nodes.len()).rev().map(|node| Pending::Node(scope, node)));
            }
            Pending::Node(scope, at) => {
                let node = &graph.scopes[scope].nodes[at];
                match node.inner {
                    Some(inner) => {
                        let _ = writeln!(out, "{indent}subgraph {} {{", quoted(&cluster(node)));
                        let label = std::iter::once(&node.title).chain(&node.terms);
                        let label: Vec<String> = label.map(|line| text::short(line, 80)).collect();
                        let _ = writeln!(out, "{indent}  label={};", quoted(&label.join("\n")));
                        let _ = writeln!(out, "{indent}  tooltip={};", quoted(&node.tooltip));
                        if node.repeats {
                            let _ = writeln!(out, "{indent}  peripheries=2;");
                        }
                        depth += 1;
                        pending.push(Pending::Close);
                        pending.push(Pending::Scope(inner));
                    }
                    None => self::node(node, &indent, &mut out),
                }
            }
            Pending::Edges(scope) => {
                for edge in &graph.scopes[scope].edges {
                    self::edge(&graph, scope, edge, &anchors, &indent, &mut out);
                }
            }
            Pending::Close => {
                depth -= 1;
                let _ = writeln!(out, "{}}}", "  ".repeat(depth.min(40)));
            }
        }
    }
    out.push_str("}\n");
    out
}

enum Pending {
    Scope(usize),
    Node(usize, usize),
    Edges(usize),
    Close,
}

fn cluster(node: &Node) -> String {
    format!("cluster {}", node.path)
}

/// For each DAG a node that represents it: in DOT an edge ends at a node, and is clipped at the cluster.
fn anchors(graph: &Graph) -> Vec<String> {
    let mut anchors = vec![String::new(); graph.scopes.len()];
    for (at, scope) in graph.scopes.iter().enumerate().rev() {
        anchors[at] = match (scope.nodes.first(), scope.parent) {
            (Some(node), _) => match node.inner {
                Some(inner) => anchors[inner].clone(),
                None => node.path.clone(),
            },
            (None, Some((enclosing, node))) => format!("{}/", graph.scopes[enclosing].nodes[node].path),
            (None, None) => String::new(),
        };
    }
    anchors
}

fn node(node: &Node, indent: &str, out: &mut String) {
    let shape = match node.kind {
        Kind::Step => "shape=box, style=rounded",
        Kind::Command => "shape=box",
        Kind::Import => "shape=parallelogram",
        Kind::Latest => "shape=parallelogram, style=dashed",
        Kind::Volume => "shape=cylinder",
        Kind::Dag => "shape=folder",
    };
    let lines = std::iter::once(&node.title).chain(&node.about).chain(&node.terms);
    let lines: Vec<String> = lines.map(|line| text::short(line, 60)).collect();
    let (name, label, tip) = (quoted(&node.path), quoted(&lines.join("\n")), quoted(&node.tooltip));
    let _ = writeln!(out, "{indent}{name} [label={label}, tooltip={tip}, {shape}];");
}

fn edge(graph: &Graph, scope: usize, edge: &Edge, anchors: &[String], indent: &str, out: &mut String) {
    let nodes = &graph.scopes[scope].nodes;
    let (from, to) = (&nodes[edge.from], &nodes[edge.to]);
    let end = |node: &Node| node.inner.map_or(&node.path, |inner| &anchors[inner]).clone();
    let mut attributes = Vec::new();
    if !edge.outputs.is_empty() {
        attributes.push(format!("label={}", quoted(&text::short(&edge.label(), 60))));
    }
    match edge.flow {
        Flow::Artifact => {}
        Flow::Parameter => attributes.push("style=dashed".to_owned()),
        Flow::Order => attributes.push("style=dotted, arrowhead=open".to_owned()),
    }
    for (attribute, node) in [("ltail", from), ("lhead", to)] {
        if node.inner.is_some() {
            attributes.push(format!("{attribute}={}", quoted(&cluster(node))));
        }
    }
    let attributes = if attributes.is_empty() { String::new() } else { format!(" [{}]", attributes.join(", ")) };
    let _ = writeln!(out, "{indent}{} -> {}{attributes};", quoted(&end(from)), quoted(&end(to)));
}

/// A text in double quotes. A backslash would start an escape sequence of DOT, such as `\N` for the name of the node.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            c if c.is_control() => quoted.push(' '),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
