//! Each mistake that an author can make in WIT, and what is said of it.

use std::fmt::Write as _;

use super::*;

/// What is said of a component whose `wit/world.wit` has this text.
fn said(text: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    crate::scaffold::vendor(dir.path()).unwrap();
    std::fs::write(dir.path().join("wit/world.wit"), text).unwrap();
    let problems = match read(dir.path(), Language::Rust, None) {
        Ok(interface) => interface.check().1,
        Err(Error::Problems(problems)) => problems,
        Err(error) => {
            return format!("{error}\n  {}", error.hint().unwrap_or_default())
                .replace(&*dir.path().to_string_lossy(), "");
        }
    };
    let mut out = String::new();
    for Problem { source, diagnostic } in problems {
        let at = diagnostic.at.expect("every problem has a place");
        let line = source.text.lines().nth(at.line as usize - 1).unwrap_or_default();
        let marked: String = line.chars().skip(at.column as usize - 1).take(diagnostic.length as usize).collect();
        let file = source.shown.rsplit_once("/wit/").map_or(source.shown.as_str(), |(_, file)| file);
        _ = writeln!(out, "{file}:{}:{} `{marked}`: {}", at.line, at.column, diagnostic.message);
        if let Some(hint) = diagnostic.hint {
            _ = writeln!(out, "  {hint}");
        }
    }
    out
}

/// The same with a world around it that uses some kinds.
fn said_in_world(items: &str) -> String {
    said(&format!(
        "package acme:w;\nworld w {{\n    include weft:component/imports@0.1.0;\n    \
         use weft:component/artifacts@0.1.0.{{dataset, model, file}};\n    {items}\n}}\n"
    ))
}

#[test]
fn what_is_right_is_not_minded() {
    assert_eq!(
        said_in_world(
            "record r { model: option<model>, all: list<dataset>, n: u8, words: list<tuple<string, f64>> }
             export a: func(data: borrow<dataset>, more: list<borrow<dataset>>, base: option<model>, n: option<u32>) -> result<r, string>;
             export b: func() -> result<dataset>;
             export c: func(data: dataset) -> f64;
             export d: func() -> result;"
        ),
        ""
    );
}

#[test]
fn types_of_ones_own_are_kinds() {
    let text = |method: &str| {
        format!(
            "package acme:w;
interface types {{ use weft:component/types@0.1.0.{{error}};
    resource embedding-index {{ constructor(); append: func(bytes: list<u8>) -> result<_, error>; {method} }} }}
world w {{ import types; use types.{{embedding-index}}; export build: func() -> embedding-index; }}"
        )
    };
    assert_eq!(said(&text("")), "");
    insta::assert_snapshot!(said(&text("search: func(query: string) -> u64;")));
}

#[test]
fn syntax_errors_have_places() {
    insta::assert_snapshot!(
        [
            said("package acme:w;\n\nworld w {\n    export train: func()\n}\n"),
            said("package acme:w;\nworld w { export Train: func(); }\n")
        ]
        .join("\n")
    );
}

#[test]
fn unknown_names_have_places_and_advice() {
    insta::assert_snapshot!(
        [
            said_in_world("export train: func(data: borrow<datset>);"),
            said_in_world("export train: func(data: borrow<metrics>);"),
            said_in_world("record trained { model: model }\n    export train: func() -> result<traind, string>;"),
            said("package acme:w;\nworld w { use weft:component/artifacts@0.1.0.{datset}; export train: func(); }\n"),
            said("package acme:w;\nworld w { include weft:componet/imports@0.1.0; export train: func(); }\n"),
            said("package acme:w;\nworld w { include weft:component/import@0.1.0; export train: func(); }\n")
        ]
        .join("\n")
    );
}

#[test]
fn what_cannot_be_a_step_says_why() {
    insta::assert_snapshot!(
        [said_in_world("export train: async func(data: borrow<dataset>);"),
            said_in_world("export train: func(source: borrow<file>);"),
            said_in_world("record pair { a: dataset, b: dataset }\n    export train: func(pair: pair);"),
            said_in_world("export train: func() -> tuple<model, f64>;"),
            said_in_world("export train: func() -> borrow<model>;"),
            said_in_world("record trained { model: model, log: stream<u8> }\n    export train: func() -> trained;"),
            said_in_world("export train: func(last: result<f64, string>);"),
            said("package acme:w;\ninterface steps { resource net { constructor(); }\n train: func() -> net; }\nworld w { export steps; }\n")].join("\n")
    );
}

#[test]
fn several_mistakes_are_told_at_once() {
    insta::assert_snapshot!(said_in_world(
        "export a: async func();\n    export b: func() -> tuple<model>;\n    export c: func();"
    ));
}

#[test]
fn a_world_without_a_step_is_told() {
    insta::assert_snapshot!([said_in_world(""), said("package acme:w;\n")].join("\n"));
}

#[test]
fn of_several_worlds_one_must_be_chosen() {
    insta::assert_snapshot!(said("package acme:w;\nworld a { export x: func(); }\nworld b { export x: func(); }\n"));
}

#[test]
fn the_chosen_world_is_read() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("wit")).unwrap();
    std::fs::write(
        dir.path().join("wit/w.wit"),
        "package a:b; world one { export x: func(); } world two { export y: func(); }",
    )
    .unwrap();
    let step = |world| read(dir.path(), Language::C, Some(world)).map(|interface| interface.check().0[0].name.clone());
    assert_eq!(step("two").unwrap(), "y");
    assert_eq!(step("tow").unwrap_err().hint().unwrap(), "did you mean `two`?");
}
