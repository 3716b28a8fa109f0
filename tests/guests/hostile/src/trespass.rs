//! Asking for what is not there, or not its own.

use std::fs;
use std::net::{TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::path::{Path, PathBuf};

use crate::weft::component::types::Value;
use crate::{Allowed, Attempts, Dataset, Metrics, OneDataset, Surroundings};

/// The names of those that went well.
fn allowed<T, E>(tries: impl IntoIterator<Item = (impl Into<String>, Result<T, E>)>) -> Allowed {
    let methods = tries.into_iter().filter(|(_, result)| result.is_ok()).map(|(name, _)| name.into());
    Allowed { methods: methods.collect() }
}

pub fn write_input(input: &Dataset) -> Allowed {
    allowed([
        ("append", input.append(b"mine")),
        ("write", input.write(0, b"mine")),
        ("create", input.create("mine").map(drop)),
        ("set-property", input.set_property("mine", &Value::Bool(true))),
        ("set-display-name", input.set_display_name("mine")),
        ("open-and-append", write_first_entry(input)),
    ])
}

fn write_first_entry(input: &Dataset) -> Result<(), crate::Error> {
    match input.entries().first() {
        Some(entry) => input.open(&entry.name)?.append(b"mine"),
        None => Err(crate::Error::ReadOnly),
    }
}

pub fn write_input_by_path(input: &Dataset) -> Allowed {
    let Some(path) = input.path().map(PathBuf::from) else { return Allowed { methods: Vec::new() } };
    let beside = path.with_file_name("beside");
    allowed([
        ("write", fs::write(&path, b"mine")),
        ("open", fs::File::options().write(true).open(&path).map(drop)),
        ("append", fs::File::options().append(true).open(&path).map(drop)),
        ("rename", fs::rename(&path, &beside)),
        ("link", fs::hard_link(&path, &beside)),
        ("remove", fs::remove_file(&path)),
        ("create-beside", fs::write(&beside, b"mine")),
        ("create-inside", fs::write(path.join("inside"), b"mine")),
        ("make-directory", fs::create_dir(path.with_file_name("directory"))),
    ])
}

pub fn bad_name() -> Allowed {
    let long = "x".repeat(100_000);
    let deep = "x/".repeat(10_000) + "x";
    let names = [
        "",
        ".",
        "..",
        "/",
        "/etc/passwd",
        "../outside",
        "a/../b",
        "a/./b",
        "a//b",
        "a/",
        "a\\b",
        "a\0b",
        "a\nb",
        "C:/b",
        "\u{202e}b",
        &long,
        &deep,
    ];
    let data = Dataset::new();
    allowed(names.map(|name| (name.chars().take(40).collect::<String>(), data.create(name).map(drop))))
}

pub fn mixed_forms() -> Allowed {
    let bytes_first = || {
        let data = Dataset::new();
        data.append(b"bytes")?;
        data.create("entry").map(drop)
    };
    let entry_first = || {
        let data = Dataset::new();
        data.create("entry")?;
        data.append(b"bytes")
    };
    let file_below_file = || {
        let data = Dataset::new();
        data.create("entry")?;
        data.create("entry/below").map(drop)
    };
    let twice = || {
        let data = Dataset::new();
        data.create("entry")?;
        data.create("entry").map(drop)
    };
    allowed::<(), crate::Error>([
        ("bytes-first", bytes_first()),
        ("entry-first", entry_first()),
        ("file-below-file", file_below_file()),
        ("same-name-twice", twice()),
    ])
}

pub fn nan_property() -> Allowed {
    let (metrics, data) = (Metrics::new(), Dataset::new());
    allowed([
        ("log-nan", metrics.log("nan", f64::NAN)),
        ("log-infinity", metrics.log("infinity", f64::INFINITY)),
        ("double-nan", data.set_property("nan", &Value::Double(f64::NAN))),
        ("double-infinity", data.set_property("infinity", &Value::Double(f64::NEG_INFINITY))),
        ("list-no-json", data.set_property("list", &Value::List("[1, 2".to_owned()))),
        ("list-object", data.set_property("list", &Value::List("{}".to_owned()))),
        ("struct-no-json", data.set_property("struct", &Value::Struct("{\"a\": }".to_owned()))),
        ("struct-array", data.set_property("struct", &Value::Struct("[]".to_owned()))),
        (
            "struct-deep",
            data.set_property("struct", &Value::Struct("{\"a\":".repeat(100_000) + "1" + &"}".repeat(100_000))),
        ),
        ("empty-name", data.set_property("", &Value::Bool(true))),
    ])
}

/// A record of what was tried.
#[derive(Default)]
struct Diary(Vec<(String, String)>, Vec<String>);

impl Diary {
    /// Notes what came of a try that must not go well.
    fn forbidden<T, E: std::fmt::Display>(&mut self, name: &str, result: Result<T, E>) {
        let outcome = match result {
            Ok(_) => {
                self.1.push(name.to_owned());
                "went well".to_owned()
            }
            Err(error) => error.to_string(),
        };
        self.0.push((name.to_owned(), outcome));
    }

    fn attempts(self) -> Attempts {
        Attempts { outcomes: self.0, breaches: self.1 }
    }
}

pub fn escape(input: Option<&Dataset>) -> Attempts {
    let mut diary = Diary::default();
    for path in [
        "/etc/passwd",
        "etc/passwd",
        "../etc/passwd",
        "../../../../../../etc/passwd",
        "/proc/self/environ",
        "/proc/self/exe",
    ] {
        diary.forbidden(&format!("read {path}"), fs::read(path));
    }
    for path in ["/tmp/escaped", "escaped", "../escaped", "/escaped"] {
        diary.forbidden(&format!("write {path}"), fs::write(path, b"mine"));
    }
    for path in ["/", ".", ".."] {
        // The root may be seen as far as the mounted directories go; what lies outside may not.
        let outside = fs::read_dir(path).map(|entries| entries.flatten().any(|entry| entry.file_name() == "etc"));
        diary.forbidden(
            &format!("find etc in {path}"),
            outside.and_then(|found| if found { Ok(()) } else { Err(std::io::ErrorKind::NotFound.into()) }),
        );
    }

    let output = Dataset::new();
    if let Some(directory) = output.path().map(PathBuf::from) {
        if let Err(error) = fs::create_dir_all(&directory) {
            diary.0.push(("make the output a directory".to_owned(), error.to_string()));
        }
        from_within(&mut diary, "output", &directory);
    }
    if let Some(path) = input.and_then(Dataset::path).map(PathBuf::from) {
        from_within(&mut diary, "input", &path);
        if let Some(parent) = path.parent() {
            from_within(&mut diary, "input's parent", parent);
        }
    }
    diary.attempts()
}

/// Tries to get out of a directory by `..` and by symbolic links.
fn from_within(diary: &mut Diary, name: &str, directory: &Path) {
    let up = "../".repeat(20);
    diary.forbidden(&format!("{name}: read up"), fs::read(directory.join(&up).join("etc/passwd")));
    diary.forbidden(&format!("{name}: write up"), fs::write(directory.join(&up).join("tmp/escaped"), b"mine"));
    for (kind, target) in [("absolute", "/etc".to_owned()), ("relative", format!("{up}etc"))] {
        let link = directory.join(format!("{kind}-link"));
        let made = symlink(&target, &link);
        diary
            .0
            .push((format!("{name}: make {kind} link"), made.map_or_else(|error| error, |()| "went well".to_owned())));
        diary.forbidden(&format!("{name}: read through {kind} link"), fs::read(link.join("passwd")));
        diary.forbidden(
            &format!("{name}: list through {kind} link"),
            fs::read_dir(&link)
                .and_then(|mut entries| entries.next().transpose()?.ok_or(std::io::ErrorKind::NotFound.into())),
        );
        diary.forbidden(&format!("{name}: write through {kind} link"), fs::write(link.join("escaped"), b"mine"));
    }
}

/// std offers symbolic links on WASI to nightly compilers alone; the C library has them.
fn symlink(target: &str, link: &Path) -> Result<(), String> {
    unsafe extern "C" {
        fn symlink(target: *const core::ffi::c_char, link: *const core::ffi::c_char) -> core::ffi::c_int;
    }
    let target = std::ffi::CString::new(target).map_err(|error| error.to_string())?;
    let link = std::ffi::CString::new(link.to_string_lossy().as_bytes()).map_err(|error| error.to_string())?;
    // SAFETY: both are strings that end with a zero byte and outlive the call, which keeps neither.
    let status = unsafe { symlink(target.as_ptr(), link.as_ptr()) };
    if status == 0 { Ok(()) } else { Err(std::io::Error::last_os_error().to_string()) }
}

pub fn leave_symlink(target: &str) -> Result<OneDataset, String> {
    let data = Dataset::new();
    let directory = data.path().map(PathBuf::from).ok_or("the artifact has no path")?;
    fs::create_dir_all(&directory).map_err(|error| error.to_string())?;
    fs::write(directory.join("plain.txt"), b"plain").map_err(|error| error.to_string())?;
    symlink(target, &directory.join("link"))?;
    Ok(OneDataset { data })
}

pub fn network(port: u16) -> Attempts {
    let mut diary = Diary::default();
    diary.forbidden("connect by TCP", TcpStream::connect(("127.0.0.1", port)));
    diary.forbidden("listen by TCP", TcpListener::bind("127.0.0.1:0"));
    diary.forbidden(
        "send by UDP",
        UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.send_to(b"hello", ("127.0.0.1", port))),
    );
    diary.forbidden("look up localhost", ("localhost", port).to_socket_addrs());
    diary.attempts()
}

pub fn env() -> Surroundings {
    Surroundings {
        variables: std::env::vars().collect(),
        arguments: std::env::args().collect(),
        directory: std::env::current_dir().map_or_else(|error| error.to_string(), |path| path.display().to_string()),
    }
}
