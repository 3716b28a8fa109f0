"""`Metrics`: scalars of every kind logged as metadata, read again downstream; metrics that are also a file."""

from typing import NamedTuple

from kfp import dsl
from kfp.dsl import Input, Metrics, Output


@dsl.component
def evaluate(scores: Output[Metrics], counts: Output[Metrics]):
    scores.log_metric('accuracy', 0.925)
    scores.log_metric('loss', 1e-12)
    scores.log_metric('rounds', 12)
    scores.log_metric('accuracy', 0.9375)
    scores.metadata['note'] = 'best of 3'
    counts.log_metric('negative', -3)
    counts.log_metric('large', 123456789012345)
    with open(counts.path, 'w') as file:
        file.write('rows 3')


@dsl.component
def best(scores: Input[Metrics], counts: Input[Metrics]) -> str:
    return f"{scores.metadata['accuracy']} {scores.metadata['rounds']:g} {counts.metadata['negative']:g} {scores.metadata['note']}"


@dsl.pipeline(name='metrics')
def pipeline() -> NamedTuple('Outputs', summary=str, scores=Metrics, counts=Metrics):
    evaluated = evaluate()
    summary = best(scores=evaluated.outputs['scores'], counts=evaluated.outputs['counts'])
    outputs = NamedTuple('Outputs', summary=str, scores=Metrics, counts=Metrics)
    return outputs(summary=summary.output, scores=evaluated.outputs['scores'], counts=evaluated.outputs['counts'])


EXPECT = {
    'outputs': {'summary': '0.9375 12 -3 best of 3'},
    'artifacts': {
        'scores': {
            'type': 'system.Metrics', 'text': '',
            'metadata': {'accuracy': 0.9375, 'loss': 1e-12, 'rounds': 12, 'note': 'best of 3'},
        },
        'counts': {'type': 'system.Metrics', 'text': 'rows 3', 'metadata': {'negative': -3, 'large': 123456789012345}},
    },
    'compare': True,
}
