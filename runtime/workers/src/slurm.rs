//! Slurm, through its own programs: `sbatch`, `squeue`, `scontrol`, `scancel`, `sinfo`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::cluster::{Cluster, Pilot, PilotState};
use crate::error::{Error, Result};
use crate::shell;

/// The longest message of a program that is shown.
const MESSAGE: usize = 1000;

/// The jobs of one run.
#[derive(Debug)]
pub struct Slurm {
    programs: Programs,
    /// The name of all jobs, which no other run's have.
    job_name: String,
}

/// Where Slurm's programs are.
#[derive(Debug, Clone)]
pub struct Programs {
    folder: PathBuf,
}

impl Programs {
    /// Looks for them in the folders of a `PATH`.
    ///
    /// # Errors
    /// There is no `sbatch`.
    pub fn find(path: &str) -> Result<Self> {
        let folder = std::env::split_paths(path).find(|folder| folder.join("sbatch").is_file());
        folder.map(|folder| Self { folder }).ok_or(Error::NoProgram { engine: "slurm", program: "sbatch" })
    }

    /// The number of CPUs of a partition, or of the default one.
    ///
    /// # Errors
    /// Slurm does not answer.
    pub fn cpus(&self, partition: Option<&str>) -> Result<usize> {
        let mut arguments = vec!["--noheader", "--format=%P %C"];
        let chosen = partition.map(|partition| format!("--partition={partition}"));
        arguments.extend(chosen.as_deref());
        let text = self.call("sinfo", &arguments)?;
        cpus(&text, partition.is_none()).ok_or_else(|| refused("sinfo", &text))
    }

    fn call(&self, program: &'static str, arguments: &[&str]) -> Result<String> {
        let path = self.folder.join(program);
        let output =
            Command::new(&path).args(arguments).stdin(Stdio::null()).output().map_err(Error::io("start", &path))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(refused(program, if said.trim().is_empty() { "no message" } else { said.trim() }))
    }
}

fn refused(program: &str, message: &str) -> Error {
    Error::Refused { program: program.to_owned(), message: message.chars().take(MESSAGE).collect() }
}

impl Slurm {
    /// The jobs of the run whose spool directory this is.
    pub fn new(programs: Programs, run: &str, spool: &Path) -> Self {
        Self { programs, job_name: shell::job_name(run, spool) }
    }
}

impl Cluster for Slurm {
    fn name(&self) -> &'static str {
        "slurm"
    }

    fn submit(&mut self, pilot: &Pilot) -> Result<String> {
        let script = shell::command(pilot)?;
        let log = shell::unicode(pilot.log.as_os_str())?;
        // Lost workers are replaced by the scheduler, which knows what they had; and a job that Slurm starts again is another worker's.
        let answer = self.programs.call(
            "sbatch",
            &[
                "--parsable",
                "--no-requeue",
                "--ntasks=1",
                "--cpus-per-task=1",
                "--open-mode=append",
                &format!("--job-name={}", self.job_name),
                &format!("--comment=weft worker {}", pilot.worker),
                &format!("--output={}", log.replace('%', "%%")),
                &format!("--wrap={script}"),
            ],
        )?;
        job_id(&answer).map(str::to_owned).ok_or_else(|| refused("sbatch", &answer))
    }

    fn states(&mut self) -> Result<BTreeMap<String, PilotState>> {
        let name = format!("--name={}", self.job_name);
        Ok(states(&self.programs.call("squeue", &["--noheader", "--format=%i %T %r", &name])?))
    }

    fn end_of(&mut self, id: &str) -> Option<String> {
        end(&self.programs.call("scontrol", &["--oneliner", "show", "job", id]).ok()?)
    }

    fn cancel(&mut self, ids: &[String]) {
        for id in ids {
            self.cancel_by(id);
        }
    }

    fn cancel_all(&mut self) {
        self.cancel_by(&format!("--name={}", self.job_name));
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(2)
    }
}

impl Slurm {
    fn cancel_by(&self, what: &str) {
        if let Err(error) = self.programs.call("scancel", &["--quiet", what]) {
            tracing::warn!(%error, "jobs could not be canceled; they end by themselves when they miss their scheduler");
        }
    }
}

/// The id in what `sbatch --parsable` prints: `ID` or `ID;CLUSTER`.
fn job_id(answer: &str) -> Option<&str> {
    let id = answer.trim().split(';').next()?;
    (!id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())).then_some(id)
}

