//! The component files that a pipeline names: loaded, several at a time, and what to say of those that cannot be.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use weft_pipeline::diagnostic::Diagnostic;
use weft_pipeline::link::wasm_references;
use weft_pipeline::model::Pipeline;
use weft_pipeline::suggest;
use weft_sandbox::{LoadedComponent, Sandbox};

use crate::error::{Error, Result};
use crate::host::Host;
use crate::prebuilt::{self, locate};

/// Loads one component.
pub(crate) fn load_one(sandbox: &Sandbox, host: &Host, path: &Path) -> Result<Arc<LoadedComponent>> {
    let shown = path.display().to_string();
    let here = std::path::absolute(".").unwrap_or_else(|_| PathBuf::from("."));
    let mut loaded = load(sandbox, host, &here, &[shown.as_str()]);
    match loaded.remove(&shown) {
        Some(Ok(component)) => Ok(component),
        Some(Err(error)) => {
            let Diagnostic { message, hint, .. } = cannot_load(host, &here, &shown, &error);
            Err(Error::Request { message, hint })
        }
        None => Err(Error::request(format!("`{shown}` cannot be loaded"))),
    }
}

/// Components by their paths as written.
pub(crate) type Loaded = HashMap<String, Result<Arc<LoadedComponent>, weft_sandbox::Error>>;

/// Loads all components, several at a time: large ones take a while to be read.
pub(crate) fn load(sandbox: &Sandbox, host: &Host, folder: &Path, paths: &[&str]) -> Loaded {
    let mut paths = paths.to_vec();
    paths.sort_unstable();
    paths.dedup();
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(paths.len());
    let queue = Mutex::new(paths.into_iter());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let read =
        || std::iter::from_fn(next).map(|path| (path.to_owned(), sandbox.load_file(&locate(host, folder, path))));
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(|| read().collect::<Vec<_>>())).collect();
        workers.into_iter().filter_map(|worker| worker.join().ok()).flatten().collect()
    })
}

/// Problems of references to components: files that cannot be loaded, each told once, and functions that are not there.
pub(crate) fn unlinked(pipeline: &Pipeline, host: &Host, folder: &Path, loaded: &Loaded) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let mut told: HashMap<&str, usize> = HashMap::new();
    for reference in wasm_references(pipeline) {
        let path = reference.step.path.as_str();
        let problem = match loaded.get(path) {
            None => continue,
            Some(Err(error)) => {
                *told.entry(path).or_default() += 1;
                if told[path] > 1 {
                    continue;
                }
                cannot_load(host, folder, path, error)
            }
            Some(Ok(component)) => match component.step(reference.step.function.as_deref()) {
                Some(_) => continue,
                None => no_function(path, reference.step.function.as_deref(), component),
            },
        };
        let problem = problem.at(reference.at);
        problems.push(match reference.task {
            Some(task) => problem.task(task),
            None => problem,
        });
    }
    for problem in &mut problems {
        let more = told.iter().find(|(path, times)| **times > 1 && problem.message.contains(&format!("`{path}`")));
        if let Some((_, times)) = more {
            let others = times - 1;
            let steps = if others == 1 { "step" } else { "steps" };
            _ = write!(problem.message, " (the same for {others} other {steps})");
        }
    }
    problems
}

/// What to say of a component file that cannot be loaded.
pub(crate) fn cannot_load(host: &Host, folder: &Path, path: &str, error: &weft_sandbox::Error) -> Diagnostic {
    match error {
        weft_sandbox::Error::Read { source, .. }
            if source.kind() == std::io::ErrorKind::NotFound && prebuilt::name(path).is_some() =>
        {
            prebuilt::missing(host, prebuilt::name(path).unwrap_or_default())
        }
        weft_sandbox::Error::Read { path: file, source } if source.kind() == std::io::ErrorKind::NotFound => {
            let problem = Diagnostic::error(format!("there is no component file `{path}`"));
            let parent = file.parent().unwrap_or(folder);
            if !parent.is_dir() {
                let shown = std::path::absolute(parent).unwrap_or_else(|_| parent.to_owned());
                return problem
                    .hint(format!("there is no folder {} either: are the components built?", shown.display()));
            }
            let beside: Vec<String> = std::fs::read_dir(parent)
                .into_iter()
                .flatten()
                .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
                .filter(|name| Path::new(name).extension().is_some_and(|extension| extension == "wasm"))
                .collect();
            let file_name = Path::new(path).file_name().unwrap_or_default().to_string_lossy();
            let near = suggest::nearest(&file_name, beside.iter().map(String::as_str));
            problem.hint(match near {
                Some(near) => format!("did you mean `{}`?", Path::new(path).with_file_name(near).display()),
                None => format!("relative paths begin at {}", folder.display()),
            })
        }
        weft_sandbox::Error::Read { source, .. } => Diagnostic::error(format!("cannot read `{path}`: {source}")),
        weft_sandbox::Error::NotAComponent { why, .. } => {
            Diagnostic::error(format!("`{path}` is not a WebAssembly component")).hint(why.as_str())
        }
        weft_sandbox::Error::Link { why, .. } => {
            Diagnostic::error(format!("`{path}` cannot be linked")).hint(why.as_str())
        }
        other => Diagnostic::error(format!("`{path}` cannot be loaded: {other}")),
    }
}

/// Why a component has no such step function, or which of several is meant.
pub(crate) fn no_function(path: &str, function: Option<&str>, component: &LoadedComponent) -> Diagnostic {
    let names: Vec<&str> = component.steps().iter().map(|step| step.name.as_str()).collect();
    let unusable = component.others();
    match function {
        Some(function) => {
            match unusable.iter().find(|other| other.name == function || other.name.ends_with(&format!("#{function}")))
            {
                Some(other) => {
                    Diagnostic::error(format!("`{function}` of `{path}` cannot be a step")).hint(other.why.as_str())
                }
                None => Diagnostic::error(format!("`{path}` has no step function `{function}`")).hint(suggest::hint(
                    function,
                    names,
                    "functions",
                )),
            }
        }
        None if names.is_empty() => {
            Diagnostic::error(format!("`{path}` has no step functions")).hint(match unusable.first() {
                Some(other) => format!("it exports `{}`, but {}", other.name, other.why),
                None => "a step is an exported function".to_owned(),
            })
        }
        None => Diagnostic::error(format!("`{path}` has {} step functions: name the one that is meant", names.len()))
            .hint(match names.len() {
                ..=12 => format!("write `{path}#{}`; the functions are {}", names[0], suggest::list(&names)),
                _ => format!("write `{path}#{}`; `weft inspect` lists the functions", names[0]),
            }),
    }
}
