"""A task fails: the run fails, what depends on it is not begun, independent branches are finished."""

from kfp import dsl


@dsl.component
def divide(a: int, b: int) -> float:
    return a / b


@dsl.component
def show(value: float) -> float:
    print(f'value {value}')
    return value


@dsl.pipeline(name='failing-task')
def pipeline(zero: int = 0) -> float:
    bad = divide(a=1, b=zero)
    good = divide(a=1, b=2)
    show(value=bad.output)
    shown = show(value=good.output)
    return show(value=shown.output).output


EXPECT = {
    'state': 'FAILED',
    'tasks': {'divide': 'FAILED', 'divide-2': 'COMPLETE', 'show': 'NEW', 'show-2': 'COMPLETE', 'show-3': 'COMPLETE'},
    'logs': {'divide': ['ZeroDivisionError: division by zero', 'return a / b'], 'show-3': ['value 0.5']},
    'compare': 'kfp.local gives up at the first failure where there is no control flow',
}
