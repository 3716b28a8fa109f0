"""`IfPresentPlaceholder` over optional inputs that a pipeline passes on without having them: they are absent there as well."""

from typing import Optional

from kfp import dsl
from kfp.dsl import OutputPath


@dsl.container_component
def show(out: OutputPath(str), title: Optional[str] = None, count: Optional[int] = None):
    return dsl.ContainerSpec(
        image='alpine',
        command=['sh', '-c', 'out=$1; shift; printf "%d" $# > "$out"; for word in "$@"; do printf " %s" "$word" >> "$out"; done', 'show', out],
        args=[
            dsl.IfPresentPlaceholder(input_name='title', then=['--title', title], else_=['--untitled']),
            dsl.IfPresentPlaceholder(input_name='count', then=['--count', count]),
        ])


@dsl.pipeline
def inner(title: Optional[str] = None, count: Optional[int] = None) -> str:
    return show(title=title, count=count).output


@dsl.component
def lines(a: str, b: str, c: str) -> str:
    return '\n'.join([a, b, c])


@dsl.pipeline(name='if-present-passed')
def pipeline(title: Optional[str] = None, count: Optional[int] = None) -> str:
    return lines(
        a=show(title=title, count=count).output, b=inner(title=title).output, c=inner(title='given', count=count).output).output


EXPECT = {
    'arguments': {'count': 0},
    'outputs': {'Output': '3 --untitled --count 0\n1 --untitled\n4 --title given --count 0'},
    'compare': 'kfp.local cannot pass an absent optional parameter on',
}
