"""Opens a store with the real `ml_metadata` client and prints as JSON what it finds there.

walk.py STORE                 everything: types, contexts with their parents, executions, artifacts, events
walk.py STORE up ARTIFACT_ID  the executions and artifacts that the artifact came from, nearest first
walk.py STORE create          makes a store, or adds to one, and records a small run, as KFP would
"""

import json
import sys

from google.protobuf import json_format
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as mlmd

SIMPLE_ARTIFACT_TYPES = ["mlmd.Dataset", "mlmd.Model", "mlmd.Metrics", "mlmd.Statistics"]
SIMPLE_EXECUTION_TYPES = ["mlmd.Train", "mlmd.Transform", "mlmd.Process", "mlmd.Evaluate", "mlmd.Deploy"]


def connect(path):
    config = mlmd.ConnectionConfig()
    config.sqlite.filename_uri = path
    config.sqlite.connection_mode = mlmd.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
    return metadata_store.MetadataStore(config)


def value(property_value):
    kind = property_value.WhichOneof("value")
    held = getattr(property_value, kind)
    return {kind: json_format.MessageToDict(held) if kind == "struct_value" else held}


def properties(node):
    declared = {name: value(held) for name, held in node.properties.items()}
    custom = {name: value(held) for name, held in node.custom_properties.items()}
    return {"properties": declared, "custom_properties": custom}


def execution(node):
    state = mlmd.Execution.State.Name(node.last_known_state)
    return {"id": node.id, "type": node.type, "name": node.name, "state": state, **properties(node)}


def artifact(node):
    state = mlmd.Artifact.State.Name(node.state)
    return {"id": node.id, "type": node.type, "uri": node.uri, "state": state, **properties(node)}


def event(node):
    path = [step.key if step.WhichOneof("value") == "key" else step.index for step in node.path.steps]
    return {
        "artifact": node.artifact_id,
        "execution": node.execution_id,
        "type": mlmd.Event.Type.Name(node.type),
        "path": path,
        "time": node.milliseconds_since_epoch,
    }


def everything(store):
    def context(node):
        return {
            "id": node.id,
            "type": node.type,
            "name": node.name,
            "parents": [parent.name for parent in store.get_parent_contexts_by_context(node.id)],
            "children": [child.name for child in store.get_children_contexts_by_context(node.id)],
            "executions": [node.id for node in store.get_executions_by_context(node.id)],
            "artifacts": [node.id for node in store.get_artifacts_by_context(node.id)],
            **properties(node),
        }

    executions = store.get_executions()
    return {
        "artifact_types": [node.name for node in store.get_artifact_types()],
        "execution_types": [node.name for node in store.get_execution_types()],
        # The client lists no built-in types, but gives each one by name.
        "simple_types": [store.get_artifact_type(name).name for name in SIMPLE_ARTIFACT_TYPES]
        + [store.get_execution_type(name).name for name in SIMPLE_EXECUTION_TYPES],
        "context_types": [node.name for node in store.get_context_types()],
        "contexts": [context(node) for node in store.get_contexts()],
        "executions": [execution(node) for node in executions],
        "artifacts": [artifact(node) for node in store.get_artifacts()],
        "events": [event(node) for node in store.get_events_by_execution_ids([node.id for node in executions])],
        "filtered": [
            node.id
            for node in store.get_executions(
                metadata_store.ListOptions(filter_query="custom_properties.`input:rate`.double_value > 0.25")
            )
        ],
    }


def up(store, artifact_id):
    executions, artifacts, frontier = [], [artifact_id], [artifact_id]
    while frontier:
        makers = [
            found.execution_id
            for found in store.get_events_by_artifact_ids(frontier)
            if found.type == mlmd.Event.OUTPUT and found.execution_id not in executions
        ]
        executions += makers
        read = store.get_events_by_execution_ids(makers) if makers else []
        frontier = sorted({found.artifact_id for found in read if found.type == mlmd.Event.INPUT} - set(artifacts))
        artifacts += frontier
    return {"executions": executions, "artifacts": artifacts}


def create(store):
    def type_id(put, message, name):
        return put(message(name=name))

    pipeline = type_id(store.put_context_type, mlmd.ContextType, "system.Pipeline")
    run = type_id(store.put_context_type, mlmd.ContextType, "system.PipelineRun")
    container = type_id(store.put_execution_type, mlmd.ExecutionType, "system.ContainerExecution")
    dataset = type_id(store.put_artifact_type, mlmd.ArtifactType, "system.Dataset")
    contexts = [mlmd.Context(type_id=pipeline, name="theirs"), mlmd.Context(type_id=run, name="theirs-1")]
    ids = store.put_contexts(contexts)
    store.put_parent_contexts([mlmd.ParentContext(child_id=ids[1], parent_id=ids[0])])
    contexts = store.get_contexts_by_id(ids)

    made = mlmd.Artifact(type_id=dataset, uri="blake3:" + "cd" * 32, state=mlmd.Artifact.LIVE)
    made.custom_properties["display_name"].string_value = "theirs"
    made.custom_properties["rows"].int_value = 344
    made.custom_properties["share"].double_value = 0.5
    made.custom_properties["clean"].bool_value = True
    made.custom_properties["columns"].struct_value["list"] = ["bill", None, {"n": 2.5}]
    ran = mlmd.Execution(type_id=container, last_known_state=mlmd.Execution.COMPLETE)
    ran.custom_properties["task_name"].string_value = "their-task"
    gave = mlmd.Event(type=mlmd.Event.OUTPUT)
    gave.path.steps.add().key = "out"
    execution_id, artifact_ids, _ = store.put_execution(ran, [(made, gave)], contexts)
    return {"execution": execution_id, "artifact": artifact_ids[0]}


def main():
    store = connect(sys.argv[1])
    match sys.argv[2:]:
        case []:
            answer = everything(store)
        case ["up", artifact_id]:
            answer = up(store, int(artifact_id))
        case ["create"]:
            answer = create(store)
        case _:
            sys.exit(__doc__)
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
