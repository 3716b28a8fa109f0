"""Some hundred iterations, and loops in loops that make as many."""

from typing import List

from kfp import dsl


@dsl.component
def work(number: int) -> int:
    return number + 1


@dsl.component
def add(numbers: list) -> int:
    return sum(sum(number) if isinstance(number, list) else number for number in numbers)


@dsl.component
def plus(a: int, b: int) -> int:
    return a + b


@dsl.pipeline(name='loop-many')
def pipeline() -> int:
    with dsl.ParallelFor(list(range(150))) as number:
        one = work(number=number)
    with dsl.ParallelFor(list(range(10))) as _:
        with dsl.ParallelFor(list(range(10))) as number:
            two = work(number=number)
    return plus(a=add(numbers=dsl.Collected(one.output)).output, b=add(numbers=dsl.Collected(two.output)).output).output


EXPECT = {
    'outputs': {'Output': 150 * 151 // 2 + 10 * 55},
    'tasks': {'for-loop-2[149]/work': 'COMPLETE'},
    'compare': 'kfp.local takes too long',
}
