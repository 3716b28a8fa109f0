//! The graph as plain data, for programs that draw it themselves: with states, links, and DAGs that open and close.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::layout::{self, Point, Route, Size};
use super::{Graph, Kind, svg, text};
use crate::model::{Implementation, Pipeline};

/// A drawing: tasks as boxes, DAGs before what is inside of them, and the edges between. Lengths are in pixels of a font of 13.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Picture {
    /// Its width.
    pub width: f64,
    /// Its height.
    pub height: f64,
    /// The tasks that are visible.
    pub tasks: Vec<PictureTask>,
    /// The dependencies between them.
    pub edges: Vec<PictureEdge>,
}

/// A task, as a box.
#[derive(Debug, Clone, PartialEq)]
pub struct PictureTask {
    /// Its path, without the numbers of iterations: `loop/train`.
    pub path: String,
    /// Its display name, shortened.
    pub title: String,
    /// `step`, `command`, `import`, `latest`, `volume` or `dag`.
    pub kind: &'static str,
    /// Its component, condition and loop, a line each, shortened.
    pub lines: Vec<String>,
    /// Its inputs and outputs, a line each.
    pub details: String,
    /// Whether it is a loop.
    pub repeats: bool,
    /// The number of tasks inside, at all levels; 0 if it is no DAG.
    pub inside: usize,
    /// Whether these are drawn.
    pub open: bool,
    /// The left border of its box.
    pub x: f64,
    /// The upper border.
    pub y: f64,
    /// The width of its box.
    pub width: f64,
    /// The height of its box.
    pub height: f64,
}

/// A dependency, as a curve.
#[derive(Debug, Clone, PartialEq)]
pub struct PictureEdge {
    /// Paths of the tasks from and to which it leads.
    pub from: String,
    /// The task that waits.
    pub to: String,
    /// `artifact`, `parameter`, or `order` for a dependency without data.
    pub flow: &'static str,
    /// The outputs that are passed.
    pub outputs: String,
    /// The curve, as the attribute `d` of an SVG path.
    pub path: String,
    /// The shortened outputs, and the centre of the place that is free for them.
    pub label: Option<(String, f64, f64)>,
}

/// Draws a pipeline. A DAG whose path `is_open` refuses is one box. Boxes are wider than their text by `room`, which is free for what the
/// caller has to say beside the title.
pub fn picture(pipeline: &Pipeline, is_open: &dyn Fn(&str) -> bool, room: f64) -> Picture {
    let graph = Graph::opened(pipeline, is_open);
    let (placed, sizes) = svg::place(&graph, room);
    let Some(outermost) = placed.first() else { return Picture::default() };
    let origins = svg::origins(&graph, &placed, &sizes, Point { x: 1.0, y: 1.0 });
    let mut inside = Inside { pipeline, known: HashMap::new() };
    let mut picture =
        Picture { width: outermost.size.width + 8.0, height: outermost.size.height + 8.0, ..Picture::default() };
    for (at, scope) in graph.scopes.iter().enumerate() {
        let origin = origins[at];
        for (node, (corner, size)) in scope.nodes.iter().zip(placed[at].nodes.iter().zip(&sizes[at])) {
            picture.tasks.push(PictureTask {
                path: node.path.clone(),
                title: text::short(&node.title, svg::MAX_LINE_CHARS),
                kind: node.kind.class(),
                lines: svg::lines(node).map(|(_, line)| line).collect(),
                details: node.tooltip.clone(),
                repeats: node.repeats,
                inside: if node.kind == Kind::Dag { inside.count(&node.component) } else { 0 },
                open: node.inner.is_some(),
                x: origin.x + corner.x - size.width / 2.0,
                y: origin.y + corner.y,
                width: size.width,
                height: size.height,
            });
        }
        for (edge, route) in scope.edges.iter().zip(&placed[at].routes) {
            let outputs = edge.label();
            let place =
                |place: Point| (text::short(&outputs, svg::MAX_EDGE_CHARS), origin.x + place.x, origin.y + place.y);
            picture.edges.push(PictureEdge {
                from: scope.nodes[edge.from].path.clone(),
                to: scope.nodes[edge.to].path.clone(),
                flow: edge.flow.class(),
                label: route.label.map(place),
                outputs,
                path: svg::path(route, origin),
            });
        }
    }
    picture
}

/// Counts the tasks in DAGs.
struct Inside<'p> {
    pipeline: &'p Pipeline,
    /// By component. One that is being counted has 0: a recursive DAG is counted once.
    known: HashMap<String, usize>,
}

impl Inside<'_> {
    fn count(&mut self, component: &str) -> usize {
        if let Some(known) = self.known.get(component) {
            return *known;
        }
        self.known.insert(component.to_owned(), 0);
        let mut count: usize = 0;
        if let Some(Implementation::Dag(dag)) =
            self.pipeline.components.get(component).map(|known| &known.implementation)
        {
            for task in dag.tasks.values() {
                count = count.saturating_add(1).saturating_add(self.count(&task.component));
            }
        }
        self.known.insert(component.to_owned(), count);
        count
    }
}

