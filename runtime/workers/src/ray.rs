//! Ray, through the REST API of its jobs, which the dashboard of its head node serves.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::cluster::{Cluster, Pilot, PilotState};
use crate::error::{Error, Result};
use crate::shell;

/// How long Ray may take to answer. It answers a submission when the job's supervisor is there, which takes seconds.
const ANSWER_WITHIN: Duration = Duration::from_mins(1);
/// Bytes of an answer.
const MAX_ANSWER: u64 = 64 << 20;
/// The longest message of a job that is shown.
const MESSAGE: usize = 300;

/// Where Ray's jobs are asked for.
#[derive(Debug, Clone)]
pub struct RayAddress {
    agent: ureq::Agent,
    url: String,
    token: Option<String>,
}

impl RayAddress {
    /// Reads it from the variables that Ray's own programs take: the first of `RAY_API_SERVER_ADDRESS` and `RAY_ADDRESS` that is a URL, and
    /// `RAY_AUTH_TOKEN`.
    ///
    /// # Errors
    /// Neither is one.
    pub fn find<'v>(variable: impl Fn(&str) -> Option<&'v str>) -> Result<Self> {
        let is_url = |address: &&str| address.starts_with("http://") || address.starts_with("https://");
        let found = ["RAY_API_SERVER_ADDRESS", "RAY_ADDRESS"].iter().filter_map(|name| variable(name)).find(is_url);
        let url =
            found.ok_or(Error::NoAddress { engine: "ray", variable: "RAY_ADDRESS", example: "http://head:8265" })?;
        let token = variable("RAY_AUTH_TOKEN").map(str::to_owned);
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(ANSWER_WITHIN))
            .http_status_as_error(false)
            .max_redirects(0)
            .build();
        Ok(Self { agent: config.into(), url: url.trim_end_matches('/').to_owned(), token })
    }

    /// The number of CPUs of the cluster, as far as it says.
    ///
    /// # Errors
    /// Ray does not answer.
    pub fn cpus(&self) -> Result<Option<usize>> {
        Ok(cpus(&self.ask("/nodes?view=summary", None)?))
    }

    /// The answer to a request, which is sent with a document if there is one.
    fn ask(&self, path: &str, document: Option<&Value>) -> Result<Value> {
        let failed = |message: String| Error::Refused { program: format!("ray at {}", self.url), message };
        let url = format!("{}{path}", self.url);
        let answer = match document {
            Some(document) => {
                let request = self.with_token(self.agent.post(url)).header("content-type", "application/json");
                request.send(document.to_string())
            }
            None => self.with_token(self.agent.get(url)).call(),
        };
        let mut answer = answer.map_err(|error| failed(error.to_string()))?;
        let text = answer.body_mut().with_config().limit(MAX_ANSWER).read_to_string();
        let text = text.map_err(|error| failed(error.to_string()))?;
        if !answer.status().is_success() {
            // It answers with a traceback, which ends with what is wrong.
            let last = text.trim().lines().last().unwrap_or_default();
            return Err(failed(format!("{} {}", answer.status(), cut(last))));
        }
        serde_json::from_str(&text).map_err(|_| failed("it does not answer as Ray's dashboard does".to_owned()))
    }

    fn with_token<B>(&self, request: ureq::RequestBuilder<B>) -> ureq::RequestBuilder<B> {
        match &self.token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        }
    }
}

/// The jobs of one run.
#[derive(Debug)]
pub struct Ray {
    address: RayAddress,
    /// The name that all jobs have in their metadata, and no other run's.
    job_name: String,
    /// How jobs ended that were seen last.
    ends: BTreeMap<String, String>,
}

impl Ray {
    /// The jobs of the run whose spool directory this is.
    pub fn new(address: RayAddress, run: &str, spool: &Path) -> Self {
        Self { address, job_name: shell::job_name(run, spool), ends: BTreeMap::new() }
    }

