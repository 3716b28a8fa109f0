//! Choice of the executor of a container: the Python executor, the one with the scientific stack, the shell executor, or a component that
//! the image names.
//!
//! KFP compiles a Python function to a container whose command installs packages, writes the source of the function to
//! a file and starts KFP's executor with it. The Python executor has all that built in. Such a command is recognised by
//! its shape, and the source is passed to the executor as an argument.

use crate::model::CommandStep;
use crate::suggest;
use crate::tfx;

mod imports;
mod packages;
mod stack;

pub use imports::missing;
pub use packages::{Requirement, native};
pub use stack::{OtherVersion, done_without, is_boosting, other_versions, stack, to_fetch};

/// How the command of a container is executed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecutorCall {
    /// The executor.
    pub executor: ExecutorKind,
    /// Its arguments, its own name first. They may hold placeholders.
    pub argv: Vec<String>,
    /// Python packages that the command would install.
    pub packages: Vec<Requirement>,
    /// Modules that its function imports and that not every executor for Python has, if it is a function.
    pub imports: Vec<String>,
    /// The executor that is Python to a shell's script, if that calls it.
    pub python: Option<ExecutorKind>,
}

impl ExecutorCall {
    /// The executor of whatever Python it comes to, by itself or in a script.
    pub fn any_python(&self) -> Option<&ExecutorKind> {
        match &self.executor {
            kind if kind.is_python() => Some(kind),
            _ => self.python.as_ref(),
        }
    }
}

/// The executor of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExecutorKind {
    /// The component with CPython and KFP's executor.
    Python,
    /// The same with numpy, pandas, scipy, scikit-learn and others that need native code.
    Science,
    /// The same with LightGBM and XGBoost.
    Boosting,
    /// The component with a shell and the common utilities.
    Shell,
    /// The component in the file with this path.
    File(String),
    /// TFX's own executor of this class, which only a Python of the host can have.
    Tfx(String),
}

impl ExecutorKind {
    /// Whether it is Python in a component that comes with weft or is built here.
    pub fn is_python(&self) -> bool {
        *self == Self::Python || self.is_scientific()
    }

    /// Whether it has the scientific stack.
    pub fn is_scientific(&self) -> bool {
        matches!(self, Self::Science | Self::Boosting)
    }
}

/// Why a container has no executor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoExecutor {
    /// The reason.
    pub message: String,
    /// What the user can do about it.
    pub hint: String,
}

/// The option of the Python executor that is followed by the source of a function.
pub const FUNCTION_FLAG: &str = "--kfp-function";

/// Programs of `python:*` images that the shell executor does not have.
const PYTHONS: [&str; 2] = ["python", "python3"];

/// The names of shells.
const SHELLS: [&str; 4] = ["sh", "bash", "ash", "dash"];

/// The modules of KFP's executor: the first since 2.1, the second before.
const KFP_EXECUTOR_MODULES: [&str; 2] = ["kfp.dsl.executor_main", "kfp.components.executor_main"];

