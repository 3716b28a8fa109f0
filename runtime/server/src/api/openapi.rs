//! The API's description: an `OpenAPI` document made of the table that the routes are made of, and the schemas beside this file.

use std::sync::LazyLock;

use axum::http::header;
use axum::response::IntoResponse;
use serde_json::{Map, Value, json};

use super::table::{About, Answer, Body, Operation, Parameter, ParameterKind};
use crate::error::Kind;
use crate::inference;

/// The schemas of what is sent and answered, by name.
const SCHEMAS: &str = include_str!("schemas.json");

/// The document as text. The table does not change while the process lives.
static DOCUMENT: LazyLock<String> = LazyLock::new(|| document_of(&all()).to_string());

/// All operations of the server.
fn all() -> Vec<Operation> {
    let (api, protocol) = (super::table(), inference::table());
    api.operations().iter().chain(protocol.operations()).cloned().collect()
}

pub(super) async fn document() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT.as_str())
}

/// The document that describes these operations.
fn document_of(operations: &[Operation]) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for operation in operations {
        let path = paths.entry(operation.path.clone()).or_insert_with(|| json!({}));
        path[operation.method.name()] = described(operation);
    }
    let schemas: Value = serde_json::from_str(SCHEMAS).unwrap_or_default();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "weft serve",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Kubeflow Pipelines' REST API v2beta1 over a store of weft, and the Open Inference Protocol for the models that it serves. Fields of requests may also be written in camelCase, \
                and integers as texts, as in the JSON of protocol buffers; what is empty is left out of answers.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "security": [{ "token": [] }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer", "description": "The token that `weft serve` made at its first start." } },
        },
    })
}

fn described(operation: &Operation) -> Value {
    let about = &operation.about;
    let in_path = names_in(&operation.path).map(
        |name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string", "minLength": 1 } }),
    );
    let parameters: Vec<Value> = in_path.chain(about.query.iter().map(parameter)).collect();
    let mut described = json!({
        "operationId": about.id,
        "summary": about.summary,
        "tags": [if about.answer == Answer::NotOffered { "NotOffered" } else { tag(about.id) }],
        "responses": responses(about),
    });
    if !parameters.is_empty() {
        described["parameters"] = parameters.into();
    }
    if about.open {
        described["security"] = json!([]);
    }
    if let Some(body) = about.body {
        described["requestBody"] = match body {
            Body::Json(schema) => {
                json!({ "required": true, "content": { "application/json": { "schema": reference(schema) } } })
            }
            Body::File => {
                let file = json!({
                    "type": "object",
                    "required": ["uploadfile"],
                    "properties": { "uploadfile": { "type": "string", "contentMediaType": "application/octet-stream" } },
                });
                json!({ "required": true, "content": { "multipart/form-data": { "schema": file } } })
            }
            Body::Bytes(kind) => json!({ "content": { kind: { "schema": {} } } }),
        };
    }
    described
}

/// The service that an operation belongs to, from its id.
fn tag(id: &str) -> &str {
    match id.split_once('_') {
        Some((service, _)) if service.ends_with("Service") => service,
        _ => "Others",
    }
}

/// The parameters in a path.
fn names_in(path: &str) -> impl Iterator<Item = &str> {
    path.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name)
}

fn parameter(parameter: &Parameter) -> Value {
    let Parameter { name, about, kind } = parameter;
    let schema = match kind {
        ParameterKind::Text => json!({ "type": "string" }),
        ParameterKind::Number => json!({ "type": "integer", "minimum": 0, "maximum": i32::MAX }),
        ParameterKind::Truth => json!({ "type": "boolean" }),
        ParameterKind::Texts => json!({ "type": "array", "items": { "type": "string" } }),
    };
    json!({ "name": name, "in": "query", "description": about, "schema": schema })
}

fn responses(about: &About) -> Value {
    let json = |text: &str, schema| json!({ "description": text, "content": { "application/json": { "schema": reference(schema) } } });
    let mut all = Map::new();
    let mut add = |status: &str, response| _ = all.insert(status.to_owned(), response);
    match about.answer {
        Answer::Json(schema) => add("200", json("It went well.", schema)),
        Answer::Text(kind) => {
            add(
                "200",
                json!({ "description": "It went well.", "content": { kind: { "schema": { "type": "string" } } } }),
            );
        }
        Answer::Delivered(schema) => {
            add("200", json("It was known already, and nothing new was started.", schema));
            add("202", json("A run was put into the queue.", schema));
        }
        Answer::Health(schema) => {
            add("200", json("It is so.", schema));
            add("503", json("It is not so.", schema));
        }
        Answer::Tensors(schema) => {
            let content = json!({
                "application/json": { "schema": reference(schema) },
                "application/octet-stream": {},
            });
            add("200", json!({ "description": "It went well.", "content": content }));
            add("500", json("The model failed.", about.refusal));
        }
        Answer::NotOffered => add("501", json("This server does not do that; the message says why.", about.refusal)),
    }
    add("4XX", json("The request is refused; the message says why.", about.refusal));
    if !matches!(about.answer, Answer::Health(_)) {
        let text = "The server is ending, or what is asked is not ready: ask again.";
        add(&Kind::Unavailable.status().to_string(), json(text, about.refusal));
    }
    Value::Object(all)
}

fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    /// All `$ref`s in a document, by the name that they lead to.
    fn references(value: &Value, into: &mut BTreeSet<String>) {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(target)) = fields.get("$ref") {
                    into.insert(target.rsplit('/').next().unwrap().to_owned());
                }
                fields.values().for_each(|field| references(field, into));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, into)),
            _ => {}
        }
    }

    #[test]
    fn every_operation_is_described_once_and_every_schema_is_there() {
        let operations = all();
        let document = document_of(&operations);
        let ids: BTreeSet<&str> = operations.iter().map(|operation| operation.about.id).collect();
        assert_eq!(ids.len(), operations.len(), "two operations have the same id");
        for operation in &operations {
            let described = &document["paths"][&operation.path][operation.method.name()];
            assert_eq!(described["operationId"], operation.about.id);
        }
        let mut used = BTreeSet::new();
        references(&document, &mut used);
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let known: BTreeSet<String> = schemas.keys().cloned().collect();
        assert_eq!(used, known, "schemas that are used, and that there are");
        // Where nothing is left open, an answer that has grown is found by whoever compares the two.
        for (name, schema) in schemas {
            let is_answer =
                !name.starts_with("New") && schema["type"] == "object" && schema.get("properties").is_some();
            assert!(!is_answer || schema["additionalProperties"] == false, "{name}");
        }
    }

    /// The router has no way to tell its routes, so the sources are asked: none is made but by the table.
    #[test]
    fn there_is_no_route_of_the_api_outside_of_the_table() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/api");
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            found.extend(
                code.lines().filter(|line| line.contains(".route(")).map(|line| format!("{name}: {}", line.trim())),
            );
        }
        found.sort();
        assert_eq!(found.len(), 2, "{found:#?}");
        assert!(found[0].contains("/apis/{*rest}") && found[1].starts_with("table.rs: "), "{found:#?}");
    }
}
