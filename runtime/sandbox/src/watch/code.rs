//! Where the functions of compiled code lie in memory.

use std::ops::Range;

use object::{Object as _, ObjectSection as _, ObjectSymbol as _};
use wasmtime::Module;
use wasmtime::component::Component;

/// Compiled code that a guest runs.
#[derive(Clone)]
pub(crate) enum Code {
    Component(Component),
    Module(Module),
}

/// The addresses of a guest's own functions, in order. What is between them is how guest and host call each other.
pub(super) struct Functions(Vec<Range<usize>>);

impl Functions {
    /// Whether this address lies in one of them. It takes no lock and no memory, as signal handlers must not.
    pub(super) fn contain(&self, address: usize) -> bool {
        let after = self.0.partition_point(|range| range.start <= address);
        after.checked_sub(1).and_then(|at| self.0.get(at)).is_some_and(|range| range.contains(&address))
    }
}

impl Code {
    /// Its functions, by the symbols that wasmtime gives them. None if the code is in a form that is not known, which tests would show.
    pub(super) fn functions(&self) -> Functions {
        let (image, start) = match self {
            Self::Component(component) => (component.serialize().ok(), component.image_range().start),
            #[cfg(feature = "compiler")]
            Self::Module(module) => (module.serialize().ok(), module.image_range().start),
            // Modules are compiled here or nowhere.
            #[cfg(not(feature = "compiler"))]
            Self::Module(module) => (None, module.image_range().start),
        };
        let found = image.and_then(|image| functions(&image, start.addr()));
        Functions(found.unwrap_or_default())
    }
}

/// The functions of an image that lies at this address.
fn functions(image: &[u8], start: usize) -> Option<Vec<Range<usize>>> {
    let image = object::File::parse(image).ok()?;
    let text = image.section_by_name(".text")?;
    let at = start.checked_add(usize::try_from(text.file_range()?.0).ok()?)?;
    let range = |symbol: object::Symbol<'_, '_>| {
        let begin = at.checked_add(usize::try_from(symbol.address()).ok()?)?;
        Some(begin..begin.checked_add(usize::try_from(symbol.size()).ok()?)?)
    };
    let mut ranges: Vec<_> = image
        .symbols()
        .filter(|symbol| symbol.section_index() == Some(text.index()) && symbol.name().is_ok_and(is_function))
        .filter_map(range)
        .collect();
    ranges.sort_unstable_by_key(|range| range.start);
    Some(ranges)
}

/// Whether a symbol names a function of a guest: `wasm[0]::function[12]`, with its own name behind it.
fn is_function(symbol: &str) -> bool {
    let module = symbol.strip_prefix("wasm[").and_then(|rest| rest.split_once(']'));
    module.is_some_and(|(number, rest)| {
        number.bytes().all(|byte| byte.is_ascii_digit()) && rest.starts_with("::function[")
    })
}
