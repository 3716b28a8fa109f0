"""`InputPath` and `OutputPath` for artifacts, of classes, of names and of unknown names; bytes; a parameter beside."""

from kfp import dsl
from kfp.dsl import InputPath, OutputPath


@dsl.component
def produce(data: OutputPath('Dataset'), model: OutputPath(dsl.Model), other: OutputPath('MyOwnType'), count: OutputPath(int)):
    with open(data, 'wb') as file:
        file.write(b'\x00\x01binary\xff')
    with open(model, 'w') as file:
        file.write('model')
    with open(other, 'w') as file:
        file.write('other')
    with open(count, 'w') as file:
        file.write('3')


@dsl.component
def consume(data: InputPath('Dataset'), model: InputPath(dsl.Model), other: InputPath(), count: int) -> str:
    with open(data, 'rb') as one, open(model) as two, open(other) as three:
        return f'{one.read()!r} {two.read()} {three.read()} {count}'


@dsl.pipeline(name='input-output-paths')
def pipeline() -> str:
    made = produce()
    return consume(
        data=made.outputs['data'], model=made.outputs['model'], other=made.outputs['other'],
        count=made.outputs['count']).output


EXPECT = {
    'outputs': {'Output': "b'\\x00\\x01binary\\xff' model other 3"},
    'compare': True,
}
