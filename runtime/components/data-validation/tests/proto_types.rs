//! Holds the Rust types that are kept beside `.proto` files, here and in `models`, against what is made of these, without protoc.
//!
//! `UPDATE_GENERATED=1 cargo test -p data-validation --test proto_types` writes them.

use std::error::Error;
use std::path::Path;

use prost_build::Config;
use protox::Compiler;

#[test]
fn types_are_those_of_the_proto_files() -> Result<(), Box<dyn Error>> {
    let components = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let made = std::env::temp_dir().join(format!("generated-{}", std::process::id()));
    let into = if std::env::var_os("UPDATE_GENERATED").is_some() { &components } else { &made };
    // Maps in order: the same anomalies are the same bytes.
    let mut ordered = Config::new();
    ordered.btree_map(["."]);
    let metadata = ["path.proto", "statistics.proto", "schema.proto", "anomalies.proto"];
    let descriptors = generate(&components, into, "data-validation/proto", &metadata, ordered)?;
    std::fs::write(into.join("data-validation/proto/descriptors.bin"), descriptors)?;
    generate(&components, into, "models/proto", &["onnx.proto"], Config::new())?;

    for file in [
        "data-validation/proto/descriptors.bin",
        "data-validation/proto/tensorflow.metadata.v0.rs",
        "models/proto/onnx.rs",
    ] {
        assert!(
            std::fs::read(components.join(file))? == std::fs::read(into.join(file))?,
            "{file} is not what is made of the .proto files beside it: UPDATE_GENERATED=1 makes it anew"
        );
    }
    if *into == made {
        std::fs::remove_dir_all(made)?;
    }
    Ok(())
}

/// Writes the types of a folder's files into the same folder elsewhere, and gives their encoded descriptors.
fn generate(
    from: &Path,
    into: &Path,
    folder: &str,
    files: &[&str],
    mut config: Config,
) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut compiler = Compiler::new([from.join(folder)])?;
    compiler.include_imports(true).open_files(files)?;
    std::fs::create_dir_all(into.join(folder))?;
    config.out_dir(into.join(folder)).compile_fds(compiler.file_descriptor_set())?;
    Ok(compiler.encode_file_descriptor_set())
}
