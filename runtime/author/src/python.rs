//! Building Python: componentize-py.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use heck::{ToSnakeCase as _, ToUpperCamelCase as _};
use serde_json::{Value, json};
use weft_pipeline::diagnostic::Diagnostic;
use weft_pipeline::model::{Location, Span};
use wit_parser::{TypeDefKind, TypeOwner};

use crate::build::Job;
use crate::interface::Interface;
use crate::steps;
use crate::tools::{self, Event, Host, Report};
use crate::{Error, Problem, Result, Source};

const VERSION: &str = "0.25.1";
/// Finds mistakes that would otherwise show only at run time.
const CHECKER: &str = include_str!("python/check.py");
/// Functions that a component built by this version brings along in its C library, and that a name in WIT can be: an exported
/// function of the same name is linked with them, which componentize-py gives up on or, where the types agree, mixes up.
const C_LIBRARY: &str = include_str!("python/c_library.txt");
const BINDINGS: &str = "build/bindings";

/// Builds the component. Returns its bytes, and warnings.
pub(crate) fn build(job: &Job<'_>, report: Report<'_>) -> Result<(Vec<u8>, Vec<Problem>)> {
    let clashes = clashes(job.interface);
    if !clashes.is_empty() {
        return Err(Error::Problems(clashes));
    }
    let module = job.manifest.entry.as_deref().unwrap_or("component");
    let warnings = check(job, module)?;
    let tool = componentize_py(job.dir, job.host, job.install, report)?;
    let world = job.interface.world_name();
    let command = || {
        let mut command = Command::new(&tool);
        command.current_dir(job.dir).args(["-d", "wit", "-w", world]).env("RUST_BACKTRACE", "0");
        command
    };

    let bindings = job.dir.join(BINDINGS);
    // componentize-py does not overwrite files.
    if bindings.exists() {
        std::fs::remove_dir_all(&bindings).map_err(|source| Error::io("remove", &bindings, source))?;
    }
    let mut generate = command();
    generate.args(["bindings", BINDINGS]);
    tools::run(&mut generate, report).map_err(|source| Error::io("start", &tool, source))?.check("componentize-py")?;

    let made = tempfile::Builder::new()
        .suffix(".wasm")
        .tempfile_in(job.dir.join("build"))
        .map_err(|source| Error::io("create a file in", job.dir, source))?;
    report(Event::Tool(&format!("componentize-py -d wit -w {world} componentize {module} -p .")));
    let mut componentize = command();
    componentize
        .args(["componentize", module, "-p", ".", "-o"])
        .arg(std::path::absolute(made.path()).map_err(|source| Error::io("find", made.path(), source))?);
    let ended = tools::run(&mut componentize, &mut |_| {}).map_err(|source| Error::io("start", &tool, source))?;
    author_message(&ended.said).for_each(|line| report(Event::Line(line)));
    ended.check("componentize-py")?;
    let bytes = std::fs::read(made.path()).map_err(|source| Error::io("read", made.path(), source))?;
    Ok((bytes, warnings))
}

/// Functions of the world whose names the C library has too. Those of an interface are linked by its name as well.
fn clashes(interface: &Interface) -> Vec<Problem> {
    let exported = steps::exported(&interface.resolve, interface.world);
    let alone = exported.iter().filter(|exported| exported.interface.is_none()).map(|exported| exported.function);
    alone
        .filter(|function| C_LIBRARY.split_whitespace().any(|name| name == function.name))
        .map(|function| {
            let name = &function.name;
            let message = format!(
                "a step in Python cannot be called `{name}`: the C library below Python has a function of this name"
            );
            let hint = format!(
                "call it `{name}-data` or the like: no name of two words clashes; or export it from an interface"
            );
            interface.problem(function.span, Diagnostic::error(message).hint(hint))
        })
        .collect()
}

/// The tool's output without its own stack frames, and without the path of the output.
fn author_message(said: &str) -> impl Iterator<Item = &str> {
    let said = said.split_once("\nAssertionError: ").map_or(said, |(_, inner)| inner);
    let said = said.split("\nCaused by:").next().unwrap_or(said);
    said.trim_end().lines().filter(|line| *line != "Component built successfully")
}

