"""A loop over a list of artifacts: what another loop collected, given to a nested pipeline."""

from typing import List

from kfp import dsl
from kfp.dsl import Dataset, Input, Output


@dsl.component
def shard(index: int, data: Output[Dataset]):
    data.metadata['index'] = index
    with open(data.path, 'w') as file:
        file.write('row\n' * index)


@dsl.component
def count(data: Input[Dataset], label: str) -> str:
    with open(data.path) as file:
        return f"{label}{data.metadata['index']:g}:{len(file.readlines())}"


@dsl.component
def join(items: List[str]) -> str:
    return ' '.join(items)


@dsl.pipeline
def each_shard(shards: Input[List[Dataset]], label: str) -> str:
    with dsl.ParallelFor(shards) as data:
        counted = count(data=data, label=label)
    return join(items=dsl.Collected(counted.output)).output


@dsl.pipeline(name='loop-artifacts')
def pipeline() -> str:
    with dsl.ParallelFor([2, 4, 1]) as index:
        data = shard(index=index)
    return each_shard(shards=dsl.Collected(data.outputs['data']), label='s').output


EXPECT = {
    'outputs': {'Output': 's2:2 s4:4 s1:1'},
    'tasks': {'each-shard/for-loop-1[1]/count': 'COMPLETE'},
    'compare': 'kfp.local cannot pass a list of artifacts into a nested pipeline',
}
