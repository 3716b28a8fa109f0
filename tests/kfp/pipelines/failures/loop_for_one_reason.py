"""A loop whose every item fails in a nested pipeline for one reason: the reason is told once, with where."""

from kfp import dsl


@dsl.component
def make(i: int) -> int:
    raise ValueError(f'bad row {i}')


@dsl.pipeline
def sub(i: int) -> int:
    return make(i=i).output


@dsl.pipeline(name='loop-for-one-reason')
def pipeline():
    with dsl.ParallelFor(list(range(30))) as i:
        sub(i=i)


EXPECT = {
    'state': 'FAILED',
    'error': ['error: 30 steps failed: ValueError: bad row 0', 'steps: for-loop-2[0-29]/sub/make'],
    'tasks': {'for-loop-2[0]/sub/make': 'FAILED', 'for-loop-2[29]/sub/make': 'FAILED', 'for-loop-2': 'FAILED'},
    'compare': 'kfp.local stops at the first',
}
