//! Plain values as metadata properties.

use std::fmt::Write;

use crate::types::Value;

impl Value {
    /// A list of texts.
    pub fn strings<S: AsRef<str>>(items: impl IntoIterator<Item = S>) -> Self {
        let items: Vec<String> = items.into_iter().map(|item| quoted(item.as_ref())).collect();
        Self::List(format!("[{}]", items.join(",")))
    }
}

/// A text as a JSON string.
fn quoted(text: &str) -> String {
    let mut json = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => json.extend(['\\', letter]),
            letter if letter < ' ' => _ = write!(json, "\\u{:04x}", u32::from(letter)),
            letter => json.push(letter),
        }
    }
    json + "\""
}

macro_rules! from {
    ($($plain:ty => $value:ident),+ $(,)?) => {$(
        impl From<$plain> for Value {
            fn from(plain: $plain) -> Self {
                Self::$value(plain.into())
            }
        }
    )+};
}

from!(i64 => Int, i32 => Int, u32 => Int, f64 => Double, f32 => Double, bool => Bool, String => String, &str => String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_values_become_properties() {
        assert!(matches!(Value::from(7_u32), Value::Int(7)));
        assert!(matches!(Value::from("seven"), Value::String(text) if text == "seven"));
        assert!(matches!(Value::from(true), Value::Bool(true)));
        let list = Value::strings(["plain", "a \"b\" \\ \n", "ü"]);
        assert!(matches!(list, Value::List(json) if json == r#"["plain","a \"b\" \\ \u000a","ü"]"#));
    }
}
