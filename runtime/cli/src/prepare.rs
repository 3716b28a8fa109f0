//! From a pipeline's file to a pipeline that can run: read, linked with its components, checked, parameters given.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use clap::Args;
use indexmap::IndexMap;
use serde_json::Value;
use weft_pipeline::diagnostic::Diagnostic;
use weft_pipeline::link::{link, wasm_references};
use weft_pipeline::model::Pipeline;
use weft_pipeline::yaml::{GivenParameter, parse_parameters_file, read_pipeline};
use weft_pipeline::{check, parameters, suggest};
use weft_sandbox::{LoadedComponent, Sandbox};

use crate::error::{Error, Result};
use crate::render::diagnostic::{Finding, Source};
use crate::screen;

/// A component that takes longer than this to load is being compiled.
const PATIENCE: Duration = Duration::from_millis(300);

/// Parameters on the command line.
#[derive(Debug, Clone, Default, Args)]
pub struct ParameterArgs {
    /// Give a parameter of the pipeline its value; may be repeated, and wins over --params
    #[arg(short = 'p', long = "param", value_name = "NAME=VALUE", value_parser = name_and_value)]
    pub param: Vec<(String, String)>,
    /// Read parameters from a YAML or JSON file
    #[arg(long, value_name = "FILE")]
    pub params: Option<PathBuf>,
}

/// Takes `NAME=VALUE` apart.
pub fn name_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.to_owned())),
        _ => Err("write it as NAME=VALUE".to_owned()),
    }
}

/// Parameters as they were given, with the file that some of them come from.
struct Given {
    values: IndexMap<String, GivenParameter>,
    file: Option<Arc<Source>>,
}

impl ParameterArgs {
    /// Whether any is given.
    pub fn is_empty(&self) -> bool {
        self.param.is_empty() && self.params.is_none()
    }

    fn read(&self) -> Result<Given> {
        let mut given = Given { values: IndexMap::new(), file: None };
        if let Some(path) = &self.params {
            let source = read_source(path)?;
            given.values = parse_parameters_file(&source.text).map_err(|problems| refused(&source, problems))?;
            given.file = Some(source);
        }
        let fold = |name: &str| name.replace('_', "-");
        for (name, text) in &self.param {
            given.values.retain(|known, _| fold(known) != fold(name));
            given.values.insert(name.clone(), GivenParameter::Text(text.clone()));
        }
        Ok(given)
    }
}

/// A pipeline's file, read.
pub struct PipelineFile {
    /// The file.
    pub source: Arc<Source>,
    /// The pipeline, not linked yet.
    pub pipeline: Pipeline,
    /// The folder at which relative paths begin. Absolute.
    pub folder: PathBuf,
}

/// A pipeline that can run.
pub struct Prepared {
    /// The pipeline, linked.
    pub pipeline: Pipeline,
    /// Values of its parameters. Empty if they were not asked for.
    pub parameters: BTreeMap<String, Value>,
    /// What is likely not meant, but keeps nothing from running.
    pub warnings: Vec<Finding>,
    /// Component files by their paths as written.
    pub components: BTreeMap<String, String>,
}

/// Reads a pipeline's file.
pub fn read(path: &Path) -> Result<PipelineFile> {
    if path.is_dir() {
        let inside = path.join("pipeline.yaml");
        return Err(Error::Request {
            message: format!("`{}` is a folder, not a pipeline's file", path.display()),
            hint: inside.is_file().then(|| format!("give the file in it: {}", inside.display())),
        });
    }
    let source = read_source(path)?;
    let pipeline = read_pipeline(&source.text).map_err(|problems| refused(&source, problems))?;
    let absolute = std::path::absolute(path).map_err(|cause| Error::io("find", path, cause))?;
    let folder = absolute.parent().map_or_else(|| PathBuf::from("/"), Path::to_owned);
    Ok(PipelineFile { source, pipeline, folder })
}

fn read_source(path: &Path) -> Result<Arc<Source>> {
    let text = std::fs::read_to_string(path).map_err(|cause| Error::io("read", path, cause))?;
    Ok(Arc::new(Source { shown: path.display().to_string(), text }))
}

fn refused(source: &Arc<Source>, problems: Vec<Diagnostic>) -> Error {
    Error::Pipeline(problems.into_iter().map(|problem| Finding::new(source, problem)).collect())
}

