//! LightGBM's model files, which are text.

use std::collections::HashMap;

use forest::{Branch, Leaves, Test, Trees};
use serde::de::{Deserialize, Deserializer, Visitor};

use super::{Booster, Categories, Ending, Line, Sums};
use crate::error::{Done, Error, Problem, Result, refuse};

/// Reads a model.
pub(crate) fn load(bytes: &[u8]) -> Result<Booster> {
    let wrong = |problem: String| Error::Format(format!("it begins like a model of LightGBM, but {problem}"));
    let text = std::str::from_utf8(bytes).map_err(|_| wrong("it is not UTF-8 text".to_owned()))?;
    booster(text).map_err(|problem| wrong(problem.0))
}

/// Lines `key=value` up to a line that is none.
struct Section<'a> {
    values: HashMap<&'a str, &'a str>,
}

impl<'a> Section<'a> {
    fn read(lines: &mut std::iter::Peekable<std::str::Lines<'a>>) -> Self {
        let mut values = HashMap::new();
        while let Some(line) = lines.peek() {
            if line.starts_with("Tree=") || *line == "end of trees" {
                break;
            }
            let (key, value) = line.split_once('=').unwrap_or((line, ""));
            values.insert(key, value);
            lines.next();
        }
        Self { values }
    }

    fn text(&self, key: &str) -> Option<&'a str> {
        self.values.get(key).copied()
    }

    fn number<T: std::str::FromStr>(&self, key: &str) -> Done<T> {
        match self.text(key).map(str::parse) {
            Some(Ok(number)) => Ok(number),
            Some(Err(_)) => refuse!("`{key}` is no number that it may be"),
            None => refuse!("`{key}` is missing"),
        }
    }

    /// A list of this length; empty if it is left out and may be.
    fn list<T: std::str::FromStr>(&self, key: &str, length: usize) -> Done<Vec<T>> {
        let words = self.text(key).unwrap_or_default().split_ascii_whitespace();
        let Ok(list) = words.map(str::parse).collect::<std::result::Result<Vec<T>, _>>() else {
            refuse!("`{key}` is no list of numbers")
        };
        if list.len() != length {
            refuse!("`{key}` has {} elements, and there must be {length}", list.len());
        }
        Ok(list)
    }
}

fn booster(text: &str) -> Done<Booster> {
    let mut lines = text.lines().peekable();
    let head = Section::read(&mut lines);
    let targets = head.number::<usize>("num_tree_per_iteration")?;
    let features = head.number::<usize>("max_feature_idx")?.saturating_add(1);
    if targets == 0 || targets > 1 << 20 || features > 1 << 27 {
        refuse!("it has {features} features and {targets} targets");
    }
    let objective = head.text("objective").unwrap_or_default().to_owned();
    let mut trees = Trees::new();
    let mut leaves: Vec<Vec<(u32, f64)>> = Vec::new();
    let mut slopes: Vec<Line> = Vec::new();
    let mut linear = false;
    while lines.peek().is_some_and(|line| line.starts_with("Tree=")) {
        let number = trees.count();
        lines.next();
        let section = Section::read(&mut lines);
        linear |= section.text("is_linear") == Some("1");
        let target = u32::try_from(number % targets).unwrap_or(0);
        let branches = tree(&section, target, features, &mut leaves, &mut slopes)
            .map_err(|problem| Problem(format!("tree {number}: {}", problem.0)))?;
        // The root is the first decision, or the only leaf.
        trees.add(&branches, 0)?;
    }
    if lines.peek().is_none() {
        refuse!("the file ends within its trees");
    }
    let rounds = head.text("average_output").map(|_| (trees.count() / targets).max(1) as f64);
    let names: Vec<String> =
        head.text("feature_names").unwrap_or_default().split_ascii_whitespace().map(str::to_owned).collect();
    let categories = categories(&head, text, features);
    Ok(Booster {
        producer: format!("LightGBM, format {}", head.text("version").unwrap_or("unknown")),
        ending: ending(&objective)?,
        objective,
        sums: Sums::Double { trees, leaves: Leaves::new(&leaves, targets), lines: linear.then_some(slopes), rounds },
        targets,
        features,
        names: if names.len() == features { names } else { Vec::new() },
        categories,
    })
}

