//! The executor that runs commands with a Python interpreter of the host, without any isolation.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use weft_artifacts::{Budget, Store};
use weft_pipeline::command::{Call, WORKSPACE};
use weft_pipeline::step::{Command, FailureKind, StepFailure, StepObserver, StepOutput, StepRequest, StepTrace};

use crate::collect::Collected;
use crate::error::{Error, ErrorContext, Result, output_limit};
use crate::exit::{ExitError, SUMMARY_LOG_LINES};
use crate::mask::Mask;
use crate::secrets::{Secrets, StepSecrets};
use crate::work_dir::{Mount, WorkDir};

/// How often a running program is polled for its end, its time limit and an interruption.
const POLL_INTERVAL: Duration = Duration::from_millis(5);
/// The number of polls per check of the disk space that it uses.
const DISK_CHECK_INTERVAL: u32 = 20;
/// The bytes that are kept of the start of a log, and of its end.
const HALF_LOG: u64 = 512 << 10;
/// The file name of a function's source, as in KFP.
const SOURCE_FILE: &str = "ephemeral_component.py";

/// The limits of steps that have none of their own. Memory is not limited.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Wall-clock time.
    pub time: Duration,
    /// Bytes that may be written.
    pub output: u64,
}

/// A Python interpreter of the host, preferably of a virtual environment. Commands run with all rights of the user, with the
/// network and the real clock. They work on copies of their inputs, so that they cannot change the store's content.
#[derive(Debug, Clone)]
pub struct HostPython {
    store: Store,
    interpreter: PathBuf,
    limits: Limits,
    /// Values of environment variables that steps may be granted, by name.
    environment: BTreeMap<String, String>,
    secrets: Arc<Secrets>,
}

/// How a program ended, or why it was killed.
enum Termination {
    Exited(ExitStatus),
    TimeLimit,
    Interrupted,
    OutputLimit,
}

impl HostPython {
    /// This interpreter, for steps on the artifacts of this store. `environment` holds the values of variables that steps may be
    /// granted, `secrets` where those of secrets come from.
    pub fn new(
        store: Store,
        interpreter: PathBuf,
        limits: Limits,
        environment: BTreeMap<String, String>,
        secrets: Arc<Secrets>,
    ) -> Self {
        Self { store, interpreter, limits, environment, secrets }
    }

    /// Runs one step. Its request must have a command.
    ///
    /// # Errors
    /// The failure of the step, or of the host while running it.
    pub fn run(
        &self,
        request: &StepRequest,
        observer: &dyn StepObserver,
    ) -> std::result::Result<StepOutput, Box<StepFailure>> {
        let started = Instant::now();
        let mut log = Vec::new();
        let result = StepSecrets::new(&self.secrets, &request.grants.secrets, &self.store).map_err(failed);
        let result = result.and_then(|secrets| {
            let result = self.run_step(request, &secrets, observer, &mut log);
            result.map_err(|(kind, message, hint)| {
                let mask = secrets.mask();
                (kind, mask.text(message), hint.map(|hint| mask.text(hint)))
            })
        });
        let trace = StepTrace { log, peak_memory: 0, duration: started.elapsed() };
        match result {
            Ok(Collected { outputs, uris, warnings }) => {
                Ok(StepOutput { outputs, uris, warnings, trace, ..StepOutput::default() })
            }
            Err((kind, message, hint)) => Err(Box::new(StepFailure { kind, message, hint, trace })),
        }
    }

    fn run_step(
        &self,
        request: &StepRequest,
        secrets: &StepSecrets,
        observer: &dyn StepObserver,
        log: &mut Vec<u8>,
    ) -> std::result::Result<Collected, Failed> {
        let host = |message: String| (FailureKind::Host, message, None);
        let command =
            request.command.as_ref().ok_or_else(|| host("the host's Python runs commands only".to_owned()))?;
        let limits = Limits {
            time: request.limits.time.unwrap_or(self.limits.time),
            output: request.limits.output.unwrap_or(self.limits.output),
        };
        let directory = WorkDir::for_host(&self.store, command, &request.inputs, &request.identity).map_err(failed)?;
        let call = self.call(request, secrets, command, &directory).map_err(failed)?;
        let end = self.execute(&directory, &call, limits, secrets.mask(), observer, log).map_err(failed)?;
        match end {
            Termination::Exited(status) if status.success() => {}
            Termination::Exited(status) => {
                let ExitError { message, hint } = self.explain(status, log);
                return Err((FailureKind::Returned, message, Some(hint)));
            }
            Termination::TimeLimit => {
                let message = format!("it did not end within its time limit of {:?}", limits.time);
                return Err((
                    FailureKind::LimitReached,
                    message,
                    Some("raise its time limit if it needs longer".to_owned()),
                ));
            }
            Termination::Interrupted => return Err((FailureKind::Interrupted, "it was interrupted".to_owned(), None)),
            Termination::OutputLimit => return Err(failed(output_limit(limits.output))),
        }
        directory.collect(command, &request.inputs, &Budget::new(limits.output)).map_err(failed)
    }

