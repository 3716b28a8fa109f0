"""An importer of what is not there fails, and names it."""

from kfp import dsl
from kfp.dsl import Dataset, Input


@dsl.component
def read(data: Input[Dataset]):
    print(open(data.path).read())


@dsl.pipeline(name='import-missing')
def pipeline(uri: str):
    read(data=dsl.importer(artifact_uri=uri, artifact_class=Dataset).output)


EXPECT = {
    'arguments': {'uri': '{workdir}/nowhere.csv'},
    'state': 'FAILED',
    'error': 'nowhere.csv',
    'tasks': {'importer': 'FAILED', 'read': 'NEW'},
    'compare': 'kfp.local takes it as imported',
}
