"""Defaults of components, of pipelines and of nested pipelines; each is replaced only where a value is given."""

from kfp import dsl


@dsl.component
def join(first: str = 'a', second: str = 'b', third: int = 3, fourth: bool = False) -> str:
    return f'{first}-{second}-{third}-{fourth}'


@dsl.pipeline
def inner(first: str = 'inner', third: int = 30) -> str:
    return join(first=first, third=third).output


@dsl.component
def lines(one: str, two: str, three: str, four: str) -> str:
    return '\n'.join([one, two, three, four])


@dsl.pipeline(name='default-values')
def pipeline(first: str = 'outer', third: int = 300) -> str:
    plain = join()
    some = join(second='B', fourth=True)
    nested = inner()
    passed = inner(first=first, third=third)
    return lines(one=plain.output, two=some.output, three=nested.output, four=passed.output).output


EXPECT = {
    'arguments': {'third': 301},
    'outputs': {'Output': 'a-b-3-False\na-B-3-True\ninner-b-30-False\nouter-b-301-False'},
    'tasks': {'join': 'COMPLETE', 'join-2': 'COMPLETE', 'inner': 'COMPLETE', 'inner/join': 'COMPLETE', 'inner-2/join': 'COMPLETE'},
    'compare': True,
}
