//! The join: a row of features for each flight.
//!
//! Weather is that of the hour in which a flight is **scheduled** to leave, and never that in which it left: a delayed flight leaves in another hour, so that
//! a join by the actual one would carry the delay into the features.

use std::collections::HashMap;
use std::io::Write;

use csv::{ByteRecord, Reader, ReaderBuilder, Writer};

/// What a row tells of a flight, from the timetable.
const TIMETABLE: [&str; 10] =
    ["date", "flight", "carrier", "origin", "dest", "distance", "weekday", "hour", "minute", "departures"];
/// Columns of the weather, by airport and hour.
const WEATHER: [&str; 8] = ["temp", "dewp", "humid", "wind_speed", "wind_gust", "precip", "pressure", "visib"];
/// Columns of the planes, by tail number, and what they are called in a row.
const PLANE: [(&str, &str); 3] = [("year", "plane_year"), ("seats", "seats"), ("engine", "engine")];
/// What is to be told.
const LABEL: &str = "late";

/// R's word for a missing value.
fn cell(value: &[u8]) -> &[u8] {
    if value == b"NA" { b"" } else { value }
}

/// A CSV table and the places of its columns.
struct Table<'a> {
    name: &'a str,
    reader: Reader<&'a [u8]>,
    columns: HashMap<Vec<u8>, usize>,
}

impl<'a> Table<'a> {
    fn new(name: &'a str, bytes: &'a [u8]) -> Result<Self, String> {
        let mut reader = ReaderBuilder::new().from_reader(bytes);
        let header = reader.byte_headers().map_err(|error| format!("{name}: {error}"))?;
        let columns = header.iter().enumerate().map(|(at, column)| (column.to_vec(), at)).collect();
        Ok(Self { name, reader, columns })
    }

    fn column(&self, name: &str) -> Result<usize, String> {
        let found = self.columns.get(name.as_bytes()).copied();
        found.ok_or_else(|| format!("{} has no column `{name}`", self.name))
    }

    fn several<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Result<Vec<usize>, String> {
        names.into_iter().map(|name| self.column(name)).collect()
    }

    fn advance(&mut self, row: &mut ByteRecord) -> Result<bool, String> {
        self.reader.read_byte_record(row).map_err(|error| format!("{}: {error}", self.name))
    }
}

/// Rows by their key, with some of their columns.
struct Lookup {
    rows: HashMap<Vec<u8>, Vec<Vec<u8>>>,
    none: Vec<Vec<u8>>,
}

impl Lookup {
    fn read(name: &str, bytes: &[u8], key: &[&str], columns: &[&str]) -> Result<Self, String> {
        let mut table = Table::new(name, bytes)?;
        let (key, columns) = (table.several(key.iter().copied())?, table.several(columns.iter().copied())?);
        let (mut rows, mut row) = (HashMap::new(), ByteRecord::new());
        while table.advance(&mut row)? {
            let cells = columns.iter().map(|at| cell(&row[*at]).to_vec()).collect();
            rows.insert(of(&row, &key), cells);
        }
        Ok(Self { rows, none: vec![Vec::new(); columns.len()] })
    }

    fn get(&self, key: &[u8]) -> &[Vec<u8>] {
        self.rows.get(key).unwrap_or(&self.none)
    }
}

/// The cells at these places as one key.
fn of(row: &ByteRecord, places: &[usize]) -> Vec<u8> {
    places.iter().map(|at| &row[*at]).collect::<Vec<_>>().join(&b' ')
}

/// What flights are joined with.
pub struct Known {
    weather: Lookup,
    planes: Lookup,
}

impl Known {
    /// # Errors
    /// A table cannot be read, or lacks a column.
    pub fn read(weather: &[u8], planes: &[u8]) -> Result<Self, String> {
        let plane: Vec<&str> = PLANE.iter().map(|(column, _)| *column).collect();
        Ok(Self {
            weather: Lookup::read("the weather", weather, &["origin", "time_hour"], &WEATHER)?,
            planes: Lookup::read("the planes", planes, &["tailnum"], &plane)?,
        })
    }
}

/// What is told of flights that have landed.
pub struct Outcome<'a> {
    /// Columns that are taken over as they are.
    pub also: &'a [String],
    /// From how many minutes on a flight is late.
    pub minutes: i64,
}