fn ending(objective: &str) -> Done<Ending> {
    let mut words = objective.split_ascii_whitespace();
    let name = words.next().unwrap_or_default();
    let words: Vec<&str> = words.collect();
    let slope = words.iter().find_map(|word| word.strip_prefix("sigmoid:")).map_or(Ok(1.0), str::parse::<f64>);
    let Ok(slope) = slope else { refuse!("its objective is `{objective}`") };
    Ok(match name {
        "binary" => Ending::Binary(slope),
        "multiclass" => Ending::Softmax,
        "multiclassova" => Ending::OneVersusAll(slope),
        "cross_entropy" => Ending::Logistic,
        "cross_entropy_lambda" => Ending::LogOnePlusExp,
        "poisson" | "gamma" | "tweedie" => Ending::Exponential,
        "regression" | "regression_l1" | "huber" | "fair" | "quantile" | "mape" if words.contains(&"sqrt") => {
            Ending::Square
        }
        // An objective of one's own is not in the file, and the library gives the sums.
        "regression" | "regression_l1" | "huber" | "fair" | "quantile" | "mape" | "lambdarank" | "rank_xendcg"
        | "custom" | "" => Ending::Raw,
        other => refuse!("its objective `{other}` is not known here"),
    })
}

/// A category of pandas: a text, or what else JSON has, as it is written there.
struct Name(String);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Scalar;

        impl Visitor<'_> for Scalar {
            type Value = Name;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a category")
            }
            fn visit_str<E>(self, text: &str) -> std::result::Result<Name, E> {
                Ok(Name(text.to_owned()))
            }
            fn visit_bool<E>(self, truth: bool) -> std::result::Result<Name, E> {
                Ok(Name(truth.to_string()))
            }
            fn visit_i64<E>(self, number: i64) -> std::result::Result<Name, E> {
                Ok(Name(number.to_string()))
            }
            fn visit_u64<E>(self, number: u64) -> std::result::Result<Name, E> {
                Ok(Name(number.to_string()))
            }
            fn visit_f64<E>(self, number: f64) -> std::result::Result<Name, E> {
                // With a fraction, also if it is whole.
                Ok(Name(format!("{number:?}")))
            }
            fn visit_unit<E>(self) -> std::result::Result<Name, E> {
                Ok(Name("null".to_owned()))
            }
        }

        deserializer.deserialize_any(Scalar)
    }
}

/// Categories of pandas' columns stand behind the model, in the order of the categorical features.
fn categories(head: &Section<'_>, text: &str, features: usize) -> Vec<Option<Categories>> {
    let mut all = vec![None; features];
    let Some((_, listed)) = text.rsplit_once("pandas_categorical:") else { return all };
    let listed: Option<Vec<Vec<Name>>> = serde_json::from_slice(listed.trim().as_bytes()).ok();
    let Some(listed) = listed else { return all };
    let infos = head.text("feature_infos").unwrap_or_default().split_ascii_whitespace();
    let categorical: Vec<usize> =
        infos.enumerate().filter(|(_, info)| !info.starts_with('[') && *info != "none").map(|(at, _)| at).collect();
    if categorical.len() != listed.len() {
        return all;
    }
    for (at, names) in categorical.into_iter().zip(listed) {
        let names = names.into_iter().map(|name| name.0).collect();
        if let Some(slot) = all.get_mut(at) {
            *slot = Some(Categories { names, unknown_is_missing: true });
        }
    }
    all
}

