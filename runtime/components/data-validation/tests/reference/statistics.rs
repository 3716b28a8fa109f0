//! Statistics of the reference tables are those that TFDV gave.

use crate::common::{assert_alike, described, read, table};
use data_validation::proto::{DatasetFeatureStatisticsList, FeatureType, Schema};
use data_validation::statistics::Options;
use data_validation::text::from_text;

fn expected(name: &str) -> DatasetFeatureStatisticsList {
    from_text(&read(&format!("stats/{name}.pbtxt"))).unwrap()
}

#[test]
fn of_the_table_of_small_checks() {
    assert_alike("tiny", &expected("tiny"), &table("tiny").message());
}

#[test]
fn of_the_penguins() {
    assert_alike("penguins", &expected("penguins"), &table("penguins").message());
    assert_alike("penguins_blank", &expected("penguins_blank"), &table("penguins_blank").message());
}

#[test]
fn of_the_table_of_oddities() {
    assert_alike("mixed", &expected("mixed"), &table("mixed").message());
}

#[test]
fn with_types_from_a_schema() {
    let mut schema: Schema = from_text(&read("schema/penguins_blank.pbtxt")).unwrap();
    let year = schema.feature.iter_mut().find(|feature| feature.name() == "year").unwrap();
    year.set_type(FeatureType::Bytes);
    let options = Options { schema: Some(schema), types_from_schema: true, ..Options::default() };
    let found = described("serving", &options).message();
    assert_alike("serving", &expected("serving_types_from_schema"), &found);
}
