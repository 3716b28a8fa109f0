"""Commands in loops and conditions, their outputs collected and chosen."""

from typing import List

from kfp import dsl
from kfp.dsl import Dataset, Input, Output, OutputPath


@dsl.container_component
def size(word: str, length: OutputPath(int), data: Output[Dataset]):
    return dsl.ContainerSpec(
        image='alpine', command=['sh', '-ec', 'printf "%s" "${#0}" > "$1"; echo "$0" > "$2"'], args=[word, length, data.path])


@dsl.container_component
def concatenate(parts: Input[List[Dataset]], count: int, text: OutputPath(str)):
    return dsl.ContainerSpec(
        image='python', command=['python3', '-c', '''
import json, sys
parts = json.loads(sys.argv[1])
with open(sys.argv[3], "w") as file:
    file.write(sys.argv[2] + " " + "".join(open(part["uri"]).read() for part in parts))
'''],
        args=[parts, count, text])


@dsl.component
def add(numbers: List[int]) -> int:
    return int(sum(numbers))


@dsl.container_component
def constant(value: str, out: OutputPath(str)):
    return dsl.ContainerSpec(image='alpine', command=['sh', '-c', 'printf "%s" "$0" > "$1"'], args=[value, out])


@dsl.pipeline(name='container-loop')
def pipeline() -> str:
    with dsl.ParallelFor(['a', 'bcd', 'ef']) as word:
        sized = size(word=word)
    total = add(numbers=dsl.Collected(sized.outputs['length']))
    joined = concatenate(parts=dsl.Collected(sized.outputs['data']), count=total.output)
    with dsl.If(total.output > 5):
        many = constant(value=joined.outputs['text'])
    with dsl.Else():
        few = constant(value='few')
    return dsl.OneOf(many.outputs['out'], few.outputs['out'])


EXPECT = {
    'outputs': {'Output': '6 a\nbcd\nef\n'},
    'compare': 'kfp.local cannot put a list of artifacts into a command',
}
