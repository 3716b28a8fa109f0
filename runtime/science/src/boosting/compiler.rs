//! Zig's compiler for C and C++, many files at once.

use std::fs;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, mpsc};
use std::thread;

use weft_pipeline::step::StepObserver;

use crate::error::{Error, Result};

/// A source, and what it is compiled with.
pub(super) struct Unit {
    source: PathBuf,
    options: Vec<String>,
}

impl Unit {
    pub(super) fn new(source: PathBuf, options: [&str; 2], headers: &[String]) -> Self {
        let words = options.into_iter().flat_map(str::split_whitespace).map(str::to_owned);
        Self { source, options: words.chain(headers.iter().cloned()).collect() }
    }
}

/// The compiler of a wheel.
pub(super) struct Compiler {
    /// The folder of the wheel.
    wheel: PathBuf,
    /// Where it runs and keeps what it makes.
    work: PathBuf,
}

impl Compiler {
    pub(super) fn new(wheel: &Path, work: &Path) -> Self {
        Self { wheel: wheel.to_owned(), work: work.to_owned() }
    }

    /// A file or folder of the sources of its libraries.
    pub(super) fn library(&self, path: &str) -> PathBuf {
        self.wheel.join("lib").join(path)
    }

    fn command(&self, tool: &str) -> Command {
        let mut command = Command::new(self.wheel.join("zig"));
        let cache = self.work.join("cache");
        command.arg(tool).current_dir(&self.work).env("ZIG_GLOBAL_CACHE_DIR", &cache).env("ZIG_LOCAL_CACHE_DIR", cache);
        command
    }

    /// Compiles sources, as many at once as there are processors, and returns their objects in the same order. `tell` is called with how many are done.
    pub(super) fn compile(
        &self,
        units: &[Unit],
        observer: &dyn StepObserver,
        tell: &dyn Fn(usize, usize),
    ) -> Result<Vec<PathBuf>> {
        let objects: Vec<PathBuf> = (0..units.len()).map(|at| self.work.join(format!("{at}.o"))).collect();
        let (next, ended) = (AtomicUsize::new(0), AtomicBool::new(false));
        let failure = Mutex::new(None);
        let (compiled, told) = mpsc::channel();
        thread::scope(|scope| {
            for _ in 0..thread::available_parallelism().map_or(1, NonZero::get) {
                let compiled = compiled.clone();
                let (next, ended, failure, objects) = (&next, &ended, &failure, &objects);
                scope.spawn(move || {
                    loop {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        let (Some(unit), Some(object)) = (units.get(at), objects.get(at)) else { return };
                        if ended.load(Ordering::Relaxed) || observer.interrupted() {
                            ended.store(true, Ordering::Relaxed);
                            return;
                        }
                        if let Err(error) = self.compile_one(unit, object) {
                            ended.store(true, Ordering::Relaxed);
                            failure.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get_or_insert(error);
                        }
                        _ = compiled.send(());
                    }
                });
            }
            drop(compiled);
            tell(0, units.len());
            told.iter().enumerate().for_each(|(at, ())| tell(at + 1, units.len()));
        });
        match failure.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
            Some(error) => Err(error),
            None if ended.into_inner() => Err(weft_sandbox::Error::Interrupted.into()),
            None => Ok(objects),
        }
    }

    fn compile_one(&self, unit: &Unit, object: &Path) -> Result<()> {
        let plain = unit.source.extension().is_some_and(|extension| extension == "c" || extension == "s");
        let tool = if plain { "cc" } else { "c++" };
        let mut command = self.command(tool);
        command.args(&unit.options).arg("-c").arg(&unit.source).arg("-o").arg(object);
        self.run(command, &unit.source.display().to_string())
    }

    /// The archives of its own libraries for WASI, by their names, in this order.
    pub(super) fn libraries(&self, names: &[&str]) -> Result<Vec<PathBuf>> {
        // It makes them when something is linked with them.
        let source = self.work.join("nothing.cpp");
        fs::write(&source, "#include <string>\nstd::string nothing;\n")
            .map_err(|error| Error::io("write", &source, error))?;
        let mut command = self.command("c++");
        command.args(["--target=wasm32-wasi", "-mexec-model=reactor", "nothing.cpp", "-o", "nothing.wasm"]);
        self.run(command, "its libraries")?;
        let made = self.work.join("cache/o");
        let folders = fs::read_dir(&made).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
        let folders = folders.map_err(|error| Error::io("read", &made, error))?;
        let find = |name: &&str| {
            let found = folders.iter().map(|folder| folder.path().join(name)).find(|path| path.is_file());
            found.ok_or_else(|| Error::compiler(format!("it has made no `{name}`")))
        };
        names.iter().map(find).collect()
    }

    /// Links objects and archives into a module.
    pub(super) fn link<'a>(
        &self,
        options: &str,
        objects: impl Iterator<Item = &'a PathBuf>,
        module: &Path,
    ) -> Result<()> {
        let mut command = self.command("wasm-ld");
        command.args(options.split_whitespace()).args(objects).arg("-o").arg(module);
        self.run(command, "the library")
    }

    fn run(&self, mut command: Command, what: &str) -> Result<()> {
        let output = command.output().map_err(|error| Error::io("run", &self.wheel.join("zig"), error))?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let why = said.lines().find(|line| line.contains("error")).or(said.lines().last()).unwrap_or("it said nothing");
        Err(Error::compiler(format!("{what}: {why}")))
    }
}
