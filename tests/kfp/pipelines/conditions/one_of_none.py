"""`If` and `Elif` without `Else`: no branch is taken and the run still succeeds. The compiler closes the group of branches only
at an `Else`, so what follows is part of it."""

from kfp import dsl


@dsl.component
def value() -> int:
    return 5


@dsl.component
def say(text: str):
    print(text)


@dsl.pipeline(name='one-of-none')
def pipeline():
    number = value()
    with dsl.If(number.output < 0):
        say(text='negative')
    with dsl.Elif(number.output == 0):
        say(text='zero')
    say(text='anyway')


EXPECT = {
    'tasks': {
        'condition-branches-1': 'COMPLETE', 'condition-branches-1/condition-2': 'SKIPPED',
        'condition-branches-1/condition-3': 'SKIPPED', 'condition-branches-1/say-3': 'COMPLETE',
    },
    'logs': {'condition-branches-1/say-3': ['anyway']},
    'compare': True,
}
