//! The final status of a task as KFP's back end passes it to exit handlers: `PipelineTaskFinalStatus`.
//!
//! Its states are those of ML Metadata, `COMPLETE` and `CANCELED`, although the SDK documents (and its local runner gives) `SUCCEEDED` and
//! `CANCELLED`. A cached task is `COMPLETE` too, so that a task that reads the status has the same cache key in the next run.

use serde_json::{Value, json};
use weft_pipeline::model::TaskState;

/// `google.rpc.Code` of a failure without a more specific code.
const UNKNOWN: u32 = 2;
/// `google.rpc.Code` of a task that was canceled or not run.
const CANCELLED: u32 = 1;

/// The status of a task in the form that `kfp.dsl.executor` reads. It has an `error` only if the task did not succeed.
pub fn final_status(task: &str, state: TaskState, message: Option<&str>, run: &str) -> Value {
    let (name, code) = match state {
        TaskState::Complete | TaskState::Cached => ("COMPLETE", None),
        TaskState::Skipped => ("SKIPPED", None),
        TaskState::Failed => ("FAILED", Some(UNKNOWN)),
        TaskState::New | TaskState::Running | TaskState::Canceled => ("CANCELED", Some(CANCELLED)),
    };
    let mut status = json!({ "state": name, "pipelineJobResourceName": run, "pipelineTaskName": task });
    if let Some(code) = code {
        status["error"] = json!({ "code": code, "message": message.unwrap_or_default() });
    }
    status
}
