//! Value types as parameter types.

use std::cell::Cell;

use wasmparser::PrimitiveValType;
use wasmparser::component_types::{ComponentDefinedType, ComponentValType};
use wasmparser::types::Types;
use weft_pipeline::types::ParameterType;

/// How deep types lie in one another; as deep as wasmtime takes them.
const MAX_DEPTH: usize = 100;

/// Parts of all parameter types of a component together. A file of a kilobyte can name types whose parts, each counted
/// where it is used, are millions.
const MAX_PARTS: usize = 100_000;

/// The definition of a type, unless it is a primitive one.
pub(crate) fn defined(types: &Types, ty: ComponentValType) -> Option<&ComponentDefinedType> {
    match ty {
        ComponentValType::Type(id) => Some(&types[id]),
        ComponentValType::Primitive(_) => None,
    }
}

const UNUSABLE: &str = "its type is none that a parameter can have";

/// Reads parameter types, so many of them as a component may have.
pub(crate) struct Parameters<'a> {
    types: &'a Types,
    parts: Cell<usize>,
}

impl<'a> Parameters<'a> {
    pub(crate) fn new(types: &'a Types) -> Self {
        Self { types, parts: Cell::new(0) }
    }

    /// The parameter type that a value type is, or why it is none.
    pub(crate) fn read(&self, ty: ComponentValType) -> Result<ParameterType, String> {
        self.at(ty, 0)
    }

    fn at(&self, ty: ComponentValType, depth: usize) -> Result<ParameterType, String> {
        self.parts.set(self.parts.get() + 1);
        if depth > MAX_DEPTH || self.parts.get() > MAX_PARTS {
            return Err(format!(
                "its type is too large: a component's parameters have at most {MAX_PARTS} parts, at most {MAX_DEPTH} deep; pass what \
                 is that large as an artifact"
            ));
        }
        match ty {
            ComponentValType::Primitive(ty) => primitive(ty),
            ComponentValType::Type(id) => {
                let types = self.types;
                self.definition(&types[id], depth + 1)
            }
        }
    }

    fn definition(&self, ty: &ComponentDefinedType, depth: usize) -> Result<ParameterType, String> {
        Ok(match ty {
            ComponentDefinedType::Primitive(ty) => primitive(*ty)?,
            ComponentDefinedType::Record(record) => {
                let field = |(name, ty): (&wasmparser::names::KebabString, &ComponentValType)| {
                    Ok((name.to_string(), self.at(*ty, depth)?))
                };
                ParameterType::Record(record.fields.iter().map(field).collect::<Result<_, String>>()?)
            }
            ComponentDefinedType::Variant(variant) => {
                let case =
                    |(name, case): (&wasmparser::names::KebabString, &wasmparser::component_types::VariantCase)| {
                        Ok((name.to_string(), case.ty.map(|ty| self.at(ty, depth)).transpose()?))
                    };
                ParameterType::Variant(variant.cases.iter().map(case).collect::<Result<_, String>>()?)
            }
            ComponentDefinedType::Enum(cases) => ParameterType::Enum(self.names(cases.iter())?),
            ComponentDefinedType::Flags(flags) => ParameterType::Flags(self.names(flags.iter())?),
            ComponentDefinedType::Option { ty, .. } => ParameterType::Option(Box::new(self.at(*ty, depth)?)),
            ComponentDefinedType::List { element, .. } => match defined(self.types, *element) {
                Some(ComponentDefinedType::Tuple(pair))
                    if let [key, value] = *pair.types
                        && self.is_string(key) =>
                {
                    ParameterType::Map(Box::new(self.at(value, depth + 1)?))
                }
                _ => ParameterType::List(Box::new(self.at(*element, depth)?)),
            },
            ComponentDefinedType::Tuple(tuple) => {
                ParameterType::Tuple(tuple.types.iter().map(|ty| self.at(*ty, depth)).collect::<Result<_, String>>()?)
            }
            ComponentDefinedType::Own(_) | ComponentDefinedType::Borrow(_) => {
                return Err("an artifact handle stands inside another type".to_owned());
            }
            ComponentDefinedType::Result { .. } => return Err("`result` is not a parameter type".to_owned()),
            ComponentDefinedType::Map { .. }
            | ComponentDefinedType::FixedLengthList { .. }
            | ComponentDefinedType::Future { .. }
            | ComponentDefinedType::Stream { .. } => return Err(UNUSABLE.to_owned()),
        })
    }

    fn names<'n>(
        &self,
        names: impl Iterator<Item = &'n wasmparser::names::KebabString>,
    ) -> Result<Vec<String>, String> {
        names
            .map(|name| {
                // Counted with the rest: a type of many names may be used many times.
                self.at(ComponentValType::Primitive(PrimitiveValType::Bool), 0).map(|_| name.to_string())
            })
            .collect()
    }

    fn is_string(&self, ty: ComponentValType) -> bool {
        match ty {
            ComponentValType::Primitive(ty) => ty == PrimitiveValType::String,
            ComponentValType::Type(_) => {
                matches!(defined(self.types, ty), Some(ComponentDefinedType::Primitive(PrimitiveValType::String)))
            }
        }
    }
}

fn primitive(ty: PrimitiveValType) -> Result<ParameterType, String> {
    Ok(match ty {
        PrimitiveValType::Bool => ParameterType::Bool,
        PrimitiveValType::S8 => ParameterType::S8,
        PrimitiveValType::U8 => ParameterType::U8,
        PrimitiveValType::S16 => ParameterType::S16,
        PrimitiveValType::U16 => ParameterType::U16,
        PrimitiveValType::S32 => ParameterType::S32,
        PrimitiveValType::U32 => ParameterType::U32,
        PrimitiveValType::S64 => ParameterType::S64,
        PrimitiveValType::U64 => ParameterType::U64,
        PrimitiveValType::F32 => ParameterType::F32,
        PrimitiveValType::F64 => ParameterType::F64,
        PrimitiveValType::Char => ParameterType::Char,
        PrimitiveValType::String => ParameterType::String,
        PrimitiveValType::ErrorContext => return Err(UNUSABLE.to_owned()),
    })
}
