"""Loops over lists of structs by their fields: literal ones, outputs of tasks, parameters; whole items as well."""

from typing import Dict, List

from kfp import dsl


@dsl.component
def configurations() -> List[Dict[str, int]]:
    return [{'depth': 2, 'rounds': 10}, {'depth': 5, 'rounds': 1}]


@dsl.component
def train(depth: int, rounds: int, name: str) -> str:
    return f'{name}:{depth * rounds}'


@dsl.component
def whole(item: dict) -> str:
    return ','.join(f'{key}={value}' for key, value in sorted(item.items()))


@dsl.component
def join(items: List[str]) -> str:
    return ' '.join(items)


@dsl.component
def lines(a: str, b: str, c: str, d: str) -> str:
    return '\n'.join([a, b, c, d])


@dsl.pipeline(name='loop-structs')
def pipeline(given: List[Dict[str, str]] = [{'title': 'p', 'other': 'q'}]) -> str:
    with dsl.ParallelFor([{'depth': 1, 'rounds': 2}, {'depth': 3, 'rounds': 4}]) as item:
        a = train(depth=item.depth, rounds=item.rounds, name='x')
    with dsl.ParallelFor(configurations().output) as item:
        b = train(depth=item.depth, rounds=item.rounds, name='task')
    with dsl.ParallelFor(given) as item:
        c = train(depth=7, rounds=1, name=item.title)
    with dsl.ParallelFor([{'k': 'v', 'l': 'w'}, {'k': 'x', 'l': 'y'}]) as item:
        d = whole(item=item)
    return lines(
        a=join(items=dsl.Collected(a.output)).output, b=join(items=dsl.Collected(b.output)).output,
        c=join(items=dsl.Collected(c.output)).output, d=join(items=dsl.Collected(d.output)).output).output


EXPECT = {
    'arguments': {'given': [{'title': 'one', 'other': ''}, {'title': 'two', 'other': ''}]},
    'outputs': {'Output': 'x:2 x:12\ntask:20 task:5\none:7 two:7\nk=v,l=w k=x,l=y'},
    'compare': True,
}
