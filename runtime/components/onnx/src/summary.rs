//! What a model is, to read.

use std::fmt::Write;

use models::{Format, Model, Port};

/// What stands in the outputs of `inspect`.
pub(crate) struct Lists {
    pub format: String,
    pub inputs: Vec<String>,
    pub outputs: Vec<String>,
    pub operators: Vec<String>,
    pub opsets: Vec<String>,
    /// Further lines.
    notes: Vec<String>,
}

/// Lists of what a model has.
pub(crate) fn lists(model: &Model) -> Lists {
    let mut lists = Lists {
        format: String::new(),
        inputs: model.inputs().iter().map(port).collect(),
        outputs: model.outputs().iter().map(port).collect(),
        operators: Vec::new(),
        opsets: Vec::new(),
        notes: Vec::new(),
    };
    match model.format() {
        Format::Onnx { producer, opsets, operators } => {
            lists.format = format!("ONNX of {}", if producer.is_empty() { "an unnamed producer" } else { &producer });
            lists.opsets = opsets.iter().map(|(domain, version)| format!("{domain} {version}")).collect();
            lists.operators = operators.into_iter().map(|(name, _)| name).collect();
        }
        Format::Booster { producer, objective, trees, nodes } => {
            lists.format = producer;
            lists.operators = vec![objective];
            lists.notes.push(format!("{trees} trees with {nodes} nodes"));
        }
        other => lists.format = format!("{other:?}"),
    }
    if let Some(classes) = model.classes() {
        let shown: Vec<String> = classes.iter().take(50).cloned().collect();
        lists.notes.push(format!("{} classes: {}", classes.len(), shown.join(", ")));
    }
    let names = model.inputs().iter().flat_map(|port| &port.columns).take(200).cloned().collect::<Vec<_>>();
    if !names.is_empty() {
        lists.notes.push(format!("features by name: {}", names.join(", ")));
    }
    lists
}

/// `X float[?, 20]`.
fn port(port: &Port) -> String {
    let kind = port.kind.map_or_else(|| "maps".to_owned(), |kind| kind.to_string());
    let shape = port.shape.as_ref().map_or_else(String::new, |shape| {
        let sizes: Vec<String> =
            shape.iter().map(|size| size.map_or_else(|| "?".to_owned(), |size| size.to_string())).collect();
        format!("[{}]", sizes.join(", "))
    });
    format!("{} {kind}{shape}", port.name)
}

/// The page.
pub(crate) fn markdown(name: &str, lists: &Lists, compared: Option<(u64, f64)>) -> String {
    let mut page = format!("# Model\n\n`{}`: {}\n", escaped(name), escaped(&lists.format));
    for note in &lists.notes {
        _ = write!(page, "\n- {}", escaped(note));
    }
    page.push('\n');
    for (title, items) in [
        ("Inputs", &lists.inputs),
        ("Outputs", &lists.outputs),
        ("Operators", &lists.operators),
        ("Operator sets", &lists.opsets),
    ] {
        if items.is_empty() {
            continue;
        }
        _ = write!(page, "\n## {title}\n\n");
        for item in items {
            _ = writeln!(page, "- `{}`", escaped(item));
        }
    }
    _ = match compared {
        Some((rows, tolerance)) => {
            write!(page, "\n{rows} rows were predicted as where the model was trained, to {tolerance}.\n")
        }
        None => {
            write!(page, "\nNothing was compared: give `against` the rows and predictions that came with the model.\n")
        }
    };
    page
}

/// Text that cannot end a span of code or begin a tag.
fn escaped(text: &str) -> String {
    text.replace(['`', '<', '\n', '\r'], "'")
}
