//! Watching a run that any process executes.

use std::ops::ControlFlow;
use std::time::Duration;

use weft_metadata::{RunRecord, RunState};

use crate::error::Result;
use crate::store::Store;

impl Store {
    /// Looks at a run every `interval` until it has ended, its process is gone, or `changed` breaks off. `changed` gets the record at the
    /// first look and whenever a state in it is another one than before. Gives the last record.
    ///
    /// # Errors
    /// There is no such run, or the store cannot be read.
    pub fn watch(
        &self,
        run: &str,
        interval: Duration,
        changed: &mut dyn FnMut(&RunRecord) -> ControlFlow<()>,
    ) -> Result<RunRecord> {
        let id = self.metadata.run(run)?.summary.id;
        let mut before = None;
        loop {
            // In this order: a process that ends between both looks has recorded all before.
            let alive = self.is_alive(&id);
            let record = self.metadata.run(&id)?;
            let states: Vec<_> = record.steps.iter().map(|step| (step.state, step.attempts)).collect();
            let now = Some((record.summary.state, states));
            let stop = now != before && changed(&record).is_break();
            if stop || record.summary.state != RunState::Running || !alive {
                return Ok(record);
            }
            before = now;
            std::thread::sleep(interval);
        }
    }
}
