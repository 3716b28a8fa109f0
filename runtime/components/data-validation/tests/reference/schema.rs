//! Schemas of the reference tables are those that TFDV inferred.

use crate::common::{read, table};
use data_validation::proto::Schema;
use data_validation::schema::{InferOptions, infer, update};
use data_validation::text::{from_text, to_text};

#[test]
fn inferred_schemas_are_written_as_tfdv_writes_them() {
    for (name, of, options) in [
        ("tiny", "tiny", InferOptions::default()),
        ("penguins", "penguins", InferOptions::default()),
        ("penguins_blank", "penguins_blank", InferOptions::default()),
        ("mixed", "mixed", InferOptions::default()),
        ("mixed_no_shape", "mixed", InferOptions { shape: false, ..InferOptions::default() }),
        ("mixed_domain_9", "mixed", InferOptions { most_values: 9, ..InferOptions::default() }),
    ] {
        let inferred = infer(&table(of).message(), options).unwrap();
        let expected = read(&format!("schema/{name}.pbtxt"));
        assert!(to_text(&inferred) == expected, "{name}:\n{}", to_text(&inferred));
        assert_eq!(from_text::<Schema>(&expected).unwrap(), inferred, "{name}");
    }
}

#[test]
fn a_schema_is_changed_to_fit_other_data() {
    let schema: Schema = from_text(&read("schema/penguins_blank.pbtxt")).unwrap();
    // TFDV 1.21's `update_schema` infers no shapes for new columns.
    let options = InferOptions { shape: false, ..InferOptions::default() };
    let updated = update(&schema, &table("serving").message(), options).unwrap();
    assert_eq!(to_text(&updated), read("schema/blank_updated_by_serving.pbtxt"));
}
