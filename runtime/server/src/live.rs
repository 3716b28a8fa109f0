//! What the steps at work tell: the ends of their logs, and their progress. It is not kept.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;

use weft::Event;

use crate::server::lock_of;

/// Lines that are kept of a task.
const MAX_LINES: usize = 500;
/// Bytes that are kept of a line.
const MAX_LINE: usize = 2048;
/// Tasks that are listened to at the same time.
const MAX_TASKS: usize = 256;

/// What a step that is executed by this server has told so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LiveTask {
    /// The last lines of its log, the oldest first: at most 500, of at most 2 KiB.
    pub lines: Vec<String>,
    /// Units done, and total units (0 if unknown).
    pub progress: Option<(u64, u64)>,
}

/// What the steps of one run have told.
#[derive(Debug, Default)]
pub(crate) struct Live(Mutex<BTreeMap<String, Told>>);

#[derive(Debug, Default)]
struct Told {
    lines: VecDeque<String>,
    progress: Option<(u64, u64)>,
}

impl Live {
    /// Hears an event of the run.
    pub fn observe(&self, event: &Event) {
        let mut tasks = lock_of(&self.0);
        match event {
            Event::TaskStarted { task, .. } => {
                tasks.remove(task);
            }
            Event::TaskFinished(report) => {
                tasks.remove(&report.task);
            }
            Event::TaskLog { task, message, .. } if tasks.len() < MAX_TASKS || tasks.contains_key(task) => {
                let told = tasks.entry(task.clone()).or_default();
                for line in message.lines() {
                    if told.lines.len() == MAX_LINES {
                        told.lines.pop_front();
                    }
                    told.lines.push_back(line[..line.floor_char_boundary(MAX_LINE)].to_owned());
                }
            }
            Event::TaskProgress { task, done, total } if tasks.len() < MAX_TASKS || tasks.contains_key(task) => {
                tasks.entry(task.clone()).or_default().progress = Some((*done, *total));
            }
            _ => {}
        }
    }

    /// All of it, by task.
    pub fn tasks(&self) -> BTreeMap<String, LiveTask> {
        let told = |(task, told): (&String, &Told)| {
            let lines = told.lines.iter().cloned().collect();
            (task.clone(), LiveTask { lines, progress: told.progress })
        };
        lock_of(&self.0).iter().map(told).collect()
    }
}
