"""Optional input artifacts of components and of the pipeline itself: absent ones reach the function as `None`."""

from typing import Optional

from kfp import dsl
from kfp.dsl import Dataset, Input, Output


@dsl.component
def rows(data: Output[Dataset]):
    with open(data.path, 'w') as file:
        file.write('rows')


@dsl.component
def read(data: Optional[Input[Dataset]] = None, other: Optional[Input[Dataset]] = None) -> str:
    parts = []
    for artifact in [data, other]:
        if artifact is None:
            parts.append('nothing')
        else:
            with open(artifact.path) as file:
                parts.append(file.read())
    return '+'.join(parts)


@dsl.component
def join(one: str, two: str, three: str) -> str:
    return f'{one} {two} {three}'


@dsl.pipeline
def inner(data: Optional[Input[Dataset]] = None) -> str:
    return read(data=data).output


@dsl.pipeline(name='optional-artifact')
def pipeline(given: Optional[Input[Dataset]] = None) -> str:
    data = rows()
    without = inner()
    with_one = inner(data=data.outputs['data'])
    outer = read(data=given, other=data.outputs['data'])
    return join(one=without.output, two=with_one.output, three=outer.output).output


EXPECT = {
    'outputs': {'Output': 'nothing+nothing rows+nothing nothing+rows'},
    'compare': 'kfp.local cannot pass an absent optional artifact on',
}
