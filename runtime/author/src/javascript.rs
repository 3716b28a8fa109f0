//! Building JavaScript: jco, and TypeScript's checker where it is installed.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use heck::{ToLowerCamelCase as _, ToUpperCamelCase as _};
use serde_json::json;
use weft_pipeline::diagnostic::Diagnostic;
use weft_pipeline::model::{Location, Span};
use wit_parser::TypeDefKind;

use crate::build::Job;
use crate::steps;
use crate::tools::{self, Event, Report};
use crate::{Error, Problem, Result, Source};

const TYPES: &str = "build/types";
const CHECK: &str = "build/check.ts";
const CHECK_CONFIG: &str = "build/tsconfig.json";
const BUNDLE_CONFIG: &str = "build/bundle.mjs";
/// The imports that the WIT provides are external to the bundle.
const BUNDLE: &str =
    "// Written by `weft build`.\nexport default { external: [/^(?!jco:|node:)[a-z0-9-]+:[a-z0-9-]+\\//] };\n";

/// Builds the component. Returns its bytes, and warnings.
pub(crate) fn build(job: &Job<'_>, report: Report<'_>) -> Result<(Vec<u8>, Vec<Problem>)> {
    let entry = job.manifest.entry.as_deref().unwrap_or("src/component.js");
    if !job.dir.join(entry).is_file() {
        return Err(Error::Manifest {
            path: job.dir.join("package.json"),
            why: format!("`main` is {entry}, which is not there"),
            hint: Some("`main` is the module that exports the world's functions".to_owned()),
        });
    }
    let jco = jco(job, report)?;
    let world = job.interface.world_name();
    let command = || {
        let mut command = Command::new(&jco);
        command.current_dir(job.dir).env("NO_COLOR", "1");
        command
    };
    let failed = |source| Error::io("start", &jco, source);

    let types = job.dir.join(TYPES);
    if types.exists() {
        std::fs::remove_dir_all(&types).map_err(|source| Error::io("remove", &types, source))?;
    }
    let mut generate = command();
    generate.args(["guest-types", "wit", "-n", world, "-o", TYPES, "--quiet"]);
    tools::run(&mut generate, report).map_err(failed)?.check("jco")?;
    if let Some(tsc) = in_node_modules(job.dir, "tsc") {
        check(job, &tsc, entry, report)?;
    } else {
        report(Event::Line(
            "types are not checked: `npm install --save-dev typescript` lets mistakes be found before they run",
        ));
    }

    let made = tempfile::Builder::new()
        .suffix(".wasm")
        .tempfile_in(job.dir.join("build"))
        .map_err(|source| Error::io("create a file in", job.dir, source))?;
    let out = std::path::absolute(made.path()).map_err(|source| Error::io("find", made.path(), source))?;
    report(Event::Tool(&format!("jco componentize {entry} --wit wit -n {world} --bundle --disable all")));
    let mut componentize = command();
    write(&job.dir.join(BUNDLE_CONFIG), BUNDLE)?;
    componentize.args([
        "componentize",
        entry,
        "--wit",
        "wit",
        "-n",
        world,
        "--bundle",
        "--bundle-config",
        BUNDLE_CONFIG,
    ]);
    componentize.args(["--disable", "all", "-o"]).arg(&out);
    // The path of the output is reported at the end.
    let quiet = &mut |event: Event<'_>| match event {
        Event::Line(line) if line.trim().is_empty() || line.contains("Successfully written") => {}
        other => report(other),
    };
    tools::run(&mut componentize, quiet).map_err(failed)?.check("jco")?;
    let bytes = std::fs::read(&out).map_err(|source| Error::io("read", &out, source))?;
    Ok((bytes, Vec::new()))
}

/// A program of an npm package, of this folder or of an enclosing workspace.
fn in_node_modules(dir: &Path, program: &str) -> Option<PathBuf> {
    let program = if cfg!(windows) { format!("{program}.cmd") } else { program.to_owned() };
    let dir = std::path::absolute(dir).ok()?;
    dir.ancestors().map(|folder| folder.join("node_modules/.bin").join(&program)).find(|path| path.exists())
}

