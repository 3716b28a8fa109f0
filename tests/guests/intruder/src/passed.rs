//! Values that are handed to the host in a form that the bindings would never give them.

use crate::{ClassificationMetrics, Dataset};

type Answer = Result<String, String>;

#[link(wasm_import_module = "weft:component/run@0.1.0")]
unsafe extern "C" {
    #[link_name = "log"]
    fn raw_log(level: u32, address: u32, length: u32);
}

#[link(wasm_import_module = "weft:component/artifacts@0.1.0")]
unsafe extern "C" {
    #[link_name = "[method]dataset.read"]
    fn raw_read(handle: u32, offset: u64, length: u64, into: u32);
    #[link_name = "[method]dataset.append"]
    fn raw_append(handle: u32, address: u32, length: u32, into: u32);
    #[link_name = "[method]classification-metrics.log-roc-curve"]
    fn raw_curve(handle: u32, address: u32, count: u32, into: u32);
}

/// Room for a result.
fn room() -> Vec<u64> {
    vec![0; 16]
}

pub fn log(level: u32, address: u32, length: u32) -> Answer {
    // SAFETY: what is wrong with the arguments is what is tried; the host is to refuse it.
    unsafe { raw_log(level, address, length) };
    Ok("logged".to_owned())
}

pub fn read_into(input: &Dataset, address: u32) -> Answer {
    // SAFETY: as above.
    unsafe { raw_read(input.handle(), 0, 10, address) };
    Ok("read".to_owned())
}

pub fn append_at(address: u32, length: u32) -> Answer {
    let (data, room) = (Dataset::new(), room());
    // SAFETY: as above.
    unsafe { raw_append(data.handle(), address, length, room.as_ptr() as u32) };
    Ok("appended".to_owned())
}

pub fn curve_at(address: u32, count: u32) -> Answer {
    let (curve, room) = (ClassificationMetrics::new(), room());
    // SAFETY: as above.
    unsafe { raw_curve(curve.handle(), address, count, room.as_ptr() as u32) };
    Ok("logged".to_owned())
}
