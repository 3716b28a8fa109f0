"""Pipelines as components: parameters in, outputs out, the same one twice, composed strings inside."""

from typing import NamedTuple

from kfp import dsl


@dsl.component
def add(a: int, b: int) -> int:
    return a + b


@dsl.component
def word(text: str) -> str:
    return text.upper()


@dsl.pipeline(name='twice-as-much')
def double_sum(a: int, b: int = 1, text: str = 'x') -> NamedTuple('Sums', sum=int, twice=int, label=str):
    total = add(a=a, b=b)
    twice = add(a=total.output, b=total.output)
    label = word(text=f'{text}={twice.output}')
    sums = NamedTuple('Sums', sum=int, twice=int, label=str)
    return sums(sum=total.output, twice=twice.output, label=label.output)


@dsl.component
def join(one: str, two: str) -> str:
    return f'{one} {two}'


@dsl.pipeline(name='nested-parameters')
def pipeline(start: int = 1) -> NamedTuple('Outputs', number=int, text=str):
    first = double_sum(a=start)
    second = double_sum(a=first.outputs['twice'], b=first.outputs['sum'], text='second')
    text = join(one=first.outputs['label'], two=second.outputs['label'])
    outputs = NamedTuple('Outputs', number=int, text=str)
    return outputs(number=second.outputs['twice'], text=text.output)


EXPECT = {
    'arguments': {'start': 2},
    'outputs': {'number': 18, 'text': 'X=6 SECOND=18'},
    'tasks': {
        'twice-as-much': 'COMPLETE', 'twice-as-much/add': 'COMPLETE', 'twice-as-much/add-2': 'COMPLETE',
        'twice-as-much-2/word': 'COMPLETE', 'join': 'COMPLETE',
    },
    'compare': 'kfp.local writes integers inside strings as floats',
}
