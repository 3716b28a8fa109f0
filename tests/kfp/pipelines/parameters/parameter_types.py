"""Parameters of every type, with defaults, some replaced by arguments: functions get them as the Python types they name."""

from typing import Dict, List

from kfp import dsl


@dsl.component
def describe(text: str, whole: int, real: float, flag: bool, items: list, table: dict) -> str:
    return '; '.join(f'{type(value).__name__} {value!r}' for value in [text, whole, real, flag, items, table])


@dsl.component
def scale(whole: int, real: float, flag: bool) -> float:
    return whole * real if flag else 0.0


@dsl.pipeline(name='parameter-types', description='One parameter of every type.')
def pipeline(
    text: str = 'plain',
    whole: int = 7,
    real: float = 0.5,
    flag: bool = True,
    items: List[int] = [1, 2, 3],
    table: Dict[str, float] = {'a': 0.25},
) -> float:
    describe(text=text, whole=whole, real=real, flag=flag, items=items, table=table)
    return scale(whole=whole, real=real, flag=flag).output


EXPECT = {
    'arguments': {'whole': 12, 'text': 'given'},
    'state': 'SUCCEEDED',
    'outputs': {'Output': 6.0},
    'tasks': {'describe': 'COMPLETE', 'scale': 'COMPLETE'},
    'compare': True,
}
