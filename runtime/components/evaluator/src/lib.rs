//! The step of `wit/world.wit`.

#![allow(clippy::too_many_arguments, reason = "as many as the step has inputs")]

use evaluation::evaluate::{self, Evaluation, Options, Plots};
use evaluation::predictions::{self, Columns};
use evaluation::slices;
use evaluation::thresholds::{self, Bounds, Change, Validation};
use evaluation::{page, report};
use tfx_artifacts::{Delimiter, chosen, splits, tables};
use weft_guest::types::{RocPoint, Value};
use weft_guest::{Readable, Result, Writable, bail, info, warn};

wit_bindgen::generate!({
    path: ["../../../wit", "../wit/tfx", "wit"],
    world: "weft:evaluator/evaluator",
    with: {
        "tfx:types/artifacts@1.0.0": tfx_artifacts::artifacts,
        "weft:component/artifacts@0.1.0": weft_guest::artifacts,
        "weft:component/run@0.1.0": weft_guest::run,
        "weft:component/types@0.1.0": weft_guest::types,
    },
});

/// The slices' metrics in an evaluation.
const METRICS: &str = "metrics.jsonl";

struct Evaluator;
export!(Evaluator);

impl Guest for Evaluator {
    fn evaluate(
        predictions: &Artifact,
        baseline: Option<&Artifact>,
        baseline_evaluation: Option<&ModelEvaluation>,
        model: Option<&Artifact>,
        baseline_model: Option<&Artifact>,
        label: String,
        prediction: Option<String>,
        score: Option<String>,
        probabilities: Option<Vec<(String, String)>>,
        positive: Option<String>,
        weight: Option<String>,
        task: Option<Task>,
        slices: Option<Vec<Slicing>>,
        thresholds: Option<Vec<Threshold>>,
        gap_thresholds: Option<Vec<GapThreshold>>,
        score_thresholds: Option<Vec<f64>>,
        min_slice_rows: Option<u64>,
        splits: Option<Vec<String>>,
        delimiter: Option<String>,
    ) -> Result<Evaluated, String> {
        let question = Question {
            columns: Columns {
                label,
                prediction,
                score,
                probabilities: probabilities.unwrap_or_default(),
                positive,
                weight,
                task: task.map(|task| match task {
                    Task::Binary => predictions::Task::Binary,
                    Task::Multiclass => predictions::Task::Multiclass,
                    Task::Regression => predictions::Task::Regression,
                }),
                slices: Vec::new(),
            },
            options: Options {
                slicings: slices.unwrap_or_default().into_iter().map(slicing).collect(),
                thresholds: score_thresholds.unwrap_or_default(),
                min_rows: min_slice_rows.unwrap_or(1),
            },
            splits: splits.unwrap_or_default(),
            delimiter,
        };
        let thresholds: Vec<_> = thresholds.unwrap_or_default().into_iter().map(threshold).collect::<Result<_>>()?;
        let gaps: Vec<_> = gap_thresholds.unwrap_or_default().into_iter().map(gap_threshold).collect();
        let candidate = question.answer(predictions)?;
        let baseline = match (baseline, baseline_evaluation) {
            (Some(predictions), _) => Some(question.answer(predictions)?),
            (None, Some(evaluation)) => Some(of_before(evaluation)?),
            (None, None) => None,
        };
        let validation = thresholds::validate(&candidate, baseline.as_ref(), &thresholds, &gaps);
        tell(&candidate, baseline.as_ref(), &validation);
        let models = [("current_model", model), ("baseline_model", baseline_model)];
        Ok(publish(&candidate, baseline.as_ref(), &validation, &models)?)
    }
}

/// What is measured of a table of predictions.
struct Question {
    columns: Columns,
    options: Options,
    splits: Vec<String>,
    delimiter: Option<String>,
}

impl Question {
    fn answer(&self, predictions: &Artifact) -> Result<Evaluation> {
        let splits = chosen(splits(predictions)?, &self.splits, Some("eval"))?;
        let tables: Vec<_> = splits.iter().flat_map(|split| tables(split, predictions)).collect();
        let dialect = self.delimiter.as_deref().dialect()?;
        let (predictions, evaluation) = evaluate::read(&tables, dialect, &self.columns, &self.options)?;
        if predictions.without_label > 0 {
            warn!("{} rows have no label and are left out", predictions.without_label);
        }
        Ok(evaluation)
    }
}

/// An evaluation that an earlier step or run made.
fn of_before(evaluation: &ModelEvaluation) -> Result<Evaluation> {
    Ok(Evaluation::from_lines(&evaluation.open(METRICS)?.read_text()?)?)
}

