"""Lists of artifacts as inputs, gathered from a loop and passed on through a nested pipeline."""

from typing import List

from kfp import dsl
from kfp.dsl import Dataset, Input, Output


@dsl.component
def shard(index: int, data: Output[Dataset]):
    data.metadata['index'] = index
    with open(data.path, 'w') as file:
        file.write('x' * index)


@dsl.component
def total(shards: Input[List[Dataset]]) -> str:
    sizes = []
    for data in shards:
        with open(data.path) as file:
            sizes.append(f"{data.metadata['index']:g}:{len(file.read())}:{type(data).__name__}")
    return ' '.join(sizes)


@dsl.pipeline
def inner(shards: Input[List[Dataset]]) -> str:
    return total(shards=shards).output


@dsl.component
def join(one: str, two: str) -> str:
    return f'{one} | {two}'


@dsl.pipeline(name='artifact-lists')
def pipeline() -> str:
    with dsl.ParallelFor([3, 1, 2]) as index:
        data = shard(index=index)
    direct = total(shards=dsl.Collected(data.outputs['data']))
    nested = inner(shards=dsl.Collected(data.outputs['data']))
    return join(one=direct.output, two=nested.output).output


EXPECT = {
    'outputs': {'Output': '3:3:Dataset 1:1:Dataset 2:2:Dataset | 3:3:Dataset 1:1:Dataset 2:2:Dataset'},
    'tasks': {'for-loop-2': 'COMPLETE', 'for-loop-2[2]/shard': 'COMPLETE', 'inner/total': 'COMPLETE'},
    'compare': 'kfp.local cannot pass a list of artifacts into a nested pipeline',
}
