//! The values of KFP's placeholders about a run and a task (`{{$.pipeline_job_name}}` and the like).

use weft_metadata::RunKey;
use weft_pipeline::calendar::civil;
use weft_pipeline::command::{TaskContext, WORKSPACE};
use weft_pipeline::model::Pipeline;

/// The value of `{{$.pipeline_root}}`. Artifacts have no path outside of the steps that read them.
const ROOT: &str = "weft://artifacts";

/// The context of a run.
pub fn for_run(key: &RunKey, pipeline: &Pipeline) -> TaskContext {
    // Ids usually begin with the pipeline's name.
    let job_name =
        if key.run.starts_with(&pipeline.name) { key.run.clone() } else { format!("{}-{}", pipeline.name, key.run) };
    let started = timestamp(key.started_ms);
    TaskContext {
        job_name,
        job_resource_name: key.run.clone(),
        job_id: key.run.clone(),
        root: ROOT.to_owned(),
        create_time: started.clone(),
        schedule_time: started,
        workspace: pipeline.workspace.then(|| WORKSPACE.to_owned()),
        ..TaskContext::default()
    }
}

/// The context of a task of the run. The id depends on the run and the task only, so that it stays when the run is resumed.
pub fn for_task(run: &TaskContext, path: &str) -> TaskContext {
    let name = path.rsplit('/').next().unwrap_or(path);
    let digest = blake3::hash(format!("{}\n{path}", run.job_id).as_bytes());
    let hex = digest.to_hex();
    let task_id = format!("{}-{}-8{}-8{}-{}", &hex[0..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32]);
    TaskContext { task_name: without_iteration(name).to_owned(), task_id, ..run.clone() }
}

/// A task's name without the index of an iteration.
pub fn without_iteration(name: &str) -> &str {
    name.split('[').next().unwrap_or(name)
}

/// Milliseconds since the epoch in the form of RFC 3339: `2026-08-21T09:30:00Z`.
fn timestamp(ms: i64) -> String {
    let ((year, month, day), (hour, minute, second)) = civil(ms);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (1_767_225_599, "2025-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(timestamp(seconds * 1000 + 999), text);
        }
    }

    #[test]
    fn a_task_keeps_its_id() {
        let run = TaskContext { job_id: "r".to_owned(), ..TaskContext::default() };
        let one = for_task(&run, "loop[3]/work");
        assert_eq!((one.task_name.as_str(), one.task_id.len()), ("work", 36));
        assert_eq!(one, for_task(&run, "loop[3]/work"));
        assert_ne!(one.task_id, for_task(&run, "loop[4]/work").task_id);
        assert_eq!(for_task(&run, "loop[3]").task_name, "loop");
    }
}
