//! Ensembles of decision trees, laid out flat: a walk through a tree reads one node of 12 or 16 bytes a step, and the two children of a node lie
//! side by side, so that a step is arithmetic and no branch. Trees are outside, rows of a block inside: a tree stays in the processor's cache.
//! Where there are rows enough, trees of up to 256 leaves are not walked, but asked by ranks (`ranks.rs`).
//!
//! A crate of its own, because it is where a model's time goes: it is compiled for speed also where all around it is compiled for size. So that it
//! is, what runs for each row is no generic function, which would be compiled where it is called.

mod ranks;

use std::sync::OnceLock;

use ranks::{Bytes, Known, Ranks};

/// Branches that are no trees, and why.
#[derive(Debug)]
pub struct Error(pub String);

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

macro_rules! refuse {
    ($($text:tt)*) => { return Err(Error(format!($($text)*))) };
}

/// Rows that are walked side by side, so that the processor waits for several nodes at once.
const LANES: usize = 8;
/// Rows of a block.
const BLOCK: usize = 512;
/// Fewer rows walk, as nothing is prepared for that.
const FEW: usize = 24;
/// The most nodes of an ensemble.
const MOST_NODES: usize = 1 << 26;

const FEATURE: u32 = (1 << 27) - 1;
const MODE: u32 = 3 << 28;
const EQUAL: u32 = 1 << 28;
const MEMBER: u32 = 2 << 28;
const ZERO: u32 = 3 << 28;
/// `<` became `<=` of the next smaller number.
const STRICT: u32 = 1 << 30;
/// A missing value goes left.
const MISSING_LEFT: u32 = 1 << 31;

/// A number that features are compared as, and that leaves are summed as: `f32` or `f64`.
pub trait Number: Copy + PartialOrd + Default + std::ops::AddAssign + Send + Sync + 'static {
    /// Above all others.
    const INFINITY: Self;
    /// The next smaller number; none of those that compare below minus infinity.
    #[must_use]
    fn below(self) -> Self;
    /// Whether it stands for a missing value.
    fn missing(self) -> bool;
    /// As a double.
    fn double(self) -> f64;
    /// The nearest number to a double.
    fn narrow(value: f64) -> Self;
    /// [`Trees::leaves`].
    fn leaves(trees: &Trees<Self>, tree: usize, rows: &[Self], width: usize, leaves: &mut [u32]);
    /// [`ranks::rank`].
    #[doc(hidden)]
    fn rank(rows: &[Self], width: usize, thresholds: &[Self], ranks: &mut Bytes, missing: &mut Bytes);
    /// [`Leaves::add`].
    fn add(weights: &Leaves<Self>, leaves: &[u32], scores: &mut [Self], targets: usize);
}

macro_rules! number {
    ($($float:ident),+) => {$(
        impl Number for $float {
            const INFINITY: Self = $float::INFINITY;
            fn below(self) -> Self {
                if self == $float::NEG_INFINITY { $float::NAN } else { self.next_down() }
            }
            fn missing(self) -> bool {
                self.is_nan()
            }
            fn double(self) -> f64 {
                f64::from(self)
            }
            #[allow(clippy::cast_possible_truncation, clippy::cast_lossless, reason = "callers know that it fits, or want it rounded")]
            fn narrow(value: f64) -> Self {
                value as $float
            }
            fn leaves(trees: &Trees<Self>, tree: usize, rows: &[Self], width: usize, leaves: &mut [u32]) {
                trees.find(tree, rows, width, leaves);
            }
            fn rank(rows: &[Self], width: usize, thresholds: &[Self], ranks: &mut Bytes, missing: &mut Bytes) {
                ranks::rank(rows, width, thresholds, ranks, missing);
            }
            fn add(weights: &Leaves<Self>, leaves: &[u32], scores: &mut [Self], targets: usize) {
                weights.sum(leaves, scores, targets);
            }
        }
    )+};
}
number!(f32, f64);

/// How a node decides.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// At most so much goes left.
    AtMost(f64),
    /// Less goes left.
    Less(f64),
    /// Equal goes left.
    Equal(f64),
    /// A member of these goes left, compared exactly.
    Member(Vec<f64>),
    /// A category of this set of bits goes left; fractions are cut off.
    Category(Vec<u32>),
    /// At most so much goes left; zero is a missing value.
    ZeroMissing(f64),
}

