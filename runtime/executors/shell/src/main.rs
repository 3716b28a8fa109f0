//! A small POSIX shell and the usual utilities in one program without processes, for sandboxes that have none: `argv[0]` says
//! which of them it is. Pipelines run from left to right through buffers, subshells are clones of the shell's state.

mod arithmetic;
mod ast;
mod braces;
mod builtins;
mod cli;
mod commands;
mod compound;
mod declare;
mod escapes;
mod evaluate;
mod expand;
mod parameters;
mod parser;
mod pattern;
mod plain;
mod programs;
mod reading;
mod redirect;
mod regexes;
mod running;
mod settings;
mod shell;
mod simple;
mod stream;
mod test;
mod utilities;
mod variables;
mod words;

use std::io::Write;

fn main() {
    // Arguments that are no text cannot come from a pipeline; what they hold instead is visible.
    let arguments: Vec<String> = std::env::args_os().map(|argument| argument.to_string_lossy().into_owned()).collect();
    let environment = std::env::vars_os()
        .map(|(name, text)| (name.to_string_lossy().into_owned(), text.to_string_lossy().into_owned()));
    let status = cli::run(&arguments, environment);
    let _ = std::io::stdout().flush();
    exit(status)
}

/// The C library's own exit knows success and failure only.
#[cfg(target_family = "wasm")]
fn exit(status: i32) -> ! {
    wasip2::cli::exit::exit_with_code(u8::try_from(status & 0xff).unwrap_or(1));
    std::process::exit(1)
}

#[cfg(not(target_family = "wasm"))]
fn exit(status: i32) -> ! {
    std::process::exit(status)
}
