"""Artifacts into and out of nested pipelines, two levels deep, with metadata."""

from typing import NamedTuple

from kfp import dsl
from kfp.dsl import Dataset, Input, Metrics, Model, Output


@dsl.component
def load(rows: int, data: Output[Dataset]):
    data.metadata['rows'] = rows
    with open(data.path, 'w') as file:
        file.write('\n'.join(map(str, range(rows))))


@dsl.component
def train(data: Input[Dataset], factor: float, model: Output[Model]):
    with open(data.path) as source, open(model.path, 'w') as target:
        target.write(str(factor * sum(map(int, source))))
    model.framework = 'sum'


@dsl.component
def score(data: Input[Dataset], model: Input[Model], metrics: Output[Metrics]) -> float:
    with open(model.path) as file:
        value = float(file.read()) / data.metadata['rows']
    metrics.log_metric('mean', value)
    return value


@dsl.pipeline
def train_only(data: Input[Dataset], factor: float = 1.0) -> Model:
    return train(data=data, factor=factor).outputs['model']


@dsl.pipeline
def train_and_score(data: Input[Dataset], factor: float) -> NamedTuple('Trained', model=Model, metrics=Metrics, value=float):
    model = train_only(data=data, factor=factor)
    scored = score(data=data, model=model.output)
    trained = NamedTuple('Trained', model=Model, metrics=Metrics, value=float)
    return trained(model=model.output, metrics=scored.outputs['metrics'], value=scored.outputs['Output'])


@dsl.pipeline(name='nested-artifacts')
def pipeline(rows: int = 5) -> NamedTuple('Outputs', model=Model, metrics=Metrics, value=float):
    data = load(rows=rows)
    trained = train_and_score(data=data.outputs['data'], factor=0.5)
    outputs = NamedTuple('Outputs', model=Model, metrics=Metrics, value=float)
    return outputs(model=trained.outputs['model'], metrics=trained.outputs['metrics'], value=trained.outputs['value'])


EXPECT = {
    'outputs': {'value': 1.0},
    'artifacts': {
        'model': {'type': 'system.Model', 'text': '5.0', 'metadata': {'framework': 'sum'}},
        'metrics': {'type': 'system.Metrics', 'text': '', 'metadata': {'mean': 1.0}},
    },
    'tasks': {'train-and-score/train-only/train': 'COMPLETE', 'train-and-score/score': 'COMPLETE'},
    'compare': True,
}
