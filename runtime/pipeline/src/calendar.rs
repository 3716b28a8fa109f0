//! Conversion of timestamps to calendar dates.

/// A date and a time of day, UTC.
pub type Moment = ((i64, i64, i64), (i64, i64, i64));

/// Year, month and day, and hour, minute and second, of milliseconds since the epoch, in the proleptic Gregorian
/// calendar. After Howard Hinnant's `civil_from_days` (<https://howardhinnant.github.io/date_algorithms.html>).
pub fn civil(ms: i64) -> Moment {
    let (days, second) = (ms.div_euclid(86_400_000), ms.rem_euclid(86_400_000) / 1000);
    // Years start in March, so that the leap day is the last day of a year.
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    ((year, month, day), (second / 3600, second % 3600 / 60, second % 60))
}
