//! Ranks against the definition of a walk, on random trees.

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
