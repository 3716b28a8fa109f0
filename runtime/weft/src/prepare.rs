//! From a pipeline's file to a pipeline that can run: linked with its components, checked, parameters given.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use tempfile::TempDir;
use weft_launcher::Secrets;
use weft_pipeline::diagnostic::Severity;
use weft_pipeline::executor::is_registry_reference;
use weft_pipeline::input_artifacts::{self, InputArtifacts};
use weft_pipeline::link::{link, wasm_references};
use weft_pipeline::model::{Format, Pipeline};
use weft_pipeline::secrets::needed;
use weft_pipeline::{check, ir, parameters};
use weft_sandbox::{LoadedComponent, Sandbox};

use crate::components;
use crate::error::{Error, Result};
use crate::executors::{ContainerCalls, Executor};
use crate::finding::{self, Finding};
use crate::host::{Host, StepLimits};
use crate::host_python;
use crate::notice::Notify;
use crate::packages;
use crate::parameters::{Parameters, on_this_host};
use crate::prebuilt;
use crate::read::PipelineFile;
use crate::registry::{self, FetchedComponent};
use crate::store;

/// How to prepare a pipeline.
#[derive(Debug, Clone, Default)]
pub struct PrepareOptions {
    /// Values of parameters. [`None`] leaves parameters unchecked, as for a pipeline that is only looked at.
    pub parameters: Option<Parameters>,
    /// Who runs the Python functions of KFP's pipelines.
    pub executor: Executor,
    /// The interpreter of [`Executor::HostPython`]; without it a virtual environment is made.
    pub python: Option<PathBuf>,
    /// Takes what a pipeline asks for and weft does not do for errors rather than warnings.
    pub strict: bool,
    /// Takes secrets that the pipeline needs and that are missing for errors.
    pub check_secrets: bool,
}

/// A pipeline that can run.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The pipeline, linked.
    pub pipeline: Pipeline,
    /// Values of its parameters. Empty if they were not asked for.
    pub parameters: BTreeMap<String, Value>,
    /// The artifacts that it is given, their paths absolute.
    pub artifacts: InputArtifacts,
    /// What is likely not meant, but keeps nothing from running.
    pub warnings: Vec<Finding>,
    /// The host's own Python, if it runs functions of the pipeline.
    pub host_python: Option<PathBuf>,
    /// Digests of component files by their paths as written.
    pub components: BTreeMap<String, String>,
    /// The components that were fetched from registries, by their references as written.
    pub fetched: BTreeMap<String, FetchedComponent>,
    /// The folder at which relative paths begin. Absolute.
    pub folder: PathBuf,
    /// The file that the pipeline was read from, if it was.
    pub file: Option<PathBuf>,
}

impl Prepared {
    /// A linked and checked pipeline without parameters, warnings or a file.
    pub(crate) fn of(pipeline: Pipeline) -> Self {
        Self {
            pipeline,
            parameters: BTreeMap::new(),
            artifacts: InputArtifacts::new(),
            warnings: Vec::new(),
            host_python: None,
            components: BTreeMap::new(),
            fetched: BTreeMap::new(),
            folder: PathBuf::new(),
            file: None,
        }
    }
}

/// Links and checks pipelines and reads components. It runs none of their steps and writes to no store.
pub struct Linker {
    pub(crate) host: Host,
    pub(crate) sandbox: Arc<Sandbox>,
    pub(crate) secrets: Arc<Secrets>,
    /// Where vendored packages lie.
    pub(crate) packages: PathBuf,
    /// The empty store that a sandbox needs, if there is no other.
    _scratch: Option<TempDir>,
}

impl Linker {
    /// For looking at pipelines and components alone. Packages are looked for in the store at `root`, which need not exist.
    ///
    /// # Errors
    /// The host cannot do its part: no temporary folder, no cache folder.
    pub fn new(root: &Path, host: Host) -> Result<Self> {
        let scratch = TempDir::new().map_err(|source| Error::io("create", &std::env::temp_dir(), source))?;
        let artifacts = weft_artifacts::Store::open(scratch.path().join("artifacts"))?;
        Self::over(artifacts, root, host, Some(scratch))
    }

    /// Over the artifacts of a store.
    pub(crate) fn over(
        artifacts: weft_artifacts::Store,
        root: &Path,
        host: Host,
        scratch: Option<TempDir>,
    ) -> Result<Self> {
        if let Some(folder) = &host.secrets {
            std::fs::read_dir(folder).map_err(|source| Error::io("read the secrets in", folder, source))?;
        }
        let secrets = Secrets::new(host.secrets.clone(), host.variables.clone(), root.join(store::SECRETS_KEY));
        let secrets = Arc::new(secrets);
        let options = weft_sandbox::Options {
            compiled: host.cache.clone(),
            limits: default_limits(&host),
            environment: host.variables.clone(),
            secrets: Arc::clone(&secrets),
            unconfined: host.unconfined,
            interpreted: host.interpreted,
            ..weft_sandbox::Options::default()
        };
        let sandbox = Arc::new(Sandbox::new(artifacts, options)?);
        let packages = host.packages.clone().unwrap_or_else(|| packages::folder(root));
        Ok(Self { host, sandbox, secrets, packages, _scratch: scratch })
    }

