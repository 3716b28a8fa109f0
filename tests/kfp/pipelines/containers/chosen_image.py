"""The image chosen in the pipeline (`set_container_image`), by a constant and by a parameter: what runs is the command."""

from kfp import dsl
from kfp.dsl import OutputPath


@dsl.component
def function() -> str:
    return 'function'


@dsl.container_component
def command(out: OutputPath(str)):
    return dsl.ContainerSpec(image='to-be-chosen', command=['sh', '-c', 'printf command > "$0"'], args=[out])


@dsl.component
def join(a: str, b: str) -> str:
    return f'{a} {b}'


@dsl.pipeline(name='chosen-image')
def pipeline(image: str = 'bash:5') -> str:
    one = function().set_container_image('python:3.12-slim')
    two = command().set_container_image(image)
    return join(a=one.output, b=two.outputs['out']).output


EXPECT = {
    'outputs': {'Output': 'function command'},
    'compare': True,
}
