//! Handles that are used as they may not be. The bindings' types would keep it from that; numbers do not.

use crate::weft::component::types::Value;
use crate::{Dataset, Model, OneDataset, TwoDatasets};

type Answer = Result<String, String>;

/// A handle with this number.
fn forged(number: u32) -> Dataset {
    // SAFETY: it forges handles on purpose; the host is to refuse what it should not do.
    unsafe { Dataset::from_handle(number) }
}

fn read(data: &Dataset) -> Answer {
    let bytes = data.read(0, 100).map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

pub fn use_after_drop() -> Answer {
    let data = Dataset::new();
    let number = data.handle();
    drop(data);
    let gone = std::mem::ManuallyDrop::new(forged(number));
    read(&gone)
}

pub fn drop_twice() -> Answer {
    let data = Dataset::new();
    let number = data.handle();
    drop(data);
    drop(forged(number));
    Ok("dropped twice".to_owned())
}

pub fn return_twice() -> TwoDatasets {
    let first = Dataset::new();
    let second = forged(first.handle());
    TwoDatasets { first, second }
}

pub fn return_dropped() -> OneDataset {
    let data = Dataset::new();
    let number = data.handle();
    drop(data);
    OneDataset { data: forged(number) }
}

pub fn return_number(number: u32) -> OneDataset {
    OneDataset { data: forged(number) }
}

pub fn try_handles(input: &Dataset, most: u32) -> Answer {
    let mut found = Vec::new();
    for number in 0..most {
        if number != input.handle() {
            let other = std::mem::ManuallyDrop::new(forged(number));
            found.push(read(&other)?);
        }
    }
    Ok(found.join(" "))
}

pub fn return_other_kind() -> crate::OneModel {
    let data = std::mem::ManuallyDrop::new(Dataset::new());
    // SAFETY: as above.
    crate::OneModel { made: unsafe { Model::from_handle(data.handle()) } }
}

pub fn keep_lent(input: &Dataset) -> Answer {
    // The bindings give a lent handle back by dropping it. Another number is dropped in its place, which leaves it lent.
    let mine = Dataset::new();
    // SAFETY: `input` is a handle behind a pointer, as all of these types are; the host is to refuse what it should not do.
    unsafe { std::ptr::swap(std::ptr::from_ref(input).cast_mut(), std::ptr::from_ref(&mine).cast_mut()) };
    std::mem::forget(mine);
    Ok("kept".to_owned())
}

pub fn write_after_artifact() -> Answer {
    let data = Dataset::new();
    let file = data.create("file").map_err(|error| error.to_string())?;
    drop(data);
    file.append(b"late").map_err(|error| error.to_string())?;
    drop(file);
    Ok("written".to_owned())
}

pub fn name_output(name: &str) -> Result<OneDataset, String> {
    let data = Dataset::new();
    data.set_display_name(name).map_err(|error| error.to_string())?;
    data.set_property(name, &Value::String(name.to_owned())).map_err(|error| error.to_string())?;
    data.create("plain").and_then(|file| file.append(name.as_bytes())).map_err(|error| error.to_string())?;
    // Some names are no names of files; then it has none.
    let _ = data.create(name).map(drop);
    Ok(OneDataset { data })
}
