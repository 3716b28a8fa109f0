"""Loads pipelines with the Kubeflow Pipelines SDK, and puts each into a pipeline of its own: `use_pipelines.py FILE...`.

Writes `outer-FILE` for each and prints their interfaces.
"""

import json
import sys

from kfp import compiler, components, dsl

loaded = {}
for file in sys.argv[1:]:
    inner = components.load_component_from_file(file)
    # Parsed as the specification that it is, whole and strictly.
    spec = inner.pipeline_spec

    @dsl.pipeline(name=f"outer-{inner.name}")
    def outer():
        inner().set_display_name("all of it")

    compiler.Compiler().compile(outer, f"outer-{file}")
    loaded[file] = {
        "name": inner.name,
        "description": inner.description,
        "inputs": sorted(inner.component_spec.inputs or {}),
        "outputs": sorted(inner.component_spec.outputs or {}),
        "tasks": sorted(spec.root.dag.tasks),
        "is_pipeline": inner.component_spec.implementation.graph is not None,
    }
print(json.dumps(loaded))
