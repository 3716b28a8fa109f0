"""Artifacts by shell commands: written, read, copied, joined by pipes; without an executor output file they count all the same."""

from typing import NamedTuple

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Model, Output


@dsl.container_component
def generate(rows: int, data: Output[Dataset]):
    return dsl.ContainerSpec(
        image='bash:5', command=['bash', '-c'],
        args=['set -e; mkdir -p "$(dirname $1)"; for i in $(seq 1 $0); do echo "$i,$((i * i))"; done > $1', rows, data.path])


@dsl.container_component
def train(data: Input[Dataset], model: Output[Model], log: Output[Artifact]):
    return dsl.ContainerSpec(
        image='alpine', command=['sh', '-ec', '''
            total=0
            while IFS=, read -r x y; do
                total=$((total + y))
            done < "$0"
            echo "total $total" | tee "$1"
            wc -l < "$0" | tr -d ' ' > "$2"
            grep -c , "$0" >> "$2"
        ''', data.path, model.path, log.path])


@dsl.container_component
def copy(data: Input[Dataset], copied: Output[Dataset]):
    return dsl.ContainerSpec(image='alpine', command=['cp'], args=[data.path, copied.path])


@dsl.component
def read(model: Input[Model], log: Input[Artifact], copied: Input[Dataset]) -> str:
    return ';'.join(open(artifact.path).read() for artifact in [model, log, copied])


@dsl.pipeline(name='shell-artifacts')
def pipeline(rows: int = 3) -> NamedTuple('Outputs', text=str, model=Model):
    data = generate(rows=rows)
    trained = train(data=data.outputs['data'])
    copied = copy(data=data.outputs['data'])
    text = read(model=trained.outputs['model'], log=trained.outputs['log'], copied=copied.outputs['copied'])
    outputs = NamedTuple('Outputs', text=str, model=Model)
    return outputs(text=text.output, model=trained.outputs['model'])


EXPECT = {
    'outputs': {'text': 'total 14\n;3\n3\n;1,1\n2,4\n3,9\n'},
    'artifacts': {'model': {'type': 'system.Model', 'text': 'total 14\n', 'metadata': {}}},
    'logs': {'train': ['total 14']},
    'compare': True,
}
