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
mod tests {
    use super::*;
    use crate::{Branch, FEW, Leaves, Test};

    /// The same random numbers each time.
    struct Random(u64);

    impl Random {
        fn below(&mut self, end: usize) -> usize {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(self.0 >> 33).unwrap() % end
        }

        /// One that is special, or one of `many` others, each of which is exact as a float.
        fn number(&mut self, many: usize) -> f64 {
            const SPECIAL: [f64; 8] = [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, 1.0, -1.0, f64::MAX, 0.25];
            match self.below(8) {
                0 => f64::from(narrow(SPECIAL[self.below(SPECIAL.len())])),
                1 => f64::from(f32::from_bits(1)),
                _ => f64::from(narrow(self.below(many) as f64 / 8.0 - 5.0)),
            }
        }

        /// A tree with so many leaves, numbered from `first`, whose tests are about some of `features`.
        fn tree(&mut self, leaves: usize, first: usize, features: usize, many: usize, odd: bool) -> Vec<Branch> {
            let mut branches = vec![Branch::Leaf(first)];
            let mut ends = vec![0];
            for leaf in 1..leaves {
                // The newest leaf every other time, so that trees are deep.
                let end = if self.below(2) == 0 { ends.len() - 1 } else { self.below(ends.len()) };
                let at = ends.swap_remove(end);
                let threshold = self.number(many);
                let test = match self.below(if odd { 6 } else { 4 }) {
                    // Nothing is below minus infinity.
                    2 | 3 if odd || threshold > f64::NEG_INFINITY => Test::Less(threshold),
                    4 => Test::AtMost(f64::NAN),
                    5 => Test::Equal(threshold),
                    _ => Test::AtMost(threshold),
                };
                let (left, missing_left) = (branches.len(), self.below(2) == 0);
                let old = Branch::Split { feature: self.below(features), test, missing_left, left, right: left + 1 };
                let leaf_before = std::mem::replace(&mut branches[at], old);
                branches.push(leaf_before);
                branches.push(Branch::Leaf(first + leaf));
                ends.extend([left, left + 1]);
            }
            branches
        }
    }

    #[allow(clippy::cast_possible_truncation, reason = "numbers are rounded")]
    fn narrow(number: f64) -> f32 {
        number as f32
    }

    /// The leaf, as the definition has it.
    #[allow(clippy::float_cmp, reason = "that is what is asked")]
    fn plainly(branches: &[Branch], row: &[f64]) -> u32 {
        let mut at = 0;
        loop {
            match &branches[at] {
                Branch::Leaf(leaf) => return u32::try_from(*leaf).unwrap(),
                Branch::Split { feature, test, missing_left, left, right } => {
                    let value = row[*feature];
                    let passes = match test {
                        _ if value.is_nan() => *missing_left,
                        Test::AtMost(threshold) => value <= *threshold,
                        Test::Less(threshold) => value < *threshold,
                        Test::Equal(threshold) => value == *threshold,
                        _ => unreachable!("no such test is made"),
                    };
                    at = if passes { *left } else { *right };
                }
            }
        }
    }

    /// The leaves of rows in all trees, and the bits of the sums of their weights.
    fn found<C: Number>(trees: &Trees<C>, rows: &[C], width: usize, weights: &[Vec<(u32, C)>]) -> (Vec<u32>, Vec<u64>) {
        let (count, weights) = (rows.len() / width, Leaves::new(weights, 1));
        let (mut leaves, mut sums) = (vec![0; count * trees.count()], vec![C::default(); count]);
        let mut calls = 0;
        trees.each(rows, width, |first, found| {
            let tree = calls % trees.count();
            calls += 1;
            leaves[tree * count + first..][..found.len()].copy_from_slice(found);
            weights.add(found, &mut sums[first..first + found.len()], 1);
        });
        (leaves, sums.iter().map(|sum| sum.double().to_bits()).collect())
    }