    /// The call with its paths on the host.
    fn call(
        &self,
        request: &StepRequest,
        secrets: &StepSecrets,
        command: &Command,
        directory: &WorkDir,
    ) -> Result<Call> {
        let mut granted = request.grants.environment(&self.environment).map_err(|name| Error::Python {
            what: format!("it was granted the environment variable {name}, which is not set"),
            hint: format!("set {name} before the run, or take it out of the step's grants"),
        })?;
        granted.extend(secrets.variables().clone());
        let mut call = directory.call(command, &request.inputs, &granted)?;
        // Nothing can be mounted for a program of the host: what it speaks of is elsewhere.
        for Mount { host, inside, .. } in secrets.mounts() {
            for text in call.argv.iter_mut().chain(call.env.values_mut()) {
                *text = relocated(text, inside, &host.display().to_string());
            }
        }
        for (inside, grant) in &request.grants.directories {
            // Nothing can be mounted for a program of the host. For the workspace, its path is put into the texts instead.
            if inside.trim_end_matches('/') != WORKSPACE {
                return Err(Error::Python {
                    what: format!("it mounts a directory at {inside}, which the host's Python cannot see there"),
                    hint: "run it in the sandbox, or take out the volume".to_owned(),
                });
            }
            for text in call.argv.iter_mut().chain(call.env.values_mut()) {
                *text = text.replace(WORKSPACE, &grant.host);
            }
        }
        Ok(call)
    }

    /// Runs the program to its end, or kills its process group at a limit or an interruption.
    fn execute(
        &self,
        directory: &WorkDir,
        call: &Call,
        limits: Limits,
        mask: &Mask,
        observer: &dyn StepObserver,
        log: &mut Vec<u8>,
    ) -> Result<Termination> {
        let root = Path::new(&directory.layout.root);
        // A file instead of pipes: a process that outlives the program could hold pipes open for ever.
        let log_path = root.with_file_name("log");
        let open = || File::options().append(true).create(true).open(&log_path);
        let files = || Ok::<_, std::io::Error>((open()?, open()?, File::open(&log_path)?));
        let (stdout, stderr, mut written) = files().context(|| "no log could be opened for it".to_owned())?;
        let started = Instant::now();
        let mut program = std::process::Command::new(&self.interpreter);
        program.args(arguments(call, root)?).current_dir(root).env_clear();
        program.stdin(Stdio::null()).stdout(stdout).stderr(stderr);
        program
            .env("PATH", self.search_path()?)
            .env("TMPDIR", root.join("tmp"))
            .env("_KFP_RUNTIME", "true")
            .envs(&call.env);
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut program, 0);
        let child = program.spawn().context(|| {
            format!("`{}` could not be started (its arguments may be too long)", self.interpreter.display())
        })?;
        let mut child = ProcessGroup(child);
        let mut ticks = 0u32;
        let end = loop {
            if let Some(status) = child.0.try_wait().context(|| "it could not be waited for".to_owned())? {
                break Termination::Exited(status);
            }
            ticks = ticks.wrapping_add(1);
            if started.elapsed() >= limits.time {
                break Termination::TimeLimit;
            }
            if observer.interrupted() {
                break Termination::Interrupted;
            }
            let too_long = || written.metadata().map_or(true, |meta| meta.len() > limits.output);
            if ticks.is_multiple_of(DISK_CHECK_INTERVAL) && (directory.exceeds(limits.output) || too_long()) {
                break Termination::OutputLimit;
            }
            std::thread::sleep(POLL_INTERVAL);
        };
        // Kills the processes that it left running, before its files are read.
        drop(child);
        *log = read_bounded(&mut written, mask).context(|| "its log could not be read".to_owned())?;
        Ok(end)
    }

    /// `PATH` of the program: the directory of the interpreter, then those of the system.
    fn search_path(&self) -> Result<OsString> {
        let own = self.interpreter.parent().map(Path::to_owned);
        let system = ["/usr/local/bin", "/usr/bin", "/bin"].map(PathBuf::from);
        std::env::join_paths(own.into_iter().chain(system))
            .map_err(|error| std::io::Error::other(error.to_string()))
            .context(|| format!("`{}` cannot be in a search path", self.interpreter.display()))
    }

    fn explain(&self, status: ExitStatus, log: &[u8]) -> ExitError {
        let text = String::from_utf8_lossy(log);
        let lines: Vec<String> = text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect();
        let mut exit = ExitError::new(&status.to_string(), &lines[lines.len().saturating_sub(SUMMARY_LOG_LINES)..]);
        if let Some(module) = exit.message.split("No module named '").nth(1).and_then(|rest| rest.split('\'').next()) {
            let package = module.split('.').next().unwrap_or(module);
            exit.hint = format!("install it: `{} -m pip install {package}`", self.interpreter.display());
        }
        exit
    }
}

