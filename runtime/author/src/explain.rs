//! Maps compilers' messages about bindings back to the WIT: the names that bindings give to the author's types and
//! functions, and where these are declared.

use std::collections::BTreeSet;

use heck::{ToSnakeCase as _, ToUpperCamelCase as _};
use wit_parser::{InterfaceId, TypeDefKind, TypeOwner};

use crate::Language;
use crate::interface::Interface;
use crate::steps;

/// Notes on the declarations that a compiler's message refers to: ``note: `Filtered` is the record declared at
/// wit/world.wit:9:12``.
pub(crate) fn notes(interface: &Interface, language: Language, said: &str) -> Vec<String> {
    let words: BTreeSet<&str> = said.split(|c: char| !(c.is_alphanumeric() || c == '_')).collect();
    let quoted = quoted(said);
    let resolve = &interface.resolve;
    let own = resolve.worlds[interface.world].package;
    let mut notes = Vec::new();
    for (_, definition) in &resolve.types {
        let (Some(name), false) =
            (&definition.name, matches!(definition.kind, TypeDefKind::Type(_) | TypeDefKind::Handle(_)))
        else {
            continue;
        };
        let holder = match definition.owner {
            TypeOwner::World(world) if world == interface.world => None,
            TypeOwner::Interface(id) if resolve.interfaces[id].package == own => Some(id),
            _ => continue,
        };
        let bound = type_name(interface, language, holder, name);
        if !words.contains(bound.as_str()) {
            continue;
        }
        if let Some(place) = interface.place(definition.span) {
            notes.push(format!("note: `{bound}` is the {} `{name}`, declared at {place}", definition.kind.as_str()));
        }
        if let TypeDefKind::Record(record) = &definition.kind {
            for field in &record.fields {
                if quoted.contains(field.name.to_snake_case().as_str())
                    && let Some(place) = interface.place(field.span)
                {
                    notes.push(format!("note: its field `{}` is declared at {place}", field.name));
                }
            }
        }
    }
    for exported in steps::exported(resolve, interface.world) {
        let function = exported.function;
        let is_meant = match language {
            Language::C => words.contains(function_name(interface, exported.interface, &function.name).as_str()),
            // Other functions may have this name; only that of the trait is declared in the WIT.
            _ => {
                words.contains(function.name.to_snake_case().as_str())
                    && (words.contains("trait") || words.contains("Guest"))
            }
        };
        if is_meant && let Some(place) = interface.place(function.span) {
            notes.push(format!("note: the function `{}` is declared at {place}", function.name));
        }
    }
    notes
}

/// The words between quotes.
fn quoted(said: &str) -> BTreeSet<&str> {
    let is_quote = |c: char| matches!(c, '`' | '\'' | '"' | '\u{2018}' | '\u{2019}');
    let mut found = BTreeSet::new();
    let mut rest = said;
    while let Some(at) = rest.find(is_quote) {
        let after = rest[at..].trim_start_matches(is_quote);
        let end = after.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(after.len());
        if end > 0 && after[end..].starts_with(is_quote) {
            found.insert(&after[..end]);
        }
        rest = after;
    }
    found
}

fn type_name(interface: &Interface, language: Language, holder: Option<InterfaceId>, name: &str) -> String {
    match language {
        Language::C => {
            let holder =
                holder.map_or_else(|| interface.world_name().to_snake_case(), |id| interface_name(interface, id));
            format!("{holder}_{}_t", name.to_snake_case())
        }
        _ => name.to_upper_camel_case(),
    }
}

/// The C function that the bindings call for an exported function.
pub(crate) fn function_name(interface: &Interface, holder: Option<InterfaceId>, name: &str) -> String {
    let name = name.to_snake_case();
    match holder {
        None => format!("exports_{}_{name}", interface.world_name().to_snake_case()),
        Some(id) => format!("{}_{name}", interface_name(interface, id)),
    }
}

fn interface_name(interface: &Interface, id: InterfaceId) -> String {
    let resolve = &interface.resolve;
    let package = resolve.interfaces[id].package.map(|id| &resolve.packages[id].name);
    let exported = resolve.worlds[interface.world]
        .exports
        .values()
        .any(|item| matches!(item, wit_parser::WorldItem::Interface { id: other, .. } if *other == id));
    let mut parts = Vec::new();
    if exported {
        parts.push("exports".to_owned());
    }
    if let Some(package) = package {
        parts.extend([package.namespace.to_snake_case(), package.name.to_snake_case()]);
    }
    parts.push(resolve.interfaces[id].name.as_deref().unwrap_or_default().to_snake_case());
    parts.join("_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_words_are_found_in_any_quotes() {
        let said = "no member named 'rowz' in 'struct f_t'; missing field `rows` of `Filtered`, isn't \"x\"";
        assert_eq!(quoted(said).into_iter().collect::<Vec<_>>(), ["Filtered", "rows", "rowz", "x"]);
    }

    #[test]
    fn compilers_words_lead_back_to_the_wit() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("row-filter");
        let wanted = crate::ScaffoldRequest {
            path: path.clone(),
            project: crate::Project::Component(Language::C),
            pipeline: false,
        };
        crate::scaffold(&wanted).unwrap();
        let interface = crate::interface::read(&path, Language::C, None).unwrap();
        let notes = |language, said: &str| {
            let notes = notes(&interface, language, said).join("\n");
            notes.replace(&format!("{}/", path.display()), "")
        };
        let rust = notes(Language::Rust, "missing field `rows` in initializer of `Filtered`");
        assert_eq!(
            rust,
            "note: `Filtered` is the record `filtered`, declared at wit/world.wit:9:12\n\
             note: its field `rows` is declared at wit/world.wit:13:9"
        );
        let missing = notes(Language::Rust, "not all trait items implemented, missing: `filter`");
        assert_eq!(missing, "note: the function `filter` is declared at wit/world.wit:17:12");
        let undefined = notes(Language::C, "wasm-ld: error: f.o: undefined symbol: exports_row_filter_filter");
        assert_eq!(undefined, missing);
        let member = notes(Language::C, "error: no member named 'rowz' in 'row_filter_filtered_t'");
        assert_eq!(member, "note: `row_filter_filtered_t` is the record `filtered`, declared at wit/world.wit:9:12");
        assert_eq!(notes(Language::Rust, "unused variable: `filter`"), "");
    }
}
