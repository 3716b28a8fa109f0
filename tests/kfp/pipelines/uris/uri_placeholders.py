"""Containers that are told URIs and paths of artifacts, and a path that an output has by `custom_path`."""

from typing import NamedTuple

from kfp import dsl
from kfp.dsl import Dataset, Input, Model, Output


@dsl.container_component
def write(text: str, data: Output[Dataset], uri: dsl.OutputPath(str)):
    return dsl.ContainerSpec(
        image='alpine',
        command=['sh', '-ec', 'mkdir -p "$(dirname "$1")" "$(dirname "$2")"; printf "%s" "$0" > "$1"; printf "%s" "$1" > "$2"; [ "$1" = "$3" ]'],
        args=[text, data.uri, uri, data.path])


@dsl.container_component
def copy(data: Input[Dataset], model: Output[Model], line: dsl.OutputPath(str)):
    return dsl.ContainerSpec(
        image='alpine',
        command=['sh', '-ec', 'mkdir -p "$(dirname "$2")" "$(dirname "$3")"; cat "$0" "$1" > "$2"; printf "%s" "$1" > "$3"'],
        args=[data.path, data.uri, model.path, line])


@dsl.component
def custom(model: Output[Model]) -> str:
    import os
    os.makedirs('/tmp/elsewhere', exist_ok=True)
    model.custom_path = '/tmp/elsewhere/model'
    with open(model.path, 'w') as file:
        file.write('custom')
    return model.uri


@dsl.component
def read(data: Input[Dataset], model: Input[Model]) -> str:
    return open(data.path).read() + ' ' + open(model.path).read()


@dsl.component
def read_texts(first: str, second: str, third: str) -> str:
    return ' '.join(open(uri).read() for uri in (first, second, third))


@dsl.pipeline(name='uri-placeholders')
def pipeline(text: str = 'rows') -> NamedTuple('Outputs', read=str, texts=str):
    written = write(text=text)
    copied = copy(data=written.outputs['data'])
    own = custom()
    imported = dsl.importer(artifact_uri=written.outputs['uri'], artifact_class=Dataset)
    outputs = NamedTuple('Outputs', read=str, texts=str)
    return outputs(
        read=read(data=imported.output, model=copied.outputs['model']).output,
        texts=read_texts(first=written.outputs['uri'], second=copied.outputs['line'], third=own.outputs['Output']).output)


EXPECT = {
    'outputs': {'read': 'rows rowsrows', 'texts': 'rows rows custom'},
    'again': {'write': 'CACHED', 'copy': 'CACHED', 'custom': 'CACHED', 'read': 'CACHED'},
    'compare': 'kfp.local does not store what is at a custom path at the artifact\'s URI',
}
