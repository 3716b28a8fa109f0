"""Artifact objects by return value: with a place of their own (`get_uri` where the back end tells one), and with metadata alone."""

from typing import NamedTuple

from kfp import dsl
from kfp.dsl import Dataset, Input, Model


@dsl.component
def make(text: str) -> Dataset:
    import os
    import tempfile
    # KFP's own back end gives no place (an empty string), so users choose one.
    uri = dsl.get_uri() or os.path.join(tempfile.mkdtemp(), 'rows')
    data = dsl.Dataset(uri=uri, metadata={'letters': len(text)})
    os.makedirs(os.path.dirname(data.path), exist_ok=True)
    with open(data.path, 'w') as file:
        file.write(text)
    return data


@dsl.component
def register(version: int) -> Model:
    return dsl.Model(metadata={'version': version, 'framework': 'none'})


@dsl.component
def read(data: Input[Dataset], model: Input[Model]) -> str:
    with open(data.path) as file:
        return f"{file.read()} {data.metadata['letters']:g} {model.metadata['version']:g} {model.framework}"


@dsl.pipeline(name='returned-instances')
def pipeline(text: str = 'some rows') -> NamedTuple('Outputs', text=str, data=Dataset, model=Model):
    data = make(text=text)
    model = register(version=7)
    outputs = NamedTuple('Outputs', text=str, data=Dataset, model=Model)
    return outputs(text=read(data=data.output, model=model.output).output, data=data.output, model=model.output)


EXPECT = {
    'outputs': {'text': 'some rows 9 7 none'},
    'artifacts': {
        'data': {'type': 'system.Dataset', 'text': 'some rows', 'metadata': {'letters': 9}},
        'model': {'type': 'system.Model', 'text': '', 'metadata': {'version': 7, 'framework': 'none'}},
    },
    'compare': True,
}
