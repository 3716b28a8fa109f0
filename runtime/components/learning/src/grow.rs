//! Grows one boosted tree on gradients: leaf by leaf, the best split first, on histograms of binned features, as `LightGBM` does.

use crate::bins::{Binned, Bins};
use crate::sets;
use crate::tree::{BinSet, Child, Node, Question, Tree, goes_left, one_of};

/// The gradient and the Hessian of rows, summed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sum {
    /// Of the gradients.
    pub gradient: f64,
    /// Of the Hessians.
    pub hessian: f64,
}

impl Sum {
    pub(crate) fn add(&mut self, other: Self) {
        self.gradient += other.gradient;
        self.hessian += other.hessian;
    }

    pub(crate) fn less(self, other: Self) -> Self {
        Self { gradient: self.gradient - other.gradient, hessian: self.hessian - other.hessian }
    }
}

/// The sums of each bin of a feature.
pub type Cells = [Sum; 256];

/// Bounds of a tree.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Most leaves.
    pub leaves: usize,
    /// Most questions on the way to a leaf.
    pub depth: usize,
    /// Fewest rows of a leaf.
    pub min_rows: f64,
    /// Least Hessian of a leaf.
    pub min_hessian: f64,
    /// What a split must gain.
    pub min_gain: f64,
    /// Strength of the penalty on the leaves' absolute values.
    pub l1: f64,
    /// Strength of the penalty on their squares.
    pub l2: f64,
}

impl Limits {
    fn shrunk(&self, gradient: f64) -> f64 {
        gradient.signum() * (gradient.abs() - self.l1).max(0.0)
    }

    /// What a leaf of this sum is worth.
    pub(crate) fn worth(&self, sum: Sum, l2: f64) -> f64 {
        let divisor = sum.hessian + l2;
        if divisor > 0.0 { self.shrunk(sum.gradient).powi(2) / divisor } else { 0.0 }
    }

    /// What a leaf of this sum answers.
    fn answer(&self, sum: Sum, l2: f64) -> f64 {
        let divisor = sum.hessian + l2;
        if divisor > 0.0 { -self.shrunk(sum.gradient) / divisor } else { 0.0 }
    }
}

/// A way to split a leaf.
#[derive(Debug, Clone)]
pub struct Split {
    /// What both sides are worth more than the leaf.
    pub gain: f64,
    /// What is asked.
    pub test: Test,
    /// The sum of the left side.
    pub left: Sum,
    /// Strength of the squares' penalty on both sides.
    pub l2: f64,
}

/// What a split asks.
#[derive(Debug, Clone, Copy)]
pub enum Test {
    /// Whether the bin is at most this.
    AtMost {
        /// The bin.
        bin: u8,
        /// Whether a missing one goes to the left.
        missing_left: bool,
    },
    /// Whether the bin is one of these.
    OneOf(BinSet),
}

/// A leaf that may still be split.
struct Leaf {
    start: usize,
    end: usize,
    sum: Sum,
    depth: usize,
    l2: f64,
    /// What leads here: a node, and whether to its left.
    parent: Option<(usize, bool)>,
    cells: Option<Vec<Cells>>,
    best: Option<(usize, Split)>,
}

/// A tree and the training rows of each leaf.
pub struct Grown {
    /// The tree, its leaves not yet scaled.
    pub tree: Tree,
    /// For each leaf the place of its rows in [`Grower::rows`].
    pub leaves: Vec<std::ops::Range<usize>>,
    /// What each split gained, by feature.
    pub gains: Vec<(u32, f64)>,
}

/// What grows trees on the same rows and bins.
pub struct Grower<'a> {
    binned: &'a Binned,
    bins: &'a [Bins],
    limits: Limits,
    rows: Vec<u32>,
    right: Vec<u32>,
    spare: Vec<Vec<Cells>>,
}

impl<'a> Grower<'a> {
    /// For these rows and bins.
    pub fn new(binned: &'a Binned, bins: &'a [Bins], limits: Limits) -> Self {
        Self { binned, bins, limits, rows: Vec::new(), right: Vec::new(), spare: Vec::new() }
    }

