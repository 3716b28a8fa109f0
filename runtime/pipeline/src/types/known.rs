//! The artifact types of TFX and of Google's components, by title.

/// TFX's: those of `standard_artifacts`, and of `simple_artifacts` behind them.
pub const TFX: [&str; 31] = [
    "tfx.Artifact",
    "tfx.Boolean",
    "tfx.Bytes",
    "tfx.Config",
    "tfx.DataView",
    "tfx.Dataset",
    "tfx.ExampleAnomalies",
    "tfx.ExampleStatistics",
    "tfx.ExampleValidationMetrics",
    "tfx.Examples",
    "tfx.ExamplesDiff",
    "tfx.ExternalArtifact",
    "tfx.File",
    "tfx.Float",
    "tfx.HyperParameters",
    "tfx.InferenceResult",
    "tfx.InfraBlessing",
    "tfx.Integer",
    "tfx.JsonValue",
    "tfx.Metrics",
    "tfx.Model",
    "tfx.ModelBlessing",
    "tfx.ModelEvaluation",
    "tfx.ModelRun",
    "tfx.PushedModel",
    "tfx.Schema",
    "tfx.Statistics",
    "tfx.String",
    "tfx.TransformCache",
    "tfx.TransformGraph",
    "tfx.TunerResults",
];

/// Those of `google_cloud_pipeline_components.types.artifact_types`.
pub const GOOGLE: [&str; 10] = [
    "google.BQMLModel",
    "google.BQTable",
    "google.ClassificationMetrics",
    "google.ForecastingMetrics",
    "google.RegressionMetrics",
    "google.UnmanagedContainerModel",
    "google.VertexBatchPredictionJob",
    "google.VertexDataset",
    "google.VertexEndpoint",
    "google.VertexModel",
];

/// The known types of a title's namespace; none for a namespace in which anybody may have types.
pub(super) fn of_namespace(namespace: &str) -> Option<&'static [&'static str]> {
    match namespace {
        "tfx" => Some(&TFX),
        "google" => Some(&GOOGLE),
        _ => None,
    }
}
