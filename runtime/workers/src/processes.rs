//! Workers as processes of this machine: an engine that needs none.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::cluster::{Cluster, Pilot, PilotState};
use crate::error::{Error, Result};

/// The time that a process is given to end by itself.
const GRACE: Duration = Duration::from_secs(2);

/// Children of this process.
#[derive(Debug, Default)]
pub struct Processes {
    children: BTreeMap<String, Child>,
    ends: BTreeMap<String, String>,
}

impl Processes {
    /// Takes away those that have ended.
    fn reap(&mut self) {
        let ends = &mut self.ends;
        self.children.retain(|id, child| match child.try_wait() {
            Ok(None) => true,
            Ok(Some(status)) => {
                ends.insert(id.clone(), status.to_string());
                false
            }
            Err(error) => {
                ends.insert(id.clone(), error.to_string());
                false
            }
        });
    }
}

impl Cluster for Processes {
    fn name(&self) -> &'static str {
        "process"
    }

    fn submit(&mut self, pilot: &Pilot) -> Result<String> {
        let log =
            OpenOptions::new().create(true).append(true).open(&pilot.log).map_err(Error::io("open", &pilot.log))?;
        let same = log.try_clone().map_err(Error::io("open", &pilot.log))?;
        let mut command = Command::new(&pilot.program);
        command.args(&pilot.arguments).stdin(Stdio::null()).stdout(log).stderr(same);
        let child = command.spawn().map_err(Error::io("start", &pilot.program))?;
        let id = child.id().to_string();
        self.children.insert(id.clone(), child);
        Ok(id)
    }

    fn states(&mut self) -> Result<BTreeMap<String, PilotState>> {
        self.reap();
        Ok(self.children.keys().map(|id| (id.clone(), PilotState::Running)).collect())
    }

    fn end_of(&mut self, id: &str) -> Option<String> {
        self.ends.remove(id)
    }

    fn cancel(&mut self, ids: &[String]) {
        for id in ids {
            if let Some(child) = self.children.get_mut(id) {
                // Fails if it has ended.
                _ = child.kill();
            }
        }
    }

    fn cancel_all(&mut self) {
        let until = Instant::now() + GRACE;
        while !self.children.is_empty() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(10));
            self.reap();
        }
        for child in self.children.values_mut() {
            _ = child.kill();
            _ = child.wait();
        }
        self.children.clear();
    }

    fn interval(&self) -> Duration {
        Duration::from_millis(100)
    }
}
