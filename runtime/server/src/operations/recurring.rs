//! Operations on recurring runs, and serving those that are due.

use weft::metadata::control::{ListQuery, Listed, Origin, RecurringRun, Schedule, Spec, Submission};

use super::runs::NewRun;
use crate::error::{Error, Result};
use crate::ids;
use crate::operations::pipelines::missing;
use crate::schedule::{self, Cron, Firing};
use crate::server::Server;

/// The most runs of one recurring run that may be unfinished at the same time, as in KFP.
const MAX_CONCURRENCY: i64 = 10;
/// Runs of one recurring run that are put into the queue in one go.
const AT_ONCE: usize = 10;

/// A recurring run to make.
#[derive(Debug, Clone)]
pub struct NewRecurringRun {
    /// The runs that it starts.
    pub run: NewRun,
    /// When they are due.
    pub schedule: Schedule,
    /// Runs of it that may be unfinished at the same time, from 1 to 10.
    pub max_concurrency: i64,
    /// Whether times that passed while it could not run are passed over, but for the last.
    pub no_catchup: bool,
    /// Whether it is on.
    pub enabled: bool,
}

impl Server {
    /// Makes a recurring run.
    ///
    /// # Errors
    /// The schedule is wrong, or the run could not be submitted.
    pub fn create_recurring(&self, new: NewRecurringRun) -> Result<RecurringRun> {
        let NewRecurringRun { run, schedule, max_concurrency, no_catchup, enabled } = new;
        if run.name.trim().is_empty() {
            return Err(Error::invalid("a recurring run needs a name: `display_name` is empty"));
        }
        if !(1..=MAX_CONCURRENCY).contains(&max_concurrency) {
            return Err(Error::invalid(format!(
                "`max_concurrency` is {max_concurrency}; it goes from 1 to {MAX_CONCURRENCY}"
            )));
        }
        check(&schedule)?;
        let own = run.spec.clone();
        let newest = run.version.as_ref().is_none_or(String::is_empty);
        let (submission, file) = self.submission(run, Origin::Api)?;
        if !has_placeholders(&submission) {
            self.prepare(file, &submission)?;
        }
        let now = self.now_ms();
        let recurring = RecurringRun {
            id: submission.id,
            name: submission.name,
            description: submission.description,
            experiment: submission.experiment,
            pipeline: submission.pipeline,
            version: submission.version.filter(|_| !newest),
            spec: own,
            parameters: submission.parameters,
            no_cache: submission.no_cache,
            schedule,
            max_concurrency,
            no_catchup,
            enabled,
            created_ms: now,
            updated_ms: now,
            service_account: submission.service_account,
            last_ms: None,
            fired: 0,
        };
        self.metadata().transaction(|tx| tx.create_recurring_run(&recurring))?;
        self.wake();
        Ok(recurring)
    }

    /// A part of the list of recurring runs.
    ///
    /// # Errors
    /// A field that recurring runs cannot be filtered or ordered by.
    pub fn recurring_runs(&self, query: &ListQuery) -> Result<Listed<RecurringRun>> {
        Ok(self.store().metadata.recurring_runs(query)?)
    }

    /// A recurring run.
    ///
    /// # Errors
    /// There is none of this id.
    pub fn recurring(&self, id: &str) -> Result<RecurringRun> {
        self.store().metadata.recurring_run(id)?.ok_or_else(|| missing("recurring run", id))
    }

    /// When a recurring run is due next: milliseconds since the epoch, at most `count` times.
    pub fn next_times(&self, recurring: &RecurringRun, count: usize) -> Vec<i64> {
        schedule::next_times(recurring, self.now_ms(), count, &self.0.zone)
    }

    /// Switches a recurring run on or off.
    ///
    /// # Errors
    /// There is none of this id.
    pub fn enable_recurring(&self, id: &str, enabled: bool) -> Result<()> {
        let now = self.now_ms();
        if !self.metadata().transaction(|tx| tx.enable_recurring_run(id, enabled, now))? {
            return Err(missing("recurring run", id));
        }
        self.wake();
        Ok(())
    }

