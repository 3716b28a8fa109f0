//! `set` and `shopt`.

use std::io::Write;

use crate::parameters::quote_if_needed;
use crate::shell::{Run, Shell};

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

pub fn set(shell: &mut Shell, arguments: &[String]) -> Run {
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

pub fn shopt(shell: &mut Shell, arguments: &[String]) -> Run {
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
