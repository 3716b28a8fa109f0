//! Building components: reads the world, checks it, calls the language's tools, and post-processes their output.

use std::path::{Path, PathBuf};

use crate::interface::{self, Interface};
use crate::manifest::{self, Manifest, Metadata};
use crate::scaffold;
use crate::steps::Step;
use crate::tools::{Event, Host, Report};
use crate::{Error, Language, Problem, Result, c, finish, javascript, python, rust, templates};

/// What to build.
#[derive(Debug, Clone)]
pub struct Request {
    /// The folder of the component.
    pub dir: PathBuf,
    /// Its language, if it is not detected by the folder.
    pub language: Option<Language>,
    /// The path of the built component; the default is `build/NAME.wasm` in its folder.
    pub output: Option<PathBuf>,
    /// Whether to keep debug information and not optimise.
    pub debug: bool,
    /// Whether to install missing tools.
    pub install: bool,
}

/// The result of a build.
#[derive(Debug)]
pub struct Built {
    /// The component.
    pub file: PathBuf,
    /// Its length in bytes.
    pub size: u64,
    /// Its language.
    pub language: Language,
    /// The metadata of its manifest, which is in the component too.
    pub metadata: Metadata,
    /// Its steps, read from the binary.
    pub steps: Vec<Step>,
    /// Warnings.
    pub warnings: Vec<Problem>,
}

/// The input of the languages' builders.
pub(crate) struct Job<'b> {
    pub(crate) dir: &'b Path,
    pub(crate) manifest: &'b Manifest,
    pub(crate) interface: &'b Interface,
    pub(crate) host: &'b Host,
    pub(crate) debug: bool,
    pub(crate) install: bool,
}

/// Builds a component. `report` receives progress and the output of tools.
///
/// # Errors
///
/// [`Error::Problems`] for mistakes of the author, before any compiler runs where possible; [`Error::Missing`] names a
/// missing tool and the command that installs it; [`Error::Tool`] if a tool failed, whose output was reported.
pub fn build(request: &Request, host: &Host, report: Report<'_>) -> Result<Built> {
    let dir = request.dir.as_path();
    let language = match request.language {
        Some(language) => language,
        None => Language::detect(dir)?,
    };
    let manifest = manifest::read(dir, language, host)?;
    restore_interface(dir, report)?;
    let interface = interface::read(dir, language, manifest.world.as_deref())?;
    let (_, problems) = interface.check();
    if !problems.is_empty() {
        return Err(Error::Problems(problems));
    }
    let folder = dir.join("build");
    std::fs::create_dir_all(&folder).map_err(|source| Error::io("create", &folder, source))?;
    let job =
        Job { dir, manifest: &manifest, interface: &interface, host, debug: request.debug, install: request.install };
    let (tool, (bytes, warnings)) = match language {
        Language::Rust => ("cargo", (rust::build(&job, report)?, Vec::new())),
        Language::Python => ("componentize-py", python::build(&job, report)?),
        Language::JavaScript => ("jco", javascript::build(&job, report)?),
        Language::C => ("the C compiler", (c::build(&job, report)?, Vec::new())),
    };
    let broken = |why: String| Error::Component { tool, why, hint: None };
    let bytes = if request.debug { bytes } else { finish::strip(&bytes).map_err(|error| broken(error.to_string()))? };
    let bytes = finish::describe(&bytes, &manifest.metadata, language, &dir.join(language.manifest()))?;
    let steps = finish::steps(&bytes).map_err(broken)?;
    if steps.is_empty() {
        return Err(Error::Component {
            tool,
            why: "it exports no step".to_owned(),
            hint: Some(format!(
                "wit/ declares the world `{}`: do the sources implement this one?",
                interface.world_name()
            )),
        });
    }
    let file = request.output.clone().unwrap_or_else(|| folder.join(format!("{}.wasm", manifest.metadata.name)));
    finish::write(&file, &bytes)?;
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    Ok(Built { file, size, language, metadata: manifest.metadata, steps, warnings })
}

/// Writes the runtime's interface to where the tools expect it, if the WIT refers to it and it is missing.
fn restore_interface(dir: &Path, report: Report<'_>) -> Result<()> {
    let folder = dir.join(interface::FOLDER);
    let texts = |folder: &Path| {
        let files = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let wit = files.filter(|path| path.extension().is_some_and(|extension| extension == "wit"));
        wit.filter_map(|path| std::fs::read_to_string(path).ok()).collect::<Vec<String>>()
    };
    let declares = |texts: &[String]| texts.iter().any(|text| text.contains("package weft:component@"));
    let own = texts(&folder);
    if declares(&own) || !own.iter().any(|text| text.contains("weft:component/")) {
        return Ok(());
    }
    let deps = folder.join("deps");
    let dependencies = std::fs::read_dir(&deps).into_iter().flatten().flatten().map(|entry| entry.path());
    if declares(&texts(&deps)) || dependencies.into_iter().any(|dependency| declares(&texts(&dependency))) {
        return Ok(());
    }
    scaffold::vendor(dir)?;
    report(Event::Line(&format!(
        "wrote {}, the runtime's interface, for the tools to find",
        templates::INTERFACE_FOLDER
    )));
    Ok(())
}
