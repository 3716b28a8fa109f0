//! Properties, metrics and documents.

use crate::weft::component::types::{RocPoint, Value};
use crate::{
    Artifact, ClassificationMetrics, Classified, Dataset, Description, Documents, Html, Markdown, Measured, Metrics,
    OneDataset, SlicedClassificationMetrics, text,
};

pub fn annotate(name: &str, properties: &[(&str, Value)]) -> Result<OneDataset, String> {
    let data = Dataset::new();
    data.set_display_name(name).map_err(text)?;
    for (key, value) in properties {
        data.set_property(key, value).map_err(text)?;
    }
    data.append(b"annotated").map_err(text)?;
    Ok(OneDataset { data })
}

pub fn describe(input: &Artifact) -> Description {
    let properties = input.properties();
    Description {
        type_name: input.type_name(),
        uri: input.uri(),
        display_name: input.display_name(),
        length: input.length(),
        is_directory: input.is_directory(),
        properties: properties.into_iter().map(|(name, value)| (name, written(&value))).collect(),
        entries: input.entries().into_iter().map(|entry| (entry.name, entry.length)).collect(),
        has_path: input.path().is_some(),
    }
}

fn written(value: &Value) -> String {
    match value {
        Value::Int(value) => format!("int {value}"),
        Value::Double(value) => format!("double {value}"),
        Value::String(value) => format!("string {value}"),
        Value::Bool(value) => format!("bool {value}"),
        Value::List(value) => format!("list {value}"),
        Value::Struct(value) => format!("struct {value}"),
    }
}

pub fn measure(values: &[(String, f64)]) -> Result<Measured, String> {
    let metrics = Metrics::new();
    for (name, value) in values {
        metrics.log(name, *value).map_err(text)?;
    }
    Ok(Measured { metrics, count: values.len() as u32 })
}

pub fn classify() -> Result<Classified, String> {
    let curve = [
        RocPoint { threshold: 0.9, true_positive_rate: 0.0, false_positive_rate: 0.0 },
        RocPoint { threshold: 0.5, true_positive_rate: 0.75, false_positive_rate: 0.25 },
    ];
    let last = RocPoint { threshold: 0.0, true_positive_rate: 1.0, false_positive_rate: 1.0 };
    let categories = ["cat".to_owned(), "dog".to_owned()];
    let matrix = [vec![9, 1], vec![2, 8]];

    let classification = ClassificationMetrics::new();
    classification.log_roc_curve(&curve).map_err(text)?;
    classification.log_roc_point(last).map_err(text)?;
    classification.log_confusion_matrix(&categories, &matrix).map_err(text)?;

    let sliced = SlicedClassificationMetrics::new();
    for slice in ["island=a", "island=b"] {
        sliced.log_roc_curve(slice, &curve).map_err(text)?;
        sliced.log_roc_point(slice, last).map_err(text)?;
        sliced.log_confusion_matrix(slice, &categories, &matrix).map_err(text)?;
    }
    Ok(Classified { classification, sliced })
}

pub fn render(title: &str) -> Result<Documents, String> {
    let page = Html::new();
    page.set_text(&format!("<!doctype html><title>{title}</title><h1>{title}</h1>")).map_err(text)?;
    let note = Markdown::new();
    note.set_text(&format!("# {title}\n")).map_err(text)?;
    Ok(Documents { page, note })
}
