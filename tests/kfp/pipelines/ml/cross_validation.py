"""Folds of a dataset in a loop, a model for each, their scores collected and averaged; the mean decides."""

from typing import List

from kfp import dsl
from kfp.dsl import Dataset, Input, Metrics, Model, Output


@dsl.component
def numbers(count: int, data: Output[Dataset]) -> List[int]:
    with open(data.path, 'w') as file:
        file.writelines(f'{(7 * x) % 11}\n' for x in range(count))
    return [0, 1, 2]


@dsl.component
def fold(data: Input[Dataset], index: int, train: Output[Dataset], test: Output[Dataset]):
    with open(data.path) as file:
        lines = file.readlines()
    with open(train.path, 'w') as one, open(test.path, 'w') as other:
        for number, line in enumerate(lines):
            (other if number % 3 == index else one).write(line)


@dsl.component
def fit(train: Input[Dataset], model: Output[Model]):
    with open(train.path) as file:
        values = [int(line) for line in file]
    model.metadata['mean'] = sum(values) / len(values)


@dsl.component
def score(model: Input[Model], test: Input[Dataset], metrics: Output[Metrics]) -> float:
    with open(test.path) as file:
        values = [int(line) for line in file]
    error = sum(abs(value - model.metadata['mean']) for value in values) / len(values)
    metrics.log_metric('error', error)
    return error


@dsl.component
def mean(values: List[float], metrics: Input[List[Metrics]]) -> float:
    assert [artifact.metadata['error'] for artifact in metrics] == values, values
    return round(sum(values) / len(values), 4)


@dsl.component
def verdict(good: bool) -> str:
    return 'good' if good else 'bad'


@dsl.pipeline(name='cross-validation')
def pipeline(count: int = 12) -> str:
    data = numbers(count=count)
    with dsl.ParallelFor([0, 1, 2]) as index:
        parts = fold(data=data.outputs['data'], index=index)
        model = fit(train=parts.outputs['train'])
        scored = score(model=model.outputs['model'], test=parts.outputs['test'])
    average = mean(values=dsl.Collected(scored.outputs['Output']), metrics=dsl.Collected(scored.outputs['metrics']))
    with dsl.If(average.output < 4.0):
        good = verdict(good=True)
    with dsl.Else():
        bad = verdict(good=False)
    return dsl.OneOf(good.output, bad.output)


EXPECT = {
    'outputs': {'Output': 'good'},
    'tasks': {'for-loop-2[2]/score': 'COMPLETE', 'condition-branches-3/condition-4/verdict': 'COMPLETE'},
    'compare': True,
}
