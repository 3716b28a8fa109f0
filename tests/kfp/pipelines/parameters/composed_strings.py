"""Strings composed from outputs and parameters by f-strings: constants that hold placeholders, of every type."""

from kfp import dsl


@dsl.component
def greet(name: str) -> str:
    return f'Hello {name}'


@dsl.component
def number() -> int:
    return 42


@dsl.component
def echo(text: str) -> str:
    return text


@dsl.component
def show(table: dict, items: list) -> str:
    return f"{table['greeting']}/{table['deep']['who']}/{items[0]}/{items[1]}"


@dsl.component
def lines(one: str, two: str, three: str) -> str:
    return '\n'.join([one, two, three])


@dsl.pipeline(name='composed-strings')
def pipeline(who: str = 'world', count: int = 3, ratio: float = 0.5, flag: bool = True,
             items: list = [1, 2], table: dict = {'k': 'v'}) -> str:
    greeting = greet(name=f'{who} and {who}')
    text = echo(text=f'{greeting.output}! {number().output} of {count}, {ratio}, {flag}, {items}, {table}. {{braces}}')
    inside = show(table={'greeting': greeting.output, 'deep': {'who': who}}, items=[who, f'<{who}>'])
    return lines(one=text.output, two=inside.output, three=greeting.output).output


EXPECT = {
    'arguments': {'who': 'you'},
    'outputs': {
        'Output': 'Hello you and you! 42 of 3, 0.5, true, [1,2], {"k":"v"}. {braces}\n'
                  'Hello you and you/you/you/<you>\nHello you and you',
    },
    'compare': 'kfp.local writes numbers, booleans and lists inside strings as Python does',
}