    /// The rows of the tree that was grown last, leaf by leaf.
    pub fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// Grows a tree on the gradients and Hessians of these rows, with features that are marked. All leaves are multiplied by `rate`.
    pub fn grow(&mut self, rows: &[u32], gradients: &[[f32; 2]], allowed: &[bool], rate: f64) -> Grown {
        self.rows.clear();
        self.rows.extend_from_slice(rows);
        let mut sum = Sum::default();
        for row in rows {
            let [gradient, hessian] = gradients[*row as usize];
            sum.add(Sum { gradient: f64::from(gradient), hessian: f64::from(hessian) });
        }
        let l2 = self.limits.l2;
        let mut root = Leaf { start: 0, end: rows.len(), sum, depth: 0, l2, parent: None, cells: None, best: None };
        let mut cells = self.fresh();
        self.fill(&mut cells, 0..rows.len(), gradients);
        root.best = self.best(&root, &cells, allowed);
        root.cells = Some(cells);
        let mut leaves = vec![root];
        let mut nodes: Vec<Node> = Vec::new();
        let mut gains = Vec::new();
        while leaves.len() < self.limits.leaves {
            let mut chosen: Option<(usize, f64)> = None;
            for (at, leaf) in leaves.iter().enumerate() {
                if let Some((_, split)) = &leaf.best
                    && chosen.is_none_or(|(_, gain)| split.gain > gain)
                {
                    chosen = Some((at, split.gain));
                }
            }
            let Some((at, gain)) = chosen else { break };
            let Some((feature, split)) = leaves[at].best.take() else { break };
            let question = self.question(feature, &split);
            let node = nodes.len();
            // Leaves are numbered at the end; until then a child is a leaf.
            nodes.push(Node {
                feature: u32::try_from(feature).unwrap_or(u32::MAX),
                question,
                left: Child::Leaf(0),
                right: Child::Leaf(0),
            });
            gains.push((nodes[node].feature, gain));
            if let Some((parent, is_left)) = leaves[at].parent {
                let child = Child::Node(u32::try_from(node).unwrap_or(u32::MAX));
                if is_left {
                    nodes[parent].left = child;
                } else {
                    nodes[parent].right = child;
                }
            }
            let right = self.part(&mut leaves[at], node, &nodes[node], &split);
            leaves.push(right);
            let last = leaves.len() - 1;
            if leaves.len() < self.limits.leaves {
                self.measure_children(&mut leaves, at, last, gradients, allowed);
            }
        }
        for leaf in &mut leaves {
            self.spare.extend(leaf.cells.take());
        }
        self.finish(leaves, nodes, gains, rate)
    }

    fn finish(&self, leaves: Vec<Leaf>, mut nodes: Vec<Node>, gains: Vec<(u32, f64)>, rate: f64) -> Grown {
        let mut tree = Tree::default();
        let mut ranges = Vec::new();
        for (at, leaf) in leaves.into_iter().enumerate() {
            if let Some((parent, is_left)) = leaf.parent {
                let child = Child::Leaf(u32::try_from(at).unwrap_or(u32::MAX));
                if is_left {
                    nodes[parent].left = child;
                } else {
                    nodes[parent].right = child;
                }
            }
            #[expect(clippy::cast_possible_truncation, reason = "models answer in single precision")]
            tree.leaves.push((self.limits.answer(leaf.sum, leaf.l2) * rate) as f32);
            ranges.push(leaf.start..leaf.end);
        }
        tree.nodes = nodes;
        Grown { tree, leaves: ranges, gains }
    }

    fn fresh(&mut self) -> Vec<Cells> {
        match self.spare.pop() {
            Some(mut cells) => {
                cells.fill([Sum::default(); 256]);
                cells
            }
            None => vec![[Sum::default(); 256]; self.binned.features],
        }
    }

