"""Walks with the ML Metadata client from the deployed model back to what nothing made, and prints what it met."""

import json
import sys
from collections import Counter

from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as mlmd

config = mlmd.ConnectionConfig()
config.sqlite.filename_uri = sys.argv[1]
config.sqlite.connection_mode = mlmd.SqliteMetadataSourceConfig.READONLY
store = metadata_store.MetadataStore(config)

types = {t.id: t.name for t in store.get_artifact_types()}
INPUT, OUTPUT = mlmd.Event.INPUT, mlmd.Event.OUTPUT


def name(execution):
    return execution.custom_properties["task_name"].string_value


def path(event):
    return next(step.key for step in event.path.steps if step.key)


def producer(artifact_id):
    """The execution that made an artifact rather than found it in the cache, and the output's name."""
    events = [e for e in store.get_events_by_artifact_ids([artifact_id]) if e.type == OUTPUT]
    made = store.get_executions_by_id([e.execution_id for e in events])
    for execution in made:
        if execution.last_known_state == mlmd.Execution.COMPLETE:
            return execution, path(next(e for e in events if e.execution_id == execution.id))
    raise SystemExit(f"artifact {artifact_id} was made by nobody: {made}")


[model] = [
    a
    for a in store.get_artifacts_by_type("system.Model")
    if name(producer(a.id)[0]) == "push"
]
execution, output = producer(model.id)
start = {"type": types[model.type_id], "task": name(execution), "output": output}

executions, sources, waiting, seen = [], [], [model], {model.id}
while waiting:
    artifact = waiting.pop()
    execution, _ = producer(artifact.id)
    if name(execution) not in executions:
        executions.append(name(execution))
    inputs = [e.artifact_id for e in store.get_events_by_execution_ids([execution.id]) if e.type == INPUT]
    if not inputs:
        sources.append(artifact)
    for found in store.get_artifacts_by_id([i for i in inputs if i not in seen]):
        seen.add(found.id)
        waiting.append(found)

[source] = sources
context_types = {t.id: t.name for t in store.get_context_types()}
contexts = store.get_contexts_by_artifact(model.id)
[run] = [c for c in contexts if context_types[c.type_id] == "system.PipelineRun"]
print(
    json.dumps(
        {
            "from": start,
            "executions": executions,
            "source": {"type": types[source.type_id], "uri": source.uri},
            "contexts": Counter(context_types[c.type_id] for c in contexts),
            "parents": [c.name for c in store.get_parent_contexts_by_context(run.id)],
        }
    )
)
