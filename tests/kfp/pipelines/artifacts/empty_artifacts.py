"""Outputs that a function never writes: artifacts are empty then; one that is overwritten; empty files and directories."""

from typing import NamedTuple

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Output


@dsl.component
def sparse(never: Output[Dataset], empty: Output[Artifact], twice: Output[Artifact]):
    open(empty.path, 'w').close()
    with open(twice.path, 'w') as file:
        file.write('first, and longer')
    with open(twice.path, 'w') as file:
        file.write('second')


@dsl.component
def size(empty: Input[Artifact], twice: Input[Artifact]) -> int:
    import os
    return os.path.getsize(empty.path) * 100 + os.path.getsize(twice.path)


@dsl.pipeline(name='empty-artifacts')
def pipeline() -> NamedTuple('Outputs', size=int, never=Dataset, twice=Artifact):
    made = sparse()
    outputs = NamedTuple('Outputs', size=int, never=Dataset, twice=Artifact)
    return outputs(
        size=size(empty=made.outputs['empty'], twice=made.outputs['twice']).output,
        never=made.outputs['never'], twice=made.outputs['twice'])


EXPECT = {
    'outputs': {'size': 6},
    'artifacts': {
        'never': {'type': 'system.Dataset', 'text': '', 'metadata': {}},
        'twice': {'type': 'system.Artifact', 'text': 'second', 'metadata': {}},
    },
    'compare': True,
}
