use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::time::{parse_rfc3339, rfc3339};

fn next(cron: &str, after: &str, zone: &str) -> Option<String> {
    let zone = time_zone(zone).unwrap();
    Cron::parse(cron).unwrap().next(parse_rfc3339(after).unwrap(), &zone).map(rfc3339)
}

/// Times that the library `croniter` of Python gives; `croniter_answers.py` beside the file tells how.
#[test]
fn times_are_those_of_croniter() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("croniter.json")).unwrap();
    assert!(cases.len() > 100, "{}", cases.len());
    for case in cases {
        let text = |name: &str| case[name].as_str().unwrap();
        let zone = time_zone(text("zone")).unwrap();
        let cron = Cron::parse(text("cron")).unwrap();
        let mut at = parse_rfc3339(text("after")).unwrap();
        for expected in case["next"].as_array().unwrap() {
            at = cron.next(at, &zone).unwrap();
            assert_eq!(rfc3339(at), expected.as_str().unwrap(), "{case}");
        }
    }
}

#[test]
fn what_robfig_cron_v1_answers() {
    // From the tests of robfig/cron v1.2, which KFP's controller uses: its documented examples.
    for (cron, after, expected) in [
        ("0 0/15 * * *", "2012-07-09T14:45:00Z", "2012-07-09T15:00:00Z"),
        ("0 20-35/15 * * *", "2012-07-09T23:46:00Z", "2012-07-10T00:20:00Z"),
        ("15/35 20-35/15 * * *", "2012-07-09T23:46:00Z", "2012-07-10T00:20:15Z"),
        ("0 0 0 9 Apr-Oct ?", "2012-07-09T23:35:00Z", "2012-08-09T00:00:00Z"),
        ("0 0 0 */5 Apr,Aug,Oct Mon", "2012-07-09T23:35:00Z", "2012-08-06T00:00:00Z"),
        ("0 0 0 29 Feb ?", "2012-07-09T23:35:00Z", "2016-02-29T00:00:00Z"),
        ("@every 5m", "2012-07-09T14:59:59Z", "2012-07-09T15:04:59Z"),
        ("@every 1h30m", "2012-07-09T00:00:00.5Z", "2012-07-09T01:30:00Z"),
    ] {
        assert_eq!(next(cron, after, "UTC").as_deref(), Some(expected), "{cron}");
    }
    assert_eq!(next("0 0 0 30 Feb ?", "2012-07-09T23:35:00Z", "UTC"), None);
    assert_eq!(next("0 0 0 31 Apr ?", "2012-07-09T23:35:00Z", "UTC"), None);
}

#[test]
fn where_clocks_are_changed() {
    let zone = "America/New_York";
    // On 2012-03-11 there is no 02:30, on 2012-11-04 there are two times 01:30.
    assert_eq!(next("0 30 2 11 Mar ?", "2012-03-10T00:00:00Z", zone).as_deref(), Some("2013-03-11T06:30:00Z"));
    assert_eq!(next("0 0 * * * ?", "2012-03-11T06:00:00Z", zone).as_deref(), Some("2012-03-11T07:00:00Z"));
    assert_eq!(next("0 30 1 04 Nov ?", "2012-11-04T00:00:00Z", zone).as_deref(), Some("2012-11-04T05:30:00Z"));
    assert_eq!(next("0 30 1 04 Nov ?", "2012-11-04T05:30:00Z", zone).as_deref(), Some("2012-11-04T06:30:00Z"));
    assert_eq!(
        next("TZ=Asia/Tokyo 0 0 9 * * *", "2026-01-01T01:00:00Z", zone).as_deref(),
        Some("2026-01-02T00:00:00Z")
    );
}

#[test]
fn what_is_wrong_is_named() {
    for (cron, part) in [
        ("* * * *", "has 4"),
        ("* * * * * * *", "has 7"),
        ("60 * * * * *", "second `60`"),
        ("0 0 24 * * *", "hour `24`"),
        ("0 0 0 0 * *", "between 1 and 31"),
        ("0 0 0 * * 7", "between 0 and 6"),
        ("0 0 0 5-3 * *", "ends before it begins"),
        ("0 */0 * * * *", "step of 0"),
        ("0 x * * * *", "no number"),
        (", * * * * *", "is empty"),
        ("@often", "@hourly"),
        ("@every soon", "no duration"),
        ("TZ=Mars/Olympus 0 0 0 * * *", "no time zone"),
        ("", "has 0"),
    ] {
        let why = Cron::parse(cron).unwrap_err();
        assert!(why.contains(part), "{cron}: {why}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The next time is the first whole second whose local time fits each field: looked for second by second.
    #[test]
    fn the_next_time_is_the_first_that_fits(
        minute in 0_u32..60, hour in 0_u32..24, step in 1_u32..30, start in 1_700_000_000_i64..1_760_000_000,
        zone in prop::sample::select(vec!["UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
        form in 0_u32..3,
    ) {
        let cron = match form {
            0 => format!("*/{step} {minute} * * * *"),
            1 => format!("0 {minute}/{step} {hour} * * *"),
            _ => format!("30 {minute} */{} ? * *", step % 23 + 1),
        };
        let zone: TimeZone = time_zone(zone).unwrap();
        let cron = Cron::parse(&cron).unwrap();
        let When::Fields(fields) = &cron.when else { unreachable!() };
        let fits = |second: i64| {
            let local = Timestamp::from_second(second).unwrap().to_zoned(zone.clone());
            has(fields.seconds, local.second()) && has(fields.minutes, local.minute()) && has(fields.hours, local.hour())
        };
        let expected = (start + 1..start + 9_000_000).find(|second| fits(*second)).unwrap();
        prop_assert_eq!(cron.next(start * 1000, &zone), Some(expected * 1000));
    }
}
