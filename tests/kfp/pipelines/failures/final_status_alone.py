"""A function that takes a final status, compiled by itself: nothing gives it one, neither here nor by KFP's back end."""

from kfp import dsl


@dsl.component
def pipeline(text: str, status: dsl.PipelineTaskFinalStatus) -> str:
    return f'{text} {status.state}'


EXPECT = {
    'arguments': {'text': 'x'},
    'state': 'FAILED',
    'error': ['its input `status` is the final status of another task, and it is given none', 'dsl.ExitHandler'],
    'tasks': {'pipeline': 'FAILED'},
    'compare': 'kfp.local fails inside its executor',
}
