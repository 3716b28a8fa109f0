"""Outputs of outer tasks, datasets and parameters used beside the loop item, two loops deep."""

from typing import List

from kfp import dsl
from kfp.dsl import Dataset, Input, Output


@dsl.component
def greeting() -> str:
    return 'hi'


@dsl.component
def rows(data: Output[Dataset]):
    with open(data.path, 'w') as file:
        file.write('data')


@dsl.component
def combine(first: str, second: str, outer: str, parameter: str, data: Input[Dataset]) -> str:
    with open(data.path) as file:
        return f'{outer}.{parameter}.{first}.{second}.{file.read()}'


@dsl.component
def flat(items: List[List[str]]) -> str:
    return ' '.join(item for inner in items for item in inner)


@dsl.pipeline(name='loop-outer-values')
def pipeline(parameter: str = 'p') -> str:
    outer = greeting()
    data = rows()
    with dsl.ParallelFor(['a', 'b']) as first:
        with dsl.ParallelFor(['c']) as second:
            one = combine(first=first, second=second, outer=outer.output, parameter=parameter, data=data.outputs['data'])
    return flat(items=dsl.Collected(one.output)).output


EXPECT = {
    'outputs': {'Output': 'hi.p.a.c.data hi.p.b.c.data'},
    'compare': 'kfp.local puts the loop item in the place of outputs of outer tasks',
}
