//! A model's card: what a user of the model should know, as Markdown.

use std::fmt::Write as _;

use data_validation::number::six_digits;

use crate::data::{FeatureKind, Task};
use crate::model::Body;
use crate::train::{Figures, Trained};

/// Words and classes that are listed.
const SHOWN: usize = 20;

/// The card of a model. `source` is what it learned from, in words.
#[must_use]
pub fn card(trained: &Trained, source: &str, seed: u64) -> String {
    let schema = &trained.model.schema;
    let mut out = String::from("# Model card\n\n");
    let what = match (&schema.label, schema.task) {
        (Some(label), Task::Classification) => format!("tells `{}`: {}", cell(label), words(&schema.classes)),
        (Some(label), _) => format!("predicts the number `{}`", cell(label)),
        (None, _) => "tells groups of similar rows".to_owned(),
    };
    _ = writeln!(out, "This model {what}. It is a kind of {}.\n", trained.algorithm.label());

    out.push_str("## How well it does\n\n");
    figures(&mut out, trained);

    _ = writeln!(out, "## Data\n\nLearned from {source}.\n\n| input | holds |\n| --- | --- |");
    for feature in &schema.features {
        let holds = match &feature.kind {
            FeatureKind::Numeric => "a number of single precision; NaN where it is missing".to_owned(),
            FeatureKind::Categorical(known) => format!("one of {} words: {}", known.len(), words(known)),
        };
        _ = writeln!(out, "| `{}` | {holds} |", cell(&feature.name));
    }
    out.push_str("\nMissing values: ");
    out.push_str(match &trained.model.body {
        Body::Trees { .. } => {
            "each split of a number has learned which way they go. A word that is new is none of those that a split asks for.\n\n"
        }
        _ => "a missing number counts as the mean. A word that is new counts as none of those known.\n\n",
    });
    if !trained.importances.is_empty() {
        out.push_str("## What it looks at\n\n| input | share of what splits gained |\n| --- | --- |\n");
        for (name, share) in trained.importances.iter().take(SHOWN) {
            _ = writeln!(out, "| `{}` | {:.1} % |", cell(name), share * 100.0);
        }
        out.push('\n');
    }

    out.push_str("## Parameters\n\n| parameter | value |\n| --- | --- |\n");
    for (name, value) in trained.settings.iter() {
        _ = writeln!(out, "| {name} | {value} |");
    }
    _ = writeln!(out, "| seed | {seed} |");
    if let Some(best) = trained.curve.best.filter(|best| *best < rounds(trained)) {
        _ = writeln!(out, "\nLearning stopped early: of {} rounds the first {best} are kept.", rounds(trained));
    }
    out.push_str(
        "\n## Format\n\nONNX: an input for each column above, with as many rows as one likes and one column. The same data, parameters and seed give the same bytes.\n",
    );
    out
}

fn rounds(trained: &Trained) -> usize {
    trained.curve.points.last().map_or(0, |point| point.0)
}

fn figures(out: &mut String, trained: &Trained) {
    let examined = trained.examined.as_ref().filter(|figures| !figures.values.is_empty());
    out.push_str("| | learned from |");
    out.push_str(if examined.is_some() { " held out |\n| --- | --- | --- |\n" } else { "\n| --- | --- |\n" });
    let figure = |figures: &Figures, name: &str| figures.get(name).map_or_else(String::new, six_digits);
    for (name, value) in &trained.learned.values {
        _ = write!(out, "| {name} | {} |", six_digits(*value));
        out.push_str(&examined.map_or_else(String::new, |examined| format!(" {} |", figure(examined, name))));
        out.push('\n');
    }
    _ = write!(out, "| rows | {} |", trained.learned.rows);
    out.push_str(&examined.map_or_else(String::new, |examined| format!(" {} |", examined.rows)));
    out.push_str("\n\n");
}

/// Text that leaves a table of Markdown whole.
fn cell(text: &str) -> String {
    text.chars()
        .filter(|letter| !letter.is_control())
        .map(|letter| if matches!(letter, '|' | '`') { '\'' } else { letter })
        .collect()
}

fn words(all: &[String]) -> String {
    let shown: Vec<String> = all
        .iter()
        .take(SHOWN)
        .map(|word| if word.is_empty() { "(nothing)".to_owned() } else { format!("`{}`", cell(word)) })
        .collect();
    let more = all.len().saturating_sub(SHOWN);
    if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
}
