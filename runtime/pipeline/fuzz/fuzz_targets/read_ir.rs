//! Any text, taken for a pipeline in KFP's format: it is read or refused, checked, and written such that it reads as the same again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use weft_pipeline::diagnostic::Diagnostic;
use weft_pipeline::ir::{check::check, read, write};

fuzz_target!(|text: &str| {
    read::looks_like_ir(text);
    let found = match read::read_pipeline(text) {
        Ok(found) => found,
        Err(problems) => {
            assert!(problems.iter().any(Diagnostic::is_error), "refused for no reason");
            return;
        }
    };
    let problems = check(&found.pipeline);
    if problems.iter().any(Diagnostic::is_error) {
        return;
    }
    // What cannot be written in the same number of components is written in more: the second time nothing changes any more.
    let once = again(&write::write(&found.pipeline).to_yaml());
    let twice = again(&write::write(&once).to_yaml());
    assert_eq!(once, twice);
    assert!(write::write(&once).to_json().is_object());
});

fn again(text: &str) -> weft_pipeline::model::Pipeline {
    match read::read_pipeline(text) {
        Ok(found) => found.pipeline.without_places(),
        Err(problems) => panic!("{problems:#?}\n{text}"),
    }
}
