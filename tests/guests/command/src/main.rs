//! A command for the tests: its first argument says what it does, well or badly.

use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let rest: Vec<&str> = arguments.iter().skip(2).map(String::as_str).collect();
    match arguments.get(1).map(String::as_str).unwrap_or_default() {
        "show" => show(&arguments),
        "write" => write(rest[0], rest[1]),
        "copy" => {
            let bytes = fs::read(rest[0]).expect("the input is there");
            write(rest[1], &String::from_utf8_lossy(&bytes).to_uppercase());
        }
        "tree" => {
            for name in ["a", "sub/b"] {
                write(&format!("{}/{name}", rest[0]), name);
            }
        }
        "exit" => {
            println!("on its way");
            eprintln!("no penguins here");
            std::process::exit(rest[0].parse().expect("a number"));
        }
        "traceback" => {
            eprint!(
                "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n    g()\nValueError: no penguins\n"
            );
            std::process::exit(1);
        }
        "panic" => panic!("no penguins here"),
        "trap" => std::process::abort(),
        "loop" => loop {
            std::hint::black_box(());
        },
        "fill" => {
            let mut file = File::create(rest[0]).expect("a file can be made");
            loop {
                file.write_all(&[b'x'; 65536]).expect("it can be written to");
            }
        }
        "far" => {
            let mut file = File::create(rest[0]).expect("a file can be made");
            file.seek(SeekFrom::Start(1 << 40)).expect("a seek costs nothing");
            file.write_all(b"x").expect("it can be written to");
        }
        "hog" => {
            let mut all = Vec::new();
            loop {
                all.push(vec![1u8; 1 << 20]);
            }
        }
        "trespass" => trespass(&rest),
        "link" => link(rest[0], rest[1]),
        "time" => println!("{:?} {:?}", SystemTime::now(), Instant::now()),
        "wait" => wait(rest[0].parse().expect("a number"), rest[1]),
        "random" => {
            println!("{}", std::hash::BuildHasher::hash_one(&std::collections::hash_map::RandomState::new(), 1))
        }
        "network" => println!("{:?}", std::net::TcpStream::connect("127.0.0.1:22").map_err(|error| error.kind())),
        other => panic!("it cannot do {other:?}"),
    }
}

/// Waits until so many seconds have passed, as programs do that do not sleep, or only for a moment.
fn wait(seconds: u64, how: &str) {
    let (start, mut looks) = (Instant::now(), 0u64);
    while start.elapsed() < Duration::from_secs(seconds) {
        looks += 1;
        match how {
            "printing" => println!("still waiting"),
            "sleeping" => std::thread::sleep(Duration::from_millis(1)),
            _ => {}
        }
    }
    println!("waited after {looks} looks");
}

fn write(path: &str, text: &str) {
    if let Some(parent) = Path::new(path).parent() {
        fs::create_dir_all(parent).expect("its folder can be made");
    }
    fs::write(path, text).expect("it can be written");
}

fn link(target: &str, path: &str) {
    unsafe extern "C" {
        safe fn symlink(target: &std::ffi::c_char, path: &std::ffi::c_char) -> i32;
    }
    let text = |text: &str| std::ffi::CString::new(text).expect("no NUL").into_bytes_with_nul();
    let (target, path) = (text(target), text(path));
    let first = |bytes: &[u8]| -> *const std::ffi::c_char { bytes.as_ptr().cast() };
    // SAFETY: both texts end with NUL and live until the call has returned.
    let status = unsafe { symlink(&*first(&target), &*first(&path)) };
    println!("link {status}");
}

fn show(arguments: &[String]) {
    println!("args {arguments:?}");
    let mut variables: Vec<_> = std::env::vars().collect();
    variables.sort();
    println!("env {variables:?}");
    for folder in ["/", "/in", "/tmp", "."] {
        let mut names: Vec<_> = fs::read_dir(folder)
            .expect("it can be listed")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        println!("{folder} {names:?}");
    }
    let mut text = String::new();
    println!("stdin {:?} {text:?}", std::io::stdin().read_to_string(&mut text).map_err(|error| error.kind()));
}

/// Tries what it must not, and says what of it went well.
fn trespass(inputs: &[&str]) {
    for path in ["/../secret", "../secret", "/etc/passwd", "/in/../../secret", "/proc/self/environ", "/in/../root/x"] {
        if fs::read(path).is_ok() {
            println!("read {path}");
        }
    }
    for input in inputs {
        let parent = Path::new(input).parent().expect("it has one");
        let tries: [(&str, bool); 8] = [
            ("write", fs::write(input, "changed").is_ok()),
            ("append", File::options().append(true).open(input).and_then(|mut file| file.write_all(b"x")).is_ok()),
            ("truncate", File::options().write(true).truncate(true).open(input).is_ok()),
            ("remove", fs::remove_file(input).is_ok()),
            ("rename", fs::rename(input, "/tmp/taken").is_ok()),
            ("link", fs::hard_link(input, "/tmp/linked").is_ok()),
            ("create", fs::write(parent.join("new"), "new").is_ok()),
            ("replace", fs::write("/tmp/mine", "mine").and_then(|()| fs::rename("/tmp/mine", input)).is_ok()),
        ];
        for (what, _) in tries.iter().filter(|(_, done)| *done) {
            println!("{what} {input}");
        }
    }
    println!("tried");
}
