"""The placeholders of the run and the task: as arguments of functions, inside strings, and in commands."""

from typing import List

from kfp import dsl
from kfp.dsl import OutputPath


@dsl.component
def check(name: str, resource: str, job: str, task: str, task_id: str, created: str, scheduled: str, root: str, text: str) -> str:
    import re
    values = [name, resource, job, task, task_id, created, scheduled, root, text]
    print(values)
    assert all(values) and not any('{{' in value for value in values), values
    for time in [created, scheduled]:
        assert re.match(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d', time), time
    assert text == f'run {job} of {name}: task {task}', text
    assert root in f'{root}/tmp'
    return task


@dsl.container_component
def command(out: OutputPath(str), job: str):
    return dsl.ContainerSpec(
        image='alpine',
        command=['sh', '-c', '[ "$1" = "$2" ] && [ -n "$3" ] && printf "%s" "$0" > "$4"'],
        args=[dsl.PIPELINE_TASK_NAME_PLACEHOLDER, job, dsl.PIPELINE_JOB_ID_PLACEHOLDER, dsl.PIPELINE_TASK_ID_PLACEHOLDER, out])


@dsl.component
def join(a: str, b: str, c: str) -> str:
    return f'{a} {b} {c}'


@dsl.component
def name_of(task: str) -> str:
    return task


@dsl.pipeline(name='job-placeholders')
def pipeline() -> str:
    checked = check(
        name=dsl.PIPELINE_JOB_NAME_PLACEHOLDER, resource=dsl.PIPELINE_JOB_RESOURCE_NAME_PLACEHOLDER,
        job=dsl.PIPELINE_JOB_ID_PLACEHOLDER, task=dsl.PIPELINE_TASK_NAME_PLACEHOLDER, task_id=dsl.PIPELINE_TASK_ID_PLACEHOLDER,
        created=dsl.PIPELINE_JOB_CREATE_TIME_UTC_PLACEHOLDER, scheduled=dsl.PIPELINE_JOB_SCHEDULE_TIME_UTC_PLACEHOLDER,
        root=dsl.PIPELINE_ROOT_PLACEHOLDER,
        text=f'run {dsl.PIPELINE_JOB_ID_PLACEHOLDER} of {dsl.PIPELINE_JOB_NAME_PLACEHOLDER}: task {dsl.PIPELINE_TASK_NAME_PLACEHOLDER}')
    ran = command(job=dsl.PIPELINE_JOB_ID_PLACEHOLDER)
    named = name_of(task=dsl.PIPELINE_TASK_NAME_PLACEHOLDER).set_display_name('Another name')
    return join(a=checked.output, b=ran.outputs['out'], c=named.output).output


EXPECT = {
    'outputs': {'Output': 'check command name-of'},
    'compare': 'kfp.local knows few of the placeholders',
}
