//! The layout of one DAG: in layers from top to bottom, each task below its upstream tasks (Sugiyama's method).
//!
//! Between two layers of tasks there is one of labels, which reserves their width, so that labels do not overlap. An
//! edge across several layers has a point in each.

use std::collections::VecDeque;

/// The distance between neighbours in a layer.
const GAP_X: f64 = 26.0;
/// The distance between layers.
const GAP_Y: f64 = 20.0;
/// The maximum number of such points. With more, long edges are drawn as straight lines.
const MAX_POINTS: usize = 60_000;
/// The number of sweeps that improve the order and the positions.
const SWEEPS: usize = 8;
/// The minimum number of tasks per row for tasks without edges.
const ROW: usize = 6;

#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Size {
    pub width: f64,
    pub height: f64,
}

/// A point; for a node the middle of its upper border.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Point {
    pub x: f64,
    pub y: f64,
}

/// The course of an edge from top to bottom.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Route {
    /// The points of its course, in pairs: the start and the end of a straight segment. Curves connect the segments.
    pub pieces: Vec<(Point, Point)>,
    /// The centre of its label.
    pub label: Option<Point>,
}

/// The positions of everything in a DAG, relative to its upper left corner.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Placed {
    pub size: Size,
    pub nodes: Vec<Point>,
    pub routes: Vec<Route>,
}

/// An item of a layer: a task, a label, or a point of an edge.
#[derive(Debug, Clone, Copy)]
struct Item {
    size: Size,
    /// Whether it is not a task: edges are kept straight there.
    passing: bool,
    x: f64,
}

/// Places nodes of these sizes. Edges connect nodes, with the sizes of their labels.
pub(super) fn place(nodes: &[Size], edges: &[(usize, usize, Option<Size>)]) -> Placed {
    if nodes.is_empty() {
        return Placed::default();
    }
    let mut layers = Layers::new(nodes, edges);
    layers.order();
    layers.spread();
    layers.placed(nodes, edges)
}

struct Layers {
    items: Vec<Item>,
    /// Items by layer, from left to right.
    orders: Vec<Vec<usize>>,
    layer_of: Vec<usize>,
    up: Vec<Vec<usize>>,
    down: Vec<Vec<usize>>,
    /// For each edge the items along its course, including both ends; empty for an edge that is drawn as a straight
    /// line.
    ways: Vec<Vec<usize>>,
}

impl Layers {
    fn new(nodes: &[Size], edges: &[(usize, usize, Option<Size>)]) -> Self {
        let ranks = ranks(nodes.len(), edges);
        let last = ranks.iter().copied().max().unwrap_or_default();
        let mut this = Self {
            items: Vec::new(),
            orders: vec![Vec::new(); 2 * last + 1],
            layer_of: Vec::new(),
            up: Vec::new(),
            down: Vec::new(),
            ways: Vec::new(),
        };
        for (node, size) in nodes.iter().enumerate() {
            this.add(2 * ranks[node], Item { size: *size, passing: false, x: 0.0 });
        }
        let points: usize = edges.iter().map(|(from, to, _)| (2 * ranks[*to]).saturating_sub(2 * ranks[*from])).sum();
        for (from, to, label) in edges {
            let (first, end) = (2 * ranks[*from], 2 * ranks[*to]);
            let mut way = vec![*from];
            if end > first && (points <= MAX_POINTS || end == first + 2) {
                for layer in first + 1..end {
                    let size = if layer == first + 1 { label.unwrap_or_default() } else { Size::default() };
                    way.push(this.add(layer, Item { size, passing: true, x: 0.0 }));
                }
                way.push(*to);
                for pair in way.windows(2) {
                    this.down[pair[0]].push(pair[1]);
                    this.up[pair[1]].push(pair[0]);
                }
            } else {
                way.clear();
            }
            this.ways.push(way);
        }
        this
    }

