//! Much of what is allowed once.

use std::hint::black_box;

use crate::Dataset;
use crate::weft::component::run::{self, Level};
use crate::weft::component::types::Value;

type Answer = Result<String, String>;

pub fn done(times: u32) -> Answer {
    for _ in 0..times {
        run::progress(1, 1);
    }
    Ok("done".to_owned())
}

pub fn log(times: u32, text: &str) -> Answer {
    for _ in 0..times {
        run::log(Level::Info, text);
    }
    Ok("logged".to_owned())
}

pub fn print(times: u32, bytes: u32) -> Answer {
    let line = "x".repeat(bytes as usize);
    for _ in 0..times {
        println!("{line}");
    }
    Ok("printed".to_owned())
}

pub fn keep_handles(count: u32) -> Answer {
    let kept: Vec<Dataset> = (0..count).map(|_| Dataset::new()).collect();
    let count = black_box(&kept).len();
    // Dropping them is not what is tried.
    std::mem::forget(kept);
    Ok(count.to_string())
}

pub fn wait(count: u32) -> Answer {
    let timers: Vec<_> = (0..count).map(|_| wasip2::clocks::monotonic_clock::subscribe_duration(1)).collect();
    Ok(wasip2::io::poll::poll(&timers.iter().collect::<Vec<_>>()).len().to_string())
}

pub fn count(number: u64) -> Answer {
    let mut counted = 0_u64;
    while black_box(counted) < number {
        counted += 1;
    }
    Ok(counted.to_string())
}

pub fn ask(input: &Dataset, times: u32) -> Answer {
    for _ in 0..times {
        let _ = black_box(input.length());
    }
    Ok("asked".to_owned())
}

pub fn set_properties(count: u32) -> Answer {
    let data = Dataset::new();
    for number in 0..count {
        data.set_property(&format!("property-{number}"), &Value::Int(1)).map_err(|error| error.to_string())?;
    }
    Ok("set".to_owned())
}

pub fn descend(depth: u32) -> u32 {
    let frame = black_box([depth; 64]);
    if depth == 0 { 0 } else { descend(depth - 1) + black_box(frame[7]) - depth + 1 }
}
