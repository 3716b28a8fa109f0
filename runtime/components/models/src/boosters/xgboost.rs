//! XGBoost's model files, as JSON and as UBJSON.

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};

use super::{Booster, Categories, Ending, Sums, ubjson};
use crate::error::{Done, Error, Problem, Result, refuse};
use crate::forest::{Branch, Leaves, Test, Trees};

#[derive(Deserialize)]
struct File {
    learner: Learner,
    #[serde(default)]
    version: Vec<u32>,
}

#[derive(Deserialize)]
struct Learner {
    #[serde(default)]
    attributes: Attributes,
    #[serde(default)]
    feature_names: Vec<String>,
    gradient_booster: GradientBooster,
    #[serde(rename = "learner_model_param")]
    parameters: Parameters,
    objective: Objective,
}

#[derive(Deserialize, Default)]
struct Attributes {
    best_iteration: Option<String>,
    scikit_learn: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Parameters {
    base_score: String,
    #[serde(default)]
    num_class: Option<String>,
    num_feature: String,
    #[serde(default)]
    num_target: Option<String>,
}

#[derive(Deserialize)]
struct Objective {
    name: String,
}

#[derive(Deserialize)]
struct GradientBooster {
    name: String,
    model: Option<Model>,
    /// In files of older versions, `dart` has the trees one deeper.
    gbtree: Option<Inner>,
    weight_drop: Option<Vec<f32>>,
}

#[derive(Deserialize)]
struct Inner {
    model: Model,
}

#[derive(Deserialize)]
struct Model {
    #[serde(default)]
    trees: Vec<Tree>,
    #[serde(default)]
    tree_info: Vec<i64>,
    #[serde(default)]
    iteration_indptr: Vec<i64>,
    weight_drop: Option<Vec<f32>>,
    /// Of `gblinear`.
    #[serde(default)]
    weights: Vec<f32>,
    #[serde(default)]
    cats: Cats,
}

#[derive(Deserialize, Default)]
struct Cats {
    #[serde(default)]
    enc: Vec<Encoding>,
}

/// Categories of a feature: numbers, or texts one behind the other.
#[derive(Deserialize)]
struct Encoding {
    #[serde(default)]
    offsets: Option<Vec<usize>>,
    #[serde(default)]
    values: Vec<f64>,
}

#[derive(Deserialize)]
struct Tree {
    left_children: Vec<i64>,
    right_children: Vec<i64>,
    split_indices: Vec<i64>,
    split_conditions: Vec<f32>,
    default_left: Vec<Flag>,
    #[serde(default)]
    split_type: Vec<i64>,
    #[serde(default)]
    categories: Vec<i64>,
    #[serde(default)]
    categories_nodes: Vec<usize>,
    #[serde(default)]
    categories_segments: Vec<usize>,
    #[serde(default)]
    categories_sizes: Vec<usize>,
    #[serde(default)]
    base_weights: Vec<f32>,
    #[serde(default)]
    leaf_weights: Vec<f32>,
    #[serde(default, rename = "tree_param")]
    parameters: TreeParameters,
}

#[derive(Deserialize, Default)]
struct TreeParameters {
    size_leaf_vector: Option<String>,
}

/// True as `true` or as 1.
struct Flag(bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Flag;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a truth value")
            }
            fn visit_bool<E>(self, value: bool) -> std::result::Result<Flag, E> {
                Ok(Flag(value))
            }
            fn visit_u64<E>(self, value: u64) -> std::result::Result<Flag, E> {
                Ok(Flag(value != 0))
            }
            fn visit_i64<E>(self, value: i64) -> std::result::Result<Flag, E> {
                Ok(Flag(value != 0))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> std::result::Result<Flag, A::Error> {
                Err(serde::de::Error::custom("a list where a truth value should be"))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// Reads a model.
pub(crate) fn load(bytes: &[u8]) -> Result<Booster> {
    let wrong = |problem: String| Error::Format(format!("it begins like a model of XGBoost, but {problem}"));
    // In UBJSON, a length follows the brace; in JSON a quote, or blanks before it.
    let binary = bytes.get(1).is_some_and(|byte| matches!(byte, b'L' | b'l' | b'I' | b'i' | b'U' | b'$' | b'#'));
    let file: File = if binary {
        ubjson::from_bytes(bytes).map_err(|error| wrong(error.to_string()))?
    } else {
        serde_json::from_slice(bytes).map_err(|error| wrong(error.to_string()))?
    };
    booster(file).map_err(|problem| wrong(problem.0))
}

fn booster(file: File) -> Done<Booster> {
    let learner = file.learner;
    let number = |name: &str, text: Option<&String>| -> Done<usize> {
        match text.map(|text| text.parse::<usize>()) {
            None => Ok(0),
            Some(Ok(number)) if number < 1 << 27 => Ok(number),
            Some(_) => refuse!("`{name}` is no number that it may be"),
        }
    };
    let parameters = &learner.parameters;
    let features = number("num_feature", Some(&parameters.num_feature))?;
    let classes = number("num_class", parameters.num_class.as_ref())?.max(1);
    let targets = classes.saturating_mul(number("num_target", parameters.num_target.as_ref())?.max(1));
    if features == 0 || targets > 1 << 20 {
        refuse!("it has {features} features and {targets} targets");
    }
    let objective = learner.objective.name;
    let (ending, margin) = ending(&objective)?;
    let base = base(&parameters.base_score, targets)?;
    #[allow(clippy::cast_possible_truncation, reason = "XGBoost sums floats")]
    let base: Vec<f32> = base.into_iter().map(|value| margin.of(value) as f32).collect();

    let booster = learner.gradient_booster;
    let dropped = booster.weight_drop;
    let Some(mut model) = booster.model.or(booster.gbtree.map(|inner| inner.model)) else {
        refuse!("it has no trees and no weights")
    };
    let dropped = model.weight_drop.take().or(dropped).unwrap_or_default();
    let categories = categories(&model.cats, features)?;
    let sums = if booster.name == "gblinear" {
        let split = features.saturating_mul(targets);
        if model.weights.len() != split + targets {
            refuse!("it has {} weights for {features} features and {targets} targets", model.weights.len());
        }
        let bias = model.weights.split_off(split);
        let base = base.iter().zip(&bias).map(|(base, bias)| base + bias).collect();
        Sums::Linear { weights: model.weights, base }
    } else {
        // What scikit-learn's classes of XGBoost do after an early stop; the others predict by all trees unless they are told.
        let best = learner.attributes.scikit_learn.and(learner.attributes.best_iteration);
        let best = best.and_then(|best| best.parse::<usize>().ok());
        let count =
            best.and_then(|best| model.iteration_indptr.get(best + 1)).and_then(|end| usize::try_from(*end).ok());
        model.trees.truncate(count.unwrap_or(usize::MAX));
        forest(&model, &dropped, targets, features, base)?
    };
    let version: Vec<String> = file.version.iter().map(ToString::to_string).collect();
    let names = if learner.feature_names.len() == features { learner.feature_names } else { Vec::new() };
    Ok(Booster {
        producer: format!("XGBoost {}", version.join(".")),
        objective,
        sums,
        targets,
        ending,
        features,
        names,
        categories,
    })
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

fn categories(cats: &Cats, features: usize) -> Done<Vec<Option<Categories>>> {
    let mut all = Vec::new();
    for encoding in &cats.enc {
        if encoding.values.is_empty() {
            all.push(None);
            continue;
        }
        let names = match &encoding.offsets {
            None => encoding.values.iter().map(ToString::to_string).collect(),
            Some(offsets) => {
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "these are bytes")]
                let bytes: Vec<u8> = encoding.values.iter().map(|value| *value as i64 as u8).collect();
                let text = |two: &[usize]| {
                    let bytes = bytes.get(two[0]..two[1]).ok_or("its categories are damaged")?;
                    std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| Problem::from("a category is not UTF-8"))
                };
                offsets.windows(2).map(text).collect::<Done<Vec<_>>>()?
            }
        };
        all.push(Some(Categories { names, unknown_is_missing: false }));
    }
    all.resize(features, None);
    Ok(all)
}

fn forest(model: &Model, dropped: &[f32], targets: usize, features: usize, base: Vec<f32>) -> Done<Sums> {
    let mut trees = Trees::new();
    let mut leaves: Vec<Vec<(u32, f32)>> = Vec::new();
    for (at, tree) in model.trees.iter().enumerate() {
        let target = model.tree_info.get(at).copied().unwrap_or(0);
        let Some(target) = u32::try_from(target).ok().filter(|target| (*target as usize) < targets) else {
            refuse!("tree {at} is of target {target}, and there are {targets}")
        };
        let weight = dropped.get(at).copied().unwrap_or(1.0);
        let branches = branches(tree, target, targets, weight, &mut leaves)
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
    let vector = tree.parameters.size_leaf_vector.as_ref().and_then(|size| size.parse::<usize>().ok()).unwrap_or(1);
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
        let missing_left = tree.default_left[at].0;
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
