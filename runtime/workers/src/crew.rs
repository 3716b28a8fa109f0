//! What is known of the workers.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// The time without a report after which a worker is taken for dead. It reports every two seconds.
const SILENCE: Duration = Duration::from_secs(30);
/// The time that a worker at work has to be heard at all.
const FIRST_REPORT: Duration = Duration::from_mins(1);

/// A worker that was asked for.
#[derive(Debug, Default)]
pub(crate) struct Member {
    /// The engine's name for it.
    pub id: String,
    /// When the engine first said that it is at work.
    pub running: Option<Instant>,
    /// When it was last heard.
    pub heard: Option<Instant>,
}

/// All workers of a run.
#[derive(Debug, Default)]
pub(crate) struct Crew {
    /// Those that wait or work.
    pub members: BTreeMap<String, Member>,
    /// Those of which nothing more is expected, although they may have had steps.
    pub lost: Vec<String>,
    /// Workers lost in a row before they began.
    pub barren: u32,
}

impl Crew {
    /// A worker has reported.
    pub fn hear(&mut self, worker: &str) {
        self.barren = 0;
        if let Some(member) = self.members.get_mut(worker) {
            member.heard = Some(Instant::now());
        }
    }

    /// A worker has ended with nothing in its hands.
    pub fn leave(&mut self, worker: &str) {
        self.members.remove(worker);
    }

    /// Gives a worker up, which had begun or not. What it has claimed is to be taken back.
    pub fn lose(&mut self, worker: &str, began: bool) {
        if self.members.remove(worker).is_some() {
            self.barren = if began { 0 } else { self.barren + 1 };
            self.lost.push(worker.to_owned());
        }
    }

    /// Workers that the engine takes for alive, and that are not, with why.
    pub fn silent(&self) -> Vec<(String, &'static str)> {
        let overdue = |member: &Member| match (member.heard, member.running) {
            (Some(heard), _) if heard.elapsed() >= SILENCE => Some("it has not been heard for 30 seconds"),
            (None, Some(running)) if running.elapsed() >= FIRST_REPORT => {
                Some("it runs and cannot be heard: is the store on a file system that all machines share?")
            }
            _ => None,
        };
        self.members.iter().filter_map(|(worker, member)| Some((worker.clone(), overdue(member)?))).collect()
    }

    /// Whether any worker was heard and is still there.
    pub fn is_heard(&self) -> bool {
        self.members.values().any(|member| member.heard.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crew(member: Member) -> Crew {
        Crew { members: BTreeMap::from([("w1".to_owned(), member)]), ..Crew::default() }
    }

    #[test]
    fn a_worker_is_silent_when_it_was_heard_long_ago_or_works_unheard() {
        let ago = |seconds| Instant::now().checked_sub(Duration::from_secs(seconds));
        let silent = |running, heard| crew(Member { id: String::new(), running, heard }).silent().len();
        assert_eq!(silent(None, None), 0);
        assert_eq!(silent(ago(61), None), 1);
        assert_eq!(silent(ago(61), ago(1)), 0);
        assert_eq!(silent(ago(61), ago(31)), 1);
    }

    #[test]
    fn workers_that_end_unheard_are_counted_until_one_is_heard() {
        let mut crew = crew(Member::default());
        crew.lose("w1", false);
        crew.lose("w1", false);
        assert_eq!((crew.barren, crew.lost.len()), (1, 1));
        crew.members.insert("w2".to_owned(), Member::default());
        crew.hear("w2");
        assert_eq!(crew.barren, 0);
        crew.leave("w2");
        assert_eq!((crew.lost.len(), crew.is_heard()), (1, false));
    }
}
