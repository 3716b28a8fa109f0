"""Caching options: on by default, off for a task, with a key of its own; what a second run of the same finds."""

from kfp import dsl
from kfp.dsl import Dataset, Input, Output


@dsl.component
def make(text: str, data: Output[Dataset]) -> str:
    with open(data.path, 'w') as file:
        file.write(text)
    return text


@dsl.component
def read(data: Input[Dataset], suffix: str) -> str:
    with open(data.path) as file:
        return file.read() + suffix


@dsl.pipeline(name='caching')
def pipeline(text: str = 'x') -> str:
    on = make(text=text)
    off = make(text=text).set_caching_options(False)
    keyed = make(text=text).set_caching_options(enable_caching=True, cache_key='my-key')
    one = read(data=on.outputs['data'], suffix='1')
    two = read(data=off.outputs['data'], suffix=one.output)
    return read(data=keyed.outputs['data'], suffix=two.output).output


EXPECT = {
    'outputs': {'Output': 'xxx1'},
    'tasks': {'make-2': 'COMPLETE', 'read-3': 'COMPLETE'},
    'again': {'make': 'CACHED', 'make-2': 'COMPLETE', 'make-3': 'CACHED', 'read': 'CACHED', 'read-2': 'CACHED', 'read-3': 'CACHED'},
    'compare': True,
}