/// Chooses the executor of a container's command.
///
/// # Errors
/// There is none: the image has no command, or a function whose code is in the image.
pub fn choose_executor(step: &CommandStep) -> Result<ExecutorCall, NoExecutor> {
    let mut words: Vec<&str> = step.command.iter().chain(&step.args).map(String::as_str).collect();
    if let Some(path) = component_path(&step.image) {
        let last = path.rsplit(['/', '\\']).next().unwrap_or(path);
        let last = if is_registry_reference(path) { last.split([':', '@']).next().unwrap_or(last) } else { last };
        let name = last.trim_end_matches(".wasm").to_owned();
        let mut argv: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        if step.command.is_empty() {
            argv.insert(0, name);
        }
        return Ok(ExecutorCall {
            executor: ExecutorKind::File(path.to_owned()),
            argv,
            packages: Vec::new(),
            python: None,
            imports: Vec::new(),
        });
    }
    if let Some(class) = tfx::executor_class(step) {
        return Ok(ExecutorCall {
            executor: ExecutorKind::Tfx(class.to_owned()),
            argv: tfx::argv(step),
            packages: Vec::new(),
            python: None,
            imports: Vec::new(),
        });
    }
    let mut packages = Vec::new();
    while let Some((script, rest)) = package_install(&words) {
        packages.extend(packages::of_script(script));
        words = rest.to_vec();
    }
    if let Some(argv) = python_function(&words) {
        let imports = imports::deciding(&argv[2]);
        return Ok(ExecutorCall { executor: python(&packages, &imports), argv, packages, imports, python: None });
    }
    let Some((program, rest)) = words.split_first() else { return Err(no_command(&step.image)) };
    if step.command.is_empty() {
        // Arguments alone are for a program that only the image defines.
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
        return Ok(ExecutorCall {
            executor: python(&packages, &[]),
            argv,
            packages,
            imports: Vec::new(),
            python: None,
        });
    }
    let mut called = None;
    if SHELLS.contains(&name) && rest.iter().any(|text| mentions_python(text)) {
        packages.extend(rest.iter().flat_map(|text| packages::of_script(text)));
        called = Some(python(&packages, &[]));
    }
    let argv = words.into_iter().map(str::to_owned).collect();
    Ok(ExecutorCall { executor: ExecutorKind::Shell, argv, packages, imports: Vec::new(), python: called })
}

/// Whether a script may call Python, or install packages for it.
fn mentions_python(script: &str) -> bool {
    let mut words = script.split(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '_' | '-')));
    words.any(|word| PYTHONS.contains(&word) || word.starts_with("python3."))
}

/// Which of the executors for Python these packages and imports are for. What is imported without being installed, the image may hold.
fn python(packages: &[Requirement], imports: &[String]) -> ExecutorKind {
    let needed = if imports.iter().any(|module| stack::is_boosting(module)) {
        ExecutorKind::Boosting
    } else if !native(packages).is_empty() || imports.iter().any(|module| imports::is_of_stack(module)) {
        ExecutorKind::Science
    } else {
        return ExecutorKind::Python;
    };
    let candidates = [needed, ExecutorKind::Boosting];
    candidates.into_iter().find(|kind| stack::has_all(kind, packages)).unwrap_or(ExecutorKind::Python)
}

/// What the name of a component in a registry begins with, in place of a path.
const REGISTRY: &str = "oci://";

/// Whether what is written in place of a component's path is a reference to a registry: `oci://HOST/NAME:TAG`.
pub fn is_registry_reference(path: &str) -> bool {
    path.starts_with(REGISTRY)
}

/// The file that an image names, if it names one: `file:x.wasm`, `x.wasm`; or its reference to a registry, `oci://HOST/NAME:TAG`. A `#` and
/// what follows it are not part of it.
pub fn component_path(image: &str) -> Option<&str> {
    if is_registry_reference(image) {
        return image.split('#').next();
    }
    let (path, prefixed) = match image.strip_prefix("file:") {
        Some(path) => (path.strip_prefix("//").unwrap_or(path), true),
        None => (image, false),
    };
    let path = path.split('#').next().unwrap_or(path);
    let is_component = std::path::Path::new(path).extension().is_some_and(|extension| extension == "wasm");
    (prefixed || is_component).then_some(path)
}

/// The script that installs packages before a command, and that command: `sh -c SCRIPT COMMAND...`.
fn package_install<'w, 'a>(words: &'w [&'a str]) -> Option<(&'a str, &'w [&'a str])> {
    let [shell, flag, script, rest @ ..] = words else { return None };
    let installs = is_shell(shell) && is_script_flag(flag) && script.contains("pip install");
    (installs && script.trim_end().ends_with("\"$0\" \"$@\"")).then_some((*script, rest))
}

/// The arguments of the Python executor for a function: `sh -ec SCRIPT SOURCE ARGUMENTS...`, where the script calls
/// KFP's executor.
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
