//! The graph as SVG, for light and dark backgrounds.

use std::fmt::Write as _;

use super::layout::{self, Placed, Point, Route, Size};
use super::{Flow, Graph, Kind, Node, text};
use crate::model::Pipeline;

/// The margin of the drawing, and the padding of each DAG.
const MARGIN: f64 = 20.0;
const PADDING: f64 = 16.0;
/// Font sizes, and the height of lines.
const TITLE: f64 = 13.0;
const SMALL: f64 = 11.0;
const LINE: f64 = 16.0;
/// The maximum length of texts, in characters.
pub(super) const MAX_LINE_CHARS: usize = 40;
pub(super) const MAX_EDGE_CHARS: usize = 26;
/// The maximum number of edges in a DAG for which labels are drawn. Tooltips show them in any case.
const MAX_EDGE_LABELS: usize = 150;

/// Colours for light surroundings. They stand as attributes at each element: many programs that draw SVG know little of CSS.
const GROUND: &str = "#ffffff";
const INK: &str = "#1f2328";
const FAINT: &str = "#59636e";
const LINES: &str = "#818b98";
const BOX: &str = "#ffffff";
const RIM: &str = "#afb8c1";
/// What is inside of a DAG is tinted by this much of the colour of lines.
const TINT: f64 = 0.08;

