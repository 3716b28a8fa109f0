"""An image without a command: only the image knows what it does, so it is refused before the run."""

from kfp import dsl


@dsl.container_component
def run():
    return dsl.ContainerSpec(image='docker.io/library/hello-world')


@dsl.pipeline(name='entrypoint-only')
def pipeline():
    run()


EXPECT = {
    'error': 'hello-world',
    'compare': 'nothing runs',
}
