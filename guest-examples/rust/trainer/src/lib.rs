//! The classifier of `polyglot/wit/trainer.wit` in Rust.

mod examples;
mod logistic;

use weft_guest::types::Value;
use weft_guest::{Readable, Result, Writable, bail, info, run};

use crate::examples::Examples;
use crate::logistic::Logistic;

wit_bindgen::generate!({
    path: "../../polyglot/wit",
    world: "weft:polyglot/trainer",
    with: {
        "weft:component/artifacts@0.1.0": weft_guest::artifacts,
        "weft:component/run@0.1.0": weft_guest::run,
        "weft:component/types@0.1.0": weft_guest::types,
    },
});

struct Trainer;
export!(Trainer);

impl Guest for Trainer {
    fn train(
        data: &Dataset,
        label: String,
        positive: String,
        learning_rate: f64,
        epochs: u32,
    ) -> Result<Trained, String> {
        Ok(train(data, &label, &positive, learning_rate, epochs)?)
    }
}

fn train(data: &Dataset, label: &str, positive: &str, learning_rate: f64, epochs: u32) -> Result<Trained> {
    if !(learning_rate > 0.0 && learning_rate.is_finite()) {
        bail!("the learning rate must be more than 0, not {learning_rate}");
    }
    if epochs == 0 {
        bail!("epochs must be at least 1");
    }
    let examples = Examples::read(data.reader(), label, positive)?;
    let fitted = Logistic::fit(&examples, learning_rate, epochs, |done| run::progress(done.into(), epochs.into()))?;
    let scores = fitted.examine(&examples);
    info!("learned from {} rows; {} have missing values", examples.rows.len(), examples.skipped);

    let model = Model::new();
    model.write_bytes(&serde_json::to_vec_pretty(&fitted)?)?;
    model.set_property("label", &label.into())?;
    model.set_property("positive", &positive.into())?;
    model.set_property("features", &Value::strings(&examples.features))?;
    model.set_property("accuracy", &scores.accuracy.into())?;

    let metrics = Metrics::new();
    metrics.log("accuracy", scores.accuracy)?;
    metrics.log("log-loss", scores.log_loss)?;
    metrics.log("rows", examples.rows.len() as f64)?;
    metrics.log("rows-skipped", examples.skipped as f64)?;
    Ok(Trained { model, metrics, accuracy: scores.accuracy, weights: fitted.weights })
}
