//! The references of a condition.

use std::fmt::Write;

use cel::IdedExpr;
use cel::common::ast::{Expr, LiteralValue, operators};

use super::bounds::entries;

/// A value that a condition reads (`evaluate.accuracy`) or tests (`has(evaluate.accuracy)`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Its first name.
    pub root: Root,
    /// The names that follow it: for a task first the output.
    pub path: Vec<String>,
}

/// The first name of a reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Root {
    /// The pipeline's parameters.
    Params,
    /// A task, by the name as written: `my_step` may mean `my-step`.
    Task(String),
}

impl Reference {
    /// The reference as an expression: `evaluate.accuracy`, `steps["my-step"].x`.
    pub fn text(&self) -> String {
        let plain = |name: &str| !name.contains('-');
        let mut text = match &self.root {
            Root::Params => "params".to_owned(),
            Root::Task(name) if plain(name) => name.clone(),
            Root::Task(name) => format!("steps[\"{name}\"]"),
        };
        for name in &self.path {
            let _ = if plain(name) { write!(text, ".{name}") } else { write!(text, "[\"{name}\"]") };
        }
        text
    }
}

/// Names of types in CEL, which are not tasks.
const TYPES: [&str; 10] = ["int", "uint", "double", "bool", "string", "bytes", "list", "map", "type", "null_type"];

/// All references of an expression.
pub(super) fn collect(tree: &IdedExpr) -> Vec<Reference> {
    let mut found = Vec::new();
    walk(tree, &mut Vec::new(), &mut found);
    found
}

/// `bound` are the variables of enclosing loops.
fn walk<'e>(tree: &'e IdedExpr, bound: &mut Vec<&'e str>, found: &mut Vec<Reference>) {
    if let Some((root, path)) = chain(tree) {
        if !bound.contains(&root)
            && let Some(reference) = reference(root, path)
            && !found.contains(&reference)
        {
            found.push(reference);
        }
        return;
    }
    match &tree.expr {
        Expr::Call(call) => {
            call.args.iter().chain(call.target.as_deref()).for_each(|part| walk(part, bound, found));
        }
        Expr::Comprehension(each) => {
            walk(&each.iter_range, bound, found);
            walk(&each.accu_init, bound, found);
            let outside = bound.len();
            bound.extend([each.iter_var.as_str(), each.accu_var.as_str()]);
            bound.extend(each.iter_var2.as_deref());
            for part in [&each.loop_cond, &each.loop_step, &each.result] {
                walk(part, bound, found);
            }
            bound.truncate(outside);
        }
        Expr::List(list) => list.elements.iter().for_each(|item| walk(item, bound, found)),
        Expr::Map(map) => entries(&map.entries).for_each(|part| walk(part, bound, found)),
        Expr::Struct(object) => entries(&object.entries).for_each(|part| walk(part, bound, found)),
        Expr::Select(select) => walk(&select.operand, bound, found),
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => {}
    }
}

/// What a chain of names refers to: none for a type's name, or for a variable that a macro made.
pub(super) fn reference(root: &str, path: Vec<&str>) -> Option<Reference> {
    let mut path = path.into_iter().map(str::to_owned);
    let root = match root.trim_start_matches('.') {
        "params" => Root::Params,
        "steps" => match path.next() {
            Some(task) => Root::Task(task),
            // All parameters at once. The checker requires a name.
            None => Root::Task("steps".to_owned()),
        },
        name if name.starts_with('@') || (path.len() == 0 && TYPES.contains(&name)) => return None,
        name => Root::Task(name.to_owned()),
    };
    Some(Reference { root, path: path.collect() })
}

/// The root of `a.b["c"]`, and the names that follow.
pub(crate) fn chain(tree: &IdedExpr) -> Option<(&str, Vec<&str>)> {
    match &tree.expr {
        Expr::Ident(name) => Some((name, Vec::new())),
        Expr::Select(select) => {
            let (root, mut path) = chain(&select.operand)?;
            path.push(&select.field);
            Some((root, path))
        }
        Expr::Call(call)
            if [operators::INDEX, operators::OPT_INDEX, operators::OPT_SELECT].contains(&call.func_name.as_str()) =>
        {
            let [operand, index] = &call.args[..] else { return None };
            let (Expr::Literal(LiteralValue::String(field)), Some((root, mut path))) = (&index.expr, chain(operand))
            else {
                return None;
            };
            path.push(field.inner());
            Some((root, path))
        }
        _ => None,
    }
}
