//! Conversion between WIT values and JSON, by parameter types.

use serde_json::{Map, Number, Value};
use wasmtime::component::Val;
use weft_pipeline::types::ParameterType;

/// A JSON value as the WIT value of a type. A value that does not fit is an error.
pub(crate) fn to_val(ty: &ParameterType, value: &Value) -> Result<Val, String> {
    let misfit = || format!("{value} does not fit");
    let signed = || value.as_i64().ok_or_else(misfit);
    let unsigned = || value.as_u64().ok_or_else(misfit);
    let text = || value.as_str().ok_or_else(misfit);
    Ok(match ty {
        ParameterType::Bool => Val::Bool(value.as_bool().ok_or_else(misfit)?),
        ParameterType::S8 => Val::S8(signed()?.try_into().map_err(|_| misfit())?),
        ParameterType::U8 => Val::U8(unsigned()?.try_into().map_err(|_| misfit())?),
        ParameterType::S16 => Val::S16(signed()?.try_into().map_err(|_| misfit())?),
        ParameterType::U16 => Val::U16(unsigned()?.try_into().map_err(|_| misfit())?),
        ParameterType::S32 => Val::S32(signed()?.try_into().map_err(|_| misfit())?),
        ParameterType::U32 => Val::U32(unsigned()?.try_into().map_err(|_| misfit())?),
        ParameterType::S64 => Val::S64(signed()?),
        ParameterType::U64 => Val::U64(unsigned()?),
        #[expect(clippy::cast_possible_truncation, reason = "that is what an f32 parameter means")]
        ParameterType::F32 => Val::Float32(to_float(value).ok_or_else(misfit)? as f32),
        ParameterType::F64 => Val::Float64(to_float(value).ok_or_else(misfit)?),
        ParameterType::Char => {
            let mut chars = text()?.chars();
            match (chars.next(), chars.next()) {
                (Some(char), None) => Val::Char(char),
                _ => return Err(misfit()),
            }
        }
        ParameterType::String => Val::String(text()?.to_owned()),
        ParameterType::Enum(_) => Val::Enum(text()?.to_owned()),
        ParameterType::Flags(_) => {
            let flags = value.as_array().ok_or_else(misfit)?.iter().map(|flag| flag.as_str().map(str::to_owned));
            Val::Flags(flags.collect::<Option<_>>().ok_or_else(misfit)?)
        }
        ParameterType::Option(inner) => match value {
            Value::Null => Val::Option(None),
            value => Val::Option(Some(Box::new(to_val(inner, value)?))),
        },
        ParameterType::List(item) => {
            let items = value.as_array().ok_or_else(misfit)?.iter().map(|value| to_val(item, value));
            Val::List(items.collect::<Result<_, _>>()?)
        }
        ParameterType::Tuple(types) => {
            let items = value.as_array().filter(|items| items.len() == types.len()).ok_or_else(misfit)?;
            Val::Tuple(types.iter().zip(items).map(|(ty, value)| to_val(ty, value)).collect::<Result<_, _>>()?)
        }
        ParameterType::Record(fields) => {
            let object = value.as_object().ok_or_else(misfit)?;
            let field = |(name, ty): &(String, ParameterType)| {
                let value = object.get(name).unwrap_or(&Value::Null);
                to_val(ty, value).map(|val| (name.clone(), val)).map_err(|why| format!("{name}: {why}"))
            };
            Val::Record(fields.iter().map(field).collect::<Result<_, _>>()?)
        }
        ParameterType::Variant(cases) => {
            let (name, payload) = match value {
                Value::String(name) => (name, None),
                Value::Object(object) => object.iter().next().map(|(n, v)| (n, Some(v))).ok_or_else(misfit)?,
                _ => return Err(misfit()),
            };
            let (_, ty) = cases.iter().find(|(case, _)| case == name).ok_or_else(misfit)?;
            let payload = match ty {
                Some(ty) => Some(Box::new(to_val(ty, payload.unwrap_or(&Value::Null))?)),
                None => None,
            };
            Val::Variant(name.clone(), payload)
        }
        ParameterType::Map(item) => {
            let entry =
                |(key, value): (&String, &Value)| Ok(Val::Tuple(vec![Val::String(key.clone()), to_val(item, value)?]));
            Val::List(value.as_object().ok_or_else(misfit)?.iter().map(entry).collect::<Result<_, String>>()?)
        }
        ParameterType::Json => return Err("a component has no parameter of this type".into()),
    })
}

fn to_float(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        _ => None,
    }
}

/// A float as JSON. NaN and infinities are strings, as in the JSON form of Protocol Buffers.
pub(crate) fn from_float(value: f64) -> Value {
    Number::from_f64(value).map_or_else(
        || {
            let text = if value.is_nan() {
                "NaN"
            } else if value > 0.0 {
                "Infinity"
            } else {
                "-Infinity"
            };
            Value::from(text)
        },
        Value::Number,
    )
}

