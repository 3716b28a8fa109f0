//! `weft compile`

use std::fmt::Write as _;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use clap::{ValueEnum, ValueHint};
use weft::pipeline::executor::is_registry_reference;
use weft::pipeline::ir::write::native::{self, Lowered};
use weft::pipeline::ir::write::{rebase, write};
use weft::pipeline::model::{Format as Written, Pipeline, WasmStep};
use weft::pipeline::suggest;
use weft::{Finding, Linker, PipelineFile, PrepareOptions};

use crate::error::{Error, Exit, Result};
use crate::execute::notify;
use crate::options::name_and_value;
use crate::render::diagnostic;
use crate::{host, output, registry, screen};

/// Arguments of `weft compile`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  weft compile pipeline.yaml -o ir.yaml                      for KFP, Vertex AI and the KFP SDK
  weft compile pipeline.yaml --image-prefix ghcr.io/me -o ir.yaml
                                                             with images in place of component files
  weft compile ir.yaml --format json                         what is KFP's already, written anew

Components are named by their files, which weft runs from the written file as from the native one. A cluster needs
them in images, which take `--function NAME --executor-input JSON` as their arguments.")]
pub struct Args {
    /// The pipeline's file
    #[arg(value_name = "PIPELINE", value_hint = ValueHint::FilePath)]
    pub pipeline: PathBuf,
    /// Write to a file instead of standard output
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
    /// How to write it; without it as the file's name tells, else YAML
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: Option<Format>,
    /// The image that holds a component's file, as the pipeline names it; may be repeated, and wins over --image-prefix
    #[arg(long, value_name = "COMPONENT=IMAGE", value_parser = name_and_value)]
    pub image: Vec<(String, String)>,
    /// Name an image of this registry in place of each component's file: PREFIX/train for train.wasm
    #[arg(long, value_name = "PREFIX")]
    pub image_prefix: Option<String>,
}

/// How to write a pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Yaml,
    Json,
}

/// Writes a pipeline in KFP's format.
pub fn execute(args: &Args) -> Result<Exit> {
    let file = weft::read(&args.pipeline)?;
    let target = match &args.output {
        Some(path) => std::path::absolute(path).map_err(|source| Error::io("find", path, source))?,
        None => std::env::current_dir().map_err(|source| Error::io("find", Path::new("."), source))?.join("-"),
    };
    let target = target.parent().unwrap_or(Path::new("/")).to_owned();
    let from = file.folder().to_owned();
    let moved = move |path: &str| moved(path, &from, &target);
    let (pipeline, findings) = match file.pipeline.format {
        Written::Native => of_native(file, args, &moved)?,
        Written::Kfp => of_kfp(file, args, &moved)?,
    };
    if !findings.is_empty() {
        screen::say(diagnostic::render(&findings));
    }
    let documents = write(&pipeline);
    let by_name = if output::has_extension(args.output.as_deref(), "json") { Format::Json } else { Format::Yaml };
    let text = match args.format.unwrap_or(by_name) {
        // A pretty-printed value of ours always serializes.
        Format::Json => serde_json::to_string_pretty(&documents.to_json()).unwrap_or_default() + "\n",
        Format::Yaml => documents.to_yaml(),
    };
    output::write(args.output.as_deref(), &text)?;
    Ok(Exit::Success)
}

/// A native pipeline, whose components' signatures tell the types of everything.
fn of_native(file: PipelineFile, args: &Args, path: &dyn Fn(&str) -> String) -> Result<(Pipeline, Vec<Finding>)> {
    let source = Arc::clone(&file.source);
    // A native pipeline has no containers, whose packages would be looked for in a store.
    let linker = Linker::new(Path::new(""), registry::online(host::host()?)?)?;
    let prepared = linker.prepare(file, &PrepareOptions::default(), &notify)?;
    for (component, _) in &args.image {
        if !prepared.components.contains_key(component) {
            let known: Vec<&str> = prepared.components.keys().map(String::as_str).collect();
            return Err(Error::hinted(
                format!("the pipeline has no component file `{component}`"),
                suggest::hint(component, known, "component files"),
            ));
        }
    }
    let options = native::Options { image: &|step| image(step, args), path };
    let found = |problems: Vec<_>| problems.into_iter().map(|problem| Finding::new(&source, problem));
    match native::to_kfp(&prepared.pipeline, &options) {
        Ok(Lowered { pipeline, warnings }) => {
            let mut findings = prepared.warnings;
            findings.extend(found(warnings));
            Ok((pipeline, findings))
        }
        Err(problems) => Err(weft::Error::Pipeline(found(problems).collect()).into()),
    }
}

/// A pipeline that is KFP's already.
fn of_kfp(file: PipelineFile, args: &Args, path: &dyn Fn(&str) -> String) -> Result<(Pipeline, Vec<Finding>)> {
    if !args.image.is_empty() || args.image_prefix.is_some() {
        return Err(Error::advised(
            format!("`{}` names its images itself", args.pipeline.display()),
            "--image and --image-prefix are for pipelines in weft's own format",
        ));
    }
    let PipelineFile { source, mut pipeline, warnings, .. } = file;
    rebase(&mut pipeline, path);
    Ok((pipeline, warnings.into_iter().map(|warning| Finding::new(&source, warning)).collect()))
}

/// The image of a component.
fn image(step: &WasmStep, args: &Args) -> Option<String> {
    if let Some((_, image)) = args.image.iter().rev().find(|(component, _)| *component == step.path) {
        return Some(image.clone());
    }
    let prefix = args.image_prefix.as_ref().filter(|_| !is_registry_reference(&step.path))?;
    let path = step.path.strip_prefix("weft:").unwrap_or(&step.path);
    let name = Path::new(path).file_stem().unwrap_or_default().to_string_lossy();
    Some(format!("{}/{name}", prefix.trim_end_matches('/')))
}

/// A path that is relative to one folder, relative to another one.
fn moved(path: &str, from: &Path, to: &Path) -> String {
    if from == to
        || path.is_empty()
        || path.starts_with("weft:")
        || path.contains("://")
        || Path::new(path).is_absolute()
    {
        return path.to_owned();
    }
    let (whole, to) = (plain(&from.join(path)), plain(to));
    let mut whole = whole.components().peekable();
    let mut to = to.components().peekable();
    while whole.peek().is_some() && whole.peek() == to.peek() {
        whole.next();
        to.next();
    }
    let mut relative = String::new();
    to.for_each(|_| relative.push_str("../"));
    for (at, part) in whole.enumerate() {
        let separator = if at > 0 { "/" } else { "" };
        let _ = write!(relative, "{separator}{}", part.as_os_str().to_string_lossy());
    }
    relative
}

/// A path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => _ = plain.pop(),
            part => plain.push(part),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_the_same_file_from_elsewhere() {
        let moved = |path: &str, to: &str| moved(path, Path::new("/home/me/pipelines"), Path::new(to));
        assert_eq!(moved("c/x.wasm", "/home/me/pipelines"), "c/x.wasm");
        assert_eq!(moved("./c/x.wasm", "/home/me"), "pipelines/c/x.wasm");
        assert_eq!(moved("../c/x.wasm", "/tmp/out"), "../../home/me/c/x.wasm");
        assert_eq!(moved("x.csv", "/home/me/pipelines/out"), "../x.csv");
        assert_eq!(moved("/abs/x.csv", "/tmp"), "/abs/x.csv");
        assert_eq!(moved("gs://bucket/x.csv", "/tmp"), "gs://bucket/x.csv");
        assert_eq!(moved("weft:schema-gen", "/tmp"), "weft:schema-gen");
    }
}