fn jco(job: &Job<'_>, report: Report<'_>) -> Result<PathBuf> {
    if let Some(jco) = in_node_modules(job.dir, "jco") {
        return Ok(jco);
    }
    if tools::output_of(Command::new("npm").arg("--version")).is_none() {
        return Err(Error::Missing {
            tool: "npm",
            why: "it installs what makes components of JavaScript".to_owned(),
            install: "install Node.js 20 or later from https://nodejs.org or your system's packages".to_owned(),
        });
    }
    let is_dependency = std::fs::read_to_string(job.dir.join("package.json"))
        .is_ok_and(|text| text.contains("\"@bytecodealliance/jco\""));
    let command = if is_dependency { "npm install" } else { "npm install --save-dev @bytecodealliance/jco@1.34.0" };
    if !job.install {
        return Err(Error::Missing {
            tool: "jco",
            why: "it makes components of JavaScript modules".to_owned(),
            install: format!(
                "`{command}` in {} installs it, and so does `weft build --install`",
                crate::source::shown(job.dir)
            ),
        });
    }
    report(Event::Tool(command));
    let mut words = command.split(' ');
    let mut npm = Command::new(words.next().unwrap_or("npm"));
    npm.args(words).args(["--no-audit", "--no-fund"]).current_dir(job.dir);
    let ended = tools::run(&mut npm, report).map_err(|source| Error::io("start", Path::new("npm"), source))?;
    in_node_modules(job.dir, "jco")
        .filter(|_| ended.success)
        .ok_or_else(|| Error::Install { tool: "jco", hint: "what npm says is above; it needs the network".to_owned() })
}

/// Checks the sources with TypeScript, and that they export what the world requires.
fn check(job: &Job<'_>, tsc: &Path, entry: &str, report: Report<'_>) -> Result<()> {
    let (text, lines) = expectations(job, entry);
    write(&job.dir.join(CHECK), &text)?;
    let base = ["jsconfig.json", "tsconfig.json"].into_iter().find(|name| job.dir.join(name).is_file());
    let folder = Path::new(entry)
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .map_or_else(|| "*".to_owned(), |folder| folder.display().to_string());
    let mut config = json!({
        "compilerOptions": {
            "noEmit": true, "allowJs": true, "checkJs": true, "skipLibCheck": true, "allowImportingTsExtensions": true,
            "target": "es2022", "module": "es2022", "moduleResolution": "bundler", "types": [],
        },
        "include": [format!("../{folder}"), "types/**/*.d.ts", "check.ts"],
    });
    if let Some(base) = base {
        config["extends"] = format!("../{base}").into();
    }
    write(&job.dir.join(CHECK_CONFIG), &config.to_string())?;
    let mut command = Command::new(tsc);
    command.current_dir(job.dir).args(["--project", CHECK_CONFIG, "--pretty", "false"]);
    report(Event::Tool("tsc, to check types"));
    let ended = tools::run(&mut command, &mut |_| {}).map_err(|source| Error::io("start", tsc, source))?;
    if ended.success {
        return Ok(());
    }
    let problems = problems(job, &ended.said, &lines);
    if problems.is_empty() {
        ended.said.lines().for_each(|line| report(Event::Line(line)));
        return Err(Error::Tool { tool: "tsc".to_owned(), code: ended.code, hint: None });
    }
    Err(Error::Problems(problems))
}

fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).map_err(|source| Error::io("write", path, source))
}

/// A module that compiles if the author's module exports what the world requires, and the exported function of each of
/// its lines.
fn expectations(job: &Job<'_>, entry: &str) -> (String, Vec<(u32, usize)>) {
    let resolve = &job.interface.resolve;
    let world = &resolve.worlds[job.interface.world];
    let package = world.package.map(|id| resolve.packages[id].name.clone());
    let module = package.map_or_else(|| world.name.clone(), |package| package.interface_id(&world.name));
    let mut text = format!(
        "// Written by `weft build`: compiles if the module exports what the world asks for.\n\
         import * as component from \"../{entry}\";\nimport type * as world from \"{module}\";\n"
    );
    let mut lines = Vec::new();
    for (n, exported) in steps::exported(resolve, job.interface.world).iter().enumerate() {
        let name = exported.function.name.to_lower_camel_case();
        let path = match exported.interface {
            Some(id) => {
                format!("{}.{name}", resolve.interfaces[id].name.clone().unwrap_or_default().to_lower_camel_case())
            }
            None => name,
        };
        _ = writeln!(text, "export const check{n}: typeof world.{path} = component.{path};");
        lines.push((u32::try_from(text.lines().count()).unwrap_or_default(), n));
    }
    (text, lines)
}

