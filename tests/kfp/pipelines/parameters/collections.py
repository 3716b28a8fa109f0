"""Lists and structs, nested, empty and with null inside, through functions and through pipeline parameters."""

from typing import Any, Dict, List, NamedTuple

from kfp import dsl


@dsl.component
def reverse(items: list) -> list:
    return items[::-1]


@dsl.component
def merge(left: dict, right: Dict[str, Any]) -> dict:
    return {**left, **right}


@dsl.component
def count(items: List[Dict[str, int]]) -> int:
    return sum(sum(item.values()) for item in items)


@dsl.pipeline(name='collections')
def pipeline(
    left: dict = {'a': {'b': [1, {'c': 'd'}]}, 'shared': 'left'},
    empty: list = [],
) -> NamedTuple('Outputs', reversed=list, merged=dict, counted=int, nothing=list):
    backwards = reverse(items=['x', 2, 3.5, True, ['y'], {'z': None} and {'z': 'w'}])
    merged = merge(left=left, right={'shared': 'right', 'empty': {}, 'list': []})
    counted = count(items=[{'a': 1, 'b': 2}, {'c': 3}, {}])
    nothing = reverse(items=empty)
    outputs = NamedTuple('Outputs', reversed=list, merged=dict, counted=int, nothing=list)
    return outputs(reversed=backwards.output, merged=merged.output, counted=counted.output, nothing=nothing.output)


EXPECT = {
    'arguments': {'left': {'a': {'b': [1, {'c': 'd'}]}, 'n': None, 'shared': 'left'}},
    'outputs': {
        'reversed': [{'z': 'w'}, ['y'], True, 3.5, 2, 'x'],
        'merged': {'a': {'b': [1, {'c': 'd'}]}, 'n': None, 'shared': 'right', 'empty': {}, 'list': []},
        'counted': 6,
        'nothing': [],
    },
    'compare': 'kfp.local does not take null inside a struct argument',
}
