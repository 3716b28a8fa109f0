//! The two ways in which ONNX lays out trees as lists.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::{Aggregate, Any, Ensemble};
use crate::error::{Done, refuse};
use crate::onnx::Attributes;
use crate::tensor::{Data, Tensor};
use forest::{Branch, Leaves, Number, Test, Trees};

/// A decision as the lists have it, before its children are known by place.
struct Decision {
    feature: usize,
    mode: Mode,
    threshold: f64,
    members: Vec<f64>,
    missing_true: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    AtMost,
    Less,
    AtLeast,
    More,
    Equal,
    Other,
    Member,
}

impl Decision {
    /// As a branch, whose left is what holds; for modes that are the opposite of one that is walked, children change sides.
    fn branch(self, if_true: usize, if_false: usize) -> Branch {
        let (test, swapped) = match self.mode {
            Mode::AtMost => (Test::AtMost(self.threshold), false),
            Mode::More => (Test::AtMost(self.threshold), true),
            Mode::Less => (Test::Less(self.threshold), false),
            Mode::AtLeast => (Test::Less(self.threshold), true),
            Mode::Equal => (Test::Equal(self.threshold), false),
            Mode::Other => (Test::Equal(self.threshold), true),
            Mode::Member => (Test::Member(self.members), false),
        };
        // A missing value is not equal to anything, so that `Other` holds for it.
        let missing_true = self.missing_true || self.mode == Mode::Other;
        let (left, right) = if swapped { (if_false, if_true) } else { (if_true, if_false) };
        Branch::Split { feature: self.feature, test, missing_left: missing_true != swapped, left, right }
    }
}

fn mode(name: &str) -> Done<Option<Mode>> {
    Ok(Some(match name {
        "BRANCH_LEQ" => Mode::AtMost,
        "BRANCH_LT" => Mode::Less,
        "BRANCH_GTE" => Mode::AtLeast,
        "BRANCH_GT" => Mode::More,
        "BRANCH_EQ" => Mode::Equal,
        "BRANCH_NEQ" => Mode::Other,
        "LEAF" => return Ok(None),
        other => refuse!("there is no mode `{other}` of a node"),
    }))
}

fn same_length(lists: &[(&str, usize)], optional: &[(&str, usize)]) -> Done<usize> {
    let [(first, count), ..] = lists else { return Ok(0) };
    for (name, length) in lists {
        if length != count {
            refuse!("`{first}` has {count} elements, and `{name}` has {length}");
        }
    }
    for (name, length) in optional {
        if *length != 0 && length != count {
            refuse!("`{first}` has {count} elements, and `{name}` has {length}");
        }
    }
    Ok(*count)
}

/// The lists of `TreeEnsembleClassifier` and `TreeEnsembleRegressor`: nodes by the number of their tree and their own, and weights apart.
pub(super) fn by_nodes(attributes: &Attributes<'_>, prefix: &str, targets: usize) -> Done<Any> {
    let ints = |name: &str| attributes.ints(name).unwrap_or_default();
    let (trees, nodes, features) = (ints("nodes_treeids"), ints("nodes_nodeids"), ints("nodes_featureids"));
    let (if_true, if_false) = (ints("nodes_truenodeids"), ints("nodes_falsenodeids"));
    let modes = attributes.texts("nodes_modes")?;
    let thresholds = attributes.numbers("nodes_values")?;
    let missing = ints("nodes_missing_value_tracks_true");
    let doubles = thresholds.is_double();
    let thresholds = thresholds.doubles();
    let count = same_length(
        &[
            ("nodes_treeids", trees.len()),
            ("nodes_nodeids", nodes.len()),
            ("nodes_featureids", features.len()),
            ("nodes_truenodeids", if_true.len()),
            ("nodes_falsenodeids", if_false.len()),
            ("nodes_modes", modes.len()),
            ("nodes_values", thresholds.len()),
        ],
        &[("nodes_missing_value_tracks_true", missing.len())],
    )?;
    let mut places = HashMap::with_capacity(count);
    for at in 0..count {
        if places.insert((trees[at], nodes[at]), at).is_some() {
            refuse!("tree {} has two nodes {}", trees[at], nodes[at]);
        }
    }
    let mut branches = Vec::with_capacity(count);
    let mut is_child = vec![false; count];
    for at in 0..count {
        let Some(mode) = mode(&modes[at])? else {
            branches.push(Branch::Leaf(at));
            continue;
        };
        let mut child = |node: i64| match places.get(&(trees[at], node)) {
            Some(place) => {
                is_child[*place] = true;
                Ok(*place)
            }
            None => Err(format!("tree {} has no node {node}, which is a child of node {}", trees[at], nodes[at])),
        };
        let (if_true, if_false) = (child(if_true[at])?, child(if_false[at])?);
        let decision = Decision {
            feature: feature(features[at])?,
            mode,
            threshold: thresholds[at],
            members: Vec::new(),
            missing_true: missing.get(at).is_some_and(|tracks| *tracks != 0),
        };
        branches.push(decision.branch(if_true, if_false));
    }
    let roots: Vec<usize> = (0..count).filter(|at| !is_child[*at]).collect();
    let aggregate = aggregate(&attributes.text("aggregate_function", "SUM")?)?;

    let (of_trees, of_nodes, ids) =
        (ints(&format!("{prefix}_treeids")), ints(&format!("{prefix}_nodeids")), ints(&format!("{prefix}_ids")));
    let weights = attributes.numbers(&format!("{prefix}_weights"))?;
    let double_weights = weights.is_double();
    let weights = weights.doubles();
    let entries = same_length(
        &[
            (&format!("{prefix}_treeids"), of_trees.len()),
            (&format!("{prefix}_nodeids"), of_nodes.len()),
            (&format!("{prefix}_ids"), ids.len()),
            (&format!("{prefix}_weights"), weights.len()),
        ],
        &[],
    )?;
    let mut by_leaf: Vec<Vec<(u32, f64)>> = vec![Vec::new(); count];
    for at in 0..entries {
        let Some(place) = places.get(&(of_trees[at], of_nodes[at])) else {
            refuse!("a weight is of node {} of tree {}, which is not there", of_nodes[at], of_trees[at])
        };
        by_leaf[*place].push((target(ids[at], targets)?, weights[at]));
    }
    let base = attributes.numbers("base_values")?.doubles();
    assemble(doubles || double_weights, &branches, &roots, &by_leaf, base, targets, aggregate)
}

