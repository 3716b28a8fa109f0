//! Commands that act on the shell itself.

use std::io::Write;

use crate::parameters::{quote_for_shell, quote_if_needed};
use crate::parser::is_name;
use crate::shell::{Flow, Run, Shell};
use crate::utilities::{self, Utility};
use crate::variables::Content;

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
    use crate::running as run;
    Some(match name {
        ":" | "true" => Builtin::Shell(|_, _| Ok(0)),
        "false" => Builtin::Shell(|_, _| Ok(1)),
        "break" => Builtin::Shell(|shell, arguments| leave(shell, arguments, "break", Flow::Break)),
        "continue" => Builtin::Shell(|shell, arguments| leave(shell, arguments, "continue", Flow::Continue)),
        "cd" => Builtin::Shell(cd),
        "pwd" => Builtin::Shell(pwd),
        "exit" => Builtin::Shell(|shell, arguments| Err(Flow::Exit(status(shell, arguments, "exit")?))),
        "return" => Builtin::Shell(|shell, arguments| Err(Flow::Return(status(shell, arguments, "return")?))),
        "export" => Builtin::Shell(|shell, arguments| declare(shell, arguments, "export")),
        "readonly" => Builtin::Shell(|shell, arguments| declare(shell, arguments, "readonly")),
        "local" => Builtin::Shell(|shell, arguments| {
            if shell.functions_running == 0 {
                shell.complain("local: can only be used in a function");
                return Ok(1);
            }
            declare(shell, arguments, "local")
        }),
        "declare" | "typeset" => Builtin::Shell(|shell, arguments| declare(shell, arguments, "declare")),
        "unset" => Builtin::Shell(unset),
        "set" => Builtin::Shell(set),
        "shopt" => Builtin::Shell(shopt),
        "shift" => Builtin::Shell(shift),
        "trap" => Builtin::Shell(trap),
        "read" => Builtin::Shell(read),
        "getopts" => Builtin::Shell(getopts),
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
        "mapfile" | "readarray" => Builtin::Shell(mapfile),
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
        "nohup" | "setsid" => Builtin::Prefix(super::shell::Shell::run_command),
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

/// `export`, `readonly`, `local` and `declare`.
fn declare(shell: &mut Shell, arguments: &[String], name: &str) -> Run {
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

fn unset(shell: &mut Shell, arguments: &[String]) -> Run {
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

/// Sets an option by its letter or name; false if there is none.
pub fn set_option(shell: &mut Shell, name: &str, on: bool) -> bool {
    let options = &mut shell.options;
    match name {
        "e" | "errexit" => options.errexit = on,
        "u" | "nounset" => options.nounset = on,
        "x" | "xtrace" => options.xtrace = on,
        "f" | "noglob" => options.noglob = on,
        "n" | "noexec" => options.noexec = on,
        "a" | "allexport" => options.allexport = on,
        "v" | "verbose" => options.verbose = on,
        "C" | "noclobber" => options.noclobber = on,
        "pipefail" => options.pipefail = on,
        // They are about terminals, processes and history, of which there are none.
        "b"
        | "h"
        | "m"
        | "l"
        | "i"
        | "s"
        | "B"
        | "E"
        | "H"
        | "P"
        | "T"
        | "p"
        | "monitor"
        | "notify"
        | "posix"
        | "vi"
        | "emacs"
        | "history"
        | "ignoreeof"
        | "nolog"
        | "hashall"
        | "braceexpand"
        | "errtrace"
        | "functrace"
        | "physical"
        | "privileged"
        | "interactive-comments" => {}
        _ => return false,
    }
    true
}

/// Options at the start of arguments, as `set` and the shell itself take them: how many arguments they were.
pub fn set_options(shell: &mut Shell, arguments: &[String]) -> Result<usize, String> {
    let mut used = 0;
    while let Some(argument) = arguments.get(used) {
        let on = argument.starts_with('-');
        let letters = match argument.strip_prefix(['-', '+']) {
            Some(letters) if !letters.is_empty() && argument != "--" => letters,
            _ => break,
        };
        used += 1;
        for letter in letters.chars() {
            if letter == 'o' {
                let Some(name) = arguments.get(used) else { return Ok(used) };
                used += 1;
                if !set_option(shell, name, on) {
                    return Err(format!("{name}: invalid option name"));
                }
            } else if !set_option(shell, letter.encode_utf8(&mut [0; 4]), on) {
                return Err(format!("{}{letter}: invalid option", if on { '-' } else { '+' }));
            }
        }
    }
    Ok(used)
}

fn set(shell: &mut Shell, arguments: &[String]) -> Run {
    if arguments.is_empty() {
        let mut out = shell.stdout();
        for name in shell.variables.names() {
            if writeln!(out, "{name}={}", quote_if_needed(shell.variables.get(name).unwrap_or(""))).is_err() {
                return Ok(1);
            }
        }
        return Ok(0);
    }
    let used = match set_options(shell, arguments) {
        Ok(used) => used,
        Err(message) => return Err(shell.fatal(&format!("set: {message}"))),
    };
    match arguments.get(used).map(String::as_str) {
        None => {}
        Some("--" | "-") => shell.parameters = arguments[used + 1..].to_vec(),
        Some(_) => shell.parameters = arguments[used..].to_vec(),
    }
    Ok(0)
}

fn shopt(shell: &mut Shell, arguments: &[String]) -> Run {
    let on = arguments.iter().any(|a| a == "-s");
    let off = arguments.iter().any(|a| a == "-u");
    for name in arguments.iter().filter(|a| !a.starts_with('-')) {
        match name.as_str() {
            "nullglob" if on || off => shell.options.nullglob = on,
            "nullglob" => return Ok(i32::from(!shell.options.nullglob)),
            "expand_aliases" | "inherit_errexit" | "lastpipe" | "checkwinsize" | "login_shell" | "cmdhist"
            | "histappend" | "huponexit" => {}
            name => {
                shell.complain(&format!("shopt: {name}: this shell has no such option"));
                return Ok(1);
            }
        }
    }
    Ok(0)
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

fn read(shell: &mut Shell, arguments: &[String]) -> Run {
    let Ok(options) = utilities::options(arguments, "rsa:d:n:N:p:t:u:e", &[]) else {
        shell.complain("read: invalid option");
        return Ok(2);
    };
    let input = match options.value('u').map(str::parse) {
        Some(Ok(number)) => shell.descriptors.input(number),
        Some(Err(_)) => return Ok(1),
        None => shell.descriptors.input(0),
    };
    let delimiter = match options.value('d') {
        Some(text) => text.bytes().next().unwrap_or(0),
        None => b'\n',
    };
    let raw = options.has('r');
    // Text with what a backslash made plain marked, so that it is not split.
    let mut text: Vec<(char, bool)> = Vec::new();
    let mut found_end;
    loop {
        let mut bytes = Vec::new();
        let most = options.value('n').or(options.value('N')).and_then(|n| n.parse::<u64>().ok());
        if let Some(most) = most {
            use std::io::Read;
            let mut one = [0];
            found_end = true;
            while (bytes.len() as u64) < most {
                match input.clone().read(&mut one) {
                    Ok(1) if one[0] == delimiter && options.has('n') => break,
                    Ok(1) => bytes.push(one[0]),
                    _ => {
                        found_end = false;
                        break;
                    }
                }
            }
        } else {
            if let Err(error) = input.read_until(delimiter, &mut bytes) {
                shell.complain(&format!("read: {error}"));
                return Ok(1);
            }
            found_end = bytes.last() == Some(&delimiter);
            if found_end {
                bytes.pop();
            }
        }
        let line = String::from_utf8_lossy(&bytes).into_owned();
        let mut chars = line.chars();
        let mut continues = false;
        while let Some(c) = chars.next() {
            if c != '\\' || raw {
                text.push((c, false));
                continue;
            }
            match chars.next() {
                Some(c) => text.push((c, true)),
                None => continues = found_end,
            }
        }
        if !continues {
            break;
        }
    }
    let ifs = shell.variables.get("IFS").unwrap_or(" \t\n").to_owned();
    let names = options.operands.clone();
    if let Some(name) = options.value('a') {
        let all = fields(&text, &ifs, usize::MAX).into_iter().enumerate().collect();
        let set = shell.variables.set_content(name, Content::Indexed(all));
        shell.or_fatal(set)?;
    } else if names.is_empty() {
        let line: String = text.iter().map(|(c, _)| c).collect();
        shell.remember("REPLY", &line);
    } else {
        let mut all = fields(&text, &ifs, names.len()).into_iter();
        for name in &names {
            if !is_name(name) {
                shell.complain(&format!("read: `{name}': not a valid identifier"));
                return Ok(1);
            }
            let set = shell.variables.set(name, all.next().unwrap_or_default());
            shell.or_fatal(set)?;
        }
    }
    Ok(i32::from(!found_end))
}

/// At most so many fields of a line: the last one takes the rest, without blanks around it.
fn fields(text: &[(char, bool)], ifs: &str, most: usize) -> Vec<String> {
    let separates = |(c, plain): &(char, bool)| !plain && ifs.contains(*c);
    let blank = |item: &(char, bool)| separates(item) && item.0.is_ascii_whitespace();
    let mut all = Vec::new();
    let mut rest = text;
    let skip = |mut rest: &[(char, bool)]| -> usize {
        let before = rest.len();
        while rest.first().is_some_and(blank) {
            rest = &rest[1..];
        }
        before - rest.len()
    };
    rest = &rest[skip(rest)..];
    while !rest.is_empty() {
        let end = rest.iter().position(separates).unwrap_or(rest.len());
        let mut next = end + skip(&rest[end..]);
        if next < rest.len() && separates(&rest[next]) && !blank(&rest[next]) {
            next += 1;
            next += skip(&rest[next..]);
        }
        // The last name takes what is left, unless that is one field and its separator.
        if all.len() + 1 == most && next < rest.len() {
            let mut end = rest.len();
            while end > 0 && blank(&rest[end - 1]) {
                end -= 1;
            }
            all.push(rest[..end].iter().map(|(c, _)| c).collect());
            return all;
        }
        all.push(rest[..end].iter().map(|(c, _)| c).collect());
        rest = &rest[next..];
    }
    all
}

fn mapfile(shell: &mut Shell, arguments: &[String]) -> Run {
    let Ok(options) = utilities::options(arguments, "td:n:", &[]) else {
        shell.complain("mapfile: invalid option");
        return Ok(2);
    };
    let delimiter = options.value('d').map_or(b'\n', |text| text.bytes().next().unwrap_or(0));
    let input = shell.descriptors.input(0);
    let mut all = std::collections::BTreeMap::new();
    let mut line = Vec::new();
    while input.read_until(delimiter, &mut line).unwrap_or(0) > 0 {
        if options.has('t') && line.last() == Some(&delimiter) {
            line.pop();
        }
        all.insert(all.len(), String::from_utf8_lossy(&line).into_owned());
        line.clear();
    }
    let name = options.operands.first().map_or("MAPFILE", String::as_str);
    let set = shell.variables.set_content(name, Content::Indexed(all));
    shell.or_fatal(set)?;
    Ok(0)
}

fn getopts(shell: &mut Shell, arguments: &[String]) -> Run {
    let [letters, name, rest @ ..] = arguments else {
        shell.complain("getopts: usage: getopts letters name [arguments]");
        return Ok(2);
    };
    let words = if rest.is_empty() { shell.parameters.clone() } else { rest.to_vec() };
    let mut index = shell.variables.get("OPTIND").and_then(|text| text.parse::<usize>().ok()).unwrap_or(1).max(1);
    if index == 1 && shell.option_at > words.first().map_or(0, String::len) {
        shell.option_at = 0;
    }
    let word = words.get(index - 1).map_or("", String::as_str);
    if shell.option_at == 0 {
        if word == "--" {
            shell.remember("OPTIND", &(index + 1).to_string());
        }
        if word.len() < 2 || !word.starts_with('-') || word == "--" {
            shell.remember(name, "?");
            return Ok(1);
        }
        shell.option_at = 1;
    }
    let Some(letter) = word.get(shell.option_at..).and_then(|rest| rest.chars().next()) else {
        shell.option_at = 0;
        shell.remember("OPTIND", &(index + 1).to_string());
        return getopts_again(shell, arguments, index);
    };
    let silent = letters.starts_with(':');
    shell.option_at += letter.len_utf8();
    let glued = word[shell.option_at..].to_owned();
    let known = letters.find(letter).filter(|_| letter != ':');
    let takes_value = known.is_some_and(|at| letters[at + letter.len_utf8()..].starts_with(':'));
    let mut value = None;
    let mut result = letter.to_string();
    if glued.is_empty() || takes_value {
        shell.option_at = 0;
        index += 1;
    }
    if known.is_none() {
        if silent {
            value = Some(letter.to_string());
        } else {
            shell.complain(&format!("illegal option -- {letter}"));
        }
        "?".clone_into(&mut result);
    } else if takes_value {
        if !glued.is_empty() {
            value = Some(glued);
        } else if let Some(next) = words.get(index - 1) {
            value = Some(next.clone());
            index += 1;
        } else {
            if silent { ":" } else { "?" }.clone_into(&mut result);
            if silent {
                value = Some(letter.to_string());
            } else {
                shell.complain(&format!("option requires an argument -- {letter}"));
            }
        }
    }
    shell.remember("OPTIND", &index.to_string());
    if let Some(value) = value {
        shell.remember("OPTARG", &value);
    } else {
        let unset = shell.variables.unset("OPTARG");
        shell.or_fatal(unset)?;
    }
    shell.remember(name, &result);
    Ok(0)
}

/// The word ended where an option should have been: the next one is looked at, once for each word there is.
fn getopts_again(shell: &mut Shell, arguments: &[String], before: usize) -> Run {
    let after = shell.variables.get("OPTIND").and_then(|text| text.parse::<usize>().ok()).unwrap_or(0);
    if after > before && shell.depth < crate::shell::MAX_DEPTH {
        shell.deeper(|shell| getopts(shell, arguments))
    } else {
        Ok(1)
    }
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
            (shell.path(name).is_file() || utilities::find(base).is_some() || find(base).is_some())
                .then(|| name.clone())
        } else {
            // Utilities have no files: the usual place stands for them.
            (utility
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
