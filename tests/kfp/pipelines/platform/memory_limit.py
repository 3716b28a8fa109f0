"""A task that needs more memory than its limit gives fails, and says so."""

from kfp import dsl


@dsl.component
def work(size: int) -> int:
    return len(bytearray(size))


@dsl.pipeline(name='memory-limit')
def pipeline(size: int = 1_000_000_000) -> int:
    return work(size=size).set_memory_limit('256Mi').output


EXPECT = {
    'state': 'FAILED',
    'tasks': {'work': 'FAILED'},
    'logs': {'work': ['MemoryError']},
    'compare': 'kfp.local knows no limits',
}
