"""A pipeline as exit task: it hands the final status on as a dictionary, and decides by it."""

from kfp import dsl
from kfp.dsl import PipelineTaskFinalStatus


@dsl.component
def state_of(status: dict) -> str:
    return status['state']


@dsl.component
def say(message: str) -> str:
    print(message)
    return message


@dsl.pipeline
def leave(status: PipelineTaskFinalStatus):
    state = state_of(status=status)
    with dsl.If(state.output == 'COMPLETE'):
        say(message='all is well')
    with dsl.Else():
        say(message='all is lost')


@dsl.pipeline(name='exit-pipeline')
def pipeline():
    with dsl.ExitHandler(leave()):
        say(message='work')


EXPECT = {
    'tasks': {'leave/condition-branches-1/condition-2/say': 'COMPLETE', 'leave/condition-branches-1/condition-3': 'SKIPPED'},
    'logs': {'leave/condition-branches-1/condition-2/say': ['all is well']},
    'compare': 'kfp.local gives other states',
}
