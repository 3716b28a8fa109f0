"""Conditions on loop items and their fields; iterations that a condition skips give nothing to `Collected`."""

from typing import List

from kfp import dsl
from kfp.dsl import Dataset, Input, Output


@dsl.component
def double(number: int) -> int:
    return 2 * number


@dsl.component
def label(title: str) -> str:
    return title


@dsl.component
def keep(name: str, data: Output[Dataset]):
    with open(data.path, 'w') as file:
        file.write(name)


@dsl.component
def add(numbers: List[int]) -> str:
    return f'{len(numbers)}:{sum(numbers)}'


@dsl.component
def names(parts: Input[List[Dataset]]) -> str:
    return ','.join(open(part.path).read() for part in parts)


@dsl.component
def lines(a: str, b: str, c: str) -> str:
    return f'{a} {b} {c}'


@dsl.pipeline(name='loop-conditions')
def pipeline(threshold: int = 2) -> str:
    with dsl.ParallelFor([1, 2, 3, 4]) as number:
        with dsl.If(number > threshold):
            doubled = double(number=number)
    with dsl.ParallelFor([{'title': 'x', 'use': 'yes'}, {'title': 'y', 'use': 'no'}, {'title': 'z', 'use': 'yes'}]) as item:
        title = label(title=item.title)
        with dsl.If(item.use == 'yes'):
            kept = keep(name=title.output)
    with dsl.ParallelFor([1, 2]) as number:
        with dsl.If(number > 10):
            never = double(number=number)
    return lines(
        a=add(numbers=dsl.Collected(doubled.output)).output,
        b=names(parts=dsl.Collected(kept.outputs['data'])).output,
        c=add(numbers=dsl.Collected(never.output)).output).output


EXPECT = {
    'outputs': {'Output': '2:14 x,z 0:0'},
    'tasks': {
        'for-loop-2[0]/condition-3': 'SKIPPED', 'for-loop-2[2]/condition-3/double': 'COMPLETE',
        'for-loop-2': 'COMPLETE', 'add': 'COMPLETE',
    },
    'compare': 'kfp.local fails at an iteration whose producer a condition skipped, and finds no fields of loop items in conditions',
}
