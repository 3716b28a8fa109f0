"""What a function returns is checked against its annotation by the executor; a missing output fails what needs it."""

from typing import NamedTuple

from kfp import dsl


@dsl.component
def wrong() -> int:
    return 'not a number'


@dsl.component
def short() -> NamedTuple('Two', a=int, b=int):
    return (1,)


@dsl.component
def good() -> float:
    return 1


@dsl.pipeline(name='wrong-return')
def pipeline():
    wrong()
    short()
    good()


EXPECT = {
    'state': 'FAILED',
    'tasks': {'wrong': 'FAILED', 'short': 'FAILED', 'good': 'COMPLETE'},
    'logs': {'wrong': ['returned value of type'], 'short': ['Expected 2 return values']},
    'compare': 'kfp.local gives up at the first failure where there is no control flow',
}
