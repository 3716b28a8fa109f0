//! Which executor runs each container of a pipeline.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use indexmap::IndexMap;
use weft_pipeline::diagnostic::Diagnostic;
use weft_pipeline::executor::{
    ExecutorCall, ExecutorKind, NoExecutor, Requirement, choose_executor, done_without, is_boosting, missing, native,
    other_versions, to_fetch,
};
use weft_pipeline::model::{CalledProgram, Implementation, Location, Pipeline, Program, Span};
use weft_pipeline::suggest;
use weft_pipeline::tfx::{NeedsTfx, needs_tfx};

use crate::components::{Loaded, cannot_load};
use crate::host::Host;
use crate::packages::{self, Target};
use crate::prepare::Linker;
use crate::science;
use crate::shell;

/// Who runs the Python functions of KFP's pipelines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Executor {
    /// The sandbox: CPython as a component.
    #[default]
    Sandbox,
    /// The host's own Python, without a sandbox, for development.
    HostPython,
}

/// What each container of a pipeline calls, by component.
pub(crate) struct ContainerCalls(IndexMap<String, Result<ExecutorCall, NoExecutor>>);

impl ContainerCalls {
    /// Looks at every container of a pipeline.
    pub fn of(pipeline: &Pipeline) -> Self {
        let commands = pipeline.components.iter().filter_map(|(name, component)| match &component.implementation {
            Implementation::Command(step) => Some((name.clone(), choose_executor(step))),
            _ => None,
        });
        Self(commands.collect())
    }

    /// The component files that are needed to run them.
    pub fn files(&self, host: &Host, executor: Executor) -> Vec<String> {
        let calls = self.0.values().flatten();
        let mut files: Vec<String> = calls
            .flat_map(|call| {
                let python = call.python.as_ref().and_then(|kind| file(kind, host, Executor::Sandbox));
                file(&call.executor, host, executor).into_iter().chain(python)
            })
            .collect();
        files.sort_unstable();
        files.dedup();
        files
    }

    /// All packages that Python functions need.
    pub fn packages(&self) -> Vec<Requirement> {
        let mut all: Vec<Requirement> = self.0.values().flatten().flat_map(|call| call.packages.clone()).collect();
        all.sort();
        all.dedup();
        all
    }

    /// Whether any is Python.
    pub fn need_python(&self) -> bool {
        self.0.values().flatten().any(|call| call.executor.is_python() || matches!(call.executor, ExecutorKind::Tfx(_)))
    }

    /// Whether any is an executor of TFX's own.
    pub fn need_tfx(&self) -> bool {
        self.0.values().flatten().any(|call| matches!(call.executor, ExecutorKind::Tfx(_)))
    }

    /// What components ask for in another version than the executor with the scientific stack has, each told once.
    fn other_versions(&self) -> Vec<Diagnostic> {
        let python = self.0.values().flatten().filter_map(|call| Some((call.any_python()?, &call.packages)));
        let found: BTreeSet<_> = python.flat_map(|(kind, packages)| other_versions(kind, packages)).collect();
        let mut told =
            found.iter().map(|one| format!("`{}` asked, {} there", one.asked, one.there)).collect::<Vec<_>>();
        if told.len() > MOST_VERSIONS {
            let more = told.len() - MOST_VERSIONS;
            told.truncate(MOST_VERSIONS);
            told.push(format!("{more} more"));
        }
        if told.is_empty() {
            return Vec::new();
        }
        let problem = format!("the sandbox has other versions of some packages: {}", told.join(", "));
        vec![Diagnostic::warning(problem).hint(
            "the results may differ from those of the versions that are asked for; `--executor host-python` installs these, unsandboxed",
        )]
    }

    /// What components install for Parquet, which is read and written without it, told once.
    fn done_without(&self) -> Option<Diagnostic> {
        let science = self.0.values().flatten().filter(|call| call.executor.is_scientific());
        let found: BTreeSet<_> = science.flat_map(|call| done_without(&call.packages)).collect();
        let told: Vec<_> = found.iter().map(|one| format!("`{one}`")).collect();
        (!told.is_empty()).then(|| {
            let problem = format!("the sandbox does without {}: pandas reads and writes Parquet by itself there", told.join(", "));
            Diagnostic::warning(problem).hint(
                "`pandas.read_parquet` and `DataFrame.to_parquet` work; a module that imports it does not, other than with `--executor host-python`",
            )
        })
    }

