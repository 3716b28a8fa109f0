//! Builtins that run other commands: `command`, `exec`, `env`, `timeout`, `source` and the shell itself.

use std::io::Write;
use std::time::Instant;

use crate::builtins::describe;
use crate::shell::{Flow, Run, Shell};
use crate::variables::Content;

pub fn command(shell: &mut Shell, arguments: &[String]) -> Run {
    match arguments.first().map(String::as_str) {
        Some("-v") => describe(shell, &arguments[1..], false),
        Some("-V") => describe(shell, &arguments[1..], true),
        Some("-p" | "--") => shell.run_builtin_or_utility(&arguments[1..]),
        _ => shell.run_builtin_or_utility(arguments),
    }
}

/// With a command, that is the last one; without, the redirections stay, for which `simple` sees.
pub fn exec(shell: &mut Shell, arguments: &[String]) -> Run {
    let arguments = if arguments.first().is_some_and(|a| a == "--") { &arguments[1..] } else { arguments };
    if arguments.is_empty() {
        return Ok(0);
    }
    shell.traps.clear();
    Err(Flow::Exit(shell.run_builtin_or_utility(arguments)?))
}

pub fn source(shell: &mut Shell, arguments: &[String]) -> Run {
    let Some((name, rest)) = arguments.split_first() else { return Err(shell.fatal(".: filename argument required")) };
    let text = match shell.open_input(name).and_then(|input| input.read_all()) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => {
            let message = format!(".: {}", crate::redirect::say(name, &error));
            if shell.bash {
                shell.complain(&message);
                return Ok(1);
            }
            return Err(shell.fatal(&message));
        }
    };
    let saved = (!rest.is_empty()).then(|| std::mem::replace(&mut shell.parameters, rest.to_vec()));
    let done = shell.run_text(&text, name);
    if let Some(parameters) = saved {
        shell.parameters = parameters;
    }
    match done {
        Err(Flow::Return(status)) => Ok(status),
        done => done,
    }
}

pub fn env(shell: &mut Shell, arguments: &[String]) -> Run {
    let mut changed = shell.subshell();
    let mut rest = arguments;
    while let Some((first, more)) = rest.split_first() {
        rest = more;
        match first.as_str() {
            "-i" | "-" | "--ignore-environment" => {
                let names: Vec<String> =
                    changed.variables.exported().iter().map(|(name, _)| (*name).to_owned()).collect();
                for name in names {
                    changed.variables.entry(&name).exported = false;
                }
            }
            "-u" | "--unset" => {
                let Some((name, more)) = rest.split_first() else { return Err(shell.fatal("env: -u needs a name")) };
                changed.variables.entry(name).exported = false;
                changed.variables.entry(name).content = Content::Unset;
                rest = more;
            }
            "-S" => {}
            "--" => break,
            word => match word.split_once('=') {
                Some((name, text)) if !name.is_empty() => {
                    let variable = changed.variables.entry(name);
                    variable.content = Content::Text(text.to_owned());
                    variable.exported = true;
                }
                _ if word.starts_with('-') => {
                    shell.complain(&format!("env: {word}: invalid option"));
                    return Ok(125);
                }
                _ => {
                    let command: Vec<String> = std::iter::once(first).chain(more).cloned().collect();
                    let done = changed.run_builtin_or_utility(&command);
                    return Ok(changed.finish(done));
                }
            },
        }
    }
    if !rest.is_empty() {
        let done = changed.run_builtin_or_utility(rest);
        return Ok(changed.finish(done));
    }
    let mut out = shell.stdout();
    for (name, text) in changed.variables.exported() {
        if writeln!(out, "{name}={text}").is_err() {
            return Ok(1);
        }
    }
    Ok(0)
}

/// Nothing can be interrupted here: the sandbox's own time limits hold, and a command that took too long is told afterwards.
pub fn timeout(shell: &mut Shell, arguments: &[String]) -> Run {
    let options = crate::utilities::options_before(
        arguments,
        "k:s:v",
        &[("signal", 's'), ("kill-after", 'k'), ("preserve-status", 'v')],
    );
    let Ok(options) = options else { return Ok(125) };
    let Some((limit, command)) = options.operands.split_first() else { return Ok(125) };
    let Some(limit) = crate::utilities::duration(limit) else {
        shell.complain(&format!("timeout: invalid time interval '{limit}'"));
        return Ok(125);
    };
    let start = Instant::now();
    let mut subshell = shell.subshell();
    let done = subshell.run_builtin_or_utility(command);
    let status = subshell.finish(done);
    Ok(if limit > 0.0 && start.elapsed().as_secs_f64() > limit { 124 } else { status })
}

pub fn time(shell: &mut Shell, arguments: &[String]) -> Run {
    let arguments = if arguments.first().is_some_and(|a| a == "-p") { &arguments[1..] } else { arguments };
    let start = Instant::now();
    let done = shell.run_command(arguments);
    let seconds = start.elapsed().as_secs_f64();
    let _ = writeln!(shell.stderr(), "\nreal\t{}m{:.3}s", (seconds / 60.0).floor(), seconds % 60.0);
    done
}

pub fn nice(shell: &mut Shell, arguments: &[String]) -> Run {
    match crate::utilities::options_before(arguments, "n:c:", &[("adjustment", 'n')]) {
        Ok(options) => shell.run_builtin_or_utility(&options.operands),
        Err(_) => Ok(125),
    }
}

/// A shell inside of the shell, with the exported variables.
pub fn shell(shell: &mut Shell, name: &str, arguments: &[String]) -> Run {
    let mut inner = shell.script_shell(name, Vec::new());
    inner.bash = name == "bash";
    Ok(crate::cli::run_shell(&mut inner, arguments))
}
