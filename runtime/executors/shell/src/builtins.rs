//! Commands that act on the shell itself.

use std::io::Write;

use crate::parameters::quote_for_shell;
use crate::programs;
use crate::shell::{Flow, Run, Shell};
use crate::utilities::{self, Utility};

pub type Run1 = fn(&mut Shell, &[String]) -> Run;

#[derive(Clone, Copy)]
pub enum Builtin {
    /// Acts on the shell.
    Shell(Run1),
    /// Runs another command.
    Prefix(Run1),
}

/// Whether POSIX makes this a special builtin: its mistakes end the shell, its assignments last.
pub fn is_special(name: &str) -> bool {
    [
        ":", ".", "break", "continue", "eval", "exec", "exit", "export", "readonly", "return", "set", "shift", "trap",
        "unset",
    ]
    .contains(&name)
}

pub fn find(name: &str) -> Option<Builtin> {
    use crate::{declare, reading, running as run, settings};
    Some(match name {
        ":" | "true" => Builtin::Shell(|_, _| Ok(0)),
        "false" => Builtin::Shell(|_, _| Ok(1)),
        "break" => Builtin::Shell(|shell, arguments| leave(shell, arguments, "break", Flow::Break)),
        "continue" => Builtin::Shell(|shell, arguments| leave(shell, arguments, "continue", Flow::Continue)),
        "cd" => Builtin::Shell(cd),
        "pwd" => Builtin::Shell(pwd),
        "exit" => Builtin::Shell(|shell, arguments| Err(Flow::Exit(status(shell, arguments, "exit")?))),
        "return" => Builtin::Shell(|shell, arguments| Err(Flow::Return(status(shell, arguments, "return")?))),
        "export" => Builtin::Shell(|shell, arguments| declare::declare(shell, arguments, "export")),
        "readonly" => Builtin::Shell(|shell, arguments| declare::declare(shell, arguments, "readonly")),
        "local" => Builtin::Shell(|shell, arguments| {
            if shell.functions_running == 0 {
                shell.complain("local: can only be used in a function");
                return Ok(1);
            }
            declare::declare(shell, arguments, "local")
        }),
        "declare" | "typeset" => Builtin::Shell(|shell, arguments| declare::declare(shell, arguments, "declare")),
        "unset" => Builtin::Shell(declare::unset),
        "set" => Builtin::Shell(settings::set),
        "shopt" => Builtin::Shell(settings::shopt),
        "shift" => Builtin::Shell(shift),
        "trap" => Builtin::Shell(trap),
        "read" => Builtin::Shell(reading::read),
        "getopts" => Builtin::Shell(reading::getopts),
        "let" => Builtin::Shell(|shell, arguments| {
            let mut value = 0;
            for expression in arguments {
                value = shell.evaluate(expression)?;
            }
            Ok(i32::from(value == 0))
        }),
        "test" => Builtin::Shell(test),
        "[" => Builtin::Shell(|shell, arguments| match arguments.split_last() {
            Some((last, inner)) if last == "]" => test(shell, inner),
            _ => {
                shell.complain("[: missing `]'");
                Ok(2)
            }
        }),
        "echo" => Builtin::Shell(|shell, arguments| {
            written(utilities::run(shell, "echo", utilities::printf::echo, arguments))
        }),
        "printf" => Builtin::Shell(printf),
        "type" => Builtin::Shell(|shell, arguments| describe(shell, arguments, true)),
        "which" => Builtin::Shell(|shell, arguments| describe(shell, arguments, false)),
        "hash" | "umask" | "ulimit" | "alias" | "unalias" | "jobs" | "disown" | "fg" | "bg" | "times" | "history"
        | "bind" => Builtin::Shell(|_, _| Ok(0)),
        "wait" => Builtin::Shell(wait),
        "kill" => Builtin::Shell(|shell, _| {
            shell.complain("kill: there are no processes in a sandbox");
            Ok(1)
        }),
        "mapfile" | "readarray" => Builtin::Shell(reading::mapfile),
        "command" => Builtin::Prefix(run::command),
        "builtin" => Builtin::Prefix(super::shell::Shell::run_builtin_or_utility),
        "eval" => Builtin::Prefix(|shell, arguments| {
            let text = arguments.join(" ");
            if text.trim().is_empty() { Ok(0) } else { shell.run_text(&text, "eval") }
        }),
        "exec" => Builtin::Prefix(run::exec),
        "." | "source" => Builtin::Prefix(run::source),
        "env" => Builtin::Prefix(run::env),
        "timeout" => Builtin::Prefix(run::timeout),
        "time" => Builtin::Prefix(run::time),
        "nohup" | "setsid" => Builtin::Prefix(Shell::run_command),
        "nice" | "ionice" => Builtin::Prefix(run::nice),
        "sh" => Builtin::Prefix(|shell, arguments| run::shell(shell, "sh", arguments)),
        "bash" => Builtin::Prefix(|shell, arguments| run::shell(shell, "bash", arguments)),
        "ash" => Builtin::Prefix(|shell, arguments| run::shell(shell, "ash", arguments)),
        "dash" => Builtin::Prefix(|shell, arguments| run::shell(shell, "dash", arguments)),
        "find" => Builtin::Prefix(utilities::find::find),
        "xargs" => Builtin::Prefix(utilities::find::xargs),
        _ => return None,
    })
}

