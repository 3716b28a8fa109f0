"""Placeholders of the run in functions alone."""

from kfp import dsl


@dsl.component
def check(name: str, job: str, task: str) -> str:
    assert name and job and not any('{{' in value for value in [name, job, task]), (name, job, task)
    return f"{name.startswith('job-placeholders-local')} {task}"


@dsl.pipeline(name='job-placeholders-local')
def pipeline() -> str:
    return check(
        name=dsl.PIPELINE_JOB_NAME_PLACEHOLDER, job=dsl.PIPELINE_JOB_ID_PLACEHOLDER, task=dsl.PIPELINE_TASK_NAME_PLACEHOLDER).output


EXPECT = {
    'outputs': {'Output': 'True check'},
    'compare': True,
}
