//! XGBoost's model files, as JSON and as UBJSON.

use forest::{Branch, Leaves, Test, Trees};

use super::document::Document;
use super::{Booster, Categories, Ending, Sums, ubjson};
use crate::error::{Done, Error, Problem, Result, refuse};

/// The lists of a tree: an element for each node, unless it is said.
struct Tree {
    left_children: Vec<i64>,
    right_children: Vec<i64>,
    split_indices: Vec<i64>,
    split_conditions: Vec<f32>,
    default_left: Vec<i64>,
    /// 1 where a node asks for categories; empty in older files.
    split_type: Vec<i64>,
    /// The categories of all nodes one behind the other, and the nodes with where theirs begin and how many they are.
    categories: Vec<i64>,
    categories_nodes: Vec<usize>,
    categories_segments: Vec<usize>,
    categories_sizes: Vec<usize>,
    /// Leaves of several values.
    base_weights: Vec<f32>,
    leaf_weights: Vec<f32>,
    /// How many values a leaf has.
    vector: usize,
}

impl Tree {
    fn read(tree: &Document) -> Done<Self> {
        let size = match tree.find("tree_param") {
            Some(parameters) => parameters.maybe_text("size_leaf_vector")?,
            None => None,
        };
        Ok(Self {
            left_children: tree.integers("left_children")?,
            right_children: tree.integers("right_children")?,
            split_indices: tree.integers("split_indices")?,
            split_conditions: tree.floats("split_conditions")?,
            default_left: tree.integers("default_left")?,
            split_type: tree.integers("split_type")?,
            categories: tree.integers("categories")?,
            categories_nodes: tree.places("categories_nodes")?,
            categories_segments: tree.places("categories_segments")?,
            categories_sizes: tree.places("categories_sizes")?,
            base_weights: tree.floats("base_weights")?,
            leaf_weights: tree.floats("leaf_weights")?,
            vector: size.and_then(|size| size.parse::<usize>().ok()).unwrap_or(1),
        })
    }
}

/// Reads a model.
pub(crate) fn load(bytes: &[u8]) -> Result<Booster> {
    let wrong = |problem: String| Error::Format(format!("it begins like a model of XGBoost, but {problem}"));
    // In UBJSON, a length follows the brace; in JSON a quote, or blanks before it.
    let binary = bytes.get(1).is_some_and(|byte| matches!(byte, b'L' | b'l' | b'I' | b'i' | b'U' | b'$' | b'#'));
    let file = if binary { ubjson::from_bytes(bytes) } else { Document::of_json(bytes) };
    booster(&file.map_err(wrong)?).map_err(|problem| wrong(problem.0))
}

fn booster(file: &Document) -> Done<Booster> {
    let learner = file.field("learner")?;
    let parameters = learner.field("learner_model_param")?;
    let number = |name: &str| -> Done<usize> {
        match parameters.maybe_text(name)?.map(str::parse::<usize>) {
            None => Ok(0),
            Some(Ok(number)) if number < 1 << 27 => Ok(number),
            Some(_) => refuse!("`{name}` is no number that it may be"),
        }
    };
    let features = number("num_feature")?;
    let classes = number("num_class")?.max(1);
    let targets = classes.saturating_mul(number("num_target")?.max(1));
    if features == 0 || targets > 1 << 20 {
        refuse!("it has {features} features and {targets} targets");
    }
    let objective = learner.field("objective")?.text("name")?;
    let (ending, margin) = ending(objective)?;
    let base = base(parameters.text("base_score")?, targets)?;
    #[allow(clippy::cast_possible_truncation, reason = "XGBoost sums floats")]
    let base: Vec<f32> = base.into_iter().map(|value| margin.of(value) as f32).collect();

    let booster = learner.field("gradient_booster")?;
    // In files of older versions, `dart` has the trees one deeper.
    let Some(model) = booster.find("model").or_else(|| booster.find("gbtree")?.find("model")) else {
        refuse!("it has no trees and no weights")
    };
    let sums = if booster.text("name")? == "gblinear" {
        let mut weights = model.floats("weights")?;
        let split = features.saturating_mul(targets);
        if weights.len() != split + targets {
            refuse!("it has {} weights for {features} features and {targets} targets", weights.len());
        }
        let bias = weights.split_off(split);
        let base = base.iter().zip(&bias).map(|(base, bias)| base + bias).collect();
        Sums::Linear { weights, base }
    } else {
        let dropped = if model.find("weight_drop").is_some() { model } else { booster };
        let trees = model.items("trees")?;
        let count = best(learner, model)?.unwrap_or(trees.len()).min(trees.len());
        forest(
            &trees[..count],
            &model.integers("tree_info")?,
            &dropped.floats("weight_drop")?,
            targets,
            features,
            base,
        )?
    };
    let version: Vec<String> = file.numbers("version")?.iter().map(ToString::to_string).collect();
    Ok(Booster {
        producer: format!("XGBoost {}", version.join(".")),
        objective: objective.to_owned(),
        sums,
        targets,
        ending,
        features,
        names: names(learner.items("feature_names")?, features),
        categories: categories(model.find("cats"), features)?,
    })
}

