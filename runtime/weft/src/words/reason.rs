//! Differences and their causes in words.

use serde_json::Value;
use weft_metadata::Uncached;

use super::{text, value};
use crate::content::FirstDifference;
use crate::diff::OutputDiff;
use crate::difference::Difference;
use crate::why::{Because, Cause, Root};

/// Characters of a text that stands in a sentence.
const MAX_TEXT: usize = 60;

/// `seed: 7 → 8`
pub fn difference(difference: &Difference) -> String {
    match difference {
        Difference::Component { before, after } => {
            format!("another build of its component: {} → {}", digest(before.as_deref()), digest(after.as_deref()))
        }
        Difference::Function { before, after } => {
            let name = |function: &Option<String>| function.clone().unwrap_or_else(|| "none".to_owned());
            format!("another function: {} → {}", name(before), name(after))
        }
        Difference::Parameter { input, before, after } => {
            format!("{input}: {} → {}", value::parameter(before), value::parameter(after))
        }
        Difference::Content { input, before, after } => {
            format!("{input} has other content: {} → {}", digests(before), digests(after))
        }
        Difference::Metadata { input, what } => format!("{input} has another {what}, and the same content"),
        Difference::Added { input } => format!("with {input}, which it did not have before"),
        Difference::Removed { input } => format!("without {input}, which it had before"),
        Difference::Command { part, before, after } => command(part, before, after),
        Difference::Grants { .. } => "other grants".to_owned(),
        Difference::Strict { after: true, .. } => "compiled for --strict-determinism, as it was not before".to_owned(),
        Difference::Strict { after: false, .. } => "no longer compiled for --strict-determinism".to_owned(),
        Difference::Secrets => "other values of its secrets".to_owned(),
    }
}

fn command(part: &str, before: &Value, after: &Value) -> String {
    let lines = |value: &Value| -> Vec<String> {
        let all = value.as_array().map(Vec::as_slice).unwrap_or_default();
        all.iter().filter_map(Value::as_str).flat_map(str::lines).map(str::to_owned).collect()
    };
    let (old, new) = (lines(before), lines(after));
    let changed = old.iter().zip(&new).find(|(old, new)| old != new);
    match (part, changed) {
        ("command", Some((old, new))) => {
            format!("another command or function: `{}` → `{}`", short(old.trim()), short(new.trim()))
        }
        ("command", None) => format!("another command or function: {} lines → {} lines", old.len(), new.len()),
        ("content", _) => "other content that texts among its inputs name".to_owned(),
        (part, _) => format!("other {part} of its command"),
    }
}

/// Why a step has its state, without the differences.
pub fn because(because: &Because) -> String {
    match because {
        Because::First => "it has not run before in this pipeline".to_owned(),
        Because::Changed => "it was given something else than before".to_owned(),
        Because::Cached { run: Some(run) } => format!("run {run} was given the same, and its outputs were taken"),
        Because::Cached { run: None } => "a run that was deleted since was given the same".to_owned(),
        Because::CacheOff { by } => match by {
            Uncached::Run => {
                "it was given the same, but the run was not to take cached outputs (--no-cache)".to_owned()
            }
            Uncached::Asked => "it was given the same, but was to run again (--from)".to_owned(),
            Uncached::Task => "it was given the same, but its caching is off in the pipeline".to_owned(),
            Uncached::Grants => {
                "it was given the same, but is granted what its outputs may depend on unseen, so it always runs"
                    .to_owned()
            }
            Uncached::Unsandboxed => {
                "it was given the same, but runs outside of the sandbox, so it always runs".to_owned()
            }
        },
        Because::EarlierFailed => "it was given the same, but failed then".to_owned(),
        Because::ContentGone => {
            "it was given the same, but what it gave then is no longer in the store, or that run had not ended"
                .to_owned()
        }
        Because::Skipped { reason } | Because::NotRun { reason } => reason.clone(),
        Because::Always => "what it looks at may change, so it is looked at in each run".to_owned(),
        Because::Group => "it holds other steps; ask for one of those".to_owned(),
    }
}

/// `parameter seed: 7 → 8`, and where it comes in.
pub fn cause(cause: &Cause) -> String {
    let task = cause.path.last().map(String::as_str).unwrap_or_default();
    let root = match &cause.root {
        Root::RunParameter { name, before, after } => {
            let shown = |value: &Option<Value>| value.as_ref().map_or_else(|| "none".to_owned(), value::parameter);
            return format!("parameter {name}: {} → {}", shown(before), shown(after));
        }
        Root::Imported { source: Some(source) } => format!("`{}` has other content", short(source)),
        Root::Imported { source: None } => "what it imports has other content".to_owned(),
        Root::Latest => "the latest artifact is another".to_owned(),
        Root::Step { difference } => self::difference(difference),
        Root::NewStep => "the earlier run did not have it".to_owned(),
        Root::Unreproducible => "it was given the same, and gave something else".to_owned(),
    };
    format!("step {task}: {root}")
}

/// `model: blake3:1a2b3c4d… → blake3:5e6f7a8b… (first at byte 17)`
pub fn output(output: &OutputDiff) -> String {
    if output.before == output.after {
        return format!("{} has other metadata, and the same content", output.output);
    }
    let shown = |value: &Option<Value>| match value {
        None => "none".to_owned(),
        Some(Value::String(text)) if text.starts_with("blake3") => value::short_uri(text),
        Some(value) => value::parameter(value),
    };
    let place = match &output.first {
        None => String::new(),
        Some(FirstDifference::Byte { offset, before, after }) if before == after => {
            format!(" (first at byte {offset})")
        }
        Some(FirstDifference::Byte { offset, before, after }) => {
            format!(" (first at byte {offset}; {before} bytes → {after} bytes)")
        }
        Some(FirstDifference::Files { removed, added, changed }) => {
            let part = |what: &str, files: &[String]| {
                files.first().map(|first| match files.len() {
                    1 => format!("{what} {first}"),
                    more => format!("{what} {first} and {} more", more - 1),
                })
            };
            let parts: Vec<String> = [part("changed", changed), part("added", added), part("removed", removed)]
                .into_iter()
                .flatten()
                .collect();
            format!(" ({})", parts.join(", "))
        }
        Some(FirstDifference::Kind) => " (a file, and a directory)".to_owned(),
        Some(FirstDifference::Gone) => " (one of them is no longer in the store)".to_owned(),
    };
    format!("{}: {} → {}{place}", output.output, shown(&output.before), shown(&output.after))
}

fn digest(digest: Option<&str>) -> String {
    digest.map_or_else(|| "none".to_owned(), value::short_uri)
}

fn digests(all: &[String]) -> String {
    match all {
        [one] => value::short_uri(one),
        all => format!("{} artifacts", all.len()),
    }
}

fn short(words: &str) -> String {
    let line = text::one_line(words);
    if line.chars().count() <= MAX_TEXT { line } else { line.chars().take(MAX_TEXT - 1).collect::<String>() + "…" }
}
