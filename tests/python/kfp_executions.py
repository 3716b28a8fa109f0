"""Prints the executions of the newest run as the ML Metadata client sees them: a list from the run's own DAG down."""

import json
import sys

from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as mlmd

config = mlmd.ConnectionConfig()
config.sqlite.filename_uri = sys.argv[1]
config.sqlite.connection_mode = mlmd.SqliteMetadataSourceConfig.READONLY
store = metadata_store.MetadataStore(config)

kinds = {t.id: t.name for t in store.get_execution_types()}
run = max(store.get_contexts_by_type("system.PipelineRun"), key=lambda context: context.id)


def plain(value):
    return getattr(value, value.WhichOneof("value"))


found = []
for execution in store.get_executions_by_context(run.id):
    properties = {
        key: plain(value)
        for key, value in [*execution.properties.items(), *execution.custom_properties.items()]
        if key in {"task_name", "parent_dag_id", "iteration_index", "iteration_count", "cached_execution_id", "display_name"}
    }
    found.append({
        "id": execution.id,
        "type": kinds[execution.type_id],
        "state": mlmd.Execution.State.Name(execution.last_known_state),
        **properties,
    })
print(json.dumps(found))