/// How many flights were written, and how many left out.
#[derive(Debug, Default, PartialEq, Eq, Clone, Copy)]
pub struct Count {
    pub rows: u64,
    pub left_out: u64,
}

/// Writes a row for each flight of a table: with its outcome, of those that arrived, or without, of all.
///
/// # Errors
/// The table cannot be read, or lacks a column.
pub fn join(
    name: &str,
    flights: &[u8],
    known: &Known,
    outcome: Option<&Outcome<'_>>,
    to: impl Write,
) -> Result<Count, String> {
    let departures = departures(name, flights)?;
    let mut table = Table::new(name, flights)?;
    let date = table.several(["year", "month", "day"])?;
    let (carrier, flight, tail) = (table.column("carrier")?, table.column("flight")?, table.column("tailnum")?);
    let plain = table.several(["origin", "dest", "distance"])?;
    let when = table.several(["hour", "minute"])?;
    let key = table.several(["origin", "time_hour"])?;
    let delay = outcome.map(|_| table.column("arr_delay")).transpose()?;
    let also = outcome.map_or(&[][..], |outcome| outcome.also);
    let taken = table.several(also.iter().map(String::as_str))?;

    let mut writer = Writer::from_writer(to);
    let plane = PLANE.iter().map(|(_, column)| *column);
    let header = TIMETABLE.into_iter().chain(WEATHER).chain(plane).chain(also.iter().map(String::as_str));
    let wrote = |error: csv::Error| error.to_string();
    writer.write_record(header.chain(outcome.map(|_| LABEL))).map_err(wrote)?;

    let (mut count, mut row) = (Count::default(), ByteRecord::new());
    while table.advance(&mut row)? {
        let late = match (outcome, delay) {
            (Some(outcome), Some(delay)) => {
                let Some(delay) = number(&row[delay]) else {
                    count.left_out += 1;
                    continue;
                };
                Some(if delay >= outcome.minutes { "1" } else { "0" })
            }
            _ => None,
        };
        let at = table.reader.position().line();
        let parts: Option<Vec<i64>> = date.iter().map(|at| number(&row[*at])).collect();
        let Some([year, month, day]) = parts.as_deref() else { return Err(format!("{name}, line {at}: no date")) };
        let mut write = |cell: &[u8]| writer.write_field(cell).map_err(wrote);
        write(format!("{year}-{month:02}-{day:02}").as_bytes())?;
        write(&[&row[carrier], &row[flight]].concat())?;
        write(cell(&row[carrier]))?;
        for at in &plain {
            write(cell(&row[*at]))?;
        }
        write(weekday(*year, *month, *day).as_bytes())?;
        for at in &when {
            write(cell(&row[*at]))?;
        }
        let key = of(&row, &key);
        write(departures.get(&key).copied().unwrap_or_default().to_string().as_bytes())?;
        for cell in known.weather.get(&key).iter().chain(known.planes.get(&row[tail])) {
            write(cell)?;
        }
        for at in &taken {
            write(cell(&row[*at]))?;
        }
        if let Some(late) = late {
            write(late.as_bytes())?;
        }
        writer.write_record(None::<&[u8]>).map_err(wrote)?;
        count.rows += 1;
    }
    writer.flush().map_err(|error| error.to_string())?;
    Ok(count)
}

/// How many flights are to leave from each airport in each hour, cancelled ones among them: so the timetable says.
fn departures(name: &str, flights: &[u8]) -> Result<HashMap<Vec<u8>, u32>, String> {
    let mut table = Table::new(name, flights)?;
    let key = table.several(["origin", "time_hour"])?;
    let (mut departures, mut row) = (HashMap::new(), ByteRecord::new());
    while table.advance(&mut row)? {
        *departures.entry(of(&row, &key)).or_default() += 1;
    }
    Ok(departures)
}

fn number(cell: &[u8]) -> Option<i64> {
    std::str::from_utf8(cell).ok()?.parse().ok()
}

