//! The step of `wit/world.wit`.

use data_validation::schema::{InferOptions, leave_out_of_serving, update};
use tfx_artifacts::{read_statistics, write_schema};
use weft_guest::{Result, info};

wit_bindgen::generate!({
    path: ["../../../wit", "../wit/tfx", "wit"],
    world: "weft:schema-gen/schema-gen",
    with: {
        "tfx:types/artifacts@1.0.0": tfx_artifacts::artifacts,
        "weft:component/artifacts@0.1.0": weft_guest::artifacts,
        "weft:component/run@0.1.0": weft_guest::run,
        "weft:component/types@0.1.0": weft_guest::types,
    },
});

struct SchemaGen;
export!(SchemaGen);

impl Guest for SchemaGen {
    fn infer(
        statistics: &ExampleStatistics,
        infer_feature_shape: Option<bool>,
        max_string_domain_size: Option<u32>,
        exclude_splits: Option<Vec<String>>,
        not_in_serving: Option<Vec<String>>,
    ) -> Result<Inferred, String> {
        let options = InferOptions {
            shape: infer_feature_shape.unwrap_or(true),
            most_values: max_string_domain_size.map_or(InferOptions::default().most_values, |most| most as usize),
        };
        Ok(infer(statistics, options, &exclude_splits.unwrap_or_default(), not_in_serving.as_deref())?)
    }
}

fn infer(
    statistics: &ExampleStatistics,
    options: InferOptions,
    exclude: &[String],
    not_in_serving: Option<&[String]>,
) -> Result<Inferred> {
    let mut inferred = data_validation::proto::Schema::default();
    for (_, split) in read_statistics(statistics, exclude)? {
        inferred = update(&inferred, &split, options)?;
    }
    if let Some(columns) = not_in_serving {
        leave_out_of_serving(&mut inferred, columns)?;
    }
    info!("{} columns, {} domains", inferred.feature.len(), inferred.string_domain.len());
    let schema = Schema::new();
    write_schema(&schema, &inferred)?;
    schema.set_display_name("Inferred schema")?;
    Ok(Inferred { schema })
}
