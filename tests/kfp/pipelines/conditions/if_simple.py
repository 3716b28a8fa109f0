"""`If` on an output: one that holds, one that does not; a condition's own tasks are not begun when it does not hold."""

from kfp import dsl


@dsl.component
def flip(seed: int) -> str:
    import random
    random.seed(seed)
    return 'heads' if seed % 2 == 0 else 'tails'


@dsl.component
def announce(text: str):
    print(f'it is {text}')


@dsl.pipeline(name='if-simple')
def pipeline(seed: int = 4) -> str:
    flipped = flip(seed=seed)
    with dsl.If(flipped.output == 'heads', name='heads'):
        announce(text=flipped.output)
    with dsl.If(flipped.output == 'tails', name='tails'):
        announce(text=flipped.output)
    return flipped.output


EXPECT = {
    'outputs': {'Output': 'heads'},
    'tasks': {'flip': 'COMPLETE', 'condition-1': 'COMPLETE', 'condition-1/announce': 'COMPLETE', 'condition-2': 'SKIPPED'},
    'logs': {'condition-1/announce': ['it is heads']},
    'compare': True,
}
