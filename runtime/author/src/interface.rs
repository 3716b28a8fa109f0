//! Reading the world of a component, and reporting its problems.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use weft_pipeline::diagnostic::Diagnostic;
use weft_pipeline::suggest;
use wit_parser::{ParseError, ParseErrorKind, Resolve, ResolveError, ResolveErrorKind, SourceMap, Span, WorldId};

use crate::steps::{self, Step};
use crate::{Error, Language, Problem, Result, Source};

/// The folder of a component's WIT.
pub(crate) const FOLDER: &str = "wit";

/// A world, with its source texts.
pub(crate) struct Interface {
    pub(crate) resolve: Resolve,
    pub(crate) world: WorldId,
    sources: Sources,
}

/// Reads `wit/` of a component's folder. `world` selects one of several.
///
/// # Errors
///
/// The folder is missing, or [`Error::Problems`] with all places.
pub(crate) fn read(dir: &Path, language: Language, world: Option<&str>) -> Result<Interface> {
    let folder = dir.join(FOLDER);
    if !folder.is_dir() {
        return Err(Error::Manifest {
            path: dir.join(language.manifest()),
            why: "there is no folder `wit` beside it".to_owned(),
            hint: Some(
                "a component's interface is written in wit/world.wit; `weft new` makes one to begin with".to_owned(),
            ),
        });
    }
    let mut resolve = Resolve::default();
    let mut sources = Sources::default();
    let package = match resolve.push_dir(&folder) {
        Ok((package, _)) => package,
        Err(error) => return Err(refused(&resolve, &mut sources, &folder, &error)),
    };
    let worlds = &resolve.packages[package].worlds;
    let world = match (worlds.len(), world) {
        (_, Some(name)) => match worlds.get(name) {
            Some(id) => *id,
            None => {
                return Err(Error::Manifest {
                    path: dir.join(language.manifest()),
                    why: format!("there is no world `{name}` in wit/"),
                    hint: suggest::hint(name, worlds.keys().map(String::as_str), "worlds"),
                });
            }
        },
        (1, None) => worlds[0],
        (0, None) => {
            return Err(Error::Manifest {
                path: folder,
                why: "it has no world".to_owned(),
                hint: Some(
                    "a world says what a component exports: `world NAME { export train: func(..); }`".to_owned(),
                ),
            });
        }
        (_, None) => {
            let names: Vec<&str> = worlds.keys().map(String::as_str).collect();
            let hint = format!("say which one is built here: {}", language.world_setting(names[0]));
            let message = format!("there are several worlds: {}", suggest::list(&names));
            let problem = sources.problem(
                &resolve.source_map,
                resolve.worlds[worlds[1]].span,
                Diagnostic::error(message).hint(hint),
            );
            return Err(Error::Problems(vec![problem]));
        }
    };
    Ok(Interface { resolve, world, sources })
}

impl Interface {
    /// The world's name.
    pub(crate) fn world_name(&self) -> &str {
        &self.resolve.worlds[self.world].name
    }

    /// The steps, and the problems of exported functions that cannot be steps.
    pub(crate) fn check(&self) -> (Vec<Step>, Vec<Problem>) {
        let (steps, misfits) = steps::read(&self.resolve, self.world);
        let mut problems: Vec<Problem> = misfits
            .into_iter()
            .map(|misfit| {
                let message = format!("`{}` cannot be a step: {}", misfit.function, misfit.why);
                self.problem(misfit.span, Diagnostic::error(message).hint(misfit.hint.map(str::to_owned)))
            })
            .collect();
        if steps.is_empty() && problems.is_empty() {
            let message = format!("the world `{}` exports no function that can be a step", self.world_name());
            let hint = "add one: `export train: func(data: borrow<dataset>) -> result<trained, string>;`";
            problems.push(self.problem(self.resolve.worlds[self.world].span, Diagnostic::error(message).hint(hint)));
        }
        (steps, problems)
    }

    /// A problem at a place in the WIT.
    pub(crate) fn problem(&self, span: Span, diagnostic: Diagnostic) -> Problem {
        let mut sources = self.sources.clone();
        sources.problem(&self.resolve.source_map, span, diagnostic)
    }