    /// Puts into the pipeline who runs each command. `python` is what the host's own Python is called in the record, if it runs them.
    pub fn link(
        self,
        pipeline: &mut Pipeline,
        linker: &Linker,
        folder: &Path,
        loaded: &Loaded,
        python: Option<&str>,
    ) -> Vec<Diagnostic> {
        let places = places(pipeline);
        let mut problems = Vec::new();
        let mut sets = Sets::new();
        if python.is_none() {
            problems.extend(self.other_versions());
            problems.extend(self.done_without());
        }
        for (name, call) in self.0 {
            let about = |problem: Diagnostic| match places.get(&name) {
                Some((task, at)) => problem.at(Span { at: *at, length: 1 }).task(task.as_str()),
                None => problem,
            };
            if let Ok(call) = &call
                && call.executor == ExecutorKind::Shell
            {
                let image = match pipeline.components.get(&name).map(|component| &component.implementation) {
                    Some(Implementation::Command(step)) => step.image.as_str(),
                    _ => "",
                };
                problems.extend(unknown_commands(linker, call, image, loaded).map(about));
            }
            let program = match call {
                Ok(call) => program(call, linker, folder, loaded, python, &mut sets),
                Err(NoExecutor { message, hint }) => Err(Diagnostic::error(message).hint(hint)),
            };
            match program {
                Ok(program) => {
                    if let Some(component) = pipeline.components.get_mut(&name)
                        && let Implementation::Command(step) = &mut component.implementation
                    {
                        step.program = Some(program);
                    }
                }
                Err(problem) => problems.push(about(problem)),
            }
        }
        problems
    }
}

/// Packages of other versions that are named.
const MOST_VERSIONS: usize = 12;

/// The wheels of each set of packages, or why they cannot be had.
type Sets = HashMap<(Target, Vec<Requirement>), Result<IndexMap<String, String>, Diagnostic>>;

/// The component file of an executor; none if the host does.
fn file(kind: &ExecutorKind, host: &Host, executor: Executor) -> Option<String> {
    match kind {
        kind if kind.is_python() && executor == Executor::HostPython => None,
        ExecutorKind::Python => Some(host.executor_file("python").display().to_string()),
        ExecutorKind::Science => Some(host.executor_file("science").display().to_string()),
        ExecutorKind::Boosting => Some(host.executor_file("boosting").display().to_string()),
        ExecutorKind::Shell => Some(host.executor_file("shell").display().to_string()),
        ExecutorKind::File(path) => Some(path.clone()),
        ExecutorKind::Tfx(_) => None,
    }
}

fn program(
    call: ExecutorCall,
    linker: &Linker,
    folder: &Path,
    loaded: &Loaded,
    python: Option<&str>,
    sets: &mut Sets,
) -> Result<Program, Diagnostic> {
    if let (ExecutorKind::Tfx(class), None) = (&call.executor, python) {
        let NeedsTfx { message, hint } = needs_tfx(class);
        return Err(Diagnostic::error(message).hint(hint));
    }
    let executor = if python.is_some() { Executor::HostPython } else { Executor::Sandbox };
    let Some(path) = file(&call.executor, &linker.host, executor) else {
        let digest = python.unwrap_or_default().to_owned();
        return Ok(Program { path: String::new(), digest, argv: call.argv, packages: IndexMap::new(), python: None });
    };
    if let Some(module) = missing(&call.imports) {
        return Err(Diagnostic::error(format!("its function imports `{module}`, which needs native code: no executor has it")).hint(
            "pandas reads and writes Parquet without it (`pandas.read_parquet`, `DataFrame.to_parquet`); or run it with `--executor host-python` on this \
             machine's own Python, unsandboxed",
        ));
    }
    let digest = executor_digest(&call, &call.executor, &path, (&linker.host, folder), loaded)?;
    // A script that calls Python where there is none may never come to it: that it might is told as of any other program.
    let python = call.python.as_ref().and_then(|kind| {
        let path = file(kind, &linker.host, Executor::Sandbox)?;
        Some(
            executor_digest(&call, kind, &path, (&linker.host, folder), loaded)
                .map(|digest| CalledProgram { path, digest }),
        )
    });
    let python = match python {
        Some(Err(problem)) if !call.packages.is_empty() => return Err(problem),
        python => python.and_then(Result::ok),
    };
    let python_path = python.as_ref().map_or(&path, |python| &python.path);
    let kind = call.any_python().unwrap_or(&ExecutorKind::Python);
    let target = Target::of(kind);
    let wanted = (target, to_fetch(kind, &call.packages));
    // Components often install the same, and wheels are hashed whole.
    let find = |(target, packages): &(Target, Vec<Requirement>)| {
        let mut found = wheels(packages, *target, &linker.packages)?;
        if target.is_scientific() {
            let library = science::library(Path::new(python_path));
            found.extend(library.map_err(|error| Diagnostic::error(error.to_string()))?);
        }
        Ok(found)
    };
    let packages = sets.entry(wanted).or_insert_with_key(find).clone()?;
    Ok(Program { path, digest, argv: call.argv, packages, python })
}

