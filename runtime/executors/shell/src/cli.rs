//! The command line: which of the programs in this one is meant, and what a shell is told.

use std::io::Write;

use crate::commands;
use crate::parser;
use crate::settings;
use crate::shell::{Flow, Shell};

/// Runs the program that the first argument names; the answer is its exit status.
pub fn run(arguments: &[String], environment: impl IntoIterator<Item = (String, String)>) -> i32 {
    let program = arguments.first().map_or("sh", String::as_str);
    let base = program.rsplit('/').next().unwrap_or_default();
    let rest = arguments.get(1..).unwrap_or_default();
    if matches!(base, "sh" | "bash" | "ash" | "dash") {
        let mut shell = Shell::new(base, environment);
        shell.bash = base == "bash";
        return run_shell(&mut shell, rest);
    }
    let mut shell = Shell::new("sh", environment);
    shell.line = 0;
    let done = shell.run_builtin_or_utility(arguments);
    shell.finish(done)
}

/// What is done with a script.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Task {
    Run,
    ListCommands,
}

/// A shell with its arguments: options, then a script after `-c`, a file's name, or neither, for standard input.
pub fn run_shell(shell: &mut Shell, arguments: &[String]) -> i32 {
    let (mut task, mut given, mut from_stdin) = (Task::Run, false, false);
    let mut at = 0;
    while let Some(argument) = arguments.get(at) {
        let on = argument.starts_with('-');
        match argument.as_str() {
            "--list-commands" => task = Task::ListCommands,
            "--posix" | "--norc" | "--noprofile" | "--login" | "--noediting" => {}
            "--" | "-" => {
                at += 1;
                break;
            }
            text if text.starts_with("--") => return usage(shell, &format!("{text}: invalid option")),
            text if text.len() > 1 && text.starts_with(['-', '+']) => {
                for letter in text[1..].chars() {
                    match letter {
                        'c' => given = true,
                        's' => from_stdin = true,
                        'o' | 'O' => {
                            at += 1;
                            let Some(name) = arguments.get(at) else {
                                return usage(shell, "-o: option requires an argument");
                            };
                            if letter == 'o' && !settings::set_option(shell, name, on) {
                                return usage(shell, &format!("{name}: invalid option name"));
                            }
                        }
                        letter => {
                            if !settings::set_option(shell, letter.encode_utf8(&mut [0; 4]), on) {
                                return usage(shell, &format!("-{letter}: invalid option"));
                            }
                        }
                    }
                }
            }
            _ => break,
        }
        at += 1;
    }
    let mut rest = arguments[at..].iter().cloned();
    let (text, origin) = if given {
        let Some(text) = rest.next() else { return usage(shell, "-c: option requires an argument") };
        if let Some(name) = rest.next() {
            shell.name = name;
        }
        (text, "-c")
    } else if let Some(name) = if from_stdin { None } else { rest.next() } {
        let read = shell.open_input(&name).and_then(|input| input.read_all());
        match read {
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                shell.name = name;
                (text, "script")
            }
            Err(error) => {
                shell.line = 0;
                shell.complain(&crate::redirect::say(&name, &error));
                return 127;
            }
        }
    } else {
        let text = shell.descriptors.input(0).read_all();
        (text.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default(), "standard input")
    };
    shell.parameters = rest.collect();
    script(shell, &text, origin, task)
}

fn script(shell: &mut Shell, text: &str, origin: &str, task: Task) -> i32 {
    if task == Task::Run && !shell.options.noexec {
        let done = shell.run_text(text, origin);
        return match done {
            // A `return` outside of functions ends the script, as in bash it would not and in dash it does.
            Ok(status) | Err(Flow::Return(status) | Flow::Exit(status)) => shell.finish(Ok(status)),
            Err(flow) => shell.finish(Err(flow)),
        };
    }
    match parser::parse(text) {
        Ok(list) => {
            if task == Task::ListCommands {
                let mut out = shell.stdout();
                for name in commands::missing(&list) {
                    let _ = writeln!(out, "{name}");
                }
            }
            0
        }
        Err(error) => {
            let _ = writeln!(
                shell.stderr(),
                "{}: {origin}: line {}: syntax error: {}",
                shell.name,
                error.line,
                error.message
            );
            2
        }
    }
}

fn usage(shell: &mut Shell, message: &str) -> i32 {
    shell.line = 0;
    shell.complain(message);
    2
}