fn leave(shell: &mut Shell, arguments: &[String], name: &str, flow: fn(u32) -> Flow) -> Run {
    if shell.loops == 0 {
        shell.complain(&format!("{name}: only meaningful in a loop"));
        return Ok(0);
    }
    let Some(count) = arguments.first().map_or(Some(1), |text| text.parse::<u32>().ok()).filter(|count| *count > 0)
    else {
        return Err(shell.fatal(&format!("{name}: {}: loop count out of range", arguments[0])));
    };
    Err(flow(count.min(shell.loops)))
}

fn status(shell: &Shell, arguments: &[String], name: &str) -> Run {
    let Some(text) = arguments.first() else { return Ok(shell.status) };
    let Ok(status) = text.parse::<i64>() else {
        shell.complain(&format!("{name}: {text}: numeric argument required"));
        return Err(Flow::Exit(2));
    };
    // As a process's status: its lowest eight bits.
    Ok(i32::from(u8::try_from(status & 0xff).unwrap_or_default()))
}

fn cd(shell: &mut Shell, arguments: &[String]) -> Run {
    let arguments: Vec<&String> = arguments.iter().filter(|a| !matches!(a.as_str(), "-L" | "-P" | "--")).collect();
    let (target, show) = match arguments.first().map(|a| a.as_str()) {
        None => (shell.variables.get("HOME").unwrap_or("/").to_owned(), false),
        Some("-") => {
            if let Some(old) = shell.variables.get("OLDPWD") {
                (old.to_owned(), true)
            } else {
                shell.complain("cd: OLDPWD not set");
                return Ok(1);
            }
        }
        Some("") => return Ok(0),
        Some(target) => (target.to_owned(), false),
    };
    let path = shell.path(&target);
    if !path.is_dir() {
        let why = if path.exists() { "Not a directory" } else { "No such file or directory" };
        shell.complain(&format!("cd: {target}: {why}"));
        return Ok(1);
    }
    let text = path.to_string_lossy().into_owned();
    let text = if text.len() > 1 { text.trim_end_matches('/').to_owned() } else { text };
    let old = std::mem::replace(&mut shell.cwd, text.clone());
    shell.remember("OLDPWD", &old);
    shell.remember("PWD", &text);
    if show {
        let _ = writeln!(shell.stdout(), "{text}");
    }
    Ok(0)
}

fn pwd(shell: &mut Shell, _: &[String]) -> Run {
    Ok(i32::from(writeln!(shell.stdout(), "{}", shell.cwd).is_err()))
}

fn test(shell: &mut Shell, arguments: &[String]) -> Run {
    match crate::test::evaluate(shell, arguments) {
        Ok(holds) => Ok(i32::from(!holds)),
        Err(message) => {
            shell.complain(&format!("test: {message}"));
            Ok(2)
        }
    }
}

fn printf(shell: &mut Shell, arguments: &[String]) -> Run {
    if let [flag, name, template, rest @ ..] = arguments
        && flag == "-v"
    {
        let made = utilities::printf::format(template, rest);
        let set = shell.variables.set(name, made.text());
        shell.or_fatal(set)?;
        return Ok(i32::from(!made.errors.is_empty()));
    }
    written(utilities::run(shell, "printf", utilities::printf::printf as Utility, arguments))
}

