"""What comes after a skipped task is skipped as well, and on and on; the run succeeds. KFP's compiler keeps tasks outside of a
condition from waiting for it, other compilers do not."""

from kfp import dsl


@dsl.component
def check() -> int:
    return 1


@dsl.component
def say(text: str = 'nothing') -> str:
    return text


@dsl.pipeline(name='skipped-upstream')
def pipeline() -> str:
    checked = check()
    with dsl.If(checked.output > 1):
        made = say(text='made')
        say(text=made.output)
    late = say(text='late')
    later = say(text=late.output)
    say(text='latest').after(later)
    return say(text='independent').after(checked).output


def amend(spec):
    spec['root']['dag']['tasks']['say-3']['dependentTasks'] = ['condition-1']


EXPECT = {
    'outputs': {'Output': 'independent'},
    'tasks': {
        'check': 'COMPLETE', 'condition-1': 'SKIPPED', 'say-3': 'SKIPPED', 'say-4': 'SKIPPED', 'say-5': 'SKIPPED', 'say-6': 'COMPLETE',
    },
    'compare': 'kfp.local runs the pipeline as the compiler knows it',
}
