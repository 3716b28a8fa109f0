"""Output parameters of every type through files (`OutputPath`), some with line ends, some beside a returned value."""

from typing import Dict, List, NamedTuple

from kfp import dsl
from kfp.dsl import OutputPath


@dsl.component
def write(
    text: OutputPath(str), whole: OutputPath(int), real: OutputPath(float), flag: OutputPath(bool),
    items: OutputPath(List[int]), table: OutputPath(Dict[str, str]),
) -> int:
    import json
    for path, value in [(text, ' two\nlines\n'), (whole, '12'), (real, '1.5e-3'), (flag, 'True'),
                        (items, '[1, 2]'), (table, json.dumps({'a': 'ä'}))]:
        with open(path, 'w', encoding='utf-8') as file:
            file.write(value)
    return 1


@dsl.pipeline(name='output-path-parameters')
def pipeline() -> NamedTuple('Outputs', text=str, whole=int, real=float, flag=bool, items=List[int], table=Dict[str, str], returned=int):
    written = write()
    outputs = NamedTuple('Outputs', text=str, whole=int, real=float, flag=bool, items=List[int], table=Dict[str, str], returned=int)
    return outputs(
        text=written.outputs['text'], whole=written.outputs['whole'], real=written.outputs['real'],
        flag=written.outputs['flag'], items=written.outputs['items'], table=written.outputs['table'],
        returned=written.outputs['Output'])


EXPECT = {
    'outputs': {
        'text': ' two\nlines\n', 'whole': 12, 'real': 0.0015, 'flag': True,
        'items': [1, 2], 'table': {'a': 'ä'}, 'returned': 1,
    },
    'compare': True,
}