/// Boxes in layers from left to right, and curves between them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Flowchart {
    /// Its width.
    pub width: f64,
    /// Its height.
    pub height: f64,
    /// The upper left corner of each box.
    pub corners: Vec<(f64, f64)>,
    /// Each edge's curve, as the attribute `d` of an SVG path.
    pub paths: Vec<String>,
}

/// Places boxes of these widths and heights, each to the right of those that lead to it. Edges name boxes by their numbers.
///
/// # Panics
/// An edge names a box that is not there.
pub fn flowchart(boxes: &[(f64, f64)], edges: &[(usize, usize)]) -> Flowchart {
    // What lies from top to bottom, turned.
    let turned: Vec<Size> = boxes.iter().map(|(width, height)| Size { width: *height, height: *width }).collect();
    let edges: Vec<(usize, usize, Option<Size>)> = edges.iter().map(|(from, to)| (*from, *to, None)).collect();
    let placed = layout::place(&turned, &edges);
    let corner = |(at, size): (&Point, &Size)| (at.y + 1.0, at.x - size.width / 2.0 + 1.0);
    Flowchart {
        width: placed.size.height + 8.0,
        height: placed.size.width + 2.0,
        corners: placed.nodes.iter().zip(&turned).map(corner).collect(),
        paths: placed.routes.iter().map(sideways).collect(),
    }
}

/// The path of an edge from left to right.
fn sideways(route: &Route) -> String {
    let mut path = String::new();
    let mut before: Option<Point> = None;
    for (begin, end) in &route.pieces {
        let number = |value: f64| svg::number(value + 1.0);
        match before {
            None => _ = write!(path, "M{} {}", number(begin.y), number(begin.x)),
            Some(last) => {
                let middle = number(f64::midpoint(last.y, begin.y));
                let (from, to) = (number(last.x), number(begin.x));
                let _ = write!(path, " C{middle} {from} {middle} {to} {} {to}", number(begin.y));
            }
        }
        if end.y > begin.y + 0.05 {
            let _ = write!(path, " H{}", number(end.y));
        }
        before = Some(*end);
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::tests::nested;
    use crate::testing::{PENGUINS, linked};

    fn task<'p>(picture: &'p Picture, path: &str) -> &'p PictureTask {
        picture.tasks.iter().find(|task| task.path == path).unwrap()
    }

    #[test]
    fn dags_open_and_close() {
        let all = picture(&nested(), &|_| true, 0.0);
        let paths: Vec<&str> = all.tasks.iter().map(|task| task.path.as_str()).collect();
        assert_eq!(paths, ["flip", "condition-1", "report", "condition-1/for-loop-1", "condition-1/for-loop-1/work"]);
        assert!(task(&all, "condition-1/for-loop-1").repeats);
        let (outer, inner) = (task(&all, "condition-1"), task(&all, "condition-1/for-loop-1"));
        assert!(outer.open && outer.x < inner.x && outer.x + outer.width > inner.x + inner.width);
        assert!(outer.y < inner.y && outer.y + outer.height > inner.y + inner.height);

        let closed = picture(&nested(), &|path| path == "condition-1", 0.0);
        assert_eq!(closed.tasks.len(), 4);
        let shut = task(&closed, "condition-1/for-loop-1");
        assert!(!shut.open && shut.inside == 1 && shut.kind == "dag");
        assert_eq!(task(&closed, "condition-1").inside, 2);
        assert!(closed.height < all.height);
    }

    #[test]
    fn room_is_left_in_the_boxes() {
        let (tight, wide) = (picture(&linked(PENGUINS), &|_| true, 0.0), picture(&linked(PENGUINS), &|_| true, 50.0));
        for (a, b) in tight.tasks.iter().zip(&wide.tasks) {
            assert!((b.width - a.width - 50.0).abs() < 1e-6 || a.width < 90.1, "{} {}", a.width, b.width);
        }
        assert!(tight.edges.iter().all(|edge| edge.path.starts_with('M') && !edge.from.is_empty()));
    }

    #[test]
    fn a_flowchart_goes_from_left_to_right() {
        let chart = flowchart(&[(100.0, 30.0), (80.0, 30.0), (80.0, 30.0)], &[(0, 1), (0, 2)]);
        assert!(chart.corners[1].0 > chart.corners[0].0 + 100.0);
        assert!((chart.corners[1].0 - chart.corners[2].0).abs() < 1e-6);
        assert!((chart.corners[1].1 - chart.corners[2].1).abs() >= 30.0);
        assert!(chart.width >= chart.corners[1].0 + 80.0 && chart.height >= 60.0);
        assert!(
            chart.paths[0].starts_with(&format!("M{}", svg::number(chart.corners[0].0 + 100.0))),
            "{}",
            chart.paths[0]
        );
        assert_eq!(flowchart(&[], &[]), Flowchart { width: 8.0, height: 2.0, ..Flowchart::default() });
    }
}
