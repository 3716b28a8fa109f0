"""Places of the task's own: `dsl.get_uri()` in functions that return artifacts, several in one task, alone and in a loop; the path follows."""

from typing import List, NamedTuple

from kfp import dsl
from kfp.dsl import Dataset, Input, Model


@dsl.component
def make(text: str) -> Dataset:
    data = Dataset(uri=dsl.get_uri(), metadata={'length': len(text)})
    with open(data.path, 'w') as file:
        file.write(text)
    return data


@dsl.component
def split(text: str) -> NamedTuple('Outputs', head=Dataset, tail=Model, uri=str):
    import os
    head = Dataset(uri=dsl.get_uri('head'), metadata={'n': 1})
    tail = Model(uri=dsl.get_uri(suffix='last'))
    with open(head.path, 'w') as file:
        file.write(text[0])
    os.makedirs(tail.path)
    with open(os.path.join(tail.path, 'rest'), 'w') as file:
        file.write(text[1:])
    outputs = NamedTuple('Outputs', head=Dataset, tail=Model, uri=str)
    return outputs(head=head, tail=tail, uri=os.path.join(dsl.get_uri('last'), 'rest'))


@dsl.component
def read(data: Input[Dataset]) -> str:
    with open(data.path) as file:
        return f"{file.read()} {data.metadata['length']:g}"


@dsl.component
def read_split(head: Input[Dataset], tail: Input[Model], rest: Input[Dataset]) -> str:
    import os
    with open(head.path) as file:
        text = file.read()
    with open(os.path.join(tail.path, 'rest')) as file:
        text += f'|{file.read()}'
    return f'{text}|{open(rest.path).read()}'


@dsl.component
def join(parts: List[str]) -> str:
    return ', '.join(parts)


@dsl.pipeline(name='get-uri')
def pipeline(texts: List[str] = ['one', 'three']) -> NamedTuple('Outputs', one=str, all=str, parts=str, data=Dataset):
    made = make(text='hello')
    with dsl.ParallelFor(texts) as text:
        each = read(data=make(text=text).output)
    parts = split(text='abc')
    rest = dsl.importer(artifact_uri=parts.outputs['uri'], artifact_class=Dataset)
    joined = read_split(head=parts.outputs['head'], tail=parts.outputs['tail'], rest=rest.output)
    outputs = NamedTuple('Outputs', one=str, all=str, parts=str, data=Dataset)
    return outputs(
        one=read(data=made.output).output, all=join(parts=dsl.Collected(each.output)).output, parts=joined.output,
        data=made.output)


EXPECT = {
    'outputs': {'one': 'hello 5', 'all': 'one 3, three 5', 'parts': 'a|bc|bc'},
    'artifacts': {'data': {'type': 'system.Dataset', 'text': 'hello', 'metadata': {'length': 5}}},
    'again': {'make': 'CACHED', 'split': 'CACHED', 'for-loop-1[0]/make-2': 'CACHED', 'read-split': 'CACHED'},
    'compare': True,
}
