//! Bindings to `weft:executors/programs`: programs that a command calls and that are components of their own.

wit_bindgen::generate!({ path: "wit", world: "caller" });

pub use weft::executors::programs::{Ended, names, run};
