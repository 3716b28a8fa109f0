//! The steps of a world: signatures are read from WIT as the runtime reads them from a compiled binary.

use indexmap::IndexMap;
use weft_pipeline::signature::{Port, SINGLE_OUTPUT, Signature};
use weft_pipeline::types::{ARTIFACT_METHODS, ArtifactType, BUILTIN_KINDS, ParameterType, PortType};
use wit_parser::{
    Function, FunctionKind, Handle, InterfaceId, Resolve, Span, Type, TypeDefKind, TypeId, TypeOwner, WorldId,
    WorldItem, WorldKey,
};

/// An exported function that can be a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its name in pipelines.
    pub name: String,
    /// Its inputs and outputs.
    pub signature: Signature,
}

/// Why an exported function cannot be a step.
#[derive(Debug, Clone)]
pub(crate) struct NotAStep {
    pub(crate) function: String,
    pub(crate) why: String,
    pub(crate) hint: Option<&'static str>,
    pub(crate) span: Span,
}

/// An exported function, with its interface.
pub(crate) struct Exported<'r> {
    pub(crate) interface: Option<InterfaceId>,
    pub(crate) function: &'r Function,
}

/// The exported functions that may be steps, in order.
pub(crate) fn exported(resolve: &Resolve, world: WorldId) -> Vec<Exported<'_>> {
    let mut found = Vec::new();
    for (key, item) in &resolve.worlds[world].exports {
        match item {
            WorldItem::Function(function) => found.push(Exported { interface: None, function }),
            // componentize-py exports its initialiser in `exports`; `wasi:` interfaces are for other hosts, and that of `weft:serving` for servers.
            WorldItem::Interface { id, .. } if !is_foreign(resolve, key, *id) => {
                let functions = resolve.interfaces[*id].functions.values();
                let free = functions.filter(|function| {
                    matches!(function.kind, FunctionKind::Freestanding | FunctionKind::AsyncFreestanding)
                });
                found.extend(free.map(|function| Exported { interface: Some(*id), function }));
            }
            _ => {}
        }
    }
    found
}

fn is_foreign(resolve: &Resolve, key: &WorldKey, id: InterfaceId) -> bool {
    matches!(key, WorldKey::Name(name) if name == "exports")
        || resolve.interfaces[id].package.is_some_and(|package| {
            let name = &resolve.packages[package].name;
            name.namespace == "wasi" || (name.namespace == "weft" && name.name == "serving")
        })
}

/// The steps of a world, and the exported functions that cannot be steps.
pub(crate) fn read(resolve: &Resolve, world: WorldId) -> (Vec<Step>, Vec<NotAStep>) {
    let reader = Reader { resolve, world };
    let mut steps: Vec<(Option<String>, Step)> = Vec::new();
    let mut misfits = Vec::new();
    for Exported { interface, function } in exported(resolve, world) {
        match reader.signature(function) {
            Ok(signature) => {
                let step = Step { name: function.name.clone(), signature };
                steps.push((interface.and_then(|id| resolve.id_of(id)), step));
            }
            Err(wrong) => misfits.push(NotAStep {
                function: function.name.clone(),
                why: wrong.why,
                hint: wrong.hint,
                span: if wrong.span.is_known() { wrong.span } else { function.span },
            }),
        }
    }
    let names: Vec<String> = steps.iter().map(|(_, step)| step.name.clone()).collect();
    let qualified = steps.into_iter().map(|(interface, mut step)| {
        if let Some(interface) = interface
            && names.iter().filter(|name| **name == step.name).count() > 1
        {
            step.name = format!("{interface}#{}", step.name);
        }
        step
    });
    (qualified.collect(), misfits)
}

/// The type that aliases refer to.
pub(crate) fn dealias(resolve: &Resolve, mut id: TypeId) -> TypeId {
    while let TypeDefKind::Type(Type::Id(next)) = resolve.types[id].kind {
        id = next;
    }
    id
}

/// The record of a function's outputs.
pub(crate) fn output_record(resolve: &Resolve, function: &Function) -> Option<TypeId> {
    let result = match function.result? {
        Type::Id(id) => dealias(resolve, id),
        _ => return None,
    };
    let inner = match &resolve.types[result].kind {
        TypeDefKind::Result(result) => match result.ok? {
            Type::Id(id) => dealias(resolve, id),
            _ => return None,
        },
        _ => result,
    };
    matches!(resolve.types[inner].kind, TypeDefKind::Record(_)).then_some(inner)
}

struct SignatureError {
    why: String,
    hint: Option<&'static str>,
    span: Span,
}

impl SignatureError {
    fn new(why: impl Into<String>, hint: &'static str) -> Self {
        Self { why: why.into(), hint: Some(hint), span: Span::default() }
    }

    fn at(mut self, what: &str, span: Span) -> Self {
        self.why = format!("{what}: {}", self.why);
        if !self.span.is_known() {
            self.span = span;
        }
        self
    }
}

struct Reader<'r> {
    resolve: &'r Resolve,
    world: WorldId,
}

