"""Containers that run Python: `python3 -c`, `python -u -c`."""

from kfp import dsl
from kfp.dsl import Dataset, Input, Output, OutputPath


@dsl.container_component
def inline(text: str, out: OutputPath(str), data: Output[Dataset]):
    return dsl.ContainerSpec(
        image='python:3.11',
        command=['python3', '-c', '''
import os, sys
text, out, data = sys.argv[1:]
os.makedirs(os.path.dirname(data), exist_ok=True)
with open(data, "w") as file:
    file.write(text.upper())
with open(out, "w") as file:
    file.write(f"{len(text)} {sys.argv[0]}")
print("done", file=sys.stderr)
'''],
        args=[text, out, data.path])


@dsl.container_component
def unbuffered(data: Input[Dataset], out: OutputPath(str)):
    return dsl.ContainerSpec(
        image='python:3.12-slim', command=['python', '-u', '-c'],
        args=['import sys; open(sys.argv[2], "w").write(open(sys.argv[1]).read()[::-1])', data.path, out])


@dsl.container_component
def fail():
    return dsl.ContainerSpec(image='python', command=['/usr/bin/python3', '-c', 'import sys; sys.exit(0 if len(sys.argv) == 2 else 5)', 'one'])


@dsl.component
def join(a: str, b: str) -> str:
    return f'{a} {b}'


@dsl.pipeline(name='python-commands')
def pipeline() -> str:
    first = inline(text='größe')
    second = unbuffered(data=first.outputs['data'])
    fail()
    return join(a=first.outputs['out'], b=second.outputs['out']).output


EXPECT = {
    'outputs': {'Output': '5 -c ESSÖRG'},
    'tasks': {'fail': 'COMPLETE'},
    'logs': {'inline': ['done']},
    'compare': 'kfp.local puts its own interpreter into the path of another',
}