/// Parses the output of `tsc`, `FILE(LINE,COLUMN): error TS2741: MESSAGE` with indented continuation lines.
fn problems(job: &Job<'_>, said: &str, lines: &[(u32, usize)]) -> Vec<Problem> {
    let mut found: Vec<(String, Location, String)> = Vec::new();
    for line in said.lines() {
        if let Some((file, at, message)) = parse(line) {
            found.push((file.to_owned(), at, message.to_owned()));
        } else if let (true, Some((_, _, message))) = (line.starts_with(' '), found.last_mut()) {
            message.push_str(": ");
            message.push_str(line.trim().trim_end_matches('.'));
        }
    }
    let resolve = &job.interface.resolve;
    let exported = steps::exported(resolve, job.interface.world);
    let mut problems: Vec<Problem> = Vec::new();
    for (file, at, message) in found {
        let message = message.trim_end_matches('.').replace(".:", ":");
        let declared = declarations(job, &message);
        if Path::new(&file).ends_with("check.ts") {
            // The module does not match the world: shown at the world's declaration.
            let Some(function) = lines.iter().find(|(line, _)| *line == at.line).and_then(|(_, n)| exported.get(*n))
            else {
                continue;
            };
            let entry = job.manifest.entry.as_deref().unwrap_or("src/component.js");
            let message = format!(
                "{entry} does not export `{}` as it is declared here: {message}",
                function.function.name.to_lower_camel_case()
            );
            problems.push(job.interface.problem(function.function.span, Diagnostic::error(message).hint(declared)));
            continue;
        }
        let path = job.dir.join(&file);
        let source = Source::new(&path, std::fs::read_to_string(&path).unwrap_or_default());
        let length = word_length(&source, at);
        let diagnostic = Diagnostic::error(message).at(Span { at, length }).hint(declared);
        problems.push(Problem { source: Arc::clone(&source), diagnostic });
    }
    problems.dedup_by(|a, b| a.diagnostic == b.diagnostic);
    problems
}

fn parse(line: &str) -> Option<(&str, Location, &str)> {
    let (place, message) = line.split_once("): error ")?;
    let (file, place) = place.rsplit_once('(')?;
    let (line, column) = place.split_once(',')?;
    let (_code, message) = message.split_once(": ")?;
    Some((file, Location { line: line.parse().ok()?, column: column.parse().ok()? }, message))
}

fn word_length(source: &Source, at: Location) -> u32 {
    let line = source.text.lines().nth(usize::try_from(at.line).unwrap_or(1).saturating_sub(1)).unwrap_or_default();
    let rest = line.chars().skip(usize::try_from(at.column).unwrap_or(1).saturating_sub(1));
    let length = rest.take_while(|c| c.is_alphanumeric() || *c == '_').count();
    u32::try_from(length.max(1)).unwrap_or(1)
}

/// The places of the records and fields that a message names.
fn declarations(job: &Job<'_>, message: &str) -> Option<String> {
    let quoted: Vec<&str> = message.split(['\'', '"']).skip(1).step_by(2).collect();
    let mut places = Vec::new();
    for (_, definition) in &job.interface.resolve.types {
        let (TypeDefKind::Record(record), Some(name)) = (&definition.kind, &definition.name) else { continue };
        let bound = name.to_upper_camel_case();
        let is_named = message.split(|c: char| !c.is_alphanumeric()).any(|word| word == bound);
        let field = record.fields.iter().find(|field| quoted.contains(&field.name.to_lower_camel_case().as_str()));
        if !is_named {
            continue;
        }
        if let Some(place) = job.interface.place(definition.span) {
            places.push(format!("the record `{name}` is declared at {place}"));
        }
        if let Some(place) = field.and_then(|field| job.interface.place(field.span)) {
            places.push(format!("its field at {place}"));
        }
    }
    (!places.is_empty()).then(|| places.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_checker_says_is_read() {
        let line = "src/component.js(14,3): error TS2741: Property 'rows' is missing in type '{ kept: Dataset; }'.";
        let (file, at, message) = parse(line).unwrap();
        assert_eq!((file, at.line, at.column), ("src/component.js", 14, 3));
        assert_eq!(message, "Property 'rows' is missing in type '{ kept: Dataset; }'.");
        assert!(parse("  Type 'x' is not assignable.").is_none());
    }
}
