"""Loads component files with the Kubeflow Pipelines SDK, compiles a pipeline of each, and prints their interfaces."""

import json
import sys
import tempfile

from kfp import compiler, components

loaded = {}
for file in sys.argv[1:]:
    component = components.load_component_from_file(file)
    with tempfile.NamedTemporaryFile(suffix=".yaml") as out:
        compiler.Compiler().compile(component, out.name)
    loaded[file] = {}
    # The types as the compiled pipeline has them.
    root = component.pipeline_spec.root
    definitions = {"inputs": root.input_definitions, "outputs": root.output_definitions}
    for side, definition in definitions.items():
        found = {}
        for name, parameter in definition.parameters.items():
            found[name] = type(parameter).DESCRIPTOR.fields_by_name["parameter_type"].enum_type.values_by_number[
                parameter.parameter_type
            ].name
        for name, artifact in definition.artifacts.items():
            found[name] = f"{artifact.artifact_type.schema_title}@{artifact.artifact_type.schema_version}"
        loaded[file][side] = found
print(json.dumps(loaded))
