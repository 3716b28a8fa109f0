//! A step's log: everything that it prints and logs, in order. Its size is bounded; of a longer log the start and the end
//! are kept.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};
use weft_launcher::{Mask, StepSecrets};

use crate::walls::{Wall, Walls};

/// The bytes that are kept of the start, and of the end.
const HALF: usize = 512 << 10;

/// The bytes at the end that [`Log::last_lines`] searches.
const LAST_LINES: usize = 8 << 10;

/// Handle on a log; clones write to the same one. What is read from it is without the values of secrets.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Parts>>);

#[derive(Default)]
struct Parts {
    walls: Walls,
    head: Vec<u8>,
    tail: VecDeque<u8>,
    lost: u64,
    secrets: Option<Arc<StepSecrets>>,
}

impl Log {
    pub(crate) fn new(walls: Walls) -> Self {
        Self(Arc::new(Mutex::new(Parts { walls, ..Parts::default() })))
    }

    pub(crate) fn write(&self, bytes: &[u8]) {
        let mut parts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = parts.walls.bound(Wall::Log, HALF) - parts.head.len();
        let (first, rest) = bytes.split_at(bytes.len().min(room));
        parts.head.extend_from_slice(first);
        // Of a write that is longer than the tail, only the end is kept.
        let skipped = rest.len().saturating_sub(HALF);
        let rest = &rest[skipped..];
        let overflow = (parts.tail.len() + rest.len()).saturating_sub(HALF);
        parts.tail.drain(..overflow);
        parts.tail.extend(rest);
        parts.lost += (skipped + overflow) as u64;
    }

    /// The log, with a line that says how many bytes were left out.
    pub(crate) fn take(&self) -> Vec<u8> {
        let mut parts = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let nothing = Mask::default();
        let mask = parts.secrets.as_ref().map_or(&nothing, |secrets| secrets.mask());
        mask.log(parts.head, parts.lost, parts.tail.make_contiguous())
    }

    /// Forgets what was written: the step begins anew.
    pub(crate) fn restart(&self) {
        let mut parts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *parts = Parts { walls: parts.walls, secrets: parts.secrets.take(), ..Parts::default() };
    }

    /// From now on, hides the values of these secrets.
    pub(crate) fn hide(&self, secrets: &Arc<StepSecrets>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).secrets = Some(Arc::clone(secrets));
    }

    /// A message without the values of secrets.
    pub(crate) fn hidden(&self, message: String) -> String {
        let parts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &parts.secrets {
            Some(secrets) => secrets.mask().text(message),
            None => message,
        }
    }

    /// The last `lines` lines that are not empty, for a message.
    pub(crate) fn last_lines(&self, lines: usize) -> Vec<String> {
        let parts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = (parts.head.len() + parts.tail.len()).saturating_sub(LAST_LINES);
        let text: Vec<u8> = parts.head.iter().chain(&parts.tail).skip(before).copied().collect();
        let text = match &parts.secrets {
            Some(secrets) => secrets.mask().end(&text, before > 0),
            None => text,
        };
        let text = String::from_utf8_lossy(&text);
        let all: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
        all[all.len().saturating_sub(lines)..].iter().map(|line| (*line).to_owned()).collect()
    }
}

impl IsTerminal for Log {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Log {
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }

    fn async_stream(&self) -> Box<dyn tokio::io::AsyncWrite + Send + Sync> {
        // Only WASI 0.3 asks for this form, and that is not linked.
        Box::new(tokio::io::sink())
    }
}

#[wasmtime_wasi_io::async_trait]
impl Pollable for Log {
    async fn ready(&mut self) {}
}

#[wasmtime_wasi_io::async_trait]
impl OutputStream for Log {
    fn write(&mut self, bytes: wasmtime_wasi_io::bytes::Bytes) -> StreamResult<()> {
        Log::write(self, &bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(1 << 20)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_log_is_kept_whole() {
        let log = Log::default();
        log.write(b"one\n");
        log.write(b"two\n\n");
        assert_eq!(log.last_lines(1), ["two"]);
        assert_eq!(log.take(), b"one\ntwo\n\n");
    }

    #[test]
    fn a_long_log_keeps_both_ends() {
        let log = Log::default();
        log.write(b"start");
        for _ in 0..40 {
            log.write(&vec![b'x'; 100_000]);
        }
        log.write(&[vec![b'y'; 3 * HALF], b"\nend".to_vec()].concat());
        let bytes = log.take();
        assert!(bytes.starts_with(b"start"));
        assert!(bytes.ends_with(b"y\nend"));
        assert!(bytes.len() < 2 * HALF + 100);
        let lost: usize = 5 + 40 * 100_000 + 3 * HALF + 4 - 2 * HALF;
        assert!(String::from_utf8_lossy(&bytes).contains(&format!("... {lost} bytes left out ...")));
    }
}
