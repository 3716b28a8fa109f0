//! The step of `wit/world.wit`.

use tfx_artifacts::{parse_schema, write_schema_text};
use weft_guest::{Readable, Result, info};

wit_bindgen::generate!({
    path: ["../../../wit", "../wit/tfx", "wit"],
    world: "weft:import-schema-gen/import-schema-gen",
    with: {
        "tfx:types/artifacts@1.0.0": tfx_artifacts::artifacts,
        "weft:component/artifacts@0.1.0": weft_guest::artifacts,
        "weft:component/run@0.1.0": weft_guest::run,
        "weft:component/types@0.1.0": weft_guest::types,
    },
});

struct ImportSchemaGen;
export!(ImportSchemaGen);

impl Guest for ImportSchemaGen {
    fn read(schema_file: &Artifact) -> Result<Imported, String> {
        Ok(read(schema_file)?)
    }
}

fn read(file: &Artifact) -> Result<Imported> {
    let text = file.read_text()?;
    let read = parse_schema(text.as_bytes())?;
    info!("{} columns, {} domains", read.feature.len(), read.string_domain.len());
    let schema = Schema::new();
    // As it was written: comments of its authors stay.
    write_schema_text(&schema, &text)?;
    schema.set_display_name("Imported schema")?;
    Ok(Imported { schema })
}
