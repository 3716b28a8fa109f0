//! How a task ended, as KFP tells it to those that ask: `PipelineTaskFinalStatus`.

use serde_json::{Value, json};
use weft_pipeline::model::TaskState;

/// `google.rpc.Code` of a failure of which no more is known.
const UNKNOWN: u32 = 2;
/// `google.rpc.Code` of what was given up or never begun.
const CANCELLED: u32 = 1;

/// The status of a task, as `kfp.dsl.executor` reads it. There is an `error` only if there was one.
pub fn final_status(task: &str, state: TaskState, message: Option<&str>, run: &str) -> Value {
    let (name, code) = match state {
        TaskState::Complete | TaskState::Cached => ("SUCCEEDED", None),
        TaskState::Skipped => ("SKIPPED", None),
        TaskState::Failed => ("FAILED", Some(UNKNOWN)),
        TaskState::New | TaskState::Running | TaskState::Canceled => ("CANCELLED", Some(CANCELLED)),
    };
    let mut status = json!({ "state": name, "pipelineJobResourceName": run, "pipelineTaskName": task });
    if let Some(code) = code {
        status["error"] = json!({ "code": code, "message": message.unwrap_or_default() });
    }
    status
}
