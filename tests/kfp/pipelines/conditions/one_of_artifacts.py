"""`OneOf` of artifacts: given to a task, given by the pipeline."""

from typing import NamedTuple

from kfp import dsl
from kfp.dsl import Dataset, Input, Model, Output


@dsl.component
def tree(model: Output[Model]):
    model.framework = 'tree'
    with open(model.path, 'w') as file:
        file.write('a tree')


@dsl.component
def linear(rate: float, model: Output[Model]):
    model.framework = 'linear'
    with open(model.path, 'w') as file:
        file.write(f'a line, {rate}')


@dsl.component
def describe(model: Input[Model]) -> str:
    with open(model.path) as file:
        return f'{model.framework}: {file.read()}'


@dsl.pipeline(name='one-of-artifacts')
def pipeline(kind: str = 'linear') -> NamedTuple('Outputs', text=str, model=Model):
    with dsl.If(kind == 'tree'):
        one = tree()
    with dsl.Else():
        other = linear(rate=0.5)
    model = dsl.OneOf(one.outputs['model'], other.outputs['model'])
    outputs = NamedTuple('Outputs', text=str, model=Model)
    return outputs(text=describe(model=model).output, model=model)


EXPECT = {
    'outputs': {'text': 'linear: a line, 0.5'},
    'artifacts': {'model': {'type': 'system.Model', 'text': 'a line, 0.5', 'metadata': {'framework': 'linear'}}},
    'tasks': {'condition-branches-1/condition-2': 'SKIPPED', 'condition-branches-1/condition-3/linear': 'COMPLETE', 'describe': 'COMPLETE'},
    'compare': 'kfp.local has no OneOf of artifacts',
}