/// A WIT value of a type as JSON.
pub(crate) fn from_val(ty: &ParameterType, val: &Val) -> Result<Value, String> {
    let misfit = || format!("a value of type {} came where {ty:?} was declared", val.ty_name());
    Ok(match (ty, val) {
        (ParameterType::Map(item), Val::List(entries)) => {
            let mut object = Map::new();
            for entry in entries {
                let Val::Tuple(pair) = entry else { return Err(misfit()) };
                let [Val::String(key), value] = pair.as_slice() else { return Err(misfit()) };
                if object.insert(key.clone(), from_val(item, value)?).is_some() {
                    return Err(format!("the key {key:?} comes twice"));
                }
            }
            Value::Object(object)
        }
        (ParameterType::List(item), Val::List(items)) => {
            Value::Array(items.iter().map(|value| from_val(item, value)).collect::<Result<_, _>>()?)
        }
        (ParameterType::Tuple(types), Val::Tuple(items)) => {
            Value::Array(types.iter().zip(items).map(|(ty, val)| from_val(ty, val)).collect::<Result<_, _>>()?)
        }
        (ParameterType::Record(types), Val::Record(fields)) => {
            let field = |((_, ty), (name, val)): (&(String, ParameterType), &(String, Val))| {
                Ok((name.clone(), from_val(ty, val)?))
            };
            Value::Object(types.iter().zip(fields).map(field).collect::<Result<_, String>>()?)
        }
        (ParameterType::Variant(cases), Val::Variant(name, payload)) => {
            let ty = cases.iter().find(|(case, _)| case == name).and_then(|(_, ty)| ty.as_ref());
            match (ty, payload) {
                (Some(ty), Some(payload)) => Value::Object(Map::from_iter([(name.clone(), from_val(ty, payload)?)])),
                _ => Value::from(name.as_str()),
            }
        }
        (ParameterType::Option(inner), Val::Option(value)) => match value {
            Some(value) => from_val(inner, value)?,
            None => Value::Null,
        },
        (_, Val::Bool(value)) => Value::from(*value),
        (_, Val::S8(value)) => Value::from(*value),
        (_, Val::U8(value)) => Value::from(*value),
        (_, Val::S16(value)) => Value::from(*value),
        (_, Val::U16(value)) => Value::from(*value),
        (_, Val::S32(value)) => Value::from(*value),
        (_, Val::U32(value)) => Value::from(*value),
        (_, Val::S64(value)) => Value::from(*value),
        (_, Val::U64(value)) => Value::from(*value),
        // Through its shortest decimal form, so that 0.1 does not become 0.10000000149011612.
        (_, Val::Float32(value)) => from_float(value.to_string().parse().unwrap_or(f64::from(*value))),
        (_, Val::Float64(value)) => from_float(*value),
        (_, Val::Char(value)) => Value::from(value.to_string()),
        (_, Val::String(value) | Val::Enum(value)) => Value::from(value.as_str()),
        (_, Val::Flags(flags)) => Value::from(flags.clone()),
        _ => return Err(misfit()),
    })
}

/// The name of a value's type, for messages.
trait TypeName {
    fn ty_name(&self) -> &'static str;
}

impl TypeName for Val {
    fn ty_name(&self) -> &'static str {
        match self {
            Val::Resource(_) => "resource",
            Val::Result(_) => "result",
            Val::List(_) => "list",
            Val::Record(_) => "record",
            Val::Tuple(_) => "tuple",
            Val::Variant(..) => "variant",
            Val::Option(_) => "option",
            _ => "another kind",
        }
    }
}

/// A WIT value as JSON without its type, for errors that functions return.
pub(crate) fn describe(val: &Val) -> Value {
    match val {
        Val::List(items) | Val::Tuple(items) => Value::Array(items.iter().map(describe).collect()),
        Val::Record(fields) => Value::Object(fields.iter().map(|(name, val)| (name.clone(), describe(val))).collect()),
        Val::Variant(name, Some(payload)) => Value::Object(Map::from_iter([(name.clone(), describe(payload))])),
        Val::Variant(name, None) => Value::from(name.as_str()),
        Val::Option(Some(value)) => describe(value),
        Val::Option(None) => Value::Null,
        other => from_val(&ParameterType::Json, other).unwrap_or(Value::Null),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn round_trip(ty: &ParameterType, value: &Value) {
        let val = to_val(ty, value).unwrap();
        assert_eq!(&from_val(ty, &val).unwrap(), value, "{ty:?}");
    }

    #[test]
    fn values_come_back_as_they_went() {
        use ParameterType as T;
        round_trip(&T::Bool, &json!(true));
        round_trip(&T::S8, &json!(-128));
        round_trip(&T::U64, &json!(u64::MAX));
        round_trip(&T::S64, &json!(i64::MIN));
        round_trip(&T::F32, &json!(0.1));
        round_trip(&T::F64, &json!(0.1));
        round_trip(&T::F64, &json!("NaN"));
        round_trip(&T::F32, &json!("-Infinity"));
        round_trip(&T::Char, &json!("ü"));
        round_trip(&T::Enum(vec!["a".into()]), &json!("a"));
        round_trip(&T::Flags(vec!["a".into(), "b".into()]), &json!(["b"]));
        round_trip(&T::Option(Box::new(T::U8)), &json!(null));
        round_trip(&T::Option(Box::new(T::U8)), &json!(3));
        round_trip(&T::List(Box::new(T::String)), &json!(["a", ""]));
        round_trip(&T::Tuple(vec![T::U8, T::String]), &json!([1, "x"]));
        round_trip(&T::Map(Box::new(T::F64)), &json!({"a": 1.5, "b": -2.0}));
        round_trip(&T::Record(vec![("a".into(), T::U8), ("b".into(), T::Bool)]), &json!({"a": 1, "b": false}));
        let variant = T::Variant(vec![("none".into(), None), ("some".into(), Some(T::U8))]);
        round_trip(&variant, &json!("none"));
        round_trip(&variant, &json!({"some": 3}));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        use ParameterType as T;
        assert!(to_val(&T::U8, &json!(256)).is_err());
        assert!(to_val(&T::S8, &json!(128)).is_err());
        assert!(to_val(&T::U32, &json!(-1)).is_err());
        assert!(to_val(&T::Char, &json!("ab")).is_err());
        assert!(to_val(&T::F64, &json!("1")).is_err());
        assert!(to_val(&T::Tuple(vec![T::U8]), &json!([1, 2])).is_err());
        assert!(to_val(&T::Record(vec![("a".into(), T::U8)]), &json!({})).is_err());
    }
}
