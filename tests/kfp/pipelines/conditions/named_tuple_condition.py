"""Conditions on fields of a NamedTuple, on several at once by nesting, and on an output of a nested pipeline."""

from typing import NamedTuple

from kfp import dsl


@dsl.component
def measure(size: int) -> NamedTuple('Measured', score=float, rank=int, label=str):
    return (size / 10, size, 'good' if size > 5 else 'bad')


@dsl.component
def act(what: str) -> str:
    return what


@dsl.pipeline
def inner(size: int) -> NamedTuple('Inner', score=float, label=str):
    measured = measure(size=size)
    result = NamedTuple('Inner', score=float, label=str)
    return result(score=measured.outputs['score'], label=measured.outputs['label'])


@dsl.pipeline
def decide(size: int) -> str:
    measured = measure(size=size)
    nested = inner(size=size)
    with dsl.If(measured.outputs['score'] >= 0.6):
        with dsl.If(nested.outputs['label'] == 'good'):
            deploy = act(what='deploy')
        with dsl.Else():
            ask = act(what='ask')
        chosen = act(what=dsl.OneOf(deploy.output, ask.output))
    with dsl.Elif(measured.outputs['rank'] > 2):
        wait = act(what='wait')
    with dsl.Else():
        drop = act(what='drop')
    return dsl.OneOf(chosen.output, wait.output, drop.output)


@dsl.component
def join(a: str, b: str, c: str) -> str:
    return ' '.join([a, b, c])


@dsl.pipeline(name='named-tuple-condition')
def pipeline() -> str:
    return join(a=decide(size=8).output, b=decide(size=4).output, c=decide(size=1).output).output


EXPECT = {
    'outputs': {'Output': 'deploy wait drop'},
    'compare': True,
}
