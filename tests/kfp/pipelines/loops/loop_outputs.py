"""Loops over outputs of tasks and over pipeline parameters, with outputs of other tasks and parameters used inside."""

from typing import List, NamedTuple

from kfp import dsl


@dsl.component
def upto(count: int) -> NamedTuple('Upto', numbers=List[int], label=str):
    return (list(range(count)), f'upto{count}')


@dsl.component
def work(number: int, label: str, factor: int) -> str:
    return f'{label}-{number * factor}'


@dsl.component
def join(items: List[str]) -> str:
    return ' '.join(items)


@dsl.component
def both(a: str, b: str) -> str:
    return f'{a} | {b}'


@dsl.pipeline(name='loop-outputs')
def pipeline(count: int = 2, factor: int = 10, words: List[str] = ['u', 'v']) -> str:
    numbers = upto(count=count)
    with dsl.ParallelFor(numbers.outputs['numbers']) as number:
        one = work(number=number, label=numbers.outputs['label'], factor=factor)
    with dsl.ParallelFor(words) as word:
        two = work(number=factor, label=word, factor=factor)
    return both(a=join(items=dsl.Collected(one.output)).output, b=join(items=dsl.Collected(two.output)).output).output


EXPECT = {
    'arguments': {'count': 3},
    'outputs': {'Output': 'upto3-0 upto3-10 upto3-20 | u-100 v-100'},
    'tasks': {'for-loop-1[2]/work': 'COMPLETE', 'for-loop-2[1]/work-2': 'COMPLETE'},
    'compare': 'kfp.local cannot loop over one of several outputs',
}
