"""`reimport`: the same importer twice, once for what is there already and once anew; a second run."""

from typing import NamedTuple

from kfp import dsl
from kfp.dsl import Dataset, Input


@dsl.component
def size(data: Input[Dataset]) -> int:
    import os
    return os.path.getsize(data.path)


@dsl.pipeline(name='import-again')
def pipeline(uri: str) -> NamedTuple('Outputs', one=int, other=int):
    one = dsl.importer(artifact_uri=uri, artifact_class=Dataset, reimport=False)
    other = dsl.importer(artifact_uri=uri, artifact_class=Dataset, reimport=True)
    outputs = NamedTuple('Outputs', one=int, other=int)
    return outputs(one=size(data=one.output).output, other=size(data=other.output).output)


EXPECT = {
    'files': {'rows.csv': '12345'},
    'arguments': {'uri': '{workdir}/rows.csv'},
    'outputs': {'one': 5, 'other': 5},
    'tasks': {'importer': 'COMPLETE', 'importer-2': 'COMPLETE'},
    'again': {'size': 'CACHED', 'size-2': 'CACHED'},
    'compare': True,
}
