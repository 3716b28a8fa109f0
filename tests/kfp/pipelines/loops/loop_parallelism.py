"""A limit on how many iterations are at work at the same time, and one of 1."""

from typing import List

from kfp import dsl


@dsl.component
def square(number: int) -> int:
    return number * number


@dsl.component
def add(numbers: List[int]) -> int:
    return int(sum(numbers))


@dsl.component
def times(a: int, b: int) -> int:
    return a * b


@dsl.pipeline(name='loop-parallelism')
def pipeline() -> int:
    with dsl.ParallelFor(list(range(12)), parallelism=3) as number:
        one = square(number=number)
    with dsl.ParallelFor([1, 2, 3], parallelism=1) as number:
        two = square(number=number)
    return times(a=add(numbers=dsl.Collected(one.output)).output, b=add(numbers=dsl.Collected(two.output)).output).output


EXPECT = {
    'outputs': {'Output': 7084},
    'tasks': {'for-loop-2[11]/square': 'COMPLETE', 'for-loop-4[2]/square-2': 'COMPLETE'},
    'compare': True,
}
