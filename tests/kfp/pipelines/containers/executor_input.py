"""The whole of the executor's input as an argument of a command."""

from kfp import dsl
from kfp.dsl import OutputPath


@dsl.container_component
def echo(text: str, number: int, seen: OutputPath(dict)):
    return dsl.ContainerSpec(
        image='python:3.11-slim',
        command=['python3', '-c', '''
import json, sys
given = json.loads(sys.argv[1])
path = given["outputs"]["parameters"]["seen"]["outputFile"]
assert path == sys.argv[2], given
with open(path, "w") as file:
    json.dump({"values": given["inputs"]["parameterValues"], "output": bool(given["outputs"]["outputFile"])}, file)
'''],
        args=[dsl.PIPELINE_TASK_EXECUTOR_INPUT_PLACEHOLDER, seen])




@dsl.pipeline(name='executor-input')
def pipeline() -> dict:
    return echo(text='a "quoted" text', number=3).outputs['seen']


EXPECT = {
    'outputs': {'Output': {'values': {'text': 'a "quoted" text', 'number': 3}, 'output': True}},
    'compare': True,
}
