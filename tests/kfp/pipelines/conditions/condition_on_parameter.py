"""Conditions on pipeline parameters alone, of every type, nested three deep; the old name `Condition`."""

from kfp import dsl


@dsl.component
def note(text: str) -> str:
    print(text)
    return text


@dsl.pipeline(name='condition-on-parameter')
def pipeline(mode: str = 'fast', level: int = 3, ratio: float = 0.1, dry: bool = False) -> str:
    with dsl.Condition(mode == 'fast', name='fast'):
        with dsl.If(level > 2):
            with dsl.If(dry == False):
                note(text='deep')
            note(text=f'level {level}')
        with dsl.If(ratio >= 0.5):
            note(text='never')
    with dsl.Condition(mode == 'slow'):
        with dsl.If(level > 2):
            note(text='never')
    return note(text='end').output


EXPECT = {
    'arguments': {'level': 4},
    'outputs': {'Output': 'end'},
    'tasks': {
        'condition-1/condition-2/condition-3/note': 'COMPLETE', 'condition-1/condition-2/note-2': 'COMPLETE',
        'condition-1/condition-4': 'SKIPPED', 'condition-5': 'SKIPPED', 'note-5': 'COMPLETE',
    },
    'logs': {'condition-1/condition-2/note-2': ['level 4']},
    'compare': True,
}
