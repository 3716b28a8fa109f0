"""A loop over nothing succeeds; what it collects is an empty list, of parameters and of artifacts."""

from typing import List

from kfp import dsl
from kfp.dsl import Dataset, Input, Output


@dsl.component
def nothing() -> List[str]:
    return []


@dsl.component
def work(item: str, data: Output[Dataset]) -> str:
    with open(data.path, 'w') as file:
        file.write(item)
    return item


@dsl.component
def count(items: List[str]) -> int:
    return len(items)


@dsl.component
def after(text: str) -> str:
    return text


@dsl.component
def both(a: int, b: str) -> str:
    return f'{a} {b}'


@dsl.pipeline(name='loop-empty')
def pipeline(more: List[str] = []) -> str:
    with dsl.ParallelFor(nothing().output) as item:
        one = work(item=item)
    with dsl.ParallelFor(more) as item:
        work(item=item)
    counted = count(items=dsl.Collected(one.outputs['Output']))
    return both(a=counted.output, b=after(text='done').output).output


EXPECT = {
    'outputs': {'Output': '0 done'},
    'tasks': {'nothing': 'COMPLETE', 'for-loop-1': 'COMPLETE', 'for-loop-2': 'COMPLETE', 'count': 'COMPLETE'},
    'compare': 'kfp.local collects nothing from a loop over nothing',
}
