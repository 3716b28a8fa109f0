"""Every comparison, with strings, integers, floats and booleans, outputs, parameters and constants on either side."""

from typing import List, NamedTuple

from kfp import dsl


@dsl.component
def values() -> NamedTuple('Values', text=str, whole=int, real=float, yes=bool, no=bool, zero=int):
    return ('b', 5, 2.5, True, False, 0)


@dsl.component
def ran(name: str):
    print(f'ran {name}')


@dsl.component
def done() -> str:
    return 'done'


@dsl.pipeline(name='comparisons')
def pipeline(limit: int = 5, rate: float = 2.5, word: str = 'b', flag: bool = True) -> str:
    v = values()
    text, whole, real = v.outputs['text'], v.outputs['whole'], v.outputs['real']
    yes, no, zero = v.outputs['yes'], v.outputs['no'], v.outputs['zero']
    with dsl.If(whole == limit): ran(name='1 holds')
    with dsl.If(whole != limit): ran(name='2 does not')
    with dsl.If(whole < 5): ran(name='3 does not')
    with dsl.If(whole <= 5): ran(name='4 holds')
    with dsl.If(whole > 4): ran(name='5 holds')
    with dsl.If(whole >= 6): ran(name='6 does not')
    with dsl.If(real == rate): ran(name='7 holds')
    with dsl.If(real > 2.4): ran(name='8 holds')
    with dsl.If(real < 2.5): ran(name='9 does not')
    with dsl.If(text == word): ran(name='10 holds')
    with dsl.If(text != 'b'): ran(name='11 does not')
    with dsl.If(text > 'a'): ran(name='12 holds')
    with dsl.If(text <= 'a'): ran(name='13 does not')
    with dsl.If(yes == True): ran(name='14 holds')
    with dsl.If(no == True): ran(name='15 does not')
    with dsl.If(no == False): ran(name='16 holds')
    with dsl.If(flag == True): ran(name='17 holds')
    with dsl.If(yes != no): ran(name='18 holds')
    with dsl.If(zero == 0): ran(name='19 holds')
    with dsl.If(zero > -1): ran(name='20 holds')
    with dsl.If(word == 'say "b" (&& || !)'): ran(name='21 does not')
    with dsl.If('größer' != word): ran(name='22 holds')
    return done().output


_holds = {1, 4, 5, 7, 8, 10, 12, 14, 16, 17, 18, 19, 20, 22}

EXPECT = {
    'outputs': {'Output': 'done'},
    'tasks': {f'condition-{index}': 'COMPLETE' if index in _holds else 'SKIPPED' for index in range(1, 23)},
    'logs': {f'condition-{index}/ran{"" if index == 1 else f"-{index}"}': [f'ran {index} holds'] for index in _holds},
    'compare': 'kfp.local takes conditions on a field of a NamedTuple for false',
}
