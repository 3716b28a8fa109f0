"""The texts `NaN` and `Infinity` (markers of missing values) are texts in conditions, given and made."""

from kfp import dsl


@dsl.component
def marker() -> str:
    return 'NaN'


@dsl.component
def say(s: str) -> str:
    return s


@dsl.pipeline(name='nan-text')
def pipeline(fill: str = 'Infinity') -> str:
    made = marker()
    with dsl.If(made.output != 'NaN'):
        a = say(s='wrong')
    with dsl.Elif(fill == 'Infinity'):
        b = say(s='right')
    with dsl.Else():
        c = say(s='wrong too')
    return dsl.OneOf(a.output, b.output, c.output)


EXPECT = {'outputs': {'Output': 'right'}, 'compare': True}
