//! `weft call`

use crate::common::{Folder, component};

#[test]
fn a_step_runs_alone() {
    let folder = Folder::default();
    folder.file("table.csv", "a,b\n1,2\n");
    let trivial = component("trivial");
    let trivial = trivial.display();
    let first = folder.seen(&format!("call {trivial}#copy --with input=table.csv -o out"));
    let again = folder.seen(&format!("test {trivial}#copy --with input=table.csv"));
    insta::assert_snapshot!(format!("{first}\n{again}"));
    assert_eq!(std::fs::read_to_string(folder.path().join("out/data")).unwrap(), "a,b\n1,2\n");
    let sum = folder.json(&format!("call {trivial}#add -w a=40 -w b=2 --json"));
    assert_eq!(sum["outputs"]["sum"]["parameter"], 42);
}

#[test]
fn lists_of_artifacts_take_a_file_each_time_and_lists_of_values_json() {
    let folder = Folder::default();
    let trivial = component("trivial");
    let trivial = trivial.display();
    for (name, text) in [("a.csv", "first\n"), ("b.csv", "second\n"), ("c.csv", "third\n")] {
        folder.file(name, text);
    }
    let several =
        folder.seen(&format!("call {trivial}#concat -w parts=b.csv -w parts=a.csv -w parts=c.csv -o out --jobs 1"));
    let one = folder.seen(&format!("call {trivial}#concat -w parts=a.csv -o one"));
    let values = folder.seen(&format!("call {trivial}#measure -w values=[[\"loss\",0.5],[\"accuracy\",1]]"));
    insta::assert_snapshot!([several, one, values].join("\n\n"));
    // In the order in which they were given.
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(read("out/data"), "second\nfirst\nthird\n");
    assert_eq!(read("one/data"), "first\n");
    // The same file twice is two parts.
    folder.ok(&format!("call {trivial}#concat -w parts=a.csv -w parts=a.csv -o twice"));
    assert_eq!(read("twice/data"), "first\nfirst\n");
}

#[test]
fn its_runs_are_no_runs_of_a_pipeline_of_that_name() {
    let folder = Folder::default();
    folder.ok(&format!("call {}#add -w a=1 -w b=2", component("trivial").display()));
    let runs = folder.json("runs --json");
    assert_eq!(runs[0]["pipeline"], "call-trivial");
}

#[test]
fn what_cannot_be_called_is_told() {
    let folder = Folder::default();
    let trivial = component("trivial");
    let trivial = trivial.display();
    let seen: Vec<String> = [
        "call nothing.wasm".to_owned(),
        format!("call {trivial}"),
        format!("call {trivial}#ad"),
        format!("call {trivial}#add"),
        format!("call {trivial}#add -w a=1 -w c=2"),
        format!("call {trivial}#add -w a=1 -w b=two"),
        format!("call {trivial}#add -w a=1 -w b"),
        format!("call {trivial}#count -w input=nowhere.csv"),
        format!("call {trivial}#concat"),
        format!("call {trivial}#concat -w parts=nowhere.csv"),
        format!("call {trivial}#add -w a=1 -w a=2 -w b=3"),
        format!("call {trivial}#count -w input=a.csv -w input=b.csv"),
        format!("call {trivial}#measure -w values=[] -w values=[]"),
        format!("call {trivial}#measure -w values=loss"),
        format!("call {trivial}#measure -w values=[[\"loss\",\"low\"]]"),
        format!("call {trivial}#fail -w message=no"),
    ]
    .iter()
    .map(|arguments| folder.seen(arguments))
    .collect();
    insta::assert_snapshot!(seen.join("\n\n"));
}
