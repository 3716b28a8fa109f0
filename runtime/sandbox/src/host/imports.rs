//! What components import: whether the host has it, and artifact types of a component's own, which are resources in its own
//! packages, provided without the host knowing them.

use std::collections::HashMap;

use wasmtime::component::{Linker, LinkerInstance, ResourceType};
use weft_signature::{ImportItem, Interface, Resource};

use super::{State, VERSION, kinds, wasi};

/// Kinds that one component may declare.
const MAX_KINDS: usize = 256;

/// Checks that the host has what a component imports, by name; that types agree is known once it is compiled.
///
/// # Errors
///
/// The import that is not there, and what to do.
pub(crate) fn check(linker: &Linker<State>, component: &Interface) -> Result<(), String> {
    let mut linker = linker.clone();
    for import in &component.imports {
        let absent = match &import.item {
            ImportItem::Type => None,
            ImportItem::Interface { .. } if !is_hosts(&import.name) => None,
            ImportItem::Interface { functions, resources } => {
                let name = offered(&import.name);
                let mut instance = linker.instance(&name).map_err(|error| format!("{error:#}"))?;
                absent(&mut instance, functions, resources).map(|item| match item {
                    Absent::Everything => format!("`{}`", import.name),
                    Absent::Item(item) => format!("`{item}` of `{}`", import.name),
                })
            }
            ImportItem::Resource | ImportItem::Other => Some(format!("`{}`", import.name)),
        };
        if let Some(absent) = absent {
            return Err(format!("it imports {absent}, which this runtime does not offer{}", advice(&import.name)));
        }
    }
    define_custom_types(&mut linker, component)
}

/// Whether the host would have to have an interface itself.
fn is_hosts(interface: &str) -> bool {
    interface.starts_with("wasi:")
        || interface.starts_with("weft:component/")
        || interface.starts_with("weft:executors/")
}

/// The name by which the host has an interface: a component of another compatible version is linked with the same.
fn offered(interface: &str) -> String {
    let Some((name, version)) = interface.split_once('@') else { return interface.to_owned() };
    let ours = if name.starts_with("wasi:") { wasi::VERSION } else { VERSION };
    if series(version).is_some_and(|version| Some(version) == series(ours)) {
        format!("{name}@{ours}")
    } else {
        interface.to_owned()
    }
}

/// `0.2` of `0.2.6`: versions below 1 that share it are compatible. A draft, `0.2.0-rc-2023-11-10`, is compatible with none.
fn series(version: &str) -> Option<&str> {
    let (series, patch) = version.rsplit_once('.')?;
    patch.parse::<u64>().ok()?;
    Some(series)
}

enum Absent<'i> {
    /// The host does not have the interface.
    Everything,
    /// It has no item of this name.
    Item(&'i str),
}

/// What an interface of the host does not have. A linker cannot be asked, but refuses to define what is defined.
fn absent<'i>(
    instance: &mut LinkerInstance<'_, State>,
    functions: &'i [String],
    resources: &'i [Resource],
) -> Option<Absent<'i>> {
    let (mut first, mut present) = (None, false);
    for resource in resources.iter().filter(|resource| resource.declared) {
        if instance.resource(&resource.name, ResourceType::host_dynamic(0), |_, _| Ok(())).is_ok() {
            first = first.or(Some(resource.name.as_str()));
        } else {
            present = true;
        }
    }
    for function in functions {
        if instance.func_new(function, |_, _, _, _| Ok(())).is_ok() {
            first = first.or(Some(function.as_str()));
        } else {
            present = true;
        }
    }
    first.map(|item| if present { Absent::Item(item) } else { Absent::Everything })
}

/// What to do about an import that the host does not have.
fn advice(import: &str) -> &'static str {
    let version = import.split_once('@').map_or("", |(_, version)| version);
    if import.starts_with("weft:component/") {
        "; it was built against another version of the interface: rebuild it with this runtime's `wit/`"
    } else if import.starts_with("wasi:http/") {
        "; it makes or serves requests by `wasi:http`: build it without (componentize-js: `--disable http`; Rust: without `wstd` and other \
         such clients), and give the data to the step as an artifact, or grant it `net` and connect by `wasi:sockets`"
    } else if import.starts_with("wasi:") && version.starts_with("0.3.") {
        "; it was built for WASI 0.3: build it for WASI 0.2, such as the target wasm32-wasip2"
    } else if import.starts_with("wasi:") && version.starts_with("0.2.0-") {
        "; it was built for a draft of WASI 0.2: build it again with the current tools of its language"
    } else if import.starts_with("wasi:") {
        "; of WASI it has `cli`, `clocks`, `filesystem`, `io`, `random` and `sockets` in version 0.2: build the component without it"
    } else {
        ""
    }
}

/// Links the interfaces that declare artifact types: resources with some of the methods of `artifact`.
///
/// # Errors
///
/// The reason, when an interface asks for anything else.
pub(crate) fn define_custom_types(linker: &mut Linker<State>, component: &Interface) -> Result<(), String> {
    if component.kinds.len() > MAX_KINDS {
        return Err(format!("it declares more than {MAX_KINDS} artifact types"));
    }
    for import in component.imports.iter().filter(|import| !is_hosts(&import.name)) {
        if let ImportItem::Interface { functions, resources } = &import.item {
            define_interface(linker, &import.name, functions, resources)?;
        }
    }
    Ok(())
}

fn define_interface(
    linker: &mut Linker<State>,
    name: &str,
    functions: &[String],
    resources: &[Resource],
) -> Result<(), String> {
    let failed = |error: wasmtime::Error| format!("`{name}`: {error:#}");
    let mut instance = linker.instance(name).map_err(failed)?;
    let mut own: HashMap<&str, u32> = HashMap::new();
    for resource in resources {
        // What the interface only uses is defined where it comes from, and is the same type here; not so a resource of WASI,
        // which is defined there alone.
        let Some(kind) = resource.kind else { continue };
        let payload = u32::try_from(kind).map_err(|error| error.to_string())?;
        kinds::resource(&mut instance, &resource.name, payload).map_err(failed)?;
        if resource.declared {
            own.insert(&resource.name, payload);
        }
    }
    for function in functions {
        let unknown = || {
            format!(
                "it imports `{function}` of `{name}`, which this runtime does not offer; an artifact type of one's own has \
                 the methods of `artifact` in `weft:component/artifacts`, or some of them"
            )
        };
        let (resource, method) = kinds::parse(function).ok_or_else(unknown)?;
        let payload = *own.get(resource).ok_or_else(unknown)?;
        if !kinds::method(&mut instance, resource, payload, method).map_err(failed)? {
            return Err(unknown());
        }
    }
    Ok(())
}
