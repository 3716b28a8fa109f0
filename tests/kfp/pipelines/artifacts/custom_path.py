"""`custom_path`: what is written elsewhere is stored as the artifact (a file and a directory)."""

from typing import NamedTuple

from kfp import dsl
from kfp.dsl import Dataset, Input, Model, Output


@dsl.component
def train(model: Output[Model], data: Output[Dataset]):
    import os
    model.custom_path = '/tmp/kfp-custom/model.bin'
    os.makedirs('/tmp/kfp-custom/data', exist_ok=True)
    with open(model.path, 'w') as file:
        file.write('weights')
    data.set_path('/tmp/kfp-custom/data')
    with open(os.path.join(data.path, 'rows.csv'), 'w') as file:
        file.write('1\n2\n')
    model.metadata['where'] = 'elsewhere'


@dsl.component
def read(model: Input[Model], data: Input[Dataset]) -> str:
    import os
    with open(model.path) as file, open(os.path.join(data.path, 'rows.csv')) as rows:
        return file.read() + ' ' + model.metadata['where'] + ' ' + rows.read().replace('\n', ',')


@dsl.pipeline(name='custom-path')
def pipeline() -> NamedTuple('Outputs', text=str, model=Model):
    trained = train()
    text = read(model=trained.outputs['model'], data=trained.outputs['data'])
    outputs = NamedTuple('Outputs', text=str, model=Model)
    return outputs(text=text.output, model=trained.outputs['model'])


EXPECT = {
    'outputs': {'text': 'weights elsewhere 1,2,'},
    'artifacts': {'model': {'type': 'system.Model', 'text': 'weights', 'metadata': {'where': 'elsewhere'}}},
    'compare': 'kfp.local forgets custom_path',
}