/// The tool: of the project's environment, of weft's own, or on the PATH.
fn componentize_py(dir: &Path, host: &Host, install: bool, report: Report<'_>) -> Result<PathBuf> {
    let own = tools::in_venv(&dir.join(".venv"), "componentize-py");
    if own.is_file() {
        return std::path::absolute(&own).map_err(|source| Error::io("find", &own, source));
    }
    if let Some(venv) = tools::python_package(host, "componentize-py", VERSION) {
        return Ok(tools::in_venv(&venv, "componentize-py"));
    }
    if tools::output_of(Command::new("componentize-py").arg("--version")).is_some() {
        return Ok(PathBuf::from("componentize-py"));
    }
    if install {
        let venv = tools::install_python_package(host, "componentize-py", VERSION, report)?;
        return Ok(tools::in_venv(&venv, "componentize-py"));
    }
    Err(Error::Missing {
        tool: "componentize-py",
        why: "it makes components of Python modules".to_owned(),
        install: format!(
            "`weft build --install` installs it into weft's cache; `pip install componentize-py=={VERSION}` into your own Python"
        ),
    })
}

/// Compares the author's code with the world, without executing it.
///
/// # Errors
///
/// [`Error::Problems`], each at its place in the code, with the place of the WIT that it contradicts.
fn check(job: &Job<'_>, module: &str) -> Result<Vec<Problem>> {
    let file = job.dir.join(format!("{}.py", module.replace('.', "/")));
    let package = job.dir.join(module.replace('.', "/")).join("__init__.py");
    let file = [file.clone(), package].into_iter().find(|path| path.is_file()).ok_or_else(|| Error::Manifest {
        path: job.dir.join("pyproject.toml"),
        why: format!("there is no module `{module}` ({})", file.display()),
        hint: Some("name the module with the class `WitWorld`: `[tool.weft]` with `module = \"..\"`".to_owned()),
    })?;
    let python = tools::python().ok_or_else(tools::no_python)?;
    let mut request = tempfile::NamedTempFile::new()
        .map_err(|source| Error::io("create a file in", &std::env::temp_dir(), source))?;
    let world = world(job);
    serde_json::to_writer(&mut request, &world).map_err(|source| Error::io("write", request.path(), source.into()))?;
    let mut command = Command::new(python);
    command.args(["-c", CHECKER]).arg(request.path()).arg(job.dir).arg(&file);
    let ended =
        tools::run(&mut command, &mut |_| {}).map_err(|source| Error::io("start", Path::new(python), source))?;
    let found: Vec<Value> = serde_json::from_str(&ended.said).map_err(|_| Error::Tool {
        tool: "the check of the Python sources".to_owned(),
        code: ended.code,
        hint: ended.said.lines().last().map(str::to_owned),
    })?;
    let mut sources: BTreeMap<String, Arc<Source>> = BTreeMap::new();
    let problems: Vec<Problem> = found.iter().map(|problem| self::problem(job, problem, &mut sources)).collect();
    if problems.iter().any(|problem| problem.diagnostic.is_error()) {
        Err(Error::Problems(problems))
    } else {
        Ok(problems)
    }
}

fn problem(job: &Job<'_>, found: &Value, sources: &mut BTreeMap<String, Arc<Source>>) -> Problem {
    let text = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
    let number = |key: &str| found[key].as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or(1);
    let path = text("file");
    let source = sources.entry(path.clone()).or_insert_with(|| {
        let path = Path::new(&path);
        Source::new(path, std::fs::read_to_string(path).unwrap_or_default())
    });
    let mut message = text("message");
    if let Some(place) = declared(job, &text("wit")) {
        message = format!("{message}; it is declared at {place}");
    }
    let diagnostic =
        if found["severity"] == "warning" { Diagnostic::warning(message) } else { Diagnostic::error(message) };
    let span = Span { at: Location { line: number("line"), column: number("column") }, length: number("length") };
    Problem {
        source: Arc::clone(source),
        diagnostic: diagnostic.at(span).hint(found["hint"].as_str().map(str::to_owned)),
    }
}

/// The place of `function filter`, or of `record filtered rows`, as the description of the world names them.
fn declared(job: &Job<'_>, key: &str) -> Option<String> {
    let resolve = &job.interface.resolve;
    let mut parts = key.split(' ');
    match (parts.next()?, parts.next()?.parse::<usize>().ok()?, parts.next()) {
        ("function", n, _) => {
            let exported = steps::exported(resolve, job.interface.world);
            job.interface.place(exported.get(n)?.function.span)
        }
        ("type", n, field) => {
            let (_, definition) = resolve.types.iter().nth(n)?;
            let field = field.and_then(|field| match &definition.kind {
                TypeDefKind::Record(record) => record.fields.iter().find(|known| known.name.to_snake_case() == field),
                _ => None,
            });
            job.interface.place(field.map_or(definition.span, |field| field.span))
        }
        _ => None,
    }
}

