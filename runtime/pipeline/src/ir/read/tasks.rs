//! Reading tasks: inputs, dependencies, conditions, loops and retries.

use std::time::Duration;

use serde_json::Value;

use super::message::{self, Message, Notes};
use super::values::{artifact_source, one_of_names, parameter_source, required};
use super::{MAX_ITEMS, Reader};
use crate::diagnostic::Diagnostic;
use crate::model::{Condition, ConditionVariables, Items, Iteration, Retry, Span, Task, Trigger};
use crate::types::{beyond_64_bits, whole_numbers};
use crate::yaml::node::Entry;
use crate::yaml::parse_duration;

/// The maximum number of retries: more are certainly a mistake.
const MAX_RETRIES: u64 = 1_000;

pub(super) const FIELDS: [&str; 10] = [
    "taskInfo",
    "inputs",
    "dependentTasks",
    "cachingOptions",
    "componentRef",
    "triggerPolicy",
    "artifactIterator",
    "parameterIterator",
    "retryPolicy",
    "iteratorPolicy",
];
const STRATEGIES: [&str; 3] =
    ["TRIGGER_STRATEGY_UNSPECIFIED", "ALL_UPSTREAM_TASKS_SUCCEEDED", "ALL_UPSTREAM_TASKS_COMPLETED"];

pub(super) fn read<'n>(reader: &mut Reader<'n>, prefix: &str, name: &str, entry: &'n Entry) -> Option<Task> {
    let what = format!("the task `{name}`");
    let message = Message::new(&entry.node, &what, &FIELDS, &mut reader.notes);
    let message = reader.notes.take(message)?;
    let path = format!("{prefix}steps.{name}");
    let mut task = Task { cache: false, at: entry.key.at, ..Task::default() };

    let component = message.message("componentRef", "`componentRef`", &["name"], &mut reader.notes);
    if message.get("componentRef").is_none() {
        reader.notes.error(Diagnostic::error(format!("{what} names no component")).at(entry.key));
        return None;
    }
    let (component, span) = required(&component, "name", &mut reader.notes)?;
    component.clone_into(&mut task.component);
    reader.places.insert(format!("{path}.component"), span);

    let info = message.message("taskInfo", "`taskInfo`", &["name"], &mut reader.notes);
    let shown = info.text("name", "a name", &mut reader.notes);
    task.display_name = shown.filter(|shown| *shown != name && !shown.is_empty()).map(str::to_owned);

    inputs(reader, &message, &path, &mut task);
    for node in message.list("dependentTasks", "a list of tasks", &mut reader.notes) {
        if let Some(other) = reader.notes.take(message::name(node, "a task's name in `dependentTasks`")) {
            reader.places.insert(format!("{path}.after.{other}"), node.span);
            task.after.insert(other.to_owned());
        }
    }

    let notes = &mut reader.notes;
    let caching = message.message("cachingOptions", "`cachingOptions`", &["enableCache", "cacheKey"], notes);
    task.cache = caching.flag("enableCache", notes);
    let off = message.get("cachingOptions").filter(|_| !task.cache).map(|entry| entry.key);
    reader.submitted.add(prefix.is_empty(), task.cache, off);
    let notes = &mut reader.notes;
    if let Some(entry) = caching.get("cacheKey") {
        let warning =
            Diagnostic::warning("`cachingOptions.cacheKey` is not honoured: results are found again by their inputs");
        notes.warn(warning.at(entry.key));
    }
    if let Some((condition, span)) = trigger(&message, &mut task, notes) {
        reader.places.insert(format!("{path}.when"), span);
        task.when = Some(Box::new(condition));
    }
    if let Some((each, span)) = iteration(&message, &mut reader.notes) {
        reader.places.insert(format!("{path}.each"), span);
        task.each = Some(Box::new(each));
    }
    if let Some(retry) = retry(&message, &mut reader.notes) {
        task.retry = retry;
    }
    reader.apply_executor(&mut task);
    Some(task)
}

fn inputs<'n>(reader: &mut Reader<'n>, message: &Message<'n>, path: &str, task: &mut Task) {
    let inputs = message.message("inputs", "a task's `inputs`", &["parameters", "artifacts"], &mut reader.notes);
    for (name, entry) in inputs.map("parameters", "a mapping from names to parameters", &mut reader.notes) {
        if let Some((wire, span)) = parameter_source(name, entry, &mut reader.notes) {
            reader.places.insert(format!("{path}.with.{name}"), span);
            task.inputs.insert(name.clone(), wire);
        }
    }
    for (name, entry) in inputs.map("artifacts", "a mapping from names to artifacts", &mut reader.notes) {
        if let Some((wire, span)) = artifact_source(name, entry, &mut reader.notes) {
            reader.places.insert(format!("{path}.with.{name}"), span);
            if task.inputs.insert(name.clone(), wire).is_some() {
                let problem = format!("the input `{name}` is given twice, as a parameter and as an artifact");
                reader.notes.error(Diagnostic::error(problem).at(entry.key));
            }
        }
    }
}

