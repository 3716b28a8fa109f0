"""Importers of files: by a constant path, by a `file:` URI, by a pipeline parameter; class, metadata, name; read and passed on."""

from typing import NamedTuple

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Model


@dsl.component
def read(data: Input[Dataset], model: Input[Model]) -> str:
    with open(data.path) as one, open(model.path) as two:
        return f"{type(data).__name__} {one.read()} {data.metadata['source']} {two.read()} {model.framework}"


@dsl.pipeline(name='import-file')
def pipeline(model_uri: str) -> NamedTuple('Outputs', text=str, data=Dataset):
    data = dsl.importer(
        artifact_uri='{workdir}/data.csv', artifact_class=Dataset, reimport=True,
        metadata={'source': 'a file', 'rows': 2, 'nested': {'deep': [1, 'x']}})
    model = dsl.importer(artifact_uri=model_uri, artifact_class=Model, metadata={'framework': 'none'})
    outputs = NamedTuple('Outputs', text=str, data=Dataset)
    return outputs(text=read(data=data.output, model=model.output).output, data=data.output)


EXPECT = {
    'files': {'data.csv': 'a,1\nb,2', 'models/model.txt': 'weights'},
    'arguments': {'model_uri': '{workdir}/models/model.txt'},
    'outputs': {'text': 'Dataset a,1\nb,2 a file weights none'},
    'artifacts': {'data': {
        'type': 'system.Dataset', 'text': 'a,1\nb,2',
        'metadata': {'source': 'a file', 'rows': 2, 'nested': {'deep': [1, 'x']}},
    }},
    'tasks': {'importer': 'COMPLETE', 'importer-2': 'COMPLETE', 'read': 'COMPLETE'},
    'compare': True,
}
