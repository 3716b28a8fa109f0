//! Recurring runs by a clock that the test sets: each time is served once, also by the next server.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use weft::Host;
use weft::metadata::control::{Comparison, Field, ListQuery, Predicate, RunEntry, Schedule, Spec, Status};
use weft_server::{Clock, NewRecurringRun, NewRun, Server, Settings};

const MINUTE: i64 = 60_000;

fn open(root: &Path, now: &Arc<AtomicI64>) -> Server {
    let now = Arc::clone(now);
    let clock = Clock::new(move || now.load(Ordering::SeqCst));
    let settings = Settings { clock, grace: Duration::from_secs(1), ..Settings::default() };
    Server::open(root, Host::default(), settings).unwrap()
}

/// The runs of a recurring run that have ended well, in the order of their times, as soon as there are so many.
fn served(server: &Server, recurring: &str, count: usize) -> Vec<RunEntry> {
    let only = Predicate { field: Field::RecurringRun, comparison: Comparison::Equals, values: vec![recurring.into()] };
    let query = ListQuery { filter: vec![only], sort: Some(Field::ScheduledAt), limit: 100, ..ListQuery::default() };
    let until = Instant::now() + Duration::from_mins(1);
    loop {
        let runs = server.runs(&query).unwrap().entries;
        if runs.len() >= count && runs.iter().all(|run| run.status == Status::Complete) {
            return runs;
        }
        assert!(Instant::now() < until, "{runs:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn times(runs: &[RunEntry]) -> Vec<i64> {
    runs.iter().map(|run| run.scheduled_ms / MINUTE).collect()
}

#[test]
fn each_minute_is_served_once_whoever_serves_it() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("table.csv");
    std::fs::write(&table, "a,b\n1,2\n").unwrap();
    let text = format!("name: import\nsteps:\n  table: {{ import: {}, type: dataset }}\n", table.display());
    let root = folder.path().join("store");
    let now = Arc::new(AtomicI64::new(100 * MINUTE));

    let server = open(&root, &now);
    let running = server.start().unwrap();
    let new = |schedule, no_catchup| NewRecurringRun {
        run: NewRun { name: "minutely".to_owned(), spec: Some(Spec::text(text.clone())), ..NewRun::default() },
        schedule,
        max_concurrency: 2,
        no_catchup,
        enabled: true,
    };
    let periodic = Schedule::Periodic { seconds: 60, start_ms: None, end_ms: None };
    let cron = Schedule::Cron { cron: "0 * * * * *".to_owned(), start_ms: None, end_ms: Some(107 * MINUTE) };
    let all = server.create_recurring(new(periodic, false)).unwrap().id;
    let last = server.create_recurring(new(cron.clone(), true)).unwrap().id;
    let off = server.create_recurring(NewRecurringRun { enabled: false, ..new(cron, false) }).unwrap().id;
    assert!(served(&server, &all, 0).is_empty());

    // Five minutes pass at once: with catch-up each is served, without only the last.
    now.store(105 * MINUTE + 1, Ordering::SeqCst);
    server.wake();
    assert_eq!(times(&served(&server, &all, 5)), [101, 102, 103, 104, 105]);
    assert_eq!(times(&served(&server, &last, 1)), [105]);
    assert_eq!(running.stop(), 0);
    drop(server);

    // While no server is there time goes on, beyond the end of one of them.
    now.store(108 * MINUTE, Ordering::SeqCst);
    let server = open(&root, &now);
    let running = server.start().unwrap();
    assert_eq!(times(&served(&server, &all, 8)), [101, 102, 103, 104, 105, 106, 107, 108]);
    assert_eq!(times(&served(&server, &last, 2)), [105, 107]);
    assert!(served(&server, &off, 0).is_empty());
    assert_eq!(server.recurring(&all).unwrap().fired, 8);
    assert!(server.next_times(&server.recurring(&last).unwrap(), 3).is_empty());
    assert_eq!(server.next_times(&server.recurring(&all).unwrap(), 2), [109 * MINUTE, 110 * MINUTE]);
    assert_eq!(running.stop(), 0);
}