/// A node of a tree as its readers give it.
#[derive(Debug, Clone)]
pub enum Branch {
    /// A decision. Children are indices into the same tree.
    Split {
        /// The feature that is asked, from 0.
        feature: usize,
        /// What is asked.
        test: Test,
        /// Whether a missing value goes left.
        missing_left: bool,
        /// The child of values that pass.
        left: usize,
        /// The child of the others.
        right: usize,
    },
    /// An end, with an index that the reader knows.
    Leaf(usize),
}

#[derive(Debug, Clone, Copy)]
struct Node<C> {
    threshold: C,
    /// The feature, and how it decides.
    feature: u32,
    /// The left child, with the right one behind it; itself for a leaf.
    left: u32,
}

#[derive(Debug, Clone)]
enum Set {
    Exact(Vec<f64>),
    Bits(Vec<u32>),
}

impl Set {
    fn has(&self, value: f64) -> bool {
        match self {
            Self::Exact(values) => values.binary_search_by(|known| known.total_cmp(&(value + 0.0))).is_ok(),
            Self::Bits(bits) => {
                #[allow(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "categories are cut to whole numbers"
                )]
                let category = if value > -1.0 && value < 4e9 { value.trunc().abs() as usize } else { return false };
                bits.get(category / 32).is_some_and(|word| word >> (category % 32) & 1 == 1)
            }
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Root {
    node: u32,
    /// Steps that no path has fewer of, and none more of.
    shallowest: u32,
    deepest: u32,
    /// All decisions of the tree are by `<=`.
    plain: bool,
}

/// Where a walk through the trees ends.
#[derive(Debug, Clone)]
pub struct Trees<C> {
    nodes: Vec<Node<C>>,
    /// For each node: the set that it asks, or the leaf that it is.
    extra: Vec<u32>,
    roots: Vec<Root>,
    sets: Vec<Set>,
    /// Features that rows must have.
    features: usize,
    /// How small trees are asked. Made when there are rows enough for it.
    ranks: OnceLock<Ranks<C>>,
}

impl<C: Number> Default for Trees<C> {
    fn default() -> Self {
        Self::new()
    }
}

impl<C: Number> Trees<C> {
    /// No trees yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            nodes: Vec::new(),
            extra: Vec::new(),
            roots: Vec::new(),
            sets: Vec::new(),
            features: 0,
            ranks: OnceLock::new(),
        }
    }

    /// How many trees.
    #[must_use]
    pub fn count(&self) -> usize {
        self.roots.len()
    }

    /// How many features rows must have.
    #[must_use]
    pub fn features(&self) -> usize {
        self.features
    }

    /// How many nodes.
    #[must_use]
    pub fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// Adds a tree, whose root is the branch `root`. A node that is met twice, or a child that is not there, is refused.
    ///
    /// # Errors
    /// The branches are no tree, or all trees together have too many.
    pub fn add(&mut self, branches: &[Branch], root: usize) -> Result<(), Error> {
        self.plant(branches, &[root])
    }

    /// Adds several trees whose branches lie in one list.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub fn plant(&mut self, branches: &[Branch], roots: &[usize]) -> Result<(), Error> {
        self.ranks = OnceLock::new();
        let mut met = vec![usize::MAX; branches.len()];
        for root in roots {
            self.grow(branches, *root, &mut met)?;
        }
        Ok(())
    }

    /// Adds a tree. `met` has for each branch the last tree that it was met in.
    fn grow(&mut self, branches: &[Branch], root: usize, met: &mut [usize]) -> Result<(), Error> {
        let first = self.reserve(1)?;
        let mut plain = true;
        let (mut shallowest, mut deepest) = (u32::MAX, 0);
        // A queue keeps the upper levels of a tree, which all rows meet, close together.
        let mut queue = std::collections::VecDeque::from([(root, first, 0_u32)]);
        while let Some((at, place, depth)) = queue.pop_front() {
            match met.get_mut(at) {
                Some(tree) if *tree != self.roots.len() => *tree = self.roots.len(),
                Some(_) => refuse!("node {at} of tree {} is met twice", self.roots.len()),
                None => refuse!("tree {} has no node {at}", self.roots.len()),
            }
            let slot = place as usize;
            match &branches[at] {
                Branch::Leaf(leaf) => {
                    self.nodes[slot] = Node { threshold: C::INFINITY, feature: MISSING_LEFT, left: place };
                    self.extra[slot] = u32::try_from(*leaf).unwrap_or(u32::MAX);
                    shallowest = shallowest.min(depth);
                    deepest = deepest.max(depth);
                }
                Branch::Split { feature, test, missing_left, left, right } => {
                    let Some(number) = u32::try_from(*feature).ok().filter(|number| *number < FEATURE) else {
                        refuse!("feature {feature} is beyond what a model may have");
                    };
                    self.features = self.features.max(feature + 1);
                    let (threshold, mode) = self.decide(test, slot);
                    plain &= mode & MODE == 0;
                    let missing = if *missing_left { MISSING_LEFT } else { 0 };
                    let children = self.reserve(2)?;
                    self.nodes[slot] = Node { threshold, feature: number | mode | missing, left: children };
                    queue.push_back((*left, children, depth + 1));
                    queue.push_back((*right, children + 1, depth + 1));
                }
            }
        }
        self.roots.push(Root { node: first, shallowest, deepest, plain });
        Ok(())
    }

    fn reserve(&mut self, count: usize) -> Result<u32, Error> {
        let first = self.nodes.len();
        if first + count > MOST_NODES {
            refuse!("the trees have more than {MOST_NODES} nodes");
        }
        self.nodes.resize(first + count, Node { threshold: C::INFINITY, feature: MISSING_LEFT, left: 0 });
        self.extra.resize(first + count, u32::MAX);
        Ok(u32::try_from(first).unwrap_or(u32::MAX))
    }

    fn decide(&mut self, test: &Test, slot: usize) -> (C, u32) {
        let mut ask = |set: Set| {
            self.extra[slot] = u32::try_from(self.sets.len()).unwrap_or(u32::MAX);
            self.sets.push(set);
            (C::default(), MEMBER)
        };
        match test {
            Test::AtMost(threshold) => (C::narrow(*threshold), 0),
            Test::Less(threshold) => (C::narrow(*threshold).below(), STRICT),
            Test::Equal(threshold) => (C::narrow(*threshold), EQUAL),
            Test::ZeroMissing(threshold) => (C::narrow(*threshold), ZERO),
            Test::Member(values) => {
                // Zero has two forms, which are equal.
                let mut values: Vec<f64> = values.iter().map(|value| value + 0.0).collect();
                values.sort_unstable_by(f64::total_cmp);
                ask(Set::Exact(values))
            }
            Test::Category(bits) => ask(Set::Bits(bits.clone())),
        }
    }

    /// Calls `then` with the leaf of each row in a tree, for each block of rows and each tree, in their order, and with the first of these rows. `rows` are
    /// row-major, each of `width` features, which [`Self::features`] must not exceed.
    pub fn each(&self, rows: &[C], width: usize, mut then: impl FnMut(usize, &[u32])) {
        let mut leaves = vec![0; BLOCK.min(rows.len() / width)];
        let mut known = Known::default();
        for (block, rows) in rows.chunks(BLOCK * width).enumerate() {
            let leaves = &mut leaves[..rows.len() / width];
            let ranks = (leaves.len() >= FEW).then(|| self.ranks.get_or_init(|| Ranks::new(self)));
            known.forget();
            for tree in 0..self.count() {
                if !ranks.is_some_and(|ranks| ranks.leaves(tree, rows, width, &mut known, leaves)) {
                    self.leaves(tree, rows, width, leaves);
                }
                then(block * BLOCK, leaves);
            }
        }
    }

    /// The leaf of each row in one tree. `rows` are those of a block, row-major, each of `width` features, which [`Self::features`] must not exceed.
    fn leaves(&self, tree: usize, rows: &[C], width: usize, leaves: &mut [u32]) {
        C::leaves(self, tree, rows, width, leaves);
    }

    #[inline]
    fn find(&self, tree: usize, rows: &[C], width: usize, leaves: &mut [u32]) {
        let Some(root) = self.roots.get(tree) else { return };
        let (groups, rest) = leaves.as_chunks_mut::<LANES>();
        let mut first = 0;
        for group in groups {
            let starts: [usize; LANES] = std::array::from_fn(|lane| (first + lane) * width);
            first += LANES;
            let ends = if root.plain { self.walk(root, rows, &starts) } else { self.walk_any(root, rows, &starts) };
            for (leaf, end) in group.iter_mut().zip(ends) {
                *leaf = self.extra[end as usize];
            }
        }
        for leaf in rest {
            let starts = [first * width];
            first += 1;
            let ends = if root.plain { self.walk(root, rows, &starts) } else { self.walk_any(root, rows, &starts) };
            *leaf = self.extra[ends[0] as usize];
        }
    }

    /// Walks by `<=` alone.
    #[inline]
    fn walk<const N: usize>(&self, root: &Root, rows: &[C], starts: &[usize; N]) -> [u32; N] {
        let nodes = self.nodes.as_slice();
        let mut at = [root.node; N];
        let step = |at: &mut [u32; N]| {
            let mut moved = 0;
            for lane in 0..N {
                let node = &nodes[at[lane] as usize];
                let value = rows[starts[lane] + (node.feature & FEATURE) as usize];
                let missing_left = node.feature >= MISSING_LEFT;
                let left = (value <= node.threshold) | (missing_left & value.missing());
                let next = node.left + u32::from(!left);
                moved |= next ^ at[lane];
                at[lane] = next;
            }
            moved
        };
        for _ in 0..root.shallowest {
            step(&mut at);
        }
        for _ in root.shallowest..root.deepest {
            if step(&mut at) == 0 {
                break;
            }
        }
        at
    }

    /// Walks by whatever the nodes ask.
    fn walk_any<const N: usize>(&self, root: &Root, rows: &[C], starts: &[usize; N]) -> [u32; N] {
        starts.map(|start| {
            let mut at = root.node;
            loop {
                let node = &self.nodes[at as usize];
                if node.left == at {
                    return at;
                }
                let value = rows[start + (node.feature & FEATURE) as usize];
                let missing = value.missing();
                let left = match node.feature & MODE {
                    _ if missing => node.feature >= MISSING_LEFT,
                    EQUAL => value == node.threshold,
                    MEMBER => self.sets[self.extra[at as usize] as usize].has(value.double()),
                    // What LightGBM takes for zero.
                    ZERO if value.double().abs() <= f64::from(1e-35_f32) => node.feature >= MISSING_LEFT,
                    _ => value <= node.threshold,
                };
                at = node.left + u32::from(!left);
            }
        })
    }
}

