"""Importers whose URI and metadata come from tasks and parameters, composed, inside a condition and a loop."""

from typing import List

from kfp import dsl
from kfp.dsl import Dataset, Input


@dsl.component
def newest(folder: str) -> str:
    return folder + '/second.csv'


@dsl.component
def version() -> int:
    return 2


@dsl.component
def path(folder: str, name: str) -> str:
    return f'{folder}/{name}.csv'


@dsl.component
def read(data: Input[Dataset]) -> str:
    with open(data.path) as file:
        return file.read() + ''.join(f' {key}={value}' for key, value in sorted(data.metadata.items()))


@dsl.component
def join(items: List[str]) -> str:
    return ' | '.join(items)


@dsl.component
def both(a: str, b: str) -> str:
    return f'{a} || {b}'


@dsl.pipeline(name='import-from-output')
def pipeline(folder: str, owner: str = 'nobody') -> str:
    number = version()
    one = dsl.importer(
        artifact_uri=newest(folder=folder).output, artifact_class=Dataset,
        metadata={'version': f'v{number.output}', 'owner': owner, f'of-{owner}': 'yes'})
    with dsl.If(number.output == 2):
        with dsl.ParallelFor(['first', 'second']) as name:
            each = dsl.importer(artifact_uri=path(folder=folder, name=name).output, artifact_class=Dataset, metadata={'folder': f'in {folder}'})
            text = read(data=each.output)
        joined = join(items=dsl.Collected(text.output))
    with dsl.Else():
        never = dsl.importer(artifact_uri='/does/not/exist', artifact_class=Dataset)
        other = read(data=never.output)
    return both(a=read(data=one.output).output, b=dsl.OneOf(joined.output, other.output)).output


EXPECT = {
    'files': {'in/first.csv': '1', 'in/second.csv': '2'},
    'arguments': {'folder': '{workdir}/in', 'owner': 'me'},
    'outputs': {'Output': '2 of-me=yes owner=me version=v2 || 1 folder=in {workdir}/in | 2 folder=in {workdir}/in'},
    'tasks': {
        'importer': 'COMPLETE', 'condition-branches-1/condition-4/for-loop-3[1]/importer-2': 'COMPLETE',
        'condition-branches-1/condition-5': 'SKIPPED',
    },
    'compare': 'kfp.local loses a string composed inside a loop',
}