/// How many trees the best round ends with, which scikit-learn's classes of XGBoost predict by after an early stop; the others predict by all
/// trees unless they are told.
fn best(learner: &Document, model: &Document) -> Done<Option<usize>> {
    let Some(attributes) = learner.find("attributes").filter(|attributes| attributes.find("scikit_learn").is_some())
    else {
        return Ok(None);
    };
    let best = attributes.maybe_text("best_iteration")?.and_then(|best| best.parse::<usize>().ok());
    let ends = model.integers("iteration_indptr")?;
    Ok(best.and_then(|best| ends.get(best.checked_add(1)?)).and_then(|end| usize::try_from(*end).ok()))
}

/// Names of the features; none if they are not those of all.
fn names(items: &[Document], features: usize) -> Vec<String> {
    let name = |item: &Document| if let Document::Text(name) = item { Some(name.clone()) } else { None };
    let names: Vec<String> = items.iter().filter_map(name).collect();
    if names.len() == features { names } else { Vec::new() }
}

/// From the space of predictions into that of sums.
#[derive(Clone, Copy)]
enum Margin {
    Same,
    Logit,
    Log,
}

impl Margin {
    fn of(self, value: f64) -> f64 {
        match self {
            Self::Same => value,
            Self::Logit => -(1.0 / value - 1.0).ln(),
            Self::Log => value.ln(),
        }
    }
}

fn ending(objective: &str) -> Done<(Ending, Margin)> {
    Ok(match objective {
        "binary:logistic" => (Ending::Binary(1.0), Margin::Logit),
        "binary:hinge" => (Ending::Hinge, Margin::Same),
        "reg:logistic" => (Ending::Logistic, Margin::Logit),
        "multi:softmax" | "multi:softprob" => (Ending::Softmax, Margin::Same),
        "count:poisson" | "reg:gamma" | "reg:tweedie" | "survival:cox" | "survival:aft" => {
            (Ending::Exponential, Margin::Log)
        }
        // Predictions are sums, and so is the base, also of `binary:logitraw`.
        "binary:logitraw"
        | "reg:squarederror"
        | "reg:linear"
        | "reg:squaredlogerror"
        | "reg:pseudohubererror"
        | "reg:absoluteerror"
        | "reg:quantileerror"
        | "reg:expectileerror"
        | "rank:ndcg"
        | "rank:pairwise"
        | "rank:map" => (Ending::Raw, Margin::Same),
        other => refuse!("its objective `{other}` is not known here"),
    })
}

/// One number for all targets, or one for each: `0.5`, `[4.85E-1]`, `[1E0,2E0]`.
fn base(text: &str, targets: usize) -> Done<Vec<f64>> {
    let numbers = text.trim().trim_start_matches('[').trim_end_matches(']').split(',');
    let numbers = numbers.map(|number| number.trim().parse::<f64>());
    let Ok(numbers) = numbers.collect::<std::result::Result<Vec<f64>, _>>() else {
        refuse!("its base score is `{text}`")
    };
    match numbers.as_slice() {
        [one] => Ok(vec![*one; targets]),
        several if several.len() == targets => Ok(numbers),
        several => refuse!("it has {} base scores for {targets} targets", several.len()),
    }
}

/// Categories of each feature: numbers, or texts one behind the other.
fn categories(cats: Option<&Document>, features: usize) -> Done<Vec<Option<Categories>>> {
    let mut all = Vec::new();
    for encoding in cats.map(|cats| cats.items("enc")).transpose()?.unwrap_or_default() {
        let values = encoding.numbers("values")?;
        if values.is_empty() {
            all.push(None);
            continue;
        }
        let names = if encoding.find("offsets").is_none() {
            values.iter().map(ToString::to_string).collect()
        } else {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "these are bytes")]
            let bytes: Vec<u8> = values.iter().map(|value| *value as i64 as u8).collect();
            let text = |two: &[usize]| {
                let bytes = bytes.get(two[0]..two[1]).ok_or("its categories are damaged")?;
                std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| Problem::from("a category is not UTF-8"))
            };
            encoding.places("offsets")?.windows(2).map(text).collect::<Done<Vec<_>>>()?
        };
        all.push(Some(Categories { names, unknown_is_missing: false }));
    }
    all.resize(features, None);
    Ok(all)
}

