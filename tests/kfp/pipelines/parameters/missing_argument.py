"""A parameter without a default must be given."""

from kfp import dsl


@dsl.component
def double(value: int) -> int:
    return value * 2


@dsl.pipeline(name='missing-argument')
def pipeline(needed: int, other: int = 3) -> int:
    return double(value=needed).output


EXPECT = {
    'error': 'needed',
    'compare': 'nothing runs',
}
