"""`ignore_upstream_failure`: a task runs though one before it failed, with its default where the output is missing."""

from kfp import dsl
from kfp.dsl import PipelineTaskFinalStatus


@dsl.component
def flaky(broken: bool) -> str:
    assert not broken, 'it is broken'
    return 'fine'


@dsl.component
def clean(message: str = 'no message') -> str:
    print(f'cleaned: {message}')
    return message


@dsl.component
def judge(status: PipelineTaskFinalStatus, message: str = 'nothing'):
    print(f'{status.state}: {message}')


@dsl.component
def depends(message: str):
    print(message)


@dsl.pipeline(name='ignore-upstream-failure')
def pipeline(broken: bool = True):
    failing = flaky(broken=broken)
    cleaned = clean(message=failing.output).ignore_upstream_failure()
    ordered = clean(message='ordered').after(failing).ignore_upstream_failure()
    judge(message=cleaned.output).ignore_upstream_failure()
    depends(message=failing.output)
    depends(message=ordered.output)


EXPECT = {
    'state': 'FAILED',
    'tasks': {
        'flaky': 'FAILED', 'clean': 'COMPLETE', 'clean-2': 'COMPLETE', 'judge': 'COMPLETE', 'depends': 'NEW', 'depends-2': 'COMPLETE',
    },
    'logs': {
        'clean': ['cleaned: no message'], 'clean-2': ['cleaned: ordered'],
        'judge': ['COMPLETE: no message'], 'depends-2': ['ordered'],
    },
    'compare': 'kfp.local breaks off where the output of a failed task is missing',
}