    fn stop(&self, id: &str) {
        if let Err(error) = self.address.ask(&format!("/api/jobs/{id}/stop"), Some(&json!({}))) {
            tracing::warn!(%error, "a job could not be stopped; it ends by itself when it misses its scheduler");
        }
    }
}

/// What Ray tells of a job.
#[derive(Debug, Deserialize)]
struct Job {
    submission_id: Option<String>,
    status: String,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    metadata: Option<BTreeMap<String, Value>>,
    #[serde(default)]
    driver_exit_code: Option<i64>,
}

impl Cluster for Ray {
    fn name(&self) -> &'static str {
        "ray"
    }

    fn submit(&mut self, pilot: &Pilot) -> Result<String> {
        let log = shell::quoted(shell::unicode(pilot.log.as_os_str())?);
        let answer = self.address.ask(
            "/api/jobs/",
            Some(&json!({
                "entrypoint": format!("{} >>{log} 2>&1", shell::command(pilot)?),
                // So that it takes a processor's place, on whichever node has one.
                "entrypoint_num_cpus": 1,
                "metadata": { "job_name": self.job_name, "weft_worker": pilot.worker },
            })),
        )?;
        match answer["submission_id"].as_str() {
            Some(id) => Ok(id.to_owned()),
            None => Err(Error::Refused { program: "ray".to_owned(), message: cut(&answer.to_string()) }),
        }
    }

    fn states(&mut self) -> Result<BTreeMap<String, PilotState>> {
        let answer = self.address.ask("/api/jobs/", None)?;
        let (states, ends) = states(answer, &self.job_name);
        self.ends = ends;
        Ok(states)
    }

    fn end_of(&mut self, id: &str) -> Option<String> {
        self.ends.get(id).cloned()
    }

    fn cancel(&mut self, ids: &[String]) {
        for id in ids {
            self.stop(id);
        }
    }

    fn cancel_all(&mut self) {
        match self.states() {
            Ok(states) => states.keys().for_each(|id| self.stop(id)),
            Err(error) => {
                tracing::warn!(%error, "jobs could not be stopped; they end by themselves when they miss their scheduler");
            }
        }
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(2)
    }
}

/// Jobs of this name in the list of all: those that wait or work, and how the others ended.
fn states(answer: Value, name: &str) -> (BTreeMap<String, PilotState>, BTreeMap<String, String>) {
    let (mut states, mut ends) = (BTreeMap::new(), BTreeMap::new());
    let jobs = match answer {
        Value::Array(jobs) => jobs,
        _ => Vec::new(),
    };
    // Drivers that are no jobs are listed, too, in another form.
    for job in jobs.into_iter().filter_map(|job| Job::deserialize(job).ok()) {
        let is_ours =
            job.metadata.as_ref().is_some_and(|metadata| metadata.get("job_name").is_some_and(|own| own == name));
        let Some(id) = job.submission_id.filter(|_| is_ours) else { continue };
        let message = cut(job.message.as_deref().unwrap_or_default());
        match job.status.as_str() {
            "PENDING" => _ = states.insert(id, PilotState::Pending(message)),
            "RUNNING" => _ = states.insert(id, PilotState::Running),
            ended => {
                let mut end = ended.to_owned();
                if let Some(code) = job.driver_exit_code.filter(|code| *code != 0) {
                    _ = write!(end, ", exit code {code}");
                }
                if ended == "FAILED" && !message.is_empty() {
                    _ = write!(end, ", {message}");
                }
                ends.insert(id, end);
            }
        }
    }
    (states, ends)
}

/// The CPUs that the nodes in a summary have that are alive.
fn cpus(summary: &Value) -> Option<usize> {
    let nodes = summary["data"]["summary"].as_array()?.iter();
    let alive = nodes.filter(|node| node["raylet"]["state"] == "ALIVE");
    let total: f64 = alive.filter_map(|node| node["raylet"]["resourcesTotal"]["CPU"].as_f64()).sum();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of processors")]
    (total >= 1.0).then_some(total as usize)
}

fn cut(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(MESSAGE).collect()
}
