"""Texts composed of loops' items and of parts of them: over literals, parameters and outputs, nested, inside conditions, at any depth."""

from typing import Dict, List

from kfp import dsl


@dsl.component
def people() -> List[Dict[str, str]]:
    return [{'who': 'ann', 'n': '1'}, {'who': 'bob', 'n': '2'}]


@dsl.component
def say(text: str) -> str:
    return text


@dsl.component
def join(texts: List[str]) -> str:
    return '|'.join(texts)


@dsl.component
def flat(texts: List[List[str]]) -> str:
    return '|'.join(text for inner in texts for text in inner)


@dsl.component
def lines(one: str, two: str, three: str, four: str, five: str) -> str:
    return '\n'.join([one, two, three, four, five])


@dsl.pipeline(name='loop-composed-text')
def pipeline(
    given: List[Dict[str, str]] = [{'who': 'dan', 'n': '4'}, {'who': 'eve', 'n': '5'}],
    words: List[str] = ['x', 'y'],
    prefix: str = 'P',
    flag: bool = True,
) -> str:
    made = people()
    # Of a literal's parts alone.
    with dsl.ParallelFor([{'who': 'fay', 'n': 6}, {'who': 'gus', 'n': 7}]) as item:
        literal = say(text=f'hello-{item.who}{item.n}')
    # Of a parameter's parts, inside a condition.
    with dsl.ParallelFor(given) as item:
        with dsl.If(flag == True):
            parameter = say(text=f'{item.who} {item.n}')
    # Of an output's parts.
    with dsl.ParallelFor(made.output) as item:
        output = say(text=f'{prefix}{item.who}{item.n}')
    # Of both items of nested loops, from outside and by parts, deep inside.
    with dsl.ParallelFor(made.output) as outer:
        with dsl.ParallelFor(words) as inner:
            with dsl.If(flag == True):
                nested = say(text=f'{prefix}{outer.who}{inner}')
    with dsl.ParallelFor(['a', 'b']) as letter:
        with dsl.ParallelFor([1, 2]) as number:
            both = say(text=f'{letter}{number}{prefix}')
    return lines(
        one=join(texts=dsl.Collected(literal.output)).output,
        two=join(texts=dsl.Collected(parameter.output)).output,
        three=join(texts=dsl.Collected(output.output)).output,
        four=flat(texts=dsl.Collected(nested.output)).output,
        five=flat(texts=dsl.Collected(both.output)).output,
    ).output


EXPECT = {
    'outputs': {
        'Output': 'hello-fay6|hello-gus7\ndan 4|eve 5\nPann1|Pbob2\nPannx|Panny|Pbobx|Pboby\na1P|a2P|b1P|b2P',
    },
    'compare': 'kfp.local does not find what the compiler wires from nowhere',
}
