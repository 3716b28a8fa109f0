"""Artifacts by return value: text that the executor writes, alone and in a NamedTuple; inputs without `Input[...]`."""

from typing import NamedTuple

from kfp import dsl
from kfp.dsl import Dataset, Markdown, Model


@dsl.component
def rows(count: int) -> Dataset:
    return ''.join(f'{row}\n' for row in range(count))


@dsl.component
def train(data: Dataset, rate: float) -> NamedTuple('Trained', model=Model, notes=Markdown, loss=float):
    with open(data.path) as file:
        total = sum(map(int, file))
    trained = NamedTuple('Trained', model=Model, notes=Markdown, loss=float)
    return trained(model=f'{total * rate}', notes=f'*{data.name != ""}*', loss=0.5)


@dsl.component
def read(model: Model, notes: Markdown) -> str:
    with open(model.path) as one, open(notes.path) as two:
        return one.read() + two.read()


@dsl.pipeline(name='returned-artifacts')
def pipeline(count: int = 4) -> NamedTuple('Outputs', text=str, loss=float, data=Dataset, model=Model):
    data = rows(count=count)
    trained = train(data=data.output, rate=0.5)
    text = read(model=trained.outputs['model'], notes=trained.outputs['notes'])
    outputs = NamedTuple('Outputs', text=str, loss=float, data=Dataset, model=Model)
    return outputs(text=text.output, loss=trained.outputs['loss'], data=data.output, model=trained.outputs['model'])


EXPECT = {
    'outputs': {'text': '3.0*True*', 'loss': 0.5},
    'artifacts': {
        'data': {'type': 'system.Dataset', 'text': '0\n1\n2\n3\n', 'metadata': {}},
        'model': {'type': 'system.Model', 'text': '3.0', 'metadata': {}},
    },
    'compare': True,
}