    /// The limits of steps that name none.
    pub(crate) fn default_limits(&self) -> StepLimits {
        default_limits(&self.host)
    }

    /// What it may use of this machine.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The file of a component that is named as `oci://HOST/NAME:TAG`, fetched from its registry if it is not in the cache.
    ///
    /// # Errors
    /// The registry cannot be reached, has no such component, or another than was asked for.
    pub fn fetch(&self, reference: &str) -> Result<PathBuf> {
        Ok(registry::fetch_one(&self.host, reference)?.file)
    }

    /// Reads a component from its file: its steps with their signatures, and what else it exports.
    ///
    /// # Errors
    /// The file cannot be read or is no component that the sandbox can link.
    pub fn inspect(&self, path: &Path) -> Result<Arc<LoadedComponent>> {
        Ok(self.sandbox.load_file(&self.file_of(path))?)
    }

    /// The file of a component: a path as it is, or that of a pre-built component that is named as `weft:NAME`.
    #[must_use]
    pub fn file_of(&self, path: &Path) -> PathBuf {
        path.to_str().map_or_else(|| path.to_owned(), |written| prebuilt::locate(&self.host, Path::new(""), written))
    }

    /// Links, checks and completes a pipeline.
    ///
    /// # Errors
    /// [`Error::Pipeline`] with everything that is wrong, all at once, and the warnings.
    pub fn prepare(&self, file: PipelineFile, options: &PrepareOptions, notify: &Notify<'_>) -> Result<Prepared> {
        let folder = file.folder().to_owned();
        let PipelineFile { source, path, mut pipeline, warnings } = file;
        let given = options.parameters.as_ref().map(Parameters::read).transpose()?;
        let calls = ContainerCalls::of(&pipeline);
        let executors = calls.files(&self.host, options.executor);
        let references = wasm_references(&pipeline);
        let paths = references.iter().map(|reference| reference.step.path.as_str());
        let paths = paths.chain(executors.iter().map(String::as_str));
        let paths: Vec<&str> = paths.filter(|path| !is_registry_reference(path)).collect();
        let registry::Found { components: fetched, problems: unfetched } =
            registry::fetch(&self.host, &folder, &pipeline, notify)?;
        let mut loaded = components::load(&self.sandbox, &self.host, &folder, &paths);
        for (written, found) in &fetched {
            let component = self.sandbox.load_file_as(&found.file, registry::shown(written));
            loaded.insert(written.clone(), component);
        }
        let mut findings: Vec<Finding> =
            finding::all(&source, components::unlinked(&pipeline, &self.host, &folder, &loaded)).collect();
        findings.extend(finding::all(&source, unfetched));
        findings.extend(finding::all(&source, warnings));
        let host_python = match options.executor {
            Executor::HostPython if calls.need_python() => {
                let cache = self.host.cache.as_deref();
                let python = options.python.as_deref();
                if calls.need_tfx() {
                    host_python::has_tfx(python)?;
                }
                Some(host_python::environment(python, &calls.packages(), cache, notify)?)
            }
            _ => None,
        };
        let called = host_python.as_ref().map(|environment| environment.digest.as_str());
        findings.extend(finding::all(&source, calls.link(&mut pipeline, self, &folder, &loaded, called)));
        let resolve = |step: &weft_pipeline::model::WasmStep| {
            loaded.get(&step.path)?.as_ref().ok()?.linked(step.function.as_deref())
        };
        findings.extend(finding::all(&source, link(&mut pipeline, &resolve)));
        let checked = match pipeline.format {
            Format::Native => check::check(&pipeline),
            Format::Kfp => ir::check::check(&pipeline),
        };
        findings.extend(finding::all(&source, checked));
        let mut artifacts = InputArtifacts::new();
        if let Some(given) = &options.parameters {
            match input_artifacts::resolve(&pipeline, &given.artifacts) {
                Ok(resolved) => artifacts = on_this_host(resolved)?,
                Err(problems) => findings.extend(finding::all(&source, problems)),
            }
        }
        let mut values = BTreeMap::new();
        if let Some(given) = given {
            match parameters::resolve(&pipeline, &given.values) {
                Ok(resolved) => values = resolved,
                Err(problems) => {
                    for problem in problems {
                        if findings.iter().any(|finding| finding.diagnostic == problem) {
                            continue;
                        }
                        findings.push(Finding::new(given.file_of(&problem).unwrap_or(&source), problem));
                    }
                }
            }
        }
        findings.extend(self.beyond_policy(&pipeline, &values, &artifacts, &folder));
        if options.check_secrets {
            findings.extend(finding::all(&source, self.secrets.check(&needed(&pipeline, &values))));
        }
        if options.strict {
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
        // From here on nothing is told of the file's text, and places of all that a hundred thousand steps are given take as much memory as these.
        pipeline.places = BTreeMap::new();
        let components =
            loaded.into_iter().filter_map(|(path, component)| Some((path, component.ok()?.digest().to_owned())));
        Ok(Prepared {
            pipeline,
            parameters: values,
            artifacts,
            warnings: findings,
            host_python: host_python.map(|environment| environment.python),
            components: components.collect(),
            fetched,
            folder,
            file: Some(path),
        })
    }
}

fn default_limits(host: &Host) -> StepLimits {
    host.policy.as_ref().map_or(host.limits, |policy| policy.bounded(host.limits))
}
