"""Floats that are NaN or infinite go from function to function as floats, also into texts, conditions and metrics."""

from kfp import dsl


@dsl.component
def loss(diverged: bool) -> float:
    return float('nan') if diverged else float('-inf')


@dsl.component
def look(a: float, b: float, c: str, metrics: dsl.Output[dsl.Metrics]) -> str:
    import math
    metrics.log_metric('loss', a)
    return f'{type(a).__name__} {math.isnan(a)} {b < 0} {c}'


@dsl.component
def say(text: str) -> str:
    return text


@dsl.pipeline(name='float-not-finite')
def pipeline() -> str:
    a = loss(diverged=True)
    b = loss(diverged=False)
    looked = look(a=a.output, b=b.output, c=f'{a.output}')
    with dsl.If(b.output < 0.0):
        yes = say(text=looked.outputs['Output'])
    with dsl.Else():
        no = say(text='not less')
    return dsl.OneOf(yes.output, no.output)


EXPECT = {
    'outputs': {'Output': 'float True True NaN'},
    'compare': 'kfp.local cannot say NaN in a text',
}
