//! Commands of WASI 0.2, which replace the containers of KFP.

use std::path::Path;

use wasmtime::Store;
use wasmtime_wasi::{FsPerms, I32Exit, WasiCtxBuilder};
use weft_launcher::{ExitError, Mount, StepSecrets, WorkDir};
use weft_pipeline::command::Call;
use weft_pipeline::step::FailureKind;

use crate::failure::{self, Failure};
use crate::host::State;
use crate::limits::StepLimits;
use crate::loader::Ready;
use crate::partial;

/// The number of lines at the end of a log that are searched for the cause of a failure.
const LAST_LINES: usize = 200;

/// Mounts a command's working directory, and sets its arguments and environment.
pub(crate) fn mount(wasi: &mut WasiCtxBuilder, directory: &WorkDir, call: &Call) -> Result<(), Failure> {
    for mount in directory.mounts() {
        preopen(wasi, &mount.host, &mount.inside, mount.write)?;
    }
    for (name, value) in &call.env {
        wasi.env(name, value);
    }
    wasi.args(&call.argv);
    Ok(())
}

/// Shows a step the secrets that are files. `others` are its own directories, none of which a secret can hide.
pub(crate) fn show_secrets(wasi: &mut WasiCtxBuilder, secrets: &StepSecrets, others: &[Mount]) -> Result<(), Failure> {
    for mount in secrets.mounts() {
        if others.iter().any(|other| other.inside == mount.inside) {
            let what = format!("a secret is to be at {}, where another directory is; mount it elsewhere", mount.inside);
            return Err(Failure::host(what));
        }
        preopen(wasi, &mount.host, &mount.inside, false)?;
    }
    Ok(())
}

/// Shows a directory of the host at a place inside.
pub(crate) fn preopen(wasi: &mut WasiCtxBuilder, host: &Path, inside: &str, write: bool) -> Result<(), Failure> {
    let permissions = if write { FsPerms::ReadWrite } else { FsPerms::ReadOnly };
    wasi.preopened_dir(host, inside, permissions).map(drop).map_err(|error| {
        Failure::host(format!("it was granted the directory {}, which cannot be opened: {error}", host.display()))
    })
}

/// Runs a command to its end. Any exit status but 0 is a failure. False if it called a function that is not compiled; see [`crate::partial`].
pub(crate) fn run(store: &mut Store<State>, component: &Ready, limits: &StepLimits) -> Result<bool, Failure> {
    let status = match status(store, component, limits)? {
        Some(0) => return Ok(true),
        Some(status) => status,
        None => return Ok(false),
    };
    let lines = store.data().step.log.last_lines(LAST_LINES);
    let ExitError { message, hint } = ExitError::new(&format!("exit status {status}"), &lines);
    Err(Failure::new(FailureKind::Returned, message).hint(hint))
}

/// Runs a command to its end, and gives its exit status; none if it, or a program that it ran, called a function that is not compiled.
pub(crate) fn status(store: &mut Store<State>, component: &Ready, limits: &StepLimits) -> Result<Option<i32>, Failure> {
    let start = component.command.as_ref().ok_or_else(|| {
        Failure::host("its component is no program").hint("a command's component exports `wasi:cli/run@0.2`")
    })?;
    let instance = component
        .instance
        .instantiate(&mut *store)
        .map_err(|error| failure::cannot_start(&error, store.data(), limits))?;
    let start = instance
        .get_typed_func::<(), (Result<(), ()>,)>(&mut *store, start)
        .map_err(|error| Failure::host(format!("its component's start is not what WASI says: {error:#}")))?;
    match start.call(&mut *store, ()) {
        Ok((Ok(()),)) => Ok(Some(0)),
        Ok((Err(()),)) => Ok(Some(1)),
        Err(error) => match error.downcast_ref::<I32Exit>() {
            Some(I32Exit(status)) if store.data().step.watched.stop().is_none() => Ok(Some(*status)),
            _ if partial::is_missing(&error, component.extent) => {
                tracing::debug!("a function is not compiled: {error:#}");
                Ok(None)
            }
            _ => Err(failure::of_guest(&error, store.data(), limits)),
        },
    }
}
