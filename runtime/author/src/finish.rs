//! Post-processing of every component: debug information is stripped, metadata is added.

use std::path::Path;

use wasm_encoder::{ComponentSectionId, Encode as _, RawSection, Section as _};
use wasm_metadata::{AddMetadata, AddMetadataField, Authors, Description, Homepage, Licenses, Source, Version};
use wasmparser::{Encoding, Parser, Payload};
use wit_parser::decoding::{DecodedWasm, decode};

use crate::manifest::Metadata;
use crate::steps::{self, Step};
use crate::{Error, Language, Result};

/// The component without debug information and without the names of internal functions.
///
/// # Errors
///
/// The bytes are not a component.
pub(crate) fn strip(wasm: &[u8]) -> Result<Vec<u8>, wasmparser::BinaryReaderError> {
    let mut output = Vec::with_capacity(wasm.len());
    let mut outer: Vec<Vec<u8>> = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload?;
        match &payload {
            Payload::Version { encoding, .. } => output.extend_from_slice(match encoding {
                Encoding::Component => &wasm_encoder::Component::HEADER,
                Encoding::Module => &wasm_encoder::Module::HEADER,
            }),
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => {
                outer.push(std::mem::take(&mut output));
                continue;
            }
            Payload::End(_) => {
                let Some(mut parent) = outer.pop() else { break };
                let is_component = output.starts_with(&wasm_encoder::Component::HEADER);
                parent.push(
                    if is_component { ComponentSectionId::Component } else { ComponentSectionId::CoreModule } as u8
                );
                output.encode(&mut parent);
                output = parent;
            }
            Payload::CustomSection(section) if is_for_debugging(section.name()) => continue,
            _ => {}
        }
        if let Some((id, range)) = payload.as_section() {
            RawSection { id, data: &wasm[range] }.append_to(&mut output);
        }
    }
    Ok(output)
}

fn is_for_debugging(section: &str) -> bool {
    section.starts_with(".debug")
        || matches!(section, "name" | "sourceMappingURL" | "external_debug_info" | ".llvmbc" | ".llvmcmd")
}

/// The component with its metadata, in the sections that other tools read.
///
/// # Errors
///
/// [`Error::Manifest`] for an invalid licence or URL.
pub(crate) fn describe(wasm: &[u8], metadata: &Metadata, language: Language, manifest: &Path) -> Result<Vec<u8>> {
    let wrong = |field: &str, value: &str, why: String| Error::Manifest {
        path: manifest.to_owned(),
        why: format!("`{value}` is no {field}: {}", why.lines().next().unwrap_or_default()),
        hint: (field == "licence")
            .then(|| "write an SPDX expression, such as `Apache-2.0` or `MIT OR Apache-2.0`".to_owned()),
    };
    let mut add = AddMetadata::default();
    add.name = AddMetadataField::Set(metadata.name.clone());
    add.language = vec![(language.to_string(), String::new())];
    add.processed_by = vec![("weft".to_owned(), env!("CARGO_PKG_VERSION").to_owned())];
    if let Some(version) = &metadata.version {
        add.version = AddMetadataField::Set(Version::new(version.clone()));
    }
    if let Some(description) = &metadata.description {
        add.description = AddMetadataField::Set(Description::new(description.clone()));
    }
    if let Some(licence) = &metadata.licence {
        let parsed = Licenses::new(licence).map_err(|error| wrong("licence", licence, error.to_string()))?;
        add.licenses = AddMetadataField::Set(parsed);
    }
    if let Some(source) = &metadata.source {
        add.source =
            AddMetadataField::Set(Source::new(source).map_err(|error| wrong("URL", source, error.to_string()))?);
    }
    if let Some(homepage) = &metadata.homepage {
        add.homepage =
            AddMetadataField::Set(Homepage::new(homepage).map_err(|error| wrong("URL", homepage, error.to_string()))?);
    }
    if !metadata.authors.is_empty() {
        add.authors = AddMetadataField::Set(Authors::new(metadata.authors.join(", ")));
    }
    add.to_wasm(wasm).map_err(|error| Error::Component { tool: "the tool", why: format!("{error:#}"), hint: None })
}

/// The steps of a finished component.
///
/// # Errors
///
/// Why it is not a component.
pub(crate) fn steps(wasm: &[u8]) -> Result<Vec<Step>, String> {
    match decode(wasm) {
        Ok(DecodedWasm::Component(resolve, world)) => Ok(steps::read(&resolve, world).0),
        Ok(DecodedWasm::WitPackage(..)) => Err("it is an encoded WIT package".to_owned()),
        Err(error) => Err(format!("{error:#}")),
    }
}

