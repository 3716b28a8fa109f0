//! Small trees without a walk. The numbers that trees ask of a feature are sorted once, and of a row's number only its rank among them is kept, which is a
//! byte: `number <= threshold` is `rank <= rank of the threshold`. Then all nodes of a tree are asked, the lowest first, for [`WIDE`] rows at a time: each
//! takes the answer of its left or of its right child. A walk asks fewer nodes, but here one instruction asks for sixteen rows, and none waits for another.
//!
//! Ranks decide exactly as the numbers do, so that the leaves are those of a walk. `RapidScorer` (Ye et al., KDD 2018) compares bytes of many rows, too,
//! and keeps a bit for each leaf, where here each node has an answer.

use std::ops::Range;

use crate::{FEATURE, MISSING_LEFT, Number, Trees};

/// Rows that are asked at once.
pub(crate) const WIDE: usize = 64;
/// The most leaves of a tree that is asked so: a walk through a larger one is shorter than all its nodes.
const MOST_LEAVES: usize = 256;
/// The most numbers that are asked of a feature, so that ranks are bytes.
const MOST_THRESHOLDS: usize = u8::MAX as usize;

/// A byte for each of some rows.
pub(crate) type Bytes = [u8; WIDE];

/// The trees that are asked by ranks.
#[derive(Debug, Clone)]
pub(crate) struct Ranks<C> {
    thresholds: Vec<C>,
    plan: Plan,
}

/// What holds for each kind of numbers.
#[derive(Debug, Clone, Default)]
struct Plan {
    groups: Vec<Group>,
    /// For each tree, if it is asked so.
    trees: Vec<Option<Tree>>,
    steps: Vec<Step>,
    leaves: Vec<u32>,
    /// Places for answers.
    places: usize,
}

/// Successive trees that ask no more than [`MOST_THRESHOLDS`] numbers of a feature together.
#[derive(Debug, Clone)]
struct Group {
    asked: Vec<Asked>,
    columns: usize,
}

/// A feature that trees of a group ask.
#[derive(Debug, Clone)]
struct Asked {
    feature: usize,
    /// Its numbers: one less than a power of two, filled up with infinity.
    thresholds: Range<usize>,
    /// The column of its ranks where missing values go right, and where they go left.
    columns: [Option<usize>; 2],
}

/// A tree is its steps, the last of which finds the leaves.
#[derive(Debug, Clone)]
struct Tree {
    group: usize,
    steps: Range<usize>,
    leaves: Range<usize>,
}

/// A node: rows of at most this rank take the answer that lies at `left`, the others that at `right`.
#[derive(Debug, Clone, Copy)]
struct Step {
    column: u32,
    left: u16,
    right: u16,
    to: u16,
    rank: u8,
}

/// What is known of the rows of a block.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// The group whose ranks these are.
    group: Option<usize>,
    /// For each [`WIDE`] rows, the columns of the group.
    ranks: Vec<Bytes>,
    /// The number of each leaf, then answers of nodes.
    answers: Vec<Bytes>,
}

impl Known {
    /// Other rows follow.
    pub(crate) fn forget(&mut self) {
        self.group = None;
    }
}

impl<C: Number> Ranks<C> {
    /// Those of `trees` for which it is worth it.
    pub(crate) fn new(trees: &Trees<C>) -> Self {
        let mut making = Making { features: vec![Feature::default(); trees.features], ..Making::default() };
        for (tree, root) in trees.roots.iter().enumerate() {
            let first = root.node as usize;
            let end = trees.roots.get(tree + 1).map_or(trees.nodes.len(), |root| root.node as usize);
            let nodes = (first..end).map(|at| {
                let node = &trees.nodes[at];
                Node {
                    threshold: node.threshold.double(),
                    feature: node.feature & FEATURE,
                    missing_left: node.feature >= MISSING_LEFT,
                    left: node.left - root.node,
                    leaf: trees.extra[at],
                }
            });
            let small = root.plain && end - first < 2 * MOST_LEAVES;
            making.add(if small { nodes.collect() } else { Vec::new() });
        }
        making.close();
        Self { thresholds: making.thresholds.into_iter().map(C::narrow).collect(), plan: making.plan }
    }