fn forest(
    all: &[Document],
    targets_of_trees: &[i64],
    dropped: &[f32],
    targets: usize,
    features: usize,
    base: Vec<f32>,
) -> Done<Sums> {
    let mut trees = Trees::new();
    let mut leaves: Vec<Vec<(u32, f32)>> = Vec::new();
    for (at, tree) in all.iter().enumerate() {
        let target = targets_of_trees.get(at).copied().unwrap_or(0);
        let Some(target) = u32::try_from(target).ok().filter(|target| (*target as usize) < targets) else {
            refuse!("tree {at} is of target {target}, and there are {targets}")
        };
        let weight = dropped.get(at).copied().unwrap_or(1.0);
        let branches = Tree::read(tree)
            .and_then(|tree| branches(&tree, target, targets, weight, &mut leaves))
            .map_err(|problem| Problem(format!("tree {at}: {}", problem.0)))?;
        trees.add(&branches, 0)?;
    }
    if trees.features() > features {
        refuse!("a tree asks feature {}, and there are {features}", trees.features() - 1);
    }
    Ok(Sums::Single { trees, leaves: Leaves::new(&leaves, targets), base })
}

fn branches(
    tree: &Tree,
    target: u32,
    targets: usize,
    weight: f32,
    leaves: &mut Vec<Vec<(u32, f32)>>,
) -> Done<Vec<Branch>> {
    let count = tree.left_children.len();
    let lists =
        [tree.right_children.len(), tree.split_indices.len(), tree.split_conditions.len(), tree.default_left.len()];
    if count == 0 || lists.iter().any(|length| *length != count) {
        refuse!("its lists differ in length");
    }
    let vector = tree.vector;
    if vector > 1 && vector != targets {
        refuse!("its leaves have {vector} values, and there are {targets} targets");
    }
    let mut branches = Vec::with_capacity(count);
    for at in 0..count {
        if tree.left_children[at] < 0 {
            leaves.push(if vector > 1 {
                // Older files have the weights of all nodes in one list.
                let (list, place) = match tree.leaf_weights.is_empty() {
                    true => (&tree.base_weights, at),
                    false => (&tree.leaf_weights, usize::try_from(tree.right_children[at]).unwrap_or(usize::MAX)),
                };
                let start = place.saturating_mul(vector);
                match list.get(start..start.saturating_add(vector)) {
                    Some(values) => (0..).zip(values.iter().map(|value| value * weight)).collect(),
                    None => refuse!("leaf {at} has no values"),
                }
            } else {
                vec![(target, tree.split_conditions[at] * weight)]
            });
            branches.push(Branch::Leaf(leaves.len() - 1));
            continue;
        }
        let child = |child: i64| match usize::try_from(child) {
            Ok(child) if child < count => Ok(child),
            _ => Err(format!("node {at} has a child {child}, which is not there")),
        };
        let (left, right) = (child(tree.left_children[at])?, child(tree.right_children[at])?);
        let Ok(feature) = usize::try_from(tree.split_indices[at]) else { refuse!("node {at} asks no feature") };
        let missing_left = tree.default_left[at] != 0;
        branches.push(if tree.split_type.get(at) == Some(&1) {
            // Categories of the set go right.
            let test = Test::Category(members(tree, at)?);
            Branch::Split { feature, test, missing_left: !missing_left, left: right, right: left }
        } else {
            let test = Test::Less(f64::from(tree.split_conditions[at]));
            Branch::Split { feature, test, missing_left, left, right }
        });
    }
    Ok(branches)
}

/// The set of categories of a node, as bits.
fn members(tree: &Tree, node: usize) -> Done<Vec<u32>> {
    let at = tree.categories_nodes.iter().position(|known| *known == node);
    let segment = at.and_then(|at| Some((*tree.categories_segments.get(at)?, *tree.categories_sizes.get(at)?)));
    let list = segment.and_then(|(start, size)| tree.categories.get(start..start.checked_add(size)?));
    let Some(list) = list else { refuse!("node {node} has no categories") };
    let mut bits = Vec::new();
    for category in list {
        let Some(category) = usize::try_from(*category).ok().filter(|category| *category < 1 << 24) else {
            refuse!("node {node} has the category {category}")
        };
        if bits.len() <= category / 32 {
            bits.resize(category / 32 + 1, 0);
        }
        bits[category / 32] |= 1 << (category % 32);
    }
    Ok(bits)
}
