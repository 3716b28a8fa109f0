"""A run that goes on beyond its deadline is ended and fails."""

from kfp import dsl


@dsl.component
def endless():
    while True:
        pass


@dsl.component
def after():
    print('never')


@dsl.pipeline(name='run-deadline', pipeline_config=dsl.PipelineConfig(active_deadline_seconds=3))
def pipeline():
    after().after(endless())


EXPECT = {
    'state': 'FAILED',
    'tasks': {'after': 'NEW'},
    'compare': 'kfp.local knows no deadlines',
}
