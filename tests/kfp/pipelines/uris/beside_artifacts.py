"""What is written beside an artifact's path is no part of it, and is warned of by name; so are outputs that nobody declared."""

from kfp import dsl
from kfp.dsl import Input, Model, Output


@dsl.component
def train(model: Output[Model]):
    with open(model.path + '.joblib', 'w') as file:
        file.write('weights')


@dsl.component
def look(model: Input[Model]) -> bool:
    import os
    return os.path.exists(model.path + '.joblib')


@dsl.container_component
def tell(output: dsl.OutputPath(str)):
    return dsl.ContainerSpec(
        image='alpine', command=['sh', '-ec', 'mkdir -p "$(dirname "$0")"; printf "{\\"parameterValues\\": {\\"output\\": \\"x\\", \\"other\\": 1}}" > "$0"'],
        args=['{{$.outputs.output_file}}'])


@dsl.pipeline(name='beside-artifacts')
def pipeline() -> bool:
    tell()
    return look(model=train().outputs['model']).output


EXPECT = {
    'outputs': {'Output': False},
    'warnings': ['`model.joblib` was written beside the output `model`', 'os.path.join(model.path, "model.joblib")', '`other`'],
    'logs': {'train': '`model.joblib` was written beside the output `model`', 'tell': 'does not declare'},
    'compare': 'kfp.local leaves all files where they were written',
}
