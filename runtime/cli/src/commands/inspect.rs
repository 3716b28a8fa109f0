//! `weft inspect`

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::{ValueEnum, ValueHint};
use indexmap::IndexMap;
use serde_json::{Value, json};
use weft::pipeline::executor::is_registry_reference;
use weft::pipeline::kfp_component::{KfpComponent, component_yaml};
use weft::pipeline::signature::{Port, Signature};
use weft::pipeline::suggest;
use weft::pipeline::types::PortType;
use weft::{Linker, LoadedComponent, StepFunction};

use crate::error::{Error, Exit, Result};
use crate::render::table::{Cell, Table};
use crate::render::{self, DIM, HEADING, bytes};
use crate::{host, output, registry};

/// Arguments of `weft inspect`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  weft inspect train.wasm                                      all that is in the component
  weft inspect train.wasm#evaluate --json                      one step, for programs
  weft inspect train.wasm#evaluate --format kfp -o eval.yaml   a component to load into the KFP SDK")]
pub struct Args {
    /// A component's file, and which of its step functions
    #[arg(value_name = "COMPONENT[#FUNCTION]", value_hint = ValueHint::FilePath)]
    pub component: String,
    /// For people, for programs, or as component YAML of Kubeflow Pipelines, which holds one function
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub format: Format,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
    /// Write to a file instead of standard output
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
}

/// How to describe a component.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    #[default]
    Text,
    Json,
    Kfp,
}

impl Args {
    /// The format that is asked for.
    pub fn format(&self) -> Format {
        if self.json { Format::Json } else { self.format }
    }
}

/// Describes a component.
pub fn execute(args: &Args) -> Result<Exit> {
    let (path, function) = split(&args.component);
    let linker = Linker::new(Path::new(""), registry::online(host::host()?)?)?;
    let file = match path.to_str().filter(|path| is_registry_reference(path)) {
        Some(reference) => linker.fetch(reference)?,
        None => linker.file_of(path),
    };
    let size = std::fs::metadata(&file).map_err(|source| Error::io("read", &file, source))?.len();
    let component = linker.inspect(&file)?;
    let steps: Vec<&StepFunction> = match function {
        Some(name) => vec![named(path, &component, name)?],
        None => component.steps().iter().collect(),
    };
    let text = match args.format() {
        Format::Text => text(path, size, &component, &steps, function.is_none()),
        Format::Json => {
            let document = json(path, size, &component, &steps);
            // A pretty-printed value of ours always serializes.
            serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
        }
        Format::Kfp => kfp(path, &steps)?,
    };
    match &args.output {
        Some(file) => {
            let plain = anstream::adapter::strip_str(&text).to_string();
            std::fs::write(file, plain).map_err(|source| Error::io("write", file, source))?;
        }
        None => output::print(&text)?,
    }
    Ok(Exit::Success)
}

/// Path and function. A path may itself hold a `#`.
fn split(component: &str) -> (&Path, Option<&str>) {
    if Path::new(component).exists() {
        return (Path::new(component), None);
    }
    // Functions of interfaces are called `acme:steps/training#train`.
    match component.split_once(".wasm#") {
        Some((stem, function)) => (Path::new(&component[..stem.len() + ".wasm".len()]), Some(function)),
        None => match component.rsplit_once('#') {
            Some((path, function)) => (Path::new(path), Some(function)),
            None => (Path::new(component), None),
        },
    }
}

fn named<'c>(path: &Path, component: &'c LoadedComponent, name: &str) -> Result<&'c StepFunction> {
    component.step(Some(name)).ok_or_else(|| {
        let of = path.display();
        match component.others().iter().find(|other| other.name == name) {
            Some(other) => Error::advised(format!("`{name}` of {of} cannot be a step"), other.why.as_str()),
            None => Error::hinted(
                format!("{of} has no step function `{name}`"),
                suggest::hint(name, component.steps().iter().map(|step| step.name.as_str()), "functions"),
            ),
        }
    })
}

fn text(path: &Path, size: u64, component: &LoadedComponent, steps: &[&StepFunction], whole: bool) -> String {
    let mut out = format!("{HEADING}{}{HEADING:#}\n", path.display());
    let mut about = Table::new(&["", "", "", ""]);
    let mut row = |title: &str, a: &str, b: &str| {
        about.row([Cell::default(), Cell::new(title).style(DIM), Cell::new(a), Cell::words(b)]);
    };
    if whole {
        // Two columns, so that long digests do not make room for packages.
        _ = write!(
            out,
            "  {DIM}digest{DIM:#}   {}\n  {DIM}size{DIM:#}     {}\n",
            component.digest(),
            bytes::size(size)
        );
        for (n, (package, interfaces)) in packages(&interfaces(component)).into_iter().enumerate() {
            row(if n == 0 { "imports" } else { "" }, &package, &interfaces.join(", "));
        }
        out.push_str(&about.render(output::width()));
    }
    for step in steps {
        _ = write!(out, "\n{HEADING}{}{HEADING:#}\n{}", step.name, ports(&step.signature));
    }
    if whole && component.is_command() {
        out.push_str("\nIt is a program for WASI: an image of KFP can name it, and give it a command and arguments.\n");
    } else if steps.is_empty() {
        out.push_str("\nIt exports no step functions.\n");
    }
    if whole && !component.others().is_empty() {
        _ = write!(out, "\n{HEADING}Exports that are no steps{HEADING:#}\n");
        let mut table = Table::new(&["", "", ""]);
        for other in component.others() {
            table.row([Cell::default(), Cell::new(other.name.clone()), Cell::words(&other.why)]);
        }
        out.push_str(&table.render(output::width()));
    }
    out
}

