"""`Collected` parameters of every type, of NamedTuple fields and of nested pipelines; as pipeline outputs; in their order."""

from typing import Dict, List, NamedTuple

from kfp import dsl


@dsl.component
def measure(number: int) -> NamedTuple('Measured', name=str, square=int, half=float, odd=bool, table=Dict[str, int], items=List[int]):
    import time
    # Later items are done earlier, where there is a clock.
    time.sleep(0.05 * (3 - number))
    return (f'n{number}', number * number, number / 2, number % 2 == 1, {'n': number}, [0] * number)


@dsl.pipeline
def wrapped(number: int) -> NamedTuple('Wrapped', name=str, square=int):
    measured = measure(number=number)
    result = NamedTuple('Wrapped', name=str, square=int)
    return result(name=measured.outputs['name'], square=measured.outputs['square'])


@dsl.component
def describe(names: List[str], squares: List[int], halves: List[float], odd: List[bool], tables: list, items: list) -> str:
    return f"{names} {squares} {halves} {odd} {[table['n'] for table in tables]} {[len(item) for item in items]}"


@dsl.pipeline(name='loop-collected')
def pipeline() -> NamedTuple('Outputs', text=str, names=List[str], squares=List[int], inner=List[int]):
    with dsl.ParallelFor([1, 2, 3]) as number:
        m = measure(number=number)
        w = wrapped(number=number)
    collected = {key: dsl.Collected(m.outputs[key]) for key in ['name', 'square', 'half', 'odd', 'table', 'items']}
    text = describe(
        names=collected['name'], squares=collected['square'], halves=collected['half'],
        odd=collected['odd'], tables=collected['table'], items=collected['items'])
    outputs = NamedTuple('Outputs', text=str, names=List[str], squares=List[int], inner=List[int])
    return outputs(
        text=text.output, names=dsl.Collected(w.outputs['name']), squares=dsl.Collected(m.outputs['square']),
        inner=dsl.Collected(w.outputs['square']))


EXPECT = {
    'outputs': {
        'text': "['n1', 'n2', 'n3'] [1, 4, 9] [0.5, 1.0, 1.5] [True, False, True] [1, 2, 3] [1, 2, 3]",
        'names': ['n1', 'n2', 'n3'], 'squares': [1, 4, 9], 'inner': [1, 4, 9],
    },
    'compare': 'kfp.local gives integers inside lists as floats',
}
