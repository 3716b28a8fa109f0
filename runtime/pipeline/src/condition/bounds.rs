//! Bounds on conditions, which keep them from exhausting the stack, the time or the process of the host.

use std::thread;

use cel::IdedExpr;
use cel::common::ast::{EntryExpr, Expr};
use serde_json::Value;

use super::{ConditionError, ConditionScope};
use crate::step::PortValue;

/// The maximum length of an expression, in bytes.
const MAX_LENGTH: usize = 4_096;
/// The maximum number of opening brackets, which bounds the nesting. Also that of `?` in `a ? b : c`, which nest as
/// well.
const MAX_BRACKETS: usize = 128;
/// The maximum number of operators, dots included, which bounds the depth of an expression without brackets.
const MAX_OPERATORS: usize = 512;
/// The maximum number of iterations of all loops (`all`, `exists`, `map`, ...) together.
const MAX_LOOP_ITERATIONS: f64 = 2e6;
/// The CEL parser takes up to 100 KiB of stack for each level of nesting in an unoptimised build. Only pages that are
/// touched use memory.
const STACK: usize = 64 << 20;

/// Refuses expressions that could exhaust the parser, by counting characters, including those inside of strings.
pub(super) fn check(expression: &str) -> Result<(), ConditionError> {
    check_size(expression, MAX_LENGTH, MAX_BRACKETS, MAX_OPERATORS)
}

/// The same for expressions that KFP's compiler generates: an `Else` repeats the conditions of all branches before it.
pub(super) fn check_generated(expression: &str) -> Result<(), ConditionError> {
    check_size(expression, 8 * MAX_LENGTH, 4 * MAX_BRACKETS, 4 * MAX_OPERATORS)
}

fn check_size(expression: &str, length: usize, brackets: usize, operators: usize) -> Result<(), ConditionError> {
    let count = |wanted: &[char]| expression.chars().filter(|c| wanted.contains(c)).count();
    if expression.trim().is_empty() {
        return Err(ConditionError::Syntax {
            message: "it is empty".into(),
            hint: Some("write one such as `evaluate.accuracy > 0.9`".into()),
        });
    }
    if expression.len() > length {
        return Err(ConditionError::syntax(format!("it is longer than {length} bytes")));
    }
    if count(&['(', '[', '{', '?']) > brackets {
        return Err(ConditionError::syntax(format!("it has more than {brackets} brackets")));
    }
    let signs = count(&['+', '-', '*', '/', '%', '!', '<', '>', '=', '&', '|', '.', ':']);
    let words = expression.split_whitespace().filter(|word| *word == "in").count();
    if signs + words > operators {
        return Err(ConditionError::syntax(format!("it has more than {operators} operators")));
    }
    Ok(())
}

/// Runs `work` on a thread whose stack is sufficient for the bounds above, and turns a panic into an error.
///
/// The parser is generated code over an error-recovering library. A panic on malformed input must not abort the run.
pub(super) fn with_large_stack<T: Send>(
    work: impl FnOnce() -> Result<T, ConditionError> + Send,
) -> Result<T, ConditionError> {
    thread::scope(|scope| {
        match thread::Builder::new().name("condition".into()).stack_size(STACK).spawn_scoped(scope, work) {
            Ok(thread) => thread.join().unwrap_or_else(|_| Err(ConditionError::syntax("the CEL parser failed on it"))),
            Err(error) => Err(ConditionError::Evaluation(format!("no thread could be started for it: {error}"))),
        }
    })
}

/// Refuses nested loops over lists so long that they would not end in reasonable time.
pub(super) fn check_loops(tree: &IdedExpr, expression: &str, scope: &ConditionScope<'_>) -> Result<(), ConditionError> {
    let outputs = scope.tasks.values().flat_map(|task| task.outputs.values()).map(longest_in);
    let params = scope.params.values().map(longest);
    let items = outputs.chain(params).fold(scope.params.len().max(scope.tasks.len()), usize::max);
    check_loop_iterations(tree, expression, items)
}

/// The same, if the longest list that they could iterate over has `items` items.
pub(super) fn check_loop_iterations(tree: &IdedExpr, expression: &str, items: usize) -> Result<(), ConditionError> {
    let depth = loops(tree);
    if depth == 0 {
        return Ok(());
    }
    let items = items.max(expression.matches(',').count() + 1);
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    let items = items as f64;
    if items.powi(i32::try_from(depth).unwrap_or(i32::MAX)) > MAX_LOOP_ITERATIONS {
        return Err(ConditionError::Evaluation(format!(
            "its loops, {depth} deep over {items} items, would take too long"
        )));
    }
    Ok(())
}

/// The length of the longest list or mapping in a port's value.
pub(super) fn longest_in(value: &PortValue) -> usize {
    match value {
        PortValue::Parameter(value) => longest(value),
        PortValue::Artifacts(artifacts) => artifacts
            .iter()
            .flat_map(|artifact| artifact.properties.values().map(longest).chain([artifact.properties.len()]))
            .fold(artifacts.len(), usize::max),
    }
}

fn longest(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(longest).fold(items.len(), usize::max),
        Value::Object(fields) => fields.values().map(longest).fold(fields.len(), usize::max),
        _ => 0,
    }
}

/// The nesting depth of loops.
fn loops(tree: &IdedExpr) -> usize {
    let deepest = |parts: &mut dyn Iterator<Item = &IdedExpr>| parts.map(loops).max().unwrap_or(0);
    match &tree.expr {
        Expr::Call(call) => deepest(&mut call.args.iter().chain(call.target.as_deref())),
        // A loop over the result of another one may have as many items as the loops in that one together produced.
        Expr::Comprehension(each) => {
            1 + deepest(&mut [&each.loop_step, &each.loop_cond, &each.result].into_iter()) + loops(&each.iter_range)
        }
        Expr::List(list) => deepest(&mut list.elements.iter()),
        Expr::Map(map) => entries(&map.entries).map(loops).max().unwrap_or(0),
        Expr::Struct(object) => entries(&object.entries).map(loops).max().unwrap_or(0),
        Expr::Select(select) => loops(&select.operand),
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => 0,
    }
}

/// The expressions in the entries of a map or a struct.
pub(super) fn entries(entries: &[cel::common::ast::IdedEntryExpr]) -> impl Iterator<Item = &IdedExpr> {
    entries
        .iter()
        .flat_map(|entry| match &entry.expr {
            EntryExpr::StructField(field) => [Some(&field.value), None],
            EntryExpr::MapEntry(entry) => [Some(&entry.key), Some(&entry.value)],
        })
        .flatten()
}
