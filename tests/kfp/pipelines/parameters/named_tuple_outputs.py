"""Several outputs by NamedTuple, both ways of writing it, plain tuples among them; several root outputs."""

from typing import Dict, List, NamedTuple

from kfp import dsl


@dsl.component
def statistics(values: List[float]) -> NamedTuple('Statistics', [('mean', float), ('count', int), ('label', str)]):
    from collections import namedtuple
    result = namedtuple('Statistics', ['mean', 'count', 'label'])
    return result(mean=sum(values) / len(values), count=len(values), label='small' if len(values) < 10 else 'large')


@dsl.component
def split(text: str) -> NamedTuple('Parts', words=List[str], lengths=Dict[str, int], any=bool):
    words = text.split()
    return (words, {word: len(word) for word in words}, bool(words))


@dsl.pipeline(name='named-tuple-outputs')
def pipeline(text: str = 'one three') -> NamedTuple(
        'Outputs', mean=float, count=int, label=str, words=List[str], lengths=Dict[str, int], any=bool):
    numbers = statistics(values=[1.0, 2.5, 4.0])
    parts = split(text=text)
    outputs = NamedTuple(
        'Outputs', mean=float, count=int, label=str, words=List[str], lengths=Dict[str, int], any=bool)
    return outputs(
        mean=numbers.outputs['mean'], count=numbers.outputs['count'], label=numbers.outputs['label'],
        words=parts.outputs['words'], lengths=parts.outputs['lengths'], any=parts.outputs['any'])


EXPECT = {
    'outputs': {
        'mean': 2.5, 'count': 3, 'label': 'small',
        'words': ['one', 'three'], 'lengths': {'one': 3, 'three': 5}, 'any': True,
    },
    'compare': True,
}