    fn fill(&self, cells: &mut [Cells], range: std::ops::Range<usize>, gradients: &[[f32; 2]]) {
        let features = self.binned.features;
        for row in &self.rows[range] {
            let row = *row as usize;
            let [gradient, hessian] = gradients[row];
            let (gradient, hessian) = (f64::from(gradient), f64::from(hessian));
            let bins = &self.binned.by_row[row * features..(row + 1) * features];
            for (cells, bin) in cells.iter_mut().zip(bins) {
                let cell = &mut cells[usize::from(*bin)];
                cell.gradient += gradient;
                cell.hessian += hessian;
            }
        }
    }

    fn question(&self, feature: usize, split: &Split) -> Question {
        match (split.test, &self.bins[feature]) {
            (Test::AtMost { bin, missing_left }, Bins::Numeric { uppers, .. }) => {
                // Behind the last edge only missing numbers are.
                let value = uppers.get(usize::from(bin)).copied().unwrap_or(f32::MAX);
                Question::AtMost { value, bin, missing_left }
            }
            (Test::AtMost { bin, missing_left }, Bins::Categorical { .. }) => {
                Question::AtMost { value: f32::from(bin), bin, missing_left }
            }
            (Test::OneOf(chosen), bins) => one_of(bins, chosen),
        }
    }

    /// Parts the rows of a leaf; it keeps the left ones, and the right ones are returned as a new leaf.
    fn part(&mut self, leaf: &mut Leaf, node: usize, asked: &Node, split: &Split) -> Leaf {
        let feature = asked.feature as usize;
        let column = &self.binned.by_column[feature];
        let mut left_of = [false; 256];
        for (bin, is_left) in (0..=u8::MAX).zip(&mut left_of) {
            *is_left = goes_left(&asked.question, &self.bins[feature], bin);
        }
        self.right.clear();
        let mut kept = leaf.start;
        for at in leaf.start..leaf.end {
            let row = self.rows[at];
            if left_of[usize::from(column[row as usize])] {
                self.rows[kept] = row;
                kept += 1;
            } else {
                self.right.push(row);
            }
        }
        self.rows[kept..leaf.end].copy_from_slice(&self.right);
        let right = Leaf {
            start: kept,
            end: leaf.end,
            sum: leaf.sum.less(split.left),
            depth: leaf.depth + 1,
            l2: split.l2,
            parent: Some((node, false)),
            cells: None,
            best: None,
        };
        leaf.end = kept;
        leaf.sum = split.left;
        leaf.depth += 1;
        leaf.l2 = split.l2;
        leaf.parent = Some((node, true));
        right
    }

    /// Finds the best splits of two leaves that were one: the rows of the smaller are summed, the larger is the rest.
    fn measure_children(
        &mut self,
        leaves: &mut [Leaf],
        left: usize,
        right: usize,
        gradients: &[[f32; 2]],
        allowed: &[bool],
    ) {
        let Some(mut whole) = leaves[left].cells.take() else { return };
        let size = |leaf: &Leaf| leaf.end - leaf.start;
        let (depth, rows) = (self.limits.depth, 2.0 * self.limits.min_rows);
        let fits = |leaf: &Leaf| leaf.depth < depth && size(leaf) as f64 >= rows;
        let (small, large) = if size(&leaves[left]) <= size(&leaves[right]) { (left, right) } else { (right, left) };
        if !fits(&leaves[small]) && !fits(&leaves[large]) {
            self.spare.push(whole);
            return;
        }
        let mut cells = self.fresh();
        self.fill(&mut cells, leaves[small].start..leaves[small].end, gradients);
        if fits(&leaves[large]) {
            for (whole, part) in whole.iter_mut().flatten().zip(cells.iter().flatten()) {
                *whole = whole.less(*part);
            }
            leaves[large].best = self.best(&leaves[large], &whole, allowed);
            leaves[large].cells = Some(whole);
        } else {
            self.spare.push(whole);
        }
        if fits(&leaves[small]) {
            leaves[small].best = self.best(&leaves[small], &cells, allowed);
            leaves[small].cells = Some(cells);
        } else {
            self.spare.push(cells);
        }
    }

