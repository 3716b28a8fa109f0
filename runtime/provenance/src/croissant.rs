//! Croissant 1.1: a data set for those who load it.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::evidence::{Evidence, hex, time};

/// The description of a data set, whose files lie beside it: one as `file`, several in the folder of that name. `columns` are those of its
/// table, by file, if they are known.
pub fn croissant(evidence: &Evidence, file: &str, columns: &[(String, Vec<String>)]) -> Value {
    let subject = &evidence.subject;
    let made = time(evidence.maker().and_then(|step| step.ended_ms).unwrap_or_default());
    // A folder's files have their paths as ids, which have a slash.
    let files = subject.files.iter().enumerate();
    let ids: HashMap<&str, String> =
        files.map(|(n, one)| (one.path.as_str(), id_or(place(file, &one.path), || format!("file-{n}")))).collect();
    let distribution: Vec<Value> = subject
        .files
        .iter()
        .map(|one| {
            let url = place(file, &one.path);
            json!({
                "@type": "cr:FileObject", "@id": ids[one.path.as_str()], "name": url, "contentUrl": url,
                "contentSize": format!("{} B", one.size),
                "encodingFormat": if columns.iter().any(|(path, _)| *path == one.path) { "text/csv" } else { format(&url) }, "sha256": hex(&one.sha256),
            })
        })
        .collect();
    let records: Vec<Value> = columns
        .iter()
        .enumerate()
        .map(|(n, (path, names))| {
            let id = if n == 0 { "rows".to_owned() } else { format!("rows-{n}") };
            let fields: Vec<Value> = names
                .iter()
                .enumerate()
                .map(|(n, name)| {
                    let id = id_or(format!("{id}/{name}"), || format!("{id}-columns/{n}"));
                    json!({
                        "@type": "cr:Field", "@id": id, "name": name, "dataType": "sc:Text",
                        "source": { "fileObject": { "@id": ids.get(path.as_str()) }, "extract": { "column": name } },
                    })
                })
                .collect();
            json!({ "@type": "cr:RecordSet", "@id": id, "name": id, "field": fields })
        })
        .collect();
    json!({
        "@context": context(), "@type": "sc:Dataset", "name": subject.plain_name().replace('.', "-"),
        "description": format!("{} of the type {}", subject.name, subject.kind),
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "url": crate::HOME, "version": "1.0.0", "datePublished": made,
        "license": "https://spdx.org/licenses/", "creator": { "@type": "sc:Organization", "name": "unknown" },
        "distribution": distribution, "recordSet": records,
    })
}

/// A text as the id of something, or another one: mlcroissant 1.1 takes none with white space, whether or not it is escaped, and in IRIs much else has a
/// meaning of its own.
fn id_or(text: String, other: impl FnOnce() -> String) -> String {
    let is_plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "._-/".contains(c));
    if is_plain { text } else { other() }
}

fn place(file: &str, path: &str) -> String {
    if path.is_empty() { file.to_owned() } else { format!("{file}/{path}") }
}

fn format(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("csv") => "text/csv",
        Some("json") => "application/json",
        Some("jsonl") => "application/jsonlines",
        Some("parquet") => "application/x-parquet",
        _ => "application/octet-stream",
    }
}

/// The context that the specification gives.
fn context() -> Value {
    json!({
        "@language": "en", "@vocab": "https://schema.org/", "citeAs": "cr:citeAs", "column": "cr:column",
        "conformsTo": "dct:conformsTo", "cr": "http://mlcommons.org/croissant/", "rai": "http://mlcommons.org/croissant/RAI/",
        "data": { "@id": "cr:data", "@type": "@json" }, "dataType": { "@id": "cr:dataType", "@type": "@vocab" },
        "dct": "http://purl.org/dc/terms/", "equivalentProperty": "cr:equivalentProperty", "examples": { "@id": "cr:examples", "@type": "@json" }, "extract": "cr:extract",
        "field": "cr:field", "fileProperty": "cr:fileProperty", "fileObject": "cr:fileObject", "fileSet": "cr:fileSet",
        "format": "cr:format", "includes": "cr:includes", "isLiveDataset": "cr:isLiveDataset", "jsonPath": "cr:jsonPath",
        "key": "cr:key", "md5": "cr:md5", "parentField": "cr:parentField", "path": "cr:path", "recordSet": "cr:recordSet",
        "references": "cr:references", "regex": "cr:regex", "repeated": "cr:repeated", "replace": "cr:replace",
        "samplingRate": "cr:samplingRate", "sc": "https://schema.org/", "separator": "cr:separator", "source": "cr:source",
        "subField": "cr:subField", "transform": "cr:transform",
    })
}
