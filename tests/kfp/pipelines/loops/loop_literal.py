"""Loops over literal lists of strings, integers, floats, booleans and lists."""

from typing import List

from kfp import dsl


@dsl.component
def text(item: str) -> str:
    return f's{item}'


@dsl.component
def whole(item: int) -> str:
    return f'i{item}'


@dsl.component
def real(item: float) -> str:
    return f'f{item + 0.25}'


@dsl.component
def flag(item: bool) -> str:
    return f'b{item}'


@dsl.component
def size(item: list) -> str:
    return f'l{len(item)}'


@dsl.component
def join(items: List[str]) -> str:
    return ' '.join(items)


@dsl.component
def all_of(a: str, b: str, c: str, d: str, e: str) -> str:
    return ' '.join([a, b, c, d, e])


@dsl.pipeline(name='loop-literal')
def pipeline() -> str:
    with dsl.ParallelFor(['a', 'b c', '']) as item:
        a = text(item=item)
    with dsl.ParallelFor(items=[1, 2, -3], name='numbers') as item:
        b = whole(item=item)
    with dsl.ParallelFor([0.5, 1.0]) as item:
        c = real(item=item)
    with dsl.ParallelFor([True, False]) as item:
        d = flag(item=item)
    with dsl.ParallelFor([[1, 2], [], [[3]]]) as item:
        e = size(item=item)
    return all_of(
        a=join(items=dsl.Collected(a.output)).output, b=join(items=dsl.Collected(b.output)).output,
        c=join(items=dsl.Collected(c.output)).output, d=join(items=dsl.Collected(d.output)).output,
        e=join(items=dsl.Collected(e.output)).output).output


EXPECT = {
    'outputs': {'Output': 'sa sb c s i1 i2 i-3 f0.75 f1.25 bTrue bFalse l2 l0 l1'},
    'tasks': {'for-loop-2': 'COMPLETE', 'for-loop-2[0]/text': 'COMPLETE', 'for-loop-2[2]/text': 'COMPLETE', 'for-loop-4[1]/whole': 'COMPLETE'},
    'compare': True,
}
