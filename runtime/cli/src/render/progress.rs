//! The progress of a run: on a terminal a line for each step at work, below those that have ended; elsewhere a line for
//! each step that has ended.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indexmap::IndexMap;
use weft::pipeline::model::TaskState;
use weft::pipeline::step::LogLevel;
use weft::{Cancel, Event, TaskReport};

use super::{BAD, DIM, WARNING, failures, task_state, text, time};
use crate::screen;

/// How often what changes is drawn again.
const FRAME: Duration = Duration::from_millis(100);
const SPINNER: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
/// Columns of a progress bar.
const BAR: usize = 20;
/// Columns that names are padded to, at most.
const MAX_NAME: usize = 28;

/// Shows what happens in a run.
pub struct Progress {
    live: bool,
    state: Arc<Mutex<State>>,
    painter: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct State {
    quiet: bool,
    running: IndexMap<String, Running>,
    /// The DAGs and loops around tasks that failed, which will fail for that.
    failing: HashSet<String>,
    total: usize,
    settled: usize,
    /// Columns of the longest name.
    names: usize,
    frame: usize,
    ended: bool,
}

struct Running {
    since: Instant,
    attempt: u32,
    /// Units done and units there are.
    progress: Option<(u64, u64)>,
    /// The component that it waits for while that is compiled.
    compiling: Option<String>,
    /// What it waits for instead of being at work.
    waits: Option<String>,
}

impl Progress {
    /// Shows nothing of it when `quiet`; that the run is canceled is told in any case.
    pub fn new(quiet: bool, cancel: Cancel) -> Self {
        let state = Arc::new(Mutex::new(State { quiet, ..State::default() }));
        let live = !quiet && screen::can_change();
        let painter = std::thread::spawn({
            let state = Arc::clone(&state);
            move || paint(&state, live, &cancel)
        });
        Self { live, state, painter: Some(painter) }
    }

