//! The pre-built components of the data side, whole: statistics, a schema, anomalies of other data and drift, by name.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::path::PathBuf;

use common::{Folder, project, states, task};
use serde_json::{Value, json};

/// A table, or an answer of TFDV, of the library's own tests.
fn reference(name: &str) -> PathBuf {
    project().join("runtime/components/data-validation/tests/data/tfdv").join(name)
}

fn with_tables() -> Folder {
    let folder = Folder::default();
    for name in ["penguins_blank.csv", "serving.csv"] {
        std::fs::copy(reference(name), folder.path().join(name)).unwrap();
    }
    folder
}

const PIPELINE: &str = r#"
name: data-side
steps:
  training:
    import: penguins_blank.csv
    type: dataset
  serving:
    import: serving.csv
    type: dataset
  describe:
    component: weft:statistics-gen
    with: { examples: "${training}" }
  describe-serving:
    component: weft:statistics-gen
    with: { examples: "${serving}" }
  schema:
    component: weft:schema-gen
    with: { statistics: "${describe.statistics}" }
  fits:
    component: weft:example-validator
    with: { statistics: "${describe.statistics}", schema: "${schema.schema}" }
  validate:
    component: weft:example-validator
    with: { statistics: "${describe-serving.statistics}", schema: "${schema.schema}" }
  drift:
    component: weft:distribution-validator
    with:
      statistics: ${describe-serving.statistics}
      baseline-statistics: ${describe.statistics}
      thresholds:
        - { feature: species, infinity-norm: 0.01 }
        - { feature: island, infinity-norm: 0.5 }
        - { feature: body_mass_g, jensen-shannon-divergence: 0.01 }
      examples: ${serving}
      baseline-examples: ${training}
"#;

fn output<'a>(outcome: &'a Value, step: &str, name: &str) -> &'a Value {
    &task(outcome, step)["outputs"][name]
}

#[test]
fn statistics_schema_anomalies_and_drift_of_the_penguins() {
    let folder = with_tables();
    folder.file("pipeline.yaml", PIPELINE);
    let outcome = folder.json("run pipeline.yaml --json");
    assert_eq!(outcome["state"], "COMPLETE", "{outcome}");

    assert_eq!(output(&outcome, "describe", "rows")["parameter"], 344);
    assert_eq!(output(&outcome, "fits", "blessed")["parameter"], true);
    assert_eq!(output(&outcome, "validate", "blessed")["parameter"], false);
    assert_eq!(output(&outcome, "validate", "findings")["parameter"], 4);
    assert_eq!(output(&outcome, "drift", "drifted")["parameter"], json!(["body_mass_g", "species"]));

    // Files in TFX's layout, with TFDV's own answers in them.
    let export = |from: &str, to: &str| {
        folder.ok(&["artifact", "export", from, to]);
        folder.path().join(to)
    };
    let schema = export("latest/schema.schema", "schema").join("schema.pbtxt");
    let expected = std::fs::read_to_string(reference("schema/penguins_blank.pbtxt")).unwrap();
    assert_eq!(std::fs::read_to_string(schema).unwrap(), expected);
    let statistics = export("latest/describe.statistics", "statistics").join("Split-all/FeatureStats.pb");
    assert!(std::fs::metadata(statistics).unwrap().len() > 1000);
    let anomalies = export("latest/validate.anomalies", "anomalies").join("Split-all/SchemaDiff.pb");
    let anomalies = String::from_utf8_lossy(&std::fs::read(anomalies).unwrap()).into_owned();
    assert!(anomalies.contains("Examples contain values missing from the schema: Emperor (~4%). "));
    let page = std::fs::read_to_string(export("latest/drift.page", "drift.html")).unwrap();
    for measure in ["L-infinity 0.23386 (threshold 0.01)", "Kolmogorov-Smirnov 0.23563", "PSI 0.427038"] {
        assert!(page.contains(measure), "{measure} is not in {page}");
    }
    let shown = folder.json("artifact show latest/validate.anomalies --json").to_string();
    assert!(shown.contains("tfx.ExampleAnomalies") && shown.contains("blessed"), "{shown}");

    let log = folder.weft("logs latest validate").stdout;
    for words in
        ["species", "Unexpected string values", "sex", "Column is completely missing", "New column", "but got STRING"]
    {
        assert!(log.contains(words), "{words} is not in {log}");
    }

    // The same again is known, and the runtime finds everything whole.
    let again = folder.json("run pipeline.yaml --json");
    let computed = states(&again).into_iter().filter(|(name, _)| *name != "training" && *name != "serving");
    assert!(computed.clone().count() == 6 && computed.into_iter().all(|(_, state)| state == "CACHED"));
    folder.assert_whole();
}