/// The digest of the component that is an executor of a call.
fn executor_digest(
    call: &ExecutorCall,
    kind: &ExecutorKind,
    path: &str,
    (host, folder): (&Host, &Path),
    loaded: &Loaded,
) -> Result<String, Diagnostic> {
    match loaded.get(path) {
        Some(Ok(component)) if component.is_command() => Ok(component.digest().to_owned()),
        Some(Ok(_)) => {
            Err(Diagnostic::error(format!("`{path}` is no command: it does not export `wasi:cli/run`")).hint(
                "for a step function leave out the image's command, and name the function: `file:x.wasm#train`",
            ))
        }
        Some(Err(error)) if matches!(kind, ExecutorKind::File(_)) => {
            Err(cannot_load(host, folder, path, error))
        }
        Some(Err(weft_sandbox::Error::Read { source, .. }))
            if source.kind() == std::io::ErrorKind::NotFound && kind.is_scientific() =>
        {
            let (has, name) = match kind {
                ExecutorKind::Boosting => ("with LightGBM and XGBoost", "boosting"),
                _ => ("with the scientific stack", "science"),
            };
            // What the larger one is for tells more than what both have.
            let packages = native(&call.packages);
            let package = packages.iter().find(|package| is_boosting(&package.name()));
            let module = call.imports.iter().find(|module| is_boosting(module));
            let needs = match (package, module, packages.first(), call.imports.first()) {
                (Some(package), ..) | (None, None, Some(package), _) => format!("installs `{package}`"),
                (None, Some(module), ..) | (None, None, None, Some(module)) => format!("imports `{module}`"),
                (None, None, None, None) => "is Python".to_owned(),
            };
            Err(Diagnostic::error(format!(
                "it {needs}, which needs the executor {has}, and that is not installed"
            ))
            .hint(if weft_sandbox::COMPILES {
                format!(
                    "`weft executor install {name}` fetches and builds it, once; or run it with `--executor host-python` on this machine's \
                     own Python, unsandboxed"
                )
            } else {
                "this build compiles nothing: make a bundle of the pipeline where the executor is installed, `weft bundle --aot=portable`".to_owned()
            }))
        }
        Some(Err(weft_sandbox::Error::Read { source, .. })) if source.kind() == std::io::ErrorKind::NotFound => {
            Err(Diagnostic::error(format!("the executor of such components is not installed: there is no {path}"))
                .hint("build the executors with `bash runtime/executors/build.sh` of weft's sources, or set WEFT_EXECUTORS to their folder"))
        }
        Some(Err(error)) => Err(Diagnostic::error(format!("the executor {path} cannot be loaded: {error}"))),
        None => Err(Diagnostic::error(format!("`{path}` was not loaded"))),
    }
}

/// What a shell command calls and the sandboxed shell does not have: without its program a component cannot run, a script may never
/// come to the command.
fn unknown_commands(linker: &Linker, call: &ExecutorCall, image: &str, loaded: &Loaded) -> Option<Diagnostic> {
    let executor = loaded.get(&linker.host.executor_file("shell").display().to_string())?.as_ref().ok()?;
    let script = shell::script(&call.argv)?;
    let python = call.python.as_ref().and_then(|kind| file(kind, &linker.host, Executor::Sandbox));
    let python = python.is_some_and(|path| matches!(loaded.get(&path), Some(Ok(_))));
    let mut missing = shell::missing(&linker.sandbox, executor.digest(), &script.text);
    missing.retain(|name| !(python && shell::is_python(name)));
    let first = missing.first()?;
    let hint = "the sandbox runs shell scripts, the usual utilities and Python; for any other program, build it as a WebAssembly component \
                and name its file as the image: `file:tool.wasm`; a Python function that calls it runs with `--executor host-python`, unsandboxed";
    let problem = if let Some(program) = script.program {
        Diagnostic::error(format!("it runs `{program}`, which only its image `{image}` has, and images are not read"))
    } else {
        let others = match missing.len() {
            1 => String::new(),
            n => format!(" (and {} more that are not there)", n - 1),
        };
        Diagnostic::warning(format!("its script calls `{first}`, which the sandboxed shell does not have{others}"))
    };
    Some(problem.hint(hint))
}

/// The wheels of the packages that a component needs.
fn wheels(
    requirements: &[Requirement],
    target: Target,
    vendored: &Path,
) -> Result<IndexMap<String, String>, Diagnostic> {
    if requirements.is_empty() {
        return Ok(IndexMap::new());
    }
    if let [first, ..] = native(requirements)[..] {
        let problem = format!("it installs `{first}`, which needs native code: the sandbox runs pure Python only");
        return Err(Diagnostic::error(problem).hint(packages::native_code_hint()));
    }
    match packages::vendored(vendored, requirements, target) {
        Ok(Some(wheels)) => Ok(wheels),
        Ok(None) => {
            let names: Vec<&str> = requirements.iter().map(|requirement| requirement.0.as_str()).collect();
            Err(Diagnostic::error(format!(
                "it installs {}, and nothing is fetched while a pipeline runs",
                suggest::list(&names)
            ))
            .hint(
                "`weft vendor PIPELINE` fetches the packages of a pipeline ahead; while developing, `--executor host-python` installs them for \
                 this machine's own Python, unsandboxed",
            ))
        }
        Err(error) => Err(Diagnostic::error(error.to_string())),
    }
}

/// The first task of each component, and where it is written.
fn places(pipeline: &Pipeline) -> HashMap<String, (String, Location)> {
    let mut places = HashMap::new();
    for component in std::iter::once(&pipeline.root).chain(pipeline.components.values()) {
        let Implementation::Dag(dag) = &component.implementation else { continue };
        for (name, task) in &dag.tasks {
            places.entry(task.component.clone()).or_insert_with(|| (name.clone(), task.at));
        }
    }
    places
}