/// What is different in dark surroundings, and where a pointer is. Rules win over attributes.
const STYLE: &str = "
    .edge:hover path { stroke: #1f2328 }
    @media (prefers-color-scheme: dark) {
      .ground, .halo { fill: #0d1117 }
      text { fill: #9198a1 }
      .title, .name { fill: #e6edf3 }
      .node .shape { fill: #161b22; stroke: #3d444d }
      .inside .shape { fill: #818b98; stroke: #3d444d }
      .step .mark { fill: #4493f8 } .command .mark { fill: #ab7df8 } .import .mark { fill: #3fb950 }
      .latest .mark { fill: #d29922 } .volume .mark { fill: #db6d28 } .dag .mark { fill: #7d8590 }
      .edge path { stroke: #7d8590 }
      .edge:hover path { stroke: #e6edf3 }
      marker path { fill: #7d8590 }
    }
";

/// The pipeline's DAG as an SVG document. Nested DAGs are boxes around their tasks; solid edges are artifacts, dashed
/// ones parameters, dotted ones dependencies without data. Tooltips have the details. The document depends on the
/// pipeline only.
pub fn svg(pipeline: &Pipeline) -> String {
    let graph = Graph::of(pipeline);
    let (placed, sizes) = place(&graph, 0.0);
    let root = placed.first().map(|placed| placed.size).unwrap_or_default();
    let name = text::short(&pipeline.name, 80);
    let width = root.width.max(16.0 * text::width(&name)) + 2.0 * MARGIN;
    let height = root.height + 2.0 * MARGIN + 30.0;
    let mut out = String::new();
    let _ = writeln!(
        out,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img" font-family="ui-sans-serif, system-ui, sans-serif" font-size="11">"#,
        w = number(width),
        h = number(height)
    );
    let _ = writeln!(out, "  <title>{}</title>", escaped(&pipeline.name));
    if let Some(description) = &pipeline.description {
        let _ = writeln!(out, "  <desc>{}</desc>", escaped(description));
    }
    let _ = writeln!(out, "  <style>{STYLE}  </style>");
    let _ = writeln!(
        out,
        r#"  <defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0.5 L8 4 L0 7.5 Z" fill="{LINES}"/></marker></defs>"#
    );
    let _ = writeln!(
        out,
        r#"  <rect class="ground" width="{}" height="{}" fill="{GROUND}"/>"#,
        number(width),
        number(height)
    );
    let _ = writeln!(
        out,
        r#"  <text class="name" x="{MARGIN}" y="{}" font-size="16" font-weight="600" fill="{INK}">{}</text>"#,
        MARGIN + 14.0,
        escaped(&name)
    );
    let left = MARGIN + (width - 2.0 * MARGIN - root.width) / 2.0;
    let origins = origins(&graph, &placed, &sizes, Point { x: left, y: MARGIN + 30.0 });
    for (at, scope) in graph.scopes.iter().enumerate() {
        let (placed, origin) = (&placed[at], origins[at]);
        for (node, (corner, size)) in scope.nodes.iter().zip(placed.nodes.iter().zip(&sizes[at])) {
            let corner = Point { x: origin.x + corner.x - size.width / 2.0, y: origin.y + corner.y };
            self::node(node, corner, *size, &mut out);
        }
    }
    // Edges are drawn last, so that the boxes of DAGs do not cover them.
    for (at, scope) in graph.scopes.iter().enumerate() {
        for (edge, route) in scope.edges.iter().zip(&placed[at].routes) {
            let (from, to) = (&scope.nodes[edge.from], &scope.nodes[edge.to]);
            let what = edge.label();
            let tip = format!("{} → {}{}{what}", from.title, to.title, if what.is_empty() { "" } else { ": " });
            let _ = writeln!(out, r#"  <g class="edge {}"><title>{}</title>"#, edge.flow.class(), escaped(&tip));
            let _ = writeln!(
                out,
                r#"    <path d="{}" fill="none" stroke="{LINES}" stroke-width="1.4"{} marker-end="url(#arrow)"/>"#,
                path(route, origins[at]),
                dashes(edge.flow)
            );
            if let Some(place) = route.label {
                let place = Point { x: origins[at].x + place.x, y: origins[at].y + place.y };
                label(&text::short(&what, MAX_EDGE_CHARS), place, &mut out);
            }
            out.push_str("  </g>\n");
        }
    }
    out.push_str("</svg>\n");
    out
}

/// Where each DAG begins, if the root does at `first`.
pub(super) fn origins(graph: &Graph, placed: &[Placed], sizes: &[Vec<Size>], first: Point) -> Vec<Point> {
    let mut origins = vec![first];
    // Those around a DAG come before it.
    for (at, scope) in graph.scopes.iter().enumerate().skip(1) {
        let (enclosing, node) = scope.parent.unwrap_or_default();
        let (corner, size) = (placed[enclosing].nodes[node], sizes[enclosing][node]);
        let head = head(&graph.scopes[enclosing].nodes[node]);
        origins.push(Point {
            x: origins[enclosing].x + corner.x - size.width / 2.0 + (size.width - placed[at].size.width) / 2.0,
            y: origins[enclosing].y + corner.y + head,
        });
    }
    origins
}

/// Lays out every DAG, inner ones first, with the sizes of their nodes, which have `room` beside their text.
pub(super) fn place(graph: &Graph, room: f64) -> (Vec<Placed>, Vec<Vec<Size>>) {
    let mut placed: Vec<Placed> = vec![Placed::default(); graph.scopes.len()];
    let mut sizes: Vec<Vec<Size>> = vec![Vec::new(); graph.scopes.len()];
    for (at, scope) in graph.scopes.iter().enumerate().rev() {
        let of: Vec<Size> =
            scope.nodes.iter().map(|node| size(node, node.inner.map(|inner| placed[inner].size), room)).collect();
        let labelled = scope.edges.len() <= MAX_EDGE_LABELS;
        let edges: Vec<(usize, usize, Option<Size>)> = scope
            .edges
            .iter()
            .map(|edge| {
                let label = text::short(&edge.label(), MAX_EDGE_CHARS);
                let size = Size { width: SMALL * text::width(&label), height: 16.0 };
                (edge.from, edge.to, Some(size).filter(|_| labelled && !label.is_empty()))
            })
            .collect();
        placed[at] = layout::place(&of, &edges);
        sizes[at] = of;
    }
    (placed, sizes)
}

/// The lines below a node's title, each with how it is slanted.
pub(super) fn lines(node: &Node) -> impl Iterator<Item = (&'static str, String)> {
    let about = node.about.iter().map(|line| ("", text::short(line, MAX_LINE_CHARS)));
    about
        .chain(node.terms.iter().map(|line| (r#" font-style="italic""#, text::short(line, MAX_LINE_CHARS + 8))))
        .filter(|(_, line)| !line.is_empty())
}

fn size(node: &Node, inner: Option<Size>, room: f64) -> Size {
    let title = 1.08 * TITLE * text::width(&text::short(&node.title, MAX_LINE_CHARS));
    let text = lines(node).map(|(_, line)| SMALL * text::width(&line)).fold(title, f64::max) + 36.0 + room;
    match inner {
        Some(inner) => {
            Size { width: text.max(inner.width + 2.0 * PADDING), height: head(node) + inner.height + PADDING }
        }
        None => Size { width: text.max(90.0), height: 30.0 + LINE * to_float(lines(node).count()) },
    }
}

/// The height of the title above a nested DAG.
fn head(node: &Node) -> f64 {
    38.0 + LINE * to_float(lines(node).count())
}

/// How the line of an edge is broken.
fn dashes(flow: Flow) -> &'static str {
    match flow {
        Flow::Artifact => "",
        Flow::Parameter => r#" stroke-dasharray="6 3""#,
        Flow::Order => r#" stroke-dasharray="1.5 4" stroke-linecap="round""#,
    }
}

/// What flows along an edge, on a ground of its own: the line goes through it.
fn label(label: &str, middle: Point, out: &mut String) {
    let width = SMALL * text::width(label) + 4.0;
    let _ = writeln!(
        out,
        r#"    <rect class="halo" x="{}" y="{}" width="{}" height="14" rx="3" fill="{GROUND}" fill-opacity="0.85"/>"#,
        number(middle.x - width / 2.0),
        number(middle.y - 7.0),
        number(width)
    );
    let (x, y) = (number(middle.x), number(middle.y + 4.0));
    let _ = writeln!(out, r#"    <text x="{x}" y="{y}" text-anchor="middle" fill="{FAINT}">{}</text>"#, escaped(label));
}

/// The colour of the mark at a node's left.
fn mark(kind: Kind) -> &'static str {
    match kind {
        Kind::Step => "#0969da",
        Kind::Command => "#8250df",
        Kind::Import => "#1a7f37",
        Kind::Latest => "#9a6700",
        Kind::Volume => "#bc4c00",
        Kind::Dag => LINES,
    }
}

fn node(node: &Node, corner: Point, size: Size, out: &mut String) {
    let inside = node.inner.is_some();
    let kind = if inside { Kind::Dag } else { node.kind };
    let class = if inside { "node inside" } else { "node" };
    let _ = writeln!(out, r#"  <g class="{class} {}"><title>{}</title>"#, node.kind.class(), escaped(&node.tooltip));
    if node.repeats {
        // A second sheet behind the first, for a loop.
        let behind = Point { x: corner.x + 5.0, y: corner.y + 5.0 };
        let _ = writeln!(out, "    {}", shape(kind, inside, behind, size));
    }
    let _ = writeln!(out, "    {}", shape(kind, inside, corner, size));
    let (x, mut y) = (corner.x + 16.0, corner.y + 20.0);
    if !inside {
        let _ = writeln!(
            out,
            r#"    <rect class="mark" x="{}" y="{}" width="3" height="{}" rx="1.5" fill="{}"/>"#,
            number(corner.x + 7.0),
            number(corner.y + 8.0),
            number(size.height - 16.0),
            mark(kind)
        );
    }
    let title = escaped(&text::short(&node.title, MAX_LINE_CHARS));
    let _ = writeln!(
        out,
        r#"    <text class="title" x="{}" y="{}" font-size="13" font-weight="600" fill="{INK}">{title}</text>"#,
        number(x),
        number(y)
    );
    for (slant, line) in lines(node) {
        y += LINE;
        let (x, y, line) = (number(x), number(y), escaped(&line));
        let _ = writeln!(out, r#"    <text x="{x}" y="{y}"{slant} fill="{FAINT}">{line}</text>"#);
    }
    out.push_str("  </g>\n");
}

/// What a task looks like. `inside` is a DAG with others drawn on it.
fn shape(kind: Kind, inside: bool, at: Point, size: Size) -> String {
    let Size { width, height } = size;
    let (x, y) = (at.x, at.y);
    let ground = if inside { format!(r#"fill="{LINES}" fill-opacity="{TINT}""#) } else { format!(r#"fill="{BOX}""#) };
    let broken = if kind == Kind::Latest { r#" stroke-dasharray="5 3""# } else { "" };
    let paint = format!(r#"{ground} stroke="{RIM}" stroke-width="1.2"{broken}"#);
    let rectangle = |radius: f64| {
        let (x, y, width, height) = (number(x), number(y), number(width), number(height));
        format!(r#"<rect class="shape" x="{x}" y="{y}" width="{width}" height="{height}" rx="{radius}" {paint}/>"#)
    };
    match kind {
        Kind::Step => rectangle(7.0),
        Kind::Command => rectangle(1.0),
        Kind::Dag => rectangle(10.0),
        // A sheet with a folded corner.
        Kind::Import | Kind::Latest => format!(
            r#"<path class="shape" d="M{} {} h{} l10 10 v{} h{} Z" {paint}/>"#,
            number(x),
            number(y),
            number(width - 10.0),
            number(height - 10.0),
            number(-width)
        ),
        // A cylinder.
        Kind::Volume => format!(
            r#"<path class="shape" d="M{} {} q{} -10 {w} 0 v{} q{} 10 {} 0 Z" {paint}/>"#,
            number(x),
            number(y + 4.0),
            number(width / 2.0),
            number(height - 8.0),
            number(-width / 2.0),
            number(-width),
            w = number(width)
        ),
    }
}

/// The path of an edge: straight through the layers, with curves between them.
pub(super) fn path(route: &Route, origin: Point) -> String {
    let mut path = String::new();
    let mut before: Option<Point> = None;
    let at = |point: Point| Point { x: origin.x + point.x, y: origin.y + point.y };
    for (begin, end) in &route.pieces {
        let (begin, end) = (at(*begin), at(*end));
        match before {
            None => _ = write!(path, "M{} {}", number(begin.x), number(begin.y)),
            Some(last) => {
                let middle = f64::midpoint(last.y, begin.y);
                let _ = write!(
                    path,
                    " C{} {m} {} {m} {} {}",
                    number(last.x),
                    number(begin.x),
                    number(begin.x),
                    number(begin.y),
                    m = number(middle)
                );
            }
        }
        if end.y > begin.y + 0.05 {
            let _ = write!(path, " V{}", number(end.y));
        }
        before = Some(end);
    }
    path
}

/// A number with at most one decimal place.
pub(super) fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    match text.strip_suffix(".0") {
        Some("-0") => "0".to_owned(),
        Some(whole) => whole.to_owned(),
        None => text,
    }
}

/// Text escaped for XML. Characters that XML does not allow are left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(c),
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() => {}
            c => escaped.push(c),
        }
    }
    escaped
}

#[expect(clippy::cast_precision_loss, reason = "a few lines")]
fn to_float(count: usize) -> f64 {
    count as f64
}