    /// A place in the WIT in the form of compilers and editors: `wit/world.wit:12:9`.
    pub(crate) fn place(&self, span: Span) -> Option<String> {
        let problem = self.problem(span, Diagnostic::error(""));
        let at = problem.diagnostic.at?;
        Some(format!("{}:{}:{}", problem.source.shown, at.line, at.column))
    }
}

/// The source texts, each read once.
#[derive(Debug, Clone, Default)]
struct Sources(BTreeMap<PathBuf, Arc<Source>>);

impl Sources {
    fn problem(&mut self, map: &SourceMap, span: Span, diagnostic: Diagnostic) -> Problem {
        let Some(location) = map.resolve_span(span) else {
            let source = Source::new(Path::new(FOLDER), String::new());
            return Problem { source, diagnostic };
        };
        let path = Path::new(location.path);
        let source = self.0.entry(path.to_owned()).or_insert_with(|| {
            // If the file cannot be read again, only its path is shown.
            Source::new(path, std::fs::read_to_string(path).unwrap_or_default())
        });
        let diagnostic = diagnostic.at(source.span(&location.range));
        Problem { source: Arc::clone(source), diagnostic }
    }
}

/// The errors of the parser and of the resolver, with places and hints.
fn refused(resolve: &Resolve, sources: &mut Sources, folder: &Path, error: &anyhow::Error) -> Error {
    let map = &resolve.source_map;
    let problem = if let Some(error) = error.downcast_ref::<ParseError>() {
        let kind = error.kind();
        let diagnostic = match kind {
            ParseErrorKind::ItemNotFound { name, kind, hint, .. } => {
                Diagnostic::error(format!("{kind} `{name}` does not exist")).hint(hint.clone())
            }
            other => first_line_is_message(&other.to_string()),
        };
        let problem = sources.problem(map, kind.span(), diagnostic);
        advise_nearest(problem)
    } else if let Some(error) = error.downcast_ref::<ResolveError>() {
        let kind = error.kind();
        let diagnostic = match kind {
            ResolveErrorKind::PackageNotFound { requested, known, .. } => {
                let mut known: Vec<String> = known.iter().map(ToString::to_string).collect();
                // It is restored before if the WIT refers to it; the resolver has loaded only what it has reached.
                known.push("weft:component@0.1.0".to_owned());
                known.dedup();
                let hint = match suggest::nearest(&requested.to_string(), known.iter().map(String::as_str)) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("packages are looked for in {}/deps; there are {}", FOLDER, suggest::list(&known)),
                };
                Diagnostic::error(format!("there is no package `{requested}`")).hint(hint)
            }
            other => first_line_is_message(&other.to_string()),
        };
        advise_nearest(sources.problem(map, kind.span(), diagnostic))
    } else {
        return Error::Manifest { path: folder.to_owned(), why: format!("{error:#}"), hint: None };
    };
    Error::Problems(vec![problem])
}

fn first_line_is_message(text: &str) -> Diagnostic {
    let (message, rest) = text.split_once('\n').unwrap_or((text, ""));
    let hint = rest.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ");
    Diagnostic::error(message).hint(Some(hint).filter(|hint| !hint.is_empty()))
}

/// Adds a suggestion for an unknown name: one that is declared in the same file, or an artifact kind.
fn advise_nearest(mut problem: Problem) -> Problem {
    let diagnostic = &mut problem.diagnostic;
    let missing = ["not found", "does not exist", "not defined"].iter().any(|words| diagnostic.message.contains(words));
    let Some(name) = diagnostic.message.split('`').nth(1).filter(|_| missing && diagnostic.hint.is_none()) else {
        return problem;
    };
    let kinds = weft_pipeline::types::BUILTIN_KINDS.map(|(kind, _)| kind);
    let words = problem.source.text.split(|c: char| !(c.is_alphanumeric() || c == '-'));
    let mut declared: Vec<&str> = Vec::new();
    let mut before = "";
    for word in words.filter(|word| !word.is_empty()) {
        if ["record", "variant", "enum", "flags", "resource", "type", "interface"].contains(&before) {
            declared.push(word);
        }
        before = word;
    }
    if kinds.contains(&name) {
        diagnostic.hint = Some(format!("name it in `use weft:component/artifacts@0.1.0.{{{name}}};`"));
    } else if let Some(near) = suggest::nearest(name, declared.into_iter().chain(kinds)) {
        diagnostic.hint = Some(format!("did you mean `{near}`?"));
    }
    problem
}

#[cfg(test)]
mod tests;
