"""Output parameters written by a shell: of every type, into files whose folders it makes, with and without line ends."""

from typing import Dict, List, NamedTuple

from kfp import dsl
from kfp.dsl import OutputPath


@dsl.container_component
def write(
    name: str, text: OutputPath(str), whole: OutputPath(int), real: OutputPath(float), flag: OutputPath(bool),
    items: OutputPath(list), table: OutputPath(dict),
):
    return dsl.ContainerSpec(
        image='alpine',
        command=[
            'sh', '-c',
            'mkdir -p "$(dirname "$1")" && printf "%s" "hello, $0" > "$1"; echo 12 > "$2"; printf 2.5 > "$3"\n'
            'echo false > "$4"\n'
            "echo '[1, \"two\"]' > \"$5\"\n"
            'cat > "$6" <<END\n{"who": "$0"}\nEND\n',
        ],
        args=[name, text, whole, real, flag, items, table])


@dsl.component
def check(text: str, whole: int, real: float, flag: bool, items: list, table: dict) -> str:
    return f'{text!r} {whole!r} {real!r} {flag!r} {[type(item).__name__ for item in items]} {table!r}'


@dsl.pipeline(name='shell-outputs')
def pipeline(name: str = 'world') -> NamedTuple('Outputs', text=str, whole=int, shown=str):
    w = write(name=name)
    shown = check(
        text=w.outputs['text'], whole=w.outputs['whole'], real=w.outputs['real'], flag=w.outputs['flag'],
        items=w.outputs['items'], table=w.outputs['table'])
    outputs = NamedTuple('Outputs', text=str, whole=int, shown=str)
    return outputs(text=w.outputs['text'], whole=w.outputs['whole'], shown=shown.output)


EXPECT = {
    'outputs': {
        'text': 'hello, world', 'whole': 12,
        'shown': "'hello, world' 12 2.5 False ['int', 'str'] {'who': 'world'}",
    },
    'compare': 'kfp.local gives integers inside lists as floats',
}