/// The description of the world for the checker: functions with their parameters, records with their fields, by Python
/// names.
fn world(job: &Job<'_>) -> Value {
    let resolve = &job.interface.resolve;
    let index = |wanted| resolve.types.iter().position(|(id, _)| id == wanted);
    let functions: Vec<Value> = steps::exported(resolve, job.interface.world)
        .iter()
        .enumerate()
        .map(|(n, exported)| {
            let class = match exported.interface {
                Some(id) => resolve.interfaces[id].name.clone().unwrap_or_default().to_upper_camel_case(),
                None => "WitWorld".to_owned(),
            };
            let record = steps::output_record(resolve, exported.function);
            let params: Vec<String> = exported.function.params.iter().map(|param| param.name.to_snake_case()).collect();
            json!({
                "class": class,
                "name": exported.function.name.to_snake_case(),
                "params": params,
                "record": record.and_then(|id| resolve.types[id].name.as_ref()).map(|name| name.to_upper_camel_case()),
                "returns": exported.function.result.is_some() && has_value(job, exported.function),
                "wit": format!("function {n}"),
                "record_wit": record.and_then(index).map(|n| format!("type {n}")),
            })
        })
        .collect();
    let records: Vec<Value> = resolve
        .types
        .iter()
        .enumerate()
        .filter_map(|(n, (_, definition))| {
            let (TypeDefKind::Record(record), Some(name)) = (&definition.kind, &definition.name) else { return None };
            let module = match definition.owner {
                TypeOwner::Interface(id) => resolve.interfaces[id].name.as_ref()?.to_snake_case(),
                _ => "wit_world".to_owned(),
            };
            let fields: Vec<String> = record.fields.iter().map(|field| field.name.to_snake_case()).collect();
            Some(json!({ "module": module, "name": name.to_upper_camel_case(), "fields": fields, "wit": format!("type {n}") }))
        })
        .collect();
    json!({ "functions": functions, "records": records })
}

/// Whether a function has a value when it succeeds.
fn has_value(job: &Job<'_>, function: &wit_parser::Function) -> bool {
    let resolve = &job.interface.resolve;
    match function.result {
        Some(wit_parser::Type::Id(id)) => match &resolve.types[steps::dealias(resolve, id)].kind {
            TypeDefKind::Result(result) => result.ok.is_some(),
            _ => true,
        },
        other => other.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_c_library_are_told_at_their_place_before_the_tool_gives_up_on_them() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("wit")).unwrap();
        let world = "package a:b;\ninterface steps {\n  log: func();\n}\nworld w {\n  export log: func();\n  export log-it: func();\n  \
                     export select: func(x: f64) -> f64;\n  export train: func();\n  export steps;\n}\n";
        std::fs::write(dir.path().join("wit/world.wit"), world).unwrap();
        let interface = crate::interface::read(dir.path(), crate::Language::Python, None).unwrap();
        let told: Vec<_> = clashes(&interface)
            .into_iter()
            .map(|problem| {
                (problem.diagnostic.at.unwrap().line, problem.diagnostic.message, problem.diagnostic.hint.unwrap())
            })
            .collect();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].0 == 6 && told[0].1.contains("`log`") && told[0].2.contains("`log-data`"), "{told:?}");
        assert!(told[1].0 == 8 && told[1].1.contains("`select`"), "{told:?}");
    }

    #[test]
    fn of_a_failed_build_the_authors_part_is_told() {
        let said = "Traceback (most recent call last):\n  File \"bin/componentize-py\", line 8, in <module>\nAssertionError: Traceback (most recent call last):\n  File \"/0/component.py\", line 8, in <module>\n    import tabel\nModuleNotFoundError: No module named 'tabel'\n\n\nCaused by:\n    ModuleNotFoundError: No module named 'tabel'\n";
        let told: Vec<&str> = author_message(said).collect();
        assert_eq!(told.first(), Some(&"Traceback (most recent call last):"));
        assert_eq!(told.last(), Some(&"ModuleNotFoundError: No module named 'tabel'"));
        assert_eq!(told.len(), 4);
        assert_eq!(author_message("Component built successfully\n").count(), 0);
    }
}
