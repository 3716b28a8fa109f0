//! OTLP's JSON: 64-bit integers are texts, ids hexadecimal, cases numbers.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::measure::{Attributes, Histogram, Name};
use super::trace::Span;
use crate::ids::hex;

/// The version of the semantic conventions that names are from.
const SCHEMA: &str = "https://opentelemetry.io/schemas/1.37.0";
/// `AGGREGATION_TEMPORALITY_CUMULATIVE`
const CUMULATIVE: u8 = 2;
/// `STATUS_CODE_ERROR`
const ERROR: u8 = 2;

/// Spans as an `ExportTraceServiceRequest`.
pub(super) fn traces(resource: &[(String, String)], spans: &[Span]) -> Value {
    let spans: Vec<Value> = spans.iter().map(span).collect();
    json!({ "resourceSpans": [{ "resource": self::resource(resource), "schemaUrl": SCHEMA, "scopeSpans": [{ "scope": scope(), "spans": spans }] }] })
}

/// Metrics as an `ExportMetricsServiceRequest`.
pub(super) fn metrics(resource: &[(String, String)], metrics: &[Value]) -> Value {
    json!({ "resourceMetrics": [{ "resource": self::resource(resource), "schemaUrl": SCHEMA, "scopeMetrics": [{ "scope": scope(), "metrics": metrics }] }] })
}

fn resource(attributes: &[(String, String)]) -> Value {
    let attributes: Vec<Value> =
        attributes.iter().map(|(key, value)| json!({ "key": key, "value": { "stringValue": value } })).collect();
    json!({ "attributes": attributes })
}

fn scope() -> Value {
    json!({ "name": "weft", "version": env!("CARGO_PKG_VERSION") })
}

fn span(span: &Span) -> Value {
    let mut value = json!({
        "traceId": hex(&span.trace),
        "spanId": hex(&span.id),
        "name": span.name,
        "kind": span.kind as u8,
        "startTimeUnixNano": nanoseconds(span.start).to_string(),
        "endTimeUnixNano": nanoseconds(span.end.max(span.start)).to_string(),
        "attributes": attributes(&span.attributes),
        "status": {},
    });
    if let Some(parent) = &span.parent {
        value["parentSpanId"] = hex(parent).into();
    }
    if let Some(message) = &span.error {
        value["status"] = json!({ "code": ERROR, "message": message });
    }
    value
}

/// A histogram since `begun`.
pub(super) fn histogram(name: Name, begun: SystemTime, now: SystemTime, points: &[(&Attributes, &Histogram)]) -> Value {
    let point = |(of, measured): &(&Attributes, &Histogram)| {
        let counts: Vec<String> = measured.counts.iter().map(u64::to_string).collect();
        json!({
            "attributes": attributes(of),
            "startTimeUnixNano": nanoseconds(begun).to_string(),
            "timeUnixNano": nanoseconds(now).to_string(),
            "count": measured.count.to_string(),
            "sum": measured.sum,
            "min": measured.min,
            "max": measured.max,
            "bucketCounts": counts,
            "explicitBounds": name.bounds(),
        })
    };
    let points: Vec<Value> = points.iter().map(point).collect();
    json!({
        "name": name.name(), "unit": "s", "description": name.about(),
        "histogram": { "aggregationTemporality": CUMULATIVE, "dataPoints": points },
    })
}

/// A number that goes up and down.
pub(super) fn up_down(
    name: &str,
    unit: &str,
    about: &str,
    begun: SystemTime,
    now: SystemTime,
    points: &[(Attributes, u64)],
) -> Value {
    let point = |(of, value): &(Attributes, u64)| {
        json!({
            "attributes": attributes(of),
            "startTimeUnixNano": nanoseconds(begun).to_string(),
            "timeUnixNano": nanoseconds(now).to_string(),
            "asInt": value.to_string(),
        })
    };
    let points: Vec<Value> = points.iter().map(point).collect();
    json!({
        "name": name, "unit": unit, "description": about,
        "sum": { "aggregationTemporality": CUMULATIVE, "isMonotonic": false, "dataPoints": points },
    })
}

fn attributes(attributes: &Attributes) -> Vec<Value> {
    attributes.iter().map(|(key, value)| json!({ "key": key, "value": any(value) })).collect()
}

/// A value as `AnyValue`.
fn any(value: &Value) -> Value {
    match value {
        Value::Bool(truth) => json!({ "boolValue": truth }),
        Value::Number(number) if number.is_f64() => json!({ "doubleValue": number }),
        Value::Number(number) => json!({ "intValue": number.to_string() }),
        Value::String(text) => json!({ "stringValue": text }),
        other => json!({ "stringValue": other.to_string() }),
    }
}

fn nanoseconds(time: SystemTime) -> u128 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos()
}
