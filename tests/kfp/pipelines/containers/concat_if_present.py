"""`ConcatPlaceholder` and `IfPresentPlaceholder`, alone, nested, with lists, with and without `else_`; absent ones leave no argument."""

from typing import List, Optional

from kfp import dsl
from kfp.dsl import Dataset, Input, Output, OutputPath


@dsl.container_component
def show(out: OutputPath(str), name: str, title: Optional[str] = None, count: Optional[str] = None, tag: str = 'tagged'):
    return dsl.ContainerSpec(
        image='alpine',
        command=['sh', '-c', 'out=$1; shift; for word in "$@"; do printf "<%s>" "$word"; done > "$out"', 'show', out],
        args=[
            dsl.ConcatPlaceholder(['--name=', name, '/', dsl.ConcatPlaceholder(['inner-', name])]),
            dsl.IfPresentPlaceholder(input_name='title', then=['--title', title], else_=['--untitled']),
            dsl.IfPresentPlaceholder(input_name='count', then=dsl.ConcatPlaceholder(['--count=', count])),
            dsl.IfPresentPlaceholder(input_name='tag', then=tag, else_='none'),
            dsl.ConcatPlaceholder(['[', dsl.IfPresentPlaceholder(input_name='title', then=title, else_='?'), ']']),
            'end',
        ])


@dsl.container_component
def with_artifact(out: OutputPath(str), data: Input[Dataset], made: Output[Dataset]):
    return dsl.ContainerSpec(
        image='alpine',
        command=['sh', '-c', 'cat "${0#path=}" > "$1"; printf made > "$2"',
                 dsl.ConcatPlaceholder(['path=', data.path]), out, made.path])


@dsl.component
def rows(data: Output[Dataset]):
    with open(data.path, 'w') as file:
        file.write('rows')


@dsl.component
def join(texts: List[str]) -> str:
    return '\n'.join(texts)


@dsl.component
def lines(a: str, b: str, c: str) -> str:
    return '\n'.join([a, b, c])


@dsl.pipeline(name='concat-if-present')
def pipeline(name: str = 'n') -> str:
    without = show(name=name)
    given = show(name='my name', title='A title', count='3', tag='')
    data = rows()
    artifact = with_artifact(data=data.outputs['data'])
    return lines(a=without.outputs['out'], b=given.outputs['out'], c=artifact.outputs['out']).output


EXPECT = {
    'outputs': {
        'Output': '<--name=n/inner-n><--untitled><tagged><[?]><end>\n'
                  '<--name=my name/inner-my name><--title><A title><--count=3><><[A title]><end>\nrows',
    },
    'compare': True,
}
