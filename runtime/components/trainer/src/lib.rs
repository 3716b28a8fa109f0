//! The step of `wit/world.wit`.

#![allow(clippy::too_many_arguments, reason = "as many as the step has inputs")]

use learning::card::card;
use learning::data::{self, Columns, read, read_again};
use learning::export::onnx;
use learning::page;
use learning::search::values_of_keras_tuner;
use learning::settings::{self, Settings};
use learning::train::{Figures, Trained as Learned, train};
use tfx_artifacts::{Delimiter, chosen, splits, tables};
use weft_guest::types::Value;
use weft_guest::{Readable, Result, Writable, bail, info, warn};

wit_bindgen::generate!({
    path: ["../../../wit", "../wit/tfx", "wit"],
    world: "weft:trainer/trainer",
    with: {
        "tfx:types/artifacts@1.0.0": tfx_artifacts::artifacts,
        "weft:component/artifacts@0.1.0": weft_guest::artifacts,
        "weft:component/run@0.1.0": weft_guest::run,
        "weft:component/types@0.1.0": weft_guest::types,
    },
});

struct Trainer;
export!(Trainer);

impl Guest for Trainer {
    fn train(
        examples: &Artifact,
        label: Option<String>,
        algorithm: Option<Algorithm>,
        parameters: Option<Vec<(String, f64)>>,
        hyperparameters: Option<&HyperParameters>,
        task: Option<Task>,
        features: Option<Vec<String>>,
        exclude: Option<Vec<String>>,
        categorical: Option<Vec<String>>,
        weight: Option<String>,
        validation: Option<&Artifact>,
        validation_fraction: Option<f64>,
        splits: Option<Vec<String>>,
        seed: Option<u64>,
        delimiter: Option<String>,
    ) -> Result<Trained, String> {
        let usual = if label.is_some() { Algorithm::GradientBoosting } else { Algorithm::KMeans };
        let mut told = hyperparameters.map(of_tuner).transpose()?.unwrap_or_default();
        told.extend(parameters.unwrap_or_default());
        let order = Order {
            algorithm: known(algorithm.unwrap_or(usual)),
            parameters: told,
            columns: Columns {
                label,
                features: features.unwrap_or_default(),
                exclude: exclude.unwrap_or_default(),
                categorical: categorical.unwrap_or_default(),
                weight,
                task: task.map(|task| match task {
                    Task::Classification => data::Task::Classification,
                    Task::Regression => data::Task::Regression,
                    Task::Clustering => data::Task::Clustering,
                }),
            },
            fraction: validation_fraction.unwrap_or(0.0),
            splits: splits.unwrap_or_default(),
            seed: seed.unwrap_or(0),
            delimiter,
        };
        Ok(order.carry_out(examples, validation)?)
    }
}

fn known(algorithm: Algorithm) -> settings::Algorithm {
    match algorithm {
        Algorithm::Linear => settings::Algorithm::Linear,
        Algorithm::RandomForest => settings::Algorithm::RandomForest,
        Algorithm::GradientBoosting => settings::Algorithm::GradientBoosting,
        Algorithm::KMeans => settings::Algorithm::KMeans,
        Algorithm::NeuralNetwork => settings::Algorithm::NeuralNetwork,
    }
}

/// The parameters that a tuner found best.
fn of_tuner(from: &HyperParameters) -> Result<Vec<(String, f64)>> {
    Ok(values_of_keras_tuner(&from.open("best_hyperparameters.txt")?.read_text()?)?)
}

/// What is to be learned, and how.
struct Order {
    algorithm: settings::Algorithm,
    parameters: Vec<(String, f64)>,
    columns: Columns,
    fraction: f64,
    splits: Vec<String>,
    seed: u64,
    delimiter: Option<String>,
}

