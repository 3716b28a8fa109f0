"""Artifacts with places of their own, gathered out of a nested pipeline's loop, gone over in another's, and their URIs as a list of text."""

from typing import List, NamedTuple

from kfp import dsl
from kfp.dsl import Dataset, Input, Output


@dsl.component
def make(text: str) -> Dataset:
    data = Dataset(uri=dsl.get_uri(), metadata={'length': len(text), 'nested': {'a': [1, True]}})
    with open(data.path, 'w') as file:
        file.write(text)
    return data


@dsl.component
def upper(data: Input[Dataset], out: Output[Dataset]) -> str:
    with open(data.path) as source, open(out.path, 'w') as file:
        file.write(source.read().upper())
    out.metadata.update(data.metadata)
    return out.uri


@dsl.component
def read(data: Input[Dataset]) -> str:
    with open(data.path) as file:
        return f"{file.read()}:{data.metadata['length']:g}:{data.metadata['nested']['a'][1]}"


@dsl.component
def read_list(data: Input[List[Dataset]]) -> NamedTuple('Outputs', text=str, uris=List[str]):
    outputs = NamedTuple('Outputs', text=str, uris=List[str])
    return outputs(text=''.join(open(one.path).read() for one in data), uris=[one.uri for one in data])


@dsl.component
def join(parts: List[str]) -> str:
    return '|'.join(parts)


@dsl.component
def read_uris(uris: List[str], others: List[str]) -> str:
    return f"{'+'.join(open(uri).read() for uri in uris)} {uris == others}"


@dsl.component
def one(data: Input[Dataset]) -> str:
    return open(data.path).read()


@dsl.pipeline
def datasets(texts: List[str]) -> NamedTuple('Outputs', data=List[Dataset], uris=List[str]):
    with dsl.ParallelFor(texts) as text:
        made = make(text=text)
        done = upper(data=made.output)
    outputs = NamedTuple('Outputs', data=List[Dataset], uris=List[str])
    return outputs(data=dsl.Collected(done.outputs['out']), uris=dsl.Collected(done.outputs['Output']))


@dsl.pipeline
def readers(data: Input[List[Dataset]]) -> List[str]:
    with dsl.ParallelFor(data) as item:
        text = read(data=item)
    return dsl.Collected(text.output)


@dsl.pipeline
def importers(uris: List[str]) -> List[str]:
    with dsl.ParallelFor(uris) as uri:
        data = dsl.importer(artifact_uri=uri, artifact_class=Dataset)
        text = one(data=data.output)
    return dsl.Collected(text.output)


@dsl.pipeline(name='uri-lists')
def pipeline(texts: List[str] = ['Hello', ',', 'world!', 'Hello']) -> NamedTuple('Outputs', items=str, whole=str, uris=str, imported=str):
    made = datasets(texts=texts)
    whole = read_list(data=made.outputs['data'])
    outputs = NamedTuple('Outputs', items=str, whole=str, uris=str, imported=str)
    return outputs(
        items=join(parts=readers(data=made.outputs['data']).output).output, whole=whole.outputs['text'],
        uris=read_uris(uris=whole.outputs['uris'], others=made.outputs['uris']).output,
        imported=join(parts=importers(uris=made.outputs['uris']).output).output)


EXPECT = {
    'outputs': {
        'items': 'HELLO:5:True|,:1:True|WORLD!:6:True|HELLO:5:True', 'whole': 'HELLO,WORLD!HELLO',
        'uris': 'HELLO+,+WORLD!+HELLO True', 'imported': 'HELLO|,|WORLD!|HELLO',
    },
    'again': {'join': 'CACHED', 'join-2': 'CACHED', 'read-uris': 'CACHED'},
    'compare': 'kfp.local does not find the items when a nested pipeline goes over a list of artifacts',
}
