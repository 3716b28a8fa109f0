"""An exit handler inside a nested pipeline and around loops and conditions; a task after the whole group."""

from kfp import dsl
from kfp.dsl import PipelineTaskFinalStatus


@dsl.component
def work(number: int) -> int:
    return number * 2


@dsl.component
def report(what: str, status: PipelineTaskFinalStatus):
    print(f'{what} {status.state}')


@dsl.component
def last():
    print('last')


@dsl.pipeline
def inner(number: int):
    with dsl.ExitHandler(report(what='inner')):
        with dsl.If(number > 1):
            work(number=number)


@dsl.pipeline(name='exit-handler-nested')
def pipeline():
    with dsl.ExitHandler(report(what='outer')) as handler:
        with dsl.ParallelFor([1, 2]) as number:
            inner(number=number)
    last().after(handler)


EXPECT = {
    'tasks': {
        'exit-handler-1': 'COMPLETE', 'report': 'COMPLETE', 'last': 'COMPLETE',
        'exit-handler-1/for-loop-3[0]/inner/exit-handler-1/condition-2': 'SKIPPED',
        'exit-handler-1/for-loop-3[1]/inner/exit-handler-1/condition-2/work': 'COMPLETE',
        'exit-handler-1/for-loop-3[1]/inner/report': 'COMPLETE',
    },
    'logs': {'report': ['outer COMPLETE'], 'exit-handler-1/for-loop-3[0]/inner/report': ['inner COMPLETE'], 'last': ['last']},
    'compare': "kfp.local says SUCCEEDED where KFP's back end says COMPLETE",
}
