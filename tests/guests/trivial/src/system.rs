//! The run's log, and what WASI gives.

use std::hash::{BuildHasher, Hasher};
use std::time::{Duration, Instant, SystemTime};

use crate::bytes::Checksum;
use crate::weft::component::run::{Level, log, progress};
use crate::{Content, EntropySeen, Slept};

pub fn report(message: &str, steps: u64) {
    for level in [Level::Debug, Level::Info, Level::Warn, Level::Error] {
        log(level, message);
    }
    for done in 0..=steps {
        progress(done, steps);
    }
}

pub fn print(text: &str, lines: u32) {
    for _ in 0..lines {
        println!("{text}");
        eprintln!("{text}");
    }
}

pub fn entropy() -> Result<EntropySeen, String> {
    let random = getrandom::u64().map_err(|error| error.to_string())?;
    let insecure = std::hash::RandomState::new().build_hasher().finish();
    let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_err(|error| error.to_string())?;
    let start = Instant::now();
    std::thread::sleep(Duration::from_millis(1));
    Ok(EntropySeen { random, insecure, wall: nanoseconds(wall), mono: nanoseconds(start.elapsed()) })
}

fn nanoseconds(duration: Duration) -> u64 {
    duration.as_nanos().try_into().unwrap_or(u64::MAX)
}

pub fn sleep(ms: u64) -> Slept {
    let start = Instant::now();
    std::thread::sleep(Duration::from_millis(ms));
    Slept { seconds: start.elapsed().as_secs_f64() }
}

pub fn await_file(path: &str) -> Slept {
    let start = Instant::now();
    while !std::path::Path::new(path).exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    Slept { seconds: start.elapsed().as_secs_f64() }
}

pub fn use_memory(bytes: u64) -> Result<Content, String> {
    let length = usize::try_from(bytes).map_err(|_| "more than the address space".to_owned())?;
    let mut memory: Vec<u8> = Vec::new();
    memory.try_reserve_exact(length).map_err(|error| error.to_string())?;
    memory.resize(length, 0);
    for page in memory.chunks_mut(4096) {
        page[0] = 1;
    }
    let mut checksum = Checksum::default();
    checksum.update(&memory);
    Ok(checksum.content())
}