/// What `squeue --format='%i %T %r'` tells. Jobs that are ending are left out: no worker is in them any more.
fn states(text: &str) -> BTreeMap<String, PilotState> {
    let mut states = BTreeMap::new();
    for line in text.lines() {
        let mut words = line.trim().splitn(3, ' ');
        let (Some(id), Some(state)) = (words.next(), words.next()) else { continue };
        let reason = words.next().unwrap_or("None").trim().trim_matches(['(', ')']);
        let state = match state {
            "PENDING" | "CONFIGURING" | "REQUEUED" | "REQUEUE_HOLD" | "REQUEUE_FED" | "RESV_DEL_HOLD"
            | "SPECIAL_EXIT" => PilotState::Pending(reason.to_owned()),
            "RUNNING" | "SUSPENDED" | "STOPPED" | "RESIZING" | "SIGNALING" | "STAGE_OUT" => PilotState::Running,
            _ => continue,
        };
        states.insert(id.to_owned(), state);
    }
    states
}

/// The end of a job in what `scontrol show job -o` tells: `FAILED, exit code 127:0, NonZeroExitCode`.
fn end(text: &str) -> Option<String> {
    let field = |name: &str| {
        text.split_whitespace()
            .find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
            .filter(|value| !value.is_empty())
    };
    let mut end = field("JobState")?.to_owned();
    if let Some(code) = field("ExitCode").filter(|code| *code != "0:0") {
        _ = write!(end, ", exit code {code}");
    }
    if let Some(reason) = field("Reason").filter(|reason| *reason != "None") {
        _ = write!(end, ", {reason}");
    }
    if let Some(nodes) = field("NodeList").filter(|nodes| *nodes != "(null)") {
        _ = write!(end, ", on {nodes}");
    }
    Some(end)
}

/// The CPUs in what `sinfo --format='%P %C'` tells, which are `allocated/idle/other/total`. The default partition has a star.
fn cpus(text: &str, default_only: bool) -> Option<usize> {
    let mut lines = text.lines().filter_map(|line| line.trim().split_once(' ')).filter(|(_, cpus)| cpus.contains('/'));
    let of = |(_, cpus): (&str, &str)| cpus.trim().rsplit('/').next()?.parse().ok();
    if default_only {
        let default = lines.clone().find(|(partition, _)| partition.ends_with('*'));
        return default.and_then(of);
    }
    lines.next().and_then(of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_with_and_without_a_cluster() {
        assert_eq!(job_id("1234\n"), Some("1234"));
        assert_eq!(job_id("1234;gpu\n"), Some("1234"));
        assert_eq!(job_id(""), None);
        assert_eq!(job_id("sbatch: error"), None);
    }

    #[test]
    fn jobs_that_wait_and_work_are_told_from_those_that_end() {
        let text = "7 RUNNING None\n8 PENDING Resources\n9 COMPLETING None\n10 PENDING (launch failed requeued held)\n\n11 FAILED NonZeroExitCode\n";
        let expected = [
            ("10", PilotState::Pending("launch failed requeued held".to_owned())),
            ("7", PilotState::Running),
            ("8", PilotState::Pending("Resources".to_owned())),
        ];
        assert_eq!(states(text), expected.map(|(id, state)| (id.to_owned(), state)).into());
    }

    #[test]
    fn the_end_of_a_job_is_told_in_a_line() {
        let text = "JobId=7 JobName=weft UserId=nobody(65534) Priority=1 JobState=FAILED Reason=NonZeroExitCode Dependency=(null) ExitCode=127:0 NodeList=n1 BatchHost=n1";
        assert_eq!(end(text).unwrap(), "FAILED, exit code 127:0, NonZeroExitCode, on n1");
        let text = "JobId=7 JobState=OUT_OF_MEMORY Reason=OutOfMemory ExitCode=0:125 NodeList=(null)";
        assert_eq!(end(text).unwrap(), "OUT_OF_MEMORY, exit code 0:125, OutOfMemory");
        assert_eq!(end("slurm_load_jobs error: Invalid job id specified"), None);
    }

    #[test]
    fn cpus_are_those_of_the_default_partition_unless_one_is_named() {
        let text = "debug 0/4/0/4\nmain* 2/6/0/8\n";
        assert_eq!(cpus(text, true), Some(8));
        assert_eq!(cpus("debug 0/4/0/4\n", false), Some(4));
        assert_eq!(cpus("", true), None);
    }
}
