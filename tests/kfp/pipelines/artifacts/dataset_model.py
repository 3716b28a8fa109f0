"""Datasets and models between functions: content, metadata, `framework`, names; root output artifacts."""

from typing import NamedTuple

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Model, Output


@dsl.component
def generate(rows: int, data: Output[Dataset]):
    data.metadata['rows'] = rows
    data.metadata['columns'] = ['x', 'y']
    with open(data.path, 'w') as file:
        for row in range(rows):
            file.write(f'{row},{2 * row + 1}\n')


@dsl.component
def fit(data: Input[Dataset], model: Output[Model]):
    with open(data.path) as file:
        points = [tuple(map(float, line.split(','))) for line in file]
    assert len(points) == data.metadata['rows'], data.metadata
    count = len(points)
    mean_x, mean_y = (sum(axis) / count for axis in zip(*points))
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)
    model.framework = 'by hand'
    model.metadata['trained_on'] = data.metadata['columns']
    with open(model.path, 'w') as file:
        file.write(f'{slope:.3f} {mean_y - slope * mean_x:.3f}')


@dsl.component
def predict(model: Input[Model], anything: Input[Artifact], x: float) -> float:
    with open(model.path) as file:
        slope, intercept = map(float, file.read().split())
    assert model.framework == 'by hand' and anything.metadata['framework'] == 'by hand'
    return slope * x + intercept


@dsl.pipeline(name='dataset-model')
def pipeline(rows: int = 5, x: float = 10.0) -> NamedTuple('Outputs', y=float, data=Dataset, model=Model):
    data = generate(rows=rows)
    model = fit(data=data.outputs['data'])
    y = predict(model=model.outputs['model'], anything=model.outputs['model'], x=x)
    outputs = NamedTuple('Outputs', y=float, data=Dataset, model=Model)
    return outputs(y=y.output, data=data.outputs['data'], model=model.outputs['model'])


EXPECT = {
    'outputs': {'y': 21.0},
    'artifacts': {
        'data': {'type': 'system.Dataset', 'text': '0,1\n1,3\n2,5\n3,7\n4,9\n', 'metadata': {'rows': 5, 'columns': ['x', 'y']}},
        'model': {'type': 'system.Model', 'text': '2.000 1.000', 'metadata': {'framework': 'by hand', 'trained_on': ['x', 'y']}},
    },
    'tasks': {'generate': 'COMPLETE', 'fit': 'COMPLETE', 'predict': 'COMPLETE'},
    'compare': True,
}