    fn add(&mut self, layer: usize, item: Item) -> usize {
        let at = self.items.len();
        self.items.push(item);
        self.orders[layer].push(at);
        self.layer_of.push(layer);
        self.up.push(Vec::new());
        self.down.push(Vec::new());
        at
    }

    /// Orders each layer so that few edges cross.
    fn order(&mut self) {
        let mut best = self.orders.clone();
        let mut fewest = self.crossings();
        let mut place = vec![0.0; self.items.len()];
        for sweep in 0..SWEEPS {
            if fewest == 0 {
                break;
            }
            let downwards = sweep % 2 == 0;
            let count = self.orders.len();
            for step in 1..count {
                let (layer, fixed) = if downwards { (step, step - 1) } else { (count - 1 - step, count - step) };
                for (at, item) in self.orders[fixed].iter().enumerate() {
                    place[*item] = to_float(at);
                }
                let neighbours = if downwards { &self.up } else { &self.down };
                let mut keyed: Vec<(f64, usize)> = Vec::with_capacity(self.orders[layer].len());
                for (at, item) in self.orders[layer].iter().enumerate() {
                    let of = &neighbours[*item];
                    let sum: f64 = of.iter().map(|other| place[*other]).sum();
                    // An item without neighbours stays where it is.
                    keyed.push((if of.is_empty() { to_float(at) } else { sum / to_float(of.len()) }, *item));
                }
                keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
                self.orders[layer] = keyed.into_iter().map(|(_, item)| item).collect();
            }
            let crossings = self.crossings();
            if crossings < fewest {
                fewest = crossings;
                best.clone_from(&self.orders);
            }
        }
        self.orders = best;
    }

    /// The number of pairs of edges that cross.
    fn crossings(&self) -> u64 {
        let mut place = vec![0; self.items.len()];
        for layer in &self.orders {
            for (at, item) in layer.iter().enumerate() {
                place[*item] = at;
            }
        }
        let mut total = 0;
        for (upper, lower) in self.orders.iter().zip(self.orders.iter().skip(1)) {
            // With the edges sorted by their start, each inversion of their ends is a crossing. A Fenwick tree counts
            // them.
            let mut tree = vec![0_u64; lower.len() + 1];
            let mut seen = 0;
            for item in upper {
                let mut ends: Vec<usize> = self.down[*item].iter().map(|end| place[*end]).collect();
                ends.sort_unstable();
                for end in &ends {
                    let mut before = 0;
                    let mut at = end + 1;
                    while at > 0 {
                        before += tree[at];
                        at &= at - 1;
                    }
                    total += seen - before;
                }
                for end in ends {
                    seen += 1;
                    let mut at = end + 1;
                    while at < tree.len() {
                        tree[at] += 1;
                        at += at & at.wrapping_neg();
                    }
                }
            }
        }
        total
    }

    /// Moves all items close to their neighbours.
    fn spread(&mut self) {
        for layer in 0..self.orders.len() {
            let wishes = vec![(0.0, 1.0); self.orders[layer].len()];
            self.settle(layer, &wishes);
        }
        for sweep in 0..2 * SWEEPS {
            let count = self.orders.len();
            for step in 0..count {
                let layer = if sweep % 2 == 0 { step } else { count - 1 - step };
                let wishes: Vec<(f64, f64)> =
                    self.orders[layer].iter().map(|item| self.wish(*item, sweep, 2 * SWEEPS)).collect();
                self.settle(layer, &wishes);
            }
        }
        let left = self.items.iter().map(|item| item.x - item.size.width / 2.0).fold(f64::INFINITY, f64::min);
        for item in &mut self.items {
            item.x -= left;
        }
    }

