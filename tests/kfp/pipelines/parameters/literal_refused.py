"""A value that is none of those named for the parameter is refused before the run."""

from kfp import dsl


@dsl.component
def choose(color: str, size: int = 2) -> str:
    return f'{color} {size}'


@dsl.pipeline(name='literal-refused')
def pipeline(color: str = 'red') -> str:
    return choose(color=color).output


def amend(spec):
    spec['root']['inputDefinitions']['parameters']['color']['literals'] = ['red', 'green', 'blue']
    inputs = spec['components']['comp-choose']['inputDefinitions']['parameters']
    inputs['color']['literals'] = ['red', 'green', 'blue']
    inputs['size']['literals'] = [1.0, 2.0]


EXPECT = {
    'arguments': {'color': 'mauve'},
    'error': 'mauve',
    'compare': 'the SDK does not know these',
}
