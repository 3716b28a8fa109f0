"""A limit of memory that a parameter decides, and one that a task does."""

from kfp import dsl


@dsl.component
def work(size: int) -> int:
    return len(bytearray(size))


@dsl.component
def decide() -> str:
    return '200Mi'


@dsl.pipeline(name='memory-limit-parameter')
def pipeline(memory: str = '2G', size: int = 300_000_000) -> int:
    enough = work(size=size).set_memory_limit(memory)
    too_little = work(size=300_000_001).set_memory_limit(decide().output).after(enough)
    return too_little.output


EXPECT = {
    'state': 'FAILED',
    'tasks': {'work': 'COMPLETE', 'work-2': 'FAILED'},
    'logs': {'work-2': ['MemoryError']},
    'compare': 'kfp.local knows no limits',
}
