"""Exit handlers: after success and after failure, with `PipelineTaskFinalStatus`; the run of one that handled a failure fails."""

from kfp import dsl
from kfp.dsl import PipelineTaskFinalStatus


@dsl.component
def work(text: str) -> str:
    print(f'working on {text}')
    return text


@dsl.component
def notify(channel: str, status: PipelineTaskFinalStatus):
    print(f'{channel}: {status.state} {status.pipeline_task_name} {bool(status.pipeline_job_resource_name)}')
    print(f'{channel}: {status.error_code} {status.error_message}')


@dsl.pipeline(name='exit-handler')
def pipeline(text: str = 'something'):
    with dsl.ExitHandler(notify(channel='#runs'), name='all of it'):
        first = work(text=text)
        work(text=first.output)


EXPECT = {
    'tasks': {'exit-handler-1': 'COMPLETE', 'exit-handler-1/work-2': 'COMPLETE', 'notify': 'COMPLETE'},
    # As KFP's back end gives it; `PipelineTaskFinalStatus` documents SUCCEEDED.
    'logs': {'notify': ['#runs: COMPLETE exit-handler-1 True', '#runs: None None']},
    'compare': "kfp.local says SUCCEEDED where KFP's back end says COMPLETE",
}
