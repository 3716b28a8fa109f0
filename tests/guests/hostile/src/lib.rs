//! Steps that misbehave. Each function's misdeed stands in `wit/world.wit`.

mod greed;
mod trespass;

wit_bindgen::generate!({ path: ["../../../wit", "wit"], world: "test:hostile/hostile", generate_all });

use std::time::Duration;

use weft::component::run::{Level, log};

struct Component;
export!(Component);

fn survived(what: impl Into<String>) -> Survived {
    Survived { what: what.into() }
}

/// What cannot be seen through by an optimiser, so that no loop is taken out.
fn opaque<T>(value: T) -> T {
    std::hint::black_box(value)
}

fn descend(depth: u64) -> u64 {
    let frame = opaque([depth; 64]);
    if depth == u64::MAX { 0 } else { descend(depth + 1) + opaque(frame[7]) }
}

impl Guest for Component {
    fn trap(message: String) -> Survived {
        panic!("{message}");
    }
    fn trap_while_writing(bytes: u64) -> OneDataset {
        let data = Dataset::new();
        data.append(&vec![7; bytes as usize]).expect("the bytes are few");
        panic!("after {bytes} bytes");
    }
    fn exit(code: u8) -> Survived {
        std::process::exit(code.into());
    }
    fn spin() -> Survived {
        let mut count = 0_u64;
        while opaque(count) < u64::MAX {
            count += 1;
        }
        survived("counted to the end")
    }
    fn spin_in_host(input: Option<&Dataset>) -> Survived {
        loop {
            match input {
                Some(input) => drop(opaque(input.length())),
                None => log(Level::Debug, ""),
            }
        }
    }
    fn sleep_forever() -> Survived {
        std::thread::sleep(Duration::from_secs(365 * 24 * 60 * 60));
        survived("a year has passed")
    }
    fn read_stdin() -> Survived {
        let mut text = String::new();
        let read = std::io::Read::read_to_string(&mut std::io::stdin(), &mut text);
        survived(format!("{read:?}"))
    }
    fn deep_recursion() -> Survived {
        survived(descend(0).to_string())
    }

    fn hog(bytes: u64) -> Survived {
        greed::hog(bytes)
    }
    fn ask(bytes: u64) -> Survived {
        greed::ask(bytes)
    }
    fn hog_slowly(bytes: u64) -> Survived {
        greed::hog_slowly(bytes)
    }
    fn flood(chunk: u64) -> OneDataset {
        greed::flood(chunk)
    }
    fn flood_far(offset: u64) -> Result<OneDataset, Error> {
        let data = Dataset::new();
        data.write(offset, b"far")?;
        Ok(OneDataset { data })
    }
    fn flood_path() -> Result<OneDataset, String> {
        greed::flood_path()
    }
    fn flood_path_far(offset: u64) -> Result<OneDataset, String> {
        greed::flood_path_far(offset)
    }
    fn flood_files() -> Result<OneDataset, String> {
        greed::flood_files()
    }
    fn flood_stdout() -> Survived {
        loop {
            println!("all work and no play makes a dull pipeline");
            eprintln!("all play and no work makes a poor one");
        }
    }
    fn long_line(bytes: u64) -> Survived {
        println!("{}", "x".repeat(bytes as usize));
        survived("printed")
    }
    fn flood_log() -> Survived {
        for count in 0_u64.. {
            log(Level::Info, &format!("message {count}: all work and no play makes a dull pipeline"));
        }
        survived("logged everything")
    }
    fn long_message(bytes: u64) -> Survived {
        log(Level::Info, &"x".repeat(bytes as usize));
        survived("logged")
    }
    fn flood_progress() -> Survived {
        for count in 0_u64.. {
            weft::component::run::progress(u64::MAX - count, count % 3);
        }
        survived("told everything")
    }
    fn many_handles() -> Survived {
        greed::many_handles()
    }
    fn many_dropped() -> Survived {
        greed::many_dropped()
    }
    fn many_entries() -> OneDataset {
        greed::many_entries()
    }
    fn many_files() -> OneDataset {
        greed::many_files()
    }
    fn many_properties() -> Result<OneDataset, Error> {
        greed::many_properties()
    }
    fn long_property(bytes: u64) -> Result<OneDataset, Error> {
        greed::long_property(bytes)
    }
    fn many_outputs(count: u32) -> Crowd {
        Crowd { parts: (0..count).map(|_| Dataset::new()).collect() }
    }
    fn long_result(bytes: u64) -> Long {
        Long { text: "x".repeat(bytes as usize) }
    }
    fn long_error(bytes: u64) -> Result<Survived, String> {
        Err("x".repeat(bytes as usize))
    }

    fn out_of_range(input: &Dataset) -> Survived {
        let bytes = input.read(input.length() + 1, 16).expect("there are always 16 bytes more");
        survived(format!("{} bytes", bytes.len()))
    }
    fn out_of_range_told(input: &Dataset) -> Result<Survived, Error> {
        let bytes = input.read(input.length() + 1, 16)?;
        Ok(survived(format!("{} bytes", bytes.len())))
    }
    fn huge_read(input: &Dataset) -> Result<Survived, Error> {
        let bytes = input.read(0, u64::MAX)?;
        Ok(survived(format!("{} bytes", bytes.len())))
    }
    fn write_input(input: &Dataset) -> Allowed {
        trespass::write_input(input)
    }
    fn write_input_by_path(input: &Dataset) -> Allowed {
        trespass::write_input_by_path(input)
    }
    fn bad_name() -> Allowed {
        trespass::bad_name()
    }
    fn mixed_forms() -> Allowed {
        trespass::mixed_forms()
    }
    fn nan_property() -> Allowed {
        trespass::nan_property()
    }
    fn return_input(input: Dataset) -> OneDataset {
        OneDataset { data: input }
    }
    fn escape(input: Option<&Dataset>) -> Attempts {
        trespass::escape(input)
    }
    fn leave_symlink(target: String) -> Result<OneDataset, String> {
        trespass::leave_symlink(&target)
    }
    fn network(port: u16) -> Attempts {
        trespass::network(port)
    }
    fn env() -> Surroundings {
        trespass::env()
    }
}
