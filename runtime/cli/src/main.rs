//! The `weft` binary: reads arguments, calls the library, prints. No logic lives here.

mod args;
mod commands;
mod error;
mod execute;
mod host;
mod interrupt;
mod options;
mod output;
mod registry;
mod remote;
mod render;
mod screen;

use std::process::ExitCode;

use clap::Parser as _;
use tracing::level_filters::LevelFilter;

use crate::args::Cli;
use crate::error::{Error, Exit};

fn main() -> ExitCode {
    report_panics();
    host::raise_file_limit();
    let cli = Cli::parse();
    cli.global.color.apply();
    listen_to_libraries(cli.global.verbose);
    let exit = commands::execute(&cli).unwrap_or_else(|error| {
        if error.is_closed_pipe() {
            return Exit::Success;
        }
        tell(&error, cli.command.wants_json());
        error.exit()
    });
    ExitCode::from(exit as u8)
}

/// Tells why a command ended early: one screen at most, and the same as JSON where a document was asked for.
fn tell(error: &Error, json: bool) {
    screen::say(render::error(error));
    if json {
        // Whether or not this can be written, the exit code tells.
        _ = output::print_json(&error.to_json());
    }
}

/// A defect of ours is told in a line, not in a backtrace.
fn report_panics() {
    std::panic::set_hook(Box::new(|info| {
        let what = info.payload_as_str().unwrap_or("no message");
        let place = info.location().map(|place| format!(" at {}:{}", place.file(), place.line())).unwrap_or_default();
        screen::say(format!(
            "error: weft itself broke down{place}: {what}\nThis is a bug; please report it at {}/issues with what led to it.",
            env!("CARGO_PKG_REPOSITORY")
        ));
    }));
}

/// Shows what the libraries log: warnings always, more with each `-v`.
fn listen_to_libraries(verbose: u8) {
    let level = match verbose {
        0 => LevelFilter::WARN,
        1 => LevelFilter::INFO,
        2 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(screen::LogWriter::default)
        .with_ansi(false)
        .with_target(verbose > 0)
        .without_time()
        .init();
}
