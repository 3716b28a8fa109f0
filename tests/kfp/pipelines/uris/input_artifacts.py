"""A pipeline that is given artifacts: a file with metadata, a directory, a list, and one that may be left out."""

from typing import List, NamedTuple, Optional

from kfp import dsl
from kfp.dsl import Dataset, Input, Model


@dsl.component
def read(data: Input[Dataset], model: Input[Model]) -> str:
    import os
    names = sorted(os.listdir(model.path))
    return f"{open(data.path).read()} {data.metadata['rows']:g} {names} {open(os.path.join(model.path, names[0])).read()}"


@dsl.component
def read_list(parts: Input[List[Dataset]]) -> str:
    return '+'.join(open(part.path).read() for part in parts)


@dsl.component
def read_one(part: Input[Dataset]) -> str:
    return open(part.path).read()


@dsl.component
def is_given(more: Optional[Input[Dataset]] = None) -> bool:
    return more is not None


@dsl.component
def join(texts: List[str]) -> str:
    return '|'.join(texts)


@dsl.pipeline
def inner(data: Input[Dataset]) -> str:
    return read_one(part=data).output


@dsl.pipeline(name='input-artifacts')
def pipeline(
    data: Input[Dataset], model: Input[Model], parts: Input[List[Dataset]], more: Optional[Input[Dataset]] = None,
) -> NamedTuple('Outputs', read=str, list=str, loop=str, given=bool, nested=str):
    with dsl.ParallelFor(parts) as part:
        each = read_one(part=part)
    outputs = NamedTuple('Outputs', read=str, list=str, loop=str, given=bool, nested=str)
    return outputs(
        read=read(data=data, model=model).output, list=read_list(parts=parts).output,
        loop=join(texts=dsl.Collected(each.output)).output, given=is_given(more=more).output, nested=inner(data=data).output)


EXPECT = {
    'files': {'rows.csv': 'rows', 'model/weights': 'w', 'a': '1', 'b': '2'},
    'inputs': {
        'data': ['{"uri": "{workdir}/rows.csv", "metadata": {"rows": 344}}'], 'model': ['{workdir}/model'],
        'parts': ['{workdir}/a', '{workdir}/b'],
    },
    'outputs': {'read': "rows 344 ['weights'] w", 'list': '1+2', 'loop': '1|2', 'given': False, 'nested': 'rows'},
    'tasks': {'data': 'COMPLETE', 'parts-1': 'COMPLETE', 'parts-2': 'COMPLETE'},
    'again': {'data': 'CACHED', 'model': 'CACHED', 'read': 'CACHED', 'join': 'CACHED'},
    'compare': 'kfp.local takes no artifacts for a pipeline',
}