impl Reader<'_> {
    fn signature(&self, function: &Function) -> Result<Signature, SignatureError> {
        if matches!(function.kind, FunctionKind::AsyncFreestanding) {
            return Err(SignatureError::new("it is `async`", "steps are synchronous functions: leave out `async`"));
        }
        let mut inputs = IndexMap::new();
        for param in &function.params {
            let port = self
                .port(&param.ty, false)
                .map_err(|wrong| wrong.at(&format!("parameter `{}`", param.name), param.span))?;
            inputs.insert(param.name.clone(), port);
        }
        Ok(Signature { inputs, outputs: self.outputs(function)? })
    }

    fn outputs(&self, function: &Function) -> Result<IndexMap<String, Port>, SignatureError> {
        let mut outputs = IndexMap::new();
        let Some(result) = function.result else { return Ok(outputs) };
        let result = match self.kind(&result) {
            Some(TypeDefKind::Result(result)) => match result.ok {
                Some(ok) => ok,
                None => return Ok(outputs),
            },
            _ => result,
        };
        if let Some(TypeDefKind::Record(record)) = self.kind(&result) {
            for field in &record.fields {
                let port = self
                    .port(&field.ty, true)
                    .map_err(|wrong| wrong.at(&format!("output `{}`", field.name), field.span))?;
                outputs.insert(field.name.clone(), port);
            }
        } else {
            let port = self.port(&result, true).map_err(|mut wrong| {
                if matches!(self.kind(&result), Some(TypeDefKind::Tuple(_))) {
                    wrong.hint = Some("name the outputs: return a record, or `result<record, string>`");
                }
                wrong.at("result", function.span)
            })?;
            outputs.insert(SINGLE_OUTPUT.to_owned(), port);
        }
        Ok(outputs)
    }

    /// The definition of a type, with aliases resolved; `None` for primitive types.
    fn kind(&self, ty: &Type) -> Option<&TypeDefKind> {
        match ty {
            Type::Id(id) => Some(&self.resolve.types[dealias(self.resolve, *id)].kind),
            _ => None,
        }
    }

    fn port(&self, ty: &Type, output: bool) -> Result<Port, SignatureError> {
        let (inner, optional) = match self.kind(ty) {
            Some(TypeDefKind::Option(inner)) => (*inner, true),
            _ => (*ty, false),
        };
        let (handle, list) = match self.kind(&inner) {
            Some(TypeDefKind::List(items)) => (self.handle(items), true),
            _ => (self.handle(&inner), false),
        };
        let ty = match handle {
            Some((Handle::Borrow(_), _)) if output => {
                return Err(SignatureError::new("it is a borrowed handle", "outputs are owned: without `borrow`"));
            }
            Some((_, resource)) => PortType::Artifact { kind: self.artifact(resource)?, list },
            None => PortType::Parameter(self.parameter(&inner)?),
        };
        Ok(Port { ty, optional })
    }

    /// The resource of a handle type.
    fn handle(&self, ty: &Type) -> Option<(Handle, TypeId)> {
        match self.kind(ty)? {
            TypeDefKind::Handle(handle) => {
                let (Handle::Own(id) | Handle::Borrow(id)) = handle;
                Some((*handle, dealias(self.resolve, *id)))
            }
            _ => None,
        }
    }

    /// The artifact kind of a resource.
    fn artifact(&self, id: TypeId) -> Result<ArtifactType, SignatureError> {
        const KINDS: &str = "artifact kinds are `artifact`, `dataset`, `model`, `metrics`, `html` and the others in \
                             `weft:component/artifacts`, and resources with the methods of `artifact` in an imported interface";
        let resource = &self.resolve.types[id];
        let name = resource.name.as_deref().unwrap_or("?");
        let not_a_kind = |why: &str| SignatureError::new(format!("the resource `{name}` {why}"), KINDS);
        let TypeOwner::Interface(interface) = resource.owner else {
            return Err(not_a_kind("is declared in the world itself, and is no artifact kind"));
        };
        let Some(package) = self.resolve.interfaces[interface].package else {
            return Err(not_a_kind("is no artifact kind"));
        };
        let package = &self.resolve.packages[package].name;
        let full = format!("{}:{}", package.namespace, package.name);
        if full == "weft:component" {
            if BUILTIN_KINDS.iter().any(|(kind, _)| *kind == name) {
                return Ok(ArtifactType::from_wit(&full, name));
            }
            return Err(not_a_kind("is no artifact kind"));
        }
        if package.namespace == "wasi" {
            return Err(not_a_kind(&format!("of `{full}` is no artifact kind")));
        }
        let is_exported = self.resolve.worlds[self.world]
            .exports
            .values()
            .any(|item| matches!(item, WorldItem::Interface { id, .. } if *id == interface));
        if is_exported {
            return Err(not_a_kind(
                "is exported by this component, and is no artifact kind: the runtime makes the artifacts",
            ));
        }
        for function in self.resolve.interfaces[interface].functions.values() {
            let of = match function.kind {
                FunctionKind::Method(of) | FunctionKind::Constructor(of) | FunctionKind::AsyncMethod(of) => of,
                FunctionKind::Static(of) | FunctionKind::AsyncStatic(of) if of == id => {
                    return Err(not_a_kind("has a static function, which no artifact kind has"));
                }
                _ => continue,
            };
            let method = function.item_name();
            let method = if matches!(function.kind, FunctionKind::Constructor(_)) { "constructor" } else { method };
            if of == id && !ARTIFACT_METHODS.contains(&method) {
                return Err(not_a_kind(&format!("is no artifact kind: `{method}` is no method of `artifact`")));
            }
        }
        Ok(ArtifactType::from_wit(&full, name))
    }

    fn parameter(&self, ty: &Type) -> Result<ParameterType, SignatureError> {
        Ok(match ty {
            Type::Bool => ParameterType::Bool,
            Type::S8 => ParameterType::S8,
            Type::U8 => ParameterType::U8,
            Type::S16 => ParameterType::S16,
            Type::U16 => ParameterType::U16,
            Type::S32 => ParameterType::S32,
            Type::U32 => ParameterType::U32,
            Type::S64 => ParameterType::S64,
            Type::U64 => ParameterType::U64,
            Type::F32 => ParameterType::F32,
            Type::F64 => ParameterType::F64,
            Type::Char => ParameterType::Char,
            Type::String => ParameterType::String,
            Type::Id(id) => self.defined(dealias(self.resolve, *id))?,
            Type::ErrorContext => return Err(unusable("error-context")),
        })
    }

    fn defined(&self, id: TypeId) -> Result<ParameterType, SignatureError> {
        let definition = &self.resolve.types[id];
        let inner = |ty: &Type| self.parameter(ty).map(Box::new);
        let optional = |ty: &Option<Type>| ty.as_ref().map(|ty| self.parameter(ty)).transpose();
        Ok(match &definition.kind {
            TypeDefKind::Record(record) => ParameterType::Record(
                record
                    .fields
                    .iter()
                    .map(|field| {
                        let ty = self
                            .parameter(&field.ty)
                            .map_err(|wrong| wrong.at(&format!("field `{}`", field.name), field.span))?;
                        Ok((field.name.clone(), ty))
                    })
                    .collect::<Result<_, SignatureError>>()?,
            ),
            TypeDefKind::Variant(variant) => ParameterType::Variant(
                variant
                    .cases
                    .iter()
                    .map(|case| {
                        let ty = optional(&case.ty)
                            .map_err(|wrong| wrong.at(&format!("case `{}`", case.name), case.span))?;
                        Ok((case.name.clone(), ty))
                    })
                    .collect::<Result<_, SignatureError>>()?,
            ),
            TypeDefKind::Enum(cases) => ParameterType::Enum(cases.cases.iter().map(|case| case.name.clone()).collect()),
            TypeDefKind::Flags(flags) => {
                ParameterType::Flags(flags.flags.iter().map(|flag| flag.name.clone()).collect())
            }
            TypeDefKind::Option(ty) => ParameterType::Option(inner(ty)?),
            TypeDefKind::Tuple(tuple) => ParameterType::Tuple(
                tuple.types.iter().map(|ty| self.parameter(ty)).collect::<Result<_, SignatureError>>()?,
            ),
            TypeDefKind::List(item) => match self.kind(item) {
                Some(TypeDefKind::Tuple(pair)) if pair.types.len() == 2 && matches!(pair.types[0], Type::String) => {
                    ParameterType::Map(inner(&pair.types[1])?)
                }
                _ => ParameterType::List(inner(item)?),
            },
            TypeDefKind::Handle(_) | TypeDefKind::Resource => {
                return Err(SignatureError::new(
                    "an artifact handle stands inside another type",
                    "a handle is a parameter or an output of its own, or in a `list<..>` or `option<..>`",
                ));
            }
            TypeDefKind::Result(_) => {
                return Err(SignatureError::new("`result` is no parameter type", "use a variant, or an option"));
            }
            other => return Err(unusable(other.as_str())),
        })
    }
}

fn unusable(what: &str) -> SignatureError {
    SignatureError::new(
        format!("`{what}` is no type that a step's parameter or output can have"),
        "use numbers, strings, enums, flags, options, lists, tuples, records or variants",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_methods_of_an_artifact_are_those_of_the_interface() {
        let mut resolve = Resolve::default();
        let text = crate::templates::INTERFACE
            .iter()
            .map(|(_, text)| text.replace("package weft:component@0.1.0;", ""))
            .collect::<String>();
        let package = resolve.push_str("weft.wit", &format!("package weft:component@0.1.0;\n{text}")).unwrap();
        let artifacts = resolve.packages[package].interfaces["artifacts"];
        let methods: Vec<&str> = resolve.interfaces[artifacts]
            .functions
            .keys()
            .filter_map(|name| match name.strip_prefix("[method]artifact.") {
                None => (name == "[constructor]artifact").then_some("constructor"),
                method => method,
            })
            .collect();
        assert_eq!(methods, ARTIFACT_METHODS);
    }
}
