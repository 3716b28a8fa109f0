//! Small well-behaved steps. Each function's contract stands in `wit/world.wit`.

#![allow(clippy::too_many_arguments, reason = "one parameter of every type")]

mod bytes;
mod documents;
mod files;
mod system;

wit_bindgen::generate!({ path: ["../../../wit", "wit"], world: "test:trivial/trivial", generate_all });

use weft::component::types::{Error, Value};

struct Component;
export!(Component);

/// The error of a handle as a text.
fn text(error: Error) -> String {
    error.to_string()
}

impl Guest for Component {
    fn noop() -> Number {
        Number { value: 0 }
    }
    fn nothing() {}
    fn add(a: i64, b: i64) -> Total {
        Total { sum: a.checked_add(b).expect("the sum is out of range") }
    }
    fn fail(message: String) -> Result<Number, String> {
        Err(message)
    }
    fn check(ok: bool) -> Result<(), String> {
        if ok { Ok(()) } else { Err("it was not ok".to_owned()) }
    }
    fn fail_with(failure: Failure) -> Result<Number, Failure> {
        Err(failure)
    }
    fn echo(
        a_bool: bool,
        an_s8: i8,
        a_u8: u8,
        an_s16: i16,
        a_u16: u16,
        an_s32: i32,
        a_u32: u32,
        an_s64: i64,
        a_u64: u64,
        an_f32: f32,
        an_f64: f64,
        a_char: char,
        a_string: String,
        an_enum: Color,
        some_flags: Permissions,
        an_option: Option<u32>,
        a_list: Vec<i32>,
        nested: Vec<Vec<String>>,
        a_tuple: (u8, String, bool),
        a_record: Point,
        a_variant: Shape,
        a_map: Vec<(String, f64)>,
    ) -> Echoed {
        Echoed {
            a_bool,
            an_s8,
            a_u8,
            an_s16,
            a_u16,
            an_s32,
            a_u32,
            an_s64,
            a_u64,
            an_f32,
            an_f64,
            a_char,
            a_string,
            an_enum,
            some_flags,
            an_option,
            a_list,
            nested,
            a_tuple,
            a_record,
            a_variant,
            a_map,
        }
    }

    fn generate(bytes: u64, seed: u64) -> Result<OneDataset, String> {
        bytes::generate(bytes, seed)
    }
    fn copy(input: &Artifact) -> Result<OneDataset, String> {
        bytes::copy(input)
    }
    fn count(input: &Dataset) -> Result<Content, String> {
        bytes::count(input)
    }
    fn write_text(text: String) -> Result<OneDataset, String> {
        bytes::write_text(&text)
    }
    fn slice(input: &Dataset, offset: u64, length: u64) -> Result<OneDataset, String> {
        bytes::slice(input, offset, length)
    }
    fn sparse(length: u64) -> Result<OneDataset, String> {
        bytes::sparse(length)
    }
    fn concat(parts: Vec<Dataset>) -> Result<OneDataset, String> {
        bytes::concat(&parts)
    }
    fn scatter(input: &Dataset, parts: u32) -> Result<Several, String> {
        bytes::scatter(input, parts)
    }
    fn optional(input: Option<&Dataset>, make: bool, name: Option<String>) -> Result<Maybe, String> {
        bytes::optional(input, make, name)
    }
    fn take(input: Dataset) -> Result<Content, String> {
        bytes::count(&input)
    }

    fn make_dir(files: u32, bytes: u64) -> Result<OneDataset, String> {
        files::make_dir(files, bytes)
    }
    fn sum_dir(input: &Dataset) -> Result<Directory, String> {
        files::sum_dir(input)
    }
    fn write_by_path(text: String, as_directory: bool) -> Result<OneDataset, String> {
        files::write_by_path(&text, as_directory)
    }
    fn read_by_path(input: &Artifact) -> Result<Found, String> {
        files::read_by_path(input)
    }
    fn copy_by_path(input: &Dataset) -> Result<OneDataset, String> {
        files::copy_by_path(input)
    }
    fn write_both_ways(first: String, second: String, handle_first: bool) -> Result<OneDataset, String> {
        files::write_both_ways(&first, &second, handle_first)
    }

    fn annotate(
        name: String,
        int: i64,
        double: f64,
        text: String,
        truth: bool,
        items: String,
        fields: String,
    ) -> Result<OneDataset, String> {
        let properties = [
            ("int", Value::Int(int)),
            ("double", Value::Double(double)),
            ("text", Value::String(text)),
            ("truth", Value::Bool(truth)),
            ("items", Value::List(items)),
            ("fields", Value::Struct(fields)),
        ];
        documents::annotate(&name, &properties)
    }
    fn describe(input: &Artifact) -> Description {
        documents::describe(input)
    }
    fn measure(values: Vec<(String, f64)>) -> Result<Measured, String> {
        documents::measure(&values)
    }
    fn classify() -> Result<Classified, String> {
        documents::classify()
    }
    fn render(title: String) -> Result<Documents, String> {
        documents::render(&title)
    }
    fn read_documents(page: &Html, note: &Markdown) -> Result<Texts, String> {
        Ok(Texts { page: page.text().map_err(text)?, note: note.text().map_err(text)? })
    }

    fn report(message: String, steps: u64) {
        system::report(&message, steps);
    }
    fn print(text: String, lines: u32) {
        system::print(&text, lines);
    }
    fn entropy() -> Result<EntropySeen, String> {
        system::entropy()
    }
    fn sleep(ms: u64) -> Slept {
        system::sleep(ms)
    }
    fn await_file(path: String) -> Slept {
        system::await_file(&path)
    }
    fn use_memory(bytes: u64) -> Result<Content, String> {
        system::use_memory(bytes)
    }
}
