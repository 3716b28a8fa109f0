//! Constants that hold placeholders, as bindings.
//!
//! Text with placeholders is a [`Binding::Template`] as it is. In a list or a struct the placeholders stand inside strings: such a
//! constant becomes a template of its JSON, whose placeholders are told to escape what they stand for, and a selector that parses it.

use serde_json::Value;

use crate::model::Binding;

/// The selector that makes the value of a template that is JSON.
pub const PARSE: &str = "parseJson(string_value)";

/// What is added to a placeholder inside a JSON string.
const ESCAPE: &str = ".json_escape[1]";

/// The binding for a constant, and the selector that goes with it.
pub fn binding(constant: Value) -> (Binding, Option<String>) {
    match constant {
        Value::String(text) if text.contains("{{$") => (Binding::Template(text), None),
        value @ (Value::Array(_) | Value::Object(_)) if holds_placeholder(&value) => {
            let mut json = String::new();
            write(&value, &mut json);
            (Binding::Template(json), Some(PARSE.to_owned()))
        }
        value => (Binding::Literal(value), None),
    }
}

/// The constant that [`binding`] made such a template of; none if it was not made by it.
pub fn constant(template: &str, select: Option<&str>) -> Option<Value> {
    match select {
        None => Some(Value::String(template.to_owned())),
        Some(PARSE) if template.contains(ESCAPE) => {
            let value: Value = serde_json::from_str(&template.replace(ESCAPE, "")).ok()?;
            // Someone else's, if it does not come out the same.
            (binding(value.clone()).0 == Binding::Template(template.to_owned())).then_some(value)
        }
        Some(_) => None,
    }
}

fn holds_placeholder(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains("{{$"),
        Value::Array(items) => items.iter().any(holds_placeholder),
        Value::Object(fields) => fields.values().any(holds_placeholder),
        _ => false,
    }
}

fn write(value: &Value, json: &mut String) {
    match value {
        Value::String(text) => text_with_placeholders(text, json),
        Value::Array(items) => {
            json.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    json.push(',');
                }
                write(item, json);
            }
            json.push(']');
        }
        Value::Object(fields) => {
            json.push('{');
            for (i, (name, value)) in fields.iter().enumerate() {
                if i > 0 {
                    json.push(',');
                }
                json.push_str(&Value::String(name.clone()).to_string());
                json.push(':');
                write(value, json);
            }
            json.push('}');
        }
        plain => json.push_str(&plain.to_string()),
    }
}

/// A JSON string in which each placeholder, the quotes of its name made single ones, escapes what it stands for.
fn text_with_placeholders(text: &str, json: &mut String) {
    json.push('"');
    let mut rest = text;
    while let Some(start) = rest.find("{{$") {
        let Some(end) = rest[start..].find("}}").map(|end| start + end) else { break };
        inside_string(&rest[..start], json);
        let placeholder = &rest[start..end];
        if placeholder.contains('\\') || placeholder.contains(char::is_control) {
            inside_string(placeholder, json);
        } else {
            json.push_str(&placeholder.replace('"', "'"));
            json.push_str(ESCAPE);
        }
        json.push_str("}}");
        rest = &rest[end + 2..];
    }
    inside_string(rest, json);
    json.push('"');
}

/// Text as it stands between the quotes of a JSON string.
fn inside_string(text: &str, json: &mut String) {
    let quoted = Value::String(text.to_owned()).to_string();
    json.push_str(&quoted[1..quoted.len() - 1]);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn constants_with_placeholders_become_templates_and_back() {
        let x = "{{$.inputs.parameters['x']}}";
        assert_eq!(binding(json!(x)), (Binding::Template(x.to_owned()), None));
        assert_eq!(binding(json!([1, "a"])), (Binding::Literal(json!([1, "a"])), None));
        let nested = json!({"a": [x, format!("say \"{x}\"!"), 2], "b": {"c": null}});
        let (Binding::Template(text), select) = binding(nested.clone()) else { panic!() };
        assert_eq!(
            text,
            r#"{"a":["{{$.inputs.parameters['x'].json_escape[1]}}","say \"{{$.inputs.parameters['x'].json_escape[1]}}\"!",2],"b":{"c":null}}"#
        );
        assert_eq!(select.as_deref(), Some(PARSE));
        assert_eq!(constant(&text, select.as_deref()), Some(nested));
        assert_eq!(constant(x, None), Some(json!(x)));
        assert_eq!(constant("[\"{{$.x}}\"]", Some(PARSE)), None);
    }

    #[test]
    fn what_is_no_placeholder_stays() {
        for odd in [json!(["{{$"]), json!(["{{$ }} {{$"]), json!(["{{$\n}}", "{{$.a[\"b\"]}}"]), json!([["{{$\\}}"]])] {
            let (Binding::Template(text), _) = binding(odd.clone()) else { panic!() };
            assert!(serde_json::from_str::<Value>(&text).is_ok(), "{text}");
        }
    }
}