/// Inputs and outputs of a step, aligned.
pub fn ports(signature: &Signature) -> String {
    let mut table = Table::new(&["", "", "", ""]);
    for (title, ports) in [("inputs", &signature.inputs), ("outputs", &signature.outputs)] {
        if ports.is_empty() {
            table.row([Cell::default(), Cell::new(title).style(DIM), Cell::new("none").style(DIM), Cell::default()]);
        }
        for (n, (name, port)) in ports.iter().enumerate() {
            let title = if n == 0 { title } else { "" };
            let optional = if port.optional { ", optional" } else { "" };
            let ty = Cell::words(&format!("{}{optional}", port.ty));
            table.row([Cell::default(), Cell::new(title).style(DIM), Cell::new(name.clone()), ty]);
        }
    }
    table.render(output::width())
}

/// Names of interfaces that a component imports, without the types that its world takes from them.
fn interfaces(component: &LoadedComponent) -> Vec<&str> {
    component.imports().iter().map(String::as_str).filter(|import| import.contains(':')).collect()
}

/// Interfaces by package: `weft:component@0.1.0` with `artifacts`, `run`; our own first, then WASI.
fn packages<'a>(imports: &[&'a str]) -> Vec<(String, Vec<&'a str>)> {
    let mut packages: IndexMap<String, Vec<&str>> = IndexMap::new();
    for import in imports {
        let (package, interface) = match import.split_once('/') {
            None => ((*import).to_owned(), ""),
            Some((package, rest)) => match rest.split_once('@') {
                Some((interface, version)) => (format!("{package}@{version}"), interface),
                None => (package.to_owned(), rest),
            },
        };
        packages.entry(package).or_default().push(interface);
    }
    let mut packages: Vec<_> = packages.into_iter().collect();
    let rank = |package: &str| match package {
        _ if package.starts_with("weft:component") => 0,
        _ if package.starts_with("wasi:") => 2,
        _ => 1,
    };
    packages.sort_by(|(a, _), (b, _)| (rank(a), a).cmp(&(rank(b), b)));
    packages
}

fn json(path: &Path, size: u64, component: &LoadedComponent, steps: &[&StepFunction]) -> Value {
    let others = component.others().iter().map(|other| json!({ "name": other.name, "reason": other.why }));
    json!({
        "file": path.display().to_string(),
        "digest": component.digest(),
        "size": size,
        "imports": interfaces(component),
        "command": component.is_command(),
        "steps": steps.iter().map(|step| step_json(&step.name, &step.signature)).collect::<Vec<_>>(),
        "other_exports": others.collect::<Vec<_>>(),
    })
}

/// A step for programs.
pub fn step_json(name: &str, signature: &Signature) -> Value {
    json!({ "name": name, "inputs": ports_json(&signature.inputs), "outputs": ports_json(&signature.outputs) })
}

/// A list, since the order of ports is the order in which they are declared.
fn ports_json(ports: &IndexMap<String, Port>) -> Vec<Value> {
    let port = |(name, port): (&String, &Port)| match &port.ty {
        PortType::Parameter(ty) => json!({
            "name": name, "kind": "parameter", "type": ty.to_string(), "kfp_type": ty.kfp().as_str(), "optional": port.optional,
        }),
        PortType::Artifact { kind, list } => json!({
            "name": name, "kind": "artifact", "type": kind.0, "list": list, "optional": port.optional,
        }),
    };
    ports.iter().map(port).collect()
}

fn kfp(path: &Path, steps: &[&StepFunction]) -> Result<String> {
    let [step] = steps else {
        let names: Vec<&str> = steps.iter().map(|step| step.name.as_str()).collect();
        let of = path.display();
        return Err(match names.as_slice() {
            [] => Error::request(format!("{of} has no step functions")),
            [first, ..] => Error::advised(
                format!(
                    "{of} has {}, and a KFP component is one of them",
                    render::count(names.len(), "step function", "step functions")
                ),
                format!("name it: `{of}#{first}`; the functions are {}", suggest::list(&names)),
            ),
        });
    };
    let path = path.display().to_string();
    let scheme = if is_registry_reference(&path) { "" } else { "file:" };
    let image = format!("{scheme}{path}#{}", step.name);
    let component = KfpComponent { name: &step.name, description: None, image: &image, command: &[] };
    Ok(component_yaml(&component, &step.signature))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_stand_behind_the_file() {
        let split = |text: &'static str| {
            let (path, function) = split(text);
            (path.display().to_string(), function)
        };
        assert_eq!(split("a/b.wasm"), ("a/b.wasm".to_owned(), None));
        assert_eq!(split("a/b.wasm#train"), ("a/b.wasm".to_owned(), Some("train")));
        assert_eq!(split("b.wasm#acme:steps/training#train"), ("b.wasm".to_owned(), Some("acme:steps/training#train")));
        assert_eq!(split("component#train"), ("component".to_owned(), Some("train")));
    }

    #[test]
    fn imports_are_grouped_by_package() {
        let imports = [
            "wasi:io/streams@0.2.6",
            "acme:types/types@1.2.0",
            "weft:component/types@0.1.0",
            "weft:component/run@0.1.0",
            "wasi:cli/exit@0.2.6",
            "wasi:io/error@0.2.6",
        ];
        let grouped: Vec<String> = packages(&imports)
            .into_iter()
            .map(|(package, interfaces)| format!("{package} {}", interfaces.join(" ")))
            .collect();
        assert_eq!(
            grouped,
            [
                "weft:component@0.1.0 types run",
                "acme:types@1.2.0 types",
                "wasi:cli@0.2.6 exit",
                "wasi:io@0.2.6 streams error"
            ]
        );
    }
}
