"""A folder embedded into a component: its files are read, its module is imported; and a single file."""

from typing import List

from kfp import dsl
from kfp.dsl import Dataset, Input, Output


@dsl.component(embedded_artifact_path='data/rules')
def check(rules: dsl.EmbeddedInput[Dataset], numbers: List[int], data: Output[Dataset]) -> str:
    import json
    import os

    from rules import inside

    with open(os.path.join(rules.path, 'limits.json')) as file:
        limits = json.load(file)
    with open(data.path, 'w') as file:
        file.write(','.join(sorted(name for name in os.listdir(rules.path) if name.endswith(('.json', '.py')))))
    return ' '.join(str(inside(number, limits)) for number in numbers)


@dsl.component(embedded_artifact_path='data/rules/limits.json')
def single(limits: dsl.EmbeddedInput[Dataset], data: Input[Dataset]) -> str:
    import json
    with open(limits.path) as file, open(data.path) as names:
        return f"{json.load(file)['high']} {names.read()}"


@dsl.component
def join(a: str, b: str) -> str:
    return f'{a} | {b}'


@dsl.pipeline(name='embedded-artifact')
def pipeline() -> str:
    checked = check(numbers=[1, 2, 6])
    one = single(data=checked.outputs['data'])
    return join(a=checked.outputs['Output'], b=one.output).output


EXPECT = {
    'outputs': {'Output': 'False True False | 5 limits.json,rules.py'},
    'compare': True,
}
