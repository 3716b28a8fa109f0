//! Attributes of a node, by name.

use super::constants;
use crate::error::{Done, Problem, refuse};
use crate::proto::{AttributeProto, GraphProto};
use crate::tensor::{Data, Kind, Tensor};

/// The attributes of one node.
pub(crate) struct Attributes<'a> {
    attributes: &'a [AttributeProto],
}

impl<'a> Attributes<'a> {
    pub(crate) fn new(attributes: &'a [AttributeProto]) -> Self {
        Self { attributes }
    }

    fn find(&self, name: &str) -> Option<&'a AttributeProto> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    /// An integer that may be left out.
    pub(crate) fn maybe_int(&self, name: &str) -> Option<i64> {
        self.find(name).map(|attribute| attribute.i)
    }

    /// An integer with a default.
    pub(crate) fn int(&self, name: &str, default: i64) -> i64 {
        self.maybe_int(name).unwrap_or(default)
    }

    /// A number that may be left out.
    pub(crate) fn maybe_float(&self, name: &str) -> Option<f32> {
        self.find(name).map(|attribute| attribute.f)
    }

    /// A number with a default.
    pub(crate) fn float(&self, name: &str, default: f32) -> f32 {
        self.maybe_float(name).unwrap_or(default)
    }

    /// A list of integers; none if it is left out.
    pub(crate) fn ints(&self, name: &str) -> Option<&'a [i64]> {
        self.find(name).map(|attribute| attribute.ints.as_slice())
    }

    /// A list of numbers, empty if it is left out.
    pub(crate) fn floats(&self, name: &str) -> &'a [f32] {
        self.find(name).map_or(&[], |attribute| attribute.floats.as_slice())
    }

    /// Whether it is there.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// A text that may be left out.
    pub(crate) fn maybe_text(&self, name: &str) -> Done<Option<String>> {
        self.find(name).map(|attribute| named(name, constants::text(&attribute.s))).transpose()
    }

    /// A text with a default.
    pub(crate) fn text(&self, name: &str, default: &str) -> Done<String> {
        Ok(self.maybe_text(name)?.unwrap_or_else(|| default.to_owned()))
    }

    /// A list of texts, empty if it is left out.
    pub(crate) fn texts(&self, name: &str) -> Done<Vec<String>> {
        let texts = self.find(name).map_or(&[][..], |attribute| attribute.strings.as_slice());
        texts.iter().map(|text| named(name, constants::text(text))).collect()
    }

    /// A tensor that may be left out.
    pub(crate) fn tensor(&self, name: &str) -> Done<Option<Tensor>> {
        let tensor = self.find(name).and_then(|attribute| attribute.t.as_ref());
        tensor.map(|tensor| named(name, constants::tensor(tensor))).transpose()
    }

    /// A graph that must be there.
    pub(crate) fn graph(&self, name: &str) -> Done<&'a GraphProto> {
        match self.find(name).and_then(|attribute| attribute.g.as_ref()) {
            Some(graph) => Ok(graph),
            None => refuse!("the attribute `{name}` is missing"),
        }
    }

    /// A kind of elements, by its number.
    pub(crate) fn kind(&self, name: &str) -> Done<Option<Kind>> {
        let kind = |number: i64| constants::kind(i32::try_from(number).unwrap_or(-1));
        self.maybe_int(name).map(|number| named(name, kind(number))).transpose()
    }

    /// Numbers as floats, or as doubles from the attribute whose name ends in `_as_tensor`.
    pub(crate) fn numbers(&self, name: &str) -> Done<Numbers> {
        Ok(match self.tensor(&format!("{name}_as_tensor"))?.map(Tensor::into_data) {
            None => Numbers::F32(self.floats(name).to_vec()),
            Some(Data::F32(values)) => Numbers::F32(values),
            Some(Data::F64(values)) => Numbers::F64(values),
            Some(other) => refuse!("the attribute `{name}_as_tensor` has elements of type {}", other.kind()),
        })
    }
}

/// Floats or doubles.
pub(crate) enum Numbers {
    F32(Vec<f32>),
    F64(Vec<f64>),
}

impl Numbers {
    pub(crate) fn is_double(&self) -> bool {
        matches!(self, Self::F64(_))
    }

    pub(crate) fn doubles(&self) -> Vec<f64> {
        match self {
            Self::F32(values) => values.iter().map(|value| f64::from(*value)).collect(),
            Self::F64(values) => values.clone(),
        }
    }
}

fn named<T>(name: &str, done: Done<T>) -> Done<T> {
    done.map_err(|problem| Problem(format!("attribute `{name}`: {}", problem.0)))
}