impl Trees<f32> {
    /// The same trees for rows of doubles: decisions of exactly the same thresholds.
    #[must_use]
    pub fn widened(&self) -> Trees<f64> {
        let widen = |node: &Node<f32>| {
            let strict = node.feature & STRICT != 0;
            let threshold =
                if strict { f64::from(node.threshold.next_up()).below() } else { f64::from(node.threshold) };
            Node { threshold, feature: node.feature, left: node.left }
        };
        Trees {
            nodes: self.nodes.iter().map(widen).collect(),
            extra: self.extra.clone(),
            roots: self.roots.clone(),
            sets: self.sets.clone(),
            features: self.features,
            ranks: OnceLock::new(),
        }
    }
}

/// What leaves add to the outputs.
#[derive(Debug, Clone)]
pub struct Leaves<V> {
    /// Leaf `n` has the weights from `starts[n]` to `starts[n + 1]`.
    starts: Vec<u32>,
    targets: Vec<u32>,
    values: Vec<V>,
    /// Each leaf has one weight: `values[n]`.
    single: bool,
    /// There is but one target.
    one: bool,
}

impl<V: Number> Leaves<V> {
    /// From the weights of each leaf: target and value.
    #[must_use]
    pub fn new(weights: &[Vec<(u32, V)>], targets: usize) -> Self {
        let mut leaves = Self {
            starts: vec![0],
            targets: Vec::new(),
            values: Vec::new(),
            single: weights.iter().all(|weights| weights.len() == 1),
            one: targets == 1,
        };
        for weights in weights {
            for (target, value) in weights {
                leaves.targets.push(*target);
                leaves.values.push(*value);
            }
            leaves.starts.push(u32::try_from(leaves.values.len()).unwrap_or(u32::MAX));
        }
        leaves
    }