    /// The leaf of each row in a tree, as [`Trees::leaves`]; false if it is no tree that is asked so.
    pub(crate) fn leaves(&self, tree: usize, rows: &[C], width: usize, known: &mut Known, leaves: &mut [u32]) -> bool {
        let Some(tree) = self.plan.trees.get(tree).and_then(Option::as_ref) else { return false };
        let group = &self.plan.groups[tree.group];
        if known.group != Some(tree.group) {
            known.group = Some(tree.group);
            known.ranks.resize(leaves.len().div_ceil(WIDE) * group.columns, [0; WIDE]);
            let wide = rows.chunks(WIDE * width).zip(known.ranks.chunks_exact_mut(group.columns));
            for (rows, columns) in wide {
                for asked in &group.asked {
                    let mut ranks = [0; WIDE];
                    let mut missing = [0; WIDE];
                    let thresholds = &self.thresholds[asked.thresholds.clone()];
                    C::rank(&rows[asked.feature..], width, thresholds, &mut ranks, &mut missing);
                    if let Some(column) = asked.columns[1] {
                        columns[column] = ranks;
                    }
                    if let Some(column) = asked.columns[0] {
                        columns[column] = std::array::from_fn(|row| ranks[row] | missing[row]);
                    }
                }
            }
        }
        self.plan.ask(tree, group.columns, known, leaves);
        true
    }
}

/// The rank of each number, that is how many thresholds are smaller, and [`u8::MAX`] for those that are missing, whose rank is 0. Thresholds are one
/// less than a power of two.
#[inline]
pub(crate) fn rank<C: Number>(rows: &[C], width: usize, thresholds: &[C], ranks: &mut Bytes, missing: &mut Bytes) {
    const AT_ONCE: usize = 8;
    for (first, (ranks, missing)) in
        ranks.as_chunks_mut::<AT_ONCE>().0.iter_mut().zip(missing.as_chunks_mut::<AT_ONCE>().0).enumerate()
    {
        let values: [C; AT_ONCE] =
            std::array::from_fn(|row| rows.get((first * AT_ONCE + row) * width).copied().unwrap_or_default());
        let mut found = [0_usize; AT_ONCE];
        let mut half = thresholds.len().div_ceil(2);
        while half > 0 {
            for (found, value) in found.iter_mut().zip(&values) {
                let next = *found + half;
                *found = if thresholds[next - 1] < *value { next } else { *found };
            }
            half /= 2;
        }
        for row in 0..AT_ONCE {
            ranks[row] = u8::try_from(found[row]).unwrap_or(u8::MAX);
            missing[row] = if values[row].missing() { u8::MAX } else { 0 };
        }
    }
}

impl Plan {
    fn ask(&self, tree: &Tree, columns: usize, known: &mut Known, leaves: &mut [u32]) {
        while known.answers.len() < self.places {
            known.answers.push([u8::try_from(known.answers.len()).unwrap_or(u8::MAX); WIDE]);
        }
        let (steps, ends) = (&self.steps[tree.steps.clone()], &self.leaves[tree.leaves.clone()]);
        let answers = known.answers.as_mut_slice();
        for (columns, leaves) in known.ranks.chunks_exact(columns).zip(leaves.chunks_mut(WIDE)) {
            let mut last = 0;
            for step in steps {
                let (ranks, left, right) =
                    (&columns[step.column as usize], &answers[step.left as usize], &answers[step.right as usize]);
                // Written so that it becomes instructions for 16 bytes.
                let answer: Bytes = std::array::from_fn(|row| {
                    let chosen = if ranks[row] <= step.rank { u8::MAX } else { 0 };
                    right[row] ^ ((left[row] ^ right[row]) & chosen)
                });
                answers[step.to as usize] = answer;
                last = step.to;
            }
            for (leaf, end) in leaves.iter_mut().zip(&answers[last as usize]) {
                *leaf = ends[*end as usize];
            }
        }
    }
}

/// A node as plans are made from.
#[derive(Debug, Clone, Copy)]
struct Node {
    threshold: f64,
    feature: u32,
    missing_left: bool,
    /// The left child, counted from the root; itself for a leaf.
    left: u32,
    leaf: u32,
}

impl Node {
    fn is_split(&self, at: usize) -> bool {
        self.left as usize != at
    }
}

/// What the group that is being made asks of a feature.
#[derive(Debug, Clone, Default)]
struct Feature {
    /// Ascending.
    thresholds: Vec<f64>,
    columns: [Option<usize>; 2],
}

/// Groups the trees.
#[derive(Debug, Default)]
struct Making {
    plan: Plan,
    thresholds: Vec<f64>,
    /// The trees of the group that is being made: their numbers and nodes.
    trees: Vec<(usize, Vec<Node>)>,
    /// Those of rows, which take more room than this, as nothing is made for few.
    features: Vec<Feature>,
    /// Those of them that are asked.
    asked: Vec<usize>,
}

