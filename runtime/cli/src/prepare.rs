//! From a pipeline's file to a pipeline that can run: read, linked with its components, checked, parameters given.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use indexmap::IndexMap;
use serde_json::Value;
use weft_pipeline::diagnostic::{Diagnostic, Severity};
use weft_pipeline::link::{link, wasm_references};
use weft_pipeline::model::{Format, Pipeline};
use weft_pipeline::yaml::{GivenParameter, parse_parameters_file, read_pipeline};
use weft_pipeline::{check, ir, parameters};
use weft_sandbox::Sandbox;

use crate::error::{Error, Result};
use crate::render::diagnostic::{Finding, Source};
use crate::{host_python, packages};

mod commands;
mod components;
mod shell;

pub use commands::ExecutorArgs;
use commands::{Calls, Executor};
pub use components::{load_one, no_function};

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
    /// What is odd about how it is written.
    pub warnings: Vec<Diagnostic>,
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
    /// This machine's Python, if it runs functions of the pipeline.
    pub host_python: Option<PathBuf>,
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
    let read = if ir::read::looks_like_ir(&source.text) {
        ir::read::read_pipeline(&source.text).map(|read| (read.pipeline, read.warnings))
    } else {
        read_pipeline(&source.text).map(|pipeline| (pipeline, Vec::new()))
    };
    let (pipeline, warnings) = read.map_err(|problems| refused(&source, problems))?;
    let absolute = std::path::absolute(path).map_err(|cause| Error::io("find", path, cause))?;
    let folder = absolute.parent().map_or_else(|| PathBuf::from("/"), Path::to_owned);
    Ok(PipelineFile { source, pipeline, warnings, folder })
}

fn read_source(path: &Path) -> Result<Arc<Source>> {
    let text = std::fs::read_to_string(path).map_err(|cause| match cause.kind() {
        std::io::ErrorKind::InvalidData => Error::advised(
            format!("`{}` is no text in UTF-8", path.display()),
            "save it as UTF-8, or give another file",
        ),
        _ => Error::io("read", path, cause),
    })?;
    Ok(Arc::new(Source { shown: path.display().to_string(), text }))
}

fn refused(source: &Arc<Source>, problems: Vec<Diagnostic>) -> Error {
    Error::Pipeline(problems.into_iter().map(|problem| Finding::new(source, problem)).collect())
}

/// Links, checks and completes a pipeline; everything that is wrong with it is told at once. `store` is the folder of the store, where
/// packages lie.
pub fn prepare(
    file: PipelineFile,
    sandbox: &Sandbox,
    store: &Path,
    executor: &ExecutorArgs,
    args: Option<&ParameterArgs>,
) -> Result<Prepared> {
    let PipelineFile { source, mut pipeline, warnings, folder } = file;
    let given = args.map(ParameterArgs::read).transpose()?;
    let calls = Calls::of(&pipeline);
    let runners = calls.files(executor.executor);
    let references = wasm_references(&pipeline);
    let paths = references.iter().map(|reference| reference.step.path.as_str());
    let loaded =
        components::load(sandbox, &folder, &paths.chain(runners.iter().map(String::as_str)).collect::<Vec<_>>());
    let mut findings: Vec<Finding> = components::unlinked(&pipeline, &folder, &loaded)
        .into_iter()
        .map(|problem| Finding::new(&source, problem))
        .collect();
    findings.extend(warnings.into_iter().map(|warning| Finding::new(&source, warning)));
    let host_python = match executor.executor {
        Executor::HostPython if calls.need_python() => {
            Some(host_python::environment(executor.python.as_deref(), &calls.packages())?)
        }
        _ => None,
    };
    let called = host_python.as_ref().map(|environment| environment.digest.as_str());
    let unrun = calls.link(&mut pipeline, sandbox, &folder, &loaded, &packages::folder(store), called);
    findings.extend(unrun.into_iter().map(|problem| Finding::new(&source, problem)));
    let misfits = link(&mut pipeline, &|step| loaded.get(&step.path)?.as_ref().ok()?.linked(step.function.as_deref()));
    findings.extend(misfits.into_iter().map(|problem| Finding::new(&source, problem)));
    let checked = match pipeline.format {
        Format::Native => check::check(&pipeline),
        Format::Kfp => ir::check::check(&pipeline),
    };
    findings.extend(checked.into_iter().map(|problem| Finding::new(&source, problem)));
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
    if executor.strict {
        for finding in &mut findings {
            finding.diagnostic.severity = Severity::Error;
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
    let host_python = host_python.map(|environment| environment.python);
    Ok(Prepared { pipeline, parameters: values, warnings: findings, host_python, components: components.collect() })
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
