"""Integers stay integers: alone, inside lists and structs, as loop items and their fields, and through outputs."""

from typing import Dict, List

from kfp import dsl


@dsl.component
def kinds(alone: int, items: List[int], table: Dict[str, int], nested: list, real: float) -> str:
    found = [alone, *items, *table.values(), *nested[0], nested[1]['deep']]
    return ' '.join(f'{type(value).__name__}:{value}' for value in found) + f' {type(real).__name__}:{real}'


@dsl.component
def give() -> List[int]:
    return [3, -4, 0]


@dsl.component
def item(value: int, field: int) -> str:
    return f'{value!r}/{field!r}'


@dsl.component
def texts(items: List[str]) -> str:
    return ' '.join(items)


@dsl.component
def join(one: str, two: str) -> str:
    return f'{one} | {two}'


@dsl.pipeline(name='integers')
def pipeline(large: int = 9007199254740991, table: Dict[str, int] = {'x': 5}) -> str:
    given = give()
    seen = kinds(alone=large, items=given.output, table=table, nested=[[1, 2], {'deep': 6}], real=2.0)
    with dsl.ParallelFor([{'value': 1, 'field': 10}, {'value': 2, 'field': 20}]) as each:
        one = item(value=each.value, field=each.field)
    gathered = texts(items=dsl.Collected(one.output))
    return join(one=seen.output, two=gathered.output).output


EXPECT = {
    'outputs': {
        'Output': 'int:9007199254740991 int:3 int:-4 int:0 int:5 int:1 int:2 int:6 float:2.0 | 1/10 2/20',
    },
    'tasks': {'for-loop-2[0]/item': 'COMPLETE', 'for-loop-2[1]/item': 'COMPLETE'},
    'compare': 'kfp.local gives integers inside lists and structs as floats',
}
