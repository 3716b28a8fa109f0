//! When a recurring run is due.

use jiff::tz::TimeZone;
use weft::metadata::control::{RecurringRun, Schedule};

use super::cron::Cron;

/// The time that a recurring run is to serve next, in milliseconds since the epoch, which may have passed already. As KFP's controller
/// has it: with catch-up, all times that have passed are served one by one; without, only the last of them.
pub fn next_due(run: &RecurringRun, now_ms: i64, zone: &TimeZone) -> Option<i64> {
    let after = |start: Option<i64>| {
        let last = run.last_ms.or(start).unwrap_or(run.created_ms);
        last.max(start.unwrap_or(i64::MIN))
    };
    match &run.schedule {
        Schedule::Cron { cron, start_ms, end_ms } => {
            let cron = Cron::parse(cron).ok()?;
            let in_time = |at: &i64| end_ms.is_none_or(|end| *at <= end);
            let mut due = cron.next(after(*start_ms), zone).filter(in_time)?;
            if run.no_catchup && due <= now_ms {
                due = latest(&cron, due, now_ms.min(end_ms.unwrap_or(i64::MAX)), zone);
            }
            Some(due)
        }
        Schedule::Periodic { seconds, start_ms, end_ms } => {
            let interval = seconds.max(&1).checked_mul(1000)?;
            let due = after(*start_ms).checked_add(interval)?;
            let late = run.no_catchup && now_ms >= due.saturating_add(interval);
            Some(if late { now_ms } else { due }).filter(|at| end_ms.is_none_or(|end| *at <= end))
        }
    }
}

/// The last time from `due` on that is not after `until`. Years of seconds are not walked through: a time shortly before the end is
/// where it begins to look.
fn latest(cron: &Cron, due: i64, until: i64, zone: &TimeZone) -> i64 {
    let mut step: i64 = 1000;
    loop {
        let from = until.saturating_sub(step).max(due);
        // The first that lies behind `from`, and then all others.
        let mut found = if from == due { Some(due) } else { cron.next(from, zone).filter(|at| *at <= until) };
        if let Some(mut last) = found.take() {
            while let Some(next) = cron.next(last, zone).filter(|next| *next <= until) {
                last = next;
            }
            return last;
        }
        step = step.saturating_mul(2);
    }
}

/// The times at which a recurring run is due next, at most `count`, were it served each time.
pub fn next_times(run: &RecurringRun, now_ms: i64, count: usize, zone: &TimeZone) -> Vec<i64> {
    let mut run = run.clone();
    let mut times = Vec::new();
    while times.len() < count {
        let Some(due) = next_due(&run, now_ms, zone) else { break };
        times.push(due);
        run.last_ms = Some(due);
    }
    times
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn run(schedule: Schedule, last_ms: Option<i64>, no_catchup: bool) -> RecurringRun {
        RecurringRun {
            id: "r".to_owned(),
            name: "r".to_owned(),
            description: String::new(),
            experiment: "e".to_owned(),
            pipeline: None,
            version: None,
            spec: None,
            parameters: BTreeMap::new(),
            no_cache: false,
            schedule,
            max_concurrency: 1,
            no_catchup,
            enabled: true,
            created_ms: 36_000_000,
            updated_ms: 36_000_000,
            service_account: String::new(),
            last_ms,
            fired: 0,
        }
    }

    fn cron(start_ms: Option<i64>, end_ms: Option<i64>) -> Schedule {
        Schedule::Cron { cron: "0 0 * * * *".to_owned(), start_ms, end_ms }
    }

    const HOUR: i64 = 3_600_000;

    /// Cases of KFP's `cron_schedule_test.go` and `periodic_schedule_test.go`: created at 10 h, every hour, or every minute.
    #[test]
    fn as_kfps_controller() {
        let utc = TimeZone::UTC;
        let due = |schedule, last, no_catchup, now| next_due(&run(schedule, last, no_catchup), now, &utc);
        // The first one, after the creation; after a start that lies later; none after the end.
        assert_eq!(due(cron(None, None), None, false, 0), Some(11 * HOUR));
        assert_eq!(due(cron(Some(15 * HOUR + 1000), None), None, false, 0), Some(16 * HOUR));
        assert_eq!(due(cron(None, Some(11 * HOUR - 1)), None, false, 0), None);
        assert_eq!(due(cron(None, Some(11 * HOUR)), None, false, 0), Some(11 * HOUR));
        // Behind: the next one, or the last that has passed.
        assert_eq!(due(cron(None, None), Some(11 * HOUR), false, 20 * HOUR + 1), Some(12 * HOUR));
        assert_eq!(due(cron(None, None), Some(11 * HOUR), true, 20 * HOUR + 1), Some(20 * HOUR));
        assert_eq!(due(cron(None, Some(15 * HOUR)), Some(11 * HOUR), true, 20 * HOUR), Some(15 * HOUR));
        assert_eq!(due(cron(None, None), Some(11 * HOUR), true, 11 * HOUR + 1), Some(12 * HOUR));
        let minute = |start_ms, end_ms| Schedule::Periodic { seconds: 60, start_ms, end_ms };
        assert_eq!(due(minute(None, None), None, false, 0), Some(10 * HOUR + 60_000));
        assert_eq!(due(minute(Some(12 * HOUR), None), None, false, 0), Some(12 * HOUR + 60_000));
        assert_eq!(due(minute(None, Some(10 * HOUR)), None, false, 0), None);
        assert_eq!(due(minute(None, None), Some(11 * HOUR), true, 11 * HOUR + 61_000), Some(11 * HOUR + 60_000));
        assert_eq!(due(minute(None, None), Some(11 * HOUR), true, 12 * HOUR + 7000), Some(12 * HOUR + 7000));
    }

    #[test]
    fn years_behind_are_passed_over_at_once() {
        let every_second = Schedule::Cron { cron: "* * * * * *".to_owned(), start_ms: None, end_ms: None };
        let now = 1_767_323_045_678;
        assert_eq!(next_due(&run(every_second, Some(0), true), now, &TimeZone::UTC), Some(1_767_323_045_000));
        let leap = Schedule::Cron { cron: "0 0 0 29 2 *".to_owned(), start_ms: None, end_ms: None };
        // 2024-02-29
        assert_eq!(next_due(&run(leap, Some(0), true), now, &TimeZone::UTC), Some(1_709_164_800_000));
    }

    #[test]
    fn the_next_times_follow_one_another() {
        let times = next_times(&run(cron(None, Some(13 * HOUR)), None, false), 0, 9, &TimeZone::UTC);
        assert_eq!(times, [11 * HOUR, 12 * HOUR, 13 * HOUR]);
    }
}