/// The arguments for the interpreter. As in KFP, the source of a function is written to a file and run from there.
fn arguments(call: &Call, root: &Path) -> Result<Vec<OsString>> {
    match call.argv.get(1..).unwrap_or_default() {
        [option, source, rest @ ..] if option == "--kfp-function" => {
            let path = root.join("tmp/kfp").join(SOURCE_FILE);
            std::fs::write(&path, source).context(|| "the function's source could not be written".to_owned())?;
            let mut all = ["-m", "kfp.dsl.executor_main", "--component_module_path"].map(OsString::from).to_vec();
            all.push(path.into_os_string());
            all.extend(rest.iter().map(OsString::from));
            Ok(all)
        }
        rest => Ok(rest.iter().map(OsString::from).collect()),
    }
}

/// A log's start and end, without the values of secrets.
fn read_bounded(log: &mut File, mask: &Mask) -> std::io::Result<Vec<u8>> {
    let lost = log.metadata()?.len().saturating_sub(2 * HALF_LOG);
    let (mut start, mut end) = (Vec::new(), Vec::new());
    log.by_ref().take(HALF_LOG).read_to_end(&mut start)?;
    log.seek(SeekFrom::Start(start.len() as u64 + lost))?;
    log.take(HALF_LOG).read_to_end(&mut end)?;
    Ok(mask.log(start, lost, &end))
}

/// What a step failed for: its kind, its message, what to do about it.
type Failed = (FailureKind, String, Option<String>);

#[expect(clippy::needless_pass_by_value, reason = "as `map_err` hands it over")]
fn failed(error: Error) -> Failed {
    (error.kind(), error.to_string(), error.advice().map(str::to_owned))
}

/// A text in which a path, and all that is below it, is another. What only begins or ends like it stays.
fn relocated(text: &str, path: &str, to: &str) -> String {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(path) {
        let (before, behind) = (&rest[..at], &rest[at + path.len()..]);
        out.push_str(before);
        let inside = before.chars().next_back().or_else(|| out.chars().next_back()).is_some_and(is_part);
        out.push_str(if inside || behind.starts_with(is_part) { path } else { to });
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// A program and the processes of its group, killed when dropped.
struct ProcessGroup(Child);

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Some(group) = i32::try_from(self.0.id()).ok().and_then(rustix::process::Pid::from_raw) {
            // Fails if the group has no processes any more.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_paths_are_relocated() {
        let moved = |text| relocated(text, "/etc/api", "/tmp/1");
        assert_eq!(moved("open('/etc/api/token') '/etc/api' /etc/api"), "open('/tmp/1/token') '/tmp/1' /tmp/1");
        assert_eq!(
            moved("/etc/apis /x/etc/api /etc/api.bak /etc/api-2"),
            "/etc/apis /x/etc/api /etc/api.bak /etc/api-2"
        );
        assert_eq!(moved("/etc/api/etc/api"), "/tmp/1/etc/api");
    }
}
