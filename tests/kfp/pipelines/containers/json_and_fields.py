"""`jq` and `awk` in commands: metrics picked from JSON, a table added up, a decision made of it."""

from typing import NamedTuple

from kfp import dsl
from kfp.dsl import Dataset, Input, Output, OutputPath

EVALUATION = '{"model": "resnet", "metrics": {"accuracy": 0.93, "loss": [0.9, 0.4, 0.2]}, "tags": ["cv", "prod"]}'


@dsl.container_component
def make_scores(scores: Output[Dataset]):
    return dsl.ContainerSpec(
        image='alpine',
        command=['sh', '-ec', 'mkdir -p "$(dirname "$0")"; printf "id,score\\n1,0.5\\n2,0.75\\n3,1\\n" > "$0"'],
        args=[scores.path])


@dsl.container_component
def read_json(text: str, accuracy: OutputPath(float), summary: OutputPath(dict), line: OutputPath(str)):
    return dsl.ContainerSpec(
        image='ghcr.io/jqlang/jq',
        command=['sh', '-ec', '''
            mkdir -p "$(dirname "$1")" "$(dirname "$2")" "$(dirname "$3")"
            printf '%s' "$0" | jq .metrics.accuracy > "$1"
            printf '%s' "$0" | jq -c '{name: .model, best: (.metrics.loss | min), mean: (.metrics.loss | add / length), tags: (.tags | length)}' > "$2"
            printf '%s' "$0" | jq -rj '"\\(.model)@\\(.metrics.accuracy * 100)"' > "$3"
        '''],
        args=[text, accuracy, summary, line])


@dsl.container_component
def add_up(scores: Input[Dataset], mean: OutputPath(float), decision: OutputPath(str)):
    return dsl.ContainerSpec(
        image='alpine',
        command=['sh', '-ec', '''
            mkdir -p "$(dirname "$1")" "$(dirname "$2")"
            awk -F, 'NR > 1 { sum += $2 } END { printf "%.2f", sum / (NR - 1) }' "$0" > "$1"
            awk -v mean="$(cat "$1")" 'BEGIN { printf "%s", mean >= 0.7 ? "deploy" : "hold" }' > "$2"
        '''],
        args=[scores.path, mean, decision])


@dsl.component
def check(accuracy: float, summary: dict, line: str, mean: float) -> str:
    assert summary == {'name': 'resnet', 'best': 0.2, 'mean': 0.5, 'tags': 2}, summary
    return f'{accuracy} {line} {mean}'


@dsl.pipeline(name='json-and-fields')
def pipeline() -> NamedTuple('Outputs', shown=str, decision=str):
    read = read_json(text=EVALUATION)
    numbers = add_up(scores=make_scores().outputs['scores'])
    shown = check(accuracy=read.outputs['accuracy'], summary=read.outputs['summary'], line=read.outputs['line'],
                  mean=numbers.outputs['mean'])
    outputs = NamedTuple('Outputs', shown=str, decision=str)
    return outputs(shown=shown.output, decision=numbers.outputs['decision'])


EXPECT = {
    'outputs': {'shown': '0.93 resnet@93 0.75', 'decision': 'deploy'},
    'compare': 'kfp.local calls the jq of this machine, which may have none',
}
