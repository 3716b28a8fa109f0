"""Values whose types have brackets inside texts: the compiler leaves references to them in the constants, and no dependency."""

from typing import Dict, List

from kfp import dsl


@dsl.component
def produce() -> List[str]:
    return ['a', 'b']


@dsl.component
def consume(text: str) -> str:
    return text


@dsl.component
def inside(table: dict) -> str:
    return f"{table['items']} {table['deep'][0]}"


@dsl.component
def lines(one: str, two: str, three: List[str]) -> str:
    return '\n'.join([one, two, *three])


@dsl.pipeline(name='composed-lists')
def pipeline(table: Dict[str, int] = {'x': 1}) -> str:
    made = produce()
    plain = consume(text=f'Items: {made.output} of {table}')
    parts = inside(table={'items': f'<{made.output}>', 'deep': [f'{table}']})
    with dsl.ParallelFor(['l', 'm']) as letter:
        nested = consume(text=f'{letter}: {made.output}')
    return lines(one=plain.output, two=parts.output, three=dsl.Collected(nested.output)).output


EXPECT = {
    'outputs': {'Output': 'Items: ["a","b"] of {"x":1}\n<["a","b"]> {"x":1}\nl: ["a","b"]\nm: ["a","b"]'},
    'warnings': 'did not compose the text of the input `text` with `produce-Output` and `table`',
    'compare': 'kfp.local passes the reference on as it is',
}
