"""What the format has and the compiler seldom writes: an expression over a string output, static metadata of an output artifact."""

from kfp import dsl
from kfp.dsl import Dataset, Input, Output


@dsl.component
def make(text: str, data: Output[Dataset]) -> str:
    with open(data.path, 'w') as file:
        file.write(text)
    return '{"name": "from json", "size": 3}'


@dsl.component
def show(name: str, data: Input[Dataset]) -> str:
    return f"{name} {data.metadata.get('origin')}"


@dsl.pipeline(name='sdk-expressions')
def pipeline(text: str = 'x') -> str:
    made = make(text=text)
    return show(name=made.outputs['Output'], data=made.outputs['data']).output


def amend(spec):
    tasks = spec['root']['dag']['tasks']
    tasks['show']['inputs']['parameters']['name']['parameterExpressionSelector'] = 'parseJson(string_value)["name"]'
    spec['components']['comp-make']['outputDefinitions']['artifacts']['data']['metadata'] = {'origin': 'static'}


EXPECT = {
    'outputs': {'Output': 'from json None'},
    'warnings': ['outputDefinitions.artifacts.data.metadata'],
    'compare': 'kfp.local runs the pipeline as the compiler knows it',
}