/// The day of the week of a date of the Gregorian calendar.
fn weekday(year: i64, month: i64, day: i64) -> &'static str {
    // Years that begin in March have the day of a leap year as their last.
    let (year, month) = if month < 3 { (year - 1, month + 12) } else { (year, month) };
    let days = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + (153 * month - 457) / 5;
    let names = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    usize::try_from((days + day - 306).rem_euclid(7)).map_or("", |at| names[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLIGHTS: &str = "year,month,day,dep_time,arr_delay,carrier,flight,tailnum,origin,dest,distance,hour,minute,time_hour\n\
        2013,1,1,517,11,UA,1545,N14228,EWR,IAH,1400,5,15,2013-01-01T10:00:00Z\n\
        2013,1,1,830,15,UA,1714,N24211,EWR,IAH,1416,5,29,2013-01-01T10:00:00Z\n\
        2013,1,1,NA,NA,AA,1,NA,EWR,MIA,1089,5,59,2013-01-01T10:00:00Z\n\
        2013,2,28,900,-3,B6,7,N24211,JFK,BQN,1576,9,0,2013-02-28T14:00:00Z\n";
    const WEATHER: &str = "origin,time_hour,temp,dewp,humid,wind_speed,wind_gust,precip,pressure,visib\n\
        EWR,2013-01-01T10:00:00Z,39,28,64,12,NA,0,1011,10\n\
        EWR,2013-01-01T13:00:00Z,-99,28,64,12,NA,0,1011,10\n";
    const PLANES: &str = "tailnum,year,type,seats,engine\nN14228,1999,jet,149,Turbo-fan\nN24211,NA,jet,149,Turbo-fan\n";

    fn joined(outcome: Option<&Outcome<'_>>) -> (Count, Vec<String>) {
        let known = Known::read(WEATHER.as_bytes(), PLANES.as_bytes()).unwrap();
        let mut to = Vec::new();
        let count = join("flights.csv", FLIGHTS.as_bytes(), &known, outcome, &mut to).unwrap();
        (count, String::from_utf8(to).unwrap().lines().map(str::to_owned).collect())
    }

    #[test]
    fn flights_that_arrived_have_what_was_known_before_and_their_outcome() {
        let (count, rows) = joined(Some(&Outcome { also: &["arr_delay".to_owned()], minutes: 15 }));
        assert_eq!(count, Count { rows: 3, left_out: 1 });
        // The second left at 8:30; its weather is that of the hour in which it should have left.
        assert_eq!(
            rows,
            [
                "date,flight,carrier,origin,dest,distance,weekday,hour,minute,departures,temp,dewp,humid,wind_speed,wind_gust,\
                 precip,pressure,visib,plane_year,seats,engine,arr_delay,late",
                "2013-01-01,UA1545,UA,EWR,IAH,1400,Tue,5,15,3,39,28,64,12,,0,1011,10,1999,149,Turbo-fan,11,0",
                "2013-01-01,UA1714,UA,EWR,IAH,1416,Tue,5,29,3,39,28,64,12,,0,1011,10,,149,Turbo-fan,15,1",
                "2013-02-28,B67,B6,JFK,BQN,1576,Thu,9,0,1,,,,,,,,,,149,Turbo-fan,-3,0",
            ]
        );
    }

    #[test]
    fn flights_to_come_have_no_outcome_and_none_is_left_out() {
        let (count, rows) = joined(None);
        assert_eq!(count, Count { rows: 4, left_out: 0 });
        assert!(rows[0].ends_with("seats,engine"), "{}", rows[0]);
        assert_eq!(rows[3], "2013-01-01,AA1,AA,EWR,MIA,1089,Tue,5,59,3,39,28,64,12,,0,1011,10,,,");
    }

    #[test]
    fn days_of_the_week() {
        for (year, month, day, name) in [
            (2013, 1, 1, "Tue"),
            (2013, 12, 31, "Tue"),
            (2000, 2, 29, "Tue"),
            (1900, 3, 1, "Thu"),
            (2024, 2, 29, "Thu"),
        ] {
            assert_eq!(weekday(year, month, day), name, "{year}-{month}-{day}");
        }
    }

    #[test]
    fn what_is_missing_is_said() {
        let Err(wrong) = Known::read(b"origin,temp\n", PLANES.as_bytes()) else { panic!("it was read") };
        assert_eq!(wrong, "the weather has no column `time_hour`");
    }
}
