"""CPU and memory: limits and requests, of constants and of parameters; a small task fits into its limit."""

from kfp import dsl


@dsl.component
def work(size: int) -> int:
    return len(bytes(size))


@dsl.pipeline(name='resources')
def pipeline(cpu: str = '500m', memory: str = '512Mi') -> int:
    fixed = work(size=1000).set_cpu_limit('1').set_cpu_request('100m').set_memory_limit('1G').set_memory_request('64Mi')
    given = work(size=fixed.output).set_cpu_limit(cpu).set_memory_limit(memory)
    return given.output


EXPECT = {
    'arguments': {'memory': '1Gi'},
    'outputs': {'Output': 1000},
    'compare': True,
}
