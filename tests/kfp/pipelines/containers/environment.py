"""Environment variables: in functions and in commands, referring to each other, escaped, replaced, with unicode."""

from kfp import dsl
from kfp.dsl import OutputPath


@dsl.component
def read() -> str:
    import os
    return f"{os.environ['GREETING']} {os.environ['WHO']} {os.environ.get('HOME_ALONE')} {os.environ['EMPTY']!r}"


@dsl.container_component
def shell(out: OutputPath(str)):
    return dsl.ContainerSpec(image='alpine', command=['sh', '-c', 'printf "%s" "$GREETING, $WHO! ${MISSING:-none}" > "$0"', out])


@dsl.component
def join(a: str, b: str) -> str:
    return f'{a} | {b}'


@dsl.pipeline(name='environment')
def pipeline() -> str:
    first = read().set_env_variable('GREETING', 'hello').set_env_variable('WHO', 'wörld').set_env_variable('EMPTY', '')
    first.set_env_variable('GREETING', 'good day')
    second = shell().set_env_variable('WHO', 'you').set_env_variable('GREETING', 'hi there')
    return join(a=first.output, b=second.outputs['out']).output


EXPECT = {
    'outputs': {'Output': "good day wörld None '' | hi there, you! none"},
    'compare': True,
}
