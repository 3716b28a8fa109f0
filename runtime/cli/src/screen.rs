//! Standard error: lines that stay, and below them lines that change while a command goes on.
//!
//! There is one standard error for the whole process, so there is one screen. A screen that cannot be written to is no
//! reason to stop: what matters goes to standard output or to the store.

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Mutex, MutexGuard, PoisonError};

static SCREEN: Mutex<Screen> = Mutex::new(Screen { live: Vec::new(), drawn: 0 });

struct Screen {
    /// The lines that change.
    live: Vec<String>,
    /// How many of them are drawn.
    drawn: usize,
}

/// Writes lines that stay.
pub fn say(text: impl Display) {
    let mut screen = lock();
    screen.erase();
    _ = writeln!(anstream::stderr(), "{text}");
    screen.draw();
}

/// Replaces the lines that change. Each must fit the terminal's width.
pub fn show(lines: Vec<String>) {
    let mut screen = lock();
    screen.erase();
    screen.live = lines;
    screen.draw();
}

/// Both at once: lines that stay, and new ones below them that change.
pub fn say_and_show(text: impl Display, lines: Vec<String>) {
    let mut screen = lock();
    screen.erase();
    screen.live = lines;
    _ = writeln!(anstream::stderr(), "{text}");
    screen.draw();
}

/// Whether lines can change: only on a terminal that understands how.
pub fn can_change() -> bool {
    io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Columns of the terminal that standard error is, if it is one.
pub fn width() -> usize {
    terminal_size::terminal_size_of(io::stderr()).map_or(80, |(width, _)| usize::from(width.0)).max(20)
}

/// Rows of the terminal that standard error is, if it is one.
pub fn height() -> usize {
    terminal_size::terminal_size_of(io::stderr()).map_or(24, |(_, height)| usize::from(height.0)).max(4)
}

fn lock() -> MutexGuard<'static, Screen> {
    SCREEN.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Screen {
    fn erase(&mut self) {
        if self.drawn > 0 {
            // Past `anstream`, which would take these for colours and drop them where none are wanted.
            _ = write!(io::stderr(), "\x1b[{}A\x1b[J", self.drawn);
            self.drawn = 0;
        }
    }

    fn draw(&mut self) {
        if self.live.is_empty() {
            return;
        }
        let mut text = self.live.join("\n");
        text.push('\n');
        self.drawn = self.live.len();
        _ = write!(anstream::stderr(), "{text}");
    }
}

/// Where log lines of the runtime itself go: between those that stay.
#[derive(Debug, Default)]
pub struct LogWriter(Vec<u8>);

impl io::Write for LogWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for LogWriter {
    fn drop(&mut self) {
        let text = String::from_utf8_lossy(&self.0);
        if !text.trim().is_empty() {
            say(text.trim_end());
        }
    }
}