/// Where a number is among ascending ones, or belongs.
fn place(sorted: &[f64], threshold: f64) -> Result<usize, usize> {
    let at = sorted.partition_point(|known| *known < threshold);
    if sorted.get(at) == Some(&threshold) { Ok(at) } else { Err(at) }
}

impl Making {
    /// The next tree; one without nodes is walked.
    fn add(&mut self, nodes: Vec<Node>) {
        let number = self.plan.trees.len();
        self.plan.trees.push(None);
        let splits = || nodes.iter().enumerate().filter(|(at, node)| node.is_split(*at)).map(|(_, node)| node);
        if splits().count() == 0 || splits().any(|node| node.threshold.is_nan()) {
            return;
        }
        if !self.join(&nodes) {
            self.close();
            // A tree alone does not ask too much.
            self.join(&nodes);
        }
        self.trees.push((number, nodes));
    }

    /// Adds what a tree asks to what the group asks, unless that is too much then.
    fn join(&mut self, nodes: &[Node]) -> bool {
        let mut added = Vec::new();
        for (at, node) in nodes.iter().enumerate().filter(|(at, node)| node.is_split(*at)) {
            let feature = node.feature as usize;
            let known = &mut self.features[feature].thresholds;
            let Err(new) = place(known, node.threshold) else { continue };
            if known.is_empty() {
                self.asked.push(feature);
            }
            known.insert(new, node.threshold);
            added.push(at);
            if known.len() > MOST_THRESHOLDS {
                for node in added.into_iter().map(|at| nodes[at]) {
                    let known = &mut self.features[node.feature as usize].thresholds;
                    if let Ok(old) = place(known, node.threshold) {
                        known.remove(old);
                    }
                }
                self.asked.retain(|feature| !self.features[*feature].thresholds.is_empty());
                return false;
            }
        }
        true
    }

    /// Ends a group. Finding ranks of some ten features takes as long as a walk, so that few trees that ask many features are better walked.
    fn close(&mut self) {
        let (trees, asked) = (std::mem::take(&mut self.trees), std::mem::take(&mut self.asked));
        if 8 * trees.len() < asked.len() || trees.is_empty() {
            for feature in asked {
                self.features[feature] = Feature::default();
            }
            return;
        }
        let number = self.plan.groups.len();
        let mut columns = 0;
        for (tree, nodes) in trees {
            let (steps, leaves) = (self.plan.steps.len(), self.plan.leaves.len());
            let mut places = vec![0_u16; nodes.len()];
            let (mut free, mut end) = (Vec::new(), MOST_LEAVES);
            // Children lie behind their parents, so that this way they are answered before.
            for (at, node) in nodes.iter().enumerate().rev() {
                if !node.is_split(at) {
                    places[at] = small(self.plan.leaves.len() - leaves);
                    self.plan.leaves.push(node.leaf);
                    continue;
                }
                let feature = &mut self.features[node.feature as usize];
                let column = *feature.columns[usize::from(node.missing_left)].get_or_insert_with(|| {
                    columns += 1;
                    columns - 1
                });
                let [left, right] = [0, 1].map(|side| places[node.left as usize + side]);
                free.extend([left, right].into_iter().filter(|place| usize::from(*place) >= MOST_LEAVES));
                let to = free.pop().unwrap_or_else(|| {
                    end += 1;
                    small(end - 1)
                });
                places[at] = to;
                let rank = place(&feature.thresholds, node.threshold).unwrap_or_else(|at| at);
                let rank = u8::try_from(rank).unwrap_or(u8::MAX);
                self.plan.steps.push(Step { column: u32::try_from(column).unwrap_or(u32::MAX), left, right, to, rank });
            }
            self.plan.places = self.plan.places.max(end);
            self.plan.trees[tree] = Some(Tree {
                group: number,
                steps: steps..self.plan.steps.len(),
                leaves: leaves..self.plan.leaves.len(),
            });
        }
        let asked = asked.into_iter().map(|feature| {
            let Feature { thresholds, columns } = std::mem::take(&mut self.features[feature]);
            let (start, size) = (self.thresholds.len(), (thresholds.len() + 1).next_power_of_two() - 1);
            self.thresholds.extend(&thresholds);
            self.thresholds.resize(start + size, f64::INFINITY);
            Asked { feature, thresholds: start..start + size, columns }
        });
        self.plan.groups.push(Group { asked: asked.collect(), columns });
    }
}

/// Places of answers are fewer than twice [`MOST_LEAVES`].
fn small(place: usize) -> u16 {
    u16::try_from(place).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests;
