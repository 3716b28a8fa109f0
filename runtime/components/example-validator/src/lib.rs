//! The step of `wit/world.wit`.

use data_validation::check::{CheckOptions, validate};
use data_validation::proto::{Anomalies, DatasetFeatureStatisticsList};
use data_validation::{page, report};
use tfx_artifacts::{of_split, read_schema, read_statistics, write_anomalies};
use weft_guest::{Result, bail, info, warn};

wit_bindgen::generate!({
    path: ["../../../wit", "../wit/tfx", "wit"],
    world: "weft:example-validator/example-validator",
    with: {
        "tfx:types/artifacts@1.0.0": tfx_artifacts::artifacts,
        "weft:component/artifacts@0.1.0": weft_guest::artifacts,
        "weft:component/run@0.1.0": weft_guest::run,
        "weft:component/types@0.1.0": weft_guest::types,
    },
});

struct ExampleValidator;
export!(ExampleValidator);

type Splits = Vec<(String, DatasetFeatureStatisticsList)>;

impl Guest for ExampleValidator {
    fn validate(
        statistics: &ExampleStatistics,
        schema: &Schema,
        previous_statistics: Option<&ExampleStatistics>,
        serving_statistics: Option<&ExampleStatistics>,
        environment: Option<String>,
        exclude_splits: Option<Vec<String>>,
        new_features_are_warnings: Option<bool>,
        fail_on_anomalies: Option<bool>,
    ) -> Result<Validated, String> {
        let read = |statistics: Option<&ExampleStatistics>| -> Result<Splits> {
            Ok(statistics.map(|statistics| read_statistics(statistics, &[])).transpose()?.unwrap_or_default())
        };
        let (previous, serving) = (read(previous_statistics)?, read(serving_statistics)?);
        let statistics = read_statistics(statistics, &exclude_splits.unwrap_or_default())?;
        let schema = read_schema(schema)?;
        let mut found = Vec::new();
        for (split, statistics) in statistics {
            let options = CheckOptions {
                environment: environment.as_deref(),
                previous: of_split(&previous, &split),
                serving: of_split(&serving, &split),
                new_features_are_warnings: new_features_are_warnings.unwrap_or(false),
                ..CheckOptions::default()
            };
            let anomalies = validate(&statistics, &schema, &options).map_err(|error| error.to_string())?;
            found.push((split, anomalies));
        }
        Ok(publish(&found, environment.as_deref(), fail_on_anomalies.unwrap_or(false))?)
    }
}

fn publish(found: &[(String, Anomalies)], environment: Option<&str>, fail: bool) -> Result<Validated> {
    let mut count = 0;
    let mut told = String::new();
    for (split, anomalies) in found {
        let findings = report::findings(anomalies);
        if findings.is_empty() {
            info!("split {split}: no anomalies");
            continue;
        }
        count += findings.len() as u64;
        let table = report::table(&findings);
        warn!("split {split}:\n{table}");
        told.push_str(&format!("split {split}:\n{table}"));
    }
    if fail && count > 0 {
        let of = environment.map(|name| format!(" of the environment {name}")).unwrap_or_default();
        bail!("the data does not fit the schema{of}\n{told}");
    }
    let anomalies = ExampleAnomalies::new();
    let blessed = write_anomalies(&anomalies, found)?;
    anomalies.set_display_name("Anomalies")?;
    let page = Html::new();
    page.set_text(&page::of_anomalies(found))?;
    page.set_display_name("Anomalies")?;
    Ok(Validated { anomalies, page, blessed, findings: count })
}
