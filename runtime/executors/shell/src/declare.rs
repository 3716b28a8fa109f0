//! Builtins about variables: `export`, `readonly`, `local`, `declare` and `unset`.

use std::io::Write;

use crate::parameters::quote_for_shell;
use crate::parser::is_name;
use crate::shell::{Flow, Run, Shell};
use crate::variables::Content;

/// `export`, `readonly`, `local` and `declare`.
pub fn declare(shell: &mut Shell, arguments: &[String], name: &str) -> Run {
    let mut flags = String::new();
    let mut off = String::new();
    let mut rest = arguments;
    while let Some((first, more)) = rest.split_first() {
        if first == "--" {
            rest = more;
            break;
        }
        match (first.strip_prefix('-'), first.strip_prefix('+')) {
            (Some(letters), _) if !letters.is_empty() => flags.push_str(letters),
            (_, Some(letters)) if !letters.is_empty() => off.push_str(letters),
            _ => break,
        }
        rest = more;
    }
    if rest.is_empty() || (flags.contains('p') && name == "declare") {
        return show(shell, rest, name, &flags);
    }
    let global = flags.contains('g') || shell.functions_running == 0;
    for argument in rest {
        let (target, value) = match argument.split_once('=') {
            Some((target, value)) => (target, Some(value)),
            None => (argument.as_str(), None),
        };
        let (target, append) = target.strip_suffix('+').map_or((target, false), |target| (target, value.is_some()));
        if !is_name(target) {
            shell.complain(&format!("{name}: `{argument}': not a valid identifier"));
            return if shell.bash { Ok(1) } else { Err(Flow::Exit(2)) };
        }
        if matches!(name, "local" | "declare") && !global {
            shell.variables.localize(target);
        }
        let variable = shell.variables.entry(target);
        variable.integer |= flags.contains('i');
        if flags.contains('A') && !matches!(variable.content, Content::Keyed(_)) {
            variable.content = Content::Keyed(std::collections::BTreeMap::default());
        } else if flags.contains('a') && variable.content == Content::Unset {
            variable.content = Content::Indexed(std::collections::BTreeMap::default());
        }
        if let Some(value) = value {
            let mut text = value.to_owned();
            if append {
                text = shell.variables.get(target).unwrap_or("").to_owned() + &text;
            }
            if shell.variables.variable(target).is_some_and(|variable| variable.integer) {
                text = shell.evaluate(&text)?.to_string();
            }
            if let Err(message) = shell.variables.set(target, text) {
                shell.complain(&message);
                return if shell.bash { Ok(1) } else { Err(Flow::Exit(2)) };
            }
        }
        let variable = shell.variables.entry(target);
        if name == "export" || flags.contains('x') {
            variable.exported = !(name == "export" && flags.contains('n'));
        }
        variable.exported &= !off.contains('x');
        variable.read_only |= name == "readonly" || flags.contains('r');
    }
    Ok(0)
}

fn show(shell: &Shell, names: &[String], name: &str, flags: &str) -> Run {
    let all = shell.variables.names();
    let mut out = shell.stdout();
    let mut status = 0;
    let wanted: Vec<&str> = if names.is_empty() { all } else { names.iter().map(String::as_str).collect() };
    for wanted in wanted {
        let Some(variable) = shell.variables.variable(wanted) else {
            shell.complain(&format!("{name}: {wanted}: not found"));
            status = 1;
            continue;
        };
        if names.is_empty()
            && ((name == "export" && !variable.exported)
                || ((name == "readonly" || flags.contains('r')) && !variable.read_only))
        {
            continue;
        }
        let mut letters: String = [(variable.integer, 'i'), (variable.read_only, 'r'), (variable.exported, 'x')]
            .into_iter()
            .filter_map(|(on, letter)| on.then_some(letter))
            .collect();
        let items = |all: Vec<(String, &String)>| {
            let items: Vec<String> = all.into_iter().map(|(key, text)| format!("[{key}]=\"{text}\"")).collect();
            format!("({})", items.join(" "))
        };
        let value = match &variable.content {
            Content::Unset => String::new(),
            Content::Text(text) => {
                format!("=\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$"))
            }
            Content::Indexed(all) => {
                letters.insert(0, 'a');
                format!("={}", items(all.iter().map(|(key, text)| (key.to_string(), text)).collect()))
            }
            Content::Keyed(all) => {
                letters.insert(0, 'A');
                format!("={}", items(all.iter().map(|(key, text)| (key.clone(), text)).collect()))
            }
        };
        let letters = if letters.is_empty() { "-".to_owned() } else { letters };
        let line = if name == "export" && !shell.bash {
            format!("export {wanted}={}", quote_for_shell(shell.variables.get(wanted).unwrap_or("")))
        } else {
            format!("declare -{letters} {wanted}{value}")
        };
        if writeln!(out, "{line}").is_err() {
            return Ok(1);
        }
    }
    Ok(status)
}

pub fn unset(shell: &mut Shell, arguments: &[String]) -> Run {
    let (mut functions, mut variables) = (false, false);
    for argument in arguments {
        match argument.as_str() {
            "-f" => functions = true,
            "-v" => variables = true,
            name => {
                let done = match name.strip_suffix(']').and_then(|name| name.split_once('[')) {
                    Some((name, index)) => shell.variables.unset_at(name, index),
                    None if functions || (!variables && shell.variables.variable(name).is_none()) => {
                        shell.functions.remove(name);
                        Ok(())
                    }
                    None => shell.variables.unset(name),
                };
                if let Err(message) = done {
                    shell.complain(&format!("unset: {message}"));
                    return Ok(1);
                }
            }
        }
    }
    Ok(0)
}
