"""A parameter whose values are named one by one: the format has them (`literals`), the compiler does not write them yet."""

from kfp import dsl


@dsl.component
def choose(color: str, size: int = 2) -> str:
    return f'{color} {size}'


@dsl.pipeline(name='literal-values')
def pipeline(color: str = 'red') -> str:
    return choose(color=color).output


def amend(spec):
    spec['root']['inputDefinitions']['parameters']['color']['literals'] = ['red', 'green', 'blue']
    inputs = spec['components']['comp-choose']['inputDefinitions']['parameters']
    inputs['color']['literals'] = ['red', 'green', 'blue']
    inputs['size']['literals'] = [1.0, 2.0]


EXPECT = {
    'arguments': {'color': 'green'},
    'outputs': {'Output': 'green 2'},
    'compare': True,
}
