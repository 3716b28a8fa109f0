"""`after`: order without data, fan-out and fan-in."""

from kfp import dsl


@dsl.component
def step(name: str) -> str:
    print(f'step {name}')
    return name


@dsl.component
def join(a: str, b: str) -> str:
    return a + b


@dsl.pipeline(name='order')
def pipeline() -> str:
    first = step(name='first')
    left = step(name='left').after(first)
    right = step(name='right').after(first)
    last = join(a='x', b='y').after(left, right)
    return join(a=last.output, b=first.output).after(last).output


EXPECT = {
    'outputs': {'Output': 'xyfirst'},
    'tasks': {'step': 'COMPLETE', 'step-2': 'COMPLETE', 'step-3': 'COMPLETE', 'join': 'COMPLETE', 'join-2': 'COMPLETE'},
    'compare': True,
}