/// TFX 1.21's `CsvExampleGen` put 204 rows of this file into `train` and 140 into `eval`.
#[test]
fn splits_are_described_one_by_one() {
    let folder = with_tables();
    folder.file(
        "pipeline.yaml",
        r#"
name: splits
steps:
  table: { import: penguins_blank.csv, type: dataset }
  examples: { component: weft:example-gen, with: { data: "${table}" } }
  describe: { component: weft:statistics-gen, with: { examples: "${examples.examples}" } }
  train: { component: weft:statistics-gen, with: { examples: "${examples.examples}", exclude-splits: [eval] } }
"#,
    );
    let outcome = folder.json("run pipeline.yaml --json");
    assert_eq!(outcome["state"], "COMPLETE", "{outcome}");
    assert_eq!(output(&outcome, "describe", "rows")["parameter"], 344);
    assert_eq!(output(&outcome, "train", "rows")["parameter"], 204);
    folder.ok("artifact export latest/describe.statistics statistics");
    for split in ["train", "eval"] {
        assert!(folder.path().join(format!("statistics/Split-{split}/FeatureStats.pb")).is_file(), "{split}");
    }
}

/// The same rows as TFRecord, Parquet and CSV: the same splits, and what was learned of the training rows serves others.
#[test]
fn other_formats_and_features() {
    let folder = with_tables();
    folder.file(
        "pipeline.yaml",
        r#"
name: formats
steps:
  table: { import: penguins_blank.csv, type: dataset }
  requests: { import: serving.csv, type: dataset }
  tfrecord: { component: weft:example-gen, with: { data: "${table}", format: tfrecord } }
  parquet: { component: weft:example-gen, with: { data: "${table}", format: parquet } }
  describe:
    component: weft:statistics-gen
    with: { examples: "${tfrecord.examples}", slices: [{ features: [{ name: species }] }] }
  describe-parquet: { component: weft:statistics-gen, with: { examples: "${parquet.examples}" } }
  features:
    component: weft:transform#fit
    with:
      examples: ${tfrecord.examples}
      format: csv
      features:
        - { name: mass, of: [body_mass_g], fill: median, z-score: true }
        - { name: island, of: [island], one-hot: { columns: true } }
  serving:
    component: weft:transform#apply
    with: { transform-graph: "${features.transform-graph}", examples: "${requests}" }
"#,
    );
    let outcome = folder.json("run pipeline.yaml --json");
    assert_eq!(outcome["state"], "COMPLETE", "{outcome}");
    for step in ["tfrecord", "parquet", "describe", "describe-parquet", "features"] {
        assert_eq!(output(&outcome, step, "rows")["parameter"], 344, "{step}");
    }
    assert_eq!(output(&outcome, "serving", "rows")["parameter"], 250);
    for (artifact, file) in [
        ("tfrecord.examples", "Split-train/data_tfrecord-00000-of-00001.gz"),
        ("parquet.examples", "Split-eval/data_parquet-00000-of-00001.parquet"),
        ("features.transform-graph", "transform_graph.json"),
        ("serving.transformed-examples", "Split-all/data.csv"),
    ] {
        folder.ok(&["artifact", "export", format!("latest/{artifact}").as_str(), artifact]);
        assert!(folder.path().join(artifact).join(file).is_file(), "{artifact} has no {file}");
    }
    let served =
        std::fs::read_to_string(folder.path().join("serving.transformed-examples/Split-all/data.csv")).unwrap();
    assert!(served.starts_with("mass,island_Biscoe,island_Dream,island_Torgersen\n"), "{served}");
    assert_eq!(served.lines().count(), 251);
}