    #[test]
    fn ranks_find_the_leaves_of_a_plain_walk_and_sums_have_the_same_bits() {
        let mut random = Random(1);
        let (mut ranked, mut walked, mut groups) = (0, 0, 0);
        for round in 0..60 {
            let (features, many) = (1 + random.below(6), [4, 40, 600][round % 3]);
            let width = features + random.below(3);
            let odd = random.below(4) == 0;
            let mut first = 0;
            let forest: Vec<Vec<Branch>> = (0..=random.below(30))
                .map(|_| {
                    let most = [4, 32, 120, 300][random.below(4)];
                    let leaves = 1 + random.below(most);
                    first += leaves;
                    random.tree(leaves, first - leaves, features, many, odd && round % 2 == 0)
                })
                .collect();
            let mut floats = Trees::<f32>::new();
            let mut doubles = Trees::<f64>::new();
            for branches in &forest {
                floats.add(branches, 0).unwrap();
                doubles.add(branches, 0).unwrap();
            }
            let count = [1, FEW, 63, 64, 65, 512, 513, 600][random.below(8)];
            let rows: Vec<f64> = (0..count * width)
                .map(|_| match random.below(6) {
                    0 => f64::NAN,
                    1 => f64::from(narrow(random.number(many)).next_up()),
                    2 => f64::from(narrow(random.number(many)).next_down()),
                    _ => random.number(many),
                })
                .collect();
            let weights: Vec<f64> = (0..first).map(|_| 1.0 / (1 + random.below(1000)) as f64).collect();

            let expected: Vec<u32> = forest
                .iter()
                .flat_map(|branches| rows.chunks_exact(width).map(|row| plainly(branches, row)).collect::<Vec<_>>())
                .collect();
            let sum = |row: usize| expected[row..].iter().step_by(count).map(|leaf| weights[*leaf as usize]);
            let wide = (0..count).map(|row| sum(row).fold(0.0, |sum, weight| sum + weight).to_bits()).collect();
            let single = (0..count)
                .map(|row| f64::from(sum(row).fold(0.0_f32, |sum, weight| sum + narrow(weight))).to_bits())
                .collect();

            let narrowed: Vec<f32> = rows.iter().copied().map(narrow).collect();
            let by_leaf: Vec<Vec<(u32, f32)>> = weights.iter().map(|weight| vec![(0, narrow(*weight))]).collect();
            assert_eq!(found(&floats, &narrowed, width, &by_leaf), (expected.clone(), single), "round {round}");
            let by_leaf: Vec<Vec<(u32, f64)>> = weights.iter().map(|weight| vec![(0, *weight)]).collect();
            assert_eq!(found(&doubles, &rows, width, &by_leaf), (expected.clone(), wide), "round {round}, doubles");
            assert_eq!(found(&floats.widened(), &rows, width, &by_leaf).0, expected, "round {round}, widened");

            assert_eq!(floats.ranks.get().is_some(), count > 1, "one row walks");
            if let Some(ranks) = floats.ranks.get() {
                let trees = ranks.plan.trees.iter().flatten().count();
                (ranked, walked) = (ranked + trees, walked + forest.len() - trees);
                groups = groups.max(ranks.plan.groups.len());
            }
        }
        assert!(ranked > 200 && walked > 50 && groups > 1, "{ranked} trees by ranks, {walked} walked, {groups} groups");
    }

    #[test]
    fn few_trees_that_ask_many_features_are_walked() {
        let mut trees = Trees::<f32>::new();
        trees.add(&Random(1).tree(40, 0, 200, 40, false), 0).unwrap();
        assert!(Ranks::new(&trees).plan.trees[0].is_none());
        for _ in 0..200 {
            trees.add(&Random(1).tree(40, 0, 200, 40, false), 0).unwrap();
        }
        assert!(Ranks::new(&trees).plan.trees.iter().all(Option::is_some));
    }

    /// A tree that asks these features for these numbers, one behind the other.
    fn chain(asked: impl IntoIterator<Item = (usize, f64)>) -> Vec<Branch> {
        let mut branches = Vec::new();
        for (leaf, (feature, threshold)) in asked.into_iter().enumerate() {
            let (test, left) = (Test::AtMost(threshold), branches.len() + 1);
            branches.push(Branch::Split { feature, test, missing_left: false, left, right: left + 1 });
            branches.push(Branch::Leaf(leaf));
        }
        branches.push(Branch::Leaf(branches.len() / 2));
        branches
    }

    #[test]
    fn a_group_ends_where_a_feature_is_asked_for_too_many_numbers() {
        let one_by_one = (0..255).map(f64::from).chain([-1.0]).map(|threshold| chain([(0, threshold)])).collect();
        let wide = chain((0..150).map(|at| (0, f64::from(at))).chain((1..10).map(|feature| (feature, 0.0))));
        let dropped = vec![wide, chain((0..150).map(|at| (0, f64::from(at) + 0.5)))];
        for (forest, groups, ranked) in [(one_by_one, 2, 256), (dropped, 1, 1)] {
            let forest: Vec<Vec<Branch>> = forest;
            let mut trees = Trees::<f64>::new();
            for branches in &forest {
                trees.add(branches, 0).unwrap();
            }
            let rows: Vec<f64> = (-2..300).flat_map(|value| vec![f64::from(value); 10]).collect();
            let weights = vec![vec![(0, 1.0)]; 256];
            let expected: Vec<u32> =
                forest.iter().flat_map(|branches| rows.chunks_exact(10).map(|row| plainly(branches, row))).collect();
            assert_eq!(found(&trees, &rows, 10, &weights).0, expected);
            let plan = &trees.ranks.get().unwrap().plan;
            assert_eq!((plan.groups.len(), plan.trees.iter().flatten().count()), (groups, ranked));
        }
    }
}