fn slicing(slicing: Slicing) -> slices::Slicing {
    slices::Slicing {
        feature_keys: slicing.feature_keys.unwrap_or_default(),
        feature_values: slicing.feature_values.unwrap_or_default(),
    }
}

fn threshold(threshold: Threshold) -> Result<thresholds::Threshold> {
    let Threshold { metric, slices, lower_bound, upper_bound, absolute, relative, direction } = threshold;
    let value =
        (lower_bound.is_some() || upper_bound.is_some()).then_some(Bounds { lower: lower_bound, upper: upper_bound });
    let change = match direction {
        Some(direction) => {
            let direction = match direction {
                Direction::HigherIsBetter => thresholds::Direction::HigherIsBetter,
                Direction::LowerIsBetter => thresholds::Direction::LowerIsBetter,
            };
            Some(Change { absolute, relative, direction })
        }
        None if absolute.is_some() || relative.is_some() => {
            bail!(
                "the threshold on `{metric}` bounds a change: its `direction` is needed, higher-is-better or lower-is-better"
            );
        }
        None => None,
    };
    if value.is_none() && change.is_none() {
        bail!("the threshold on `{metric}` has no bound: give lower-bound, upper-bound, absolute or relative");
    }
    let slices = slices.unwrap_or_default().into_iter().map(slicing).collect();
    Ok(thresholds::Threshold { metric, slices, value, change })
}

fn gap_threshold(threshold: GapThreshold) -> thresholds::GapThreshold {
    thresholds::GapThreshold {
        metric: threshold.metric,
        feature_keys: threshold.feature_keys,
        upper: threshold.upper_bound,
    }
}

fn tell(candidate: &Evaluation, baseline: Option<&Evaluation>, validation: &Validation) {
    info!("{}", report::overall(candidate, baseline));
    if candidate.slices.len() > 1 {
        info!("{}", report::slices(candidate));
    }
    let verdict = report::verdict(validation);
    if validation.blessed == Some(true) { info!("{verdict}") } else { warn!("{verdict}") }
}

fn publish(
    candidate: &Evaluation,
    baseline: Option<&Evaluation>,
    validation: &Validation,
    models: &[(&str, Option<&Artifact>)],
) -> Result<Evaluated> {
    let evaluation = ModelEvaluation::new();
    for (name, text) in candidate.files(validation) {
        evaluation.create(name)?.write_bytes(text.as_bytes())?;
    }
    evaluation.set_display_name("Evaluation")?;

    let blessing = ModelBlessing::new();
    blessing.set_display_name("Blessing")?;
    if let Some(blessed) = validation.blessed {
        blessing.create(if blessed { "BLESSED" } else { "NOT_BLESSED" })?;
        blessing.set_property("blessed", &i64::from(blessed).into())?;
        for (name, model) in models {
            if let Some(uri) = model.and_then(|model| model.uri()) {
                blessing.set_property(name, &Value::from(uri))?;
            }
        }
    }

    let metrics = Metrics::new();
    for (name, value) in candidate.overall().into_iter().flat_map(|whole| &whole.metrics) {
        metrics.log(name, *value)?;
    }
    metrics.set_display_name("Metrics")?;
    let classification = candidate.plots.first().filter(|plots| !plots.classes.is_empty());
    let classification = classification.map(classification_metrics).transpose()?;
    let page = Html::new();
    page.set_text(&page::page(candidate, baseline, validation))?;
    page.set_display_name("Evaluation")?;
    let blessed = validation.blessed.unwrap_or(false);
    Ok(Evaluated { evaluation, blessing, metrics, classification, page, blessed })
}

fn classification_metrics(plots: &Plots) -> Result<ClassificationMetrics> {
    let metrics = ClassificationMetrics::new();
    let points: Vec<RocPoint> = plots
        .roc
        .iter()
        .map(|point| RocPoint {
            threshold: point.threshold,
            true_positive_rate: point.true_positive_rate,
            false_positive_rate: point.false_positive_rate,
        })
        .collect();
    if !points.is_empty() {
        metrics.log_roc_curve(&points)?;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sums of weights are not negative")]
    let rows: Vec<Vec<u64>> =
        plots.confusion.iter().map(|row| row.iter().map(|cell| cell.round() as u64).collect()).collect();
    metrics.log_confusion_matrix(&plots.classes, &rows)?;
    metrics.set_display_name("Classes")?;
    Ok(metrics)
}
