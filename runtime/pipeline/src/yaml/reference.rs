//! References: `${params.seed}`, `${inputs.data}`, `${split.train}`, `${split}`, and the escape `$${`.

use super::cursor::is_name;
use super::node::{Kind, Node};
use crate::diagnostic::Diagnostic;
use crate::model::Binding;

/// A text, parsed for references.
pub(crate) enum Text {
    /// A text without reference, in which `$${` is replaced by `${`.
    Plain(String),
    /// The whole text is one reference.
    Reference(Binding),
}

/// Parses a text.
pub(crate) fn read(text: &str, node: &Node) -> Result<Text, Diagnostic> {
    let trimmed = text.trim();
    let Some(start) = find(trimmed) else {
        return Ok(Text::Plain(text.replace("$${", "${")));
    };
    let inside = &trimmed[start + 2..];
    let Some(end) = inside.find('}') else {
        return Err(Diagnostic::error("this reference is not closed: `}` is missing")
            .at(node.span)
            .hint("for the text `${` itself write `$${`"));
    };
    if start == 0 && end + 1 == inside.len() {
        return reference(inside[..end].trim(), node).map(Text::Reference);
    }
    Err(Diagnostic::error("a reference must be the whole value; it cannot be part of a longer text")
        .at(node.span)
        .hint("pass the parts whole, or give the finished text as a parameter; for the text `${` write `$${`"))
}

/// The first `${` that is not escaped.
fn find(text: &str) -> Option<usize> {
    text.match_indices("${").map(|(at, _)| at).find(|at| !text[..*at].ends_with('$'))
}

/// Parses the text between the braces.
pub(crate) fn reference(text: &str, node: &Node) -> Result<Binding, Diagnostic> {
    let mut parts = text.split('.').map(str::trim);
    let wrong = || {
        let named = if text.is_empty() { "this".to_owned() } else { format!("`{text}`") };
        Diagnostic::error(format!("{named} is no reference"))
            .at(node.span)
            .hint("write `${params.name}` for a parameter, `${step.output}` for a step's output")
    };
    match (parts.next(), parts.next(), parts.next()) {
        (Some("params" | "inputs"), Some(name), None) if is_name(name) => Ok(Binding::Input(name.to_owned())),
        (Some("params" | "inputs"), None, None) => Err(wrong()),
        (Some(step), output, None) if is_name(step) && output.is_none_or(is_name) => {
            Ok(Binding::Output { task: step.to_owned(), output: output.unwrap_or_default().to_owned() })
        }
        _ => Err(wrong()),
    }
}

/// The source of an input: [`binding`], or a list whose items are references, which becomes the list of what these give.
pub(crate) fn wire(node: &Node) -> Result<Binding, Diagnostic> {
    if let Kind::Sequence(items) = &node.kind {
        let reference = |item: &Node| item.text().is_some_and(|text| text.trim().starts_with("${"));
        if !items.is_empty() && items.iter().all(reference) {
            return items.iter().map(binding).collect::<Result<_, _>>().map(Binding::Gather);
        }
    }
    binding(node)
}

/// The literal or reference of a node. There are no references inside lists and mappings.
pub(crate) fn binding(node: &Node) -> Result<Binding, Diagnostic> {
    if let Some(text) = node.text()
        && let Text::Reference(binding) = read(text, node)?
    {
        return Ok(binding);
    }
    node.map_value(&mut |scalar, value| match value.as_str() {
        None => Ok(value),
        Some(text) => match read(text, scalar)? {
            Text::Plain(text) => Ok(text.into()),
            Text::Reference(_) => {
                Err(Diagnostic::error("a reference must be an input's whole value; it cannot stand inside a literal")
                    .at(scalar.span)
                    .hint("pass each part as an input of its own, or give the whole as a parameter; of a list, all items may be references"))
            }
        },
    })
    .map(Binding::Literal)
}
