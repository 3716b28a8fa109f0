//! Assignability: whether values of one type are accepted where another type is expected.

use super::{ParameterType, PortType};

/// Whether every value of `from` is also one of `to`, so that an output can be wired to an input.
///
/// - An integer type is assignable to a wider one, and any integer type to `f64`, as KFP's numbers are doubles: values
///   beyond 2^53 are rounded. Integers of up to 16 bits are assignable to `f32`.
/// - `T` is assignable to `option<T>`, an enum or a `char` to a string, an enum to one with more cases.
/// - A tuple is assignable to a list, a record to a dictionary, if all their items are: their JSON is the same.
/// - Everything is assignable to [`ParameterType::Json`], and that to every type with parts: the values are checked
///   when the step runs.
///
/// # Errors
/// Why it is not.
pub fn assignable(from: &ParameterType, to: &ParameterType) -> Result<(), String> {
    fits(from, to, false)
}

/// Whether some value of `from` is also one of `to`. This is required of a pipeline parameter, whose value is checked
/// before the run: an `s64` may hold a `u8`, a string may hold a case of an enum.
///
/// # Errors
/// Why none is.
pub fn may_fit(from: &ParameterType, to: &ParameterType) -> Result<(), String> {
    fits(from, to, true)
}

fn fits(from: &ParameterType, to: &ParameterType, some: bool) -> Result<(), String> {
    use ParameterType as T;
    let no = || Err(format!("{from} does not go into {to}"));
    if from == to {
        return Ok(());
    }
    if let (Some((low, high)), Some((min, max))) = (from.integer_range(), to.integer_range()) {
        return if some || (low >= min && high <= max) {
            Ok(())
        } else {
            Err(format!("not every {from} is a {to}: its range is {min} to {max}"))
        };
    }
    match (from, to) {
        (T::Option(from), T::Option(to)) => fits(from, to, some),
        (from, T::Option(to)) => fits(from, to, some),
        (T::Option(inner), to) if some => fits(inner, to, some),
        (T::Option(_), _) => Err(format!("{from} may be absent, {to} may not")),
        (T::F32, T::F64) | (_, T::Json) | (T::Char | T::Enum(_), T::String) => Ok(()),
        (T::F64, T::F32) | (T::String, T::Char | T::Enum(_) | T::Variant(_)) if some => Ok(()),
        (T::F64, T::F32) => Err("not every f64 is an f32".to_owned()),
        (from, T::F64) if from.integer_range().is_some() => Ok(()),
        (from, T::F32) if from.integer_range().is_some() => {
            let exact = matches!(from, T::S8 | T::U8 | T::S16 | T::U16);
            if some || exact { Ok(()) } else { Err(format!("an f32 cannot tell all values of {from} apart")) }
        }
        // A double without a fraction is accepted as an integer, since KFP passes integers as doubles.
        (T::F32 | T::F64, to) if to.integer_range().is_some() => {
            if some {
                Ok(())
            } else {
                Err(format!("{from} may have a fraction, {to} has none"))
            }
        }
        (T::Json, to) => {
            let compound =
                matches!(to, T::List(_) | T::Tuple(_) | T::Record(_) | T::Variant(_) | T::Map(_) | T::Flags(_));
            if some || compound { Ok(()) } else { no() }
        }
        (T::Enum(from), T::Enum(to)) | (T::Flags(from), T::Flags(to)) => subset(from.iter(), to),
        (T::Enum(from), T::Variant(to)) => {
            let bare: Vec<String> =
                to.iter().filter(|(_, payload)| payload.is_none()).map(|(name, _)| name.clone()).collect();
            subset(from.iter(), &bare)
        }
        (T::Flags(_), T::List(item)) => fits(&T::String, item, some),
        (T::List(item), T::Flags(_)) if some => fits(item, &T::String, some),
        (T::List(from), T::List(to)) | (T::Map(from), T::Map(to)) => item_fits(from, to, some),
        (T::Tuple(from), T::Tuple(to)) if from.len() == to.len() => {
            from.iter().zip(to).try_for_each(|(from, to)| item_fits(from, to, some))
        }
        (T::Tuple(items), T::List(to)) => items.iter().try_for_each(|from| item_fits(from, to, some)),
        (T::List(item), T::Tuple(to)) if some => to.iter().try_for_each(|to| item_fits(item, to, some)),
        (T::Record(from), T::Record(to)) => record_fits(from, to, some),
        (T::Record(fields), T::Map(to)) => fields.iter().try_for_each(|(_, from)| item_fits(from, to, some)),
        (T::Map(from), T::Record(to)) if some => to.iter().try_for_each(|(_, to)| item_fits(from, to, some)),
        (T::Map(from), T::Variant(to)) if some => {
            to.iter().filter_map(|(_, to)| to.as_ref()).try_for_each(|to| item_fits(from, to, some))
        }
        (T::Variant(from), T::Variant(to)) => {
            from.iter().try_for_each(|(case, payload)| match (to.iter().find(|(name, _)| name == case), payload) {
                (None, _) => Err(format!("it has no case `{case}`")),
                (Some((_, None)), None) => Ok(()),
                (Some((_, Some(to))), Some(from)) => item_fits(from, to, some),
                _ => Err(format!("the case `{case}` differs")),
            })
        }
        _ => no(),
    }
}

/// Inside a list or a dictionary, [`ParameterType::Json`] may hold anything.
fn item_fits(from: &ParameterType, to: &ParameterType, some: bool) -> Result<(), String> {
    if *from == ParameterType::Json { Ok(()) } else { fits(from, to, some) }
}

fn subset<'a>(mut from: impl Iterator<Item = &'a String>, to: &[String]) -> Result<(), String> {
    match from.find(|case| !to.contains(case)) {
        Some(case) => Err(format!("it has no `{case}`")),
        None => Ok(()),
    }
}

fn record_fits(from: &[(String, ParameterType)], to: &[(String, ParameterType)], some: bool) -> Result<(), String> {
    for (name, to) in to {
        match from.iter().find(|(given, _)| given == name) {
            Some((_, from)) => item_fits(from, to, some).map_err(|why| format!("in `{name}`: {why}"))?,
            None if matches!(to, ParameterType::Option(_)) => {}
            None => return Err(format!("the field `{name}` is missing")),
        }
    }
    match from.iter().find(|(name, _)| !to.iter().any(|(known, _)| known == name)) {
        Some((extra, _)) => Err(format!("it has no field `{extra}`")),
        None => Ok(()),
    }
}

impl PortType {
    /// Whether an output of this type can be wired to an input of type `to`. A single artifact is accepted for a list.
    ///
    /// # Errors
    /// Why it cannot.
    pub fn assignable_to(&self, to: &Self) -> Result<(), String> {
        match (self, to) {
            (Self::Parameter(from), Self::Parameter(to)) => assignable(from, to),
            (Self::Artifact { kind: from, list: many }, Self::Artifact { kind: to, list }) => {
                if !to.accepts(from) {
                    return Err(format!("a {} is not a {}", from.short(), to.short()));
                }
                if *many && !list {
                    return Err("it is a list of artifacts, and one is wanted".to_owned());
                }
                Ok(())
            }
            (Self::Parameter(_), Self::Artifact { kind, .. }) => {
                Err(format!("a parameter's value is not an artifact; a {} is wanted", kind.short()))
            }
            (Self::Artifact { kind, .. }, Self::Parameter(to)) => {
                Err(format!("a {} is an artifact; a value of type {to} is wanted", kind.short()))
            }
        }
    }
}
