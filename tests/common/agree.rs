//! How near a value of a run is to the one that was expected of it.

use serde_json::Value;

/// Where two values differ: their place, what was found, what was wanted. Floats may differ by `tolerance`, relative to the larger
/// of them, or in an array (`{"dtype": …, "values": …}`) to the largest number of the whole array. All else must be the same, to the bit if
/// the tolerance is 0: whole numbers, texts, types, lengths, names.
pub fn differences(found: &Value, wanted: &Value, tolerance: f64) -> Vec<String> {
    let mut told = Vec::new();
    Comparison { tolerance, told: &mut told }.compare(found, wanted, "", 0.0);
    told
}

struct Comparison<'t> {
    tolerance: f64,
    told: &'t mut Vec<String>,
}

impl Comparison<'_> {
    /// `scale` is the magnitude that differences are measured by at the least.
    fn compare(&mut self, found: &Value, wanted: &Value, place: &str, scale: f64) {
        match (found, wanted) {
            (Value::Object(found), Value::Object(wanted)) => {
                for (key, wanted) in wanted {
                    let place = format!("{place}.{key}");
                    match found.get(key) {
                        Some(found) if key == "values" => self.compare(found, wanted, &place, largest(wanted)),
                        Some(found) => self.compare(found, wanted, &place, scale),
                        None => self.told.push(format!("{place} is missing")),
                    }
                }
                for key in found.keys().filter(|key| !wanted.contains_key(*key)) {
                    self.told.push(format!("{place}.{key} was not expected"));
                }
            }
            (Value::Array(found), Value::Array(wanted)) if found.len() == wanted.len() => {
                for (index, (found, wanted)) in found.iter().zip(wanted).enumerate() {
                    self.compare(found, wanted, &format!("{place}[{index}]"), scale);
                }
            }
            _ if self.are_near(found, wanted, scale).unwrap_or(found == wanted) => {}
            _ => self.told.push(format!("{place} is {}, not {}", short(found), short(wanted))),
        }
    }

    /// Nothing unless both are floats.
    fn are_near(&self, found: &Value, wanted: &Value, scale: f64) -> Option<bool> {
        let float = |value: &Value| value.as_f64().filter(|_| value.is_f64());
        let (a, b) = (float(found)?, float(wanted)?);
        Some(if self.tolerance == 0.0 {
            a.to_bits() == b.to_bits()
        } else {
            (a - b).abs() <= self.tolerance * a.abs().max(b.abs()).max(scale)
        })
    }
}

/// The largest magnitude of the numbers in a list of lists.
fn largest(value: &Value) -> f64 {
    match value {
        Value::Array(items) => items.iter().map(largest).fold(0.0, f64::max),
        Value::Number(number) => number.as_f64().unwrap_or_default().abs(),
        _ => 0.0,
    }
}

/// A value in a line.
fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