fn trigger(message: &Message<'_>, task: &mut Task, notes: &mut Notes) -> Option<(Condition, Span)> {
    let policy = message.message("triggerPolicy", "`triggerPolicy`", &["condition", "strategy"], notes);
    if let Some(entry) = policy.get("strategy")
        && one_of_names(&entry.node, "a trigger strategy", &STRATEGIES, notes) == Some("ALL_UPSTREAM_TASKS_COMPLETED")
    {
        task.trigger = Trigger::AllCompleted;
    }
    let expression = policy.text("condition", "a CEL expression", notes).filter(|text| !text.is_empty())?;
    let span = policy.get("condition")?.node.span;
    let tasks = std::collections::BTreeSet::new();
    Some((
        Condition { expression: expression.to_owned(), tasks, variables: ConditionVariables::Inputs, at: span.at },
        span,
    ))
}

fn iteration(message: &Message<'_>, notes: &mut Notes) -> Option<(Iteration, Span)> {
    let (sort, entry) = message.one_of(&["parameterIterator", "artifactIterator"], "a loop", notes)?;
    let read = Message::new(&entry.node, &format!("`{sort}`"), &["items", "itemInput"], notes);
    let iterator = notes.take(read)?;
    let item = required(&iterator, "itemInput", notes);
    let sources: &[&'static str] =
        if sort == "artifactIterator" { &["inputArtifact"] } else { &["raw", "inputParameter"] };
    let items = iterator.message("items", "a loop's `items`", sources, notes);
    let over = match items.one_of(sources, "a loop's `items`", notes) {
        Some(("raw", entry)) => Items::Literal(raw_items(entry, notes)?),
        Some((field, entry)) => {
            let name = notes.take(message::name(&entry.node, "the name of an input"))?.to_owned();
            if field == "inputArtifact" { Items::Artifacts(name) } else { Items::Parameter(name) }
        }
        None => {
            notes.error(Diagnostic::error("a loop does not say what it goes over: it has no `items`").at(entry.key));
            return None;
        }
    };
    let policy = message.message("iteratorPolicy", "`iteratorPolicy`", &["parallelismLimit"], notes);
    let limit = policy.count("parallelismLimit", notes).filter(|limit| *limit > 0);
    let parallelism = limit.map(|limit| u32::try_from(limit).unwrap_or(u32::MAX));
    Some((Iteration { over, item: item?.0.to_owned(), parallelism }, entry.key))
}

/// A list in JSON.
fn raw_items(entry: &Entry, notes: &mut Notes) -> Option<Vec<Value>> {
    let span = entry.node.span;
    let text = notes.take(message::text(&entry.node, "a list as JSON text for `raw`"))?;
    if let Some(number) = beyond_64_bits(text) {
        let problem =
            format!("an item of the loop, {number}, is beyond 64 bits, the most that whole numbers have here");
        notes.error(Diagnostic::error(problem).at(span).hint("make it a string"));
        return None;
    }
    let items = match serde_json::from_str(text) {
        Ok(Value::Array(items)) => items,
        Ok(_) => {
            notes.error(Diagnostic::error("a loop goes over a list, and `raw` is JSON of something else").at(span));
            return None;
        }
        Err(error) => {
            notes.error(Diagnostic::error(format!("the loop's items are no JSON: {error}")).at(span));
            return None;
        }
    };
    if items.len() > MAX_ITEMS {
        let problem = format!("the loop goes over {} items; at most {MAX_ITEMS} are taken", items.len());
        let hint = "let each iteration work on many of them, or take the items from a file in the step itself";
        notes.error(Diagnostic::error(problem).at(span).hint(hint));
        return None;
    }
    Some(items.into_iter().map(whole_numbers).collect())
}

fn retry(message: &Message<'_>, notes: &mut Notes) -> Option<Retry> {
    let known = ["maxRetryCount", "backoffDuration", "backoffFactor", "backoffMaxDuration"];
    message.get("retryPolicy")?;
    let policy = message.message("retryPolicy", "`retryPolicy`", &known, notes);
    let mut retry = Retry::default();
    if let Some(max) = policy.count("maxRetryCount", notes) {
        if max > MAX_RETRIES {
            let problem = format!("a task is repeated at most {MAX_RETRIES} times, not {max}");
            notes.error(Diagnostic::error(problem).at(policy.get("maxRetryCount").map(|entry| entry.node.span)));
        }
        retry.max = u32::try_from(max).unwrap_or(u32::MAX);
    }
    if let Some(factor) = policy.number("backoffFactor", notes).filter(|factor| *factor > 0.0) {
        retry.factor = factor.clamp(1.0, 1_000.0);
    }
    if let Some(backoff) = duration(&policy, "backoffDuration", notes) {
        retry.backoff = backoff;
    }
    // Zero means "no maximum of its own", not "no backoff".
    if let Some(longest) = duration(&policy, "backoffMaxDuration", notes).filter(|longest| !longest.is_zero()) {
        retry.max_backoff = longest;
    }
    Some(retry)
}

fn duration(message: &Message<'_>, field: &str, notes: &mut Notes) -> Option<Duration> {
    let text = message.text(field, "a duration such as `60s`", notes)?;
    let span = message.get(field).map(|entry| entry.node.span);
    notes
        .take(parse_duration(text).map_err(|why| Diagnostic::error(format!("`{text}` is no duration: {why}")).at(span)))
}