fn feature(number: i64) -> Done<usize> {
    usize::try_from(number).map_err(|_| format!("a node asks feature {number}").into())
}

fn target(number: i64, targets: usize) -> Done<u32> {
    match u32::try_from(number) {
        Ok(target) if (target as usize) < targets => Ok(target),
        _ => refuse!("a weight is of target {number}, and there are {targets}"),
    }
}

fn aggregate(name: &str) -> Done<Aggregate> {
    Ok(match name {
        "SUM" => Aggregate::Sum,
        "AVERAGE" => Aggregate::Average,
        "MIN" => Aggregate::Least,
        "MAX" => Aggregate::Most,
        other => refuse!("there is no aggregate function `{other}`"),
    })
}

fn assemble(
    doubles: bool,
    branches: &[Branch],
    roots: &[usize],
    leaves: &[Vec<(u32, f64)>],
    base: Vec<f64>,
    targets: usize,
    aggregate: Aggregate,
) -> Done<Any> {
    if doubles {
        let trees = planted(branches, roots)?;
        let doubles = OnceLock::new();
        _ = doubles.set(trees);
        return Ok(Any::F64(Ensemble {
            floats: None,
            doubles,
            leaves: Leaves::new(leaves, targets),
            targets,
            base,
            aggregate,
        }));
    }
    #[allow(clippy::cast_possible_truncation, reason = "they were floats")]
    let narrow = |value: f64| value as f32;
    let leaves: Vec<Vec<(u32, f32)>> =
        leaves.iter().map(|leaf| leaf.iter().map(|(target, value)| (*target, narrow(*value))).collect()).collect();
    Ok(Any::F32(Ensemble {
        floats: Some(planted(branches, roots)?),
        doubles: OnceLock::new(),
        leaves: Leaves::new(&leaves, targets),
        targets,
        base: base.into_iter().map(narrow).collect(),
        aggregate,
    }))
}

/// Trees whose branches lie in one list.
fn planted<C: Number>(branches: &[Branch], roots: &[usize]) -> Done<Trees<C>> {
    let mut trees = Trees::new();
    trees.plant(branches, roots)?;
    Ok(trees)
}