/// Links, checks and completes a pipeline; everything that is wrong with it is told at once.
pub fn prepare(file: PipelineFile, sandbox: &Sandbox, args: Option<&ParameterArgs>) -> Result<Prepared> {
    let PipelineFile { source, mut pipeline, folder } = file;
    let given = args.map(ParameterArgs::read).transpose()?;
    let references = wasm_references(&pipeline);
    let paths: Vec<&str> = references.iter().map(|reference| reference.step.path.as_str()).collect();
    let loaded = load(sandbox, &folder, &paths);
    let mut findings: Vec<Finding> =
        unlinked(&pipeline, &folder, &loaded).into_iter().map(|problem| Finding::new(&source, problem)).collect();
    link(&mut pipeline, &|step| loaded.get(&step.path)?.as_ref().ok()?.linked(step.function.as_deref()));
    findings.extend(check::check(&pipeline).into_iter().map(|problem| Finding::new(&source, problem)));
    let mut values = BTreeMap::new();
    if let Some(given) = given {
        match parameters::resolve(&pipeline, &given.values) {
            Ok(resolved) => values = resolved,
            Err(problems) => {
                for problem in problems {
                    if findings.iter().any(|finding| finding.diagnostic == problem) {
                        continue;
                    }
                    let file = given.file.as_ref().filter(|_| is_in_parameter_file(&given, &problem));
                    findings.push(Finding::new(file.unwrap_or(&source), problem));
                }
            }
        }
    }
    findings.sort_by_key(|finding| {
        (finding.source.shown != source.shown, finding.diagnostic.at.is_none(), finding.diagnostic.at)
    });
    if findings.iter().any(|finding| finding.diagnostic.is_error()) {
        return Err(Error::Pipeline(findings));
    }
    let components =
        loaded.into_iter().filter_map(|(path, component)| Some((path, component.ok()?.digest().to_owned())));
    Ok(Prepared { pipeline, parameters: values, warnings: findings, components: components.collect() })
}

/// Whether a problem's place is that of a value in the file of parameters.
fn is_in_parameter_file(given: &Given, problem: &Diagnostic) -> bool {
    given.values.iter().any(|(name, value)| match value {
        GivenParameter::Value(_, Some(span)) => {
            Some(span.at) == problem.at && problem.message.replace('_', "-").contains(&name.replace('_', "-"))
        }
        _ => false,
    })
}

/// Loads one component.
pub fn load_one(sandbox: &Sandbox, path: &Path) -> Result<Arc<LoadedComponent>> {
    let shown = path.display().to_string();
    let here = std::path::absolute(".").unwrap_or_else(|_| PathBuf::from("."));
    let mut loaded = load(sandbox, &here, &[shown.as_str()]);
    match loaded.remove(&shown) {
        Some(Ok(component)) => Ok(component),
        Some(Err(error)) => {
            let Diagnostic { message, hint, .. } = cannot_load(&here, &shown, &error);
            Err(Error::Request { message, hint })
        }
        None => Err(Error::request(format!("`{shown}` cannot be loaded"))),
    }
}

type Loaded = HashMap<String, Result<Arc<LoadedComponent>, weft_sandbox::Error>>;

/// Loads all components, several at a time, and says which are being compiled.
fn load(sandbox: &Sandbox, folder: &Path, paths: &[&str]) -> Loaded {
    let mut paths = paths.to_vec();
    paths.sort_unstable();
    paths.dedup();
    let started = Instant::now();
    let mut loaded = Loaded::new();
    let queue = Mutex::new(paths.clone().into_iter());
    let mut waiting = paths.clone();
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(paths.len());
    std::thread::scope(|scope| {
        let (sender, done) = channel();
        for _ in 0..workers {
            let (sender, queue) = (sender.clone(), &queue);
            scope.spawn(move || {
                loop {
                    let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some(path) = next else { break };
                    if sender.send((path, sandbox.load_file(&folder.join(path)))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let mut announced = false;
        loop {
            let next = if announced {
                done.recv().map_err(RecvTimeoutError::from)
            } else {
                done.recv_timeout(PATIENCE.saturating_sub(started.elapsed()))
            };
            match next {
                Ok((path, component)) => {
                    waiting.retain(|other| *other != path);
                    loaded.insert(path.to_owned(), component);
                }
                Err(RecvTimeoutError::Timeout) => {
                    announce(&waiting);
                    announced = true;
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
    });
    loaded
}

fn announce(paths: &[&str]) {
    let names: Vec<String> = paths.iter().map(|path| file_name(path)).collect();
    screen::say(format!("Compiling {} for this machine, once", names.join(", ")));
}

fn file_name(path: &str) -> String {
    Path::new(path).file_name().map_or_else(|| path.to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Problems of references to components: files that cannot be loaded, each told once, and functions that are not there.
fn unlinked(pipeline: &Pipeline, folder: &Path, loaded: &Loaded) -> Vec<Diagnostic> {
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
                cannot_load(folder, path, error)
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
            let others = crate::render::count(times - 1, "other step", "other steps");
            _ = write!(problem.message, " (the same for {others})");
        }
    }
    problems
}

fn cannot_load(folder: &Path, path: &str, error: &weft_sandbox::Error) -> Diagnostic {
    match error {
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
            let near = suggest::nearest(&file_name(path), beside.iter().map(String::as_str));
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
pub fn no_function(path: &str, function: Option<&str>, component: &LoadedComponent) -> Diagnostic {
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