/// Writes a file atomically.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent).map_err(|source| Error::io("create", parent, source))?;
    let write = || {
        let mut file = tempfile::NamedTempFile::new_in(parent)?;
        std::io::Write::write_all(&mut file, bytes)?;
        #[cfg(unix)]
        {
            // Temporary files are private; a component has the permissions of a normal file.
            use std::os::unix::fs::PermissionsExt as _;
            file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))?;
        }
        file.persist(path)?;
        Ok(())
    };
    write().map_err(|source| Error::io("write", path, source))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_encoder::{Component, CustomSection, Module, ModuleSection};
    use wasm_metadata::Payload as Read;

    /// A component with a module that has names and debug information.
    fn component() -> Vec<u8> {
        let custom = |name: &'static str, data: &'static [u8]| CustomSection { name: name.into(), data: data.into() };
        let mut module = Module::new();
        module.section(&custom("name", &[0, 2, 1, b'm']));
        module.section(&custom(".debug_info", &[7; 1000]));
        module.section(&custom("dylink.0", &[1]));
        let mut component = Component::new();
        component.section(&ModuleSection(&module));
        component.section(&custom("kept", b"mine"));
        component.finish()
    }

    fn metadata() -> Metadata {
        Metadata {
            name: "row-filter".into(),
            version: Some("1.2.0".into()),
            description: Some("Keeps rows".into()),
            licence: Some("MIT OR Apache-2.0".into()),
            source: Some("https://acme.example/source".into()),
            homepage: Some("https://acme.example/".into()),
            authors: vec!["A".into(), "B".into()],
        }
    }

    #[test]
    fn debug_information_is_stripped_at_every_depth() {
        let (before, after) = (component(), strip(&component()).unwrap());
        assert!(after.len() + 1000 < before.len());
        let sections: Vec<String> = Parser::new(0)
            .parse_all(&after)
            .filter_map(|payload| match payload.unwrap() {
                Payload::CustomSection(section) => Some(section.name().to_owned()),
                _ => None,
            })
            .collect();
        assert_eq!(sections, ["dylink.0", "kept"]);
        assert_eq!(strip(&after).unwrap(), after);
        assert!(strip(b"no component").is_err());
    }

    #[test]
    fn metadata_is_read_back_by_other_tools() {
        let wasm = describe(&component(), &metadata(), Language::Rust, Path::new("Cargo.toml")).unwrap();
        // Again, as if it had been there already.
        let wasm = describe(&wasm, &metadata(), Language::Rust, Path::new("Cargo.toml")).unwrap();
        let read = Read::from_binary(&wasm).unwrap();
        let read = read.metadata();
        let text = |field: Option<String>| field.unwrap_or_default();
        assert_eq!(text(read.name.clone()), "row-filter");
        assert_eq!(text(read.version.as_ref().map(ToString::to_string)), "1.2.0");
        assert_eq!(text(read.description.as_ref().map(ToString::to_string)), "Keeps rows");
        assert_eq!(text(read.licenses.as_ref().map(ToString::to_string)), "MIT OR Apache-2.0");
        assert_eq!(text(read.source.as_ref().map(ToString::to_string)), "https://acme.example/source");
        assert_eq!(text(read.homepage.as_ref().map(ToString::to_string)), "https://acme.example/");
        assert_eq!(text(read.authors.as_ref().map(ToString::to_string)), "A, B");
        let producers = format!("{:?}", read.producers);
        assert!(producers.contains("weft") && producers.contains("Rust"), "{producers}");
    }

    #[test]
    fn what_is_no_licence_or_url_is_told() {
        let with = |metadata: Metadata| {
            let error = describe(&component(), &metadata, Language::C, Path::new("Makefile")).unwrap_err();
            (error.to_string(), error.hint().is_some())
        };
        let (licence, hint) = with(Metadata { licence: Some("Free".into()), ..metadata() });
        assert!(licence.starts_with("Makefile: `Free` is no licence") && hint, "{licence}");
        let (url, _) = with(Metadata { source: Some("here".into()), ..metadata() });
        assert!(url.starts_with("Makefile: `here` is no URL"), "{url}");
    }

    #[test]
    fn files_are_replaced_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("build/x.wasm");
        write(&path, b"one").unwrap();
        write(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(dir.path().join("build")).unwrap().count(), 1);
    }
}
