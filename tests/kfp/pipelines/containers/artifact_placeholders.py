"""Placeholders of artifacts in commands: `path`, `uri`, metadata as a whole and by key, lists of artifacts, the executor's input and output."""

from typing import List

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Model, Output, OutputPath


@dsl.component
def make(data: Output[Dataset]):
    data.metadata.update({'owner': 'me', 'rows': 2, 'flag': True, 'list': [1, 2]})
    with open(data.path, 'w') as file:
        file.write('rows')


@dsl.container_component
def inspect(data: Input[Dataset], out: OutputPath(str)):
    return dsl.ContainerSpec(
        image='alpine',
        command=['sh', '-c', 'printf "%s|%s|%s|%s|" "$1" "$2" "$(cat "$3")" "$(cat "$4")" > "$0"'],
        args=[out, data.metadata['owner'], data.metadata['rows'], data.path, data.uri])


@dsl.container_component
def whole_metadata(data: Input[Dataset], out: OutputPath(dict)):
    return dsl.ContainerSpec(image='alpine', command=['sh', '-c', 'printf "%s" "$1" > "$0"'], args=[out, data.metadata])


@dsl.container_component
def executor_output(model: Output[Model], out: OutputPath(str)):
    return dsl.ContainerSpec(
        image='alpine',
        command=['sh', '-ec', '''
            mkdir -p "$(dirname "$0")" "$(dirname "$1")"
            printf weights > "$1"
            printf 'from the file' > "$2"
            cat > "$0" <<END
{"parameterValues": {"out": "from the executor's output"},
 "artifacts": {"model": {"artifacts": [{"name": "model", "uri": "$1", "metadata": {"framework": "sh", "layers": 3}}]}}}
END
        '''],
        args=[dsl.PIPELINE_TASK_EXECUTOR_OUTPUT_PATH_PLACEHOLDER, model.path, out])


@dsl.container_component
def many(parts: Input[List[Dataset]], out: OutputPath(list)):
    return dsl.ContainerSpec(image='alpine', command=['sh', '-c', 'printf "%s" "$1" > "$0"'], args=[out, parts])


@dsl.component
def check(text: str, metadata: dict, parts: list, model: Input[Model], out: str) -> str:
    import json
    assert metadata == {'owner': 'me', 'rows': 2, 'flag': True, 'list': [1, 2]}, metadata
    assert len(parts) == 2 and all(part['type']['schemaTitle'] == 'system.Dataset' and part['uri'] for part in parts), parts
    with open(model.path) as file:
        return f"{text} {file.read()} {model.framework} {model.metadata['layers']:g} {out}"


@dsl.pipeline(name='artifact-placeholders')
def pipeline() -> str:
    made = make()
    inspected = inspect(data=made.outputs['data'])
    metadata = whole_metadata(data=made.outputs['data'])
    written = executor_output()
    with dsl.ParallelFor([1, 2]) as number:
        each = make()
    parts = many(parts=dsl.Collected(each.outputs['data']))
    return check(
        text=inspected.outputs['out'], metadata=metadata.outputs['out'], parts=parts.outputs['out'],
        model=written.outputs['model'], out=written.outputs['out']).output


EXPECT = {
    'outputs': {'Output': "me|2|rows|rows| weights sh 3 from the executor's output"},
    'compare': 'kfp.local cannot put a list of artifacts into a command',
}
