"""Loops in loops, three deep: all levels seen innermost, all collected at once or level by level."""

from typing import List

from kfp import dsl


@dsl.component
def cell(row: str, column: int, extra: str) -> str:
    return f'{row}{column}{extra}'


@dsl.component
def nested(items: List[List[List[str]]]) -> str:
    import json
    return json.dumps(items)


@dsl.component
def row(items: List[str]) -> str:
    return '+'.join(items)


@dsl.component
def both(a: str, b: str) -> str:
    return f'{a} | {b}'


@dsl.pipeline(name='loop-nested')
def pipeline() -> str:
    with dsl.ParallelFor(['a', 'b']) as letter:
        with dsl.ParallelFor([1, 2]) as number:
            with dsl.ParallelFor(['x', 'y']) as last:
                deep = cell(row=letter, column=number, extra=last)
    with dsl.ParallelFor(['p', 'q']) as letter:
        with dsl.ParallelFor([7, 8, 9]) as number:
            made = cell(row=letter, column=number, extra='.')
        summed = row(items=dsl.Collected(made.output))
    return both(
        a=nested(items=dsl.Collected(deep.output)).output,
        b=row(items=dsl.Collected(summed.output)).output).output


EXPECT = {
    'outputs': {'Output': '[[["a1x", "a1y"], ["a2x", "a2y"]], [["b1x", "b1y"], ["b2x", "b2y"]]] | p7.+p8.+p9.+q7.+q8.+q9.'},
    'compare': True,
}