    /// The preferred position of an item, and its weight.
    fn wish(&self, item: usize, sweep: usize, sweeps: usize) -> (f64, f64) {
        let (up, down) = (&self.up[item], &self.down[item]);
        // The last sweeps consider both sides.
        let both = sweep + 4 >= sweeps;
        let sides: [&[usize]; 2] = match sweep % 2 {
            _ if both => [up, down],
            0 if !up.is_empty() => [up, &[]],
            1 if !down.is_empty() => [down, &[]],
            _ => [up, down],
        };
        let (mut sum, mut weights) = (0.0, 0.0);
        for other in sides.into_iter().flatten() {
            let weight = if self.items[item].passing && self.items[*other].passing { 8.0 } else { 1.0 };
            sum += weight * self.items[*other].x;
            weights += weight;
        }
        if weights == 0.0 { (self.items[item].x, 0.1) } else { (sum / weights, weights) }
    }

    /// Places the items of a layer close to their preferred positions, in order and without overlaps, with the least
    /// sum of squares: neighbours that would overlap are pooled.
    fn settle(&mut self, layer: usize, wishes: &[(f64, f64)]) {
        struct Block {
            sum: f64,
            weight: f64,
            count: usize,
        }
        let order = &self.orders[layer];
        let mut offsets = Vec::with_capacity(order.len());
        let mut offset = 0.0;
        for (at, item) in order.iter().enumerate() {
            if at > 0 {
                let (a, b) = (&self.items[order[at - 1]], &self.items[*item]);
                // Edges may be closer to each other than tasks.
                let gap =
                    if a.passing && b.passing && a.size.width + b.size.width == 0.0 { GAP_X / 2.0 } else { GAP_X };
                offset += f64::midpoint(a.size.width, b.size.width) + gap;
            }
            offsets.push(offset);
        }
        let mut blocks: Vec<Block> = Vec::new();
        for (at, (wish, weight)) in wishes.iter().enumerate() {
            let mut block = Block { sum: (wish - offsets[at]) * weight, weight: *weight, count: 1 };
            while let Some(last) = blocks.last()
                && last.sum / last.weight > block.sum / block.weight
            {
                block.sum += last.sum;
                block.weight += last.weight;
                block.count += last.count;
                blocks.pop();
            }
            blocks.push(block);
        }
        let mut at = 0;
        for block in blocks {
            for _ in 0..block.count {
                let item = self.orders[layer][at];
                self.items[item].x = block.sum / block.weight + offsets[at];
                at += 1;
            }
        }
    }

    fn placed(&self, nodes: &[Size], edges: &[(usize, usize, Option<Size>)]) -> Placed {
        let (tops, heights) = self.rows();
        let bottom = |layer: usize| tops[layer] + heights[layer];
        let mut placed = Placed::default();
        for (node, size) in nodes.iter().enumerate() {
            let layer = self.layer_of[node];
            let y = tops[layer] + (heights[layer] - size.height) / 2.0;
            placed.nodes.push(Point { x: self.items[node].x, y });
            placed.size.width = placed.size.width.max(self.items[node].x + size.width / 2.0);
        }
        for item in &self.items {
            placed.size.width = placed.size.width.max(item.x + item.size.width / 2.0);
        }
        placed.size.height = bottom(self.orders.len() - 1);
        let (leaving, arriving) = self.ports(nodes, edges);
        for (at, (from, to, label)) in edges.iter().enumerate() {
            let start = Point { x: leaving[at], y: placed.nodes[*from].y + nodes[*from].height };
            let end = Point { x: arriving[at], y: placed.nodes[*to].y };
            let mut route = Route::default();
            let way = &self.ways[at];
            if way.is_empty() {
                route.pieces = vec![(start, start), (end, end)];
                placed.routes.push(route);
                continue;
            }
            route.pieces.push((start, Point { y: bottom(self.layer_of[*from]).max(start.y), ..start }));
            for (step, item) in way[1..way.len() - 1].iter().enumerate() {
                let (layer, x) = (self.layer_of[*item], self.items[*item].x);
                if step == 0 && label.is_some() {
                    route.label = Some(Point { x, y: tops[layer] + heights[layer] / 2.0 });
                }
                if let Some(label) = route.label.filter(|_| step == 0) {
                    route.pieces.push((label, label));
                } else if layer % 2 == 0 {
                    route.pieces.push((Point { x, y: tops[layer] }, Point { x, y: bottom(layer) }));
                }
            }
            route.pieces.push((Point { y: tops[self.layer_of[*to]].min(end.y), ..end }, end));
            placed.routes.push(route);
        }
        placed
    }

