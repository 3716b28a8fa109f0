"""Names in other systems that functions give their artifacts: kept, and content that lies where the SDK has them mounted goes with them."""

from typing import NamedTuple

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Model, Output


@dsl.component
def publish(bucket: str, data: Output[Dataset], model: Output[Model], page: Output[Artifact]) -> str:
    import os
    data.uri = f'gs://{bucket}/rows/data'
    os.makedirs(os.path.dirname(data.path), exist_ok=True)
    with open(data.path, 'w') as file:
        file.write('rows')
    with open(model.path, 'w') as file:
        file.write('weights')
    model.uri = 'minio://models/best'
    page.uri = 'https://example.org/page'
    page.metadata['n'] = 1
    return data.uri


@dsl.component
def read(data: Input[Dataset], model: Input[Model], page: Input[Artifact]) -> str:
    texts = [f'{one.uri} {one.path} {open(one.path).read()}' for one in (data, model)]
    return '\n'.join([*texts, page.uri, str(int(page.metadata['n']))])


@dsl.component
def pass_on(data: Input[Dataset], page: Input[Artifact], copy: Output[Dataset], same: Output[Artifact]):
    copy.uri = data.uri
    same.uri = page.uri


@dsl.component
def read_one(data: Input[Dataset], page: Input[Artifact]) -> str:
    return f'{data.uri} {open(data.path).read()} {page.uri}'


@dsl.component
def read_text(uri: str) -> str:
    return open(dsl.Dataset(uri=uri).path).read()


@dsl.component
def read_imported(data: Input[Dataset]) -> str:
    return f'{data.uri} {open(data.path).read()}'


@dsl.pipeline(name='remote-uris')
def pipeline(bucket: str = 'bucket') -> NamedTuple('Outputs', read=str, passed=str, text=str, imported=str):
    made = publish(bucket=bucket)
    passed = pass_on(data=made.outputs['data'], page=made.outputs['page'])
    imported = dsl.importer(artifact_uri=made.outputs['Output'], artifact_class=Dataset)
    outputs = NamedTuple('Outputs', read=str, passed=str, text=str, imported=str)
    return outputs(
        read=read(data=made.outputs['data'], model=made.outputs['model'], page=made.outputs['page']).output,
        passed=read_one(data=passed.outputs['copy'], page=passed.outputs['same']).output,
        text=read_text(uri=made.outputs['Output']).output, imported=read_imported(data=imported.output).output)


EXPECT = {
    'outputs': {
        'read': 'gs://bucket/rows/data /gcs/bucket/rows/data rows\nminio://models/best /minio/models/best weights\n'
                'https://example.org/page\n1',
        'passed': 'gs://bucket/rows/data rows https://example.org/page', 'text': 'rows', 'imported': 'gs://bucket/rows/data rows',
    },
    'again': {'publish': 'CACHED', 'read': 'CACHED', 'read-text': 'CACHED', 'read-imported': 'CACHED'},
    'compare': 'kfp.local does not mount what is in other systems',
}
