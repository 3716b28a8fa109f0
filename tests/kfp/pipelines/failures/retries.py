"""Retries: a task that always fails is tried as often as it says, one that succeeds only once."""

from kfp import dsl


@dsl.component
def fail(times: int):
    raise RuntimeError(f'failing, {times}')


@dsl.component
def succeed():
    print('at once')


@dsl.pipeline(name='retries')
def pipeline():
    fail(times=3).set_retry(num_retries=2, backoff_duration='0s', backoff_factor=2, backoff_max_duration='1s')
    fail(times=1)
    succeed().set_retry(num_retries=5, backoff_duration='60s')


EXPECT = {
    'state': 'FAILED',
    'tasks': {'fail': 'FAILED', 'fail-2': 'FAILED', 'succeed': 'COMPLETE'},
    'attempts': {'fail': 3, 'fail-2': 1, 'succeed': 1},
    'compare': True,
}
