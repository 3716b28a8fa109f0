"""Artifacts that are directories, nested ones among them: written, listed, read, copied, changed."""

from kfp import dsl
from kfp.dsl import Dataset, Input, Model, Output


@dsl.component
def shards(count: int, data: Output[Dataset]):
    import os
    for index in range(count):
        folder = os.path.join(data.path, f'part-{index:02}')
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, 'rows.csv'), 'w') as file:
            file.write(f'{index}\n' * (index + 1))
    with open(os.path.join(data.path, 'SUCCESS'), 'w'):
        pass
    data.metadata['shards'] = count


@dsl.component
def extend(data: Input[Dataset], more: Output[Dataset]) -> str:
    import os
    import shutil
    seen = sorted(os.path.relpath(os.path.join(folder, name), data.path)
                  for folder, _, names in os.walk(data.path) for name in names)
    shutil.copytree(data.path, more.path)
    with open(os.path.join(more.path, 'part-00', 'rows.csv'), 'a') as file:
        file.write('more\n')
    os.remove(os.path.join(more.path, 'SUCCESS'))
    return ' '.join(seen)


@dsl.component
def total(data: Input[Dataset], more: Input[Dataset]) -> str:
    import glob
    import os

    def rows(artifact):
        return sum(len(open(path).readlines()) for path in glob.glob(os.path.join(artifact.path, '*', '*.csv')))
    return f'{rows(data)} {rows(more)}'


@dsl.component
def join(one: str, two: str) -> str:
    return f'{one} | {two}'


@dsl.pipeline(name='directories')
def pipeline(count: int = 3) -> str:
    data = shards(count=count)
    more = extend(data=data.outputs['data'])
    rows = total(data=data.outputs['data'], more=more.outputs['more'])
    return join(one=more.outputs['Output'], two=rows.output).output


EXPECT = {
    'outputs': {'Output': 'SUCCESS part-00/rows.csv part-01/rows.csv part-02/rows.csv | 6 7'},
    'compare': True,
}
