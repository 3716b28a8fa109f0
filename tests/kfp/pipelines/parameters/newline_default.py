"""A newline in a default breaks the comment that the compiler writes at the head of the file, and with it the YAML."""

from typing import NamedTuple

from kfp import dsl

TEXT = 'x\u2728\U0001F600 "q" \'s\' \\n \n\t\u2028 %s {} {{$.x}} $HOME `id` \u00e4 e\u0301 end\ncomponents:\nroot: {'


@dsl.component
def check(text: str, start: str) -> NamedTuple('Outputs', [('text', str), ('right', bool)]):
    return text, text.startswith(start) and text.endswith(' end\ncomponents:\nroot: {')


@dsl.container_component
def echo(text: str, out: dsl.OutputPath(str)):
    return dsl.ContainerSpec(
        image='alpine', command=['sh', '-c', 'mkdir -p "$(dirname "$1")" && printf "%s" "$0" > "$1"'], args=[text, out])


@dsl.component
def same(a: str, b: str, c: str) -> bool:
    return a == b and c == f'<{a}>'


@dsl.pipeline(name='newline-default')
def pipeline(text: str = TEXT) -> NamedTuple('Outputs', [('right', bool), ('same', bool)]):
    from collections import namedtuple
    checked = check(text=text, start='x\u2728\U0001F600 "q" \'s\' \\n \n\t\u2028 %s')
    plain = echo(text=checked.outputs['text'])
    composed = echo(text=f"<{checked.outputs['text']}>")
    compared = same(a=text, b=plain.outputs['out'], c=composed.outputs['out'])
    return namedtuple('Outputs', ['right', 'same'])(checked.outputs['right'], compared.output)


EXPECT = {
    'outputs': {'right': True, 'same': True},
    'warnings': 'broken by a newline in the default of a parameter',
    'compare': 'kfp.local takes the placeholder in the text for one of its own',
}
