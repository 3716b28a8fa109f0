"""A function built into an image of its own (`target_image`): its source is not in the specification, so it is refused, by its image's name."""

from kfp import dsl


@dsl.component(base_image='python:3.11', target_image='registry.example.com/acme/train:3')
def train(rate: float) -> float:
    return rate * 2


@dsl.pipeline(name='containerized-function')
def pipeline() -> float:
    return train(rate=0.5).output


EXPECT = {
    'error': 'registry.example.com/acme/train:3',
    'compare': 'nothing runs',
}
