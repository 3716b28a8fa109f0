"""A component compiled by itself: the compiler wraps it in a pipeline with the component's inputs and outputs."""

from typing import NamedTuple

from kfp import dsl


@dsl.component
def pipeline(text: str, times: int = 2) -> NamedTuple('Outputs', repeated=str, length=int):
    repeated = text * times
    return (repeated, len(repeated))


EXPECT = {
    'arguments': {'text': 'ab'},
    'outputs': {'repeated': 'abab', 'length': 4},
    'tasks': {'pipeline': 'COMPLETE'},
    'compare': True,
}