    /// The weights of a leaf.
    pub fn of(&self, leaf: u32) -> impl Iterator<Item = (usize, V)> {
        let leaf = leaf as usize;
        let (from, to) = (self.starts[leaf] as usize, self.starts[leaf + 1] as usize);
        self.targets[from..to].iter().map(|target| *target as usize).zip(self.values[from..to].iter().copied())
    }

    /// Adds the weights of each row's leaf to its scores.
    pub fn add(&self, leaves: &[u32], scores: &mut [V], targets: usize) {
        V::add(self, leaves, scores, targets);
    }

    #[inline]
    fn sum(&self, leaves: &[u32], scores: &mut [V], targets: usize) {
        if self.single && self.one {
            for (leaf, score) in leaves.iter().zip(scores) {
                *score += self.values[*leaf as usize];
            }
        } else if self.single {
            for (leaf, scores) in leaves.iter().zip(scores.chunks_exact_mut(targets)) {
                scores[self.targets[*leaf as usize] as usize] += self.values[*leaf as usize];
            }
        } else {
            for (leaf, scores) in leaves.iter().zip(scores.chunks_exact_mut(targets)) {
                for (target, value) in self.of(*leaf) {
                    scores[target] += value;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(test: Test, missing_left: bool) -> Vec<Branch> {
        vec![Branch::Split { feature: 0, test, missing_left, left: 1, right: 2 }, Branch::Leaf(0), Branch::Leaf(1)]
    }

    fn walk(test: Test, missing_left: bool, values: &[f32]) -> Vec<u32> {
        let mut trees = Trees::<f32>::new();
        trees.add(&split(test, missing_left), 0).unwrap();
        let mut leaves = vec![9; values.len()];
        trees.leaves(0, values, 1, &mut leaves);
        let wide: Vec<f64> = values.iter().map(|value| f64::from(*value)).collect();
        let mut again = vec![9; values.len()];
        trees.widened().leaves(0, &wide, 1, &mut again);
        assert_eq!(leaves, again);
        leaves
    }

    #[test]
    fn each_test_sends_its_values_left() {
        let values = [-1.0, 0.0, -0.0, 1.0, f32::NAN, 2.5, f32::INFINITY, f32::NEG_INFINITY, 1.5];
        assert_eq!(walk(Test::AtMost(1.0), false, &values), [0, 0, 0, 0, 1, 1, 1, 0, 1]);
        assert_eq!(walk(Test::AtMost(1.0), true, &values), [0, 0, 0, 0, 0, 1, 1, 0, 1]);
        assert_eq!(walk(Test::Less(1.0), false, &values), [0, 0, 0, 1, 1, 1, 1, 0, 1]);
        assert_eq!(walk(Test::Less(0.0), false, &values), [0, 1, 1, 1, 1, 1, 1, 0, 1]);
        assert_eq!(walk(Test::Less(f64::NEG_INFINITY), false, &values), [1; 9]);
        assert_eq!(walk(Test::Equal(0.0), true, &values), [1, 0, 0, 1, 0, 1, 1, 1, 1]);
        assert_eq!(walk(Test::Member(vec![2.5, 0.0]), false, &values), [1, 0, 0, 1, 1, 0, 1, 1, 1]);
        assert_eq!(walk(Test::Category(vec![0b10]), false, &values), [1, 1, 1, 0, 1, 1, 1, 1, 0]);
        assert_eq!(walk(Test::ZeroMissing(1.0), false, &values), [0, 1, 1, 0, 1, 1, 1, 0, 1]);
    }

    #[test]
    fn trees_that_are_none_are_refused() {
        let mut trees = Trees::<f32>::new();
        let twice = vec![Branch::Split { feature: 0, test: Test::AtMost(0.0), missing_left: false, left: 0, right: 0 }];
        assert!(trees.add(&twice, 0).unwrap_err().0.contains("met twice"));
        let beyond =
            vec![Branch::Split { feature: 0, test: Test::AtMost(0.0), missing_left: false, left: 7, right: 8 }];
        assert!(trees.add(&beyond, 0).unwrap_err().0.contains("no node 7"));
    }

    #[test]
    fn a_double_between_two_floats_is_compared_with_the_float_itself() {
        let mut trees = Trees::<f32>::new();
        trees.add(&split(Test::Less(1.0), false), 0).unwrap();
        let mut leaves = [9, 9];
        trees.widened().leaves(0, &[1.0 - 1e-12, 1.0], 1, &mut leaves);
        assert_eq!(leaves, [0, 1]);
    }
}
