"""Commands that fail: an exit code, `set -e`, a command that is not there; what they wrote is in the log."""

from kfp import dsl
from kfp.dsl import OutputPath


@dsl.container_component
def leave(code: int):
    return dsl.ContainerSpec(image='alpine', command=['sh', '-c', 'echo "leaving with $0"; exit $0'], args=[code])


@dsl.container_component
def strict(out: OutputPath(str)):
    return dsl.ContainerSpec(image='alpine', command=['sh', '-ec', 'echo before; false; echo after > "$0"'], args=[out])


@dsl.container_component
def lenient():
    return dsl.ContainerSpec(image='alpine', command=['sh', '-c', 'false; cat /no/such/file || echo "not there"; true'])


@dsl.component
def use(text: str):
    print(text)


@dsl.pipeline(name='shell-failures')
def pipeline():
    leave(code=0)
    leave(code=7)
    use(text=strict().outputs['out'])
    lenient()


EXPECT = {
    'state': 'FAILED',
    'tasks': {'leave': 'COMPLETE', 'leave-2': 'FAILED', 'strict': 'FAILED', 'use': 'NEW', 'lenient': 'COMPLETE'},
    'logs': {'leave-2': ['leaving with 7'], 'strict': ['before'], 'lenient': ['not there']},
    'compare': 'kfp.local gives up at the first failure where there is no control flow',
}
