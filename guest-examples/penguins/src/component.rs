//! The steps: artifacts in, artifacts out.

wit_bindgen::generate!({ path: ["../../wit", "wit"], world: "weft:penguins/penguins", generate_all });

use weft::component::run::{Level, log};
use weft::component::types::{Error, RocPoint, Value};

use crate::model::Softmax;
use crate::table::Table;
use crate::{LABEL, card, model, scores, split as splitting};

struct Penguins;
export!(Penguins);

impl Guest for Penguins {
    fn split(data: &Dataset, seed: u64, test_fraction: f64) -> Result<Halves, String> {
        let table = table(data)?;
        let (train, test) = splitting::stratified(&table, LABEL, seed, test_fraction)?;
        log(Level::Info, &format!("{} rows to train on, {} to test on", train.rows.len(), test.rows.len()));
        Ok(Halves { train: dataset(&train)?, test: dataset(&test)? })
    }

    fn train(
        data: &Dataset,
        features: Option<Vec<String>>,
        regularisation: Option<f64>,
        iterations: Option<u32>,
    ) -> Result<Trained, String> {
        let table = table(data)?;
        let features = features
            .unwrap_or_else(|| table.columns.iter().filter(|column| *column != LABEL).cloned().collect::<Vec<_>>());
        let (regularisation, iterations) = (regularisation.unwrap_or(1.0), iterations.unwrap_or(100));
        let fitted = model::fit(&table, LABEL, &features, regularisation, iterations)?;
        let report = scores::examine(&fitted, &table, LABEL)?;
        log(Level::Info, &format!("learned from {} rows; {} have missing values", report.rows, report.skipped));

        let model = Model::new();
        model.append(&json(&fitted)?).map_err(failed)?;
        model.set_property("labels", &list(&fitted.labels)).map_err(failed)?;
        model.set_property("features", &list(&features)).map_err(failed)?;
        let metrics = Metrics::new();
        metrics.log("accuracy", report.accuracy()).map_err(failed)?;
        metrics.log("log-loss", report.log_loss).map_err(failed)?;
        metrics.log("rows", f64::from(report.rows)).map_err(failed)?;
        metrics.log("rows-skipped", f64::from(report.skipped)).map_err(failed)?;
        Ok(Trained { model, metrics })
    }

    fn evaluate(model: &Model, data: &Dataset) -> Result<Scores, String> {
        let report = scores::examine(&read_model(model)?, &table(data)?, LABEL)?;

        let metrics = Metrics::new();
        metrics.log("accuracy", report.accuracy()).map_err(failed)?;
        metrics.log("auc", scores::area(&report.roc)).map_err(failed)?;
        metrics.log("log-loss", report.log_loss).map_err(failed)?;
        for (label, recall) in report.recalls() {
            metrics.log(&format!("recall-{label}"), recall).map_err(failed)?;
        }
        let roc = ClassificationMetrics::new();
        let points: Vec<RocPoint> = report
            .roc
            .iter()
            .map(|point| RocPoint {
                threshold: point.threshold,
                true_positive_rate: point.true_positive_rate,
                false_positive_rate: point.false_positive_rate,
            })
            .collect();
        roc.log_roc_curve(&points).map_err(failed)?;
        roc.log_confusion_matrix(&report.labels, &report.confusion).map_err(failed)?;
        Ok(Scores { metrics, roc, accuracy: report.accuracy() })
    }

    fn push(model: &Model, accuracy: f64) -> Result<Deployment, String> {
        let content = bytes(model.length(), |at, length| model.read(at, length))?;
        let read = Softmax::from_json(&content)?;
        // The same bytes and properties: what is deployed is the very model that was trained.
        let deployed = Model::new();
        deployed.append(&content).map_err(failed)?;
        for (name, value) in model.properties() {
            deployed.set_property(&name, &value).map_err(failed)?;
        }
        let told = Markdown::new();
        told.set_text(&card::card(&read, accuracy)).map_err(failed)?;
        Ok(Deployment { deployed, card: told })
    }
}

/// The whole content behind a handle, asked for in pieces that the runtime is glad to give.
fn bytes(length: u64, read: impl Fn(u64, u64) -> Result<Vec<u8>, Error>) -> Result<Vec<u8>, String> {
    const PIECE: u64 = 1 << 20;
    let mut bytes = Vec::new();
    for offset in (0..length).step_by(PIECE as usize) {
        bytes.extend(read(offset, PIECE.min(length - offset)).map_err(failed)?);
    }
    Ok(bytes)
}

fn table(data: &Dataset) -> Result<Table, String> {
    Table::parse(&bytes(data.length(), |at, length| data.read(at, length))?)
}

fn dataset(table: &Table) -> Result<Dataset, String> {
    let data = Dataset::new();
    data.append(&table.to_csv()?).map_err(failed)?;
    data.set_property("rows", &Value::Int(table.rows.len() as i64)).map_err(failed)?;
    Ok(data)
}

fn read_model(model: &Model) -> Result<Softmax, String> {
    Softmax::from_json(&bytes(model.length(), |at, length| model.read(at, length))?)
}

fn json(value: &impl serde::Serialize) -> Result<Vec<u8>, String> {
    serde_json::to_vec_pretty(value).map_err(|error| error.to_string())
}

fn list(items: &[String]) -> Value {
    Value::List(serde_json::Value::from(items).to_string())
}

fn failed(error: Error) -> String {
    format!("the runtime refused: {error:?}")
}
