//! `sed`: addresses, `s`, `y`, `p`, `d`, `q`, `a`, `i`, `c`, `n`, `N`, `D`, `P`, `h`, `H`, `g`, `G`, `x`, `=`, `w`, `r`, labels and blocks.

mod machine;
mod script;
mod substitute;

use machine::{find_label, run};
use script::{Action, Command, Parser};

use super::{Failure, Io, Outcome, options};
use crate::redirect::say;
use crate::stream::{Input, Output};

pub fn sed(io: &mut Io, arguments: &[String]) -> Outcome {
    // `-i` may have a suffix glued to it and takes no other argument.
    let mut suffix = None;
    let arguments: Vec<String> = arguments
        .iter()
        .map(|argument| match argument.strip_prefix("-i").or_else(|| argument.strip_prefix("--in-place=")) {
            Some(glued) if !argument.starts_with("--in-place") || argument.contains('=') => {
                let flags = !glued.is_empty() && glued.chars().all(|c| "nErsz".contains(c)) && !argument.contains('=');
                suffix = Some(if flags { String::new() } else { glued.to_owned() });
                if flags { format!("-i{glued}") } else { "-i".to_owned() }
            }
            _ => argument.clone(),
        })
        .collect();
    let long = [
        ("quiet", 'n'),
        ("silent", 'n'),
        ("expression", 'e'),
        ("file", 'f'),
        ("in-place", 'i'),
        ("regexp-extended", 'E'),
        ("separate", 's'),
    ];
    let mut options = options(&arguments, "ne:f:iErsu", &long)?;
    let mut script = String::new();
    for part in options.values('e') {
        script.push_str(part);
        script.push('\n');
    }
    for name in options.values('f') {
        script.push_str(&String::from_utf8_lossy(&io.open(name)?.read_all()?));
        script.push('\n');
    }
    if !options.has('e') && !options.has('f') {
        if options.operands.is_empty() {
            return Err(Failure::new("a script is missing"));
        }
        script = options.operands.remove(0);
    }
    let mut parser = Parser { rest: &script, extended: options.has('E') || options.has('r'), last: None };
    let commands = parser.script().map_err(|message| Failure::new(format!("-e expression #1: {message}")))?;
    let quiet = options.has('n') || script.starts_with("#n\n");
    for command in &commands {
        if let Action::Jump { label, only_after_change: Some(_) } = &command.action
            && !label.is_empty()
            && find_label(&commands, label).is_none()
        {
            return Err(Failure::new(format!("can't find label for jump to `{label}`")));
        }
    }
    if options.has('i') || suffix.is_some() {
        let mut status = 0;
        for name in &options.operands {
            match in_place(io, &commands, quiet, name, suffix.as_deref().unwrap_or("")) {
                Ok(done) => status = status.max(done),
                Err(Failure::Message(message, _)) => {
                    io.complain(&message);
                    status = 4;
                }
                Err(failure) => return Err(failure),
            }
        }
        return Ok(status);
    }
    let mut inputs = Vec::new();
    let mut status = 0;
    for name in &options.operands {
        match io.open(name) {
            Ok(input) => inputs.push(input),
            Err(Failure::Message(message, _)) => {
                io.complain(&format!("can't read {message}"));
                status = 2;
            }
            Err(failure) => return Err(failure),
        }
    }
    if options.operands.is_empty() {
        inputs.push(io.open("-")?);
    }
    let out = io.shell.stdout();
    let done = run(io, &commands, quiet, inputs, out)?;
    Ok(if done == 0 { status } else { done })
}

fn in_place(io: &mut Io, commands: &[Command], quiet: bool, name: &str, suffix: &str) -> Outcome {
    let failure = |error: &std::io::Error| Failure::new(format!("can't read {}", say(name, error)));
    let path = io.path(name);
    let old = std::fs::read(&path).map_err(|error| failure(&error))?;
    if !suffix.is_empty() {
        let kept = if suffix.contains('*') { suffix.replace('*', name) } else { format!("{name}{suffix}") };
        std::fs::write(io.path(&kept), &old).map_err(|error| Failure::new(say(&kept, &error)))?;
    }
    let file = std::fs::File::create(&path).map_err(|error| Failure::new(say(name, &error)))?;
    run(io, commands, quiet, vec![Input::bytes(old)], Output::file(file))
}
