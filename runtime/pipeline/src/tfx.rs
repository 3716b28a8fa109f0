//! What of TFX's pipelines is known by name: executors, and artifacts that hold one value.

use serde_json::Value;

use crate::model::CommandStep;
use crate::types::ArtifactType;

/// The option before the class of an executor. TFX's containers all run the same program with it.
const CLASS_FLAG: &str = "--executor_class_path";

/// The program of TFX's containers.
const MODULE: &str = "tfx.orchestration.kubeflow.v2.container.kubeflow_v2_run_executor";

/// The class of the TFX executor that a container runs: `tfx.components.trainer.executor.GenericExecutor`.
pub fn executor_class(step: &CommandStep) -> Option<&str> {
    class_in(&mut step.command.iter().chain(&step.args).map(String::as_str))
}

/// The same of a command's words.
pub fn class_in<'a>(words: &mut dyn Iterator<Item = &'a str>) -> Option<&'a str> {
    while let Some(word) = words.next() {
        match word.strip_prefix(CLASS_FLAG) {
            Some("") => return words.next(),
            Some(value) => return value.strip_prefix('='),
            None => {}
        }
    }
    None
}

/// The arguments of an interpreter that runs a container of TFX. TFX's image has a command of its own where the pipeline names none.
pub(crate) fn argv(step: &CommandStep) -> Vec<String> {
    let mut argv = vec!["python3".to_owned()];
    match step.command.split_first() {
        Some((_, rest)) => argv.extend(rest.iter().cloned()),
        None => argv.extend(["-m", MODULE].map(str::to_owned)),
    }
    argv.extend(step.args.iter().cloned());
    argv
}

/// Whether a command is an executor of TFX that reads the values of parameters from `parameters` rather than `parameterValues`, as those do
/// that were compiled for schema 2.0.0.
pub(crate) fn reads_old_parameters(argv: &[String]) -> bool {
    is_run_by(argv) && !argv.iter().any(|word| word == "--json_serialized_inputs_spec_args")
}

/// Whether a command is one of TFX's executors.
pub(crate) fn is_run_by(argv: &[String]) -> bool {
    class_in(&mut argv.iter().map(String::as_str)).is_some()
}

/// An executor that TFX itself must run, and what there is without it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeedsTfx {
    /// What it is and why it cannot be run here: `it is TFX's Trainer, ..`.
    pub message: String,
    /// The ways out.
    pub hint: String,
}

/// What to say of an executor of this class.
pub fn needs_tfx(class: &str) -> NeedsTfx {
    let run = "`--executor host-python --python PYTHON` runs it on a Python of this machine in which TFX is installed, unsandboxed";
    let known = |name: &str, why: &str, instead: &str| NeedsTfx {
        message: format!("it is TFX's {name}, {why}"),
        hint: format!("{run}; {instead}"),
    };
    // What a model of TensorFlow becomes, ours can ask: `ir::read::tfx::models`.
    let convert = |ours: &str, does: &str| {
        format!(
            "`weft:{ours}` {does}: have tf2onnx convert it, and an Importer bring `model.onnx`, and it takes this step over"
        )
    };
    let module = class.rsplit_once('.').map_or(class, |(module, _)| module);
    match module {
        "tfx.components.transform.executor" => known(
            "Transform",
            "whose module runs in TensorFlow, which no sandbox has",
            "`weft:transform` makes features that are declared in place of a module",
        ),
        "tfx.components.trainer.executor" => known(
            "Trainer",
            "whose module runs in TensorFlow, which no sandbox has",
            "`weft:trainer` learns models from tables, and a component of KFP in Python may train in the sandbox",
        ),
        "tfx.components.tuner.executor" => known(
            "Tuner",
            "whose module runs in TensorFlow, which no sandbox has",
            "`weft:tuner` tunes in a loop over any step",
        ),
        "tfx.components.evaluator.executor" => known(
            "Evaluator",
            "which asks a model of TensorFlow, and no sandbox has that",
            &convert("evaluator", "measures what a model in ONNX answers"),
        ),
        "tfx.components.bulk_inferrer.executor" => known(
            "BulkInferrer",
            "which asks a model of TensorFlow, and no sandbox has that",
            &convert("bulk-inferrer", "asks a model in ONNX, of XGBoost or LightGBM"),
        ),
        "tfx.components.infra_validator.executor" => known(
            "InfraValidator",
            "which starts TensorFlow Serving, and nothing here starts containers",
            &convert("infra-validator", "loads and asks a model in ONNX, of XGBoost or LightGBM"),
        ),
        _ if module.contains(".example_gen.") => known(
            &format!("`{class}`"),
            "whose source of examples is not read here",
            "`weft:example-gen` reads CSV, JSON lines, Parquet, Arrow and TFRecord: export the rows as one of these",
        ),
        _ if module.starts_with("tfx.") => known(
            &format!("`{class}`"),
            "which needs TFX itself",
            "leave the step out, or do its work in a component of KFP in Python",
        ),
        _ if class.starts_with("__main__.") => NeedsTfx {
            message: format!(
                "its function `{class}` was defined in the program that compiled the pipeline, where nothing can import it from"
            ),
            hint: "define it in a module of its own, which the pipeline's program imports, and compile again"
                .to_owned(),
        },
        _ => NeedsTfx {
            message: format!("its function `{class}` is a component of TFX in Python, which needs TFX itself"),
            hint: format!(
                "{run}, and where `{module}` can be imported; or make it a component of KFP, with `kfp.dsl.component`"
            ),
        },
    }
}

