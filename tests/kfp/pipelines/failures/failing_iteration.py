"""One iteration of a loop fails: the others are finished, the loop and the run fail, what collects is not begun."""

from typing import List

from kfp import dsl


@dsl.component
def invert(number: int) -> float:
    return 1 / number


@dsl.component
def add(numbers: List[float]) -> float:
    return sum(numbers)


@dsl.pipeline(name='failing-iteration')
def pipeline() -> float:
    with dsl.ParallelFor([1, 0, 2]) as number:
        inverse = invert(number=number)
    return add(numbers=dsl.Collected(inverse.output)).output


EXPECT = {
    'state': 'FAILED',
    'tasks': {
        'for-loop-2': 'FAILED', 'for-loop-2[0]/invert': 'COMPLETE', 'for-loop-2[1]': 'FAILED', 'for-loop-2[1]/invert': 'FAILED',
        'for-loop-2[2]/invert': 'COMPLETE', 'add': 'NEW',
    },
    'logs': {'for-loop-2[1]/invert': ['ZeroDivisionError']},
    'compare': True,
}
