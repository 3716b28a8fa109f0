//! Reading, checking and writing pipeline files, native ones and those of KFP.

#![no_main]

use libfuzzer_sys::fuzz_target;
use weft_pipeline::{check, ir, yaml};

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(pipeline) = yaml::read_pipeline(text) {
        _ = check::check(&pipeline);
        // What was read can be recorded and read again.
        let recorded = serde_json::to_value(&pipeline).expect("a pipeline is JSON");
        serde_json::from_value::<weft_pipeline::model::Pipeline>(recorded).expect("and is read again");
    }
    if let Ok(read) = ir::read::read_pipeline(text) {
        _ = ir::check::check(&read.pipeline);
        _ = ir::write::write(&read.pipeline);
    }
});
