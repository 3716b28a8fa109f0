//! KFP's `PipelineSpec`, schema 2.1.0: the format that `kfp.compiler` writes, and Kubeflow Pipelines and Vertex AI
//! Pipelines run.

pub mod check;
pub(crate) mod query;
pub mod read;
pub mod template;
pub mod write;
