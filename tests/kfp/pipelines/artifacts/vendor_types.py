"""Artifact types of a vendor: by importers, by commands, given to plain inputs; metadata by key in a command."""

from typing import NamedTuple

from kfp import dsl
from kfp.dsl import Artifact, Input, Output, OutputPath


class VertexModel(dsl.Artifact):
    schema_title = 'google.VertexModel'
    schema_version = '0.0.1'


class BQTable(dsl.Artifact):
    schema_title = 'google.BQTable'
    schema_version = '0.0.1'


@dsl.container_component
def convert(model: Input[VertexModel], embeddings: Output[BQTable], name: OutputPath(str)):
    return dsl.ContainerSpec(
        image='alpine', command=['sh', '-ec', 'tr a-z A-Z < "$0" > "$1"; printf "%s" "$2" > "$3"'],
        args=[model.path, embeddings.path, model.metadata['resourceName'], name])


@dsl.component
def read(anything: Input[Artifact]) -> str:
    with open(anything.path) as file:
        return file.read()


@dsl.pipeline(name='vendor-types')
def pipeline(uri: str) -> NamedTuple('Outputs', text=str, name=str, embeddings=BQTable):
    model = dsl.importer(artifact_uri=uri, artifact_class=VertexModel, metadata={'resourceName': 'projects/1/models/2'})
    converted = convert(model=model.output)
    outputs = NamedTuple('Outputs', text=str, name=str, embeddings=BQTable)
    return outputs(
        text=read(anything=converted.outputs['embeddings']).output, name=converted.outputs['name'],
        embeddings=converted.outputs['embeddings'])


EXPECT = {
    'files': {'model.txt': 'weights'},
    'arguments': {'uri': '{workdir}/model.txt'},
    'outputs': {'text': 'WEIGHTS', 'name': 'projects/1/models/2'},
    'artifacts': {'embeddings': {'type': 'google.BQTable', 'text': 'WEIGHTS', 'metadata': {}}},
    'compare': 'kfp.local knows only the types of KFP',
}
