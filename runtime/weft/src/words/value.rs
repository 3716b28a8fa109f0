//! Values of inputs and outputs in few words.

use serde_json::Value;
use weft_pipeline::step::{Artifact, PortValue, PortValues};

use super::text;

/// Characters of a parameter that tables show.
const MAX_VALUE: usize = 40;
/// Characters of one that has a line of its own.
const MAX_LINE: usize = 400;
/// Hexadecimal digits of a digest that tables show: enough to name it.
const DIGITS: usize = 8;

/// Numbers of a metrics artifact that tables show.
const METRICS: usize = 3;
/// Where content of no bytes lies: what there is to say of such an artifact stands in its properties.
const EMPTY: &str = "blake3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262";

/// `accuracy=0.9767`, `model blake3:1a2b3c4d…`
pub fn items(values: &PortValues) -> Vec<String> {
    values.iter().map(|(name, value)| item(name, value)).collect()
}

fn item(name: &str, value: &PortValue) -> String {
    match value {
        PortValue::Parameter(value) => format!("{name}={}", parameter(value)),
        PortValue::Artifacts(artifacts) => match artifacts.as_slice() {
            [only] if only.uri == EMPTY => metadata_only(name, only),
            [only] => format!("{name} {}", short_uri(&only.uri)),
            several => format!("{name} [{} artifacts]", several.len()),
        },
    }
}

/// `metrics(accuracy=0.9767, loss=0.0815, …)`
fn metadata_only(name: &str, artifact: &Artifact) -> String {
    let numbers = artifact.properties.iter().filter(|(_, value)| value.is_number());
    let mut shown: Vec<String> =
        numbers.map(|(key, value)| format!("{}={}", text::one_line(key), parameter(value))).collect();
    if shown.len() > METRICS {
        shown.truncate(METRICS);
        shown.push("…".to_owned());
    }
    if shown.is_empty() { format!("{name} ({})", kind(artifact)) } else { format!("{name}({})", shown.join(", ")) }
}

/// A parameter's value, shortened so that others fit beside it.
pub fn parameter(value: &Value) -> String {
    within(value, MAX_VALUE)
}

/// A parameter's value for a line of its own: shortened only where it would fill a screen.
pub fn line(value: &Value) -> String {
    within(value, MAX_LINE)
}

fn within(value: &Value, most: usize) -> String {
    let text = match value {
        Value::Number(number) if !number.is_i64() && !number.is_u64() => {
            number.as_f64().map_or_else(|| number.to_string(), float)
        }
        Value::String(string) if is_word(string) => string.clone(),
        other => other.to_string(),
    };
    text::shorten(&text::one_line(&text), most).into_owned()
}

/// Whether a string can stand without quotes. `NaN`, `Infinity` and `-Infinity`, by which floats that are not finite are kept, can.
fn is_word(string: &str) -> bool {
    if string == "-Infinity" {
        return true;
    }
    string.starts_with(|c: char| c.is_alphabetic() || "/._".contains(c))
        && string.chars().all(|c| c.is_alphanumeric() || "-_./:+@".contains(c))
        && !matches!(string, "true" | "false" | "null")
}

/// Four digits behind the point, or as many as it takes for four that count.
fn float(value: f64) -> String {
    if value != 0.0 && !(0.001..1e9).contains(&value.abs()) {
        return format!("{value:.3e}");
    }
    let fixed = format!("{value:.4}");
    let trimmed = fixed.trim_end_matches('0');
    if trimmed.ends_with('.') { format!("{trimmed}0") } else { trimmed.to_owned() }
}

/// `blake3:1a2b3c4d…`
pub fn short_uri(uri: &str) -> String {
    match uri.split_once(':') {
        Some((scheme @ ("blake3" | "blake3-tree"), hex)) if hex.len() > DIGITS && hex.is_ascii() => {
            format!("{scheme}:{}…", &hex[..DIGITS])
        }
        _ => text::shorten(&text::one_line(uri), MAX_VALUE).into_owned(),
    }
}

/// One line about an artifact: `model blake3:1a2b3c4d…`
pub fn artifact(artifact: &Artifact) -> String {
    if artifact.uri == EMPTY {
        metadata_only(kind(artifact), artifact)
    } else {
        format!("{} {}", kind(artifact), short_uri(&artifact.uri))
    }
}

/// An artifact's kind by its short name.
pub fn kind(artifact: &Artifact) -> &str {
    artifact.kind.short()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn parameters_on_a_line_of_their_own_are_whole_up_to_a_screen() {
        assert_eq!(line(&json!("x".repeat(400))), "x".repeat(400));
        assert_eq!(line(&json!("x".repeat(401))), format!("{}…", "x".repeat(399)));
    }

    #[test]
    fn parameters_are_short() {
        let shown = [
            json!(0.976_744_186),
            json!(1.0),
            json!(0.25),
            json!(1e-7),
            json!(2.5e12),
            json!(-0.5),
            json!(42),
            json!("a/b.csv"),
            json!("NaN"),
            json!("-Infinity"),
            json!("two words"),
            json!("true"),
            json!("1"),
            json!(null),
            json!(["x", 1]),
            json!("x".repeat(100)),
        ]
        .map(|value| parameter(&value));
        assert_eq!(
            shown,
            [
                "0.9767",
                "1.0",
                "0.25",
                "1.000e-7",
                "2.500e12",
                "-0.5",
                "42",
                "a/b.csv",
                "NaN",
                "-Infinity",
                "\"two words\"",
                "\"true\"",
                "\"1\"",
                "null",
                "[\"x\",1]",
                &format!("{}…", "x".repeat(39)),
            ]
        );
    }

    #[test]
    fn metrics_show_their_numbers() {
        let artifact = |kind: &str, properties: Value| Artifact {
            id: None,
            kind: weft_pipeline::types::ArtifactType(kind.to_owned()),
            uri: EMPTY.to_owned(),
            name: None,
            properties: serde_json::from_value(properties).unwrap(),
        };
        let metrics = artifact("system.Metrics", json!({"a": 0.5, "b": 2, "c": 3, "d": 4, "note": "x"}));
        let roc = artifact("system.ClassificationMetrics", json!({"confusionMatrix": {}}));
        assert_eq!(item("m", &PortValue::Artifacts(vec![metrics.clone()])), "m(a=0.5, b=2, c=3, …)");
        assert_eq!(item("roc", &PortValue::Artifacts(vec![roc])), "roc (classification-metrics)");
        assert_eq!(super::artifact(&metrics), "metrics(a=0.5, b=2, c=3, …)");
    }

    #[test]
    fn digests_are_cut_and_other_uris_are_not() {
        assert_eq!(short_uri(&format!("blake3:{}", "ab".repeat(32))), "blake3:abababab…");
        assert_eq!(short_uri(&format!("blake3-tree:{}", "0f".repeat(32))), "blake3-tree:0f0f0f0f…");
        assert_eq!(short_uri("gs://bucket/model"), "gs://bucket/model");
    }
}