impl Order {
    fn carry_out(&self, examples: &Artifact, validation: Option<&Artifact>) -> Result<Trained> {
        if !(0.0..1.0).contains(&self.fraction) {
            bail!("validation-fraction is {}, and must be at least 0 and below 1", self.fraction);
        }
        let settings = Settings::new(self.algorithm, &self.parameters)?;
        let dialect = self.delimiter.as_deref().dialect()?;
        let parts = chosen(splits(examples)?, &self.splits, Some("train"))?;
        let tables_of_examples: Vec<_> = parts.iter().flat_map(|split| tables(split, examples)).collect();
        let (schema, mut rows, unlabelled) = read(&tables_of_examples, dialect, &self.columns)?;
        if unlabelled > 0 {
            warn!("{unlabelled} rows have no label and are left out");
        }
        let mut held = None;
        if let Some(validation) = validation {
            let parts = chosen(splits(validation)?, &[], Some("eval"))?;
            let tables: Vec<_> = parts.iter().flat_map(|split| tables(split, validation)).collect();
            held = Some(read_again(&tables, dialect, &schema, self.columns.weight.as_deref())?.0);
        } else if self.fraction > 0.0 {
            let (learned, examined) = rows.split(self.fraction, self.seed);
            (rows, held) = (learned, Some(examined));
        }
        if held.as_ref().is_some_and(|held| held.rows == 0) {
            bail!("no rows with a label are held out");
        }
        if held.is_none()
            && settings.get("early-stopping-rounds") > 0.0
            && self.algorithm == settings::Algorithm::GradientBoosting
        {
            bail!(
                "learning cannot stop early without rows that are held out: give `validation` or `validation-fraction`"
            );
        }
        let trained = train(&schema, self.algorithm, settings, &rows, held.as_ref(), self.seed)?;
        let source = source(&trained, examples);
        publish(&trained, &source, self.seed)
    }
}

/// What was learned from, in words.
fn source(trained: &Learned, examples: &Artifact) -> String {
    let name = examples.display_name().unwrap_or_else(|| "a table".to_owned());
    let uri = examples.uri().map_or_else(String::new, |uri| format!(" (`{uri}`)"));
    format!("{} rows of {name}{uri}", trained.learned.rows)
}

fn publish(trained: &Learned, source: &str, seed: u64) -> Result<Trained> {
    let schema = &trained.model.schema;
    let task = match schema.task {
        data::Task::Classification => "classification",
        data::Task::Regression => "regression",
        data::Task::Clustering => "clustering",
    };
    let features: Vec<&str> = schema.features.iter().map(|feature| feature.name.as_str()).collect();
    let mut properties = vec![("algorithm", trained.algorithm.label().to_owned()), ("task", task.to_owned())];
    properties.extend(schema.label.as_ref().map(|label| ("label", label.clone())));
    let model = Model::new();
    model.write_bytes(&onnx(&trained.model, &properties))?;
    for (name, text) in &properties {
        model.set_property(name, &text.as_str().into())?;
    }
    model.set_property("format", &"onnx".into())?;
    model.set_property("features", &Value::strings(features))?;
    if !schema.classes.is_empty() {
        model.set_property("classes", &Value::strings(&schema.classes))?;
    }
    model.set_display_name("Model")?;

    let metrics = Metrics::new();
    let log = |prefix: &str, figures: &Figures| -> Result<()> {
        metrics.log(&format!("{prefix}rows"), figures.rows as f64)?;
        for (name, value) in figures.values.iter().filter(|(_, value)| value.is_finite()) {
            metrics.log(&format!("{prefix}{name}"), *value)?;
        }
        let told: Vec<String> = figures.values.iter().map(|(name, value)| format!("{name} {value:.6}")).collect();
        let whose = if prefix.is_empty() { "learned from" } else { "held out" };
        info!("{whose} {} rows: {}", figures.rows, told.join(", "));
        Ok(())
    };
    log("", &trained.learned)?;
    if let Some(examined) = &trained.examined {
        log("validation_", examined)?;
    }
    if let Some(best) = trained.curve.best {
        metrics.log("best_round", best as f64)?;
        info!("the best round was {best}");
    }
    metrics.set_display_name("Metrics")?;
    let page = Html::new();
    page.set_text(&page::page(trained))?;
    page.set_display_name("Training")?;
    let text = Markdown::new();
    text.set_text(&card(trained, source, seed))?;
    text.set_display_name("Model card")?;
    let figures = trained.examined.as_ref().unwrap_or(&trained.learned);
    let first =
        |names: [&str; 2]| names.into_iter().find_map(|name| figures.get(name)).filter(|value| value.is_finite());
    Ok(Trained {
        model,
        metrics,
        page,
        card: text,
        loss: first(["log_loss", "rmse"]),
        score: first(["accuracy", "r2"]),
    })
}