#[test]
fn pre_built_components_are_listed_and_looked_up_by_name() {
    let folder = Folder::default();
    let listed = folder.json("components --json");
    let names: Vec<&str> =
        listed["components"].as_array().unwrap().iter().map(|known| known["name"].as_str().unwrap()).collect();
    for name in [
        "transform",
        "bulk-inferrer",
        "distribution-validator",
        "evaluator",
        "example-gen",
        "example-validator",
        "import-schema-gen",
        "infra-validator",
        "onnx",
        "onnx-ml",
        "pusher",
        "schema-gen",
        "statistics-gen",
        "trainer",
        "tuner",
    ] {
        assert!(names.contains(&format!("weft:{name}").as_str()), "{name} is not in {names:?}");
    }
    let one = folder.weft("components statistics-gen").stdout;
    assert!(one.contains("weft:statistics-gen") && one.contains("tfx.ExampleStatistics"), "{one}");

    folder.file("wrong.yaml", "name: wrong\nsteps:\n  a:\n    component: weft:statistic-gen\n");
    let wrong = folder.weft("check wrong.yaml");
    assert_ne!(wrong.code, Some(0));
    assert!(wrong.stderr.contains("there is no pre-built component `weft:statistic-gen`"), "{}", wrong.stderr);
    assert!(wrong.stderr.contains("did you mean `weft:statistics-gen`?"), "{}", wrong.stderr);
}

#[test]
fn a_curated_schema_is_imported_as_it_was_written() {
    let folder = Folder::default();
    let text = "# Of the birds.\nfeature { name: \"species\" type: BYTES }\n";
    folder.file("birds.pbtxt", text);
    folder.file("bad.pbtxt", "feature {\n  nam: \"species\"\n}\n");
    let call = |file: &str| folder.weft(&format!("call weft:import-schema-gen -w schema-file={file} --json"));
    let imported = call("birds.pbtxt");
    assert_eq!(imported.code, Some(0), "{}", imported.stderr);
    folder.ok("artifact export latest/read.schema schema");
    assert_eq!(std::fs::read_to_string(folder.path().join("schema/schema.pbtxt")).unwrap(), text);
    let bad = call("bad.pbtxt");
    assert_ne!(bad.code, Some(0));
    let told = bad.stdout + &bad.stderr;
    assert!(told.contains("the schema cannot be read: line 2: field 'nam' not found"), "{told}");
}

/// What is hostile, by the name of its file, and what is to be told of it: where, what and what to do.
fn hostile() -> Vec<(&'static str, Vec<u8>, [&'static str; 2])> {
    // A TFRecord of 1000 rows, gzipped, of which the end is lost; and one whose second record claims 2^60 bytes, with a checksum that is right.
    let records = std::fs::read(reference("../hostile/records.tfrecord.gz")).unwrap();
    let claims = std::fs::read(reference("../hostile/claims.tfrecord")).unwrap();
    let mut damaged = claims.clone();
    damaged[20] ^= 1;
    // Of 115 bytes, in which a group claims 2^60 rows.
    let rows = std::fs::read(reference("../hostile/rows.parquet")).unwrap();
    let cell = ["a,b\n1,2\n3,", &"x".repeat(17 << 20), "\n"].concat();
    let wide = (0..100_000).map(|n| format!("c{n}")).collect::<Vec<_>>().join(",");
    vec![
        (
            "cut.tfrecord.gz",
            records[..records.len() / 2].to_vec(),
            ["behind record ", "the file is cut off or damaged, get it anew"],
        ),
        ("claims.tfrecord", claims, ["record 2: it claims 1152921504606846976 bytes", "the file is damaged"]),
        ("damaged.tfrecord", damaged, ["record 1: the checksum of its content is wrong", "get it anew"]),
        (
            "rows.parquet",
            rows,
            ["row group 1: it claims 1152921504606846976 rows", "the file is damaged, write it anew"],
        ),
        ("wide.csv", wide.into_bytes(), ["line 1, cell 10001: the line has more than 10000 cells", "as a list"]),
        (
            "cell.csv",
            cell.into_bytes(),
            ["line 3, column `b`: the cell is longer than 131072 characters", "keep the content in a file"],
        ),
        (
            "cut.csv",
            b"a,b\n1,2\n3,\"4".to_vec(),
            ["line 3, column `b`: a quote is not closed", "a cell cannot hold a line break"],
        ),
        ("short.csv", b"a,b\n1\n".to_vec(), ["line 2: the row has 1 cell", "the header names 2 columns"]),
        ("empty.csv", Vec::new(), ["line 1: a header line that names the columns is missing", ""]),
    ]
}

