//! Functions at the edge of what a step may look like. Their signatures are the point: see `wit/world.wit`.

wit_bindgen::generate!({ path: ["../../../wit", "wit"], world: "test:odd/odd", generate_all });

struct Component;
export!(Component);

impl Guest for Component {
    fn plain(value: u32) -> Number {
        Number { value }
    }
    fn bare(value: u32) -> u32 {
        value
    }
    fn bare_dataset() -> Dataset {
        Dataset::new()
    }
    fn bare_result(ok: bool) -> Result<String, String> {
        if ok { Ok("fine".to_owned()) } else { Err("not fine".to_owned()) }
    }
    fn nested_output() -> Many {
        Many { all: vec![Labelled { name: "one".to_owned(), data: Dataset::new() }] }
    }
    fn nested_input(parts: Vec<(String, Dataset)>) -> Number {
        Number { value: parts.len() as u32 }
    }
    fn file_input(file: &File) -> Number {
        Number { value: file.length() as u32 }
    }
    fn nested_result() -> Outcome {
        Outcome { inner: Err("inside".to_owned()) }
    }
}

impl exports::test::odd::helpers::Guest for Component {
    fn help() -> String {
        "no step".to_owned()
    }
}
