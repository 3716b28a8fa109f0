//! `weft:component/run`: messages and progress.

use std::time::{Duration, Instant};

use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, Lift, LinkerInstance, Lower};
use weft_pipeline::step::LogLevel;

use super::State;
use crate::walls::Wall;

/// The maximum number of messages that are passed to the observer, and of tidings of the end of something. All messages are in the log.
const MAX_LIVE_MESSAGES: u32 = 10_000;
/// The maximum length of a message that is passed to the observer, in characters.
const MAX_LIVE_LENGTH: usize = 4096;
/// The minimum time between two progress updates.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(50);

/// The enum `level`.
#[derive(Debug, Clone, Copy, ComponentType, Lift, Lower)]
#[component(enum)]
#[repr(u8)]
#[expect(dead_code, reason = "made by the guest's calls")]
enum Level {
    #[component(name = "debug")]
    Debug,
    #[component(name = "info")]
    Info,
    #[component(name = "warn")]
    Warn,
    #[component(name = "error")]
    Error,
}

pub(super) fn add(instance: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    instance.func_wrap("log", |mut store: StoreContextMut<'_, State>, (level, message): (Level, String)| {
        let step = &mut store.data_mut().step;
        let (level, name) = match level {
            Level::Debug => (LogLevel::Debug, "debug"),
            Level::Info => (LogLevel::Info, "info"),
            Level::Warn => (LogLevel::Warn, "warn"),
            Level::Error => (LogLevel::Error, "error"),
        };
        step.log.write(format!("[{name}] {message}\n").as_bytes());
        let walls = step.walls;
        if step.live_messages < MAX_LIVE_MESSAGES || !walls.stand(Wall::Messages) {
            step.live_messages += 1;
            let message = step.log.hidden(message);
            let end = message
                .char_indices()
                .nth(walls.bound(Wall::Messages, MAX_LIVE_LENGTH))
                .map_or(message.len(), |(at, _)| at);
            step.observer.log(&step.task, level, &message[..end]);
        }
        Ok(())
    })?;
    instance.func_wrap("progress", |mut store: StoreContextMut<'_, State>, (done, total): (u64, u64)| {
        let step = &mut store.data_mut().step;
        let now = Instant::now();
        let due = step.last_progress.is_none_or(|last| now.duration_since(last) >= PROGRESS_INTERVAL);
        let ended =
            total > 0 && done == total && (step.live_messages < MAX_LIVE_MESSAGES || !step.walls.stand(Wall::Messages));
        if due || ended {
            step.live_messages += u32::from(!due);
            step.last_progress = Some(now);
            step.observer.progress(&step.task, done, total);
        }
        Ok(())
    })
}
