//! Who runs a container: the Python runner, the shell runner, or a component that its image names.
//!
//! KFP compiles a Python function to a container whose command installs packages, writes the function's source to a file and calls
//! KFP's executor on it. Here nothing of this is needed: the runner has the executor built in, so such a command is known by its shape,
//! and the source is handed to the runner as it is.

use crate::model::CommandStep;
use crate::suggest;

mod packages;

pub use packages::{Requirement, native};

/// How a container's command is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecutorCall {
    /// Who runs it.
    pub executor: ExecutorKind,
    /// What that is called with, its own name first. May hold placeholders.
    pub argv: Vec<String>,
    /// Python packages that the command would have installed.
    pub packages: Vec<Requirement>,
}

/// Who runs a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExecutorKind {
    /// The component that is CPython with KFP's executor.
    Python,
    /// The component that is a shell with the usual utilities.
    Shell,
    /// The component in a file of this path.
    File(String),
}

/// Why nobody can run a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoExecutor {
    /// What is wrong.
    pub message: String,
    /// The ways out.
    pub hint: String,
}

/// What follows `--kfp-function` in the Python runner's arguments is a function's source.
pub const FUNCTION_FLAG: &str = "--kfp-function";

/// Programs that `python:*` images have and the shell runner has not.
const PYTHONS: [&str; 2] = ["python", "python3"];

/// Names under which a shell is called.
const SHELLS: [&str; 4] = ["sh", "bash", "ash", "dash"];

/// Modules that hold the executor: since 2.1 the first, before that the second.
const KFP_EXECUTOR_MODULES: [&str; 2] = ["kfp.dsl.executor_main", "kfp.components.executor_main"];

/// Finds out who runs a container's command.
///
/// # Errors
/// If nobody can: an image without a command, or a function whose code lies in the image.
pub fn choose_executor(step: &CommandStep) -> Result<ExecutorCall, NoExecutor> {
    let mut words: Vec<&str> = step.command.iter().chain(&step.args).map(String::as_str).collect();
    if let Some(path) = component_path(&step.image) {
        let name = path.rsplit(['/', '\\']).next().unwrap_or(path).trim_end_matches(".wasm").to_owned();
        let mut argv: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        if step.command.is_empty() {
            argv.insert(0, name);
        }
        return Ok(ExecutorCall { executor: ExecutorKind::File(path.to_owned()), argv, packages: Vec::new() });
    }
    let mut packages = Vec::new();
    while let Some((script, rest)) = package_install(&words) {
        packages.extend(packages::of_script(script));
        words = rest.to_vec();
    }
    if let Some(argv) = python_function(&words) {
        return Ok(ExecutorCall { executor: ExecutorKind::Python, argv, packages });
    }
    let Some((program, rest)) = words.split_first() else { return Err(no_command(&step.image)) };
    if step.command.is_empty() {
        // Arguments alone are handed to a program that only the image knows.
        return Err(no_command(&step.image));
    }
    let name = basename(program);
    if PYTHONS.contains(&name) || name.strip_prefix("python3.").is_some_and(|minor| minor.parse::<u8>().is_ok()) {
        if let [.., "-m", module] | ["-m", module, ..] = rest
            && KFP_EXECUTOR_MODULES.contains(module)
        {
            return Err(NoExecutor {
                message: format!("its function's code lies in the image `{}`, which is not read", step.image),
                hint: "make it a lightweight component: leave out `target_image` of @dsl.component".to_owned(),
            });
        }
        let argv = std::iter::once("python3").chain(rest.iter().copied()).map(str::to_owned).collect();
        return Ok(ExecutorCall { executor: ExecutorKind::Python, argv, packages });
    }
    Ok(ExecutorCall { executor: ExecutorKind::Shell, argv: words.into_iter().map(str::to_owned).collect(), packages })
}

/// The file that an image names, if it names one: `file:x.wasm`, `x.wasm`. What follows a `#` is no part of it.
pub fn component_path(image: &str) -> Option<&str> {
    let (path, prefixed) = match image.strip_prefix("file:") {
        Some(path) => (path.strip_prefix("//").unwrap_or(path), true),
        None => (image, false),
    };
    let path = path.split('#').next().unwrap_or(path);
    let is_component = std::path::Path::new(path).extension().is_some_and(|extension| extension == "wasm");
    (prefixed || is_component).then_some(path)
}

/// The script that installs packages in front of a command, and the command: `sh -c SCRIPT COMMAND...`.
fn installing<'w, 'a>(words: &'w [&'a str]) -> Option<(&'a str, &'w [&'a str])> {
    let [shell, flag, script, rest @ ..] = words else { return None };
    let installs = is_shell(shell) && is_script_flag(flag) && script.contains("pip install");
    (installs && script.trim_end().ends_with("\"$0\" \"$@\"")).then_some((*script, rest))
}

/// The runner's arguments for a function: `sh -ec SCRIPT SOURCE ARGUMENTS...`, where the script calls KFP's executor.
fn python_function(words: &[&str]) -> Option<Vec<String>> {
    let [shell, flag, script, source, rest @ ..] = words else { return None };
    let calls =
        KFP_EXECUTOR_MODULES.iter().any(|module| script.contains(module)) && script.contains("component_module_path");
    if !(is_shell(shell) && is_script_flag(flag) && calls) {
        return None;
    }
    Some(["python3", FUNCTION_FLAG, source].into_iter().chain(rest.iter().copied()).map(str::to_owned).collect())
}

fn is_shell(word: &str) -> bool {
    SHELLS.contains(&basename(word))
}

/// `-c`, `-ec`, `-exc`
fn is_script_flag(word: &str) -> bool {
    word.strip_prefix('-').is_some_and(|flags| flags.ends_with('c') && flags.chars().all(char::is_alphabetic))
}

fn basename(program: &str) -> &str {
    program.rsplit('/').next().unwrap_or(program)
}

fn no_command(image: &str) -> NoExecutor {
    NoExecutor {
        message: format!("the image `{image}` says itself what it runs, and images are not read"),
        hint: format!(
            "give its command in the component, if it is of {}; else build a WebAssembly component, and name its file as the \
                       image",
            suggest::list(&["sh", "python3"])
        ),
    }
}

#[cfg(test)]
mod tests;