    /// The best split of a leaf, and its feature.
    fn best(&self, leaf: &Leaf, cells: &[Cells], allowed: &[bool]) -> Option<(usize, Split)> {
        if leaf.depth >= self.limits.depth {
            return None;
        }
        let rows = (leaf.end - leaf.start) as f64;
        let scan = Scan {
            limits: &self.limits,
            sum: leaf.sum,
            rows_per_hessian: if leaf.sum.hessian > 0.0 { rows / leaf.sum.hessian } else { 0.0 },
            rows,
            floor: self.limits.worth(leaf.sum, leaf.l2) + self.limits.min_gain,
        };
        let mut best: Option<(usize, Split)> = None;
        for (feature, (bins, cells)) in self.bins.iter().zip(cells).enumerate() {
            if !allowed[feature] {
                continue;
            }
            let split = match bins {
                Bins::Numeric { missing, .. } => scan.numeric(&cells[..bins.count()], missing.is_some()),
                Bins::Categorical { count, .. } => sets::best(&scan, &cells[..*count]),
            };
            if let Some(split) = split
                && best.as_ref().is_none_or(|(_, known)| split.gain > known.gain)
            {
                best = Some((feature, split));
            }
        }
        best
    }
}

/// What is known of a leaf while its splits are looked for.
pub struct Scan<'a> {
    /// Bounds.
    pub limits: &'a Limits,
    /// The leaf's sum.
    pub sum: Sum,
    /// Its rows by its Hessian: counts of rows are estimated by Hessians, as `LightGBM` does.
    pub rows_per_hessian: f64,
    /// Its rows.
    pub rows: f64,
    /// What a split must be worth.
    pub floor: f64,
}

impl Scan<'_> {
    /// About how many rows a sum is of.
    pub fn count(&self, sum: Sum) -> f64 {
        (sum.hessian * self.rows_per_hessian + 0.5).floor()
    }

    fn numeric(&self, cells: &[Sum], has_missing: bool) -> Option<Split> {
        let present = cells.len() - usize::from(has_missing);
        let missing = if has_missing { cells[present] } else { Sum::default() };
        let mut best = None;
        self.upwards(&cells[..present], None, has_missing, &mut best);
        if has_missing && missing.hessian > 0.0 {
            self.upwards(&cells[..present], Some(missing), has_missing, &mut best);
        }
        best
    }

    /// Tries each edge from low to high, missing values on the right, or on the left if they are given.
    fn upwards(&self, cells: &[Sum], missing_left: Option<Sum>, has_missing: bool, best: &mut Option<Split>) {
        let mut left = missing_left.unwrap_or_default();
        let mut rows = missing_left.map_or(0.0, |sum| self.count(sum));
        // The last edge parts all that is there from what is missing.
        let edges = if has_missing && missing_left.is_none() { cells.len() } else { cells.len().saturating_sub(1) };
        let mut floor = best.as_ref().map_or(self.floor, |split: &Split| split.gain + self.floor);
        for (bin, cell) in (0_u8..=u8::MAX).zip(&cells[..edges]) {
            left.add(*cell);
            rows += self.count(*cell);
            let right = self.sum.less(left);
            if rows < self.limits.min_rows || left.hessian < self.limits.min_hessian {
                continue;
            }
            if self.rows - rows < self.limits.min_rows || right.hessian < self.limits.min_hessian {
                break;
            }
            let l2 = self.limits.l2;
            let worth = self.limits.worth(left, l2) + self.limits.worth(right, l2);
            if worth > floor {
                floor = worth;
                // What was never missing goes where more rows are.
                let missing_left = if has_missing { missing_left.is_some() } else { rows * 2.0 >= self.rows };
                let test = Test::AtMost { bin, missing_left };
                *best = Some(Split { gain: worth - self.floor, test, left, l2 });
            }
        }
    }
}
