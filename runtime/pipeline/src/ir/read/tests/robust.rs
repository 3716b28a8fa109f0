//! Files that are meant to do harm, or came to it.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{EVERYTHING, one_task, read_right, shell};
use crate::ir::check::check;
use crate::ir::read::{MAX_ITEMS, read_pipeline};
use crate::testing::processor_time;
use crate::yaml;

#[test]
fn bombs_are_answered_at_once() {
    let aliases: String = (1..30).fold("a0: &a0 [x, x]\n".to_owned(), |all, i| {
        format!("{all}a{i}: &a{i} [{}]\n", format!("*a{},", i - 1).repeat(9))
    });
    let raw = |items: usize| {
        let items = json!({ "itemInput": "i", "items": { "raw": format!("[{}1]", "1,".repeat(items - 1)) } });
        let component = json!({ "inputDefinitions": { "parameters": { "i": { "parameterType": "NUMBER_INTEGER" } } } });
        one_task(&shell(), &component, &json!({ "parameterIterator": items }))
    };
    let bombs = [
        ("nested more than", format!("{{\"pipelineInfo\": {}", "[".repeat(100_000))),
        ("nested more than", format!("pipelineInfo: {}", "{a: ".repeat(100_000))),
        ("more than 400000 values", format!("pipelineInfo: {{ name: x }}\n{aliases}")),
        ("at most 4194304 are read", format!("pipelineInfo: {{ name: x }}\n{}", "#".repeat(5 << 20))),
        ("goes over 1000000 items", raw(1_000_000)),
        ("goes over 100001 items", raw(MAX_ITEMS + 1)),
    ];
    for (message, text) in bombs {
        let (read, took) = processor_time(|| read_pipeline(&text));
        let problems = read.expect_err(message);
        assert!(problems.iter().any(|problem| problem.message.contains(message)), "{message}: {problems:?}");
        assert!(took < Duration::from_secs(5), "{message}: {took:?}");
    }
    let read = read_right(&raw(MAX_ITEMS));
    assert_eq!(check(&read.pipeline), []);
}

#[test]
fn a_file_that_breaks_off_anywhere_is_answered() {
    // Every prefix that ends at a line, and some that do not.
    let mut ends: Vec<usize> = EVERYTHING.match_indices('\n').map(|(at, _)| at).collect();
    ends.extend((0..EVERYTHING.len()).step_by(211).filter(|end| EVERYTHING.is_char_boundary(*end)));
    for end in ends {
        if let Ok(read) = read_pipeline(&EVERYTHING[..end]) {
            check(&read.pipeline);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_damaged_file_is_answered(
        damage in prop::collection::vec((0..10_000_usize, "[ -~\n]{0,6}", 0..12_usize), 1..6),
    ) {
        let mut text = EVERYTHING.to_owned();
        for (at, insert, remove) in damage {
            let at = at % text.len();
            let end = (at + remove).min(text.len());
            text.replace_range(at..end, &insert);
        }
        if let Ok(read) = read_pipeline(&text) {
            check(&read.pipeline);
        }
    }

    /// Parts of a right file in each other's places.
    #[test]
    fn a_file_of_wrong_types_is_answered(swaps in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..5)) {
        let (spec, _) = EVERYTHING.split_once("---\n").unwrap();
        let mut value = yaml::value(spec).unwrap();
        for (from, to) in swaps {
            let mut paths = Vec::new();
            pointers(&value, String::new(), &mut paths);
            let part = value.pointer(from.get(paths.as_slice()).as_str()).unwrap().clone();
            // One into itself would double the file each time.
            if part.to_string().len() < 2_000 {
                *value.pointer_mut(to.get(paths.as_slice()).as_str()).unwrap() = part;
            }
        }
        if let Ok(read) = read_pipeline(&value.to_string()) {
            check(&read.pipeline);
        }
    }
}

/// Where every part of a value is.
fn pointers(value: &Value, path: String, all: &mut Vec<String>) {
    let escaped = |name: &str| name.replace('~', "~0").replace('/', "~1");
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                pointers(value, format!("{path}/{}", escaped(name)), all);
            }
        }
        Value::Array(items) => {
            for (i, value) in items.iter().enumerate() {
                pointers(value, format!("{path}/{i}"), all);
            }
        }
        _ => {}
    }
    all.push(path);
}
