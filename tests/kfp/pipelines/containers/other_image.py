"""An image whose program is no shell, no Python and no component of WebAssembly: refused before the run, with the ways out."""

from kfp import dsl


@dsl.container_component
def train(rate: float):
    return dsl.ContainerSpec(
        image='gcr.io/acme/trainer:1.2', command=['/opt/acme/train', '--rate'], args=[rate])


@dsl.pipeline(name='other-image')
def pipeline(rate: float = 0.1):
    train(rate=rate)


EXPECT = {
    'error': 'gcr.io/acme/trainer:1.2',
    'compare': 'nothing runs',
}
