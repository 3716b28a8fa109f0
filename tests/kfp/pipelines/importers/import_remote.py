"""An importer from a cloud's storage, which is not reached: an error that names it."""

from kfp import dsl
from kfp.dsl import Dataset, Input


@dsl.component
def read(data: Input[Dataset]):
    print(open(data.path).read())


@dsl.pipeline(name='import-remote')
def pipeline():
    read(data=dsl.importer(artifact_uri='gs://some-bucket/rows.csv', artifact_class=Dataset).output)


EXPECT = {
    'error': 'gs://some-bucket/rows.csv',
    'compare': 'kfp.local takes it as imported',
}
