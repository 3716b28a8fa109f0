//! Short texts about tasks, and the estimated width of text.

use crate::executor::FUNCTION_FLAG;
use crate::model::{Binding, CommandStep};

/// A name without the prefix that KFP's compiler adds.
pub(super) fn plain(name: &str) -> &str {
    name.strip_prefix("pipelinechannel--").unwrap_or(name)
}

/// The file and the function of a component: `train.wasm#evaluate`.
pub(super) fn component(path: &str, function: Option<&str>) -> String {
    let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
    match function {
        Some(function) => format!("{file}#{function}"),
        None => file.to_owned(),
    }
}

/// The program of a container: the name of the function, or the first line of the command.
pub(super) fn command(step: &CommandStep) -> String {
    if let Ok(call) = crate::executor::choose_executor(step) {
        if call.argv.get(1).is_some_and(|word| word == FUNCTION_FLAG) {
            let name = call.argv.iter().position(|word| word == "--function_to_execute");
            if let Some(name) = name.and_then(|at| call.argv.get(at + 1)) {
                return format!("{name}()");
            }
        }
        let line = call.argv.join(" ");
        let line = line.trim_start_matches("sh -c ").trim();
        return line.lines().next().unwrap_or_default().to_owned();
    }
    step.image.clone()
}

/// The source of a value: `params.seed` or `seed`, `split.train`, or the value itself.
pub(super) fn source(binding: &Binding) -> String {
    match binding {
        Binding::Literal(serde_json::Value::String(text)) | Binding::Template(text) => text.clone(),
        Binding::Literal(value) => value.to_string(),
        Binding::Input(name) => plain(name).to_owned(),
        Binding::Output { task, output } if output.is_empty() => task.clone(),
        Binding::Output { task, output } => format!("{task}.{}", plain(output)),
        Binding::FinalStatus { task } => format!("the outcome of {task}"),
        Binding::FirstOf(all) => {
            let all: Vec<String> = all.iter().map(source).collect();
            format!("the first of {}", all.join(", "))
        }
        Binding::Gather(all) => {
            let all: Vec<String> = all.iter().map(source).collect();
            format!("[{}]", all.join(", "))
        }
    }
}

/// A condition of KFP in a readable form: `inputs.parameter_values['pipelinechannel--flip-Output'] == 'heads'` becomes
/// `flip-Output == 'heads'`.
pub(super) fn condition(expression: &str) -> String {
    let mut text = String::new();
    let mut rest = expression;
    'next: while !rest.is_empty() {
        for prefix in ["inputs.parameter_values['", "inputs.artifacts['", "inputs.parameters['"] {
            if let Some(after) = rest.strip_prefix(prefix)
                && let Some((name, after)) = after.split_once("']")
            {
                text.push_str(plain(name));
                rest = after;
                continue 'next;
            }
        }
        // A test of presence, in the native form.
        for section in ["' in inputs.parameter_values", "' in inputs.artifacts"] {
            if let Some(quoted) = rest.strip_prefix('\'')
                && let Some((name, after)) = quoted.split_once(section)
                && !name.contains('\'')
                && !after.starts_with('[')
            {
                text = text + "has(" + plain(name) + ")";
                rest = after;
                continue 'next;
            }
        }
        let Some(c) = rest.chars().next() else { break };
        text.push(c);
        rest = &rest[c.len_utf8()..];
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text shortened to so many characters. Control characters are left out.
pub(super) fn short(text: &str, most: usize) -> String {
    let clean = text.chars().filter(|c| !c.is_control());
    if clean.clone().count() <= most {
        return clean.collect();
    }
    clean.take(most.saturating_sub(1)).chain(['…']).collect()
}

/// The estimated width of a text in a sans-serif font of one pixel. It rather overestimates, as fonts differ.
pub(super) fn width(text: &str) -> f64 {
    text.chars()
        .map(|c| match c {
            'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '|' | '\'' | '!' => 0.36,
            'f' | 't' | 'r' | ' ' | '(' | ')' | '[' | ']' | '/' | '-' => 0.44,
            'm' | 'w' | 'M' | 'W' | '@' | '%' => 0.98,
            'A'..='Z' | '#' | '&' | '…' => 0.76,
            '\u{1100}'.. => 1.15,
            '\u{80}'.. => 0.8,
            _ => 0.62,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_lose_what_the_compiler_put_in() {
        assert_eq!(
            condition(
                "int(inputs.parameter_values['pipelinechannel--flip-Output']) > 5 && !('pipelinechannel--x' in inputs.artifacts)"
            ),
            "int(flip-Output) > 5 && !(has(x))"
        );
        assert_eq!(condition("inputs.parameter_values['broken"), "inputs.parameter_values['broken");
    }

    #[test]
    fn texts_are_cut_by_characters() {
        assert_eq!(short("日本語のテキスト", 4), "日本語…");
        assert_eq!(short("a\nb", 4), "ab");
    }
}