    /// The top and the height of each layer. Edges with a large horizontal distance get more space between layers.
    fn rows(&self) -> (Vec<f64>, Vec<f64>) {
        let mut tops = Vec::with_capacity(self.orders.len());
        let mut heights = Vec::with_capacity(self.orders.len());
        let mut y = 0.0;
        for (at, layer) in self.orders.iter().enumerate() {
            if at > 0 {
                let far = layer.iter().flat_map(|item| {
                    self.up[*item].iter().map(|other| (self.items[*other].x - self.items[*item].x).abs())
                });
                y += GAP_Y + (far.fold(0.0, f64::max) / 16.0).min(60.0);
            }
            let height = layer.iter().map(|item| self.items[*item].size.height).fold(0.0, f64::max);
            tops.push(y);
            heights.push(height);
            y += height;
        }
        (tops, heights)
    }

    /// The position at which each edge leaves or enters its nodes: side by side, in the order of the other ends.
    fn ports(&self, nodes: &[Size], edges: &[(usize, usize, Option<Size>)]) -> (Vec<f64>, Vec<f64>) {
        let mut leaving: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
        let mut arriving: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
        for (at, (from, to, _)) in edges.iter().enumerate() {
            leaving[*from].push(at);
            arriving[*to].push(at);
        }
        let mut places = (vec![0.0; edges.len()], vec![0.0; edges.len()]);
        for (side, (ports, places)) in [(leaving, &mut places.0), (arriving, &mut places.1)].into_iter().enumerate() {
            for (node, mut all) in ports.into_iter().enumerate() {
                let towards = |edge: usize| {
                    let way = &self.ways[edge];
                    let item = match (side, way.len()) {
                        (0, 2..) => way[1],
                        (_, 2..) => way[way.len() - 2],
                        (0, _) => edges[edge].1,
                        _ => edges[edge].0,
                    };
                    self.items[item].x
                };
                all.sort_by(|a, b| towards(*a).total_cmp(&towards(*b)));
                let room = (nodes[node].width - 28.0).max(0.0);
                let step = if all.len() > 1 { (room / to_float(all.len() - 1)).min(26.0) } else { 0.0 };
                let left = self.items[node].x - step * to_float(all.len().saturating_sub(1)) / 2.0;
                for (at, edge) in all.into_iter().enumerate() {
                    places[edge] = left + step * to_float(at);
                }
            }
        }
        places
    }
}

/// The layer of each node: directly below the lowest of its predecessors. A cycle, which no valid pipeline has, is cut.
fn ranks(count: usize, edges: &[(usize, usize, Option<Size>)]) -> Vec<usize> {
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); count];
    let mut waits = vec![0_usize; count];
    for (from, to, _) in edges.iter().filter(|(from, to, _)| from != to) {
        after[*from].push(*to);
        waits[*to] += 1;
    }
    let alone: Vec<bool> = (0..count).map(|node| waits[node] == 0 && after[node].is_empty()).collect();
    let first: Vec<bool> = waits.iter().map(|waits| *waits == 0).collect();
    let mut ranks = vec![0_usize; count];
    let mut done = vec![false; count];
    let mut ready: VecDeque<usize> = (0..count).filter(|node| waits[*node] == 0).collect();
    let mut next = 0;
    loop {
        let Some(node) = ready.pop_front() else {
            // The remaining nodes are in or behind cycles. The first of them is placed anyway.
            while next < count && done[next] {
                next += 1;
            }
            if next == count {
                break;
            }
            ready.push_back(next);
            continue;
        };
        if std::mem::replace(&mut done[node], true) {
            continue;
        }
        for to in &after[node] {
            if !done[*to] {
                ranks[*to] = ranks[*to].max(ranks[node] + 1);
                waits[*to] = waits[*to].saturating_sub(1);
                if waits[*to] == 0 {
                    ready.push_back(*to);
                }
            }
        }
    }
    // A node without predecessors is placed directly above its first successor.
    for node in 0..count {
        if first[node]
            && let Some(nearest) = after[node].iter().map(|to| ranks[*to]).min()
        {
            ranks[node] = nearest.saturating_sub(1);
        }
    }
    // Nodes without edges are placed in rows.
    let mut lone = 0;
    let in_row = ROW.max(alone.iter().filter(|alone| **alone).count().isqrt());
    for node in 0..count {
        if alone[node] {
            ranks[node] = lone / in_row;
            lone += 1;
        }
    }
    ranks
}

