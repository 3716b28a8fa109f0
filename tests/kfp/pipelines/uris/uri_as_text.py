"""URIs that leave their steps as text: imported again, read by another step, part of a directory, in lists, dictionaries and sentences."""

from typing import Dict, List, NamedTuple

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Output


@dsl.component
def make(data: Output[Dataset], parts: Output[Dataset]) -> NamedTuple('Outputs', uri=str, part=str):
    import os
    with open(data.path, 'w') as file:
        file.write('rows')
    os.makedirs(os.path.join(parts.path, 'deep'))
    with open(os.path.join(parts.path, 'deep', 'part-0'), 'w') as file:
        file.write('part')
    outputs = NamedTuple('Outputs', uri=str, part=str)
    return outputs(uri=data.uri, part=os.path.join(parts.uri, 'deep', 'part-0'))


@dsl.component
def uri_of(data: Input[Dataset]) -> str:
    return data.uri


@dsl.component
def wrap(a: str, b: str) -> NamedTuple('Outputs', all=List[str], by_name=Dict[str, str], sentence=str):
    outputs = NamedTuple('Outputs', all=List[str], by_name=Dict[str, str], sentence=str)
    return outputs(all=[a, b], by_name={'a': a, 'b': b}, sentence=f'first {a}, then {b}.')


@dsl.component
def read(data: Input[Dataset]) -> str:
    with open(data.path) as file:
        return f"{file.read()}{data.metadata.get('version', '')}"


@dsl.component
def read_text(uri: str) -> str:
    with open(dsl.Dataset(uri=uri).path) as file:
        return file.read()


@dsl.component
def read_all(all: List[str], by_name: Dict[str, str], sentence: str) -> str:
    words = sentence.replace(',', '').rstrip('.').split()
    texts = [open(uri).read() for uri in [*all, *(by_name[key] for key in sorted(by_name)), words[1], words[3]]]
    return ' '.join(texts)


@dsl.component
def same(uri: str, data: Input[Dataset]) -> bool:
    return uri == data.uri


@dsl.component
def pass_on(uri: str, copy: Output[Artifact]):
    copy.uri = uri
    copy.metadata['by'] = 'uri'


@dsl.component
def read_any(data: Input[Artifact]) -> str:
    return open(data.path).read() + data.metadata['by']


@dsl.pipeline(name='uri-as-text')
def pipeline() -> NamedTuple('Outputs', own=str, seen=str, part=str, text=str, all=str, same=bool, passed=str, data=Dataset):
    made = make()
    seen = uri_of(data=made.outputs['data'])
    own = dsl.importer(artifact_uri=made.outputs['uri'], artifact_class=Dataset, metadata={'version': '1'})
    again = dsl.importer(artifact_uri=seen.output, artifact_class=Dataset, metadata={'version': '2'})
    part = dsl.importer(artifact_uri=made.outputs['part'], artifact_class=Dataset)
    wrapped = wrap(a=made.outputs['uri'], b=made.outputs['part'])
    everything = read_all(
        all=wrapped.outputs['all'], by_name=wrapped.outputs['by_name'], sentence=wrapped.outputs['sentence'])
    passed = pass_on(uri=seen.output)
    outputs = NamedTuple('Outputs', own=str, seen=str, part=str, text=str, all=str, same=bool, passed=str, data=Dataset)
    return outputs(
        own=read(data=own.output).output, seen=read(data=again.output).output, part=read(data=part.output).output,
        text=read_text(uri=made.outputs['uri']).output, all=everything.output,
        same=same(uri=made.outputs['uri'], data=made.outputs['data']).output,
        passed=read_any(data=passed.outputs['copy']).output, data=again.output)


EXPECT = {
    'outputs': {
        'own': 'rows1', 'seen': 'rows2', 'part': 'part', 'text': 'rows', 'all': 'rows part rows part rows part', 'same': True,
        'passed': 'rowsuri',
    },
    'artifacts': {'data': {'type': 'system.Dataset', 'text': 'rows', 'metadata': {'version': '2'}}},
    'again': {'make': 'CACHED', 'uri-of': 'CACHED', 'read-text': 'CACHED', 'read-all': 'CACHED', 'same': 'CACHED', 'read': 'CACHED'},
    'compare': True,
}
