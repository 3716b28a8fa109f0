//! What the command takes from its host: environment variables, the user's folders, limits of the machine.
//! The libraries below never look there.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use weft::StepLimits;

use crate::error::{Error, Result};
use crate::registry;

/// Where compiled components are kept: `$WEFT_CACHE`, else the user's cache folder.
pub fn cache_dir() -> Result<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(dir) = set("WEFT_CACHE") {
        return std::path::absolute(&dir).map_err(|source| Error::io("find", &dir, source));
    }
    // The XDG specification has relative paths ignored.
    set("XDG_CACHE_HOME")
        .filter(|dir| dir.is_absolute())
        .or_else(|| set("HOME").map(|home| home.join(".cache")))
        .or_else(|| set("LOCALAPPDATA"))
        .map(|dir| dir.join("weft"))
        .ok_or_else(|| {
            Error::advised(
                "there is no folder for compiled components: neither WEFT_CACHE, XDG_CACHE_HOME nor HOME is set",
                "set WEFT_CACHE to a folder that belongs to you alone",
            )
        })
}

/// What the library may use of this machine. No registry is reached for: commands that may say so ([`registry::LockArgs`]).
pub fn host() -> Result<weft::Host> {
    Ok(weft::Host {
        cache: Some(cache_dir()?),
        executors: executors(),
        components: components(),
        packages: None,
        registry: Some(registry::of_a_server()?),
        remote: Some(registry::remote()),
        artifacts: None,
        variables: variables(),
        secrets: None,
        limits: default_limits(),
        policy: None,
        unconfined: std::env::var_os("WEFT_CONFINE").is_some_and(|value| value == "off"),
        interpreted: false,
    })
}

/// What this machine is called.
pub fn name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    if name.trim().is_empty() { "unnamed".to_owned() } else { name.trim().to_owned() }
}

/// Opens the store in a folder for reading, with the bucket that keeps its artifacts, if one does.
pub fn read(root: &Path) -> Result<weft::Store> {
    Ok(weft::Store::read(root)?.over_bucket(&reaching())?)
}

/// The same for reading and writing.
pub fn change(root: &Path) -> Result<weft::Store> {
    Ok(weft::Store::change(root)?.over_bucket(&reaching())?)
}

fn reaching() -> weft::Host {
    weft::Host { remote: Some(registry::remote()), ..weft::Host::default() }
}

/// The folders of the components that run containers of KFP: `$WEFT_EXECUTORS`, or where they were installed or built together with this
/// program, and the user's own, for what is installed later.
fn executors() -> Vec<PathBuf> {
    named("WEFT_EXECUTORS").unwrap_or_else(|| {
        let mut folders = shipped("executors");
        folders.extend(data_dir().map(|dir| dir.join("executors")));
        folders
    })
}

/// The folders of the pre-built components: `$WEFT_COMPONENTS`, or where they were installed or built together with this program.
fn components() -> Vec<PathBuf> {
    named("WEFT_COMPONENTS").unwrap_or_else(|| shipped("components"))
}

/// The one folder that a variable names, if it is set.
fn named(variable: &str) -> Option<Vec<PathBuf>> {
    let dir = PathBuf::from(std::env::var_os(variable).filter(|value| !value.is_empty())?);
    Some(vec![std::path::absolute(&dir).unwrap_or(dir)])
}

/// Where a folder of this name is that was installed or built together with this program.
fn shipped(name: &str) -> Vec<PathBuf> {
    let program = std::env::current_exe().and_then(|path| path.canonicalize()).unwrap_or_default();
    let beside = program.parent().unwrap_or(Path::new("/"));
    let above = beside.parent().unwrap_or(beside);
    vec![above.join("share/weft").join(name), beside.join(name), above.join(name)]
}

/// Where programs of this user are kept: `weft` in the user's folder for data.
fn data_dir() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("XDG_DATA_HOME")
        .filter(|dir| dir.is_absolute())
        .or_else(|| set("HOME").map(|home| home.join(".local/share")))
        .or_else(|| set("LOCALAPPDATA"))
        .map(|dir| dir.join("weft"))
}

/// The environment variables, those that are text.
pub fn variables() -> BTreeMap<String, String> {
    let text = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
    std::env::vars_os().filter_map(text).collect()
}

/// The tools that components are built with: `WEFT_TOOLS` is where those that weft installs lie, a folder in the cache if it is not set.
#[cfg(feature = "compiler")]
pub fn author() -> Result<weft_author::Host> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let tools = match set("WEFT_TOOLS") {
        Some(dir) => std::path::absolute(&dir).map_err(|source| Error::io("find", dir.as_ref(), source))?,
        None => cache_dir()?.join("tools"),
    };
    Ok(weft_author::Host {
        tools,
        rustc: set("RUSTC").unwrap_or_else(|| "rustc".into()),
        cargo: set("CARGO").unwrap_or_else(|| "cargo".into()),
        wasi_sdk: set("WASI_SDK_PATH").map(PathBuf::from),
    })
}

/// Limits of steps that name none. One step may use half of the machine's memory, which leaves room for the caches
/// that its data goes through, and at most the 4 GiB that a 32-bit memory can have.
fn default_limits() -> StepLimits {
    let defaults = StepLimits::default();
    StepLimits { memory: physical_memory().map_or(defaults.memory, |all| defaults.memory.min(all / 2)), ..defaults }
}

/// Bytes of memory that this process may use, where the system tells: those of the machine, or of the container.
fn physical_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    let machine = kibibytes.checked_mul(1024)?;
    // The word `max` stands there where nothing is set.
    let container = std::fs::read_to_string("/sys/fs/cgroup/memory.max").ok().and_then(|text| text.trim().parse().ok());
    Some(machine.min(container.unwrap_or(u64::MAX)))
}

/// Lets the process open as many files as its hard limit allows: steps at work in parallel hold many.
pub fn raise_file_limit() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        if current != maximum {
            // Some systems refuse what they call their maximum; then it stays as it was.
            _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
        }
    }
}

/// Time since the epoch.
pub fn now() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

/// Milliseconds since the epoch.
pub fn now_ms() -> i64 {
    i64::try_from(now().as_millis()).unwrap_or(i64::MAX)
}
