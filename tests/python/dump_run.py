"""Prints everything that the ML Metadata client finds of the one run in a store, without row numbers and times."""

import json
import sys

from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as mlmd

config = mlmd.ConnectionConfig()
config.sqlite.filename_uri = sys.argv[1]
config.sqlite.connection_mode = mlmd.SqliteMetadataSourceConfig.READONLY
store = metadata_store.MetadataStore(config)

[run] = store.get_contexts_by_type("system.PipelineRun")
executions = store.get_executions_by_context(run.id)
types = {t.id: t.name for t in store.get_execution_types()}
artifact_types = {t.id: t.name for t in store.get_artifact_types()}
artifacts = {a.id: a for a in store.get_artifacts()}
names = {e.id: e.custom_properties["task_name"].string_value for e in executions}
assert len(set(names.values())) == len(names), "a task has two executions"

print(
    json.dumps(
        {
            "executions": sorted(
                (names[e.id], types[e.type_id], mlmd.Execution.State.Name(e.last_known_state)) for e in executions
            ),
            "events": sorted(
                (
                    names[e.execution_id],
                    mlmd.Event.Type.Name(e.type),
                    [step.key or step.index for step in e.path.steps],
                    artifacts[e.artifact_id].uri,
                )
                for e in store.get_events_by_execution_ids([e.id for e in executions])
            ),
            "artifacts": sorted(
                (artifact_types[a.type_id], a.uri, mlmd.Artifact.State.Name(a.state)) for a in artifacts.values()
            ),
            "attributed": len(store.get_artifacts_by_context(run.id)),
        },
        indent=1,
    )
)
