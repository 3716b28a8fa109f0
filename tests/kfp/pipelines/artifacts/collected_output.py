"""A list of artifacts as an output of the whole pipeline."""

from typing import List

from kfp import dsl
from kfp.dsl import Model, Output


@dsl.component
def train(depth: int, model: Output[Model]):
    model.metadata['depth'] = depth
    with open(model.path, 'w') as file:
        file.write(f'tree of {depth}')


@dsl.pipeline(name='collected-output')
def pipeline() -> List[Model]:
    with dsl.ParallelFor([2, 5]) as depth:
        trained = train(depth=depth)
    return dsl.Collected(trained.outputs['model'])


EXPECT = {
    'artifacts': {'Output': [
        {'type': 'system.Model', 'text': 'tree of 2', 'metadata': {'depth': 2}},
        {'type': 'system.Model', 'text': 'tree of 5', 'metadata': {'depth': 5}},
    ]},
    'compare': True,
}
