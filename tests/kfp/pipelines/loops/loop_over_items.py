"""Loops over the items of an outer loop: lists in a list, lists in the fields of structs."""

from typing import Dict, List

from kfp import dsl


@dsl.component
def tables() -> List[Dict[str, List[str]]]:
    return [{'key': ['k'], 'words': ['a', 'b']}, {'key': ['l', 'm'], 'words': []}]


@dsl.component
def cell(text: str) -> str:
    return f'<{text}>'


@dsl.component
def number(value: int) -> str:
    return repr(value)


@dsl.component
def row(items: List[str]) -> str:
    return ','.join(items)


@dsl.component
def lines(items: List[str]) -> str:
    return ';'.join(items)


@dsl.component
def both(a: str, b: str) -> str:
    return f'{a} | {b}'


@dsl.pipeline(name='loop-over-items')
def pipeline(numbers: List[List[int]] = [[1, 2], [3]]) -> str:
    with dsl.ParallelFor(numbers) as some:
        with dsl.ParallelFor(some) as one:
            shown = number(value=one)
        shown_row = row(items=dsl.Collected(shown.output))
    with dsl.ParallelFor(tables().output) as table:
        with dsl.ParallelFor(table.words) as word:
            made = cell(text=word)
        made_row = row(items=dsl.Collected(made.output))
    return both(
        a=lines(items=dsl.Collected(shown_row.output)).output,
        b=lines(items=dsl.Collected(made_row.output)).output).output


EXPECT = {
    'arguments': {'numbers': [[1, 2], [3], []]},
    'outputs': {'Output': '1,2;3; | <a>,<b>;'},
    'compare': 'kfp.local cannot loop over loop items',
}
