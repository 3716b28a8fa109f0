//! Values of output parameters, from the file that a command wrote or from its `ExecutorOutput`.

use serde_json::Value;
use weft_pipeline::model::Format;
use weft_pipeline::types::{Mismatch, ParameterType};

use crate::guest_path::shorten;
use crate::python_json::{Unkept, parse};

/// The value in a parameter's file, by the declared type: a string is the whole text, numbers and booleans are parsed, lists
/// and structures are JSON.
pub(crate) fn from_file(ty: &ParameterType, text: &str) -> Result<Value, String> {
    let plain = |text: &str| ty.parse(text).map_err(|mismatch| reported(mismatch, ty));
    match ty {
        ParameterType::Option(inner) => from_file(inner, text),
        ParameterType::String => Ok(Value::from(text)),
        ParameterType::Char | ParameterType::Enum(_) => plain(text.trim_end_matches(['\n', '\r'])),
        // KFP's launcher reads booleans with Go's `strconv.ParseBool`, which accepts these too.
        ParameterType::Bool => match text.trim() {
            "1" | "t" | "T" => Ok(true.into()),
            "0" | "f" | "F" => Ok(false.into()),
            text => plain(text),
        },
        ParameterType::F32 | ParameterType::F64 => plain(text.trim()),
        simple if simple.integer_range().is_some() => plain(text.trim()),
        _ => {
            let (value, marks) = parse(text)
                .map_err(|error| format!("it is not JSON: {error}; it is {:?}", shorten(text.trim())))?
                .into_parts();
            let value = marks.settle(ty, &value).map_err(|Unkept { why, .. }| why)?;
            ty.coerce(value).map_err(|mismatch| reported(mismatch, ty))
        }
    }
}

/// A value of the `ExecutorOutput`, coerced to the declared type. As in KFP, a string may be given as a number, which becomes
/// its text, and a number as a string, which is parsed.
pub(crate) fn from_executor_output(ty: &ParameterType, value: &Value) -> Result<Value, String> {
    let mismatch = match ty.coerce(value.clone()) {
        Ok(value) => return Ok(value),
        Err(mismatch) => reported(mismatch, ty),
    };
    match (ty, value) {
        (ParameterType::String, value) => Ok(Value::String(value.to_string())),
        (ty, Value::String(text)) => from_file(ty, text).map_err(|_| mismatch),
        _ => Err(mismatch),
    }
}

/// A mismatch in KFP's terms, whose pipelines commands are of.
fn reported(mismatch: Mismatch, ty: &ParameterType) -> String {
    mismatch.in_terms_of(Format::Kfp, ty).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn files_are_read_by_type() {
        let read = |ty: &str, text: &str| from_file(&ty.parse().unwrap(), text);
        assert_eq!(read("string", " a\n"), Ok(json!(" a\n")));
        assert_eq!(read("string", "3"), Ok(json!("3")));
        assert_eq!(read("int", " 3\n"), Ok(json!(3)));
        assert_eq!(read("int", "-9223372036854775808"), Ok(json!(i64::MIN)));
        assert_eq!(read("float", "1e-3\n"), Ok(json!(0.001)));
        assert_eq!(read("float", "nan"), Ok(json!("NaN")));
        for (text, value) in [("True", true), ("false\n", false), ("1", true), ("F", false), ("TRUE", true)] {
            assert_eq!(read("bool", text), Ok(json!(value)), "{text}");
        }
        assert_eq!(read("list", r#"[1, 2.0, "a"]"#), Ok(json!([1, 2.0, "a"])));
        assert_eq!(read("dict", r#"{"a": {"b": null}}"#), Ok(json!({"a": {"b": null}})));
        for (ty, text) in
            [("int", "x"), ("int", ""), ("int", "1.5"), ("bool", "yes"), ("list", "['a']"), ("list", "{}")]
        {
            assert!(read(ty, text).is_err(), "{ty} {text}");
        }
        assert!(read("list", "['a']").unwrap_err().contains("not JSON"));
    }

    #[test]
    fn what_is_told_is_taken_as_kfp_takes_it() {
        let read = |ty: &str, value: Value| from_executor_output(&ty.parse().unwrap(), &value);
        assert_eq!(read("string", json!(3)), Ok(json!("3")));
        assert_eq!(read("int", json!("3")), Ok(json!(3)));
        assert_eq!(read("int", json!(3.0)), Ok(json!(3)));
        assert_eq!(read("float", json!(3)), Ok(json!(3.0)));
        assert_eq!(read("bool", json!("True")), Ok(json!(true)));
        assert_eq!(read("list", json!("[1]")), Ok(json!([1])));
        assert!(read("int", json!(3.5)).is_err());
        assert!(read("list", json!({"a": 1})).is_err());
    }
}
