"""An exit handler runs when a task in its group failed, and learns so; the rest of the group and what comes after is not begun."""

from kfp import dsl
from kfp.dsl import PipelineTaskFinalStatus


@dsl.component
def work(text: str) -> str:
    if text == 'bad':
        raise ValueError('no use of ' + text)
    return text


@dsl.component
def notify(status: PipelineTaskFinalStatus):
    print(f'state {status.state}, task {status.pipeline_task_name}')
    assert status.error_message, status


@dsl.component
def clean_up(folder: str = 'scratch'):
    print(f'cleaned {folder}')


@dsl.pipeline(name='exit-handler-failure')
def pipeline(text: str = 'bad'):
    with dsl.ExitHandler(notify()):
        good = work(text='good')
        failing = work(text=text).after(good)
        work(text=failing.output)
    with dsl.ExitHandler(clean_up()):
        work(text='other')


EXPECT = {
    'state': 'FAILED',
    'tasks': {
        'exit-handler-1': 'FAILED', 'exit-handler-1/work': 'COMPLETE', 'exit-handler-1/work-2': 'FAILED', 'exit-handler-1/work-3': 'NEW',
        'notify': 'COMPLETE', 'exit-handler-2': 'COMPLETE', 'exit-handler-2/work-4': 'COMPLETE', 'clean-up': 'COMPLETE',
    },
    'logs': {
        'exit-handler-1/work-2': ['ValueError: no use of bad'], 'notify': ['state FAILED, task exit-handler-1'],
        'clean-up': ['cleaned scratch'],
    },
    'compare': True,
}
