"""A failure deep inside: every pipeline, branch and loop around it fails; its outputs are not there."""

from kfp import dsl


@dsl.component
def check(value: int) -> int:
    if value > 2:
        raise RuntimeError(f'{value} is too much')
    return value


@dsl.pipeline
def inner(value: int) -> int:
    return check(value=value).output


@dsl.pipeline
def outer(value: int) -> int:
    with dsl.If(value > 0):
        positive = inner(value=value)
    with dsl.Else():
        other = check(value=0)
    return dsl.OneOf(positive.output, other.output)


@dsl.pipeline(name='failing-nested')
def pipeline(value: int = 3) -> int:
    return check(value=outer(value=value).output).output


EXPECT = {
    'state': 'FAILED',
    'tasks': {
        'outer': 'FAILED', 'outer/condition-branches-1': 'FAILED', 'outer/condition-branches-1/condition-2': 'FAILED',
        'outer/condition-branches-1/condition-2/inner': 'FAILED', 'outer/condition-branches-1/condition-2/inner/check': 'FAILED',
        'outer/condition-branches-1/condition-3': 'SKIPPED', 'check': 'NEW',
    },
    'logs': {'outer/condition-branches-1/condition-2/inner/check': ['RuntimeError: 3 is too much']},
    'compare': True,
}
