"""A search over parameters: models of all combinations in nested loops, the best one chosen, a report, a registry, a clean-up at the end."""

from typing import Dict, List, NamedTuple

from kfp import dsl
from kfp.dsl import Dataset, Input, Markdown, Metrics, Model, Output, PipelineTaskFinalStatus


@dsl.component
def points(count: int, data: Output[Dataset]):
    with open(data.path, 'w') as file:
        for x in range(count):
            file.write(f'{x},{x * x}\n')


@dsl.component
def grid(degrees: List[int]) -> List[Dict[str, int]]:
    return [{'degree': int(degree), 'shift': shift} for degree in degrees for shift in range(2)]


@dsl.component
def train(data: Input[Dataset], degree: int, shift: int, scale: float, model: Output[Model], metrics: Output[Metrics]) -> float:
    with open(data.path) as file:
        pairs = [tuple(map(float, line.split(','))) for line in file]
    error = sum(abs(scale * x ** degree + shift - y) for x, y in pairs)
    model.metadata.update({'degree': degree, 'shift': shift, 'scale': scale, 'error': error})
    metrics.log_metric('error', error)
    with open(model.path, 'w') as file:
        file.write(f'{scale} * x ** {degree:g} + {shift:g}')
    return error


@dsl.pipeline
def train_all(data: Input[Dataset], configurations: List[Dict[str, int]]) -> NamedTuple('Trained', models=List[Model], errors=List[float]):
    with dsl.ParallelFor(configurations, parallelism=2) as configuration:
        with dsl.ParallelFor([0.5, 1.0]) as scale:
            trained = train(data=data, degree=configuration.degree, shift=configuration.shift, scale=scale)
    result = NamedTuple('Trained', models=List[Model], errors=List[float])
    return result(models=dsl.Collected(trained.outputs['model']), errors=dsl.Collected(trained.outputs['Output']))


@dsl.component
def choose(models: Input[List[Model]], errors: List[List[float]], best: Output[Model], report: Output[Markdown]) -> str:
    ranked = sorted(models, key=lambda model: model.metadata['error'])
    flat = sorted(error for row in errors for error in row)
    assert [model.metadata['error'] for model in ranked] == flat, (errors, flat)
    with open(ranked[0].path) as source, open(best.path, 'w') as target:
        formula = source.read()
        target.write(formula)
    best.metadata.update(ranked[0].metadata)
    with open(report.path, 'w') as file:
        file.writelines(f"- {model.metadata['error']:g}\n" for model in ranked)
    return formula


@dsl.component
def clean_up(status: PipelineTaskFinalStatus):
    print(f'search {status.state}')


@dsl.pipeline
def search(degrees: List[int]) -> NamedTuple('Found', formula=str, best=Model, report=Markdown):
    data = points(count=4)
    trained = train_all(data=data.outputs['data'], configurations=grid(degrees=degrees).output)
    chosen = choose(models=trained.outputs['models'], errors=trained.outputs['errors'])
    found = NamedTuple('Found', formula=str, best=Model, report=Markdown)
    return found(formula=chosen.outputs['Output'], best=chosen.outputs['best'], report=chosen.outputs['report'])


@dsl.component
def announce(formula: str):
    print(f'best: {formula}')


@dsl.pipeline(name='grid-search')
def pipeline(degrees: List[int] = [1, 2]) -> NamedTuple('Outputs', best=Model, report=Markdown):
    found = search(degrees=degrees)
    with dsl.ExitHandler(clean_up()):
        announce(formula=found.outputs['formula'])
    outputs = NamedTuple('Outputs', best=Model, report=Markdown)
    return outputs(best=found.outputs['best'], report=found.outputs['report'])


EXPECT = {
    'arguments': {'degrees': [1, 2, 3]},
    'artifacts': {
        'best': {
            'type': 'system.Model', 'text': '1.0 * x ** 2 + 0',
            'metadata': {'degree': 2, 'shift': 0, 'scale': 1.0, 'error': 0.0},
        },
        'report': {'type': 'system.Markdown', 'text': '- 0\n- 4\n- 5\n- 6\n- 7\n- 8\n- 8\n- 8\n- 10\n- 11\n- 22\n- 26\n'},
    },
    'tasks': {
        'search/train-all/for-loop-1': 'COMPLETE', 'search/train-all/for-loop-1[5]/for-loop-3[1]/train': 'COMPLETE',
        'exit-handler-1/announce': 'COMPLETE', 'clean-up': 'COMPLETE',
    },
    'logs': {'exit-handler-1/announce': ['best: 1.0 * x ** 2 + 0'], 'clean-up': ['search COMPLETE']},
    'compare': 'kfp.local cannot loop over fields of structs in a nested pipeline',
}