    /// Takes in what happened.
    pub fn observe(&self, event: &Event) {
        let mut state = lock(&self.state);
        if let Some(line) = state.take(event) {
            let live =
                if self.live { state.lines(Instant::now(), screen::width(), screen::height()) } else { Vec::new() };
            // Still under the lock, so that the painter does not draw what was before.
            screen::say_and_show(line, live);
        }
    }
}

impl Drop for Progress {
    /// Takes away what changes.
    fn drop(&mut self) {
        lock(&self.state).ended = true;
        if let Some(painter) = self.painter.take() {
            painter.thread().unpark();
            // A painter that panicked has said so.
            _ = painter.join();
        }
    }
}

fn paint(state: &Mutex<State>, live: bool, cancel: &Cancel) {
    let mut told = false;
    loop {
        if cancel.is_canceled() && !told {
            screen::say(format!(
                "{WARNING}interrupted{WARNING:#}: the steps at work are being stopped; once more ends weft at once"
            ));
            told = true;
        }
        {
            let mut state = lock(state);
            if state.ended {
                break;
            }
            state.frame += 1;
            if live {
                screen::show(state.lines(Instant::now(), screen::width(), screen::height()));
            }
        }
        std::thread::park_timeout(FRAME);
    }
    if live {
        screen::show(Vec::new());
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    /// What to say about an event, once and for all.
    fn take(&mut self, event: &Event) -> Option<String> {
        let line = match event {
            Event::RunStarted { run, pipeline: _, tasks, finished } => {
                (self.total, self.settled) = (tasks.len(), *finished);
                self.names = tasks.iter().map(|task| task.chars().count()).max().unwrap_or(0).min(MAX_NAME);
                let steps = super::count(tasks.len(), "step", "steps");
                match finished {
                    0 => format!("{DIM}run {run}: {steps}{DIM:#}"),
                    finished => format!("{DIM}run {run}: {steps}, {finished} done before{DIM:#}"),
                }
            }
            Event::TaskStarted { task, attempt } => {
                let running =
                    Running { since: Instant::now(), attempt: *attempt, progress: None, compiling: None, waits: None };
                self.running.insert(task.clone(), running);
                return None;
            }
            Event::TaskProgress { task, done, total } => {
                if let Some(running) = self.running.get_mut(task) {
                    running.progress = Some((*done, *total));
                }
                return None;
            }
            Event::TaskCompiling { task, component } => {
                if let Some(running) = self.running.get_mut(task) {
                    running.compiling.clone_from(component);
                }
                format!("Compiling {} for this machine, once", text::one_line(component.as_ref()?))
            }
            Event::TaskLog { task, level, message } => match level {
                LogLevel::Debug => return None,
                LogLevel::Info => logged(task, "", message),
                LogLevel::Warn => logged(task, &format!("{WARNING}warning{WARNING:#}: "), message),
                LogLevel::Error => logged(task, &format!("{BAD}error{BAD:#}: "), message),
            },
            Event::TaskRetry { task, attempt, message, pause } => {
                let pause = time::duration(*pause);
                if let Some(running) = self.running.get_mut(task) {
                    running.waits = Some(format!("attempt {} in {pause}", attempt + 1));
                }
                let message = text::one_line(message);
                logged(
                    task,
                    &format!("{WARNING}attempt {attempt} failed{WARNING:#}: "),
                    &format!("{message}; next in {pause}"),
                )
            }
            Event::TaskFinished(report) => {
                self.running.shift_remove(&report.task);
                self.settled += usize::from(!report.task.contains(['/', '[']));
                if report.state == TaskState::Failed {
                    self.failing.extend(failures::around(&report.task).map(str::to_owned));
                    if self.failing.contains(&report.task) {
                        return None;
                    }
                }
                self.finished(report)
            }
            Event::RunFinished { .. } => {
                self.running.clear();
                return None;
            }
        };
        (!self.quiet).then_some(line)
    }

    /// `train       COMPLETE  0.41 s  accuracy=0.97`
    fn finished(&self, report: &TaskReport) -> String {
        let (state, style) = task_state(report.state);
        let name = text::one_line(&report.task);
        let what = match (&report.message, report.duration) {
            (Some(message), None) => text::shorten(&text::one_line(message), 120).into_owned(),
            (_, duration) => duration.map(time::duration).unwrap_or_default(),
        };
        let (names, gap) = (self.names, if what.is_empty() { "" } else { "  " });
        let pad = if what.is_empty() { 0 } else { 8 };
        format!("{name:names$}  {style}{state:<pad$}{style:#}{gap}{what}")
    }

    /// The lines about what is going on, each of them at most `width` columns long.
    fn lines(&self, now: Instant, width: usize, height: usize) -> Vec<String> {
        if self.running.is_empty() {
            return Vec::new();
        }
        let room = (height / 2).clamp(1, 12);
        let spinner = SPINNER[self.frame % SPINNER.len()];
        let mut lines: Vec<String> = self
            .running
            .iter()
            .take(room)
            .map(|(task, running)| text::shorten(&running.line(spinner, task, self.names, now), width - 1).into_owned())
            .collect();
        let at_work = self.running.len();
        let hidden = if at_work > room { format!(", {} of them not shown", at_work - room) } else { String::new() };
        let total = self.total.max(self.settled);
        lines.push(
            text::shorten(&format!("  {} of {total} done, {at_work} at work{hidden}", self.settled), width - 1)
                .into_owned(),
        );
        lines
    }
}

impl Running {
    fn line(&self, spinner: &str, task: &str, names: usize, now: Instant) -> String {
        let name = text::one_line(task);
        if let Some(waits) = &self.waits {
            return format!("… {name:names$}  waits: {waits}");
        }
        let mut line = format!("{spinner} {name:names$}  {:>8}", time::duration(now - self.since));
        if self.attempt > 1 {
            _ = write!(line, "  attempt {}", self.attempt);
        }
        if let Some(component) = &self.compiling {
            _ = write!(line, "  compiling {}", text::one_line(component));
        }
        match self.progress {
            Some((done, total)) if total > 0 => {
                let share = fraction(done, total);
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and BAR")]
                #[expect(clippy::cast_precision_loss, reason = "BAR is small")]
                let full = (share * BAR as f64).round() as usize;
                let (full, empty) = ("━".repeat(full), "╌".repeat(BAR - full));
                _ = write!(line, "  {full}{empty} {:3.0} %", share * 100.0);
            }
            Some((done, _)) if done > 0 => _ = write!(line, "  {done} done"),
            _ => {}
        }
        line
    }
}

/// What share of the units is done. A guest may tell any numbers.
fn fraction(done: u64, total: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
    let share = done as f64 / total as f64;
    share.clamp(0.0, 1.0)
}

/// `train: message`, each of its lines led by the step.
fn logged(task: &str, lead: &str, message: &str) -> String {
    let message = text::printable(message.trim_end());
    let lines = message
        .lines()
        .enumerate()
        .map(|(n, line)| format!("{DIM}{task}:{DIM:#} {}{line}", if n == 0 { lead } else { "" }));
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use weft::pipeline::step::PortValues;

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    fn report(task: &str, state: TaskState, message: Option<&str>) -> TaskReport {
        TaskReport {
            task: task.to_owned(),
            state,
            duration: matches!(state, TaskState::Complete | TaskState::Failed).then(|| Duration::from_millis(410)),
            attempts: 1,
            outputs: PortValues::new(),
            message: message.map(str::to_owned),
            hint: None,
            log: None,
            warnings: Vec::new(),
        }
    }

    #[test]
    fn events_become_lines() {
        let mut state = State::default();
        let tasks = ["raw", "statistics"].map(String::from).to_vec();
        let events = [
            Event::RunStarted { run: "r-1".into(), pipeline: "p".into(), tasks, finished: 0 },
            Event::TaskStarted { task: "raw".into(), attempt: 1 },
            Event::TaskCompiling { task: "raw".into(), component: Some("penguins.wasm".into()) },
            Event::TaskCompiling { task: "raw".into(), component: None },
            Event::TaskLog { task: "raw".into(), level: LogLevel::Debug, message: "hidden".into() },
            Event::TaskLog { task: "raw".into(), level: LogLevel::Info, message: "two\nlines \x1b[2J\n".into() },
            Event::TaskLog { task: "raw".into(), level: LogLevel::Warn, message: "odd".into() },
            Event::TaskRetry {
                task: "raw".into(),
                attempt: 1,
                message: "no\nluck".into(),
                pause: Duration::from_secs(2),
            },
            Event::TaskFinished(report("raw", TaskState::Complete, None)),
            Event::TaskFinished(report("statistics", TaskState::Skipped, Some("its condition does not hold: a > b"))),
            Event::TaskFinished(report("raw", TaskState::Failed, Some("told below"))),
        ];
        let lines: Vec<String> = events.iter().filter_map(|event| state.take(event)).map(|line| plain(&line)).collect();
        insta::assert_snapshot!(lines.join("\n"));
        let mut quiet = State { quiet: true, ..State::default() };
        assert!(events.iter().all(|event| quiet.take(event).is_none()));
    }

    #[test]
    fn what_fails_for_something_inside_is_passed_over() {
        let mut state = State::default();
        let finished = |task: &str| Event::TaskFinished(report(task, TaskState::Failed, Some("no luck")));
        let events = ["loop[1]/train", "loop[1]", "loop", "other"].map(finished);
        let lines: Vec<String> = events.iter().filter_map(|event| state.take(event)).collect();
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].contains("loop[1]/train") && lines[1].contains("other"), "{lines:?}");
    }

    #[test]
    fn what_goes_on_fits_the_terminal() {
        let mut state = State { total: 40, names: 6, ..State::default() };
        let now = Instant::now();
        for i in 0..20 {
            let progress = [None, Some((1, 3)), Some((7, 0)), Some((u64::MAX, 2))][i % 4];
            let waits = (i == 4).then(|| "attempt 2 in 1.00 s".to_owned());
            state.running.insert(
                format!("step-{i}"),
                Running {
                    since: now,
                    attempt: 1 + u32::from(i == 1),
                    progress,
                    compiling: (i == 0).then(|| "trainer.wasm".to_owned()),
                    waits,
                },
            );
        }
        let lines = state.lines(now + Duration::from_secs(3), 60, 12);
        insta::assert_snapshot!(lines.join("\n"));
        for width in [20, 33, 80] {
            assert!(state.lines(now, width, 40).iter().all(|line| line.chars().count() < width));
        }
    }
}