/// The lists of `TreeEnsemble`: decisions and leaves apart, children by place. How many targets there are comes with it.
pub(super) fn by_leaves(attributes: &Attributes<'_>) -> Done<(Any, usize)> {
    let ints = |name: &str| attributes.ints(name).unwrap_or_default();
    let tensor = |name: &str| -> Done<Tensor> {
        match attributes.tensor(name)? {
            Some(tensor) => Ok(tensor),
            None => refuse!("the attribute `{name}` is missing"),
        }
    };
    let targets = attributes.int("n_targets", 1);
    let Some(count_targets) = usize::try_from(targets).ok().filter(|count| (1..1 << 20).contains(count)) else {
        refuse!("there are {targets} targets")
    };
    let thresholds = tensor("nodes_splits")?;
    let doubles = matches!(thresholds.data(), Data::F64(_));
    let (thresholds, features) = (thresholds.doubles()?.into_owned(), ints("nodes_featureids"));
    let modes = modes(attributes)?;
    let (if_true, if_false) = (ints("nodes_truenodeids"), ints("nodes_falsenodeids"));
    let (true_leaf, false_leaf) = (ints("nodes_trueleafs"), ints("nodes_falseleafs"));
    let missing = ints("nodes_missing_value_tracks_true");
    let count = same_length(
        &[
            ("nodes_splits", thresholds.len()),
            ("nodes_featureids", features.len()),
            ("nodes_modes", modes.len()),
            ("nodes_truenodeids", if_true.len()),
            ("nodes_falsenodeids", if_false.len()),
            ("nodes_trueleafs", true_leaf.len()),
            ("nodes_falseleafs", false_leaf.len()),
        ],
        &[("nodes_missing_value_tracks_true", missing.len())],
    )?;
    let (ids, weights) = (ints("leaf_targetids"), tensor("leaf_weights")?.doubles()?.into_owned());
    let leaves = same_length(&[("leaf_targetids", ids.len()), ("leaf_weights", weights.len())], &[])?;
    let by_leaf = ids
        .iter()
        .zip(&weights)
        .map(|(id, weight)| Ok(vec![(target(*id, count_targets)?, *weight)]))
        .collect::<Done<Vec<_>>>()?;

    // Sets stand one behind the other, each ended by NaN, in the order of the nodes that ask them.
    let members = attributes.tensor("membership_values")?.map(|sets| sets.doubles().map(std::borrow::Cow::into_owned));
    let members = members.transpose()?.unwrap_or_default();
    let mut sets = members.split(|value| value.is_nan());
    let mut branches: Vec<Branch> = Vec::with_capacity(count);
    // Leaves that several nodes share are several here.
    let mut ends = Vec::new();
    for at in 0..count {
        let mut child = |place: i64, is_leaf: i64| -> Done<usize> {
            let most = if is_leaf == 0 { count } else { leaves };
            let Some(place) = usize::try_from(place).ok().filter(|place| *place < most) else {
                refuse!("node {at} has a child {place}, which is not there")
            };
            if is_leaf == 0 {
                return Ok(place);
            }
            ends.push(Branch::Leaf(place));
            Ok(count + ends.len() - 1)
        };
        let (if_true, if_false) = (child(if_true[at], true_leaf[at])?, child(if_false[at], false_leaf[at])?);
        let mode = modes[at];
        let members = match mode {
            Mode::Member => match sets.next() {
                Some(set) => set.to_vec(),
                None => refuse!("node {at} asks a set of `membership_values`, which has fewer"),
            },
            _ => Vec::new(),
        };
        let decision = Decision {
            feature: feature(features[at])?,
            mode,
            threshold: thresholds[at],
            members,
            missing_true: missing.get(at).is_some_and(|tracks| *tracks != 0),
        };
        branches.push(decision.branch(if_true, if_false));
    }
    branches.extend(ends);
    let mut roots = Vec::new();
    for root in ints("tree_roots") {
        let Some(root) = usize::try_from(*root).ok().filter(|root| *root < count) else {
            refuse!("a tree begins at node {root}, which is not there")
        };
        // A tree of one leaf is a node both of whose children are that leaf.
        roots.push(root);
    }
    let aggregate = match attributes.int("aggregate_function", 1) {
        0 => Aggregate::Average,
        1 => Aggregate::Sum,
        2 => Aggregate::Least,
        3 => Aggregate::Most,
        other => refuse!("there is no aggregate function {other}"),
    };
    Ok((assemble(doubles, &branches, &roots, &by_leaf, Vec::new(), count_targets, aggregate)?, count_targets))
}

/// Modes by number: one byte each.
fn modes(attributes: &Attributes<'_>) -> Done<Vec<Mode>> {
    let mode = |number: &u8| {
        Ok(match number {
            0 => Mode::AtMost,
            1 => Mode::Less,
            2 => Mode::AtLeast,
            3 => Mode::More,
            4 => Mode::Equal,
            5 => Mode::Other,
            6 => Mode::Member,
            other => refuse!("there is no mode {other} of a node"),
        })
    };
    match attributes.tensor("nodes_modes")?.map(Tensor::into_data) {
        Some(Data::U8(numbers)) => numbers.iter().map(mode).collect(),
        _ => refuse!("the attribute `nodes_modes` must be a tensor of uint8"),
    }
}