#[test]
fn hostile_tables_are_refused_with_their_file_and_place() {
    let folder = Folder::default();
    folder.file(
        "pipeline.yaml",
        r#"
name: hostile
inputs: { table: dataset }
steps:
  examples: { component: "weft:example-gen", with: { data: "${inputs.table}" } }
  describe: { component: "weft:statistics-gen", with: { examples: "${inputs.table}" } }
"#,
    );
    for (name, content, told) in hostile() {
        std::fs::write(folder.path().join(name), content).unwrap();
        let ended = folder.weft(&format!("run pipeline.yaml --with table={name}"));
        assert_eq!(ended.code, Some(1), "{name}: {ended:?}");
        for words in told {
            assert!(ended.stderr.contains(words), "{name}: {words} is not in {}", ended.stderr);
        }
        // A step sees no name of a file, so that the importer's is told beside its error: once for each of both steps, or for both.
        assert!(ended.stderr.contains(&format!("/{name}\n")), "{name}: {}", ended.stderr);
        assert!(ended.stderr.lines().count() <= 40, "more than a screen: {}", ended.stderr);
        // None of what is claimed is ever in memory.
        let run = folder.json("runs show latest --json");
        for step in run["steps"].as_array().unwrap() {
            assert!(step["peak_memory"].as_u64().unwrap() < 100 << 20, "{name}: {step}");
        }
    }
    folder.assert_whole();
}

/// What cannot be compared is as bad as what has moved, and is told by name: in the log, on the page and among the outputs.
#[test]
fn a_column_of_another_type_than_in_the_baseline_has_drifted() {
    let folder = Folder::default();
    folder.file("before.csv", "age,size,dropped,left\n1,1,1,1\n2,2,2,2\n3,3,3,3\n");
    folder.file("after.csv", "age,size,left\nyoung,1.5,x\nold,2.5,y\nold,3.5,z\n");
    folder.file(
        "pipeline.yaml",
        r#"
name: types
steps:
  before: { import: before.csv, type: dataset }
  after: { import: after.csv, type: dataset }
  describe-before: { component: weft:statistics-gen, with: { examples: "${before}" } }
  describe: { component: weft:statistics-gen, with: { examples: "${after}" } }
  drift:
    component: weft:distribution-validator
    with:
      statistics: ${describe.statistics}
      baseline-statistics: ${describe-before.statistics}
      thresholds:
        - { feature: age, jensen-shannon-divergence: 1.0, infinity-norm: 1.0 }
        - { feature: size, jensen-shannon-divergence: 1.0 }
        - { feature: dropped, jensen-shannon-divergence: 1.0 }
        - { feature: agee, infinity-norm: 0.1 }
"#,
    );
    let outcome = folder.json("run pipeline.yaml --json");
    assert_eq!(outcome["state"], "COMPLETE", "{outcome}");
    assert_eq!(output(&outcome, "drift", "drifted")["parameter"], json!(["age", "dropped"]));
    assert_eq!(output(&outcome, "drift", "blessed")["parameter"], false);
    let types = "values are of type STRING in the current data and of type INT in the previous data";
    let log = folder.weft("logs latest drift").stdout;
    // A column without a threshold is told, and does not fail anything.
    for told in [
        format!("`age`: Distances would mean nothing: {types}"),
        format!("`left`: Distances would mean nothing: {types}"),
        "`dropped`: Column is completely missing".to_owned(),
        "`agee` has a threshold, and neither the data nor the baseline has such a column".to_owned(),
    ] {
        assert!(log.contains(&told), "{told} is not in {log}");
    }
    assert!(!log.contains("`size`"), "{log}");
    folder.ok("artifact export latest/drift.page drift.html");
    let page = std::fs::read_to_string(folder.path().join("drift.html")).unwrap();
    assert_eq!(page.matches(types).count(), 2, "{page}");
    assert!(page.contains("Column is completely missing") && page.contains("Jensen-Shannon"), "{page}");
    folder.ok("artifact export latest/drift.anomalies anomalies");
    let anomalies = std::fs::read(folder.path().join("anomalies/Split-all/SchemaDiff.pb")).unwrap();
    assert!(String::from_utf8_lossy(&anomalies).contains(types));
}

