"""A task that goes on beyond its deadline is ended and fails."""

from kfp import dsl, kubernetes


@dsl.component
def endless():
    while True:
        pass


@dsl.pipeline(name='task-deadline')
def pipeline():
    kubernetes.set_timeout(endless(), seconds=2)


EXPECT = {
    'state': 'FAILED',
    'tasks': {'endless': 'FAILED'},
    'compare': 'kfp.local knows no deadlines',
}
