#!/usr/bin/env bash
# litemap 0.8.3 with its feature `serde` writes a map into JSON as an object, `{"a":1}`, and an empty one as a list, `[]`, which no reader takes that expects an
# object: the form of a field changes with its content. Its own reader takes both. Guess: an empty map of texts is `{}`, as `BTreeMap` writes it.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
mkdir -p maps/src
cat >maps/Cargo.toml <<'TOML'
[package]
name = "maps"
version = "0.0.0"
edition = "2021"
[dependencies]
litemap = { version = "=0.8.3", features = ["serde"] }
serde_json = "=1.0.154"
TOML
cat >maps/src/main.rs <<'RUST'
use std::collections::BTreeMap;

use litemap::LiteMap;

type Counts = LiteMap<String, i64>;
type Plain = BTreeMap<String, i64>;

fn main() {
    let empty = serde_json::to_string(&Counts::new_vec()).unwrap();
    let one = serde_json::to_string(&Counts::from_iter([("a".to_owned(), 1)])).unwrap();
    let plain = serde_json::to_string(&Plain::new()).unwrap();
    let read = serde_json::from_str::<Plain>(&empty).is_ok();
    let own = serde_json::from_str::<Counts>(&plain).is_ok() && serde_json::from_str::<Counts>(&empty).is_ok();
    println!("{one}, {empty}, {plain}, {read}, {own}");
}
RUST
cd maps
expect 'litemap 0.8.3: a map, an empty one, an empty BTreeMap, whether that reads what litemap wrote, whether litemap reads both' \
    "$(cargo run --quiet)" '{"a":1}, [], {}, false, true'