/// Adds the leaves of a tree, and gives its branches: decisions first, then leaves.
fn tree(
    section: &Section<'_>,
    target: u32,
    features: usize,
    leaves: &mut Vec<Vec<(u32, f64)>>,
    slopes: &mut Vec<Line>,
) -> Done<Vec<Branch>> {
    let count = section.number::<usize>("num_leaves")?;
    if count == 0 {
        refuse!("it has no leaves");
    }
    let first = leaves.len();
    let values: Vec<f64> = section.list("leaf_value", count)?;
    leaves.extend(values.iter().map(|value| vec![(target, *value)]));
    slopes.extend(lines(section, &values, features)?);

    let decisions = count - 1;
    let mut branches = Vec::with_capacity(decisions + count);
    if decisions > 0 {
        let split: Vec<usize> = section.list("split_feature", decisions)?;
        let thresholds: Vec<f64> = section.list("threshold", decisions)?;
        let kinds: Vec<u8> = section.list("decision_type", decisions)?;
        let left: Vec<i64> = section.list("left_child", decisions)?;
        let right: Vec<i64> = section.list("right_child", decisions)?;
        let sets = sets(section)?;
        let child = |child: i64| {
            // Leaves are counted below zero.
            let place = if child < 0 { -child - 1 } else { child };
            let most = if child < 0 { count } else { decisions };
            match usize::try_from(place) {
                Ok(place) if place < most => Ok(if child < 0 { decisions + place } else { place }),
                _ => Err(format!("a child {child} is not there")),
            }
        };
        for at in 0..decisions {
            if split[at] >= features {
                refuse!("it asks feature {}, and there are {features}", split[at]);
            }
            let default_left = kinds[at] & 2 != 0;
            let (test, missing_left) = if kinds[at] & 1 != 0 {
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the number of a set")]
                let Some(set) = sets.get(thresholds[at] as usize) else { refuse!("a set of categories is missing") };
                (Test::Category(set.clone()), false)
            } else {
                match kinds[at] >> 2 & 3 {
                    // Missing values count as zero.
                    0 => (Test::AtMost(thresholds[at]), 0.0 <= thresholds[at]),
                    1 => (Test::ZeroMissing(thresholds[at]), default_left),
                    _ => (Test::AtMost(thresholds[at]), default_left),
                }
            };
            let (left, right) = (child(left[at])?, child(right[at])?);
            branches.push(Branch::Split { feature: split[at], test, missing_left, left, right });
        }
    }
    branches.extend((first..first + count).map(Branch::Leaf));
    Ok(branches)
}

/// The sets of categories, as bits.
fn sets(section: &Section<'_>) -> Done<Vec<Vec<u32>>> {
    let count = section.number::<usize>("num_cat")?;
    if count == 0 {
        return Ok(Vec::new());
    }
    let bounds: Vec<usize> = section.list("cat_boundaries", count.saturating_add(1))?;
    let words: Vec<u32> = section.list("cat_threshold", bounds.last().copied().unwrap_or(0))?;
    let set = |two: &[usize]| match words.get(two[0]..two[1]) {
        Some(set) => Ok(set.to_vec()),
        None => Err(Problem::from("sets of categories overlap")),
    };
    bounds.windows(2).map(set).collect()
}

/// Linear models of the leaves; constants if they have none.
fn lines(section: &Section<'_>, values: &[f64], features: usize) -> Done<Vec<Line>> {
    if section.text("is_linear") != Some("1") {
        return Ok(values.iter().map(|value| Line { constant: *value, terms: Vec::new() }).collect());
    }
    let constants: Vec<f64> = section.list("leaf_const", values.len())?;
    let counts: Vec<usize> = section.list("num_features", values.len())?;
    let total = counts.iter().fold(0_usize, |sum, count| sum.saturating_add(*count));
    let mut terms =
        section.list::<usize>("leaf_features", total)?.into_iter().zip(section.list::<f64>("leaf_coeff", total)?);
    let mut lines = Vec::with_capacity(values.len());
    for (constant, count) in constants.into_iter().zip(counts) {
        let terms: Vec<(usize, f64)> = terms.by_ref().take(count).collect();
        if terms.iter().any(|(feature, _)| *feature >= features) {
            refuse!("the model of a leaf has a feature that is not there");
        }
        lines.push(Line { constant, terms });
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_are_texts_as_json_has_them() {
        let names: Vec<Name> = serde_json::from_str(r#"["a", 1, -2, 1.0, 2.5, 1e16, true, null]"#).unwrap();
        let names: Vec<String> = names.into_iter().map(|name| name.0).collect();
        assert_eq!(names, ["a", "1", "-2", "1.0", "2.5", "1e16", "true", "null"]);
    }
}
