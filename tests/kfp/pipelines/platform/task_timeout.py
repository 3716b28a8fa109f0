"""A deadline for a task, which it keeps, and one for the run."""

from kfp import dsl, kubernetes


@dsl.component
def quick() -> str:
    return 'in time'


@dsl.pipeline(name='task-timeout', pipeline_config=dsl.PipelineConfig(active_deadline_seconds=7200))
def pipeline() -> str:
    task = quick()
    kubernetes.set_timeout(task, seconds=3600)
    return task.output


EXPECT = {
    'outputs': {'Output': 'in time'},
    'compare': True,
}
