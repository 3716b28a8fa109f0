//! The Python of this machine, for `--executor host-python`: a virtual environment with what a pipeline installs.

use std::path::{Path, PathBuf};
use std::process::Command;

use weft_pipeline::executor::Requirement;
use weft_pipeline::step::HOST_PYTHON;

use crate::error::{Error, Result};
use crate::notice::{Notice, Notify};
use crate::{packages, publish};

/// The version of KFP's package that runs the functions, the same as in the sandbox.
const KFP: &str = "kfp==2.17.3";

/// A Python of this machine.
pub(crate) struct Environment {
    /// Its interpreter.
    pub python: PathBuf,
    /// What stands for it in the lineage: `host-python:3.11.2`.
    pub digest: String,
}

/// The environment that is named, or one with these packages, made when it is needed for the first time.
pub(crate) fn environment(
    named: Option<&Path>,
    requirements: &[Requirement],
    cache: Option<&Path>,
    notify: &Notify<'_>,
) -> Result<Environment> {
    let python = match named {
        Some(path) => path.to_owned(),
        None => made(requirements, cache, notify)?,
    };
    let version =
        said(Command::new(&python).args(["-c", "import platform; print(platform.python_version())"]), &python)?;
    Ok(Environment { python, digest: format!("{HOST_PYTHON}{}", version.trim()) })
}

/// Makes sure that the named Python has TFX, without importing it: that takes half a minute.
pub(crate) fn has_tfx(named: Option<&Path>) -> Result<()> {
    let Some(python) = named else {
        return Err(Error::advised(
            "the pipeline has executors of TFX, and no environment is made for these: TFX and what it needs take 3 GB",
            "give a Python in which TFX is installed: `--python PYTHON`",
        ));
    };
    let program = "import importlib.util; print(importlib.util.find_spec('tfx') is not None)";
    if said(Command::new(python).args(["-c", program]), python)?.trim() == "True" {
        return Ok(());
    }
    Err(Error::advised(
        format!("the pipeline has executors of TFX, and `{}` has no package `tfx`", python.display()),
        format!("install it: `{} -m pip install tfx`; or give another Python: `--python PYTHON`", python.display()),
    ))
}

fn made(requirements: &[Requirement], cache: Option<&Path>, notify: &Notify<'_>) -> Result<PathBuf> {
    let cache = cache.ok_or_else(|| {
        Error::advised(
            "there is no cache folder for a virtual environment",
            "give a Python that has kfp and what the pipeline installs: `--python PYTHON`",
        )
    })?;
    let all = cache.join("host-python");
    let mut wanted = requirements.to_vec();
    wanted.push(Requirement(KFP.to_owned()));
    let folder = all.join(packages::set(&wanted));
    let python = |folder: &Path| folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    publish::folder(&folder, ".making", |work| {
        let names: Vec<&str> = wanted.iter().map(|requirement| requirement.0.as_str()).collect();
        notify(Notice::MakingEnvironment(names.iter().map(|name| (*name).to_owned()).collect()));
        let base = Path::new("python3");
        said(Command::new(base).args(["-m", "venv"]).arg(work), base)?;
        let inside = python(work);
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--"];
        said(Command::new(&inside).args(pip).args(&names), &inside).map(drop)
    })?;
    Ok(python(&folder))
}

/// What a command prints, which must succeed.
fn said(command: &mut Command, program: &Path) -> Result<String> {
    let output = command.output().map_err(|source| Error::io("run", program, source))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    let last = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
    Err(Error::advised(
        format!("`{}` failed: {}", program.display(), last.trim()),
        "give a Python that has kfp and what the pipeline installs: `--python PYTHON`",
    ))
}