    /// Forgets a recurring run. Runs that it has started stay.
    ///
    /// # Errors
    /// There is none of this id.
    pub fn delete_recurring(&self, id: &str) -> Result<()> {
        if self.metadata().transaction(|tx| tx.delete_recurring_run(id))? {
            Ok(())
        } else {
            Err(missing("recurring run", id))
        }
    }

    /// Puts into the queue what is due. Gives when something is due next.
    pub(crate) fn serve_due(&self) -> Result<Option<i64>> {
        let mut next: Option<i64> = None;
        for (mut recurring, unfinished) in self.metadata().enabled_recurring_runs()? {
            let free = usize::try_from(recurring.max_concurrency - unfinished).unwrap_or(0).min(AT_ONCE);
            for _ in 0..free {
                let now = self.now_ms();
                let Some(due) = schedule::next_due(&recurring, now, &self.0.zone) else { break };
                if due > now {
                    next = Some(next.map_or(due, |next| next.min(due)));
                    break;
                }
                let index = recurring.fired + 1;
                let run = match self.run_of(&recurring, index, due, now) {
                    Ok(run) => run,
                    Err(error) => {
                        // Its pipeline was deleted. It is told in the log each time, until someone switches it off.
                        tracing::warn!(recurring = recurring.id, %error, "a recurring run cannot be served");
                        break;
                    }
                };
                if !self.metadata().transaction(|tx| tx.fire(&recurring, &run, due, now))? {
                    break;
                }
                self.0.metrics.fired.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                (recurring.last_ms, recurring.fired) = (Some(due), index);
            }
        }
        Ok(next)
    }

    /// The run of a recurring run for a time.
    fn run_of(&self, recurring: &RecurringRun, index: i64, due_ms: i64, now_ms: i64) -> Result<Submission> {
        let (spec, pipeline, version) =
            self.source(recurring.spec.clone(), recurring.pipeline.clone(), recurring.version.clone())?;
        let id = ids::uuid()?;
        let firing = Firing { run: &id, due_ms, now_ms, index, more: None };
        let parameters = firing.parameters(&recurring.parameters);
        let pipeline_name = self.name_of(&spec);
        Ok(Submission {
            name: format!("{}-{index}", recurring.name),
            description: recurring.description.clone(),
            experiment: recurring.experiment.clone(),
            pipeline_name,
            pipeline,
            version,
            spec,
            parameters,
            no_cache: recurring.no_cache,
            priority: 0,
            origin: Origin::Recurring { id: recurring.id.clone(), index },
            service_account: recurring.service_account.clone(),
            id,
        })
    }

    /// The name of a pipeline. One that cannot be read has none, and its run will tell why.
    fn name_of(&self, spec: &Spec) -> String {
        self.read_spec(spec).map(|file| file.pipeline.name).unwrap_or_default()
    }
}

/// Whether parameters are complete only when a run is due.
fn has_placeholders(run: &Submission) -> bool {
    run.parameters.values().any(|value| value.to_string().contains("[["))
}

fn check(schedule: &Schedule) -> Result<()> {
    let (start, end) = match schedule {
        Schedule::Cron { cron, start_ms, end_ms } => {
            Cron::parse(cron).map_err(Error::invalid)?;
            (start_ms, end_ms)
        }
        Schedule::Periodic { seconds, start_ms, end_ms } => {
            if *seconds < 1 {
                return Err(Error::invalid(format!("`interval_second` is {seconds}; it is at least 1")));
            }
            (start_ms, end_ms)
        }
    };
    match (start, end) {
        (Some(start), Some(end)) if end < start => Err(Error::invalid("the schedule ends before it starts")),
        _ => Ok(()),
    }
}
