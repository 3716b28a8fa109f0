"""An argument of the wrong type is refused before the run."""

from kfp import dsl


@dsl.component
def double(value: int) -> int:
    return value * 2


@dsl.pipeline(name='wrong-argument')
def pipeline(value: int) -> int:
    return double(value=value).output


EXPECT = {
    'arguments': {'value': 'many'},
    'error': 'value',
    'compare': 'nothing runs',
}