/// A builtin whose output nobody reads ends the shell it is in, as the signal would: a loop that writes for ever must not go on.
fn written(status: i32) -> Run {
    if status == utilities::UNREAD { Err(Flow::Exit(status)) } else { Ok(status) }
}

fn shift(shell: &mut Shell, arguments: &[String]) -> Run {
    let count = arguments.first().map_or(Some(1), |text| text.parse::<usize>().ok());
    match count.filter(|count| *count <= shell.parameters.len()) {
        Some(count) => {
            shell.parameters.drain(..count);
            Ok(0)
        }
        None if shell.bash => Ok(1),
        None => Err(shell.fatal("shift: can't shift that many")),
    }
}

fn trap(shell: &mut Shell, arguments: &[String]) -> Run {
    let arguments = if arguments.first().is_some_and(|a| a == "--") { &arguments[1..] } else { arguments };
    let Some((action, signals)) = arguments.split_first() else {
        let mut out = shell.stdout();
        for (name, action) in &shell.traps {
            let _ = writeln!(out, "trap -- {} {name}", quote_for_shell(action));
        }
        return Ok(0);
    };
    if action.starts_with('-') && action.len() > 1 {
        return Ok(0); // -l and -p: there are no signals to tell of
    }
    let reset = action == "-" || signals.is_empty();
    let signals = if signals.is_empty() { arguments } else { signals };
    for signal in signals {
        // Signals never come in a sandbox: a trap for one is as good as kept.
        let name = match signal.as_str() {
            "EXIT" | "0" => "EXIT",
            "ERR" => "ERR",
            _ => continue,
        };
        if reset {
            shell.traps.remove(name);
        } else {
            shell.traps.insert(name, action.clone());
        }
    }
    Ok(0)
}

fn wait(shell: &mut Shell, arguments: &[String]) -> Run {
    let status = match arguments.first() {
        None => 0,
        Some(number) => {
            let at = number.trim_start_matches('%').parse::<usize>().ok();
            let at = if number.starts_with('%') {
                at.and_then(|n| n.checked_sub(1))
            } else {
                at.and_then(|n| n.checked_sub(2))
            };
            at.and_then(|at| shell.background.get(at)).copied().unwrap_or(127)
        }
    };
    Ok(status)
}

/// What a name means: `type`, `which` and `command -v`.
pub fn describe(shell: &mut Shell, arguments: &[String], words: bool) -> Run {
    let mut out = shell.stdout();
    let mut status = 0;
    let only_kind = words && arguments.iter().any(|a| a == "-t");
    let only_path = arguments.iter().any(|a| matches!(a.as_str(), "-p" | "-P"));
    for name in arguments.iter().filter(|a| !a.starts_with('-') || a.len() == 1) {
        let keyword = matches!(
            name.as_str(),
            "if" | "then"
                | "else"
                | "elif"
                | "fi"
                | "do"
                | "done"
                | "case"
                | "esac"
                | "while"
                | "until"
                | "for"
                | "{"
                | "}"
                | "!"
                | "in"
        );
        let utility = utilities::find(name).is_some();
        let path = if name.contains('/') {
            let base = name.rsplit('/').next().unwrap_or_default();
            (shell.path(name).is_file()
                || utilities::find(base).is_some()
                || find(base).is_some()
                || programs::is_there(base))
            .then(|| name.clone())
        } else {
            // Utilities have no files: the usual place stands for them.
            (utility
                || programs::is_there(name)
                || matches!(name.as_str(), "sh" | "bash" | "env" | "find" | "xargs" | "timeout" | "nohup" | "nice"))
            .then(|| format!("/usr/bin/{name}"))
        };
        let (kind, text, short) = if shell.functions.contains_key(name) {
            ("function", format!("{name} is a function"), name.clone())
        } else if keyword {
            ("keyword", format!("{name} is a shell keyword"), name.clone())
        } else if let Some(path) = path {
            ("file", format!("{name} is {path}"), path)
        } else if find(name).is_some() {
            ("builtin", format!("{name} is a shell builtin"), name.clone())
        } else {
            if words && !only_kind {
                shell.complain(&format!("type: {name}: not found"));
            }
            status = if shell.bash || !words { 1 } else { 127 };
            continue;
        };
        let line = if only_kind {
            kind.to_owned()
        } else if words && !only_path {
            text
        } else {
            short
        };
        if writeln!(out, "{line}").is_err() {
            return Ok(1);
        }
    }
    Ok(status)
}