/// Whether artifacts of this type hold one value, which a parameter may take: TFX's `Integer`, `String` and so on.
pub fn holds_value(kind: &ArtifactType) -> bool {
    matches!(kind.0.as_str(), "tfx.Integer" | "tfx.Float" | "tfx.Boolean" | "tfx.String" | "tfx.JsonValue")
}

/// The value in such an artifact's file.
///
/// # Errors
/// It is none of its type.
pub fn value(kind: &ArtifactType, text: &str) -> Result<Value, String> {
    let parsed = || serde_json::from_str::<Value>(text.trim()).ok();
    let found = match kind.0.as_str() {
        "tfx.String" => Some(Value::from(text)),
        "tfx.Boolean" => match text.trim() {
            "1" | "True" | "true" => Some(true.into()),
            "0" | "False" | "false" => Some(false.into()),
            _ => None,
        },
        "tfx.Integer" => text.trim().parse::<i64>().ok().map(Value::from),
        "tfx.Float" => match text.trim().parse::<f64>() {
            Ok(number) if number.is_finite() => Some(number.into()),
            Ok(number) if number.is_nan() => Some("NaN".into()),
            Ok(number) => Some(if number > 0.0 { "Infinity" } else { "-Infinity" }.into()),
            Err(_) => None,
        },
        _ => parsed(),
    };
    found.ok_or_else(|| format!("the artifact is a `{kind}`, and its file holds none: `{}`", short(text)))
}

/// The beginning of a text.
fn short(text: &str) -> &str {
    &text[..text.floor_char_boundary(60)]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn step(command: &[&str], args: &[&str]) -> CommandStep {
        let own = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        CommandStep { command: own(command), args: own(args), ..CommandStep::default() }
    }

    #[test]
    fn the_class_is_found_with_and_without_a_command() {
        for (command, args) in [
            (&["python", "-m", MODULE][..], &["--executor_class_path", "a.B", "--x", "{{$}}"][..]),
            (&[], &["--executor_class_path=a.B", "--x", "{{$}}"]),
        ] {
            let step = step(command, args);
            assert_eq!(executor_class(&step), Some("a.B"));
            assert_eq!(argv(&step)[..3], ["python3", "-m", MODULE]);
            assert!(reads_old_parameters(&argv(&step)));
        }
        assert_eq!(executor_class(&step(&["sh", "-c", "x"], &["--executor_class_pathology"])), None);
        assert_eq!(executor_class(&step(&["sh"], &["--executor_class_path"])), None);
    }

    #[test]
    fn values_are_read_as_tfx_writes_them() {
        let read = |kind: &str, text: &str| value(&ArtifactType(format!("tfx.{kind}")), text);
        assert_eq!(read("Integer", "42"), Ok(json!(42)));
        assert_eq!(read("Float", "1e-3"), Ok(json!(0.001)));
        assert_eq!(read("Float", "nan"), Ok(json!("NaN")));
        assert_eq!(read("Boolean", "0"), Ok(json!(false)));
        assert_eq!(read("String", " a\n"), Ok(json!(" a\n")));
        assert_eq!(read("JsonValue", r#"{"a": [1]}"#), Ok(json!({"a": [1]})));
        assert!(read("Integer", "4.5").unwrap_err().contains("holds none: `4.5`"));
        assert!(!holds_value(&ArtifactType("tfx.Model".into())));
    }

    #[test]
    fn every_executor_that_needs_tfx_has_a_way_out() {
        let told: Vec<String> = [
            "tfx.components.transform.executor.Executor",
            "tfx.components.trainer.executor.GenericExecutor",
            "tfx.components.tuner.executor.Executor",
            "tfx.components.evaluator.executor.Executor",
            "tfx.components.bulk_inferrer.executor.Executor",
            "tfx.components.infra_validator.executor.Executor",
            "tfx.extensions.google_cloud_big_query.example_gen.executor.Executor",
            "tfx.components.example_gen.custom_executors.avro_executor.Executor",
            "tfx.extensions.google_cloud_ai_platform.trainer.executor.GenericExecutor",
            "__main__.count_rows_Executor",
            "steps.count_rows_Executor",
        ]
        .into_iter()
        .map(|class| {
            let NeedsTfx { message, hint } = needs_tfx(class);
            format!("{message}\n    {hint}")
        })
        .collect();
        insta::assert_snapshot!(told.join("\n"));
    }
}
