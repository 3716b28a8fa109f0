//! The steps: artifacts in, artifacts out.

use std::io::Write;

use weft_guest::types::Value;
use weft_guest::{Error, Readable, Result, Writable, bail, info};

use crate::join::{Count, Known, Outcome, join};

wit_bindgen::generate!({
    path: ["../../wit", "wit"],
    world: "weft:flights/flights",
    with: {
        "weft:component/artifacts@0.1.0": weft_guest::artifacts,
        "weft:component/run@0.1.0": weft_guest::run,
        "weft:component/types@0.1.0": weft_guest::types,
    },
});

struct Flights;
export!(Flights);

impl Guest for Flights {
    fn history(
        flights: &Dataset,
        weather: &Dataset,
        planes: &Dataset,
        also: Option<Vec<String>>,
        minutes: Option<u32>,
    ) -> Result<History, String> {
        let also = also.unwrap_or_default();
        let outcome = Outcome { also: &also, minutes: minutes.unwrap_or(15).into() };
        Ok(history(flights, &known(weather, planes)?, &outcome)?)
    }

    fn month(
        flights: &Dataset,
        weather: &Dataset,
        planes: &Dataset,
        also: Option<Vec<String>>,
        minutes: Option<u32>,
    ) -> Result<Joined, String> {
        let also = also.unwrap_or_default();
        let outcome = Outcome { also: &also, minutes: minutes.unwrap_or(15).into() };
        Ok(table(flights, &known(weather, planes)?, Some(&outcome), "Flights that landed")?)
    }

    fn upcoming(timetable: &Dataset, weather: &Dataset, planes: &Dataset) -> Result<Joined, String> {
        Ok(table(timetable, &known(weather, planes)?, None, "Flights to come")?)
    }
}

fn known(weather: &Dataset, planes: &Dataset) -> Result<Known> {
    Known::read(&weather.read_bytes()?, &planes.read_bytes()?).map_err(Error::new)
}

fn history(flights: &Dataset, known: &Known, outcome: &Outcome<'_>) -> Result<History> {
    let mut months: Vec<String> = flights.entries().into_iter().map(|entry| entry.name).collect();
    months.retain(|name| name.ends_with(".csv"));
    months.sort();
    let Some((last, before)) = months.split_last().filter(|(_, before)| !before.is_empty()) else {
        bail!(
            "two months are needed, one to learn from and one to be examined on; there are {} files of CSV",
            months.len()
        );
    };
    let table = Dataset::new();
    let mut all = Count::default();
    for (split, name) in before.iter().map(|name| ("train", name)).chain([("eval", last)]) {
        let file = table.create(&format!("{split}/{name}"))?;
        let count = write(name, &flights.open(name)?.read_bytes()?, known, Some(outcome), file.writer())?;
        info!("{split}: {} flights of {name}, {} that never arrived left out", count.rows, count.left_out);
        all.rows += count.rows;
        all.left_out += count.left_out;
    }
    table.set_property("rows", &Value::Int(all.rows as i64))?;
    table.set_display_name("Flights that landed")?;
    Ok(History { table, rows: all.rows, left_out: all.left_out })
}

fn table(flights: &Dataset, known: &Known, outcome: Option<&Outcome<'_>>, name: &str) -> Result<Joined> {
    let table = Dataset::new();
    let count = write(name, &flights.read_bytes()?, known, outcome, table.writer())?;
    info!("{}: {} rows, {} that never arrived left out", name.to_lowercase(), count.rows, count.left_out);
    table.set_property("rows", &Value::Int(count.rows as i64))?;
    table.set_display_name(name)?;
    Ok(Joined { table, rows: count.rows })
}

fn write(
    name: &str,
    flights: &[u8],
    known: &Known,
    outcome: Option<&Outcome<'_>>,
    mut to: impl Write,
) -> Result<Count> {
    let count = join(name, flights, known, outcome, &mut to).map_err(Error::new)?;
    to.flush()?;
    Ok(count)
}
