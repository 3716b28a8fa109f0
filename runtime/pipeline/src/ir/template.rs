//! Constants with placeholders, as bindings.
//!
//! A text with placeholders is a [`Binding::Template`]. A list or a struct has them inside of strings: such a constant
//! becomes a template of its JSON, whose placeholders escape their values, and a selector that parses the result.

use serde_json::Value;

use crate::model::Binding;

/// The selector that parses the text of a JSON template.
pub const PARSE: &str = "parseJson(string_value)";

/// The suffix of a placeholder inside a JSON string.
const ESCAPE: &str = ".json_escape[1]";

/// The binding of a constant, and its selector.
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

/// The constant from which [`binding`] made a template; `None` if it did not.
pub fn constant(template: &str, select: Option<&str>) -> Option<Value> {
    match select {
        None => Some(Value::String(template.to_owned())),
        Some(PARSE) if template.contains(ESCAPE) => {
            let value: Value = serde_json::from_str(&template.replace(ESCAPE, "")).ok()?;
            // Verified by making the template again.
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

/// A JSON string whose placeholders escape their values, with single quotes around their names.
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

/// A text escaped for the inside of a JSON string.
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