/// `guest-examples/blessing`, word for word: the first model is pushed, a worse one is not, a better one is.
#[test]
fn a_model_is_pushed_only_if_it_is_better() {
    let folder = Folder::default();
    let pipeline = project().join("guest-examples/blessing/pipeline.yaml").display().to_string();
    let mut pushed = Vec::new();
    for trees in [20, 5, 60] {
        let learning = format!("learning={{\"trees\": {trees}, \"min-leaf-rows\": 5}}");
        let outcome = folder.json(&["run", &pipeline, "-p", &learning, "--json"]);
        let blessed = outcome["outputs"]["blessed"]["parameter"].as_bool().unwrap();
        assert_eq!(outcome["outputs"]["pushed"]["parameter"], blessed, "{outcome:#}");
        pushed.push(blessed);
    }
    assert_eq!(pushed, [true, false, true]);
    // A second push is a second version, beside the first.
    let versions = folder.json("artifact show latest/push.pushed-model --json");
    assert_eq!(versions["properties"]["pushed_version"], "2", "{versions:#}");
}

#[test]
fn new_rows_are_compared_with_what_a_model_was_trained_on() {
    let folder = with_tables();
    folder.file(
        "train.yaml",
        r#"
name: train
steps:
  table: { import: penguins_blank.csv, type: dataset }
  describe: { component: "weft:statistics-gen", with: { examples: "${table}" } }
  schema: { component: "weft:schema-gen", with: { statistics: "${describe.statistics}" } }
outputs: { schema: "${schema.schema}", table: "${table}" }
"#,
    );
    let trained = folder.json("run train.yaml --json");
    let run = trained["run"].as_str().unwrap();
    // The same rows have not moved; the statistics are found from the table as from what was made of them.
    for of in ["table", "schema"] {
        let same = folder.weft(&[
            "monitor",
            "penguins_blank.csv",
            "--of",
            &format!("{run}/{of}"),
            "--name",
            "watch",
            "--label",
            of,
            "-q",
        ]);
        assert_eq!(same.code, Some(0), "{}", same.stderr);
    }
    let of = format!("{run}/schema");
    let moved = folder.weft(&["monitor", "serving.csv", "--of", &of, "--name", "watch", "--threshold", "0.02", "-q"]);
    assert_eq!(moved.code, Some(1), "{}", moved.stderr);
    assert!(moved.stderr.contains("moved: ") && moved.stderr.contains("body_mass_g"), "{}", moved.stderr);
    // The page has the trend of all three.
    folder.ok("artifact export latest/page page.html");
    let page = std::fs::read_to_string(folder.path().join("page.html")).unwrap();
    assert!(page.contains("The last 3 runs, from table to 1"), "{page}");
    let refused = folder.weft(&["monitor", "serving.csv", "--of", "latest/page", "--threshold", "psi=1"]);
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
}
