//! Packages of pipelines: a YAML or JSON file, alone or in a `.tar.gz` or `.zip`, told apart by their first bytes. Everything that a
//! package can choose the size of is bounded.

use std::io::Read;

use flate2::read::GzDecoder;

use crate::error::{Error, Kind, Result};

/// Bytes of a pipeline's text.
const MAX_TEXT: u64 = 32 << 20;
/// Entries of an archive.
const MAX_ENTRIES: usize = 1000;
/// Bytes that an archive may be unpacked to while its pipeline is looked for.
const MAX_UNPACKED: u64 = 256 << 20;

/// The text of the pipeline in a package.
///
/// # Errors
/// There is none, or several, or a bound is passed.
pub(crate) fn pipeline_text(package: &[u8]) -> Result<String> {
    let text = if package.starts_with(&[0x1f, 0x8b]) {
        from_tar(package)?
    } else if package.starts_with(b"PK\x03\x04") {
        from_zip(package)?
    } else {
        package.to_vec()
    };
    if text.len() as u64 > MAX_TEXT {
        return Err(too_large());
    }
    String::from_utf8(text)
        .map_err(|_| Error::invalid("the pipeline is no text in UTF-8, and no .tar.gz or .zip either"))
}

/// Of the entries of an archive, the pipeline: `pipeline.yaml`, or the only YAML or JSON file, as KFP's tools choose.
fn choose(entries: Vec<(String, Vec<u8>)>) -> Result<Vec<u8>> {
    let mut entries = entries;
    if let Some(at) = entries.iter().position(|(name, _)| name == "pipeline.yaml") {
        return Ok(entries.swap_remove(at).1);
    }
    match entries.len() {
        0 => Err(Error::invalid("there is no YAML file in the package")),
        1 => Ok(entries.swap_remove(0).1),
        _ => Err(Error::invalid("there are several YAML files in the package, and none is called pipeline.yaml")),
    }
}

fn is_pipeline(name: &str) -> bool {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension).unwrap_or_default();
    ["yaml", "yml", "json"].iter().any(|known| extension.eq_ignore_ascii_case(known))
}

fn from_tar(package: &[u8]) -> Result<Vec<u8>> {
    let broken = |error: std::io::Error| Error::invalid(format!("the .tar.gz file cannot be read: {error}"));
    // One byte more than is allowed tells that there is more.
    let mut archive = tar::Archive::new(GzDecoder::new(package).take(MAX_UNPACKED + 1));
    let mut found = Vec::new();
    for (count, entry) in archive.entries().map_err(broken)?.enumerate() {
        if count == MAX_ENTRIES {
            return Err(too_many());
        }
        let entry = entry.map_err(broken)?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).trim_start_matches("./").to_owned();
        if entry.header().entry_type().is_file() && is_pipeline(&name) {
            found.push((name, read(entry)?));
        }
    }
    if archive.into_inner().limit() == 0 {
        return Err(too_large());
    }
    choose(found)
}

fn from_zip(package: &[u8]) -> Result<Vec<u8>> {
    let broken = |error: zip::result::ZipError| Error::invalid(format!("the .zip file cannot be read: {error}"));
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(package)).map_err(broken)?;
    if archive.len() > MAX_ENTRIES {
        return Err(too_many());
    }
    let mut found = Vec::new();
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(broken)?;
        let name = entry.name().to_owned();
        if entry.is_file() && is_pipeline(&name) {
            found.push((name, read(entry)?));
        }
    }
    choose(found)
}

/// An entry, whatever size it says that it has.
fn read(entry: impl Read) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    entry
        .take(MAX_TEXT + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Error::invalid(format!("the package is damaged: {error}")))?;
    if bytes.len() as u64 > MAX_TEXT { Err(too_large()) } else { Ok(bytes) }
}

fn too_large() -> Error {
    Error::new(Kind::ResourceExhausted, format!("the pipeline is larger than {} MiB", MAX_TEXT >> 20))
}

fn too_many() -> Error {
    Error::new(Kind::ResourceExhausted, format!("the package has more than {MAX_ENTRIES} entries"))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn tar_gz(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for (name, bytes) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            builder.append_data(&mut header, name, *bytes).unwrap();
        }
        builder.into_inner().unwrap().finish().unwrap()
    }

    fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, bytes) in files {
            writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn pipelines_are_found_in_packages() {
        assert_eq!(pipeline_text(b"name: a\n").unwrap(), "name: a\n");
        for package in [tar_gz, zipped] {
            assert_eq!(pipeline_text(&package(&[("README.md", b"x"), ("a/p.yaml", b"name: a")])).unwrap(), "name: a");
            assert_eq!(
                pipeline_text(&package(&[("p.json", b"{}"), ("pipeline.yaml", b"name: b")])).unwrap(),
                "name: b"
            );
            let none = pipeline_text(&package(&[("README.md", b"x")])).unwrap_err();
            assert!(none.message.contains("no YAML"), "{none}");
            let several = pipeline_text(&package(&[("a.yaml", b"x"), ("b.yaml", b"y")])).unwrap_err();
            assert!(several.message.contains("several"), "{several}");
        }
        assert!(pipeline_text(&[0x1f, 0x8b, 1, 2]).is_err());
        assert!(pipeline_text(b"PK\x03\x04 nothing").is_err());
        assert!(pipeline_text(&[0xff, 0xfe]).is_err());
    }

    #[test]
    fn bombs_are_refused() {
        let zeros = vec![0_u8; usize::try_from(MAX_TEXT).unwrap() + 1];
        for package in [tar_gz(&[("a.yaml", &zeros)]), zipped(&[("a.yaml", &zeros)])] {
            assert!(package.len() < 1 << 20, "{}", package.len());
            assert_eq!(pipeline_text(&package).unwrap_err().kind, Kind::ResourceExhausted);
        }
        let names: Vec<String> = (0..=MAX_ENTRIES).map(|n| format!("{n}.txt")).collect();
        let many: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
        assert_eq!(pipeline_text(&tar_gz(&many)).unwrap_err().kind, Kind::ResourceExhausted);
        assert_eq!(pipeline_text(&zipped(&many)).unwrap_err().kind, Kind::ResourceExhausted);
    }
}
