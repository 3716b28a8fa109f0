"""Five pipelines one inside the other, a loop and a condition among them."""

from typing import List

from kfp import dsl


@dsl.component
def step(text: str, mark: str) -> str:
    return text + mark


@dsl.component
def join(texts: List[str]) -> str:
    return ' '.join(texts)


@dsl.pipeline
def fifth(text: str) -> str:
    return step(text=text, mark='5').output


@dsl.pipeline
def fourth(text: str) -> str:
    inner = fifth(text=text)
    return step(text=inner.output, mark='4').output


@dsl.pipeline
def third(text: str) -> str:
    with dsl.ParallelFor(['x', 'y']) as letter:
        inner = fourth(text=f'{text}{letter}')
    return join(texts=dsl.Collected(inner.output)).output


@dsl.pipeline
def second(text: str) -> str:
    with dsl.If(text != ''):
        inner = third(text=text)
    with dsl.Else():
        other = step(text='', mark='nothing')
    return dsl.OneOf(inner.output, other.output)


@dsl.component
def both(one: str, two: str) -> str:
    return f'{one} | {two}'


@dsl.pipeline(name='deep-nesting')
def pipeline(text: str = 'a', empty: str = '') -> str:
    return both(one=second(text=text).output, two=second(text=empty).output).output


EXPECT = {
    'outputs': {'Output': 'ax54 ay54 | nothing'},
    'tasks': {
        'second/condition-branches-1/condition-2/third/for-loop-2[1]/fourth/fifth/step': 'COMPLETE',
        'second/condition-branches-1/condition-3': 'SKIPPED',
        'second-2/condition-branches-1/condition-2': 'SKIPPED',
        'second-2/condition-branches-1/condition-3/step': 'COMPLETE',
    },
    'compare': 'kfp.local loses a string composed inside a loop',
}