#[expect(clippy::cast_precision_loss, reason = "far below where it begins")]
fn to_float(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOX: Size = Size { width: 100.0, height: 40.0 };

    /// Asserts that items of a layer do not overlap.
    fn assert_apart(placed: &Placed, nodes: &[Size]) {
        for (a, at) in placed.nodes.iter().enumerate() {
            assert!(at.x - nodes[a].width / 2.0 >= -1e-6 && at.x + nodes[a].width / 2.0 <= placed.size.width + 1e-6);
            assert!(at.y >= 0.0 && at.y + nodes[a].height <= placed.size.height + 1e-6);
            for (b, other) in placed.nodes.iter().enumerate().skip(a + 1) {
                let beside = (at.x - other.x).abs() + 1e-6 >= f64::midpoint(nodes[a].width, nodes[b].width);
                let below = at.y + nodes[a].height <= other.y || other.y + nodes[b].height <= at.y;
                assert!(beside || below, "{a} and {b} overlap");
            }
        }
    }

    #[test]
    fn tasks_stand_below_what_they_wait_for() {
        let label = Some(Size { width: 60.0, height: 14.0 });
        let edges = [(0, 1, label), (0, 2, label), (1, 3, None), (2, 3, label), (0, 3, label)];
        let placed = place(&[BOX; 4], &edges);
        assert_apart(&placed, &[BOX; 4]);
        for (from, to, _) in edges {
            assert!(placed.nodes[from].y + BOX.height < placed.nodes[to].y);
        }
        for (route, (_, _, label)) in placed.routes.iter().zip(&edges) {
            assert_eq!(route.label.is_some(), label.is_some());
            let points: Vec<f64> = route.pieces.iter().flat_map(|(a, b)| [a.y, b.y]).collect();
            assert!(points.is_sorted(), "{points:?}");
        }
        assert_eq!(placed, place(&[BOX; 4], &edges), "the same each time");
    }

    #[test]
    fn a_chain_is_straight() {
        let edges: Vec<_> = (1..50).map(|to| (to - 1, to, None)).collect();
        let placed = place(&[BOX; 50], &edges);
        assert!(placed.nodes.iter().all(|node| (node.x - 50.0).abs() < 1e-6));
    }

    #[test]
    fn cycles_and_strays_are_drawn_too() {
        let placed = place(&[BOX; 5], &[(0, 1, None), (1, 0, None), (2, 2, None), (3, 0, None)]);
        assert_apart(&placed, &[BOX; 5]);
        assert_eq!(placed.routes.len(), 4);
        let strays = place(&[BOX; 100], &[]);
        assert_apart(&strays, &[BOX; 100]);
        assert!(strays.size.width < 2_000.0, "{:?}", strays.size);
        assert_eq!(place(&[], &[]), Placed::default());
    }

    #[test]
    fn crossings_are_taken_out() {
        // Two rows, wired crosswise.
        let edges: Vec<_> = (0..10).map(|at| (at, 19 - at, None)).collect();
        let mut layers = Layers::new(&[BOX; 20], &edges);
        assert_eq!(layers.crossings(), 45);
        layers.order();
        assert_eq!(layers.crossings(), 0);
    }
}
